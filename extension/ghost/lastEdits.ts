// How a document was edited last: ghost text follows typing, and neither a deletion nor undo, behind which Tab would accept
// what nobody wrote towards.
import { type Disposable, type TextDocument, type TextDocumentChangeEvent, workspace } from 'vscode';
import { type EditKind, editKindOf } from './editKind';

export class LastEdits implements Disposable {
  private readonly kinds = new WeakMap<TextDocument, EditKind>();
  private readonly listening = workspace.onDidChangeTextDocument((event) => this.changed(event));

  of(document: TextDocument): EditKind {
    return this.kinds.get(document) ?? 'typed';
  }

  dispose(): void {
    this.listening.dispose();
  }

  private changed({ document, contentChanges, reason }: TextDocumentChangeEvent): void {
    if (contentChanges.length > 0) this.kinds.set(document, editKindOf(contentChanges, reason !== undefined));
  }
}
