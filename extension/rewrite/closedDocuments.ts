// Documents that are closed and live on: under another name, or with another language.
import {
  type Disposable,
  l10n,
  type TextDocument,
  type TextEditor,
  type Uri,
  window,
  workspace,
} from 'vscode';
import { Disposables } from '../common/disposables';
import { say } from '../ui/statusMessage';
import type { LastReviews } from './lastReviews';
import type { RewriteState } from './state/transitions';

/** A document whose language changes is closed and opened within these. */
const LANGUAGE_MILLIS = 1000;

export class ClosedDocuments implements Disposable {
  private readonly owned = new Disposables();
  private last:
    | { readonly address: string; readonly kind: RewriteState['kind']; readonly at: number }
    | undefined;

  constructor(
    private readonly reviews: LastReviews,
    private readonly reopen: (editor: TextEditor) => void,
  ) {
    this.owned.add(workspace.onDidOpenTextDocument((document) => this.opened(document)));
    this.owned.add(
      workspace.onDidRenameFiles(({ files }) => {
        for (const { oldUri, newUri } of files) this.renamed(oldUri, newUri);
      }),
    );
  }

  /** `kind`: what its rewrite was at. */
  closed(address: string, kind: RewriteState['kind']): void {
    this.last = { address, kind, at: performance.now() };
  }

  dispose(): void {
    this.owned.dispose();
  }

  private opened(document: TextDocument): void {
    this.reviews.opened(document.uri);
    const { last } = this;
    if (last?.address !== document.uri.toString()) return;
    this.last = undefined;
    if (performance.now() - last.at > LANGUAGE_MILLIS) return;
    const editor = window.visibleTextEditors.find((one) => one.document === document);
    if (editor !== undefined && last.kind === 'reviewing') this.reopen(editor);
    else if (last.kind === 'denoising')
      say(l10n.t('Palimpsest: the rewrite was canceled because the language of its file changed.'));
  }

  private renamed(from: Uri, to: Uri): void {
    this.reviews.renamed(from, to);
    if (this.last?.kind !== 'reviewing' || this.last.address !== from.toString()) return;
    say(
      l10n.t(
        'Palimpsest: the review ended because its file was renamed. “Reopen Last Review” brings it back.',
      ),
    );
  }
}
