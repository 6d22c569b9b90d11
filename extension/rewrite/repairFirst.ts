// A line that somebody selects is most often nearly right. Before all of it is masked, its least likely word is done again; what comes of that
// goes first where the line becomes likelier by it and is whole (docs/decisions/fixes-and-suspicion.md).
import type { TextDocument } from 'vscode';
import { isWorthShowing } from '../../engine/candidates/quality/verdict';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { applyEdits } from '../text/edits';
import { judged } from './judge';
import { requestRepair } from './repairRequest';
import type { Asking, CandidateSet, Listening } from './request';
import type { RewriteRequest, Span } from './state/types';

/** Undefined: nothing is worth showing, and all of it is to be masked. Rejects where `signal` was aborted. */
export async function requestRepairFirst(
  asking: Asking & { readonly syntax: Pick<SyntaxTrees, 'ask'> },
  document: TextDocument,
  spans: readonly Span[],
  request: RewriteRequest,
  listening: Listening,
): Promise<CandidateSet | undefined> {
  const { text, languageId } = { text: document.getText(), languageId: document.languageId };
  try {
    // A word alone is no picture of the line.
    const told = { ...listening, onStep: () => undefined };
    const found = await requestRepair(asking, document, spans, request, told);
    const seen = await judged(asking.syntax, { text, languageId }, spans, found.candidates);
    const whole: CandidateSet['candidates'][number][] = [];
    for (const candidate of found.candidates) {
      const quality = seen.find(({ texts }) => texts[0] === candidate.texts[0])?.quality;
      if (quality === undefined || !isWorthShowing({ quality })) continue;
      if (await isWhole(asking.syntax, { text, languageId }, spans, candidate.texts)) whole.push(candidate);
    }
    return whole.length > 0 ? { spans: found.spans, candidates: whole } : undefined;
  } catch (error) {
    // A server that gives no scores, or no room for them: what is asked for all the same says what is wrong.
    if (listening.signal.aborted) throw error;
    return undefined;
  }
}

/** Whether the line has no fault: of one that is half written, a word is not what is missing. */
async function isWhole(
  syntax: Pick<SyntaxTrees, 'ask'>,
  { text, languageId }: { readonly text: string; readonly languageId: string },
  spans: readonly Span[],
  texts: readonly string[],
): Promise<boolean> {
  const [span] = spans;
  if (span === undefined) return false;
  const { start, end } = span;
  const fresh = texts[0] ?? span.old;
  const whole = applyEdits(text, [{ start, end, text: fresh }]);
  const region = { start, end: start + fresh.length };
  const faults = await syntax.ask(whole, languageId, (tree) => tree.faults(region));
  return faults === undefined || faults.inRegion + faults.misindented + faults.misplaced === 0;
}
