// The parts of a Hugging Face folder (or of a snapshot in its cache). Its weights are safetensors files, or one model.gguf
// in their place: a format for rounded weights, which safetensors has none of.
import path from 'node:path';
import { EngineError } from '../errors';
import { type ConfigShape, readShape } from './config';
import { show } from './fields';
import { readGgufWeights } from './ggufFile';
import { type JsonObject, readJsonObject, readSmallFile } from './json';
import { OVERRIDE_NAME } from './override';
import type { CheckpointParts } from './parts';
import { checkpointName } from './recognise';
import { readTokenizerDefinition } from './tokenizerFiles';
import { GGUF_NAME, hasGgufWeights, readTensors, requireFolder } from './weightFiles';

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
  const [override, generationConfig, tokenizerConfig, specialTokensMap, weights, template] =
    await Promise.all([
      read(OVERRIDE_NAME),
      read('generation_config.json'),
      read('tokenizer_config.json'),
      read('special_tokens_map.json'),
      readWeights(root, config),
      readSmallFile(path.join(root, 'chat_template.jinja'), MAX_CONFIG_BYTES, 'checkpoint-malformed'),
    ]);
  return {
    root,
    name: checkpointName(root),
    config,
    configName: 'config.json',
    override,
    generationConfig,
    tokenizerConfig,
    specialTokensMap,
    ...weights,
    tokenizer: await readTokenizerDefinition(root, tokenizerConfig),
    chatTemplate: template?.toString('utf8'),
  };
}

type Weights = Pick<CheckpointParts, 'stored' | 'ropeFactors'>;

async function readWeights(root: string, config: JsonObject): Promise<Weights> {
  if (!(await hasGgufWeights(root))) return { stored: await readTensors(root) };
  const { stored, ropeFactors, config: own } = await readGgufWeights(path.join(root, GGUF_NAME));
  requireAgreement(readShape(config), readShape(own, GGUF_NAME));
  return { stored, ...(ropeFactors ? { ropeFactors } : {}) };
}

/** What no tensor's shape tells: a wrong one of these gives nonsense and no error. */
const AGREEING = [
  'heads',
  'kvHeads',
  'ropeTheta',
  'normEpsilon',
] as const satisfies readonly (keyof ConfigShape)[];

/** GGUF files hold fp32 numbers, so that 1e-5 is not quite the same in both. */
const FP32_ROUNDING = 1e-6;

function requireAgreement(said: ConfigShape, stored: ConfigShape): void {
  for (const field of AGREEING) {
    if (Math.abs(said[field] - stored[field]) <= FP32_ROUNDING * Math.abs(said[field])) continue;
    throw new EngineError(
      'checkpoint-malformed',
      `config.json and ${GGUF_NAME} belong to different models: ${field} is ${show(said[field])} in one and ${show(stored[field])} in the other. Download both again.`,
      { field },
    );
  }
}

function missingConfig(root: string): EngineError {
  return new EngineError(
    'checkpoint-missing',
    `${path.basename(root)} contains no config.json. Choose the folder that contains config.json, tokenizer.json, and the .safetensors files.`,
    { folder: root },
  );
}
