// An adapter of random numbers for a tiny checkpoint, with a copy of that beside it.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { openCheckpoint } from '../../engine/checkpoint/open';
import { randomNumbers, temporaryFolder } from '../unit/graph/tinyCheckpoint';
import { CHECKPOINTS, GGUF } from './reference';

const RANK = 3;
const PROJECTIONS = {
  query: 'self_attn.q_proj',
  key: 'self_attn.k_proj',
  value: 'self_attn.v_proj',
  attentionOut: 'self_attn.o_proj',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  down: 'mlp.down_proj',
} as const;

export type Tensors = Map<string, { shape: number[]; values: Float32Array }>;

export interface AdapterFolder {
  readonly folder: string;
  readonly base: string;
  readonly json: Record<string, unknown>;
  readonly tensors: Tensors;
}

export function writeTensors(folder: string, tensors: Tensors): void {
  let at = 0;
  const header: Record<string, unknown> = {};
  for (const [name, { shape, values }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [at, at + values.byteLength] };
    at += values.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const pieces = [...tensors.values()].map(({ values }) => Buffer.from(values.buffer));
  fs.writeFileSync(path.join(folder, 'adapter.safetensors'), Buffer.concat([length, json, ...pieces]));
}

/** @param name of a folder of test/fixtures/checkpoints, or of a file of test/fixtures/gguf */
export async function writeAdapter(name: string, masks = 4): Promise<AdapterFolder> {
  const home = temporaryFolder('adapter');
  const base = path.join(home, name);
  fs.cpSync(path.join(name.endsWith('.gguf') ? GGUF : CHECKPOINTS, name), base, { recursive: true });
  const folder = path.join(home, 'drafts');
  fs.mkdirSync(folder);
  const { tensors: weights, shape } = await openCheckpoint(base);
  const random = randomNumbers(7);
  const tensors: Tensors = new Map();
  const add = (name: string, dims: number[]) => {
    const values = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random() - 0.5);
    tensors.set(name, { shape: dims, values });
  };
  add('mask_embedding', [shape.hiddenSize]);
  weights.layers.forEach((layer, index) => {
    for (const [role, place] of Object.entries(PROJECTIONS)) {
      const [rows = 0, columns = 0] = layer[role as keyof typeof PROJECTIONS]?.shape ?? [];
      if (rows === 0) continue;
      add(`model.layers.${index}.${place}.lora_A.weight`, [RANK, columns]);
      add(`model.layers.${index}.${place}.lora_B.weight`, [rows, RANK]);
    }
  });
  writeTensors(folder, tensors);
  const files = fs.statSync(base).isDirectory() ? ['model.safetensors'] : [''];
  const hashes = files.map((file) => {
    const bytes = fs.readFileSync(path.join(base, file));
    return [file || name, createHash('sha256').update(bytes).digest('hex')];
  });
  const json = {
    format: 1,
    base: { name, files: Object.fromEntries(hashes) },
    ...{ rank: RANK, scale: 1.5, masks },
  };
  fs.writeFileSync(path.join(folder, 'adapter.json'), JSON.stringify(json));
  return { folder, base, json, tensors };
}
