// What a person means who asks for a rewrite: the selections, and for an empty one its line or the piece of syntax around
// the cursor.
import type { TextEditor } from 'vscode';
import type { EmptyChoice } from '../settings';
import { offsetsOf } from '../text/offsets';
import { spansOf } from '../text/spans';
import type { OffsetRange } from '../text/types';

export interface Syntax {
  /** Undefined where nothing is known of the text's syntax, or nothing is there. */
  enclosingNode(text: string, languageId: string, at: number): Promise<OffsetRange | undefined>;
}

/** Undefined when the document was edited while its syntax was read: nobody knows what is meant then. */
export async function meantSpans(
  { document, selections }: TextEditor,
  choice: EmptyChoice,
  syntax: Syntax,
): Promise<readonly OffsetRange[] | undefined> {
  const { version } = document;
  const text = document.getText();
  const ranges = await Promise.all(
    selections.map(async (selection): Promise<OffsetRange> => {
      const range = offsetsOf(document, selection);
      if (range.start < range.end || choice === 'line') return range;
      return (await syntax.enclosingNode(text, document.languageId, range.start)) ?? range;
    }),
  );
  return document.version === version ? spansOf(text, ranges) : undefined;
}
