// What a model's name stands for, in `--model` and in the editor's setting alike.
import path from 'node:path';
import { EngineError } from '../errors';
import { catalogue, isModelId } from './catalogue';
import { type Environment, modelsFolder } from './folders';
import { readInstalled } from './installed';

/**
 * Absolute path of an installed model; undefined where the word is no name of one, but may be a path.
 * @throws EngineError `model-unknown` for a model of the catalogue that is not installed; `checkpoint-malformed`
 */
export function installedPlace(word: string, env: Environment): string | undefined {
  if (!isModelId(word)) return undefined;
  const installed = readInstalled(modelsFolder(env), word);
  if (installed) return installed.place;
  if (!catalogue().some(({ id }) => id === word)) return undefined;
  throw new EngineError(
    'model-unknown',
    `The model ${word} is not installed. Install it first, with "palimpsest models install ${word}" or, in the editor, with Install Model.`,
    { id: word },
  );
}

/** Absolute path of a model that is given by its path or its name. @throws EngineError, as above, also for any other name */
export function placeOf(model: string, env: Environment): string {
  if (path.isAbsolute(model)) return model;
  const place = installedPlace(model, env);
  if (place !== undefined) return place;
  throw new EngineError(
    'model-unknown',
    `No model named ${model} is installed. Choose another one, or give the path of a folder or a .gguf file.`,
    { id: model },
  );
}
