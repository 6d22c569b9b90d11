// Looks at answers before anybody sees them: each is parsed in its place, by the grammar that read the old text.
import type { Flaw } from '../../engine/protocol';
import type { SyntaxTrees } from '../syntax/syntaxTrees';
import { isNoWorse, type SyntaxTree } from '../syntax/tree';
import { applyEdits, inOrder, leastEdit } from '../text/edits';
import { type Parses, qualityOf, ranked } from './quality/verdict';
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
        const parses = tree === undefined ? 'unknown' : parsesWith(tree, applyEdits(text, edits));
        return { texts, quality: qualityOf(flaws, parses), ...(source === undefined ? {} : { source }) };
      }),
    );
  return (await syntax.ask(text, languageId, look)) ?? look(undefined);
}

function parsesWith(tree: SyntaxTree, whole: string): Parses {
  const edit = leastEdit(tree.text, whole);
  const edited = tree.edited(edit);
  if (edited === undefined) return 'unknown';
  try {
    const { start, end, text } = edit;
    const after = edited.faults({ start, end: start + text.length });
    return isNoWorse(tree.faults({ start, end }), after) ? 'yes' : 'no';
  } finally {
    edited.dispose();
  }
}
