// Code that was written apart from a file, as it stands in its place there. Pure.
import type { IndentUnit } from '../indentation';
import { withLineEnds } from '../lines';
import { withoutMarks } from './marks';
import { reindented } from './reindent';
import { withoutSurroundings } from './surroundings';

export interface AnsweredPlace {
  /** Text before the span, in it, and behind it. */
  readonly before: string;
  readonly original: string;
  readonly after: string;
  /** What the text around is indented by; undefined: nothing near is indented. */
  readonly unit: IndentUnit | undefined;
}

/** Lines end in `\n`. */
export function placedCode(code: string, { before, original, after, unit }: AnsweredPlace): string {
  const unmarked = withoutMarks(withLineEnds(code, '\n'), original);
  return reindented(withoutSurroundings(unmarked, { before, original, after }), { before, original, unit });
}
