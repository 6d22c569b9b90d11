// biome-ignore-all lint/suspicious/noApproximativeNumericConstant: a fitted number that looks like a constant is none.
// Fitted numbers, written by `npm run bench -- copyCalibration`: to be written anew with every new starter model.

/** λ, in the order of WEIGHT_FEATURES (weight.ts). */
export const MIXTURE_COEFFICIENTS: readonly number[] = [
  -2.682, 1.142, 1.057, 1.454, 0.284, 0.742, 0.003, -1.189, 0.426, -0.083,
];

/** Worth of a rescored answer, in the order of CHOICE_FEATURES (engine/rescoring/choice.ts), by kind of copying. */
export const CHOICE_COEFFICIENTS: Readonly<Record<'off' | 'mixed', readonly number[]>> = {
  off: [
    0.204, 1.175, 2.742, 2.312, 0.041, 0.467, 0.019, 2.627, -0.131, -0.195, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, -1.843, -0.542,
  ],
  mixed: [
    0.057, 1.329, 2.419, 1.943, 0.216, 0.311, 1.548, 2.167, 1.249, -0.017, -0.545, 1.758, 0.262, 1.692, -0.6,
    0.29, 0.302, 1.844, 1.466, 1.126, 1.15, 0.456, 1.663, 0.02, -0.528, 0.211, -1.414, -0.634,
  ],
};

/** Confidence of a candidate, in the order of CONFIDENCE_FEATURES (engine/candidates/confidence.ts), by kind of copying. */
export const CONFIDENCE_COEFFICIENTS: Readonly<Record<'off' | 'mixed' | 'alone', readonly number[]>> = {
  off: [
    -0.862, -0.152, 0.423, -1.011, -1.72, 0.18, 1.505, 0.993, 0.628, 0.85, 0.581, 1.559, 0.874, 0.262, 0, 0,
  ],
  mixed: [
    -0.689, 0.042, 0.089, -0.919, -1.545, -0.923, 0.646, 0.882, 0.974, 0.855, 1.814, 1.413, 0.234, 0.27,
    1.011, 0.756,
  ],
  alone: [-1.698, 0.31, 1.015, -0.935, -2.58, -0.517, 0.898, 1.463, 2.308, 0, 0, 0, 0, 0, 0, 0],
};
