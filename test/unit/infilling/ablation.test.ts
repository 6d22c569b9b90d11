import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { FEATURE_GROUPS, without } from '../../../bench/infilling/ablation';
import { fitChoice } from '../../../bench/infilling/choiceFit';
import { CHOICE_FEATURES } from '../../../engine/calibration/choice';

describe('groups of features', () => {
  test('each feature is in one group, but ln p itself, without which there is no choice', () => {
    const grouped = Object.values(FEATURE_GROUPS).flat();
    assert.equal(new Set(grouped).size, grouped.length);
    assert.deepEqual(
      CHOICE_FEATURES.filter((name) => !grouped.includes(name)),
      ['ln p of the tokens'],
    );
  });

  test('what is left out has no weight, the rest stays as it was', () => {
    const breaks = FEATURE_GROUPS['line breaks'] ?? [];
    const row = (value: number) => CHOICE_FEATURES.map((_, k) => value + k);
    const example = { features: [row(1), row(2)], gains: [0, 3] };
    const fitted = fitChoice([without(example, breaks)], { steps: 20 });
    for (const [k, name] of CHOICE_FEATURES.entries())
      assert.equal(fitted[k] !== 0, !breaks.includes(name), name);
    assert.deepEqual(example.features[0], row(1));
  });
});
