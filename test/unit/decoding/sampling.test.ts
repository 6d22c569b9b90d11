// Drawing tokens: greedy, nucleus, seeds.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../../../engine/decoding/random';
import {
  askedTemperature,
  best,
  LEAST_LOG_PROB,
  laneDrawer,
  nucleus,
  saneLogProb,
  tempered,
} from '../../../engine/decoding/sampling';
import type { Prediction } from '../../../engine/denoiser';

function predictionOf(...probabilities: number[]): Prediction {
  return {
    ids: Int32Array.from(probabilities, (_, index) => 10 + index),
    logProbs: Float32Array.from(probabilities, (probability) => Math.log(probability)),
    entropy: 0,
    targetLogProb: 0,
  };
}
const all = () => true;

describe('seededRandom', () => {
  test('numbers are in [0, 1), the same for the same seed, and different for others', () => {
    const take = (seed: number, count: number) => Array.from({ length: count }, seededRandom(seed));
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), (seed) => {
        const numbers = take(seed, 8);
        assert.ok(numbers.every((value) => value >= 0 && value < 1));
        assert.deepEqual(take(seed, 8), numbers);
        assert.notDeepEqual(take(seed + 1, 8), numbers);
        assert.notDeepEqual(take(seed + 2 ** 32, 8), numbers);
      }),
    );
  });

  test('is uniform enough for the smallest seeds', () => {
    const counts = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 2000; seed++) {
      const bin = Math.floor(seededRandom(seed)() * 10);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    // χ² with 9 degrees of freedom: 27.9 is the 0.999 quantile; the seeds are fixed, so this cannot flicker.
    const chi = counts.reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0);
    assert.ok(chi < 27.9, `χ² = ${chi}`);
  });
});

describe('drawers', () => {
  test('plain confidence is that at temperature 1, whatever temperature tokens are drawn at', () => {
    const sampling = { rule: 'top-k', temperature: 0.5, topP: 1, plainConfidence: true } as const;
    assert.equal(askedTemperature(sampling, 0), 0);
    assert.equal(askedTemperature({ ...sampling, plainConfidence: false }, 0), 0.5);
    const prediction = predictionOf(0.6, 0.3, 0.1);
    const draw = laneDrawer(sampling, 1, 0);
    const counts = new Map<number, number>();
    for (let i = 0; i < 4000; i++) {
      const drawn = draw(prediction, all);
      assert.ok(drawn);
      counts.set(drawn.token, (counts.get(drawn.token) ?? 0) + 1);
      const probability = [0.6, 0.3, 0.1][drawn.token - 10] ?? 0;
      assert.ok(Math.abs(Math.exp(drawn.logProb) - probability) < 1e-6);
    }
    // p² shared out: 36, 9 and 1 of 46. The seed is fixed, so this cannot flicker.
    for (const [token, share] of [
      [10, 36 / 46],
      [11, 9 / 46],
      [12, 1 / 46],
    ] as const)
      assert.ok(Math.abs((counts.get(token) ?? 0) / 4000 - share) < 0.025, `${token}: ${counts.get(token)}`);
  });

  test('a tempered draw keeps to what is allowed and to the nucleus', () => {
    const prediction = predictionOf(0.6, 0.3, 0.1);
    const only = tempered(0.7, 1, seededRandom(1));
    for (let i = 0; i < 50; i++) assert.equal(only(prediction, (token) => token === 12)?.token, 12);
    assert.equal(
      only(prediction, () => false),
      undefined,
    );
    const narrow = tempered(1, 0.5, seededRandom(2));
    for (let i = 0; i < 50; i++) assert.equal(narrow(prediction, all)?.token, 10);
  });

  test('greedy takes the best token that is allowed', () => {
    const prediction = predictionOf(0.5, 0.3, 0.2);
    assert.equal(best(prediction, all)?.token, 10);
    assert.equal(best(prediction, (token) => token > 10)?.token, 11);
    assert.equal(
      best(prediction, () => false),
      undefined,
    );
    for (const lane of [0, 1])
      assert.equal(
        laneDrawer({ rule: 'top-k', temperature: 0, topP: 1 }, 5, lane)(prediction, all)?.token,
        10,
      );
  });

  test('the first lane can be greedy while the others draw', () => {
    const flat = predictionOf(0.26, 0.25, 0.25, 0.24);
    const sampling = { rule: 'top-k', temperature: 1, topP: 1, firstTemperature: 0 } as const;
    const tokens = (lane: number) => {
      const draw = laneDrawer(sampling, 3, lane);
      return new Set(Array.from({ length: 60 }, () => draw(flat, all)?.token));
    };
    assert.deepEqual([...tokens(0)], [10]);
    assert.equal(tokens(1).size, 4);
  });

  test('the nucleus is the smallest set of best tokens that reaches top_p', () => {
    const prediction = predictionOf(0.5, 0.3, 0.15, 0.05);
    const drawn = (topP: number) => {
      const draw = nucleus(topP, seededRandom(1));
      return new Set(Array.from({ length: 400 }, () => draw(prediction, all)?.token));
    };
    assert.deepEqual([...drawn(0.49)], [10]);
    assert.deepEqual([...drawn(0.6)].sort(), [10, 11]);
    assert.deepEqual([...drawn(0.9)].sort(), [10, 11, 12]);
    assert.deepEqual([...drawn(1)].sort(), [10, 11, 12, 13]);
  });

  test('draws in proportion, and says the probability over the whole vocabulary', () => {
    const draw = nucleus(0.79, seededRandom(7));
    const prediction = predictionOf(0.6, 0.2, 0.1);
    let first = 0;
    for (let i = 0; i < 4000; i++) {
      const drawn = draw(prediction, all);
      if (drawn?.token === 10) first++;
      assert.ok(Math.abs((drawn?.logProb ?? 0) - Math.log(drawn?.token === 10 ? 0.6 : 0.2)) < 1e-6);
    }
    assert.ok(Math.abs(first / 4000 - 0.75) < 0.03);
  });

  test('takes one random number a draw, so that a lane does not depend on what it draws', () => {
    for (const prediction of [predictionOf(1), predictionOf(0.4, 0.3, 0.3), predictionOf()]) {
      let taken = 0;
      nucleus(0.9, () => {
        taken++;
        return 0.5;
      })(prediction, all);
      assert.equal(taken, 1);
    }
  });

  test('any numbers give an allowed token with a finite logarithm, or none where none is allowed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float(), { maxLength: 6 }),
        fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
        unitInterval,
        unitInterval,
        (logProbs, allowed, topP, at) => {
          const prediction = { ...predictionOf(...logProbs), logProbs: Float32Array.from(logProbs) };
          const allows = (token: number) => allowed[token - 10] === true;
          for (const drawer of [best, nucleus(topP, () => at)]) {
            const drawn = drawer(prediction, allows);
            assert.equal(
              drawn !== undefined,
              logProbs.some((_, index) => allowed[index]),
            );
            if (!drawn) continue;
            assert.ok(allows(drawn.token));
            assert.ok(drawn.logProb <= 0 && drawn.logProb >= LEAST_LOG_PROB);
          }
        },
      ),
    );
    assert.equal(saneLogProb(Number.NaN), LEAST_LOG_PROB);
    assert.equal(saneLogProb(Number.NEGATIVE_INFINITY), LEAST_LOG_PROB);
    assert.equal(saneLogProb(1e-7), 0);
  });
});

const unitInterval = fc.double({ min: 0, max: 0.999, noNaN: true });
