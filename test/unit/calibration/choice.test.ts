import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import {
  CHOICE_FEATURES,
  choiceFeatures,
  choose,
  fittedWorth,
  plainWorth,
} from '../../../engine/calibration/choice';
import type { Rescored } from '../../../engine/denoiser';

const rescored = (options: Partial<Rescored> = {}): Rescored => ({
  ids: Int32Array.of(1, 2),
  logProbs: Float32Array.of(-1, -2),
  onward: [-3, -1],
  origins: [],
  ...options,
});
const feature = (features: readonly number[], name: (typeof CHOICE_FEATURES)[number]): number =>
  features[CHOICE_FEATURES.indexOf(name)] ?? Number.NaN;

describe('what speaks for a rescored answer', () => {
  test('what the causal head says of it and of the suffix behind it', () => {
    const features = choiceFeatures(rescored(), 'ab');
    assert.equal(features.length, CHOICE_FEATURES.length);
    assert.equal(feature(features, 'ln p of the tokens'), -0.3);
    assert.equal(feature(features, 'ln p of the suffix’s first tokens'), -0.4);
    assert.equal(feature(features, 'ln p of the first of them'), -0.3);
    assert.equal(feature(features, 'mean ln p of a token'), -1.5);
  });

  test('who proposed it, as far as it goes', () => {
    const copy = { share: 0.4, order: 20, right: 3 };
    const features = choiceFeatures(
      rescored({
        origins: [
          { source: 'canvas', isWhole: false },
          { source: 'causal', isWhole: false },
          { source: 'copy', isWhole: true, copy },
          { source: 'copy', isWhole: false, copy: { ...copy, share: 0.5, right: 6 } },
          { source: 'analogy', isWhole: true, copy },
          { source: 'analogy', isWhole: false, copy: { ...copy, right: 5 } },
        ],
      }),
      'a\nb\n',
    );
    assert.equal(feature(features, 'a copy is so: its share'), 0.4);
    assert.equal(feature(features, 'left units of that copy'), 1);
    assert.equal(feature(features, 'right units of that copy'), 0.5);
    assert.equal(feature(features, 'a copy is so, and the canvas begins so'), 1);
    assert.equal(feature(features, 'an analogy begins so: its share'), 0.4);
    assert.equal(feature(features, 'right units of an analogy that begins so'), 5 / 6);
    assert.equal(feature(features, 'an analogy and the causal head begin so'), 1);
    assert.equal(feature(features, 'line breaks'), 2);
  });

  test('finite where there is nothing behind it and nothing in it', () => {
    const nothing = rescored({ ids: new Int32Array(0), logProbs: new Float32Array(0), onward: [] });
    assert.ok(choiceFeatures(nothing, '').every(Number.isFinite));
  });
});

describe('the choice', () => {
  test('is the highest worth, with its share of all', () => {
    const choice = choose([Math.log(1), Math.log(6), Math.log(3)]);
    assert.equal(choice?.index, 1);
    assert.ok(Math.abs(Math.exp(choice?.logShare ?? 0) - 0.6) < 1e-9);
    assert.equal(choose([]), undefined);
    assert.equal(choose([-5000, -4000])?.index, 1);
  });

  test('worth is linear where it is fitted; else ln p, and half a nat a token', () => {
    assert.deepEqual(
      fittedWorth(
        [1, 2],
        [
          [3, 4],
          [0, -1],
        ],
      ),
      [11, -2],
    );
    assert.equal(plainWorth(rescored()), -6);
  });
});
