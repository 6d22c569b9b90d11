// The fit of the worths: it has to find what makes an answer right, and leave alone what does not.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { type ChoiceExample, fitChoice } from '../../../bench/infilling/choiceFit';
import { choose, fittedWorth } from '../../../engine/calibration/choice';
import { seededRandom } from '../../../engine/decoding/random';

/** The right one has the highest sum of the first two features, which are of different sizes; the third is noise. */
function examples(count: number, seed: number): ChoiceExample[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const features = Array.from({ length: 6 }, () => [random(), 100 * random(), random()]);
    const sums = features.map(([a = 0, b = 0]) => a + b / 100);
    return { features, gains: sums.map((sum) => Number(sum === Math.max(...sums))) };
  });
}

describe('the fit of what an answer is worth', () => {
  test('chooses right on examples that it has not seen, whatever the features are measured in', () => {
    const coefficients = fitChoice(examples(120, 1));
    const unseen = examples(200, 2);
    const right = unseen.filter(
      ({ features, gains }) => gains[choose(fittedWorth(coefficients, features))?.index ?? -1] === 1,
    );
    assert.ok(right.length > 180, `${right.length} of 200`);
    const [a = 0, b = 0, noise = 0] = coefficients;
    assert.ok(a > 0 && b > 0 && Math.abs(noise) < a / 4, coefficients.join());
  });

  test('is the same for the same examples, and finite where a feature never changes', () => {
    const flat = examples(10, 3).map(({ features, gains }) => ({
      gains,
      features: features.map((row) => [...row, 1]),
    }));
    const coefficients = fitChoice(flat, { steps: 20 });
    assert.deepEqual(fitChoice(flat, { steps: 20 }), coefficients);
    assert.ok(coefficients.every(Number.isFinite));
    assert.equal(coefficients.at(-1), 0);
  });
});
