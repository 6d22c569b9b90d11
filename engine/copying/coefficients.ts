// Fitted numbers, written by `npm run bench -- copyCalibration`: to be written anew with every new starter model.

/** λ, in the order of WEIGHT_FEATURES (weight.ts). */
export const MIXTURE_COEFFICIENTS: readonly number[] = [
  -2.224, 1.133, 1.091, 1.408, 0.527, 0.902, -0.297, -0.976, 0.274, -0.321,
];

/** Confidence of a candidate, in the order of CONFIDENCE_FEATURES (engine/candidates/confidence.ts), by kind of copying. */
export const CONFIDENCE_COEFFICIENTS: Readonly<Record<'off' | 'mixed' | 'alone', readonly number[]>> = {
  off: [-0.798, 0.089, 1.208, -0.623, -2.597, 0.111, 0.792, 0.951, 1.79],
  mixed: [-0.301, 1.364, 0.429, -1.159, -2.381, -0.458, 0.837, 1.791, 1.488],
  alone: [-1.758, 0.603, 0.444, -1.011, -2.625, -0.299, 0.8, 1.624, 2.24],
};
