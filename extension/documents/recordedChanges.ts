// The edits of one document from now on, for work on its text as it is now: what was found there is moved to where it is by then.
import { type TextDocument, workspace } from 'vscode';
import { followAll } from '../text/tracking';
import type { OffsetRange, TextChange } from '../text/types';

export class RecordedChanges {
  private readonly changes: TextChange[] = [];
  private readonly listening;

  constructor(document: TextDocument) {
    this.listening = workspace.onDidChangeTextDocument((change) => {
      if (change.document === document) this.changes.push(...textChangesOf(change.contentChanges));
    });
  }

  /** Where ranges of the text as it was are now; undefined when one of them was edited. */
  follow<R extends OffsetRange>(ranges: readonly R[]): readonly R[] | undefined {
    return followAll(ranges, this.changes);
  }

  dispose(): void {
    this.listening.dispose();
  }
}

/** In the order in which they apply, as the editor gives them. */
export function textChangesOf(
  changes: readonly { readonly rangeOffset: number; readonly rangeLength: number; readonly text: string }[],
): readonly TextChange[] {
  return changes.map(({ rangeOffset, rangeLength, text }) => ({
    offset: rangeOffset,
    length: rangeLength,
    text,
  }));
}
