// Commands on rewrites, by the names that the manifest's commands are registered under.
import type { Rewrite } from './rewrite';

/** What a command does to the rewrite that a person looks at; `which`: a hunk; `isPointed`: it was clicked. */
export const ACTIONS = {
  accept: (rewrite) => rewrite.accept(),
  reject: (rewrite) => rewrite.dispatch({ kind: 'reject' }),
  cancel: (rewrite) => rewrite.dispatch({ kind: 'cancel' }),
  take: (rewrite) => rewrite.dispatch({ kind: 'take' }),
  next: (rewrite) => rewrite.dispatch({ kind: 'next' }),
  previous: (rewrite) => rewrite.dispatch({ kind: 'previous' }),
  showAnyway: (rewrite) => rewrite.dispatch({ kind: 'show-anyway' }),
  again: (rewrite) => rewrite.dispatch({ kind: 'again' }),
  acceptHunk: (rewrite, which, isPointed) =>
    isPointed ? rewrite.parts.acceptPointed(which) : rewrite.parts.accept(which),
  rejectHunk: (rewrite, which) => rewrite.parts.reject(which),
  nextHunk: (rewrite) => rewrite.parts.step(1),
  previousHunk: (rewrite) => rewrite.parts.step(-1),
  showNewLines: (rewrite) => rewrite.show?.showGhost(),
  pin: (rewrite) => rewrite.parts.pin(),
  remask: (rewrite) => rewrite.parts.remask(),
} satisfies Record<
  string,
  (rewrite: Rewrite, which: number | undefined, isPointed: boolean) => void | Promise<void>
>;

export type RewriteAction = keyof typeof ACTIONS;
