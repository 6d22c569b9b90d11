// A line that somebody selects is most often nearly right. Before all of it is masked, its least likely word is done again, and what is missing
// at its end is written; what comes of that goes first where the line becomes likelier by it and is whole (docs/decisions/repair-first.md).
import type { TextDocument } from 'vscode';
import { isWorthShowing } from '../../engine/candidates/quality/verdict';
import { EngineError } from '../../engine/errors';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { applyEdits } from '../text/edits';
import type { OffsetRange } from '../text/types';
import { asJudged, type Judgeable, judged } from './judge';
import { completionsOf, endsItsLine, isWhole, LONGEST_END } from './repair/completion';
import { estimateRepair, Repair, type Repairing } from './repairRequest';
import { type Asking, type CandidateSet, type Listening, requestCandidates } from './request';
import type { RewriteRequest, Span } from './state/types';

/** Milliseconds: where a word takes longer, the line is what is waited for. */
const LONGEST = 5000;

/** Undefined: nothing is worth showing, and all of it is to be masked. Rejects with EngineError. */
export async function requestRepairFirst(
  asking: Repairing,
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
  const { millis = Number.POSITIVE_INFINITY, readingMillis = 0 } = estimate;
  // The line is read for, too.
  if (millis - readingMillis > LONGEST || document.getText() !== sent.text) return undefined;
  let readAt: number | undefined;
  const left = () => LONGEST - (readAt === undefined ? 0 : performance.now() - readAt);
  const repair = new Repair(asking, document, sent.text, [span], unseen(listening));
  const line = new WholeLine(asking.syntax, sent, span);
  const steps = [
    async () => {
      await repair.begin();
      readAt = performance.now();
      return repair.withoutSlips(left());
    },
    () => repair.wordsAgain(request.seed),
  ];
  let base = span.old;
  for (const step of steps) {
    const candidates = (left() > 0 ? await orNone(step()) : undefined) ?? [];
    // Who takes the draft means that of the line.
    if (listening.enough?.aborted) return undefined;
    const good = await line.worthShowing(candidates);
    if (good.length > 0) return { spans: [span], candidates: good };
    // What is likelier is what is to be ended.
    if (base === span.old) base = candidates[0]?.texts[0] ?? base;
  }
  if (left() <= 0 || !endsItsLine(sent.text, span) || (await line.isWholeWith(span.old))) return undefined;
  const ends = await orNone(completed(asking, document, span, base, request, listening, sent.text));
  if (listening.enough?.aborted) return undefined;
  // Of what is longer, nobody knows whether it is wanted.
  const [end] = await line.worthShowing(ends ?? []);
  return end && { spans: [span], candidates: [end] };
}

/** The place of a line, and what may come to stand there. */
class WholeLine {
  constructor(
    private readonly syntax: Pick<SyntaxTrees, 'ask'>,
    private readonly sent: ReturnType<typeof asJudged>,
    private readonly span: Span,
  ) {}

  /** Whether nothing is wrong in the line with this text in it. */
  async isWholeWith(fresh: string): Promise<boolean> {
    const { sent, span } = this;
    const text = applyEdits(sent.text, [{ ...span, text: fresh }]);
    const region = { start: span.start, end: span.start + fresh.length };
    return (await this.syntax.ask(text, sent.languageId, (tree) => isWhole(tree, region))) === true;
  }

  /** Those that are whole, and not poor. */
  async worthShowing(candidates: readonly Judgeable[]): Promise<readonly Judgeable[]> {
    if (candidates.length === 0) return [];
    const { sent, span } = this;
    const seen = await judged(this.syntax, sent, [span], candidates);
    const whole: Judgeable[] = [];
    for (const candidate of candidates) {
      const [fresh = span.old] = candidate.texts;
      const quality = seen.find(({ texts }) => texts[0] === fresh)?.quality;
      if (quality !== undefined && isWorthShowing({ quality }) && (await this.isWholeWith(fresh)))
        whole.push(candidate);
    }
    return whole;
  }
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
  return found.candidates.flatMap(({ texts: [whole = base], confidence, ...known }) =>
    completionsOf(base, whole).map((fresh) => ({
      ...known,
      texts: [fresh],
      // What was cut off has its flaws, and how sure the model is of the end says nothing of the line.
      flaws: fresh === whole.trimEnd() ? (known.flaws ?? []) : [],
    })),
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
