import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import type { Checkpoint } from '../../../engine/checkpoint/types';
import { checkLines, describeCheckpoint } from '../../../engine/cli/check';
import { runCommand } from '../../../engine/cli/command';
import type { LogitsRequest } from '../../../engine/cli/context';
import { familySees, readReference, relativeDifference } from '../../../engine/cli/reference';
import { plain } from '../../../engine/cli/style';
import { megabytes } from '../../../engine/cli/units';
import { EngineError } from '../../../engine/errors';
import { linearWeights, memoryNeeds } from '../../../engine/graph/memory';
import { scriptedEngine, temporaryFolder, testWorld, tinyCheckpoint } from './scriptedEngine';

interface Part {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

function safetensors(parts: Readonly<Record<string, Part>>): Buffer {
  let offset = 0;
  const header: Record<string, unknown> = {};
  for (const [name, { dtype, shape, bytes }] of Object.entries(parts)) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...Object.values(parts).map((part) => part.bytes)]);
}

const bytesOf = (array: BigInt64Array | Int32Array | Float32Array | Uint8Array) =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const int64 = (values: readonly number[]): Part => ({
  dtype: 'I64',
  shape: [values.length],
  bytes: bytesOf(BigInt64Array.from(values, BigInt)),
});
const float32 = (shape: readonly number[], values: Float32Array): Part => ({
  dtype: 'F32',
  shape,
  bytes: bytesOf(values),
});

const FULL = { kind: 'full' } as const;
const CAUSAL_BLOCKS = { kind: 'block-causal', blockLength: 2 } as const;

describe('a reference file', () => {
  const write = (context: { after(fn: () => void): void }, parts: Readonly<Record<string, Part>>) => {
    const file = path.join(temporaryFolder(context), 'r.safetensors');
    fs.writeFileSync(file, safetensors(parts));
    return file;
  };
  const logits = Float32Array.from({ length: 12 }, (_, index) => index / 4);
  const good = { input_ids: int64([3, 0, 2]), logits: float32([3, 4], logits) };

  test('ids, logits, and positions that count from zero', async (context) => {
    const reference = await readReference(write(context, good), FULL, 4);
    assert.deepEqual(reference, {
      ids: Int32Array.of(3, 0, 2),
      positions: Int32Array.of(0, 1, 2),
      logits,
      vocabSize: 4,
    });
  });

  test('positions and masks of its own, square or a row', async (context) => {
    const square = Uint8Array.of(1, 0, 0, 1, 1, 0, 1, 1, 1);
    const own = {
      ...good,
      position_ids: int64([5, 6, 9]),
      attention_mask: { dtype: 'U8', shape: [3, 3], bytes: square },
    };
    const reference = await readReference(write(context, own), FULL, 4);
    assert.deepEqual(reference.positions, Int32Array.of(5, 6, 9));
    assert.deepEqual(reference.mask, square);
    const row = { ...good, attention_mask: { dtype: 'BOOL', shape: [3], bytes: Uint8Array.of(0, 1, 1) } };
    assert.deepEqual(
      (await readReference(write(context, row), FULL, 4)).mask,
      Uint8Array.of(0, 1, 1, 0, 1, 1, 0, 1, 1),
    );
    assert.deepEqual(
      (await readReference(write(context, row), CAUSAL_BLOCKS, 4)).mask,
      Uint8Array.of(0, 1, 0, 0, 1, 0, 0, 1, 1),
    );
  });

  const wrong: readonly (readonly [string, Readonly<Record<string, Part>>, RegExp])[] = [
    ['no ids', { logits: good.logits }, /has no input_ids/],
    ['no logits', { input_ids: good.input_ids }, /has no logits/],
    ['ids in a batch', { ...good, input_ids: { ...good.input_ids, shape: [1, 3] } }, /not one sequence/],
    [
      'ids that are no whole numbers',
      { ...good, input_ids: float32([3], new Float32Array(3)) },
      /input_ids as F32/,
    ],
    ['an id outside the vocabulary', { ...good, input_ids: int64([3, 4, 2]) }, /id outside the vocabulary/],
    [
      'logits of another vocabulary',
      { ...good, logits: float32([3, 3], new Float32Array(9)) },
      /shape \[3, 3\], where this model gives \[3, 4\]/,
    ],
    [
      'half-precision logits',
      { ...good, logits: { dtype: 'F16', shape: [3, 4], bytes: new Uint8Array(24) } },
      /logits as F16, not fp32/,
    ],
    ['positions of another length', { ...good, position_ids: int64([1]) }, /position_ids of another length/],
    [
      'a mask of another shape',
      { ...good, attention_mask: int64([1, 1]) },
      /attention_mask of another shape/,
    ],
  ];
  for (const [name, parts, pattern] of wrong) {
    test(`refuses ${name}`, async (context) => {
      await assert.rejects(readReference(write(context, parts), FULL, 4), (error) => {
        assert.ok(error instanceof EngineError);
        assert.equal(error.code, 'tensor-malformed');
        assert.match(error.message, pattern);
        return true;
      });
    });
  }

  test('a file that is not there', async () => {
    await assert.rejects(readReference('/nowhere/r.safetensors', FULL, 4), { code: 'file-unreadable' });
  });

  test('what the families see of a plain sequence', () => {
    const seen = (kind: Parameters<typeof familySees>[0]) =>
      [0, 1, 2]
        .map((query) => [0, 1, 2].map((key) => (familySees(kind, query, key) ? 1 : 0)).join(''))
        .join(' ');
    assert.equal(seen(FULL), '111 111 111');
    assert.equal(seen(CAUSAL_BLOCKS), '110 110 111');
    assert.equal(
      seen({
        kind: 'cached-canvas',
        blockLength: 2,
        holeGap: 4,
        suffixSeesPrefix: false,
        suffixFirst: false,
      }),
      '100 110 111',
    );
  });

  test('the relative difference is against the largest logit, and no number never passes', () => {
    assert.equal(relativeDifference(Float32Array.of(1, 2), Float32Array.of(1, 4)), 0.5);
    assert.equal(relativeDifference(Float32Array.of(0, 0), Float32Array.of(0, 0)), 0);
    assert.equal(relativeDifference(Float32Array.of(1), Float32Array.of(0)), Number.POSITIVE_INFINITY);
    assert.equal(
      relativeDifference(Float32Array.of(Number.NaN), Float32Array.of(1)),
      Number.POSITIVE_INFINITY,
    );
    assert.equal(
      relativeDifference(Float32Array.of(1), Float32Array.of(Number.NaN)),
      Number.POSITIVE_INFINITY,
    );
    assert.equal(relativeDifference(Float32Array.of(1), Float32Array.of(1, 2)), Number.POSITIVE_INFINITY);
  });

  test('check passes equal logits, fails others with exit code 1, and feeds the mask it was given', async (context) => {
    const checkpoint = tinyCheckpoint();
    context.after(() => fs.rmSync(checkpoint.folder, { recursive: true, force: true }));
    const values = Float32Array.from({ length: 2 * 32 }, (_, index) => index / 8);
    const file = write(context, { input_ids: int64([1, 2]), logits: float32([2, 32], values) });
    let asked: LogitsRequest | undefined;
    const check = async (ours: Float32Array) => {
      const { engine } = scriptedEngine();
      const world = testWorld({
        ...engine,
        openCheckpoint: async () => checkpoint,
        buildGraph: async (_, options) => ({
          model: new Uint8Array(),
          stages: [{ first: 0, end: 1 }],
          dataFolder: '/',
          options,
          quantisedBytes: 0,
          originalFiles: [],
          madeFiles: [],
        }),
        logits: async (graph, _, request) => {
          assert.equal(graph.options.withLogits, true);
          assert.equal(graph.options.precision, 'fp32');
          asked = request;
          return ours;
        },
      });
      const code = await runCommand(['check', checkpoint.folder, '--reference', file, '--json'], world);
      return { code, report: JSON.parse(world.stdout.text()) };
    };
    const same = await check(values);
    assert.equal(same.code, 0);
    assert.equal(same.report.reference.relativeDifference, 0);
    assert.equal(same.report.family.id, 'random');
    assert.equal(asked?.sees(0, 1), true);
    const off = await check(values.map((value, index) => value + (index === 5 ? 0.01 : 0)));
    assert.equal(off.code, 1);
    assert.equal(off.report.reference.passed, false);
    const broken = await check(values.map(() => Number.NaN));
    assert.equal(broken.code, 1);
    assert.equal(broken.report.reference.relativeDifference, null);
  });
});

describe('what check says of a checkpoint', () => {
  test('as it is printed', () => {
    const tiny = tinyCheckpoint();
    fs.rmSync(tiny.folder, { recursive: true });
    const checkpoint: Checkpoint = {
      ...tiny,
      folder: '/models/tiny',
      family: {
        ...tiny.family,
        attention: { kind: 'block-causal', blockLength: 4 },
        tokens: { mask: { text: '<|mask|>', required: true }, pad: { text: '<pad>', required: false } },
      },
      specials: { mask: 7 },
      languageTokens: { typescript: 3, python: 2 },
      remarks: ['There is no generation_config.json.'],
    };
    const lines = checkLines(checkpoint, describeCheckpoint(checkpoint), plain);
    assert.deepEqual(lines.slice(0, 10), [
      'Folder    /models/tiny',
      'Family    Random weights (random)',
      'Works by  block-causal attention over 4 tokens, logits not shifted, fixed length',
      'Weights   0.0 million parameters, stored as F32',
      'Shape     1 layers, hidden 8, 2 heads (1 K/V) of 4, vocabulary 32, context 4096',
      'Specials  mask      <|mask|> = 7',
      'Missing   pad <pad> (optional)',
      'Languages python, typescript',
      'Remark    There is no generation_config.json.',
      '',
    ]);
    assert.match(lines[10] ?? '', /^precision +quantized +loaded +largest request +K\/V of 1,000 tokens$/);
    assert.match(
      lines.at(-1) ?? '',
      /^The largest request is one candidate that fills the model’s window\. /,
    );
    assert.equal(lines.length, 18);
  });
});

describe('memory', () => {
  test('counts every linear layer, the quantised file and the cache', () => {
    const checkpoint = tinyCheckpoint();
    fs.rmSync(checkpoint.folder, { recursive: true });
    const { shape } = checkpoint;
    const layer = 8 * 8 * 2 + 8 * 4 * 2 + 3 * 8 * 16;
    assert.equal(linearWeights(shape), layer + 32 * 8);
    const [fp32, fp16, int8, q8, q4] = memoryNeeds(checkpoint);
    assert.equal(fp32?.cacheBytes, 1000 * 2 * 4 * 4);
    const head = 32 * 8;
    assert.equal(fp32?.weightBytes, (layer + 2 * head) * 4, 'a tied head is packed, and the table stays');
    assert.equal(fp32?.deviceBytes, (layer + head) * 4, 'on a GPU it counts once');
    assert.equal(fp16?.weightBytes, (layer + head) * 2, 'rows of a table are read when they are wanted');
    assert.equal(fp16?.deviceBytes, (layer + head) * 2 + head * 4);
    for (const need of [int8, q8, q4])
      assert.ok(need && need.weightBytes > need.quantisedBytes, 'scales and sums of the blocks come on top');
    for (const need of [int8, q8, q4]) {
      assert.ok(need && need.quantisedBytes > 0);
      assert.ok(need.loadingBytes > need.weightBytes, 'a matrix is there twice until it is packed');
      assert.equal(need.deviceBytes, need.quantisedBytes + head * 4, 'a quantised head is a second copy');
    }
  });

  test('is told in MB', () => {
    assert.equal(megabytes(1.25e6), '1.3 MB');
    assert.equal(megabytes(780e6), '780 MB');
  });
});
