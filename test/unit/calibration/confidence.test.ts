import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import {
  CONFIDENCE_FEATURES,
  confidenceFeatures,
  plainConfidence,
  wholeConfidence,
} from '../../../engine/calibration/confidence';
import { dot, logistic } from '../../../engine/calibration/logistic';

const lane = (...logProbs: number[]) => [
  { logProbs: Float32Array.from(logProbs), locked: new Uint8Array(logProbs.length) },
];
const copy = { agrees: true, share: 0.5, order: 4, right: 3, isElsewhere: false };
const feature = (features: readonly number[], name: (typeof CONFIDENCE_FEATURES)[number]): number =>
  features[CONFIDENCE_FEATURES.indexOf(name)] ?? Number.NaN;

describe('confidence', () => {
  test('says what the tokens were worth, over all holes, without those that were locked', () => {
    const features = confidenceFeatures(
      [...lane(-1, -3), { logProbs: Float32Array.of(0, -2), locked: Uint8Array.of(1, 0) }],
      undefined,
    );
    assert.equal(features.length, CONFIDENCE_FEATURES.length);
    assert.equal(feature(features, 'mean ln p of the tokens'), -2);
    assert.equal(feature(features, 'least ln p of a token'), -3);
    assert.ok(Math.abs(feature(features, 'ln(1 + tokens)') - Math.log(4)) < 1e-9);
    assert.equal(feature(features, 'is the copy'), 0);
  });

  test('a copy counts only where the candidate is that copy', () => {
    assert.equal(feature(confidenceFeatures(lane(-1), copy), 'share of the copy'), 0.5);
    const other = confidenceFeatures(lane(-1), { ...copy, agrees: false });
    assert.equal(feature(other, 'share of the copy') + feature(other, 'left units of the copy'), 0);
  });

  test('of a copy from another file, that it is from there', () => {
    const name = 'the copy is in another file';
    assert.equal(feature(confidenceFeatures(lane(-1), copy), name), 0);
    assert.equal(feature(confidenceFeatures(lane(-1), { ...copy, isElsewhere: true }), name), 1);
  });

  test('of an answer that was chosen, how clearly and where it came from; of several, the least', () => {
    const analogy = { source: 'analogy', isWhole: true, copy: { share: 0.4, order: 5, right: 3 } } as const;
    const choice = {
      logShare: -1,
      onward: [-1, -2],
      origins: [{ source: 'canvas', isWhole: true }, analogy],
    } as const;
    const [hole] = lane(-1);
    assert.ok(hole);
    const features = confidenceFeatures([{ ...hole, choice }], undefined);
    assert.equal(feature(features, 'was chosen among others'), 1);
    assert.equal(feature(features, 'ln of its share among them'), -0.25);
    assert.equal(feature(features, 'ln p of the suffix’s first tokens'), -0.15);
    assert.equal(feature(features, 'the canvas is so'), 1);
    assert.equal(feature(features, 'the causal head begins so'), 0);
    assert.equal(feature(features, 'an analogy is so: its share'), 0.4);
    assert.equal(feature(features, 'right units of that analogy'), 0.5);
    const other = { ...choice, origins: [] };
    const both = confidenceFeatures(
      [
        { ...hole, choice },
        { ...hole, choice: other },
      ],
      undefined,
    );
    assert.equal(feature(both, 'the canvas is so') + feature(both, 'an analogy is so: its share'), 0);
    const one = confidenceFeatures([{ ...hole, choice }, hole], undefined);
    assert.equal(feature(one, 'was chosen among others'), 0);
  });

  test('finite for an empty answer and for probabilities of nothing', () => {
    for (const answers of [lane(), lane(Number.NEGATIVE_INFINITY), lane(Number.NaN)])
      assert.ok(confidenceFeatures(answers, copy).every(Number.isFinite));
    assert.equal(feature(confidenceFeatures(lane(), copy), 'no token at all'), 1);
  });

  test('without a fit: the geometric mean of the probabilities', () => {
    assert.ok(Math.abs(plainConfidence(lane(Math.log(0.5), Math.log(0.5))) - 0.5) < 1e-6);
    assert.ok(plainConfidence(lane()) < 0.001);
  });

  test('without a fit, of a whole answer: the likelier all of its tokens are together', () => {
    const half = Math.log(0.5);
    assert.ok(Math.abs(wholeConfidence([half, half]) - 0.25 ** 0.65) < 1e-9);
    assert.ok(Math.abs(wholeConfidence([half]) - 0.5) < 1e-9, 'one token is as sure as it is');
    assert.ok(wholeConfidence([half, half]) > wholeConfidence([half, half, half]));
    assert.equal(wholeConfidence([half, 0]), wholeConfidence([half]), 'a sure token makes nothing surer');
    assert.ok(wholeConfidence([]) < 0.01);
    assert.equal(wholeConfidence([Number.NaN, half]), 0);
    assert.equal(wholeConfidence([Number.NEGATIVE_INFINITY]), 0);
    assert.equal(wholeConfidence([1]), 1);
  });

  test('a logistic function', () => {
    assert.equal(dot([1, 2], [3, 4]), 11);
    assert.equal(logistic([0, 0], [5, 5]), 0.5);
    assert.ok(logistic([1], [4]) > 0.98 && logistic([1], [-4]) < 0.02);
  });
});
