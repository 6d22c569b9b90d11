import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import type { Checkpoint } from '../../../engine/checkpoint/types';
import { isEngineError } from '../../../engine/errors';
import {
  LEAST_TOKENS,
  type MemoryNeed,
  memoryNeeds,
  processBytes,
  requestBytes,
} from '../../../engine/graph/memory';
import type { Precision, WeightBits } from '../../../engine/graph/types';
import type { GpuMemory } from '../../../engine/runtime/hardware';
import {
  gpuBytes,
  type MainMemory,
  type PlacementChoice,
  placeModel,
  requireFits,
  weightBytesOf,
} from '../../../engine/runtime/placement';
import type { ProbeResult } from '../../../engine/runtime/probe';
import { randomCheckpoint } from '../../../engine/runtime/randomCheckpoint';

describe('where a model runs', () => {
  let folder: string;
  let checkpoint: Checkpoint;
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-placement-'));
    const shape = { hiddenSize: 512, layers: 2, heads: 8, kvHeads: 2, ffnSize: 1536 };
    checkpoint = { ...randomCheckpoint(folder, shape), name: 'Large', storedDtype: 'BF16' };
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  /** A GPU with room for what `precision` needs, and not a byte more. */
  const roomFor = (precision: Precision, name?: string): GpuMemory => {
    const free = gpuBytes(checkpoint, precision);
    return { ...(name ? { name } : {}), total: 2 * free, free, isShared: false };
  };
  const place = (
    choice: Partial<PlacementChoice>,
    memory: GpuMemory | undefined,
    probed: Partial<ProbeResult> = {},
    weightBits: WeightBits | undefined = 8,
    mainMemory: MainMemory = { available: 1e12, held: 0 },
  ) =>
    placeModel(
      checkpoint,
      { mustFit: true, ...choice },
      {
        probe: async (provider) => ({
          ...{ provider, ok: true, fusedAgrees: false, gain: 5, reason: 'fast.' },
          ...probed,
        }),
        gpuMemory: () => memory,
        mainMemory: () => mainMemory,
        weightBits: async () => weightBits,
      },
    );
  const refusal = async (placing: Promise<unknown>) => {
    const error = await placing.then(
      () => assert.fail('it was placed'),
      (thrown: unknown) => thrown,
    );
    assert.ok(isEngineError(error));
    return error;
  };

  test('it fits: as chosen, without a remark', async () => {
    const placed = await place({ provider: 'webgpu' }, roomFor('q8'));
    assert.deepEqual([placed.decision.provider, placed.precision, placed.remarks], ['webgpu', 'q8', []]);
  });

  test('nothing says how much memory there is: it is tried', async () => {
    assert.equal((await place({ provider: 'webgpu', precision: 'fp32' }, undefined)).precision, 'fp32');
  });

  test('a precision that nobody chose gives way to one that fits, and that is said', async () => {
    const placed = await place({ provider: 'webgpu' }, roomFor('q4'));
    assert.equal(placed.precision, 'q4');
    assert.match(
      placed.remarks.join(' '),
      /runs in q4, which is less exact: in q8 it needs about [\d.]+ [GM]B/,
    );
  });

  test('a precision of one’s own is refused before loading, with what would fit', async () => {
    const choice = { provider: 'webgpu', precision: 'fp32' } as const;
    const error = await refusal(place(choice, roomFor('q8', 'Small GPU')));
    assert.equal(error.code, 'out-of-memory');
    assert.match(
      error.message,
      /^Large needs about [\d.]+ [GM]B of GPU memory in fp32, and [\d.]+ [GM]B of [\d.]+ [GM]B are free on Small GPU\. It would fit in q8: /,
    );
    assert.equal(error.data['fitting'], 'q8');
  });

  test('where no precision fits, a provider of one’s own is refused, and auto takes the CPU and says why', async () => {
    const little = { total: 2e6, free: 1e6, isShared: false };
    const error = await refusal(place({ provider: 'webgpu' }, little));
    assert.match(error.message, /on the GPU\. Close other programs that use the GPU, choose a smaller model/);
    const placed = await place({}, little);
    assert.equal(placed.decision.provider, 'cpu');
    assert.match(placed.decision.reason, /^Large needs about .* of GPU memory/);
    assert.equal(placed.precision, 'int8');
  });

  test('on the CPU int8 by itself where some width of weights is multiplied exactly, and its memory is that of this width', async () => {
    const onCpu = { provider: 'cpu' } as const;
    for (const bits of [7, 8] as const)
      assert.equal((await place(onCpu, undefined, {}, bits)).precision, 'int8');
    const bytes = ([8, 7] as const).map((weightBits) =>
      weightBytesOf(checkpoint, 'cpu', { precision: 'int8', weightBits }),
    );
    const q8 = weightBytesOf(checkpoint, 'cpu', { precision: 'q8' });
    const [eight = 0, seven = 0] = bytes;
    assert.ok(eight < seven && seven < q8, `${eight}, ${seven}, ${q8}: its head has a scale a block`);
  });

  test('on the CPU the process and the smallest request need room, too, less what the process has already', async () => {
    const q4 = memoryNeeds(checkpoint).find(({ precision }) => precision === 'q4') as MemoryNeed;
    const process = processBytes(checkpoint.shape);
    const answering = q4.weightBytes + requestBytes(checkpoint, { tokens: LEAST_TOKENS });
    assert.ok(answering > q4.loadingBytes, 'it could be loaded, and would never answer');
    const placed = (memory: MainMemory, mustFit = true) =>
      place({ provider: 'cpu', precision: 'q4', mustFit }, undefined, {}, 8, memory);
    const enough = { available: process + answering, held: 0 };
    assert.equal((await placed(enough)).precision, 'q4');
    const short = { ...enough, available: enough.available - 1 };
    const error = await refusal(placed(short));
    assert.equal(error.code, 'out-of-memory');
    assert.match(
      error.message,
      /^Large needs about [\d.]+ [GM]B of memory, and .* Close other programs, or choose /,
    );
    assert.equal(error.data['needed'], Math.round(process + answering));
    assert.equal((await placed({ ...short, held: 2 })).precision, 'q4');
    await refusal(placed({ available: answering - 1, held: 5 * process }));
    assert.equal((await placed(short, false)).precision, 'q4', 'it is only prepared');
  });

  test('on the CPU a precision that nobody chose gives way to q4 where that fits, and that is said', async () => {
    const needs = new Map(memoryNeeds(checkpoint, 8).map((need) => [need.precision, need]));
    const process = processBytes(checkpoint.shape);
    const taken = (precision: Precision) => {
      const { weightBytes = 0, loadingBytes = 0 } = needs.get(precision) ?? {};
      const answering = weightBytes + requestBytes(checkpoint, { tokens: LEAST_TOKENS });
      return process + Math.max(loadingBytes, answering);
    };
    const placed = (available: number, choice: Partial<PlacementChoice> = {}) =>
      place({ provider: 'cpu', ...choice }, undefined, {}, 8, { available, held: 0 });
    const usual = await placed(taken('int8'));
    assert.deepEqual([usual.precision, usual.remarks], ['int8', []]);
    for (const available of [taken('int8') - 1, taken('q4')]) {
      const { precision, remarks } = await placed(available);
      assert.equal(precision, 'q4');
      assert.match(
        remarks.join(' '),
        /^It runs in q4, which is less exact: in int8 it needs about [\d.]+ [GM]B of memory, and [\d.]+ [GM]B are available\.$/,
      );
    }
    assert.equal((await placed(taken('q4'), { mustFit: false })).precision, 'q4', 'as it will be used');
    const short = taken('q4') - 1;
    const error = await refusal(placed(short));
    assert.match(
      error.message,
      / of memory even in q4, and .* Close other programs, or choose a smaller model\.$/,
    );
    assert.equal(error.data['needed'], Math.round(taken('q4')));
    const own = await refusal(placed(taken('q4'), { precision: 'q8' }));
    assert.match(own.message, / choose a lower precision \(q4 needs the least\)/);
    assert.equal((await placed(short, { mustFit: false })).precision, 'int8', 'elsewhere there may be room');
  });

  test('fp32 in place of another precision has to fit where the model runs', () => {
    const main = (available: number) => ({
      gpuMemory: () => undefined,
      mainMemory: () => ({ available, held: 0 }),
    });
    const onGpu = (memory: GpuMemory | undefined) => ({ ...main(0), gpuMemory: () => memory });
    const isTooLarge = { code: 'out-of-memory', message: /^Large needs about / };
    assert.doesNotThrow(() => requireFits(checkpoint, 'cpu', 'fp32', main(1e12)));
    assert.throws(() => requireFits(checkpoint, 'cpu', 'fp32', main(1e6)), isTooLarge);
    assert.doesNotThrow(() => requireFits(checkpoint, 'webgpu', 'fp32', onGpu(roomFor('fp32'))));
    assert.doesNotThrow(() => requireFits(checkpoint, 'webgpu', 'fp32', onGpu(undefined)));
    assert.throws(() => requireFits(checkpoint, 'webgpu', 'fp32', onGpu(roomFor('q8'))), isTooLarge);
  });

  test('a model that is only prepared need not fit', async () => {
    const little = { total: 2e6, free: 1e6, isShared: false };
    assert.equal((await place({ provider: 'webgpu', mustFit: false }, little)).precision, 'q8');
  });

  test('a GPU without 16-bit numbers: q8 by itself, and a refusal where fp16 was chosen', async () => {
    const placed = await place({ provider: 'cuda' }, undefined, { halves: false });
    assert.equal(placed.precision, 'q8');
    assert.match(placed.remarks.join(' '), /cannot compute with 16-bit numbers/);
    assert.equal((await place({ provider: 'cuda' }, undefined, { halves: true })).precision, 'fp16');
    const error = await refusal(
      place({ provider: 'webgpu', precision: 'fp16' }, undefined, { halves: false }),
    );
    assert.equal(error.code, 'precision-unsupported');
    assert.match(error.message, /choose q8, q4, or fp32/);
  });

  test('fp16 is not proposed to a GPU that has none', async () => {
    const choice = { provider: 'webgpu', precision: 'fp32' } as const;
    const error = await refusal(place(choice, roomFor('fp16'), { halves: false }));
    assert.match(error.message, /It would fit in q8/);
  });
});
