// An answer takes on the file's ways: its line ends, its indentation, its last line break. A person should never see a
// diff in characters that nobody meant to change.
import { diffArrays } from 'diff';
import { splitsUnit } from '../canvas/position';

export type LineEnd = '\n' | '\r\n' | '\r';

/** Line ends on each side of a place that decide where a file mixes them. */
const NEIGHBOURS = 8;

/** The line end that a file uses; where it mixes them, the one that most of the nearest line ends have. */
export function lineEndNear(text: string, offset: number): LineEnd {
  if (!text.includes('\r')) return '\n';
  const before: LineEnd[] = [];
  for (let i = offset - 1; i >= 0 && before.length < NEIGHBOURS; i--) {
    const end = lineEndAt(text, i);
    if (end === undefined) continue;
    if (end === '\n' && text.charAt(i - 1) === '\r') i--;
    before.push(lineEndAt(text, i) ?? '\n');
  }
  const after: LineEnd[] = [];
  for (let i = offset; i < text.length && after.length < NEIGHBOURS; i++) {
    const end = lineEndAt(text, i);
    if (end === undefined) continue;
    after.push(end);
    i += end.length - 1;
  }
  return mostCommon([...before, ...after]) ?? '\n';
}

/**
 * The line end that most of the lines have of which [start, end) is a part; where they have none (the last line of a
 * text), what is near.
 */
export function lineEndWithin(text: string, start: number, end: number): LineEnd {
  if (!text.includes('\r')) return '\n';
  const last = /\r\n|\r|\n/g;
  last.lastIndex = end;
  const behind = last.exec(text);
  const stop = behind === null ? text.length : behind.index + behind[0].length;
  return mostCommon(endsOf(text.slice(start, stop))) ?? lineEndNear(text, start);
}

/** Lines that stood there already keep their own line ends; all others have `end`. */
export function keepLineEnds(answer: string, original: string, end: LineEnd): string {
  if (withLineEnds(original, end) === original) return answer;
  const ends = endsOf(original);
  const lines = answer.split(/\r\n|\r|\n/);
  let from = 0;
  let to = 0;
  const kept: LineEnd[] = [];
  for (const { added, removed, count } of diffArrays(original.split(/\r\n|\r|\n/), lines)) {
    for (let i = 0; i < count && !added && !removed; i++) kept[to + i] = ends[from + i] ?? end;
    if (!added) from += count;
    if (!removed) to += count;
  }
  return lines.map((line, i) => (i === lines.length - 1 ? line : `${line}${kept[i] ?? end}`)).join('');
}

function endsOf(text: string): LineEnd[] {
  return Array.from(text.matchAll(/\r\n|\r|\n/g), ({ index }) => lineEndAt(text, index) ?? '\n');
}

function lineEndAt(text: string, offset: number): LineEnd | undefined {
  const character = text.charAt(offset);
  if (character === '\n') return '\n';
  if (character !== '\r') return undefined;
  return text.charAt(offset + 1) === '\n' ? '\r\n' : '\r';
}

/** The most frequent item, the first of several. */
function mostCommon<T>(items: readonly T[]): T | undefined {
  const counts = new Map<T, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  let best: T | undefined;
  for (const [item, count] of counts) if (best === undefined || count > (counts.get(best) ?? 0)) best = item;
  return best;
}

export function withLineEnds(text: string, end: LineEnd): string {
  return text.replace(/\r\n|\r|\n/g, end);
}

/** Length of the same units once their line ends are rewritten; `tail` counts from the end of `text`. */
export function tailWithLineEnds(text: string, tail: number, end: LineEnd): number {
  const whole = splitsUnit(text, text.length - tail) === 'line end' ? tail - 1 : tail;
  return withLineEnds(text.slice(text.length - whole), end).length;
}

/**
 * Gives the answer the last line break that the span had: at the file's end as many as the file ended with, elsewhere
 * one if what stood there ended in one. An empty answer stays empty.
 */
export function keepFinalNewline(answer: string, span: FinalNewlineContext): string {
  if (answer === '') return answer;
  const { original, before, atEnd, lineEnd } = span;
  const body = answer.replace(/[\r\n]+$/, '');
  if (!atEnd) return /[\r\n]$/.test(original) && body === answer ? answer + lineEnd : answer;
  const fileTail = /[\r\n]+$/.exec(original === '' ? before : original)?.[0];
  if (original === '' && before === '') return answer;
  if (body === '') return answer;
  if (fileTail === undefined) return body;
  return original === '' ? body + lineEnd : body + fileTail;
}
/** What may mean something at the end of a line: a line break, the blanks of an empty line, and the two blanks by which Markdown breaks one. */
const WANTED_END = /(^|[\r\n])[ \t]*$| {2}$/;

/**
 * Blanks and blank lines at the end of an answer, where the line ends behind it: nobody asked for them. A single blank that the span ended
 * with was left over, as behind `total = `.
 */
export function withoutBlankEnd(answer: string, original: string, after: string): string {
  const isWanted = WANTED_END.test(original) || !/^[ \t]*(?:[\r\n]|$)/.test(after);
  const text = answer.trimEnd();
  // A line that only loses its blank is no other line.
  return isWanted ? answer : text === original.trimEnd() ? original : text;
}

export interface FinalNewlineContext {
  readonly original: string;
  readonly before: string;
  /** Whether the span ends where the text ends. */
  readonly atEnd: boolean;
  readonly lineEnd: LineEnd;
}
