// Offsets in a text, in UTF-16 code units: what everything that decides works with. Types of the editor alone, so that it
// can be tested without one.
import type { Range, TextDocument } from 'vscode';
import { LINE_ENDS } from './lineEnds';
import type { OffsetRange } from './types';

export function offsetsOf(document: TextDocument, { start, end }: Range): OffsetRange {
  return { start: document.offsetAt(start), end: document.offsetAt(end) };
}

/** Where each line begins, lines as the editor counts them. */
export function lineStarts(text: string): readonly number[] {
  return [0, ...Array.from(text.matchAll(LINE_ENDS), ({ index, 0: end }) => index + end.length)];
}

/** Whether each of the ranges lies in one of the places. */
export function areWithin(ranges: readonly OffsetRange[], places: readonly OffsetRange[]): boolean {
  return ranges.every((one) => places.some(({ start, end }) => start <= one.start && one.end <= end));
}
