// Looks at answers before anybody sees them: each is parsed in its place, by the grammar that read the old text.
import type { Flaw } from '../../engine/protocol';
import type { SyntaxTrees } from '../syntax/syntaxTrees';
import { declaresAgain, isNoWorse, type SyntaxTree } from '../syntax/tree';
import { applyEdits, inOrder, leastEdit } from '../text/edits';
import { qualityOf, type Reading, ranked } from './quality/verdict';
import type { Candidate, Span } from './state/types';

/** As the engine gives it. */
export interface Judgeable extends Candidate {
  readonly flaws?: readonly Flaw[];
}

/** `text`: the whole document as it was when it was sent, with `places` in it. Best first. */
export async function judged(
  syntax: Pick<SyntaxTrees, 'ask'>,
  { text, languageId }: { readonly text: string; readonly languageId: string },
  spans: readonly Span[],
  candidates: readonly Judgeable[],
): Promise<readonly Candidate[]> {
  if (candidates.length === 0) return [];
  const look = (tree: SyntaxTree | undefined) =>
    ranked(
      candidates.map(({ texts, flaws = [], source }): Candidate => {
        const edits = inOrder(spans.map(({ start, end, old }, i) => ({ start, end, text: texts[i] ?? old })));
        const reading = tree === undefined ? UNKNOWN : readingWith(tree, applyEdits(text, edits));
        return { texts, quality: qualityOf(flaws, reading), ...(source === undefined ? {} : { source }) };
      }),
    );
  return (await syntax.ask(text, languageId, look)) ?? look(undefined);
}

const UNKNOWN: Reading = { parses: 'unknown', declaresAgain: false };

function readingWith(tree: SyntaxTree, whole: string): Reading {
  const edit = leastEdit(tree.text, whole);
  const edited = tree.edited(edit);
  if (edited === undefined) return UNKNOWN;
  try {
    const { start, end, text } = edit;
    const before = tree.faults({ start, end });
    const after = edited.faults({ start, end: start + text.length });
    return {
      parses: isNoWorse(before, after) ? 'yes' : 'no',
      declaresAgain: declaresAgain(before, after),
    };
  } finally {
    edited.dispose();
  }
}
