// Full-batch Adam (arXiv:1412.6980) for the few numbers that are fitted here: the same for the same arguments.

export interface DescentOptions {
  readonly steps: number;
  readonly rate: number;
}

/** [width] numbers, from zeros, after `steps` steps against `slopeOf`, the gradient of what is to be small: [width]. */
export function descend(
  width: number,
  { steps, rate }: DescentOptions,
  slopeOf: (w: readonly number[]) => readonly number[],
): number[] {
  const w = new Array<number>(width).fill(0);
  const [first, second] = [new Float64Array(width), new Float64Array(width)];
  for (let step = 1; step <= steps; step++) {
    const slope = slopeOf(w);
    for (let k = 0; k < width; k++) {
      const g = slope[k] ?? 0;
      first[k] = 0.9 * (first[k] ?? 0) + 0.1 * g;
      second[k] = 0.999 * (second[k] ?? 0) + 0.001 * g * g;
      const mean = (first[k] ?? 0) / (1 - 0.9 ** step);
      const spread = Math.sqrt((second[k] ?? 0) / (1 - 0.999 ** step));
      w[k] = (w[k] ?? 0) - (rate * mean) / (spread + 1e-9);
    }
  }
  return w;
}
