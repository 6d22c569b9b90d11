// The lines of an answer that is still being written. Pure.

/**
 * Where the first whole line behind an answer's first one begins that `isIt`: at the line feed before it. Undefined: there is none so
 * far. The last line is not whole before its line feed has come.
 */
export function wholeLineWhere(
  answer: string,
  isIt: (line: string, at: number) => boolean,
): number | undefined {
  for (let at = answer.indexOf('\n'); at >= 0; ) {
    const next = answer.indexOf('\n', at + 1);
    if (next < 0) return undefined;
    if (isIt(answer.slice(at + 1, next), at)) return at;
    at = next;
  }
  return undefined;
}
