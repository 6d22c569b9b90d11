// What was selected when a rewrite began: whoever selected something finds it selected again if nothing was taken.
import type { TextEditor } from 'vscode';
import { editorsOf } from '../documents/editing';
import type { Ending } from './state/types';

const NOTHING_TAKEN: readonly Ending[] = [
  'rejected',
  'cancelled',
  'unchanged',
  'no-answer',
  'failed',
  'interrupted',
];

export class SelectionsBefore {
  private readonly selections;
  private readonly version;

  constructor(private readonly editor: TextEditor) {
    this.selections = editor.selections;
    this.version = editor.document.version;
  }

  get lastLine(): number | undefined {
    return this.selections[0]?.end.line;
  }

  /** Selects them again, unless the text has changed or the person works somewhere else by now. */
  restore(ending: Ending | undefined): void {
    const { editor, selections } = this;
    const { document } = editor;
    if (ending === undefined || !NOTHING_TAKEN.includes(ending) || document.version !== this.version) return;
    const lines = selections.flatMap(({ start, end }) => [start.line, end.line]);
    const { line } = editor.selection.active;
    const isThere = Math.min(...lines) <= line && line <= Math.max(...lines);
    if (isThere && editorsOf(document).includes(editor)) editor.selections = selections;
  }
}
