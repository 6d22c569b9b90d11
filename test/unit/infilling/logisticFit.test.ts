import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { fitLogit, fitOutcomes, outcomeGradient } from '../../../bench/infilling/logisticFit';
import { logistic } from '../../../engine/calibration/logistic';
import { seededRandom } from '../../../engine/decoding/random';

/** Outcomes by a logistic function of the second feature; eight more are noise. */
function drawn(count: number, seed: number) {
  const random = seededRandom(seed);
  const features = Array.from({ length: count }, () => [
    1,
    ...Array.from({ length: 9 }, () => 4 * random() - 2),
  ]);
  const outcomes = features.map(([, x = 0]) => random() < logistic([-1, 2], [1, x]));
  return { features, outcomes };
}

function lossOf(w: readonly number[], { features, outcomes }: ReturnType<typeof drawn>): number {
  const all = features.map((row, i) => -Math.log(outcomes[i] ? logistic(w, row) : 1 - logistic(w, row)));
  return all.reduce((sum, value) => sum + value, 0) / all.length;
}

describe('logistic fits', () => {
  test('find the function that outcomes were drawn by', () => {
    const { features, outcomes } = drawn(4000, 1);
    const [constant = 0, slope = 0, ...noise] = fitLogit(features, outcomeGradient(outcomes), {
      ridge: 1e-4,
    });
    assert.ok(Math.abs(constant + 1) < 0.2 && Math.abs(slope - 2) < 0.3, `${constant} ${slope}`);
    assert.ok(
      noise.every((value) => Math.abs(value) < 0.2),
      noise.join(),
    );
  });

  test('with few examples the ridge is chosen so that the unseen is foretold', () => {
    const few = drawn(40, 2);
    const unseen = drawn(2000, 3);
    const loose = fitLogit(few.features, outcomeGradient(few.outcomes), { ridge: 1e-4 });
    const chosen = fitOutcomes(few.features, few.outcomes);
    assert.ok(lossOf(chosen, unseen) < lossOf(loose, unseen));
    assert.deepEqual(fitOutcomes(few.features, few.outcomes), chosen);
  });
});
