// The review in a diff editor, for what decorations cannot show well. Its right side is a document that exists nowhere
// else, so the file, its diagnostics and its undo stack do not know of it.
import {
  commands,
  type Event,
  EventEmitter,
  type Tab,
  type TabGroups,
  TabInputNotebook,
  TabInputText,
  TabInputTextDiff,
  type TextDocument,
  type TextDocumentContentProvider,
  Uri,
  type ViewColumn,
  window,
} from 'vscode';
import { notebookOf } from '../../documents/notebookOf';

export const DIFF_SCHEME = 'palimpsest-rewrite';

export class DiffReviews implements TextDocumentContentProvider {
  private readonly texts = new Map<string, string>();
  private readonly closing = new Map<string, Promise<void>>();
  /** Diff editors of somebody else, Git's for instance, that the person was in before; by review. */
  private readonly cameFrom = new Map<string, Tab>();
  private opening: Thenable<unknown> | undefined;
  private readonly emitter = new EventEmitter<Uri>();
  readonly onDidChange: Event<Uri> = this.emitter.event;

  provideTextDocumentContent(uri: Uri): string {
    return this.texts.get(uri.toString()) ?? '';
  }

  /** Brings the diff editor up to date; opens it, or brings it to the front, where `open` or it was not there. */
  async show(document: TextDocument, text: string, title: string, open: boolean): Promise<void> {
    const uri = reviewUri(document);
    const known = this.texts.get(uri.toString());
    this.texts.set(uri.toString(), text);
    if (known !== undefined && known !== text) this.emitter.fire(uri);
    if (!open && known !== undefined) return;
    const { activeTab } = window.tabGroups.activeTabGroup;
    if (activeTab !== undefined && !isDiffOf(uri, activeTab)) {
      if (isComparisonOf(document, activeTab)) this.cameFrom.set(uri.toString(), activeTab);
      else this.cameFrom.delete(uri.toString());
    }
    // A preview would take the place of the document's own tab.
    const opening = commands.executeCommand('vscode.diff', document.uri, uri, title, { preview: false });
    this.opening = opening.then(undefined, () => undefined);
    await opening;
    // The review was over before its editor was there.
    if (!this.texts.has(uri.toString())) await closeTabs(uri, window.tabGroups);
  }

  isOpen(document: TextDocument): boolean {
    return this.texts.has(reviewUri(document).toString());
  }

  /**
   * Whoever looked at the diff editor finds the document itself in front, with the focus: undo means that one now. Somebody
   * else's diff editor, where it was in one.
   */
  async close(document: TextDocument, groups: TabGroups): Promise<void> {
    const uri = reviewUri(document);
    if (this.texts.delete(uri.toString()))
      this.closing.set(uri.toString(), this.leave(document, uri, groups));
    await this.closing.get(uri.toString());
  }

  /** Resolves when no diff editor is on its way: of two editors that open at once the first one fails. */
  async settled(): Promise<void> {
    await this.opening;
  }

  private async leave(document: TextDocument, uri: Uri, groups: TabGroups): Promise<void> {
    await this.settled();
    const { activeTab, viewColumn } = groups.activeTabGroup;
    const comparison = this.cameFrom.get(uri.toString());
    this.cameFrom.delete(uri.toString());
    try {
      if (activeTab !== undefined && isDiffOf(uri, activeTab) && !document.isClosed)
        await bringToFront(document, viewColumn, comparison);
    } catch {
      // Somebody opened another editor at the same moment: that is where they are now.
    }
    await closeTabs(uri, groups);
    this.closing.delete(uri.toString());
  }

  dispose(): void {
    this.texts.clear();
    this.cameFrom.clear();
    this.emitter.dispose();
  }
}

async function closeTabs(uri: Uri, groups: TabGroups): Promise<void> {
  const tabs = groups.all.flatMap((group) => group.tabs).filter((tab) => isDiffOf(uri, tab));
  if (tabs.length > 0) await groups.close(tabs, true);
}

function isDiffOf(uri: Uri, { input }: Tab): boolean {
  return input instanceof TabInputTextDiff && input.modified.toString() === uri.toString();
}

/** Whether the person is in the diff editor of the document's review. */
export function isReviewInFront(document: TextDocument): boolean {
  const { activeTab } = window.tabGroups.activeTabGroup;
  return activeTab !== undefined && isDiffOf(reviewUri(document), activeTab);
}

/** Whether a tab shows the document beside another one. */
function isComparisonOf({ uri }: TextDocument, { input }: Tab): boolean {
  if (!(input instanceof TabInputTextDiff)) return false;
  return [input.original, input.modified].some((side) => side.toString() === uri.toString());
}

/** The tab that shows the same two documents. */
function stillOpen({ input }: Tab): Tab | undefined {
  if (!(input instanceof TabInputTextDiff)) return undefined;
  return window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .find(
      ({ input: other }) =>
        other instanceof TabInputTextDiff &&
        other.original.toString() === input.original.toString() &&
        other.modified.toString() === input.modified.toString(),
    );
}

/**
 * In the `comparison` that it was in, if that is there still; else in the group that has it, else in `viewColumn`. A notebook's
 * cell is shown by its notebook.
 */
async function bringToFront(
  document: TextDocument,
  viewColumn: ViewColumn,
  comparison: Tab | undefined,
): Promise<void> {
  const tab = comparison && stillOpen(comparison);
  if (tab?.input instanceof TabInputTextDiff) {
    const { original, modified } = tab.input;
    const shown = { viewColumn: tab.group.viewColumn, preview: tab.isPreview };
    await commands.executeCommand('vscode.diff', original, modified, tab.label, shown);
    return;
  }
  const notebook = notebookOf(document.uri);
  const key = (notebook ?? document).uri.toString();
  const holding = window.tabGroups.all.filter(({ tabs }) =>
    tabs.some(
      ({ input }) =>
        (input instanceof TabInputText || input instanceof TabInputNotebook) && input.uri.toString() === key,
    ),
  );
  const group = holding.find((one) => one.viewColumn === viewColumn) ?? holding[0];
  const options = { viewColumn: group?.viewColumn ?? viewColumn, preview: false };
  if (notebook === undefined) await window.showTextDocument(document, options);
  else await window.showNotebookDocument(notebook, options);
}

/** The document's own address in the query tells whose review it is; its path keeps name and language. */
export function reviewUri(document: TextDocument): Uri {
  return Uri.from({
    scheme: DIFF_SCHEME,
    path: `/${document.uri.path.replace(/^\/+/, '')}`,
    query: document.uri.toString(),
  });
}

/** The address of the document that is reviewed, for either side of the diff editor. */
export function reviewedUri(uri: Uri): string {
  return uri.scheme === DIFF_SCHEME ? uri.query : uri.toString();
}
