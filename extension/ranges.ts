// Between the editor's ranges (line and character) and offsets in a document's text (UTF-16 code units).
import { Range, type TextDocument } from 'vscode';
import type { OffsetRange } from './rewrite/spans';

export function rangeOf(document: TextDocument, { start, end }: OffsetRange): Range {
  return new Range(document.positionAt(start), document.positionAt(end));
}

export function offsetsOf(document: TextDocument, { start, end }: Range): OffsetRange {
  return { start: document.offsetAt(start), end: document.offsetAt(end) };
}
