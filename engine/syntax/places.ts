// From a place in a text to the piece of syntax that a person means by it. Pure: nodes are told by the tree.

import { isBody, isChain, isExpression, isInsideLiteral, isStatement } from './kinds';
import type { OffsetRange } from './types';

/** What is asked of a node; offsets count UTF-16 units. */
export interface SyntaxNode {
  readonly type: string;
  readonly startIndex: number;
  readonly endIndex: number;
  readonly isError: boolean;
  readonly parent: SyntaxNode | null;
  readonly namedChildren: readonly (SyntaxNode | null)[];
}

/** The smallest named node that covers a range, or touches it where it is empty. */
export type Find = (range: OffsetRange) => SyntaxNode | null;

/** More than this is not what a cursor or a squiggle points at. */
const MOST_LINES = 24;

/**
 * What a cursor points at: the smallest expression around it that is more than a name or a literal, else the statement.
 * White space at either end of a line belongs to what stands next to it on that line.
 */
export function placeAtCursor(find: Find, text: string, offset: number): OffsetRange | undefined {
  const at = characterAt(text, offset);
  if (at === undefined) return undefined;
  for (let node = find({ start: at, end: at }); node !== null; node = node.parent) {
    if (node.isError || node.parent === null) return undefined;
    if (isExpression(node.type) || isStatement(node.type, node.parent.type)) {
      return bounded(wholeChain(node), { start: at, end: at }, text);
    }
  }
  return undefined;
}

/**
 * The smallest node around a range: a name where the range is one. A range over several statements takes those that it
 * touches.
 */
export function placeAround(find: Find, text: string, range: OffsetRange): OffsetRange | undefined {
  const core = trimmed(text, range);
  if (core.start === core.end) return placeAtCursor(find, text, range.start);
  let node = find(core);
  while (node !== null && isInsideLiteral(node.type)) node = node.parent;
  if (node === null || node.isError) return undefined;
  if (!isBody(node.type) && node.parent !== null) return bounded(node, core, text);
  const touched = node.namedChildren.filter(
    (child) => child !== null && child.startIndex < core.end && child.endIndex > core.start,
  );
  const [first] = touched;
  const last = touched.at(-1);
  if (!first || !last || touched.some((child) => child?.isError)) return undefined;
  return short({ start: first.startIndex, end: last.endIndex }, text);
}

/** The statement around a range; undefined where there is none, or where it is longer than a person would mean. */
export function statementAround(find: Find, text: string, range: OffsetRange): OffsetRange | undefined {
  const core = trimmed(text, range);
  for (let node = find(core); node !== null; node = node.parent) {
    if (node.isError) return undefined;
    if (isStatement(node.type, node.parent?.type)) return bounded(node, core, text);
  }
  return undefined;
}

/** A long statement with a body is its head, where the range lies in that. */
function bounded(node: SyntaxNode, range: OffsetRange, text: string): OffsetRange | undefined {
  const whole = { start: node.startIndex, end: node.endIndex };
  if (short(whole, text) !== undefined) return whole;
  const body = node.namedChildren.find((child) => child !== null && isBody(child.type));
  if (!body || range.end > body.startIndex || range.start < whole.start) return undefined;
  return short(trimmed(text, { start: whole.start, end: body.startIndex }), text);
}

function short(range: OffsetRange, text: string): OffsetRange | undefined {
  const lines = text.slice(range.start, range.end).split('\n').length;
  return lines <= MOST_LINES ? range : undefined;
}

function wholeChain(node: SyntaxNode): SyntaxNode {
  let top = node;
  while (isChain(top.type) && top.parent?.type === top.type) top = top.parent;
  return top;
}

/**
 * The character that a cursor is at: the one behind it, the end of a word that it stands right behind, or the nearest of
 * its line that is no white space. Undefined on an empty line.
 */
function characterAt(text: string, offset: number): number | undefined {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const newline = text.indexOf('\n', offset);
  const core = trimmed(text, { start, end: newline < 0 ? text.length : newline });
  if (core.start === core.end) return undefined;
  const isBehindWord = isWord(text[offset - 1]) && !isWord(text[offset]);
  return Math.min(Math.max(isBehindWord ? offset - 1 : offset, core.start), core.end - 1);
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_$]/u.test(character);
}

function trimmed(text: string, { start, end }: OffsetRange): OffsetRange {
  const piece = text.slice(start, end);
  const core = piece.trim();
  if (core === '') return { start, end: start };
  const from = start + piece.indexOf(core);
  return { start: from, end: from + core.length };
}
