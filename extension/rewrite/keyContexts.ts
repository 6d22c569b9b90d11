// Which keys are for the rewrite that the person looks at: the context keys by which package.json binds them.
import type { TextEditor } from 'vscode';
import { setContext } from '../common/contextKeys';
import type { Rewrite } from './rewrite';

interface Sight {
  readonly editor: TextEditor | undefined;
  /** In the editor, or in a diff editor of ours. */
  readonly rewrite: Rewrite | undefined;
  readonly isInDiff: boolean;
  /** Whether the editor's document has a review to reopen. */
  readonly canReopen: boolean;
}

export function setKeyContexts({ editor, rewrite, isInDiff, canReopen }: Sight): void {
  // For a moment: a key that is pressed again meanwhile is for the next hunk, not for the text.
  if (rewrite?.kind === 'accepting') return;
  setContext('palimpsest.denoising', rewrite?.kind === 'denoising');
  setContext('palimpsest.reviewing', rewrite?.kind === 'reviewing');
  setContext('palimpsest.refused', rewrite?.kind === 'refused');
  setContext('palimpsest.untouched', rewrite?.refusal?.untouched !== undefined);
  setContext('palimpsest.holdsBack', rewrite?.holdsBack === true);
  setContext('palimpsest.severalHunks', (rewrite?.hunks.length ?? 0) > 1);
  setContext('palimpsest.inReviewDiff', isInDiff);
  setContext('palimpsest.canReopen', canReopen);
  setContext('palimpsest.atReview', editor !== undefined && rewrite?.show?.isAt(editor) === true);
  setContext('palimpsest.atGhost', editor !== undefined && rewrite?.show?.isAtGhost(editor) === true);
}
