// Indentation is meaning in some languages and taste in the rest; either way the answer gets the file's, not the model's.

import { imbalance } from './balance';
import { isInString } from './blockEnd';
import { leadOf } from './partOfLine';

export type IndentUnit =
  | { readonly kind: 'tab' }
  /** Columns: the usual step from one depth to the next, and the smallest there is anywhere near. */
  | { readonly kind: 'space'; readonly size: number; readonly smallest: number };

/** Most UTF-16 units of text on each side of the span that are looked at. */
const NEIGHBOURHOOD = 16_384;
const SIZES = [2, 3, 4, 6, 8] as const;
const OPENS_BLOCK = /[:{([]$|=>$|->$|\b(?:then|do|else|begin)$/;

/** Whether lines behind this one belong one step deeper. */
export function opensBlock(line: string): boolean {
  return OPENS_BLOCK.test(line.trimEnd());
}

/** How many columns deeper than the line before lines begin, by the number of times. */
function stepsOf(lines: readonly string[]): ReadonlyMap<number, number> {
  const steps = new Map<number, number>();
  let previous = 0;
  for (const line of lines) {
    const width = /^ */.exec(line)?.[0].length ?? 0;
    if (line.length === width || line.charAt(width) === '\t') continue;
    const step = Math.abs(width - previous);
    if (step > 1) steps.set(step, (steps.get(step) ?? 0) + 1);
    previous = width;
  }
  return steps;
}

function linesAround(text: string, offset: number): readonly string[] {
  const around = text.slice(Math.max(0, offset - NEIGHBOURHOOD), offset + NEIGHBOURHOOD);
  return around.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '');
}

/** What the text around a place is indented by; undefined where it is not indented at all. */
export function indentUnitNear(text: string, offset: number): IndentUnit | undefined {
  const lines = linesAround(text, offset);
  const tabs = lines.filter((line) => line.startsWith('\t')).length;
  const spaces = lines.filter((line) => line.startsWith('  ')).length;
  if (tabs === 0 && spaces === 0) return undefined;
  if (tabs > spaces) return { kind: 'tab' };
  const steps = stepsOf(lines);
  let size: number | undefined;
  for (const candidate of SIZES) {
    if ((steps.get(candidate) ?? 0) > (size === undefined ? 0 : (steps.get(size) ?? 0))) size = candidate;
  }
  return { kind: 'space', size: size ?? 4, smallest: Math.min(size ?? 4, ...steps.keys()) };
}

export interface IndentContext {
  /** Text before the span. */
  readonly before: string;
  readonly original: string;
  readonly unit: IndentUnit | undefined;
}

interface BodyContext extends IndentContext {
  /** Text behind the span. */
  readonly after?: string;
}

/**
 * The first line's indentation, where the span begins behind some: the answer's own leading blanks would come on top
 * of it. They go, unless the span itself began with them, or the line before opens a block at the same depth, whose first
 * line belongs one unit deeper.
 */
export function fitFirstLine(answer: string, { before, original, unit }: IndentContext): string {
  const leading = /^[ \t]+(?=[^\s])/.exec(answer)?.[0];
  const standing = /(?:^|[\r\n])([ \t]+)$/.exec(before)?.[1];
  if (leading === undefined || standing === undefined) return answer;
  const rest = answer.slice(leading.length);
  const kept = /^[ \t]+(?=[^\s])/.exec(original)?.[0];
  if (kept !== undefined) return leading === standing + kept ? kept + rest : answer;
  const lineBefore =
    before
      .trimEnd()
      .split(/[\r\n]/)
      .at(-1) ?? '';
  const depth = blanksBefore(lineBefore);
  return depth === standing && opensBlock(lineBefore) ? unitText(unit) + rest : rest;
}

function unitText(unit: IndentUnit | undefined): string {
  if (unit === undefined) return '    ';
  return unit.kind === 'tab' ? '\t' : ' '.repeat(unit.size);
}

/**
 * The answer's further lines (its first as well where the span begins at a line's start) in the file's unit:
 * tabs for spaces or spaces for tabs; and a smaller step that the file nowhere has is widened to the file's own.
 */
export function fitIndentUnit(answer: string, { before, unit }: IndentContext): string {
  if (unit === undefined) return answer;
  const parts = answer.split(/(\r\n|\r|\n)/);
  const firstCounts = before === '' || /[\r\n]$/.test(before);
  // Lines stand at the even places, line ends at the odd ones.
  const places = parts.flatMap((line, i) =>
    i % 2 === 0 && (i > 0 || firstCounts) && line.trim() !== '' ? [i] : [],
  );
  const lines = places.map((i) => parts[i] ?? '');
  const base = firstCounts ? Math.min(...lines.map(leadingSpaces)) : spanDepth(before, unit);
  const rewrite = unit.kind === 'tab' ? spacesToTabs(lines) : toSpaces(lines, unit, base);
  for (const i of places) parts[i] = rewrite(parts[i] ?? '');
  return parts.join('');
}

type Rewrite = (line: string) => string;
const unchanged: Rewrite = (line) => line;

function spacesToTabs(lines: readonly string[]): Rewrite {
  // Spaces behind tabs align, and one or two lines of a comment are no indentation.
  if (lines.some((line) => line.startsWith('\t')) || !lines.some((line) => line.startsWith('  ')))
    return unchanged;
  const widths = lines.map(leadingSpaces).filter((width) => width > 1);
  const size = widths.every((width) => width % 4 === 0) ? 4 : 2;
  return (line) => {
    const width = leadingSpaces(line);
    return '\t'.repeat(Math.floor(width / size)) + ' '.repeat(width % size) + line.slice(width);
  };
}

function toSpaces(lines: readonly string[], unit: IndentUnit & { kind: 'space' }, base: number): Rewrite {
  const { size, smallest } = unit;
  if (lines.some((line) => line.startsWith('\t'))) {
    return (line) => line.replace(/^\t+/, (tabs) => ' '.repeat(tabs.length * size));
  }
  const extras = lines.map((line) => leadingSpaces(line) - base).filter((extra) => extra !== 0);
  const step = Math.min(...extras.map(Math.abs));
  const narrower = extras.length > 0 && step > 1 && step < smallest && size % step === 0;
  if (!narrower || extras.some((extra) => extra % step !== 0)) return unchanged;
  return (line) => {
    const width = leadingSpaces(line);
    return ' '.repeat(Math.max(0, base + ((width - base) * size) / step)) + line.slice(width);
  };
}

/** A line behind which a statement's block stands deeper: a colon ends much else, such as a key, a label, or a sentence. */
const HEADER =
  /^\s*((async\s+)?(if|elif|for|while|with|def|class|match|case|except)\b.*\S|else|try|finally|except)\s*:$|\{$/;
const LIST_ITEM = /^\s*([-*+]|\d+[.)])\s/;
/** Text of several lines in which blanks are text. */
const QUOTES = /"""|'''|`|<<[-~]?\w/;
const COMMENT = /^\s*(#|\/\/|\/?\*|--)/;

/**
 * The body of an answer that begins with a header, one step deeper than that. A model that copies a block from a deeper place copies the
 * columns of its further lines.
 */
export function fitBody(answer: string, { before, original, unit, after = '' }: BodyContext): string {
  const [first = '', ...further] = answer.split('\n');
  const header = (leadOf(before) + first).trimEnd();
  const lines = further.filter((line) => line.trim() !== '');
  const next = lines.find((line) => !COMMENT.test(line));
  if (next === undefined || !HEADER.test(header) || LIST_ITEM.test(header) || imbalance(header) > 1)
    return answer;
  if (QUOTES.test(answer) || isInString(before + after, { start: before.length, end: before.length }))
    return answer;
  const lead = blanksBefore(header);
  const blank = unit?.kind === 'tab' ? '\t' : ' ';
  // Blanks of another kind have their own reasons.
  if ([header, ...lines].map(blanksBefore).some((one) => one !== blank.repeat(one.length))) return answer;
  const wanted = lead.length + (/^\s*[)\]}]/.test(next) ? 0 : unitText(unit).length);
  const surplus = blanksBefore(next).length - wanted;
  // Something of it belongs to none of the header's.
  if (surplus <= 0 || lines.some((line) => blanksBefore(line).length < lead.length + surplus)) return answer;
  // What stood there was written so, too, or what stands behind it.
  const behind = after.split('\n').find((line) => line.trim() !== '') ?? '';
  const standing = [...original.split('\n').slice(1), behind];
  if (standing.some((line) => line.trim() !== '' && blanksBefore(line) === blanksBefore(next))) return answer;
  return [first, ...further.map((line) => line.slice(Math.min(surplus, blanksBefore(line).length)))].join(
    '\n',
  );
}

function blanksBefore(line: string): string {
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

function leadingSpaces(line: string): number {
  return /^ */.exec(line)?.[0].length ?? 0;
}

/** Columns by which the line that the span begins on is indented. */
function spanDepth(before: string, unit: IndentUnit): number {
  const line = leadOf(before);
  const tab = unit.kind === 'space' ? ' '.repeat(unit.size) : '\t';
  return blanksBefore(line).replaceAll('\t', tab).length;
}
