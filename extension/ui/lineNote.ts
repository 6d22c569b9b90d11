// A sentence where the person looks: behind a line of the editor, until they go on or it has been read.
import {
  type Disposable,
  Range,
  type TextEditor,
  type TextEditorDecorationType,
  ThemeColor,
  window,
  workspace,
} from 'vscode';
import { Disposables } from '../common/disposables';

const MILLIS = 6000;

export class LineNote implements Disposable {
  private readonly owned = new Disposables();
  private readonly type: TextEditorDecorationType = this.owned.add(
    window.createTextEditorDecorationType({
      after: {
        margin: '0 0 0 3ch',
        fontStyle: 'italic',
        color: new ThemeColor('descriptionForeground'),
      },
    }),
  );
  private shown:
    | { readonly editor: TextEditor; readonly line: number; readonly outlastsEdits: boolean }
    | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** The sentence that stands somewhere now; undefined: none does. */
  text: string | undefined;

  constructor() {
    this.owned.add(
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        const { shown } = this;
        if (shown === undefined || shown.outlastsEdits) return;
        if (document === shown.editor.document && contentChanges.length > 0) this.clear();
      }),
    );
    this.owned.add(
      window.onDidChangeTextEditorSelection(({ textEditor, selections }) => {
        const { shown } = this;
        if (shown === undefined || shown.outlastsEdits) return;
        if (shown.editor === textEditor && !selections.some(({ end }) => end.line === shown.line))
          this.clear();
      }),
    );
  }

  /** `outlastsEdits`: it stays until its time is up; otherwise an edit, or a move of the cursor, takes it away as well. */
  show(editor: TextEditor, line: number, text: string, outlastsEdits = false): void {
    this.clear();
    const { end } = editor.document.lineAt(Math.min(line, editor.document.lineCount - 1)).range;
    const contentText = text.replace(/ /g, '\u00a0');
    editor.setDecorations(this.type, [
      { range: new Range(end, end), renderOptions: { after: { contentText } } },
    ]);
    this.shown = { editor, line: end.line, outlastsEdits };
    this.text = text;
    this.timer = setTimeout(() => this.clear(), MILLIS);
  }

  clear(): void {
    clearTimeout(this.timer);
    this.shown?.editor.setDecorations(this.type, []);
    this.shown = undefined;
    this.text = undefined;
  }

  dispose(): void {
    this.clear();
    this.owned.dispose();
  }
}
