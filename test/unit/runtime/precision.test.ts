import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { Checkpoint } from '../../../engine/checkpoint/types';
import type { Precision } from '../../../engine/graph/types';
import type { ProviderName } from '../../../engine/protocol';
import { choosePrecision } from '../../../engine/runtime/precision';

const facts = (
  storedDtype: Checkpoint['storedDtype'],
  parameters = 1e8,
): Pick<Checkpoint, 'shape' | 'storedDtype' | 'parameters'> => ({
  storedDtype,
  parameters,
  shape: {
    hiddenSize: 64,
    layers: 1,
    heads: 2,
    kvHeads: 2,
    headSize: 32,
    ffnSize: 128,
    vocabSize: 100,
    norm: 'rms',
    normEpsilon: 1e-6,
    mlp: 'swiglu',
    ropeTheta: 1e4,
    ropeScaling: { kind: 'none' },
    contextLength: 512,
    tiedHead: true,
    qkNorm: false,
  },
});

describe('precision', () => {
  test('what a person names is taken, or refused where it has no kernels', () => {
    assert.equal(choosePrecision('q4', 'cpu', facts('BF16')), 'q4');
    assert.equal(choosePrecision('int8', 'cpu', facts('BF16')), 'int8');
    const refused: [Precision, ProviderName][] = [
      ['fp16', 'cpu'],
      ['int8', 'webgpu'],
      ['int8', 'cuda'],
    ];
    for (const [precision, provider] of refused)
      assert.throws(() => choosePrecision(precision, provider, facts('BF16')), {
        code: 'precision-unsupported',
      });
    assert.throws(() => choosePrecision('q3' as Precision, 'cpu', facts('BF16')), {
      code: 'precision-unsupported',
    });
  });

  test('auto never chooses what it would refuse', () => {
    for (const provider of ['cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const) {
      for (const stored of ['F32', 'F16', 'BF16'] as const) {
        for (const fastIntegers of [false, true]) {
          const chosen = choosePrecision('auto', provider, facts(stored), fastIntegers);
          assert.equal(choosePrecision(chosen, provider, facts(stored)), chosen);
        }
      }
    }
    assert.equal(choosePrecision('auto', 'cuda', facts('BF16')), 'fp16');
  });

  test('auto on the CPU is int8 where its products are fast and exact and the model is not too large, else q8', () => {
    assert.equal(choosePrecision('auto', 'cpu', facts('BF16'), true), 'int8');
    assert.equal(choosePrecision('auto', 'cpu', facts('BF16'), false), 'q8');
    assert.equal(choosePrecision('auto', 'cpu', facts('BF16', 8e9), true), 'q8');
    assert.equal(choosePrecision('auto', 'webgpu', facts('BF16'), true), 'q8');
  });
});
