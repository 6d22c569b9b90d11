// What each group of features brings to the choice: the same fit without it. A group that the held-out answers do not miss
// has no business in the engine.
import { CHOICE_FEATURES } from '../../engine/calibration/choice';
import type { ChoiceExample } from './choiceFit';

type Feature = (typeof CHOICE_FEATURES)[number];

export const FEATURE_GROUPS: Readonly<Record<string, readonly Feature[]>> = {
  'the suffix behind it': [
    'ln p of the suffix’s first tokens',
    'ln p of the first of them',
    'ln p of the first two',
  ],
  'its length': ['ln tokens', 'mean ln p of a token'],
  'the copy that it is': [
    'a copy is so: its share',
    'left units of that copy',
    'right units of that copy',
    'a copy is so, and the canvas begins so',
  ],
  'analogies that begin so': [
    'an analogy begins so: its share',
    'left units of an analogy that begins so',
    'right units of an analogy that begins so',
    'an analogy and the causal head begin so',
  ],
  'line breaks': ['has a line break', 'line breaks'],
};

/** The example as if nothing were known of these features: a fit gives a feature that never changes no weight. */
export function without<T extends ChoiceExample>(example: T, features: readonly Feature[]): T {
  const gone = new Set(features.map((name) => CHOICE_FEATURES.indexOf(name)));
  return {
    ...example,
    features: example.features.map((row) => row.map((value, k) => (gone.has(k) ? 0 : value))),
  };
}
