// GGUF files through the graph against PyTorch on the same weights, read back by the gguf package: blocks, the order of
// rows and rotary factors are right where the logits are.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { openCheckpoint } from '../../engine/checkpoint/open';
import type { Checkpoint, LayerTensors, TensorLocation } from '../../engine/checkpoint/types';
import { EngineError, isEngineError } from '../../engine/errors';
import { buildGraph } from '../../engine/graph/build';
import type { Precision } from '../../engine/graph/types';
import { packedDiskFull } from '../../engine/graph/unpack';
import { precisionHere } from '../../engine/runtime/integerProducts';
import { DecoderSession } from '../../engine/runtime/session';
import { DecoderRun } from './decoderRun';
import { everything } from './parityChecks';
import { GGUF, type Reference, readReferenceFile, relativeDifference, visibilityOf } from './reference';

const FOLDER = GGUF;
const NAMES = fs.readdirSync(FOLDER).flatMap((name) => (name.endsWith('.gguf') ? [name.slice(0, -5)] : []));
const LIMIT = 1e-4;
const NOTICEABLE = 1e-2;

let cache = '';
before(() => {
  cache = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-gguf-'));
});
after(() => fs.rmSync(cache, { recursive: true, force: true }));

async function difference(
  checkpoint: Checkpoint,
  reference: Reference,
  precision: Precision,
): Promise<number> {
  const run = await DecoderRun.create(checkpoint, cache, await precisionHere(precision));
  try {
    const visible = visibilityOf(checkpoint.family.attention);
    assert.ok(visible);
    const sequence = { ids: reference.ids, positions: reference.positions, visible };
    const { logits } = await run.part(sequence, everything(sequence));
    return relativeDifference(logits, reference.logits);
  } finally {
    await run.release();
  }
}

/** The checkpoint with every tensor changed. */
function changed(checkpoint: Checkpoint, change: (tensor: TensorLocation) => TensorLocation): Checkpoint {
  const { tensors } = checkpoint;
  const layers = tensors.layers.map(
    (layer) =>
      Object.fromEntries(
        Object.entries(layer).map(([role, tensor]) => [role, change(tensor)]),
      ) as unknown as LayerTensors,
  );
  return { ...checkpoint, tensors: { ...tensors, layers } };
}

for (const name of NAMES) {
  describe(`${name}.gguf`, () => {
    let checkpoint: Checkpoint;
    let reference: Reference;
    before(async () => {
      checkpoint = await openCheckpoint(path.join(FOLDER, `${name}.gguf`));
      reference = readReferenceFile(path.join(FOLDER, `${name}.reference.safetensors`));
    });

    test('gives the logits that PyTorch gives', async () => {
      const found = await difference(checkpoint, reference, 'fp32');
      assert.ok(found <= LIMIT, `relative difference ${found.toExponential(2)}`);
    });

    test('is near them where the weights are rounded again', async () => {
      for (const precision of ['int8', 'q8'] as const) {
        const found = await difference(checkpoint, reference, precision);
        assert.ok(found <= 0.2, `${precision}: relative difference ${found.toExponential(2)}`);
      }
    });
  });
}

describe('what would be noticed', () => {
  const parts = async (name: string) =>
    [
      await openCheckpoint(path.join(FOLDER, `${name}.gguf`)),
      readReferenceFile(path.join(FOLDER, `${name}.reference.safetensors`)),
    ] as const;

  test('rows of Q and K left in pairs', async () => {
    const [checkpoint, reference] = await parts('smollm2');
    const inPairs = changed(checkpoint, (tensor) =>
      tensor.packing ? { ...tensor, packing: { type: tensor.packing.type } } : tensor,
    );
    assert.ok((await difference(inPairs, reference, 'fp32')) > NOTICEABLE);
  });

  test('rotary factors left out', async () => {
    const [checkpoint, reference] = await parts('stable-diffcoder-llama3');
    const plain = { ...checkpoint, shape: { ...checkpoint.shape, ropeScaling: { kind: 'none' as const } } };
    assert.ok((await difference(plain, reference, 'fp32')) > NOTICEABLE);
  });
});

describe('the unpacked file', () => {
  const build = async (name: string, folder: string, precision: Precision, signal?: AbortSignal) =>
    buildGraph(
      await openCheckpoint(path.join(FOLDER, `${name}.gguf`)),
      { precision, attention: 'plain', cacheOutput: 'new', topK: 4 },
      { cacheFolder: folder, ...(signal ? { signal } : {}) },
    );
  const filesIn = (folder: string) => fs.readdirSync(folder).filter((name) => name.endsWith('.weights'));
  const kindsIn = (folder: string) =>
    filesIn(folder)
      .map((file) => file.replace(/-[0-9a-f]{32}\.weights$/, ''))
      .sort();

  test('is made once for a precision, and holds what is not quantised', async (t) => {
    const folder = fs.mkdtempSync(path.join(cache, 'once-'));
    await build('smollm2', folder, 'fp32');
    const [file = ''] = filesIn(folder);
    const { mtimeMs } = fs.statSync(path.join(folder, file));
    await build('smollm2', folder, 'fp32');
    assert.equal(fs.statSync(path.join(folder, file)).mtimeMs, mtimeMs);
    await build('smollm2', folder, 'int8');
    assert.deepEqual(kindsIn(folder), ['int8', 'unpacked-fp16', 'unpacked-fp32']);
    t.diagnostic(kindsIn(folder).join());
  });

  test('is found behind a link, of the file and of a folder around it', async () => {
    const folder = fs.mkdtempSync(path.join(cache, 'linked-'));
    fs.symlinkSync(FOLDER, path.join(folder, 'models'), 'junction');
    const whole = await openCheckpoint(path.join(folder, 'models', 'smollm2.gguf'));
    const real = fs.realpathSync(path.join(FOLDER, 'smollm2.gguf'));
    assert.equal(whole.folder, path.join(folder, 'models', 'smollm2.gguf'));
    assert.equal(whole.tensors.embedding.file, real);
    const graph = await buildGraph(
      whole,
      { precision: 'fp32', attention: 'plain', cacheOutput: 'new', topK: 4 },
      { cacheFolder: folder },
    );
    const session = await DecoderSession.create(graph, whole.shape, { provider: 'cpu', threads: 1 });
    await session.dispose();
  });

  test('is made again where it was damaged', async () => {
    const folder = fs.mkdtempSync(path.join(cache, 'damaged-'));
    await build('qwen3', folder, 'fp32');
    const [file = ''] = filesIn(folder);
    const whole = fs.readFileSync(path.join(folder, file));
    const bytes = Buffer.from(whole);
    bytes[bytes.length >> 1] = ~(bytes[bytes.length >> 1] ?? 0) & 255;
    fs.writeFileSync(path.join(folder, file), bytes);
    await build('qwen3', folder, 'fp32');
    assert.ok(fs.readFileSync(path.join(folder, file)).equals(whole));
  });

  test('a full disk is told without the advice to take more of it', () => {
    const full = new EngineError('disk-full', 'Load it in fp32.', { bytes: 2.5e9, folder: '/cache' });
    const told = packedDiskFull(full);
    assert.ok(isEngineError(told) && told.code === 'disk-full');
    assert.match(told.message, /need 2500 MB in \/cache/);
    assert.doesNotMatch(told.message, /fp32/);
    const other = new EngineError('cancelled', 'Cancelled.');
    assert.equal(packedDiskFull(other), other);
  });

  test('and what is quantised beside it are one progress, which begins again for neither', async () => {
    const folder = fs.mkdtempSync(path.join(cache, 'progress-'));
    const checkpoint = await openCheckpoint(path.join(FOLDER, 'llada.gguf'));
    const sharesOf = async () => {
      const shares: number[] = [];
      await buildGraph(
        checkpoint,
        { precision: 'int8', attention: 'plain', cacheOutput: 'new', topK: 4 },
        { cacheFolder: folder, onProgress: ({ done, total }) => shares.push(done / total) },
      );
      return shares;
    };
    const shares = await sharesOf();
    assert.deepEqual(
      shares,
      [...shares].sort((a, b) => a - b),
    );
    assert.equal(shares[0], 0);
    assert.equal(shares.at(-1), 1);
    assert.ok(shares.filter((share) => share > 0.25 && share < 1).length > 3, shares.join(' '));
    // What is there already takes no part of it.
    for (const file of filesIn(folder).filter((name) => name.startsWith('int8')))
      fs.rmSync(path.join(folder, file));
    const again = await sharesOf();
    assert.ok(
      again.some((share) => share < 0.2),
      again.join(' '),
    );
  });

  test('leaves nothing behind where it is cancelled', async () => {
    const folder = fs.mkdtempSync(path.join(cache, 'cancelled-'));
    const controller = new AbortController();
    const checkpoint = await openCheckpoint(path.join(FOLDER, 'llada.gguf'));
    const building = buildGraph(
      checkpoint,
      { precision: 'fp32', attention: 'plain', cacheOutput: 'new', topK: 4 },
      { cacheFolder: folder, signal: controller.signal, onProgress: () => controller.abort() },
    );
    await assert.rejects(building, (error) => isEngineError(error) && error.code === 'cancelled');
    assert.deepEqual(fs.readdirSync(folder), []);
  });
});
