// Line ends as VS Code counts them: LF, CRLF and a lone CR.

/** Global, so it is for `matchAll`, `replace` and `split` alone: these leave its `lastIndex` as it is. */
export const LINE_ENDS = /\r\n|\r|\n/g;

/** Lines without their ends. */
export function splitLines(text: string): string[] {
  return text.split(LINE_ENDS);
}
