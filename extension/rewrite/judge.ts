// Ranks answers by how good they look in their place (engine/syntax/judge.ts).
import { ranked } from '../../engine/candidates/quality/verdict';
import type { Flaw } from '../../engine/protocol';
import { qualitiesOf } from '../../engine/syntax/judge';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { applyEdits, inOrder } from '../text/edits';
import type { Candidate, Span } from './state/types';

/** As the engine gives it. */
export interface Judgeable extends Candidate {
  readonly flaws?: readonly Flaw[];
}

/** `text`: the whole document as it was when it was sent, with `places` in it. Best first. */
export async function judged(
  syntax: Pick<SyntaxTrees, 'ask'>,
  document: { readonly text: string; readonly languageId: string },
  spans: readonly Span[],
  candidates: readonly Judgeable[],
): Promise<readonly Candidate[]> {
  const answers = candidates.map(({ texts, flaws = [] }) => ({
    whole: applyEdits(
      document.text,
      inOrder(spans.map(({ start, end, old }, i) => ({ start, end, text: texts[i] ?? old }))),
    ),
    flaws,
  }));
  const qualities = await qualitiesOf(syntax, document, answers);
  return ranked(
    candidates.map(({ texts, source }, i): Candidate => {
      const quality = qualities[i];
      return { texts, ...(quality && { quality }), ...(source && { source }) };
    }),
  );
}
