// Which words of a review the active editor's cursor or selection means: in the document, or in the new text beside it.
import { type TextDocument, window } from 'vscode';
import { offsetsOf } from '../../text/offsets';
import type { Review, Side, SpanRanges } from '../state/types';
import { reviewUri } from './diffEditor';
import type { Form } from './form';
import { sideSpans } from './sides';
import { withinSpans, wordsAt } from './words';

export interface Pointed {
  readonly side: Side;
  readonly words: SpanRanges;
}

/**
 * Undefined where there is no text to point into: in the editor's own form a bare cursor is where ghost text needs it, and
 * means nothing.
 */
export function pointedWords(
  reviewed: TextDocument,
  review: Review,
  form: Form | undefined,
): Pointed | undefined {
  const editor = window.activeTextEditor;
  if (editor === undefined) return undefined;
  const { document } = editor;
  const side = document.uri.toString() === reviewUri(reviewed).toString() ? 'new' : 'old';
  if (side === 'old' && document !== reviewed) return undefined;
  const isBeside = side === 'new' || form === 'diffEditor';
  if (!isBeside && editor.selection.isEmpty) return undefined;
  const selections = editor.selections.map((selection) => offsetsOf(document, selection));
  const words = wordsAt(document.getText(), selections);
  return { side, words: withinSpans(words, sideSpans(review, side)) };
}
