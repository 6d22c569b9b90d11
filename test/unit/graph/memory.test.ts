// One estimate of memory, and what is refused by it.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { DecoderShape } from '../../../engine/checkpoint/types';
import { isEngineError } from '../../../engine/errors';
import { headRowsFor, linearWeights, longestPass, passBytes } from '../../../engine/graph/memory';
import { availableMemory, checkFits, checkPassFits } from '../../../engine/runtime/availableMemory';

/** Qwen2-0.5B's. */
const HALF: DecoderShape = {
  hiddenSize: 896,
  layers: 24,
  heads: 14,
  kvHeads: 2,
  headSize: 64,
  ffnSize: 4864,
  vocabSize: 151_936,
  norm: 'rms',
  normEpsilon: 1e-6,
  mlp: 'swiglu',
  ropeTheta: 1e6,
  ropeScaling: { kind: 'none' },
  contextLength: 2048,
  tiedHead: true,
  qkNorm: false,
};

describe('the memory of a pass', () => {
  test('does not grow with the rows beyond one slice of the head', () => {
    const most = headRowsFor(HALF.vocabSize);
    const pass = { length: 1024, past: 1 };
    assert.equal(passBytes(HALF, { ...pass, rows: 1000 }), passBytes(HALF, { ...pass, rows: most }));
    assert.ok(passBytes(HALF, { ...pass, rows: 1 }) < passBytes(HALF, { ...pass, rows: most }));
  });

  test('is above what was measured, and not by more than a third of the whole process', () => {
    // Bytes beside 668 MB of the loaded process, 40 rows (docs/decisions/request-memory.md).
    for (const [length, measured] of [
      [64, 105e6],
      [512, 222e6],
      [1024, 400e6],
      [1536, 690e6],
    ] as const) {
      const said = passBytes(HALF, { length, past: 1, rows: 40 });
      assert.ok(said >= measured, `${length} tokens: ${said} said, ${measured} measured`);
      assert.ok(
        668e6 + said <= 1.33 * (668e6 + measured),
        `${length} tokens: ${said} said, ${measured} measured`,
      );
    }
  });

  test('tells how long a pass may be', () => {
    const bytes = 500e6;
    const most = longestPass(HALF, bytes);
    assert.ok(most > 100);
    assert.ok(passBytes(HALF, { length: most, past: 1, rows: most }) <= bytes);
    assert.ok(passBytes(HALF, { length: most + 1, past: 1, rows: most + 1 }) > bytes);
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
        error.message.includes('smaller model'),
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
