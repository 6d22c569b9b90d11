// A logistic function of a few numbers: how evidence becomes a probability. The coefficients come from bench/.

/** 1 / (1 + e^−x·w), 0…1. Lengths must agree. */
export function logistic(coefficients: readonly number[], features: readonly number[]): number {
  return 1 / (1 + Math.exp(-dot(coefficients, features)));
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
