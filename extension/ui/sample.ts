// Something to try a rewrite on, for whoever has nothing open: a new untitled file, with two lines of it selected.
import path from 'node:path';
import { Selection, type TextEditor, Uri, window, workspace } from 'vscode';

const FILE = 'dist/sample.py';
/** The lines that this is in and the next one: the model has seen their like above. */
const SELECTED = 'if tag in item.tags:';

export async function openSample(extensionPath: string): Promise<TextEditor> {
  const bytes = await workspace.fs.readFile(Uri.file(path.join(extensionPath, FILE)));
  const content = Buffer.from(bytes).toString('utf8');
  const document = await workspace.openTextDocument({ language: 'python', content });
  const editor = await window.showTextDocument(document, { preview: false });
  const start = document.positionAt(Math.max(0, content.indexOf(SELECTED)));
  const end = document.lineAt(Math.min(start.line + 1, document.lineCount - 1)).range.end;
  editor.selection = new Selection(start, end);
  editor.revealRange(editor.selection);
  return editor;
}
