// biome-ignore-all lint/suspicious/noApproximativeNumericConstant: a fitted number that looks like a constant is none.
// Fitted numbers, written by `npm run bench -- copyCalibration`: to be written anew with every new starter model.

/** λ, in the order of WEIGHT_FEATURES (weight.ts). */
export const MIXTURE_COEFFICIENTS: readonly number[] = [
  -2.701, 1.102, 1.096, 1.471, 0.258, 0.691, 0.016, -1.257, 0.454, 0.081,
];

/** Worth of a rescored answer, in the order of CHOICE_FEATURES (engine/rescoring/choice.ts), by kind of copying. */
export const CHOICE_COEFFICIENTS: Readonly<Record<'off' | 'mixed', readonly number[]>> = {
  off: [
    0.05, 1.28, 2.425, 2.122, 0.124, 0.338, 0.451, 3.149, 1.394, 0.718, -0.859, 2.402, 1.828, 1.745, 0.36,
    0.781, 1.314, 2.14, 3.026, 1.07, 0.706, -0.947, 1.407, -0.256, -2.102, -0.093, -1.182, -0.57,
  ],
  mixed: [
    0.05, 1.28, 2.425, 2.122, 0.124, 0.338, 0.451, 3.149, 1.394, 0.718, -0.859, 2.402, 1.828, 1.745, 0.36,
    0.781, 1.314, 2.14, 3.026, 1.07, 0.706, -0.947, 1.407, -0.256, -2.102, -0.093, -1.182, -0.57,
  ],
};

/** Confidence of a candidate, in the order of CONFIDENCE_FEATURES (engine/candidates/confidence.ts), by kind of copying. */
export const CONFIDENCE_COEFFICIENTS: Readonly<Record<'off' | 'mixed' | 'alone', readonly number[]>> = {
  off: [
    -0.877, 0.506, 0.069, -1.086, -1.663, 0.066, 1.081, 1.039, 1.29, 0.778, 0.731, 1.538, 0.854, 0.123, 0, 0,
  ],
  mixed: [
    -0.525, 0.294, -0.041, -1.265, -1.557, -1.057, 0.514, 1.235, 1.297, 1.03, 1.714, 0.941, -0.041, 0.196,
    0.873, 0.961,
  ],
  alone: [-1.698, 0.31, 1.015, -0.935, -2.58, -0.517, 0.898, 1.463, 2.308, 0, 0, 0, 0, 0, 0, 0],
};
