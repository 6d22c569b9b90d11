// A machine with little memory: a model or a request that does not fit is refused in a sentence with figures, before the
// process is killed for it; and the engine goes on. The limit is the system's own, 4 GB of address space.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { folder as built, root, scripts, start, useScripts } from './engineScripts';
import { rejects } from './processes';

const STARTER = path.join(root, 'models', 'starter');
const LIMIT_KB = 4_000_000;

useScripts();

interface Size {
  readonly hidden: number;
  readonly ffn: number;
  readonly layers: number;
}

/** 4 billion parameters. */
const LARGE: Size = { hidden: 4096, ffn: 8192, layers: 24 };
/** 0.8 billion: one that may run in fp32 without being asked. */
const MIDDLING: Size = { hidden: 2048, ffn: 8192, layers: 12 };

/** The starter's tokenizer with weights that are all zero: a sparse file takes no room. */
function zeroModel(folder: string, { hidden, ffn, layers }: Size): string {
  fs.mkdirSync(folder);
  for (const file of ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'])
    fs.copyFileSync(path.join(STARTER, file), path.join(folder, file));
  const config = JSON.parse(fs.readFileSync(path.join(STARTER, 'config.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const vocabulary = Number(config['vocab_size']);
  const heads = hidden / 128;
  Object.assign(config, {
    hidden_size: hidden,
    intermediate_size: ffn,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: heads,
    head_dim: 128,
  });
  fs.writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  const header: Record<string, object> = {};
  let end = 0;
  const add = (name: string, ...shape: number[]) => {
    const start = end;
    end += 2 * shape.reduce((product, size) => product * size, 1);
    header[name] = { dtype: 'BF16', shape, data_offsets: [start, end] };
  };
  add('model.embed_tokens.weight', vocabulary, hidden);
  add('model.norm.weight', hidden);
  for (let layer = 0; layer < layers; layer++) {
    const of = (name: string) => `model.layers.${layer}.${name}.weight`;
    for (const name of ['q', 'k', 'v', 'o']) add(of(`self_attn.${name}_proj`), hidden, hidden);
    add(of('mlp.gate_proj'), ffn, hidden);
    add(of('mlp.up_proj'), ffn, hidden);
    add(of('mlp.down_proj'), hidden, ffn);
    add(of('input_layernorm'), hidden);
    add(of('post_attention_layernorm'), hidden);
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = path.join(folder, 'model.safetensors');
  fs.writeFileSync(file, Buffer.concat([length, json]));
  fs.truncateSync(file, 8 + json.length + end);
  return folder;
}

function limitedNode(): string {
  const limited = path.join(built, 'limited-node.sh');
  fs.writeFileSync(limited, `#!/bin/bash\nulimit -v ${LIMIT_KB}\nexec "${process.execPath}" "$@"\n`, {
    mode: 0o755,
  });
  return limited;
}

describe('a machine with 4 GB', { skip: process.platform !== 'linux' }, () => {
  test('refuses a model that does not fit, and loads one that does', async (t) => {
    const client = await start({
      node: limitedNode(),
      script: scripts.real,
      cacheFolder: path.join(built, 'cache'),
    });
    t.after(() => client.stop());
    const large = zeroModel(path.join(built, 'Large-4B'), LARGE);
    const error = await rejects(client.loadModel({ folder: large, provider: 'cpu' }), 'out-of-memory');
    assert.match(
      error.message,
      /^Large-4B needs about \d+\.\d GB of memory even in q4, and \d\.\d GB are available\. Close other programs, or choose /,
    );
    assert.ok(Number(error.data['needed']) > Number(error.data['available']));
    const model = await client.loadModel({ folder: STARTER, provider: 'cpu' });
    assert.ok(model.memory !== undefined && model.memory.weights < 50e6);
    const text = 'const a = 1;\nconst b = \n';
    const { candidates } = await client.infill({
      model: model.folder,
      priority: 'rewrite',
      text,
      language: 'typescript',
      spans: [{ start: 23, end: 23 }],
    });
    assert.ok(candidates.length >= 0);
    assert.equal((await client.status()).models.length, 1);
  });

  test('says that weights cannot be written, rather than load them in fp32 where that does not fit', async (t) => {
    const file = path.join(built, 'a-file');
    fs.writeFileSync(file, '');
    const client = await start({
      node: limitedNode(),
      script: scripts.real,
      cacheFolder: path.join(file, 'cache'),
    });
    t.after(() => client.stop());
    const middling = zeroModel(path.join(built, 'Middling'), MIDDLING);
    const error = await rejects(
      client.loadModel({ folder: middling, provider: 'cpu' }),
      'quantisation-failed',
    );
    assert.match(
      error.message,
      /a-file.* But fp32 needs about \d\.\d GB of memory, and \d\.\d GB are available\.$/,
    );
  });
});
