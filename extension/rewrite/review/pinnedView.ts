// Pinned words, framed on the side that they were pinned on: in the document, or in the candidate beside it.
import { type TextDocument, ThemeColor, window } from 'vscode';
import { Disposables } from '../../common/disposables';
import { rangeOf } from '../../text/ranges';
import type { Review } from '../state/types';
import { reviewUri } from './diffEditor';
import { sideSpans } from './sides';

export class PinnedView {
  private readonly owned = new Disposables();
  private readonly pinned = this.owned.add(
    window.createTextEditorDecorationType({
      border: '1px solid',
      borderColor: new ThemeColor('palimpsest.lockedForeground'),
      overviewRulerColor: new ThemeColor('palimpsest.lockedForeground'),
    }),
  );

  show(document: TextDocument, review: Review): void {
    const { pinned } = review;
    const right = reviewUri(document).toString();
    for (const editor of window.visibleTextEditors) {
      const side = editor.document === document ? 'old' : 'new';
      if (side === 'new' && editor.document.uri.toString() !== right) continue;
      const spans = sideSpans(review, side);
      const ranges = (pinned?.side === side ? pinned.ranges : []).flatMap((own, i) => {
        const base = spans[i]?.start ?? 0;
        return own.map(({ start, end }) =>
          rangeOf(editor.document, { start: base + start, end: base + end }),
        );
      });
      editor.setDecorations(this.pinned, ranges);
    }
  }

  clear(document: TextDocument): void {
    const right = reviewUri(document).toString();
    for (const editor of window.visibleTextEditors) {
      if (editor.document === document || editor.document.uri.toString() === right)
        editor.setDecorations(this.pinned, []);
    }
  }

  dispose(): void {
    this.owned.dispose();
  }
}
