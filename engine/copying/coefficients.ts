// biome-ignore-all lint/suspicious/noApproximativeNumericConstant: a fitted number that looks like a constant is none.
// Fitted numbers, written by `npm run bench -- copyCalibration`: to be written anew with every new starter model.

/** λ, in the order of WEIGHT_FEATURES (weight.ts). */
export const MIXTURE_COEFFICIENTS: readonly number[] = [
  -2.79, 1.161, 1.247, 1.683, 0.359, 0.827, -0.174, -1.041, 0.329, -0.066,
];

/** Worth of a rescored answer, in the order of CHOICE_FEATURES (engine/rescoring/choice.ts). */
export const CHOICE_COEFFICIENTS: readonly number[] = [
  0.217, 0.922, 2.899, 1.763, 0.323, 0.444, -0.278, 2.853, 1.36, -0.538, 3.908, -0.054, 1.986, 2.622, 1.201,
  -1.313, -0.583,
];

/** Confidence of a candidate, in the order of CONFIDENCE_FEATURES (engine/candidates/confidence.ts), by kind of copying. */
export const CONFIDENCE_COEFFICIENTS: Readonly<Record<'off' | 'mixed' | 'alone', readonly number[]>> = {
  off: [-1.278, 1.52, 0.336, -1.278, -1.349, 1.161, 1.066, 2.12, -0.808, 0.061, 0.964, 0.962, 2.442, 0.988],
  mixed: [
    -0.241, 0.952, -0.242, -1.582, -1.758, -1.456, 1.573, 2.876, 0.195, 1.513, 2.519, 1.135, 0.471, 0.185,
  ],
  alone: [-1.926, 0.247, 0.603, -1.101, -2.637, -0.231, 0.749, 1.977, 2.328, 0, 0, 0, 0, 0],
};
