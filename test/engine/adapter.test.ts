// A base with an adapter beside it: opened together, answers of the base, in fewer passes where the masks are right.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { openCheckpoint } from '../../engine/checkpoint/open';
import type { BlockDenoiser, Lane } from '../../engine/denoiser';
import { loadModel } from '../../engine/loadModel';
import type { InfillParams } from '../../engine/protocol';
import { AutoregressiveDenoiser } from '../../engine/runtime/autoregressiveDenoiser';
import type { Forward } from '../../engine/runtime/forward';
import { temporaryFolder } from '../unit/graph/tinyCheckpoint';
import { type AdapterFolder, writeAdapter, writeTensors } from './adapterFolder';
import { openPlace } from './fixtureModel';

const TEXT =
  'def total(values):\n    result = 0\n    for value in values:\n        result += value\n    return result\n';
const at = TEXT.indexOf('result += value');
const wish = {
  ...{ requestId: 1, model: '', priority: 'rewrite', text: TEXT, language: 'python', maxTokens: 24 },
  spans: [{ start: at, end: at + 15 }],
} as const satisfies InfillParams;

async function answers(folder: string, wishes: readonly Partial<InfillParams>[]): Promise<readonly string[]> {
  const model = await loadModel(
    { folder, provider: 'cpu', precision: 'fp32' },
    { cacheFolder: temporaryFolder('adapter-cache') },
  );
  try {
    const all: string[] = [];
    for (const more of wishes) {
      const { candidates } = await model.infill({ ...wish, ...more });
      all.push(JSON.stringify(candidates.map(({ spans }) => spans)));
    }
    return all;
  } finally {
    await model.dispose();
  }
}

describe('a base with an adapter', () => {
  for (const name of ['qwen2.5-coder', 'seed-coder', 'smollm2', 'qwen2.5-coder.gguf'])
    test(`answers as the base does, whatever its masks say: ${name}`, async () => {
      const { folder, base } = await writeAdapter(name);
      const wishes = [
        {},
        { candidates: 3, temperature: 0.8 },
        { spans: [{ start: 4, end: 9 }] },
        { copying: 'off' as const },
      ];
      assert.deepEqual(await answers(folder, wishes), await answers(base, wishes));
    });

  test('says what it is', async () => {
    const { folder } = await writeAdapter('qwen2.5-coder', 3);
    const checkpoint = await openCheckpoint(folder);
    assert.equal(checkpoint.name, 'qwen2.5-coder with drafts');
    assert.match(checkpoint.remarks.join('\n'), /draft up to 3 tokens a pass; the answers are those of/);
    assert.equal(checkpoint.adapter?.masks, 3);
  });

  test('takes fewer passes for the same tokens where its masks are right', async () => {
    const { folder } = await writeAdapter('smollm2', 4);
    const model = await openPlace(folder);
    const { shape, specials } = model.checkpoint;
    const prompt = Int32Array.from({ length: 9 }, (_, i) => 20 + ((5 * i) % 37));
    const COUNT = 24;
    let passes = 0;
    /** Passes that the answer takes, whose masks say what `drafts` has, as far as it has it. */
    const written = async (
      masks: number,
      drafts: readonly number[],
      wrongFrom = Number.POSITIVE_INFINITY,
    ) => {
      passes = 0;
      const forward: Forward = {
        deviceCache: false,
        run: async (request) => {
          if (request.asks.length > 0) passes++;
          const result = await model.session.run(request);
          const { adapted, positions, asks } = request;
          const predictions = result.predictions.map((prediction, index) => {
            const row = asks[index]?.row ?? 0;
            if (!adapted?.[row]) return prediction;
            // The mask that stands where the answer's token i stands says token i + 1.
            const place = (positions[row] ?? 0) - prompt.length + 1;
            const token = place < wrongFrom ? (drafts[place] ?? 0) : 1;
            return { ...prediction, ids: Int32Array.of(token) };
          });
          return { ...result, predictions };
        },
      };
      const denoiser: BlockDenoiser & { dispose(): void } = new AutoregressiveDenoiser(forward, shape, {
        ...{ maxTokens: 64, opening: 7, millisOf: () => 1 },
        ...(masks > 0 ? { masks: { token: specials.mask, most: masks } } : {}),
      });
      await denoiser.open({ before: prompt, after: new Int32Array(0) }, 1);
      const lane: Lane = { lane: 0, tokens: Int32Array.of(0), asks: [{ position: 0 }] };
      const tokens: number[] = [];
      while (tokens.length < COUNT) {
        const [[best] = []] = await denoiser.predict([lane], { temperature: 0 });
        const token = best?.ids[0] ?? assert.fail();
        tokens.push(token);
        await denoiser.commit([Int32Array.of(token)]);
      }
      denoiser.dispose();
      return { tokens, passes };
    };
    try {
      const plain = await written(0, []);
      const right = await written(4, plain.tokens);
      assert.deepEqual(right.tokens, plain.tokens);
      assert.ok(right.passes <= Math.ceil(1 + (COUNT - 1) / 5), `${right.passes} passes for ${COUNT} tokens`);
      const half = await written(4, plain.tokens, COUNT / 2);
      assert.deepEqual(half.tokens, plain.tokens);
      assert.ok(half.passes > right.passes && half.passes < COUNT, `${half.passes}`);
      const wrong = await written(4, []);
      assert.deepEqual(wrong.tokens, plain.tokens);
    } finally {
      await model.dispose();
    }
  });
});

describe('an adapter that is refused', () => {
  const refused = async (
    change: (made: AdapterFolder) => void,
    code: string,
    message: RegExp,
    name = 'smollm2',
  ) => {
    const made = await writeAdapter(name);
    change(made);
    await assert.rejects(openCheckpoint(made.folder), (error: Error & { code?: string }) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      assert.ok(error.message.includes(path.basename(made.folder)), 'it names the folder');
      return true;
    });
  };
  const json = (made: AdapterFolder, change: Record<string, unknown>) =>
    fs.writeFileSync(path.join(made.folder, 'adapter.json'), JSON.stringify({ ...made.json, ...change }));
  const based = (made: AdapterFolder, change: Record<string, unknown>) =>
    json(made, { base: { ...Object(made.json['base']), ...change } });

  test('because of what adapter.json says', async () => {
    const bad: readonly (readonly [Record<string, unknown>, RegExp])[] = [
      [{ format: 2 }, /format is 2; this version of Palimpsest reads 1/],
      [{ rank: 0 }, /rank is 0; it must be a whole number from 1 to 256/],
      [{ rank: 5 }, /lora_A.weight has the shape \[3, \d+\] and not \[5, \d+\]/],
      [{ scale: -1 }, /scale is -1/],
      [{ scale: 'big' }, /scale is "big"/],
      [{ masks: 17 }, /masks is 17; it must be a whole number from 1 to 16/],
      [{ mask: 4 }, /a key that nothing reads: "mask"/],
      [{ base: undefined }, /base is missing/],
      [{ base: 'smollm2' }, /base must be an object/],
    ];
    for (const [change, message] of bad)
      await refused(
        (made) => json(made, change),
        change['rank'] === 5 ? 'tensor-malformed' : 'checkpoint-malformed',
        message,
      );
    await refused(
      ({ folder }) => fs.writeFileSync(path.join(folder, 'adapter.json'), '{"format": 1,'),
      'checkpoint-malformed',
      /adapter.json is not valid JSON/,
    );
  });

  test('because of the base that it names', async () => {
    for (const place of [
      '/etc',
      '../../etc',
      '..',
      '../',
      '\\\\host\\share',
      '//host/share',
      'C:\\base',
      '../a/b',
    ])
      await refused((made) => based(made, { path: place }), 'checkpoint-malformed', /must be "..\/NAME"/);
    await refused((made) => based(made, { name: '../../x' }), 'checkpoint-malformed', /must be "..\/NAME"/);
    for (const files of [{}, undefined, { 'model.safetensors': 'abc' }, { 'model.safetensors': 7 }])
      await refused((made) => based(made, { files }), 'checkpoint-malformed', /files|model.safetensors/);
    await refused(
      ({ base }) => fs.renameSync(base, `${base}-elsewhere`),
      'checkpoint-missing',
      /This adapter is for smollm2, which is not there. Put it into .* as smollm2\./,
    );
    await refused(
      () => undefined,
      'family-unknown',
      /An adapter is for a model that writes token by token/,
      'diffucoder-fp16',
    );
  });

  test('because of its tensors', async () => {
    const first = 'model.layers.0.self_attn.q_proj.lora_A.weight';
    const changed = (change: (tensors: AdapterFolder['tensors']) => void) => (made: AdapterFolder) => {
      change(made.tensors);
      writeTensors(made.folder, made.tensors);
    };
    const bad: readonly (readonly [(tensors: AdapterFolder['tensors']) => void, RegExp])[] = [
      [(tensors) => tensors.delete('mask_embedding'), /has no mask_embedding/],
      [(tensors) => tensors.delete(first), /q_proj.lora_B.weight is there alone/],
      [
        (tensors) =>
          tensors.set('model.layers.99.mlp.up_proj.lora_A.weight', tensors.get(first) ?? assert.fail()),
        /has "model.layers.99.mlp.up_proj.lora_A.weight", which smollm2 has no place for/,
      ],
      [
        (tensors) => tensors.set('mask_embedding', { shape: [3], values: new Float32Array(3) }),
        /mask_embedding has the shape \[3\]/,
      ],
      [
        (tensors) => {
          for (const name of [...tensors.keys()]) if (name.startsWith('model.')) tensors.delete(name);
        },
        /adapts nothing/,
      ],
    ];
    for (const [change, message] of bad) await refused(changed(change), 'tensor-malformed', message);
    await refused(
      ({ folder }) => fs.rmSync(path.join(folder, 'adapter.safetensors')),
      'checkpoint-missing',
      /adapter.safetensors is missing/,
    );
  });

  test('because of weights that no training leaves, found when it is loaded', async () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e10, -101]) {
      const made = await writeAdapter('smollm2');
      const name = 'model.layers.0.mlp.up_proj.lora_B.weight';
      const { values = assert.fail() } = made.tensors.get(name) ?? {};
      values[values.length - 1] = value;
      writeTensors(made.folder, made.tensors);
      await assert.rejects(answers(made.folder, [{}]), {
        code: 'tensor-malformed',
        message: new RegExp(`${name} has a weight that is not a number, or larger than 100`),
      });
    }
  });

  test('not where its base has another name, or lies behind a link', async () => {
    const made = await writeAdapter('smollm2.gguf');
    const elsewhere = path.join(path.dirname(made.base), 'elsewhere.gguf');
    fs.renameSync(made.base, elsewhere);
    fs.symlinkSync(elsewhere, made.base);
    assert.deepEqual(await answers(made.folder, [{}]), await answers(elsewhere, [{}]));
  });

  test('because its base has other weights, found when it is loaded, and remembered by the file as it is', async () => {
    const made = await writeAdapter('smollm2');
    const cacheFolder = temporaryFolder('adapter-cache');
    const load = async () => {
      const model = await loadModel(
        { folder: made.folder, provider: 'cpu', precision: 'fp32' },
        { cacheFolder },
      );
      await model.dispose();
    };
    await load();
    const note = path.join(cacheFolder, 'adapter-bases.json');
    const [key = '', ...more] = Object.keys(JSON.parse(fs.readFileSync(note, 'utf8')));
    assert.deepEqual(more, []);
    assert.ok(key.startsWith(path.join(fs.realpathSync(made.base), 'model.safetensors')));
    fs.writeFileSync(note, '[not json');
    await load();
    const weights = path.join(made.base, 'model.safetensors');
    const bytes = fs.readFileSync(weights);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    fs.writeFileSync(weights, bytes);
    fs.utimesSync(weights, new Date(1e12), new Date(1e12));
    await assert.rejects(load(), {
      code: 'checkpoint-malformed',
      message: /was trained on another model.safetensors than this one.*Use that base/,
    });
  });
});
