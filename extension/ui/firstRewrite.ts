// What a newcomer rewrites first: a line of a sample with a slip in it, as people make them. The line was chosen by what the
// model makes of such lines (`npm run bench -- demo`); what it answers is its own. Pure.

export const FIRST_FILE = 'rateLimiter.ts';
export const FIRST_LANGUAGE = 'typescript';
/** From 1. The method would look at a bucket that nobody has refilled, and that need not be there. */
const LINE = 37;
const SLIP = 'const bucket = this.buckets.get(key);';

export interface FirstRewrite {
  /** The sample with the slip in it, which is at `start` to `end`, in UTF-16 units. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** What stood there without it. */
  readonly before: string;
}

/** `sample`: the text of `FIRST_FILE`, with whatever line ends. Throws where it has no such line. */
export function firstRewriteOf(sample: string): FirstRewrite {
  const lines = sample.split(/\r?\n/);
  const line = lines[LINE - 1];
  if (line === undefined) throw new Error(`${FIRST_FILE} has no line ${LINE}.`);
  const before = line.trim();
  const indent = line.length - line.trimStart().length;
  const start = lines.slice(0, LINE - 1).reduce((sum, { length }) => sum + length + 1, indent);
  const text = lines.with(LINE - 1, `${line.slice(0, indent)}${SLIP}`).join('\n');
  return { text, start, end: start + SLIP.length, before };
}
