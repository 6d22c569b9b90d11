// Sizes as a person reads them.

export function megabytes(bytes: number): string {
  const value = bytes / 1e6;
  return `${value >= 10 ? value.toFixed(0) : value.toFixed(1)} MB`;
}
