// A line that somebody selects is most often nearly right. Before all of it is masked, its least likely word is done again; what comes of that
// goes first where the line becomes likelier by it and is whole (docs/decisions/repair-first.md).
import type { TextDocument } from 'vscode';
import { isWorthShowing } from '../../engine/candidates/quality/verdict';
import { EngineError } from '../../engine/errors';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import type { SyntaxTree } from '../../engine/syntax/tree';
import { applyEdits } from '../text/edits';
import type { OffsetRange } from '../text/types';
import { asJudged, judged } from './judge';
import { estimateRepair, requestRepair } from './repairRequest';
import type { Asking, CandidateSet, Listening } from './request';
import type { RewriteRequest, Span } from './state/types';

/** Milliseconds: where a word takes longer, the line is what is waited for. */
const LONGEST = 5000;

type Services = Asking & { readonly syntax: Pick<SyntaxTrees, 'ask'> };

/** Undefined: nothing is worth showing, and all of it is to be masked. Rejects with EngineError. */
export async function requestRepairFirst(
  asking: Services,
  document: TextDocument,
  [span]: readonly Span[],
  request: RewriteRequest,
  listening: Listening,
): Promise<CandidateSet | undefined> {
  if (span === undefined) return undefined;
  const sent = asJudged(document);
  // What is no code has no word that is wrong by itself.
  if (!(await isCode(asking.syntax, sent.text, sent.languageId, span))) return undefined;
  const estimate = await estimateRepair(asking, document, [span], request, listening.signal);
  const { millis = Number.POSITIVE_INFINITY } = estimate;
  if (millis > LONGEST || document.getText() !== sent.text) return undefined;
  const found = await repaired(asking, document, span, request, listening);
  // Who takes the draft means that of the line.
  if (found === undefined || listening.enough?.aborted) return undefined;
  const seen = await judged(asking.syntax, sent, [span], found.candidates);
  const whole: CandidateSet['candidates'][number][] = [];
  for (const candidate of found.candidates) {
    const [fresh = span.old] = candidate.texts;
    const quality = seen.find(({ texts }) => texts[0] === fresh)?.quality;
    if (quality === undefined || !isWorthShowing({ quality })) continue;
    const text = applyEdits(sent.text, [{ ...span, text: fresh }]);
    const region = { start: span.start, end: span.start + fresh.length };
    if (await asking.syntax.ask(text, sent.languageId, (tree) => isWhole(tree, region)))
      whole.push(candidate);
  }
  return whole.length > 0 ? { spans: found.spans, candidates: whole } : undefined;
}

/** Undefined where there is no room for it: the line may need less. */
async function repaired(
  asking: Asking,
  document: TextDocument,
  span: Span,
  request: RewriteRequest,
  { signal, enough, onBegun }: Listening,
): Promise<CandidateSet | undefined> {
  // A word alone is no picture of the line, and its shares are not the line's.
  const listening = {
    signal,
    onStep: () => undefined,
    ...(enough && { enough }),
    ...(onBegun && { onBegun }),
  };
  try {
    return await requestRepair(asking, document, [span], request, listening);
  } catch (error) {
    if (error instanceof EngineError && error.code === 'out-of-memory') return undefined;
    throw error;
  }
}

async function isCode(
  syntax: Pick<SyntaxTrees, 'ask'>,
  text: string,
  languageId: string,
  { start, end }: OffsetRange,
): Promise<boolean> {
  const isProse = await syntax.ask(text, languageId, (tree) =>
    tree.prose({ start, end }).some((piece) => piece.start <= start && end <= piece.end),
  );
  return isProse === false;
}

/** Of a line that is half written, a word is not what is missing. */
function isWhole(tree: SyntaxTree, region: OffsetRange): boolean {
  const { inRegion, misindented, misplaced } = tree.faults(region);
  return inRegion + misindented + misplaced === 0;
}
