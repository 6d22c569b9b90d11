// biome-ignore-all lint/suspicious/noApproximativeNumericConstant: a fitted number that looks like a constant is none.
// Fitted numbers, written by `npm run bench -- copyCalibration`: to be written anew with every new starter model.

/** λ, in the order of WEIGHT_FEATURES (weight.ts). */
export const MIXTURE_COEFFICIENTS: readonly number[] = [
  -2.79, 1.161, 1.247, 1.683, 0.359, 0.827, -0.174, -1.041, 0.329, -0.066,
];

/** Confidence of a candidate, in the order of CONFIDENCE_FEATURES (engine/candidates/confidence.ts), by kind of copying. */
export const CONFIDENCE_COEFFICIENTS: Readonly<Record<'off' | 'mixed' | 'alone', readonly number[]>> = {
  off: [0.241, 0.27, 1.493, -0.932, -2.637, 0.231, 0.861, 1.087, 1.51],
  mixed: [0.676, 0.45, 1.138, -1.187, -2.405, -1.116, 0.41, 1.753, 1.976],
  alone: [-1.443, 0.2, 1.164, -0.977, -2.758, -0.583, 0.824, 1.569, 2.283],
};
