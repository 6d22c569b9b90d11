// Copies of a document that exist nowhere else and are shown nowhere: language servers are asked about a rewrite on
// these, so that neither the person's buffer nor their folder ever holds a text that they did not accept.
import {
  type CancellationToken,
  type Event,
  EventEmitter,
  languages,
  type TextDocument,
  type TextDocumentContentProvider,
  Uri,
  workspace,
} from 'vscode';

export const COPY_SCHEME = 'palimpsest-copy';

export class Copies implements TextDocumentContentProvider {
  private readonly texts = new Map<string, string>();
  private readonly emitter = new EventEmitter<Uri>();
  readonly onDidChange: Event<Uri> = this.emitter.event;
  private count = 0;
  /** Servers that published nothing about a copy so far. */
  readonly silentServers = new Set<string>();

  provideTextDocumentContent(uri: Uri, _token: CancellationToken): string {
    return this.texts.get(uri.toString()) ?? '';
  }

  /** The editor gives no way to close a document; it forgets one that nobody shows after some minutes. */
  async open(original: TextDocument, text: string): Promise<DocumentCopy> {
    const uri = Uri.from({
      scheme: COPY_SCHEME,
      // Its own folder name, so that two copies are never one module; its own base name, for servers that look at it.
      path: `/${++this.count}/${original.uri.path.split('/').at(-1) ?? 'copy'}`,
    });
    this.texts.set(uri.toString(), text);
    const opened = await workspace.openTextDocument(uri);
    const document =
      opened.languageId === original.languageId
        ? opened
        : await languages.setTextDocumentLanguage(opened, original.languageId);
    return new DocumentCopy(
      document,
      (text) => {
        this.texts.set(uri.toString(), text);
        this.emitter.fire(uri);
      },
      () => this.texts.delete(uri.toString()),
    );
  }

  dispose(): void {
    this.texts.clear();
    this.emitter.dispose();
  }
}

export class DocumentCopy {
  constructor(
    readonly document: TextDocument,
    private readonly put: (text: string) => void,
    private readonly forget: () => void,
  ) {}

  /** Resolves when the editor has taken it over; false where it does not within a few seconds. */
  async write(text: string): Promise<boolean> {
    const plain = (of: string) => of.replace(/\r\n/g, '\n');
    const wanted = plain(text);
    const isThere = () => plain(this.document.getText()) === wanted;
    if (isThere()) return true;
    return new Promise((resolve) => {
      const listening = workspace.onDidChangeTextDocument(({ document }) => {
        if (document === this.document && isThere()) end(true);
      });
      const timer = setTimeout(() => end(false), 3000);
      const end = (done: boolean) => {
        clearTimeout(timer);
        listening.dispose();
        resolve(done);
      };
      this.put(text);
    });
  }

  /** Leaves an empty text behind, which declares nothing and has no problems. */
  async close(): Promise<void> {
    await this.write('');
    this.forget();
  }
}
