// What ends because nobody has it open any more: a review with its diff editor, a rewrite with the last tab of its document, and
// what was interrupted there.
import { type Tab, TabInputText, type Uri, window } from 'vscode';
import { Disposables } from '../common/disposables';
import type { UnfinishedRewrites } from './interruption/unfinished';
import { reviewUri } from './review/diffEditor';
import type { Rewrite } from './rewrite';
import { isInTab } from './tabs';

/** Milliseconds in which a tab has arrived where it was moved to. */
const SETTLING_MILLIS = 100;

export interface OpenRewrites {
  readonly all: () => readonly Rewrite[];
  /** The one whose diff editor a tab is. */
  readonly inDiff: (input: unknown) => Rewrite | undefined;
  readonly unfinished: UnfinishedRewrites;
}

export class ClosedTabs {
  private readonly owned = new Disposables();
  /** Whose diff editor was closed a moment ago. */
  private readonly withoutDiff = new Set<Rewrite>();
  /** Files whose tab was closed a moment ago. */
  private readonly closed = new Set<Uri>();
  private settling: NodeJS.Timeout | undefined;

  constructor(private readonly open: OpenRewrites) {
    this.owned.add(
      window.tabGroups.onDidChangeTabs(({ closed }) => {
        if (closed.length > 0) this.noted(closed);
      }),
    );
  }

  dispose(): void {
    clearTimeout(this.settling);
    this.owned.dispose();
  }

  /** A tab that moves to another group is closed in its own before it is opened there. */
  private noted(tabs: readonly Tab[]): void {
    for (const { input } of tabs) {
      const rewrite = this.open.inDiff(input);
      if (rewrite !== undefined) this.withoutDiff.add(rewrite);
      if (input instanceof TabInputText) this.closed.add(input.uri);
    }
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.settle(), SETTLING_MILLIS);
  }

  private settle(): void {
    // A diff editor that is closed by hand is a no.
    for (const rewrite of this.withoutDiff) {
      if (rewrite.kind === 'reviewing' && !isInTab(reviewUri(rewrite.document))) {
        rewrite.dispatch({ kind: 'reject' });
      }
    }
    this.withoutDiff.clear();
    // What was interrupted there is not wanted any more, either.
    for (const uri of this.closed) if (!isInTab(uri)) this.open.unfinished.end(uri.toString());
    this.closed.clear();
    // The editor keeps a document for a while when its last tab is gone; nobody looks at the rewrite any more.
    for (const rewrite of this.open.all()) {
      if (!isInTab(rewrite.document.uri)) rewrite.dispatch({ kind: 'closed' });
    }
  }
}
