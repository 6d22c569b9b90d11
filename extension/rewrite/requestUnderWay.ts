// What a rewrite asks of the engine: made once it may take its time, ended once it takes too long, its answers sifted and judged.
import type { TextDocument } from 'vscode';
import { toEngineError } from '../../engine/errors';
import type { DenoiseStepEvent } from '../../engine/protocol';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import type { OffsetRange } from '../text/types';
import type { Reporter } from './announce/reporter';
import type { DenoiseShow } from './denoise/controller';
import { asJudged, judged } from './judge';
import { decideWhereLong } from './longWait';
import { ReadingTime } from './readingTime';
import { repairsFirst } from './repair/first';
import { type Looked, requestRepairFirst } from './repairFirst';
import { estimateRepair, requestRepair } from './repairRequest';
import { type Asking, type CandidateSet, estimateCandidates, requestCandidates } from './request';
import type { RewriteEvent, RewriteState } from './state/transitions';
import type { RewriteRequest, Span, Wanted } from './state/types';
import { wantedBy } from './state/wanted';
import { afterTimeLeft } from './tryLimit';

/** What is worth showing of another seed's candidates. */
export type Sift = (candidates: CandidateSet, signal: AbortSignal) => Promise<CandidateSet>;

/** The rewrite that asks. */
interface Asker {
  readonly denoise: DenoiseShow;
  readonly reporter: Reporter;
  readonly state: () => RewriteState;
  readonly dispatch: (event: RewriteEvent) => void;
  /** The document has changed meanwhile. */
  readonly lookAgain: () => void;
  readonly inPieces: (ranges: readonly OffsetRange[], wanted: Wanted, lines: number) => void;
}

export class RequestUnderWay {
  /** Where others have begun the review. */
  sift: Sift | undefined;
  /** Milliseconds of the longest wait that a person has agreed to here, or has had; 0: none. */
  known = 0;
  /** The text of each span as it was sent last. */
  sent: readonly string[] = [];
  private controller: AbortController | undefined;
  private taking: AbortController | undefined;

  constructor(
    private readonly document: TextDocument,
    private readonly services: Asking & { readonly syntax: SyntaxTrees },
    private readonly rewrite: Asker,
  ) {}

  abort(): void {
    this.controller?.abort();
  }

  /** The engine takes what it has after the step that runs. */
  enough(): void {
    this.taking?.abort();
  }

  /** Does nothing where no rewrite waits for an answer. */
  async ask(request: RewriteRequest): Promise<void> {
    const { document, services } = this;
    const { denoise, reporter, dispatch } = this.rewrite;
    const spans = this.spans();
    if (spans === undefined) return;
    const controller = new AbortController();
    const enough = new AbortController();
    const { signal } = controller;
    this.controller = controller;
    this.taking = enough;
    this.sent = spans.map(({ old }, i) => request.texts?.[i] ?? old);
    denoise.begin();
    reporter.begun(spans.length);
    const limit = afterTimeLeft(request, signal, () => dispatch({ kind: 'late' }));
    const reading = new ReadingTime();
    try {
      const listening = {
        signal,
        enough: enough.signal,
        onBegun: denoise.begun.bind(denoise),
        onScored: denoise.scored.bind(denoise),
        onLooked: denoise.looked.bind(denoise),
        onRead: (done: number, remainingMillis?: number) => {
          reading.goesOn();
          denoise.read(done, remainingMillis);
        },
        onCompared: denoise.compared.bind(denoise),
        onStep: (event: DenoiseStepEvent) => {
          reading.end();
          denoise.stepped(event);
        },
      };
      if (!(await this.mayTakeItsTime(request, signal))) return;
      // Somebody may have typed elsewhere while they were asked.
      let sent = this.take();
      let begunAt = performance.now();
      reading.begin(begunAt);
      const looked: Looked = this.repairsFirst(sent.spans, request)
        ? await requestRepairFirst(services, document, sent.spans, request, listening)
        : {};
      if (signal.aborted) return;
      const { candidates: mended, untouched: guess, isFinal } = looked;
      if (guess !== undefined && isFinal) {
        dispatch({ kind: 'untouched', spans: sent.spans, why: guess });
        return;
      }
      if (mended === undefined && !request.isRepair) {
        sent = this.take();
        // A later try does no word again.
        begunAt = performance.now();
        reading.begin(begunAt);
      }
      const ask = request.isRepair ? requestRepair : requestCandidates;
      const candidates = mended ?? (await ask(services, document, sent.spans, request, listening));
      // Who steers by hand gets what they steered for.
      const isSteered = request.words !== undefined || request.pinned !== undefined;
      const sifted = isSteered || !this.sift ? candidates : await this.sift(candidates, signal);
      const judgedOnes = await judged(services.syntax, sent, sifted.spans, sifted.candidates);
      if (signal.aborted) return;
      const millis = performance.now() - begunAt;
      this.known = Math.max(this.known, millis);
      const { millis: readMillis } = reading;
      dispatch({
        ...{ kind: 'answered', spans: sifted.spans, candidates: judgedOnes, millis, readMillis },
        ...(mended === undefined ? {} : { isRepaired: true }),
        ...(guess === undefined ? {} : { guess }),
      });
      if (document.getText() !== sent.text) this.rewrite.lookAgain();
    } catch (error) {
      if (!signal.aborted) dispatch({ kind: 'failed', error: toEngineError(error) });
    } finally {
      limit?.dispose();
    }
  }

  /** What is sent, as it is now. */
  private take() {
    this.rewrite.dispatch({ kind: 'sent' });
    return { ...asJudged(this.document), spans: this.spans() ?? [] };
  }

  private repairsFirst(spans: readonly Span[], request: RewriteRequest): boolean {
    const state = this.rewrite.state();
    return repairsFirst(spans, request, state.kind === 'denoising' && state.earlier !== undefined);
  }

  /** Whether the request is to be made: one that would take more than a minute is asked about first. */
  private async mayTakeItsTime(request: RewriteRequest, signal: AbortSignal): Promise<boolean> {
    const { document, services, known } = this;
    const { denoise, reporter, dispatch, inPieces } = this.rewrite;
    const state = this.rewrite.state();
    // A later try ends by itself before that (afterTimeLeft).
    if (state.kind !== 'denoising' || request.tries !== undefined) return true;
    const { spans, earlier } = state;
    const { isRepair = false } = request;
    const lines = this.sent.reduce((sum, text) => sum + text.split('\n').length, 0);
    const text = document.getText();
    const estimated = isRepair ? estimateRepair : estimateCandidates;
    const decision = await decideWhereLong({
      ...{ text, ranges: spans, lines, request, signal, known },
      // A repair masks a word of the whole, and beside a review there is no place for a piece.
      isDivisible: !isRepair && earlier === undefined,
      estimate: async (ranges) => {
        const parts = ranges.map(({ start, end }) => ({ start, end, old: text.slice(start, end) }));
        return (await estimated(services, document, parts, request, signal)).millis;
      },
      asks: () => denoise.waitForChoice(),
    });
    if (decision === undefined) return false;
    const { choice, millis, wasAsked, piece } = decision;
    if (choice === 'anyway') {
      if (wasAsked) {
        this.known = Math.max(this.known, millis ?? 0);
        reporter.goesOn();
      }
      // Of a repair, its steps are told one after the other.
      if (millis !== undefined && !isRepair) denoise.expect(millis);
      return true;
    }
    // Where they stand by now: somebody may have typed elsewhere while the question was on the screen.
    const ranges = this.spans() ?? [];
    dispatch({ kind: 'cancel' });
    if (choice === 'pieces' && piece !== undefined)
      inPieces(ranges, wantedBy(request).wanted ?? {}, piece.lines);
    return false;
  }

  /** Where they stand by now; undefined: nothing waits for an answer. */
  private spans(): readonly Span[] | undefined {
    const state = this.rewrite.state();
    return state.kind === 'denoising' ? state.spans : undefined;
  }
}
