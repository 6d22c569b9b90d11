// Which model a sub-command works with, where its quantised files go, and loading it with progress in view.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { EngineError } from '../errors';
import { PRECISIONS } from '../graph/types';
import { catalogue } from '../hub/catalogue';
import { defaultFolder, INCLUDED_IDS, includedFolder, includedModel } from '../hub/included';
import { installedPlace } from '../hub/place';
import type { LoadedModel } from '../model';
import { type LoadProgress, PROVIDERS } from '../protocol';
import type { CommandContext } from './context';
import { clip, printable } from './displayWidth';
import { LiveView } from './liveView';
import {
  type CommandSpec,
  choiceOption,
  type OptionTable,
  type ParsedArguments,
  suggestion,
} from './options';
import { canAnimate, type Environment, paintFor } from './style';

export const MODEL_OPTION: OptionTable = {
  model: {
    value: 'MODEL',
    help: 'name of an installed model (palimpsest models list), checkpoint folder, or .gguf file; default: the environment variable PALIMPSEST_MODEL, then the starter model',
  },
};
export const RUN_OPTIONS: OptionTable = {
  provider: { value: 'P', help: `execution provider: ${PROVIDERS.join(', ')} (default: auto)` },
  precision: { value: 'P', help: `weights: auto, ${PRECISIONS.join(', ')} (default: auto)` },
};

/**
 * Absolute path of what a person named: an installed model, unless there is a file or folder of that name.
 * @throws EngineError `model-unknown` for a word that is neither and is no path either
 */
export function modelPlace(
  named: string,
  context: Pick<CommandContext, 'env' | 'folder' | 'packageFolder'>,
): string {
  const place = path.resolve(context.folder, named);
  if (fs.existsSync(place)) return place;
  const installed = installedPlace(named, context.env);
  if (installed !== undefined) return installed;
  if (includedModel(named)) return includedFolder(context.packageFolder, named);
  if (isPath(named)) return place;
  const near = suggestion(named, [...INCLUDED_IDS, ...catalogue().map(({ id }) => id)]);
  throw new EngineError(
    'model-unknown',
    `There is no model, folder, or .gguf file named ${named}.${near} "palimpsest models list" shows the models.`,
    { id: named },
  );
}

/** What is opened as a path says itself what is missing there. */
function isPath(named: string): boolean {
  return /[\\/]/.test(named) || named.endsWith('.gguf');
}

/** Absolute path of the model's folder; throws `checkpoint-missing` when none was named and none is embedded. */
export function modelFolder(parsed: ParsedArguments, context: CommandContext): string {
  const named = parsed.text('model') ?? (context.env['PALIMPSEST_MODEL'] || undefined);
  if (named !== undefined) return modelPlace(named, context);
  const included = defaultFolder(context.packageFolder);
  if (included === undefined) {
    throw new EngineError(
      'checkpoint-missing',
      'This package has no embedded model; specify an installed model, a checkpoint folder, or a .gguf file with --model or PALIMPSEST_MODEL.',
      { folder: path.join(context.packageFolder, 'models') },
    );
  }
  return included;
}

/** Folder for quantised files and probe results, where the platform keeps such things. */
export function cacheFolder(env: Environment, platform: NodeJS.Platform = process.platform): string {
  const own = env['PALIMPSEST_CACHE'];
  if (own) return path.resolve(own);
  const home = env['HOME'] || os.homedir();
  if (platform === 'win32') {
    return path.join(env['LOCALAPPDATA'] || path.join(home, 'AppData', 'Local'), 'palimpsest', 'cache');
  }
  if (platform === 'darwin') return path.join(home, 'Library', 'Caches', 'palimpsest');
  return path.join(env['XDG_CACHE_HOME'] || path.join(home, '.cache'), 'palimpsest');
}

const STAGES: Readonly<Record<LoadProgress['stage'], string>> = {
  opening: 'opening the checkpoint',
  probing: 'testing the execution providers',
  quantising: 'quantizing the weights (first time only)',
  session: 'loading the weights',
};

export function progressLine({ stage, fraction }: LoadProgress): string {
  const share = fraction === undefined ? '' : ` ${Math.floor(Math.min(1, Math.max(0, fraction)) * 100)} %`;
  return `${STAGES[stage]}${share}`;
}

/** Loads the model that the options name; on a terminal the progress stands on one line until it is done. */
export async function loadNamedModel(
  parsed: ParsedArguments,
  spec: CommandSpec,
  context: CommandContext,
): Promise<LoadedModel> {
  const provider = choiceOption(parsed, spec, 'provider', PROVIDERS);
  const precision = choiceOption(parsed, spec, 'precision', ['auto', ...PRECISIONS] as const);
  const folder = modelFolder(parsed, context);
  const model = await withProgress(context, (onProgress) =>
    context.engine.loadModel(
      { folder, ...(provider ? { provider } : {}), ...(precision ? { precision } : {}) },
      { cacheFolder: cacheFolder(context.env), signal: context.signal, onProgress },
    ),
  );
  const paint = paintFor(context.stderr, context.env);
  for (const remark of model.description.remarks)
    context.stderr.write(`${paint('faint', `palimpsest: ${printable(remark)}`)}\n`);
  return model;
}

/** Runs something that reports progress, with the newest report on the terminal. */
export async function withProgress<T>(
  context: CommandContext,
  work: (onProgress: (progress: LoadProgress) => void) => Promise<T>,
): Promise<T> {
  if (!canAnimate(context.stderr, context.env)) return work(() => {});
  const view = new LiveView(context.stderr, context.clock);
  try {
    return await work((progress) => view.show((width) => [clip(progressLine(progress), width)]));
  } finally {
    view.clear();
  }
}
