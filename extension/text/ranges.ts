// From offsets to what the editor shows and edits.
import { Range, type TextDocument } from 'vscode';
import type { OffsetRange } from './types';

export function rangeOf(document: TextDocument, { start, end }: OffsetRange): Range {
  return new Range(document.positionAt(start), document.positionAt(end));
}
