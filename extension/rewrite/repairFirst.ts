// A line that somebody selects is most often nearly right. Before all of it is masked, its least likely word is done again, and what is missing
// at its end is written; what comes of that goes first where the line becomes likelier by it and is whole (docs/decisions/repair-first.md).
import type { TextDocument } from 'vscode';
import { isWorthShowing } from '../../engine/candidates/quality/verdict';
import { EngineError } from '../../engine/errors';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { applyEdits } from '../text/edits';
import type { OffsetRange } from '../text/types';
import { asJudged, judged } from './judge';
import { completionsOf, endsItsLine, isWhole } from './repair/completion';
import { estimateRepair, requestRepair } from './repairRequest';
import { type Asking, type CandidateSet, type Listening, requestCandidates } from './request';
import type { RewriteRequest, Span } from './state/types';

/** Milliseconds: where a word takes longer, the line is what is waited for. */
const LONGEST = 5000;
/** Tokens: the end of a line. */
const LONGEST_END = 32;

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
  const isWholeWith = async (fresh: string) => {
    const text = applyEdits(sent.text, [{ ...span, text: fresh }]);
    const region = { start: span.start, end: span.start + fresh.length };
    return (await asking.syntax.ask(text, sent.languageId, (tree) => isWhole(tree, region))) === true;
  };
  const isOpen = endsItsLine(sent.text, span) && !(await isWholeWith(span.old));
  const good = async (candidates: CandidateSet['candidates']): Promise<CandidateSet | undefined> => {
    // Who takes the draft means that of the line.
    if (candidates.length === 0 || listening.enough?.aborted) return undefined;
    const seen = await judged(asking.syntax, sent, [span], candidates);
    const whole: CandidateSet['candidates'][number][] = [];
    for (const candidate of candidates) {
      const [fresh = span.old] = candidate.texts;
      const quality = seen.find(({ texts }) => texts[0] === fresh)?.quality;
      if (quality === undefined || !isWorthShowing({ quality })) continue;
      if (await isWholeWith(fresh)) whole.push(candidate);
    }
    return whole.length > 0 ? { spans: [span], candidates: whole } : undefined;
  };
  const found = await orNone(requestRepair(asking, document, [span], request, unseen(listening)));
  const repaired = await good(found?.candidates ?? []);
  if (repaired !== undefined || !isOpen || listening.enough?.aborted) return repaired;
  // What is there to be ended is what is likelier.
  const base = found?.candidates[0]?.texts[0] ?? span.old;
  const ends = await orNone(completed(asking, document, span, base, request, listening, sent.text));
  const ended = await good(ends ?? []);
  // Of what is longer, nobody knows whether it is wanted.
  return ended && { ...ended, candidates: ended.candidates.slice(0, 1) };
}

/** A word alone is no picture of the line, and its shares are not the line's. */
function unseen({ signal, enough, onBegun }: Listening): Listening {
  return {
    ...{ signal, onStep: () => undefined },
    ...(enough && { enough }),
    ...(onBegun && { onBegun }),
  };
}

/** `base` with what is missing behind it. */
async function completed(
  asking: Asking,
  document: TextDocument,
  span: Span,
  base: string,
  { seed }: RewriteRequest,
  listening: Listening,
  text: string,
): Promise<CandidateSet['candidates']> {
  const end = { start: base.length, end: base.length };
  const hole = { seed, texts: [base], words: [[end]], isRepair: true } as const;
  const sampling = { candidates: 1, strength: 1, maxTokens: LONGEST_END };
  const found = await requestCandidates(asking, document, [span], hole, unseen(listening), sampling, text);
  return found.candidates.flatMap((candidate) =>
    completionsOf(base, candidate.texts[0] ?? base).map((fresh) => ({ ...candidate, texts: [fresh] })),
  );
}

/** Undefined where there is no room for it: the line may need less. */
async function orNone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
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
