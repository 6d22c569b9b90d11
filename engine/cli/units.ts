// Sizes as a person reads them.

/** Memory, by powers of two. */
export function megabytes(bytes: number): string {
  const value = bytes / 2 ** 20;
  return `${value >= 10 ? value.toFixed(0) : value.toFixed(1)} MiB`;
}
