// Half precision into fp32: the formats that weights are stored in.

/** Half-precision values into fp32. */
export function widen(stored: Uint16Array, dtype: 'F16' | 'BF16', values: Float32Array): void {
  if (dtype === 'F16') {
    const table = halfTable();
    for (let index = 0; index < stored.length; index++) values[index] = table[stored[index] ?? 0] ?? 0;
    return;
  }
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let index = 0; index < stored.length; index++) bits[index] = (stored[index] ?? 0) << 16;
}

/** fp32 values into fp16, to the nearest and among equals to the even one; what is out of range becomes infinite. */
export function narrow(values: Float32Array, halves: Uint16Array): void {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let index = 0; index < values.length; index++) {
    const bits = words[index] ?? 0;
    const sign = (bits >>> 16) & 0x8000;
    const magnitude = bits & 0x7fffffff;
    // 2^-14 is fp16's smallest normal number; below it a step is 2^-24.
    if (magnitude < 0x38800000) halves[index] = sign | roundToEven(Math.abs(values[index] ?? 0) * 2 ** 24);
    else if (magnitude >= 0x7f800000) halves[index] = sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
    else halves[index] = sign | Math.min(roundToEven((magnitude - 0x38000000) / 8192), 0x7c00);
  }
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

let halves: Float32Array | undefined;

/** Value of every fp16 there is. */
export function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 65536 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = (bits & 1023) / 1024;
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return exponent === 0 ? sign * fraction * 2 ** -14 : sign * (1 + fraction) * 2 ** (exponent - 15);
  });
  return halves;
}
