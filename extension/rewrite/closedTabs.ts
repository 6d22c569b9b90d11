// What ends because nobody has it open any more: a review with its diff editor, a rewrite with the last tab of its document, and
// what was interrupted there.
import { type Tab, TabInputText, window } from 'vscode';
import { Disposables } from '../common/disposables';
import type { UnfinishedRewrites } from './interruption/unfinished';
import { reviewUri } from './review/diffEditor';
import type { Rewrite } from './rewrite';
import { isIn, isInTab } from './tabs';

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
  /** What was closed a moment ago. */
  private closed: readonly Tab[] = [];
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
    }
    this.closed = [...this.closed, ...tabs];
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.settle(), SETTLING_MILLIS);
  }

  private settle(): void {
    const { closed } = this;
    this.closed = [];
    // A diff editor that is closed by hand is a no.
    for (const rewrite of this.withoutDiff) {
      if (rewrite.kind === 'reviewing' && !isInTab(reviewUri(rewrite.document))) {
        rewrite.dispatch({ kind: 'reject' });
      }
    }
    this.withoutDiff.clear();
    // What was interrupted there is not wanted any more, either.
    for (const { input } of closed) {
      if (input instanceof TabInputText && !isInTab(input.uri))
        this.open.unfinished.end(input.uri.toString());
    }
    // The editor keeps a document for a while when its last tab is gone; nobody looks at the rewrite any more. One that was in none of
    // these may be in a peek view, or in a tab of a kind that the API does not tell of.
    for (const rewrite of this.open.all()) {
      const { uri } = rewrite.document;
      if (isIn(closed, uri) && !isInTab(uri)) rewrite.dispatch({ kind: 'closed' });
    }
  }
}
