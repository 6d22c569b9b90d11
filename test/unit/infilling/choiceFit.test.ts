// The fit of the worths: it has to find what makes an answer right, and leave alone what does not.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { type ChoiceExample, fitChoice } from '../../../bench/infilling/choiceFit';
import { CHOICE_FEATURES, choose, fittedWorth } from '../../../engine/calibration/choice';
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

  test('keeps to what the model says where the examples tell nothing of it, as far as it is told to', () => {
    const width = CHOICE_FEATURES.length;
    const random = seededRandom(4);
    // The features are noise, and every answer is as good as any other.
    const silent = Array.from({ length: 20 }, () => {
      const features = Array.from({ length: 5 }, () => Array.from({ length: width }, () => random()));
      return { features, gains: features.map(() => 1) };
    });
    const index = CHOICE_FEATURES.indexOf('ln p of the tokens');
    const fitted = fitChoice(silent, { plain: 0.5 });
    assert.ok(
      Math.abs((fitted[index] ?? 0) - 5) < 1e-6,
      'half a nat for each nat, of which the feature has a tenth',
    );
    assert.ok(fitChoice(silent).every((value) => Math.abs(value) < 1e-6));
    const steep = examples(60, 1).map(({ features, gains }) => ({
      gains,
      features: features.map((row) => row.map((v) => v / 10)),
    }));
    assert.ok((fitChoice(steep, { plain: 1 })[0] ?? 0) > (fitChoice(steep)[0] ?? 0));
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
