// How many of several reasons are said where there is little room. Pure.

/** Columns that a window shows in a row, of a line and what stands behind it. */
const ROW = 160;
const TAB = 4;

/** Reasons in a row, whole ones alone; one at least is said, and `…` stands for the others. `room`: characters for all of it. */
export function fitting(reasons: readonly string[], room: number): string {
  const whole = reasons.join(', ');
  if (whole.length <= room) return whole;
  for (let count = reasons.length - 1; count > 1; count--) {
    const words = `${reasons.slice(0, count).join(', ')}, …`;
    if (words.length <= room) return words;
  }
  return reasons.length > 1 ? `${reasons[0]}, …` : whole;
}

/** Characters that are left of the row behind a line; 0 where it fills it. */
export function roomBehind(line: string): number {
  const columns = line.length + (TAB - 1) * (line.split('\t').length - 1);
  return Math.max(0, ROW - columns);
}
