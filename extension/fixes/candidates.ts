// Which candidates still parse, and change anything at all.

import { isPoorText } from '../../engine/candidates/quality/verdict';
import { bracketRest } from '../../engine/syntax/brackets';
import { declaresAgain, isNoWorse, type SyntaxTree } from '../../engine/syntax/tree';
import type { CandidateSet } from '../rewrite/request';
import { editDistance } from '../text/editDistance';
import { leastEdit } from '../text/edits';
import { loneName, NAME } from '../text/nearNames';
import type { TextEdit } from '../text/types';

/** Of one span: the new text for it, and the whole document with that. */
export interface FixText {
  readonly text: string;
  readonly whole: string;
}

/**
 * The texts for the only span, without those that change nothing, those that parse worse than the old text did, and those that are
 * poor as they stand: a problem is gone with the code that has it, too. `tree`: of the document; undefined in a language without
 * a grammar, where brackets have to do.
 */
export function candidatesOf(
  { spans, candidates }: CandidateSet,
  document: string,
  tree: SyntaxTree | undefined,
): readonly FixText[] {
  const [span] = spans;
  if (span === undefined) return [];
  const { start, end, old } = span;
  const sound = candidates.filter(({ flaws = [] }) => !isPoorText(flaws));
  const fresh = [...new Set(sound.map(({ texts }) => texts[0] ?? old))].filter(
    (text) => text !== old && !(text.trim() === '' && old.match(NAME)),
  );
  return fresh
    .filter((text) => (tree ? parses(tree, start, end, text) : bracketRest(text) === bracketRest(old)))
    .map((text) => ({ text, whole: document.slice(0, start) + text + document.slice(end) }));
}

/**
 * Where a problem points at a name, candidates with a name near to that one come first: what is not known is misspelt more
 * often than it is another thing. `pointedAt`: the text that the problem is about.
 */
export function nearestFirst(
  candidates: readonly FixText[],
  pointedAt: string,
  old: string,
): readonly FixText[] {
  const name = loneName(pointedAt);
  if (name === undefined) return candidates;
  const known = new Set(old.match(NAME));
  const distance = ({ text }: FixText) =>
    Math.min(
      ...(text.match(NAME) ?? []).filter((word) => !known.has(word)).map((word) => editDistance(name, word)),
      // A name that is as far as it is long has nothing to do with it.
      name.length,
    );
  const ranked = candidates.map((candidate) => ({ candidate, distance: distance(candidate) }));
  return ranked.sort((a, b) => a.distance - b.distance).map(({ candidate }) => candidate);
}

function parses(tree: SyntaxTree, start: number, end: number, text: string): boolean {
  const edit: TextEdit = leastEdit(tree.text.slice(start, end), text);
  const edited = tree.edited({ start: edit.start + start, end: edit.end + start, text: edit.text });
  // The time was up: nothing is known, so nothing is held against it.
  if (edited === undefined) return true;
  try {
    const after = edited.faults({ start, end: start + text.length });
    const before = tree.faults({ start, end });
    return isNoWorse(before, after) && !declaresAgain(before, after);
  } finally {
    edited.dispose();
  }
}
