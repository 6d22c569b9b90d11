// A line that stands directly above the same line: a small model copies what it sees beside the hole, also into a part of a
// line, where nothing of the answer alone repeats. Pure.
import type { Span } from '../../canvas/types';
import { VALUES } from './loops';
import { isName, unitsOf } from './words';

/** Words of a line that says something: `i++;`, `}` and `</div>` may well stand there twice. */
const LEAST_WORDS = 3;
/** A call, or a row of a table, may as well, however long. */
const CALL_OR_ROW = /^(?:await |defer |go )?[\w$.:]+\(.*\)[;,]?$|,$/;
/** What declares, imports, or gives a value says as much in two. */
const TELLING = /^(import|from|use|using|#include|return|const|let|var|def|class|export)\b|[^=!<>]=[^=>]/;

/** Whether more lines are equal to the next one with an answer in the span than without it, where that is not done elsewhere, too. */
export function doublesLine(text: string, { start, end }: Span, answer: string): boolean {
  if (answer.trim() === '') return false;
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const from = start === 0 || lineStart === 0 ? 0 : text.lastIndexOf('\n', lineStart - 2) + 1;
  const lineEnd = endOfLine(text, end);
  const to = endOfLine(text, lineEnd + 1);
  const [before, after] = [text.slice(from, start), text.slice(end, to)];
  const now = twinsIn(before + answer + after);
  if (now.length <= twinsIn(text.slice(from, to)).length) return false;
  const elsewhere = new Set(twinsIn(text));
  return now.some((line) => !elsewhere.has(line));
}

function endOfLine(text: string, at: number): number {
  const found = text.indexOf('\n', Math.min(at, text.length));
  return found < 0 ? text.length : found;
}

/** Lines that are equal to the next one and say something. */
function twinsIn(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line, i) => line !== '' && line === lines[i + 1] && says(line));
}

function says(line: string): boolean {
  const words = unitsOf(line).filter((unit) => isName(unit) && !VALUES.has(unit)).length;
  if (TELLING.test(line)) return words >= LEAST_WORDS - 1;
  return words >= LEAST_WORDS && !CALL_OR_ROW.test(line);
}
