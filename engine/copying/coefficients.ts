// biome-ignore-all lint/suspicious/noApproximativeNumericConstant: a fitted number that looks like a constant is none.
// Fitted numbers, written by `npm run bench -- copyCalibration`: to be written anew with every new starter model.

/** λ, in the order of WEIGHT_FEATURES (weight.ts). */
export const MIXTURE_COEFFICIENTS: readonly number[] = [
  -2.585, 1.237, 0.998, 1.541, 0.148, 0.744, -0.112, -0.97, 0.387, -0.236,
];

/** Worth of a rescored answer, in the order of CHOICE_FEATURES (engine/rescoring/choice.ts). */
export const CHOICE_COEFFICIENTS: readonly number[] = [
  0.114, 1.373, 2.53, 2.378, -0.032, 0.367, 0.879, 2.459, 1.204, 0.341, 2.261, 1.295, 2.014, 1.562, 0.742,
  -1.479, -0.483,
];

/** Confidence of a candidate, in the order of CONFIDENCE_FEATURES (engine/candidates/confidence.ts), by kind of copying. */
export const CONFIDENCE_COEFFICIENTS: Readonly<Record<'off' | 'mixed' | 'alone', readonly number[]>> = {
  off: [-0.828, 0.821, 0.073, -1.079, -1.502, 0.257, 0.944, 0.681, 0.706, 0.663, 1.224, 1.769, 1.309, 0.6],
  mixed: [
    -0.505, 0.247, -0.045, -1.238, -1.301, -1.51, 1.241, 1.456, 2.005, 0.793, 1.818, 0.799, 0.152, 0.149,
  ],
  alone: [-1.538, 0.265, 1.169, -0.931, -2.671, -0.643, 0.809, 1.505, 2.381, 0, 0, 0, 0, 0],
};
