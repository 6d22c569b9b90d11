// What somebody selects is most often nearly right. Before all of a line is masked, it is mended: slips are undone, likelier words are tried in place of
// the least likely ones, or what is missing at its end is written. What comes of that goes first where the line is likelier and whole (docs/decisions/repair-first.md).
import type { TextDocument } from 'vscode';
import { EngineError } from '../../engine/errors';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import type { OffsetRange } from '../text/types';
import { asJudged, type Judgeable } from './judge';
import { completionsOf, endsInCutName, endsItsLine, LONGEST_END } from './repair/completion';
import { CUT_GAINS, LINE_GAINS, LINES_GAINS } from './repair/gains';
import { mayBeMisspelt } from './repair/slips';
import { isLookWorth, isWithinLine, LONGEST_LOOK } from './repair/wait';
import { estimateLook, Repair, type Repairing } from './repairRequest';
import { type CandidateSet, type Listening, requestCandidates } from './request';
import type { RewriteRequest, Span, Untouched } from './state/types';
import { WholeLine } from './wholeLine';

/** What a look came to; empty: nobody knows better, and all of it is to be masked. */
export interface Looked {
  readonly candidates?: CandidateSet;
  /** Of one whole line in which all was looked at: what is masked is a guess. */
  readonly untouched?: Untouched;
  /** Nothing is fitted to the model, so nobody could tell a good guess: the line is to be left as it is. */
  readonly isFinal?: true;
}

/** Rejects with EngineError. */
export async function requestRepairFirst(
  asking: Repairing,
  document: TextDocument,
  [span]: readonly Span[],
  request: RewriteRequest,
  listening: Listening,
): Promise<Looked> {
  if (span === undefined) return {};
  const sent = asJudged(document);
  // What is no code has no word that is wrong by itself.
  if (!(await isCode(asking.syntax, sent.text, sent.languageId, span))) return {};
  const estimate = await estimateLook(asking, document, span, request, listening.signal);
  if (
    estimate === undefined ||
    !isLookWorth(estimate, isWithinLine(span)) ||
    document.getText() !== sent.text
  )
    return {};
  const look = new Look(asking, document, sent, span, request, listening);
  try {
    const found = await look.find();
    // Who takes the draft means that of the line.
    if (listening.enough?.aborted) return {};
    if (found.length > 0) return { candidates: { spans: [span], candidates: found } };
    if (look.found === undefined) return {};
    return { untouched: look.found, ...(estimate.isFitted ? {} : { isFinal: true }) };
  } finally {
    look.dispose();
  }
}

/** Step by step, until something is worth showing or time is up. */
class Look {
  private readonly late = new AbortController();
  private readonly line: WholeLine;
  private readonly listening: Listening;
  private timer: NodeJS.Timeout | undefined;
  private isBegun = false;
  /** Of a whole line in which all was looked at, and is likeliest as it stands. */
  found: Untouched | undefined;

  constructor(
    private readonly asking: Repairing,
    private readonly document: TextDocument,
    private readonly sent: ReturnType<typeof asJudged>,
    private readonly span: Span,
    private readonly request: RewriteRequest,
    private readonly outer: Listening,
  ) {
    this.line = new WholeLine(asking.syntax, sent, span);
    const { enough, onBegun, onLooked } = outer;
    this.listening = {
      signal: AbortSignal.any([outer.signal, this.late.signal]),
      // What is behind the line is no picture of it, and its shares are not the line's.
      onStep: () => undefined,
      onScored: (done) => onLooked?.(done),
      ...(enough && { enough }),
      onBegun: () => {
        if (this.isBegun) return;
        this.isBegun = true;
        onBegun?.();
        onLooked?.(0);
      },
    };
  }

  async find(): Promise<readonly Judgeable[]> {
    const { sent, span, line } = this;
    const isLine = isWithinLine(span);
    const repair = new Repair(this.asking, this.document, sent.text, [span], this.listening);
    await this.inTime(async () => {
      await repair.begin(isLine && endsItsLine(sent.text, span));
      return [];
    });
    this.timer = setTimeout(() => this.late.abort(), LONGEST_LOOK);
    const isCutName = isLine && endsInCutName(sent.text, span);
    const gains = isLine ? (isCutName ? CUT_GAINS : LINE_GAINS) : LINES_GAINS;
    const mended = await this.inTime(() => repair.mended(gains));
    const good = await line.worthShowing(mended);
    if (good.length > 0 || !isLine) return good;
    const isAtEnd = endsItsLine(sent.text, span);
    const isCut = isCutName || (isAtEnd && repair.endsTooSoon);
    if (!isCut && (await line.isWholeWith(span.old))) {
      const isUnsuspicious = repair.isUnsuspicious && !mayBeMisspelt(sent.text, span);
      if (repair.isLookedThrough) this.found = isUnsuspicious ? 'unsuspicious' : 'likeliest';
      return [];
    }
    if (!isAtEnd) return [];
    // What is likelier is what is to be ended.
    const base = mended[0]?.texts[0] ?? span.old;
    const ends = await line.worthShowing(await this.inTime(() => this.ended(base)));
    // Of what is longer, nobody knows whether it is wanted.
    return ends.slice(0, 1);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  /** Nothing where time is up or there is no room for it: the line may need less. */
  private async inTime(step: () => Promise<readonly Judgeable[]>): Promise<readonly Judgeable[]> {
    if (this.late.signal.aborted || this.outer.enough?.aborted) return [];
    try {
      return await step();
    } catch (error) {
      const isLate = this.late.signal.aborted && !this.outer.signal.aborted;
      if (isLate || (error instanceof EngineError && error.code === 'out-of-memory')) return [];
      throw error;
    }
  }

  /** `base` with what is missing behind it. */
  private async ended(base: string): Promise<readonly Judgeable[]> {
    const end = { start: base.length, end: base.length };
    const hole = { seed: this.request.seed, texts: [base], words: [[end]], isRepair: true } as const;
    const found = await requestCandidates(
      this.asking,
      this.document,
      [this.span],
      hole,
      this.listening,
      { candidates: 1, strength: 1, maxTokens: LONGEST_END },
      this.sent.text,
    );
    return found.candidates.flatMap(({ texts: [whole = base], confidence, ...known }) =>
      completionsOf(base, whole).map((fresh) => ({
        ...known,
        texts: [fresh],
        // What was cut off has its flaws, and how sure the model is of the end says nothing of the line.
        flaws: fresh === whole.trimEnd() ? (known.flaws ?? []) : [],
        isUnfitted: true as const,
      })),
    );
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
