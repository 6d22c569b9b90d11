// Rotary angles, alone: what scaling does to the frequencies, and that far positions keep their precision.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { RopeScaling } from '../../../engine/checkpoint/types';
import { DataType, GraphWriter } from '../../../engine/graph/onnxWriter';
import { addRotaryAngles, rotaryFrequencies } from '../../../engine/graph/rotary';
import { InferenceSession, Tensor } from '../../../engine/runtime/onnxRuntime';
import { at } from './referenceDecoder';

const shape = { headSize: 64, ropeTheta: 500000, contextLength: 8192 };
const plain = rotaryFrequencies({ ...shape, ropeScaling: { kind: 'none' } }).inverse;

const YARN: RopeScaling = { kind: 'yarn', factor: 4, originalContext: 8192, betaFast: 32, betaSlow: 1 };
const LLAMA3: RopeScaling = {
  kind: 'llama3',
  factor: 8,
  lowFrequencyFactor: 1,
  highFrequencyFactor: 4,
  originalContext: 8192,
};

function ratios(ropeScaling: RopeScaling, length?: number): number[] {
  const { inverse } = rotaryFrequencies({ ...shape, ropeScaling }, length);
  return [...inverse].map((value, index) => at(plain, index) / value);
}

describe('frequencies', () => {
  test('plain ones fall from 1 by the power of the base', () => {
    assert.equal(plain.length, 32);
    plain.forEach((value, index) => {
      assert.ok(Math.abs(value * 500000 ** (index / 32) - 1) < 2e-7);
    });
  });

  test('linear scaling divides all of them', () => {
    for (const ratio of ratios({ kind: 'linear', factor: 3 })) assert.ok(Math.abs(ratio - 3) < 1e-6);
  });

  for (const [name, scaling, factor] of [
    ['YaRN', YARN, 4],
    ['Llama 3', LLAMA3, 8],
  ] as const) {
    test(`${name} keeps short wavelengths, divides long ones, and goes from one to the other in between`, () => {
      const all = ratios(scaling);
      assert.equal(at(all, 0), 1);
      assert.ok(Math.abs(at(all, 31) - factor) < 1e-6);
      assert.deepEqual(
        all,
        [...all].sort((a, b) => a - b),
      );
      assert.ok(all.some((ratio) => ratio > 1.01 && ratio < factor - 0.01));
    });
  }

  test('Llama 3 follows the wavelength: kept below a quarter of the context, divided above the whole of it', () => {
    ratios(LLAMA3).forEach((ratio, index) => {
      const wavelength = (2 * Math.PI) / at(plain, index);
      if (wavelength < 8192 / 4) assert.equal(ratio, 1);
      else if (wavelength > 8192) assert.ok(Math.abs(ratio - 8) < 1e-6);
      else assert.ok(ratio > 1 && ratio < 8);
    });
  });

  test('YaRN’s attention factor is 0.1 ln(factor) + 1, or what the checkpoint says', () => {
    const factorOf = (ropeScaling: RopeScaling) =>
      rotaryFrequencies({ ...shape, ropeScaling }).attentionFactor;
    assert.ok(Math.abs(factorOf(YARN) - 1.1386294) < 1e-6);
    assert.equal(factorOf({ ...YARN, attentionFactor: 0.9 }), 0.9);
    assert.equal(factorOf(LLAMA3), 1);
  });

  test('dynamic scaling begins beyond the context', () => {
    const scaling: RopeScaling = { kind: 'dynamic', factor: 2, originalContext: 8192 };
    assert.deepEqual(new Set(ratios(scaling, 8192)), new Set([1]));
    const grown = ratios(scaling, 16384);
    // The longest wavelength grows by factor · length / context − (factor − 1).
    assert.equal(at(grown, 0), 1);
    assert.ok(Math.abs(at(grown, 31) - 3) < 1e-5);
  });
});

describe('angles in the graph', () => {
  const scalings: Readonly<Record<string, RopeScaling>> = {
    none: { kind: 'none' },
    yarn: YARN,
    dynamic: { kind: 'dynamic', factor: 2, originalContext: 8192 },
  };
  for (const [name, ropeScaling] of Object.entries(scalings)) {
    test(`${name}: within 1e-6 at every position, also far beyond the context`, async () => {
      const graph = new GraphWriter();
      graph.input('positions', DataType.INT64, ['B', 'S']);
      const { cosine, sine } = addRotaryAngles(graph, { ...shape, ropeScaling }, 'positions');
      graph.output(cosine, DataType.FLOAT, ['B', 'S', 32]);
      graph.output(sine, DataType.FLOAT, ['B', 'S', 32]);
      const session = await InferenceSession.create(graph.finish(), { intraOpNumThreads: 1 });
      const positions = [0, 1, 4095, 40000, 3, 1_000_000];
      const feed = new Tensor('int64', BigInt64Array.from(positions, BigInt), [2, 3]);
      const results = await session.run({ positions: feed });
      const { inverse, attentionFactor } = rotaryFrequencies({ ...shape, ropeScaling }, 1_000_001);
      for (const [output, wave] of [
        [cosine, Math.cos],
        [sine, Math.sin],
      ] as const) {
        const { data, dims } = results[output] ?? assert.fail();
        assert.ok(data instanceof Float32Array);
        assert.deepEqual(dims, [2, 3, 32]);
        positions.forEach((position, row) => {
          inverse.forEach((frequency, index) => {
            const want = attentionFactor * wave(Math.fround(position * frequency));
            const got = at(data, row * 32 + index);
            assert.ok(
              Math.abs(got - want) < 1e-6,
              `position ${position}, pair ${index}: ${got}, not ${want}`,
            );
          });
        });
      }
    });
  }
});
