// What marks a part of a file in a prompt, and may come back in the answer.

export const OPEN = '<rewrite>';
export const CLOSE = '</rewrite>';

/** The answer without marks that it has copied, where the code itself has none; of a marked part, that part. */
export function withoutMarks(answer: string, original: string): string {
  if (original.includes(OPEN) || original.includes(CLOSE)) return answer;
  const open = answer.indexOf(OPEN);
  const from = open < 0 ? 0 : open + OPEN.length;
  const close = answer.lastIndexOf(CLOSE);
  return answer.slice(from, close < from ? answer.length : close);
}
