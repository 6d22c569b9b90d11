// biome-ignore-all lint/suspicious/noApproximativeNumericConstant: a fitted number that looks like a constant is none.
// Fitted numbers, written by `npm run bench -- copyCalibration`: to be written anew with every new starter model.

/** λ, in the order of WEIGHT_FEATURES (weight.ts). */
export const MIXTURE_COEFFICIENTS: readonly number[] = [
  -2.79, 1.161, 1.247, 1.683, 0.359, 0.827, -0.174, -1.041, 0.329, -0.066,
];

/** Confidence of a candidate, in the order of CONFIDENCE_FEATURES (engine/candidates/confidence.ts), by kind of copying. */
export const CONFIDENCE_COEFFICIENTS: Readonly<Record<'off' | 'mixed' | 'alone', readonly number[]>> = {
  off: [-0.66, 1.049, 0.817, -0.755, -2.026, 0.187, 1.048, 1.168, 1.157],
  mixed: [-0.285, 0.539, 0.804, -1.05, -1.882, -0.709, 0.718, 1.664, 1.903],
  alone: [-1.443, 0.2, 1.164, -0.977, -2.758, -0.583, 0.824, 1.569, 2.283],
};
