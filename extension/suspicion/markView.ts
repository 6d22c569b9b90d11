// Marks as they are seen: a background that grows warmer, and an underline for those who do not see its color.
import { type DecorationOptions, type TextEditor, ThemeColor, window } from 'vscode';
import { Disposables } from '../common/disposables';
import { rangeOf } from '../text/ranges';
import type { Mark } from './marks';

const COLOURS = [
  'palimpsest.unlikelyBackground',
  'palimpsest.doubtfulBackground',
  'palimpsest.suspiciousBackground',
  'palimpsest.startlingBackground',
];
const UNDERLINES = ['', '', 'underline dotted', 'underline wavy'];

export class MarkView {
  private readonly owned = new Disposables();
  private readonly types = COLOURS.map((id, index) => {
    const underline = UNDERLINES[index] ?? '';
    return this.owned.add(
      window.createTextEditorDecorationType({
        backgroundColor: new ThemeColor(id),
        borderRadius: '2px',
        ...(underline === '' ? {} : { textDecoration: underline }),
        ...(index < 2 ? {} : { overviewRulerColor: new ThemeColor(id) }),
      }),
    );
  });

  show(editor: TextEditor, marks: readonly Mark[]): void {
    const { document } = editor;
    this.types.forEach((type, index) => {
      const options: DecorationOptions[] = marks
        .filter(({ step }) => step === index + 1)
        .map((mark) => ({ range: rangeOf(document, mark) }));
      editor.setDecorations(type, options);
    });
  }

  clear(editor: TextEditor): void {
    this.show(editor, []);
  }

  dispose(): void {
    this.owned.dispose();
  }
}
