// The parts of a Hugging Face folder (or of a snapshot in its cache).
import path from 'node:path';
import { EngineError } from '../errors';
import { readJsonObject, readSmallFile } from './json';
import { OVERRIDE_NAME } from './override';
import type { CheckpointParts } from './parts';
import { checkpointName } from './recognise';
import { readTokenizerDefinition } from './tokenizerFiles';
import { readTensors, requireFolder } from './weightFiles';

const MAX_CONFIG_BYTES = 8_000_000;

/**
 * @param root absolute path
 * @throws EngineError with the codes of checkpoints (errors.ts)
 */
export async function readFolderParts(root: string): Promise<CheckpointParts> {
  await requireFolder(root);
  const read = (name: string) =>
    readJsonObject(path.join(root, name), MAX_CONFIG_BYTES, 'checkpoint-malformed');
  const config = await read('config.json');
  if (!config) throw missingConfig(root);
  const [override, generationConfig, tokenizerConfig, specialTokensMap, stored, template] = await Promise.all(
    [
      read(OVERRIDE_NAME),
      read('generation_config.json'),
      read('tokenizer_config.json'),
      read('special_tokens_map.json'),
      readTensors(root),
      readSmallFile(path.join(root, 'chat_template.jinja'), MAX_CONFIG_BYTES, 'checkpoint-malformed'),
    ],
  );
  return {
    root,
    name: checkpointName(root),
    config,
    configName: 'config.json',
    override,
    generationConfig,
    tokenizerConfig,
    specialTokensMap,
    stored,
    tokenizer: await readTokenizerDefinition(root, tokenizerConfig),
    chatTemplate: template?.toString('utf8'),
  };
}

function missingConfig(root: string): EngineError {
  return new EngineError(
    'checkpoint-missing',
    `${path.basename(root)} contains no config.json. Choose the folder that contains config.json, tokenizer.json, and the .safetensors files.`,
    { folder: root },
  );
}
