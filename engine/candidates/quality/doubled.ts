// A line that stands directly above the same line: a small model copies what it sees beside the hole, also into a part of a
// line, where nothing of the answer alone repeats. Pure.
import type { Span } from '../../canvas/types';
import { isName, unitsOf } from './words';

/** Words of a line that says something: `i++;`, `}` and `</div>` may well stand there twice. */
const LEAST_WORDS = 2;

/** Whether more lines are equal to the next one with an answer in the span than without it. */
export function doublesLine(text: string, { start, end }: Span, answer: string): boolean {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const from = start === 0 || lineStart === 0 ? 0 : text.lastIndexOf('\n', lineStart - 2) + 1;
  const lineEnd = endOfLine(text, end);
  const to = endOfLine(text, lineEnd + 1);
  const [before, after] = [text.slice(from, start), text.slice(end, to)];
  return twins(before + answer + after) > twins(text.slice(from, to));
}

function endOfLine(text: string, at: number): number {
  const found = text.indexOf('\n', Math.min(at, text.length));
  return found < 0 ? text.length : found;
}

/** Lines that are equal to the next one and say something. */
function twins(text: string): number {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line, i) => line !== '' && line === lines[i + 1] && says(line)).length;
}

function says(line: string): boolean {
  return unitsOf(line).filter(isName).length >= LEAST_WORDS;
}
