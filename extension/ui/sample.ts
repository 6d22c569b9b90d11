// Something to try a rewrite on, for whoever has nothing open: a new untitled file, with a line of it selected.
import path from 'node:path';
import { Selection, type TextEditor, Uri, window, workspace } from 'vscode';
import { FIRST_LANGUAGE, firstRewriteOf } from './firstRewrite';

const FILE = 'dist/sample.txt';

export async function openSample(extensionPath: string): Promise<TextEditor> {
  const bytes = await workspace.fs.readFile(Uri.file(path.join(extensionPath, FILE)));
  const { text, start, end } = firstRewriteOf(Buffer.from(bytes).toString('utf8'));
  const document = await workspace.openTextDocument({ language: FIRST_LANGUAGE, content: text });
  const editor = await window.showTextDocument(document, { preview: false });
  editor.selection = new Selection(document.positionAt(start), document.positionAt(end));
  editor.revealRange(editor.selection);
  return editor;
}
