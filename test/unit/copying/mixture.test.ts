import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { MIXTURE_FEATURES, mixtureFeatures, mixtureWeight } from '../../../engine/calibration/mixtureWeight';
import { type CellCopy, mixPrediction } from '../../../engine/copying/mixture';
import type { Prediction } from '../../../engine/denoiser';

const VOCABULARY = 12;
const LISTED = 4;

/** What the graph would give for these probabilities over the whole vocabulary. */
function predictionOf(probabilities: readonly number[]): Prediction {
  const order = probabilities.map((p, id) => ({ p, id })).sort((a, b) => b.p - a.p);
  return {
    ids: Int32Array.from(order.slice(0, LISTED), ({ id }) => id),
    logProbs: Float32Array.from(order.slice(0, LISTED), ({ p }) => Math.log(p)),
    entropy: entropyOf(probabilities),
    targetLogProb: 0,
  };
}

function entropyOf(probabilities: readonly number[]): number {
  return probabilities.reduce((sum, p) => sum - (p > 0 ? p * Math.log(p) : 0), 0);
}

const copyOf = (...tokens: readonly (readonly [number, number])[]): CellCopy => ({
  mass: 1,
  tokens: tokens.map(([token, share]) => ({
    token,
    share,
    evidence: { order: 3, right: 2, share, ahead: 0, ends: false },
  })),
});

const distribution = fc
  .array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: VOCABULARY, maxLength: VOCABULARY })
  .map((raw) => {
    const sum = raw.reduce((all, p) => all + p, 0);
    return raw.map((p) => p / sum);
  });

describe('the mixture', () => {
  test('is (1 − λ) p_model + λ p_copy, entropy included, for any model and any first token', () => {
    fc.assert(
      fc.property(
        distribution,
        fc.nat(VOCABULARY - 1),
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        (model, token, lambda) => {
          const target = Math.log(model[token] ?? 0);
          const mixed = mixPrediction(predictionOf(model), copyOf([token, 0.7]), () => lambda, target);
          const exact = model.map((p, id) => (1 - lambda) * p + (id === token ? lambda : 0));
          for (const [k, id] of mixed.ids.entries())
            assert.ok(Math.abs(Math.exp(mixed.logProbs[k] ?? 0) - (exact[id] ?? 0)) < 1e-6);
          assert.ok(
            Math.abs(mixed.entropy - entropyOf(exact)) < 1e-5,
            `${mixed.entropy} ${entropyOf(exact)}`,
          );
          assert.ok(mixed.ids.includes(token) || lambda < 0.5);
          assert.deepEqual(
            [...mixed.logProbs],
            [...mixed.logProbs].sort((a, b) => b - a),
          );
        },
      ),
    );
  });

  test('several copied tokens share λ by what speaks for them', () => {
    const model = predictionOf(Array.from({ length: VOCABULARY }, () => 1 / VOCABULARY));
    const mixed = mixPrediction(model, copyOf([1, 0.6], [2, 0.2]), () => 0.5, Math.log(1 / VOCABULARY));
    const p = (token: number): number => Math.exp(mixed.logProbs[mixed.ids.indexOf(token)] ?? -Infinity);
    assert.ok(Math.abs(p(1) - (0.5 / VOCABULARY + 0.375)) < 1e-6);
    assert.ok(Math.abs(p(2) - (0.5 / VOCABULARY + 0.125)) < 1e-6);
  });

  test('a draft that is over takes its part of the weight with it', () => {
    const model = predictionOf(Array.from({ length: VOCABULARY }, () => 1 / VOCABULARY));
    const [whole, fifth] = [0.16, 0.8].map((weight, i) => {
      return mixPrediction(model, { ...copyOf([3, 0.1]), mass: i === 0 ? 1 : 0.2 }, () => weight);
    });
    assert.deepEqual(whole, fifth);
  });

  test('follows the likeliest copy where its token is the best of all, and only there', () => {
    const model = predictionOf(Array.from({ length: VOCABULARY }, (_, id) => (id === 7 ? 0.78 : 0.02)));
    const follows = (lambda: number, likeliest: number | undefined) =>
      mixPrediction(model, { ...copyOf([1, 0.6], [2, 0.2]), likeliest }, () => lambda).follows;
    assert.equal(follows(0.9, 1), true);
    assert.equal(follows(0.1, 1), undefined);
    // The likeliest draft is over here, or others outvote it.
    assert.equal(follows(0.9, undefined), undefined);
    assert.equal(follows(0.9, 2), undefined);
    assert.equal(follows(0.1, 7), true);
  });

  test('no weight and no token leave the model as it is', () => {
    const model = predictionOf(Array.from({ length: VOCABULARY }, () => 1 / VOCABULARY));
    assert.equal(
      mixPrediction(model, copyOf([1, 1]), () => 0),
      model,
    );
    assert.equal(
      mixPrediction(model, { tokens: [], mass: 1 }, () => 1),
      model,
    );
  });

  test('the whole weight leaves the copy alone', () => {
    const mixed = mixPrediction(
      predictionOf([...new Array(VOCABULARY).fill(1 / VOCABULARY)]),
      copyOf([5, 1]),
      () => 1,
    );
    assert.equal(mixed.ids[0], 5);
    assert.equal(mixed.logProbs[0], 0);
    assert.equal(mixed.entropy, 0);
  });
});

describe('the weight', () => {
  test('as many features as names, finite whatever the model says', () => {
    const evidence = { order: 99, right: 0, share: 1, ahead: 15, ends: true };
    for (const logProb of [0, -5, Number.NEGATIVE_INFINITY, Number.NaN]) {
      const features = mixtureFeatures(evidence, { logProb, best: 0.5 });
      assert.equal(features.length, MIXTURE_FEATURES.length);
      assert.ok(features.every(Number.isFinite));
    }
  });

  test('a model that holds the token to be likelier gives it more', () => {
    const coefficients = MIXTURE_FEATURES.map((name) => Number(name === 'ln p of the model'));
    const weight = mixtureWeight(coefficients);
    const evidence = { order: 2, right: 1, share: 1, ahead: 0, ends: false };
    assert.ok(weight(evidence, { logProb: -1, best: 0.5 }) > weight(evidence, { logProb: -6, best: 0.5 }));
  });
});
