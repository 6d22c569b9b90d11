// Rounding, the quantised file, and the graphs that run on it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { open, readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { widen } from '../../../engine/checkpoint/halves';
import type { DecoderTensors } from '../../../engine/checkpoint/types';
import { isEngineError } from '../../../engine/errors';
import { buildGraph } from '../../../engine/graph/build';
import { ensureQuantisedWeights } from '../../../engine/graph/quantise';
import { removeLeftovers, writeAt, writeQuantisedWeights } from '../../../engine/graph/quantisedWeightsFile';
import {
  isByChannel,
  keptAs,
  QUANTISED_FORMAT,
  type QuantisedPrecision,
  quantisedLayout,
  quantisedTensors,
} from '../../../engine/graph/quantisedWeightsLayout';
import {
  allFinite,
  BLOCK,
  LARGEST_OF_EIGHT_BITS,
  LARGEST_OF_SEVEN_BITS,
  quantiseBlocks,
  quantiseChannels,
} from '../../../engine/graph/rounding';
import type { GraphOptions } from '../../../engine/graph/types';
import { precisionHere } from '../../../engine/runtime/integerProducts';
import { openSession, run, voidCache } from './graphRunner';
import { at, referenceDecoder } from './referenceDecoder';
import { randomNumbers, type TinyOptions, temporaryFolder, writeTinyCheckpoint } from './tinyCheckpoint';

const PRECISIONS: readonly QuantisedPrecision[] = ['q8', 'q4', 'int8', 'int7'];
const range = (length: number) => Array.from({ length }, (_, index) => index);

const matrices = fc
  .record({ rows: fc.integer({ min: 1, max: 5 }), columns: fc.integer({ min: 1, max: 100 }) })
  .chain(({ rows, columns }) =>
    fc.record({
      rows: fc.constant(rows),
      columns: fc.constant(columns),
      weights: fc.float32Array({
        minLength: rows * columns,
        maxLength: rows * columns,
        noNaN: true,
        min: -100,
        max: 100,
      }),
    }),
  );

/** Number and scale of one weight, read from MatMulNBits' layout as its documentation describes it. */
function blockWeight(
  { packed, scales }: { packed: Uint8Array; scales: Float32Array },
  bits: 4 | 8,
  columns: number,
  row: number,
  column: number,
): number {
  const block = row * Math.ceil(columns / BLOCK) + Math.floor(column / BLOCK);
  const place = block * BLOCK + (column % BLOCK);
  const level =
    bits === 8 ? at(packed, place) - 128 : ((at(packed, place >> 1) >> (4 * (place & 1))) & 15) - 8;
  return level * at(scales, block);
}

describe('rounding', () => {
  test('8-bit blocks: every weight is within half a step', () => {
    fc.assert(
      fc.property(matrices, ({ rows, columns, weights }) => {
        const rounded = quantiseBlocks(weights, rows, columns, 8);
        for (const row of range(rows)) {
          for (const column of range(columns)) {
            const scale = at(rounded.scales, row * Math.ceil(columns / BLOCK) + Math.floor(column / BLOCK));
            const off = Math.abs(
              blockWeight(rounded, 8, columns, row, column) - at(weights, row * columns + column),
            );
            assert.ok(off <= scale * 0.5001 + 1e-38, `off by ${off} at a step of ${scale}`);
          }
          for (let column = columns; column % BLOCK !== 0; column++) {
            assert.equal(Math.abs(blockWeight(rounded, 8, columns, row, column)), 0, 'the padding is zero');
          }
        }
      }),
    );
  });

  test('4-bit blocks: every weight is within a step, and no block is worse than with the plain scale', () => {
    fc.assert(
      fc.property(matrices, ({ rows, columns, weights }) => {
        const rounded = quantiseBlocks(weights, rows, columns, 4);
        for (const row of range(rows)) {
          for (let start = 0; start < columns; start += BLOCK) {
            const inBlock = range(Math.min(BLOCK, columns - start)).map((index) => start + index);
            const exact = inBlock.map((column) => at(weights, row * columns + column));
            const extreme = exact.reduce(
              (most, weight) => (Math.abs(weight) > Math.abs(most) ? weight : most),
              0,
            );
            const step = extreme / -8;
            const plain = exact.map((weight) =>
              step === 0 ? 0 : Math.max(-8, Math.min(7, Math.floor(weight / step + 0.5))) * step,
            );
            const got = inBlock.map((column) => blockWeight(rounded, 4, columns, row, column));
            const error = (values: readonly number[]) =>
              values.reduce((sum, value, index) => sum + (value - at(exact, index)) ** 2, 0);
            assert.ok(error(got) <= error(plain) * 1.00001 + 1e-12);
            got.forEach((value, index) => {
              assert.ok(Math.abs(value - at(exact, index)) <= Math.abs(step) * 1.7 + 1e-12);
            });
          }
        }
      }),
    );
  });

  test('channels: transposed, every weight within half a step, whatever the stride, and none over the largest', () => {
    const largests = fc.constantFrom(LARGEST_OF_SEVEN_BITS, LARGEST_OF_EIGHT_BITS);
    fc.assert(
      fc.property(matrices, fc.nat(3), largests, ({ rows, columns, weights }, first, largest) => {
        const stride = rows + 4;
        const levels = new Int8Array(columns * stride);
        const scales = quantiseChannels(weights, rows, columns, largest, levels, stride, first);
        assert.ok(levels.every((level) => Math.abs(level) <= largest));
        for (const row of range(rows)) {
          for (const column of range(columns)) {
            const value = at(levels, column * stride + first + row) * at(scales, row);
            const off = Math.abs(value - at(weights, row * columns + column));
            assert.ok(off <= at(scales, row) * 0.5001 + 1e-38);
          }
        }
      }),
    );
  });

  test('half-precision values widen exactly', () => {
    const values = new Float32Array(6);
    widen(Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x7c00), 'F16', values);
    assert.deepEqual([...values], [1, -2, 65504, 2 ** -24, -0, Infinity]);
    widen(Uint16Array.of(0x3f80, 0xc000, 0x7f7f, 0x0001, 0x8000, 0x7f80), 'BF16', values);
    assert.deepEqual([...values].slice(0, 2), [1, -2]);
    assert.equal(at(values, 5), Infinity);
    assert.equal(allFinite(values), false);
    assert.equal(allFinite(Float32Array.of(1, -3e38, 0)), true);
    assert.equal(allFinite(Float32Array.of(1, NaN)), false);
  });
});

/** The weights as a precision holds them, rounded a second time here. */
function roundedValues(
  tensors: DecoderTensors,
  precision: QuantisedPrecision,
  values: ReadonlyMap<string, Float32Array>,
): Map<string, Float32Array> {
  const changed = new Map<string, Float32Array>();
  for (const { tensor, rounding } of quantisedTensors(tensors, precision)) {
    const exact = values.get(tensor.name) ?? assert.fail(tensor.name);
    const columns = at(tensor.shape, 1);
    const copy = Float32Array.from(exact);
    const stretch = isByChannel(rounding) ? columns : BLOCK;
    const largest = rounding === 'int7' ? 64 : 127;
    for (let row = 0; row < exact.length; row += columns) {
      for (let start = 0; start < columns; start += stretch) {
        const end = Math.min(start + stretch, columns);
        const part = exact.subarray(row + start, row + end);
        copy.set(rounding === 'q4' ? roundFour(part) : roundTo(part, largest), row + start);
      }
    }
    changed.set(tensor.name, copy);
  }
  return changed;
}

function roundTo(part: Float32Array, largest: number): number[] {
  const step = Math.max(...part.map(Math.abs)) / largest;
  return [...part].map((weight) => (step === 0 ? 0 : Math.round(weight / step) * step));
}

function roundFour(part: Float32Array): number[] {
  const extreme = [...part].sort((a, b) => Math.abs(b) - Math.abs(a))[0] ?? 0;
  const levels = [...part].map((weight) => Math.max(-8, Math.min(7, Math.round((weight * -8) / extreme))));
  const products = levels.reduce((sum, level, index) => sum + level * at(part, index), 0);
  const step = products / levels.reduce((sum, level) => sum + level * level, 0);
  return levels.map((level) => level * step);
}

const VARIANTS: Readonly<Record<string, TinyOptions>> = {
  'whole blocks, untied head': { shape: { hiddenSize: 64, ffnSize: 96 } },
  'a last block that is not full, biases, bf16': {
    shape: { hiddenSize: 72, ffnSize: 100, headSize: 18 },
    attentionBiases: true,
    dtype: 'BF16',
  },
  'tied head, fp16': { shape: { tiedHead: true }, dtype: 'F16' },
  'layer norms, a plain MLP, biases everywhere': {
    shape: { norm: 'layer', mlp: 'gelu' },
    attentionBiases: true,
    mlpBiases: true,
  },
};

describe('quantised graphs equal the reference on rounded weights', () => {
  for (const [variant, options] of Object.entries(VARIANTS)) {
    for (const precision of PRECISIONS) {
      test(`${precision}; ${variant}`, async () => {
        // int8 as it runs here: with eight bits, products may overflow.
        const form: Pick<GraphOptions, 'precision' | 'weightBits'> =
          precision === 'int7' ? { precision: 'int8', weightBits: 7 } : await precisionHere(precision);
        const tiny = writeTinyCheckpoint(temporaryFolder('tiny'), options);
        const { shape, tensors } = tiny.checkpoint;
        const built = await buildGraph(
          tiny.checkpoint,
          {
            ...form,
            attention: 'plain',
            cacheOutput: 'new',
            topK: 5,
            withLogits: true,
          },
          { cacheFolder: temporaryFolder('graph-cache') },
        );
        assert.equal((await stat(built.madeFiles[0] ?? '')).size, built.quantisedBytes);
        const random = randomNumbers(5);
        const ids = range(10).map(() => Math.floor(random() * shape.vocabSize));
        const got = await run(await openSession(built), shape, {
          ids: [ids],
          positions: [range(10)],
          past: voidCache(shape),
          sees: (_, __, key) => key > 0,
          rows: range(10),
        });
        const kept = keptAs(form.precision, form.weightBits) ?? assert.fail();
        const rounded = roundedValues(tensors, kept, tiny.values);
        const headName = tensors.head.name;
        // The embedding table keeps its own values, also where the head is tied to it.
        const table = tiny.values.get(tensors.embedding.name) ?? assert.fail();
        const weights = new Map([...tiny.values, ...rounded, [tensors.embedding.name, table]]);
        const headWeights = new Map(weights).set('head', rounded.get(headName) ?? assert.fail());
        const want = referenceDecoder(
          shape,
          { ...tensors, head: { ...tensors.head, name: 'head' } },
          headWeights,
          { ids, positions: range(10), sees: () => true },
        );
        // What is left is the activations' rounding to 8 bits: by block of 32, or by tensor in int8.
        const tolerance = isByChannel(precision) ? 0.06 : 0.03;
        got.logits.forEach((row, index) => {
          const wanted = at(want.logits, index);
          const norm = Math.sqrt(wanted.reduce((sum, value) => sum + value * value, 0));
          const off = Math.sqrt(wanted.reduce((sum, value, id) => sum + (at(row, id) - value) ** 2, 0));
          assert.ok(off / norm < tolerance, `row ${index} is off by ${off / norm}`);
        });
      });
    }
  }
});

async function isCode(code: string, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(
    promise,
    (error) => isEngineError(error) && error.code === code && error.message.length > 20,
  );
}

describe('the quantised file', () => {
  test('has queries, keys and values by block where the rest has a scale a channel', () => {
    const { tensors } = writeTinyCheckpoint(temporaryFolder('tiny')).checkpoint;
    const { query, key, value, down } = at(tensors.layers, 0);
    const roundingsIn = (precision: QuantisedPrecision) => {
      const all = quantisedTensors(tensors, precision);
      return [query, key, value, down, tensors.head].map(
        (tensor) => all.find((one) => one.tensor === tensor)?.rounding,
      );
    };
    assert.deepEqual(roundingsIn('int8'), ['q8', 'q8', 'q8', 'int8', 'int8']);
    assert.deepEqual(roundingsIn('int7'), ['q8', 'q8', 'q8', 'int7', 'q8']);
    assert.deepEqual(roundingsIn('q4'), ['q8', 'q8', 'q8', 'q4', 'q8']);
  });

  test('leaves no garbage to the session that is made next', async () => {
    const { gc } = globalThis;
    let collected = 0;
    Object.assign(globalThis, { gc: () => collected++ });
    try {
      const { checkpoint } = writeTinyCheckpoint(temporaryFolder('tiny'));
      const folder = temporaryFolder('side');
      const make = () => ensureQuantisedWeights(checkpoint, 'q8', folder);
      await make();
      assert.equal(collected, 1);
      await make();
      assert.equal(collected, 1, 'nothing was made');
    } finally {
      Object.assign(globalThis, { gc });
    }
  });

  test('is made once, counts its weights, and is the same whatever the limits of memory', async () => {
    for (const precision of PRECISIONS) {
      const tiny = writeTinyCheckpoint(temporaryFolder('tiny'), { shape: { hiddenSize: 72, ffnSize: 100 } });
      const folder = temporaryFolder('side');
      const seen: number[] = [];
      const onProgress = ({ done, total }: { done: number; total: number }) => seen.push(done / total);
      const first = await ensureQuantisedWeights(tiny.checkpoint, precision, folder, { onProgress });
      assert.equal(seen[0], 0);
      assert.equal(seen.at(-1), 1);
      assert.deepEqual(
        seen,
        [...seen].sort((a, b) => a - b),
      );
      const { ino } = await stat(first.file);

      seen.length = 0;
      const second = await ensureQuantisedWeights(tiny.checkpoint, precision, folder, { onProgress });
      assert.deepEqual([second.file, (await stat(second.file)).ino, seen.length], [first.file, ino, 0]);

      const limits = { stretch: 200, tile: 1000 };
      const small = await ensureQuantisedWeights(
        tiny.checkpoint,
        precision,
        temporaryFolder('side'),
        {},
        limits,
      );
      assert.ok((await readFile(small.file)).equals(await readFile(first.file)));
    }
  });

  test('is made again where it is truncated or damaged, of another format, or of weights that have changed', async () => {
    const tiny = writeTinyCheckpoint(temporaryFolder('tiny'));
    const folder = temporaryFolder('side');
    const make = async () => {
      const { file } = await ensureQuantisedWeights(tiny.checkpoint, 'q8', folder);
      return { file, bytes: await readFile(file) };
    };
    const { file, bytes } = await make();

    await truncate(file, bytes.length - 1);
    assert.ok((await make()).bytes.equals(bytes));

    for (const place of [0, 4096, bytes.length >> 1, bytes.length - 1]) {
      const damaged = Buffer.from(bytes);
      damaged[place] = (damaged[place] ?? 0) ^ 0x10;
      await writeFile(file, damaged);
      assert.ok((await make()).bytes.equals(bytes), `a bit of byte ${place}`);
    }

    const header = bytes.toString('latin1', 0, 200);
    const format = `"format":${QUANTISED_FORMAT},`;
    assert.ok(header.includes(format), header);
    await writeFile(file, Buffer.from(bytes.toString('latin1').replace(format, '"format":0,'), 'latin1'));
    assert.ok((await make()).bytes.equals(bytes));

    // One weight between the samples, at another time.
    const { up } = at(tiny.checkpoint.tensors.layers, 0);
    const weights = await open(up.file, 'r+');
    await weights.write(Buffer.from(Float32Array.of(9).buffer), 0, 4, up.offset + 5000);
    await weights.close();
    await utimes(up.file, new Date(), new Date(Date.now() + 5000));
    const changed = await make();
    assert.equal(changed.file, file);
    assert.equal(changed.bytes.equals(bytes), false);

    const other = writeTinyCheckpoint(temporaryFolder('tiny'), { seed: 2 });
    assert.notEqual((await ensureQuantisedWeights(other.checkpoint, 'q8', folder)).file, file);
  });

  test('leaves nothing behind when it is cancelled, and when the disk is full', async () => {
    const tiny = writeTinyCheckpoint(temporaryFolder('tiny'));
    const folder = temporaryFolder('side');
    const abort = new AbortController();
    const onProgress = ({ done, total }: { done: number; total: number }) => {
      if (done > total / 2) abort.abort();
    };
    await isCode(
      'cancelled',
      ensureQuantisedWeights(tiny.checkpoint, 'int8', folder, { signal: abort.signal, onProgress }),
    );
    assert.deepEqual(await readdir(folder), []);

    const layout = quantisedLayout(quantisedTensors(tiny.checkpoint.tensors, 'q8'), 'q8', {});
    const huge = { ...layout, bytes: 2 ** 60 };
    const file = path.join(folder, 'huge.weights');
    await isCode(
      'disk-full',
      writeQuantisedWeights(file, huge, async () => assert.fail('there is no room')),
    );
    assert.deepEqual(await readdir(folder), []);
  });

  test('a disk that fills up while it is written', { skip: process.platform !== 'linux' }, async () => {
    const folder = temporaryFolder('side');
    const tiny = writeTinyCheckpoint(temporaryFolder('tiny'));
    const layout = quantisedLayout(quantisedTensors(tiny.checkpoint.tensors, 'q8'), 'q8', {});
    const full = await open('/dev/full', 'w');
    const write = writeQuantisedWeights(path.join(folder, 'a.weights'), layout, () =>
      writeAt(full, Buffer.alloc(10), 0),
    );
    await assert.rejects(write, (error) => {
      assert.ok(isEngineError(error));
      assert.equal(error.code, 'disk-full');
      assert.deepEqual(error.data, { bytes: layout.bytes, folder });
      return true;
    });
    await full.close();
    assert.deepEqual(await readdir(folder), []);
  });

  test('a folder that cannot be one, weights that are not numbers, a checkpoint cut short', async () => {
    const folder = temporaryFolder('side');
    const tiny = writeTinyCheckpoint(temporaryFolder('tiny'));
    const notAFolder = path.join(folder, 'file');
    await writeFile(notAFolder, '');
    await isCode('quantisation-failed', ensureQuantisedWeights(tiny.checkpoint, 'q8', notAFolder));
    await isCode(
      'quantisation-failed',
      buildGraph(
        tiny.checkpoint,
        { precision: 'q8', attention: 'plain', cacheOutput: 'new', topK: 1 },
        { cacheFolder: path.join(notAFolder, 'cache') },
      ),
    );

    const { down } = at(tiny.checkpoint.tensors.layers, 1);
    const weights = await open(down.file, 'r+');
    await weights.write(Buffer.from(Float32Array.of(NaN).buffer), 0, 4, down.offset + 400);
    await isCode('quantisation-failed', ensureQuantisedWeights(tiny.checkpoint, 'q8', folder));
    await weights.truncate(down.offset + 396);
    await weights.close();
    await isCode('tensor-malformed', ensureQuantisedWeights(tiny.checkpoint, 'q8', folder));
    assert.deepEqual(await readdir(folder), ['file']);
  });

  test('several writers of one file do not disturb each other', async () => {
    const tiny = writeTinyCheckpoint(temporaryFolder('tiny'));
    const folder = temporaryFolder('side');
    const alone = await ensureQuantisedWeights(tiny.checkpoint, 'q8', temporaryFolder('side'));
    const made = await Promise.all(range(4).map(() => ensureQuantisedWeights(tiny.checkpoint, 'q8', folder)));
    const file = path.basename(at(made, 0).file);
    assert.deepEqual((await readdir(folder)).sort(), [file, `${file}.json`]);
    assert.ok((await readFile(at(made, 0).file)).equals(await readFile(alone.file)));
  });

  test('what this process is writing is no leftover, and who reads the old file goes on reading it', {
    skip: process.platform === 'win32',
  }, async () => {
    const tiny = writeTinyCheckpoint(temporaryFolder('tiny'));
    const folder = temporaryFolder('side');
    const layout = quantisedLayout(quantisedTensors(tiny.checkpoint.tensors, 'q8'), 'q8', {});
    const file = path.join(folder, 'a-q8-00.weights');
    const write = (byte: number) =>
      writeQuantisedWeights(file, layout, async (handle) => {
        await removeLeftovers(folder);
        await writeAt(handle, new Uint8Array(8).fill(byte), layout.header.length);
      });
    await write(1);
    const reader = await open(file, 'r');
    await write(2);
    const first = async (handle: typeof reader) =>
      (await handle.read(Buffer.alloc(8), 0, 8, layout.header.length)).buffer[0];
    assert.equal(await first(reader), 1);
    await reader.close();
    const next = await open(file, 'r');
    assert.equal(await first(next), 2);
    await next.close();
    assert.deepEqual(await readdir(folder), [path.basename(file)]);
  });

  test('what a killed writer left goes at the next load, whole file or none; what others write stays', async () => {
    const tiny = writeTinyCheckpoint(temporaryFolder('tiny'));
    const folder = temporaryFolder('side');
    const ended = spawnSync(process.execPath, ['--version']).pid;
    const here = createHash('sha256').update(os.hostname()).digest('hex').slice(0, 8);
    const part = async (owner: string, pid: number, isOld = false): Promise<string> => {
      const name = `other-q4-00.weights.${owner}-${pid}.0123abcd.part`;
      await writeFile(path.join(folder, name), 'half');
      if (isOld) await utimes(path.join(folder, name), new Date(0), new Date(0));
      return name;
    };
    const working = [await part(here, process.ppid, true), await part('0'.repeat(8), ended)];
    await writeFile(path.join(folder, 'notes.part'), 'not ours');
    for (const state of ['no file yet', 'the file is whole']) {
      await part(here, ended);
      // Its number is ours now, as happens in a container.
      await part(here, process.pid);
      await part('1'.repeat(8), ended, true);
      const { file } = await ensureQuantisedWeights(tiny.checkpoint, 'q8', folder);
      assert.deepEqual(
        (await readdir(folder)).sort(),
        [...working, 'notes.part', path.basename(file), `${path.basename(file)}.json`].sort(),
        state,
      );
    }
  });
});
