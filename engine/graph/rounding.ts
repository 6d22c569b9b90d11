// Quantisation itself, as pure functions over rows of fp32 weights. All of it is symmetric: a weight is a whole
// number times its scale.

/** Weights that share one scale in `q8` and `q4`. */
export const BLOCK = 32;

export interface BlockRows {
  /** MatMulNBits' layout: [rows, ceil(columns / 32), 32 · bits / 8], offset by half the range, low nibble first. */
  readonly packed: Uint8Array;
  /** [rows, ceil(columns / 32)] */
  readonly scales: Float32Array;
}

/**
 * Blocks of 32 weights along the row; a last block that the row does not fill is padded with zeros.
 * 8 bits: the largest magnitude is ±127. 4 bits: the largest magnitude is −8 (as in GGML's Q4_0), so that all
 * sixteen levels serve, and the scale is then the least-squares one for the numbers chosen.
 */
export function quantiseBlocks(weights: Float32Array, rows: number, columns: number, bits: 4 | 8): BlockRows {
  const blocks = Math.ceil(columns / BLOCK);
  const packed = new Uint8Array((rows * blocks * BLOCK * bits) / 8);
  const scales = new Float32Array(rows * blocks);
  for (let row = 0; row < rows; row++) {
    for (let block = 0; block < blocks; block++) {
      const start = row * columns + block * BLOCK;
      const length = Math.min(BLOCK, columns - block * BLOCK);
      const index = row * blocks + block;
      scales[index] =
        bits === 8
          ? packEight(weights, start, length, packed, index * BLOCK)
          : packFour(weights, start, length, packed, (index * BLOCK) / 2);
    }
  }
  return { packed, scales };
}

function packEight(
  weights: Float32Array,
  start: number,
  length: number,
  packed: Uint8Array,
  at: number,
): number {
  const scale = Math.fround(largestMagnitude(weights, start, length) / LARGEST_OF_EIGHT_BITS);
  const inverse = scale === 0 ? 0 : 1 / scale;
  for (let i = 0; i < length; i++) {
    // Positive by the offset, so that truncation is rounding.
    packed[at + i] = ((weights[start + i] ?? 0) * inverse + 128.5) | 0;
  }
  packed.fill(128, at + length, at + BLOCK);
  return scale;
}

const levels = new Uint8Array(BLOCK);

function packFour(
  weights: Float32Array,
  start: number,
  length: number,
  packed: Uint8Array,
  at: number,
): number {
  let extreme = 0;
  for (let i = 0; i < length; i++) {
    const weight = weights[start + i] ?? 0;
    if (Math.abs(weight) > Math.abs(extreme)) extreme = weight;
  }
  const inverse = extreme === 0 ? 0 : -8 / extreme;
  let products = 0;
  let squares = 0;
  levels.fill(8);
  for (let i = 0; i < length; i++) {
    const weight = weights[start + i] ?? 0;
    const level = Math.min((weight * inverse + 8.5) | 0, 15);
    levels[i] = level;
    products += weight * (level - 8);
    squares += (level - 8) * (level - 8);
  }
  for (let i = 0; i < BLOCK; i += 2) {
    packed[at + i / 2] = (levels[i] ?? 0) | ((levels[i + 1] ?? 0) << 4);
  }
  return squares === 0 ? 0 : Math.fround(products / squares);
}

/** Magnitudes of whole numbers. Of seven bits it is 64: 2 · 255 · 64 is the most that fits into 16 bits with a sign. */
export const LARGEST_OF_EIGHT_BITS = 127;
export const LARGEST_OF_SEVEN_BITS = 64;

/**
 * One scale an output channel, whose largest weight becomes `largest` (at most 127). Rows go into `columnsByRows`
 * ([columns, stride] int8, transposed as DynamicQuantizeMatMul wants it) from row `first` on.
 * @returns the rows' scales
 */
export function quantiseChannels(
  weights: Float32Array,
  rows: number,
  columns: number,
  largest: number,
  columnsByRows: Int8Array,
  stride: number,
  first: number,
): Float32Array {
  const scales = new Float32Array(rows);
  const inverses = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const scale = Math.fround(largestMagnitude(weights, row * columns, columns) / largest);
    scales[row] = scale;
    inverses[row] = scale === 0 ? 0 : 1 / scale;
  }
  // Strips of rows keep a strip's cache lines at hand while the other index runs.
  for (let strip = 0; strip < rows; strip += STRIP) {
    const end = Math.min(strip + STRIP, rows);
    for (let column = 0; column < columns; column++) {
      const target = column * stride + first;
      for (let row = strip; row < end; row++) {
        const level = (weights[row * columns + column] ?? 0) * (inverses[row] ?? 0);
        columnsByRows[target + row] = ((level + 128.5) | 0) - 128;
      }
    }
  }
  return scales;
}

const STRIP = 32;

function largestMagnitude(weights: Float32Array, start: number, length: number): number {
  let largest = 0;
  for (let i = start; i < start + length; i++) {
    const magnitude = Math.abs(weights[i] ?? 0);
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}

/** Whether no weight is infinite or NaN. */
export function allFinite(weights: Float32Array): boolean {
  let nothing = 0;
  for (let i = 0; i < weights.length; i++) nothing += (weights[i] ?? 0) * 0;
  return nothing === 0;
}
