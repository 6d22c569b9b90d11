// One estimate of memory, and what is refused by it.
import assert from 'node:assert/strict';
import path from 'node:path';
import test, { describe } from 'node:test';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import type { DecoderShape } from '../../../engine/checkpoint/types';
import { isEngineError } from '../../../engine/errors';
import {
  blockBytes,
  headRowsFor,
  linearWeights,
  longestPass,
  memoryNeeds,
  passBytes,
  processBytes,
} from '../../../engine/graph/memory';
import { availableMemory, checkFits, checkPassFits } from '../../../engine/runtime/availableMemory';
import { HALF } from '../infill/halfBillion';

const CODER: DecoderShape = {
  ...{ ...HALF, hiddenSize: 576, layers: 30, heads: 9, kvHeads: 3, ffnSize: 1536, vocabSize: 16_384 },
};
const SMALL: DecoderShape = {
  ...{ ...HALF, hiddenSize: 320, layers: 5, heads: 5, kvHeads: 5, ffnSize: 896, vocabSize: 8192 },
};

describe('a loaded model', () => {
  test('takes what was measured of the whole process, within a tenth', async () => {
    for (const [name, measured] of [
      ['coder', { int8: 252, q8: 288, q4: 238, fp32: 627 }],
      ['starter', { int8: 121 }],
    ] as const) {
      const checkpoint = await openCheckpoint(path.resolve('models', name));
      for (const { precision, weightBytes } of memoryNeeds(checkpoint)) {
        const took = Object.entries(measured).find(([one]) => one === precision)?.[1];
        if (took === undefined) continue;
        const said = (processBytes(checkpoint.shape) + weightBytes) / 1e6;
        assert.ok(Math.abs(said / took - 1) < 0.1, `${name}, ${precision}: ${said} said, ${took} measured`);
      }
    }
  });
});

describe('the memory of a pass', () => {
  test('does not grow with the rows beyond one slice of the head', () => {
    const most = headRowsFor(HALF.vocabSize);
    const pass = { length: 1024, past: 1 };
    assert.equal(passBytes(HALF, { ...pass, rows: 1000 }), passBytes(HALF, { ...pass, rows: most }));
    assert.ok(passBytes(HALF, { ...pass, rows: 1 }) < passBytes(HALF, { ...pass, rows: most }));
  });

  test('is within a tenth of what was measured of the whole process', () => {
    // MB: the process before the pass, and at its peak (`bench -- memoryEstimate` has whole requests).
    for (const [shape, before, peak, pass] of [
      [HALF, 620, 678, { length: 64, past: 1, rows: 64 }],
      [HALF, 619, 697, { length: 512, past: 1, rows: 1 }],
      [HALF, 619, 882, { length: 1024, past: 1, rows: 16, keep: true }],
      [HALF, 621, 930, { length: 1400, past: 1, rows: 16 }],
      [HALF, 619, 842, { lanes: 3, length: 512, past: 1, rows: 48 }],
      [HALF, 620, 766, { length: 256, past: 1025, rows: 1, keep: true }],
      [HALF, 620, 779, { lanes: 3, length: 1, past: 1500, rows: 3, keep: true }],
      [CODER, 221, 484, { length: 1024, past: 1, rows: 16, keep: true }],
      [CODER, 220, 403, { length: 256, past: 1025, rows: 1, keep: true }],
      [CODER, 220, 500, { lanes: 3, length: 1, past: 1500, rows: 3, keep: true }],
      [SMALL, 104, 196, { length: 1024, past: 1, rows: 16, keep: true }],
      [SMALL, 105, 139, { length: 192, past: 1, rows: 192 }],
    ] as const) {
      const said = before + passBytes(shape, pass) / 1e6;
      assert.ok(
        Math.abs(said / peak - 1) < 0.1,
        `${shape.hiddenSize}, ${JSON.stringify(pass)}: ${said} said, ${peak} measured`,
      );
    }
  });

  test('counts what a family keeps of the context while it writes, for each candidate', () => {
    const attention = { kind: 'block-causal', blockLength: 1 } as const;
    const one = blockBytes(HALF, attention, { context: 1000, answer: 100, lanes: 1 });
    const three = blockBytes(HALF, attention, { context: 1000, answer: 100, lanes: 3 });
    const cached = 2 * 4 * HALF.layers * HALF.kvHeads * HALF.headSize;
    assert.ok(one > 3 * 1100 * cached && three - one > 4 * 1100 * cached);
    const sides = {
      kind: 'cached-canvas',
      holeGap: 128,
      suffixSeesPrefix: false,
      suffixFirst: false,
    } as const;
    // So long that its steps take more than reading does.
    const long = { context: 1000, answer: 400, lanes: 1 };
    const more = blockBytes(HALF, { ...sides, blockLength: 1 }, long) - blockBytes(HALF, attention, long);
    assert.ok(more >= 1000 * cached, 'both sides by themselves');
  });

  test('counts predictions of a block, or its K/V: no pass has both', () => {
    const lanes = 3;
    const size = { context: 100, answer: 400, lanes };
    const said = blockBytes(HALF, { kind: 'block-causal', blockLength: 32 }, size);
    const pass = { lanes, pastLanes: lanes, length: 32, past: 500 };
    const both = passBytes(HALF, { ...pass, rows: 32 * lanes, keep: true });
    const [predicted, kept] = [
      passBytes(HALF, { ...pass, rows: 32 * lanes }),
      passBytes(HALF, { ...pass, rows: 1, keep: true }),
    ];
    const beside =
      blockBytes(HALF, { kind: 'block-causal', blockLength: 1 }, size) -
      passBytes(HALF, { ...pass, length: 1, rows: lanes, keep: true });
    assert.ok(said < both + beside && said > Math.max(predicted, kept) + 0.9 * beside);
  });

  test('counts no more of a block than an answer has tokens', () => {
    const bytesOf = (answer: number, blockLength = 32) =>
      blockBytes(HALF, { kind: 'block-causal', blockLength }, { context: 20, answer, lanes: 3 });
    assert.equal(bytesOf(7), bytesOf(7, 7));
    assert.ok(bytesOf(32) > 1.2 * bytesOf(7));
  });

  test('tells how long a pass may be', () => {
    const bytes = 500e6;
    const most = longestPass(HALF, bytes);
    assert.ok(most > 100);
    assert.ok(passBytes(HALF, { length: most, past: 1, rows: most, keep: true }) <= bytes);
    assert.ok(passBytes(HALF, { length: most + 1, past: 1, rows: most + 1, keep: true }) > bytes);
    assert.equal(longestPass(HALF, 1e6), 0);
  });
});

test('a plain MLP has two matrices, a gated one three', () => {
  const gate = HALF.layers * HALF.hiddenSize * HALF.ffnSize;
  assert.equal(linearWeights(HALF) - linearWeights({ ...HALF, mlp: 'gelu' }), gate);
  // bigcode/starcoder2-3b: 3,030,371,328 parameters, of which the rest are norms and biases.
  const starCoder = {
    ...{ ...HALF, hiddenSize: 3072, layers: 30, heads: 24, kvHeads: 2, headSize: 128, ffnSize: 12_288 },
    ...{ vocabSize: 49_152, mlp: 'gelu' as const },
  };
  assert.equal(linearWeights(starCoder), 3_029_336_064);
});

describe('what does not fit', () => {
  test('is refused with the figures and with what helps', () => {
    assert.doesNotThrow(() => checkFits('Some-7B', 7e9, 7e9));
    assert.throws(
      () => checkFits('Some-7B', 7.61e9, 3.2e9),
      (error: unknown) =>
        isEngineError(error) &&
        error.code === 'out-of-memory' &&
        error.message.startsWith('Some-7B needs about 7.6 GB of memory, and 3.2 GB are available.') &&
        error.message.includes('choose a lower precision (q4 needs the least) or a smaller model'),
    );
    assert.throws(
      () => checkFits('Some-7B', 5.1e9, 3.2e9, 'q4'),
      /needs about 5\.1 GB of memory even in q4, .* or choose a smaller model\.$/,
    );
    assert.throws(
      () => checkPassFits(1.6e9, 4e8, 'GPU memory'),
      /^EngineError: This request needs about 1\.6 GB more GPU memory, and 0\.4 GB are available\. /,
    );
    assert.throws(
      () => checkPassFits(1.6e9, 4e8),
      (error: unknown) =>
        isEngineError(error) && error.code === 'out-of-memory' && error.message.includes('fewer lines'),
    );
  });

  test('something is available here', () => {
    assert.ok(availableMemory() > 1e8);
  });
});
