// A quick fix from the choice in the menu to the review: masks what is around the diagnostic, denoises, sorts out what
// does not parse or does not help, and shows the rest as the ghost diff of a rewrite.
import { type Diagnostic, l10n, type TextDocument, type TextEditor, window } from 'vscode';
import { type EngineError, toEngineError } from '../../engine/errors';
import type { DenoiseStepEvent } from '../../engine/protocol';
import { setContext } from '../common/contextKeys';
import { Throttle } from '../common/throttle';
import { RecordedChanges } from '../documents/recordedChanges';
import { sayReading, saySteps } from '../rewrite/denoise/wait';
import { judged } from '../rewrite/judge';
import { LONGEST_LOOK } from '../rewrite/repair/wait';
import { estimateLook, requestMended } from '../rewrite/repairRequest';
import { type Asking, type CandidateSet, requestCandidates, type Sampling } from '../rewrite/request';
import type { Rewrite } from '../rewrite/rewrite';
import type { Rewrites } from '../rewrite/rewriteManager';
import type { Span, Wanted } from '../rewrite/state/types';
import { rewriteSettings } from '../settings';
import { shortened } from '../text/shortened';
import { LEAST_SHOWN_MILLIS, withPatience } from '../ui/delayedProgress';
import { say, unsay } from '../ui/statusMessage';
import { instructionFor } from './problem';
import { type Sifted, Trial, type TrialServices } from './trial';
import { agreedWait } from './wait';

export interface FixerServices extends Asking, TrialServices {
  readonly rewrites: Rewrites;
  readonly fail: (error: EngineError) => void;
}

/** How a fix ended; tests look at it. */
export type FixOutcome = 'shown' | 'unchecked' | 'none' | 'changed' | 'cancelled' | 'failed';

/** A problem, and what a model is told of it. */
interface Sought {
  readonly diagnostic: Diagnostic;
  readonly wanted: Wanted;
}

interface Search {
  readonly found: Sifted;
  readonly span?: Span;
  /** Milliseconds of the longest wait for answers that a person has agreed to, or has had. */
  readonly known: number;
}

/** Milliseconds between two words about the progress. */
const REPORT_MILLIS = 100;

/** Each is shown to the language server. */
const MOST_MENDED = 4;
/** More of them than a rewrite makes: most are thrown away before anybody sees them. */
const LEAST_CANDIDATES = 4;

export class Fixer {
  private running: AbortController | undefined;
  private turns = 0;
  private saying: NodeJS.Timeout | undefined;

  constructor(private readonly services: FixerServices) {}

  /** To be taken when a person asks: what is checked before a fix may end in another order than it began. */
  turn(): number {
    return ++this.turns;
  }

  /** Of a document that may be read. A fix that is still looked for is given up for one whose `turn` is later. */
  async fix(editor: TextEditor, diagnostic: Diagnostic, turn: number): Promise<FixOutcome> {
    if (turn < this.turns) return 'cancelled';
    const { document } = editor;
    this.running?.abort();
    const controller = new AbortController();
    this.running = controller;
    const changes = new RecordedChanges(document);
    // As the text is now: the diagnostic's range does not follow what is typed meanwhile.
    const sought: Sought = { diagnostic, wanted: wantedFor(document, diagnostic) };
    // What was said of the last one is not of this one. No search is over before a person could see that it goes on.
    unsay();
    setContext('palimpsest.fixing', true);
    clearTimeout(this.saying);
    const title = l10n.t('Palimpsest: looking for a fix');
    const begunAt = performance.now();
    let isCancelled = false;
    try {
      const { signal } = controller;
      const search = await withPatience({ title, signal, patience: 0 }, (inner, report) => {
        inner.addEventListener('abort', () => {
          isCancelled = true;
        });
        return this.search(document, changes, sought, inner, report);
      });
      if (isCancelled || search === undefined) return 'cancelled';
      return this.show(editor, changes, sought, { ...search, begunAt });
    } catch (error) {
      if (isCancelled) return 'cancelled';
      this.services.fail(toEngineError(error));
      return 'failed';
    } finally {
      changes.dispose();
      if (this.running === controller) {
        this.running = undefined;
        setContext('palimpsest.fixing', false);
      }
    }
  }

  dispose(): void {
    clearTimeout(this.saying);
    this.running?.abort();
  }

  /** What it finds is about the text as it is when it begins. Undefined: it takes long, and nobody wants that. */
  private async search(
    document: TextDocument,
    changes: RecordedChanges,
    { diagnostic, wanted }: Sought,
    signal: AbortSignal,
    tell: (message: string) => void,
  ): Promise<Search | undefined> {
    const text = document.getText();
    const sampling = samplingOf(document);
    const trial = await Trial.open(document, diagnostic, this.services, signal);
    try {
      const respelt = await this.respelt(document, text, trial, tell);
      if (respelt !== undefined) return respelt;
      const mended = await this.mended(document, text, trial, { signal, tell });
      if (mended !== undefined) return mended;
      const spans = trial.spans.map(({ start, end }) => ({ start, end, old: text.slice(start, end) }));
      tell(this.waiting());
      const agreed = await agreedWait(this.services, {
        ...{ document, wanted, sampling, signal },
        places: spans.flatMap((span) => changes.follow([span]) ?? []),
        asks: () => tell(l10n.t('waiting for your choice')),
      });
      if (agreed === undefined) return undefined;
      let known = agreed;
      for (const [index, span] of spans.entries()) {
        // It begins anew there, and so does what is told of it.
        const report = (message: string) =>
          tell(index === 0 ? message : l10n.t('another place: {0}', message));
        report(this.waiting());
        const [now] = changes.follow([span]) ?? [];
        // Somebody works there.
        if (now === undefined) return { found: { kind: 'none' }, span, known };
        const begunAt = performance.now();
        const { candidates } = await this.ask(document, wanted, now, { sampling, signal, report });
        known = Math.max(known, performance.now() - begunAt);
        const found = await trial.sift({ spans: [span], candidates }, () =>
          report(l10n.t('checking with the language server')),
        );
        if (found.kind === 'fixes') return { found: await this.marked(document, text, found), span, known };
        if (found.kind !== 'none' || signal.aborted) return { found, span, known };
      }
      return { found: { kind: 'none' }, known };
    } finally {
      await trial.close();
    }
  }

  /** A fix that takes no model: another name for one that nobody knows. */
  private async respelt(
    document: TextDocument,
    text: string,
    trial: Trial,
    tell: (message: string) => void,
  ): Promise<Search | undefined> {
    const misspelt = await trial.misspelt();
    if (misspelt === undefined) return undefined;
    const found = await trial.sift(misspelt, () => tell(l10n.t('checking with the language server')));
    const [span] = misspelt.spans;
    if (found.kind !== 'fixes' || span === undefined) return undefined;
    return { found: await this.marked(document, text, found), span, known: 0 };
  }

  /** One that takes little of it: the line without a slip, or with a likelier word. Undefined where that is no fix, or would take long. */
  private async mended(
    document: TextDocument,
    text: string,
    trial: Trial,
    { signal, tell }: { readonly signal: AbortSignal; readonly tell: (message: string) => void },
  ): Promise<Search | undefined> {
    const place = await trial.faulty();
    if (place === undefined || document.getText() !== text) return undefined;
    tell(this.waiting());
    const line = { ...place, old: text.slice(place.start, place.end) };
    const look = await estimateLook(this.services, document, line, { seed: 0 }, signal);
    // Longer, and another answer is what is waited for.
    if (look === undefined || look.looking > LONGEST_LOOK) return undefined;
    const begunAt = performance.now();
    const slip = l10n.t('looking for a slip');
    const late = AbortSignal.timeout(LONGEST_LOOK + Math.ceil(look.reading));
    const candidates = await requestMended(this.services, document, text, line, {
      signal: AbortSignal.any([signal, late]),
      onBegun: () => tell(slip),
      onStep: () => undefined,
    }).then(
      (found) => found.candidates,
      (error: unknown) => {
        // There are other ways, which may need less.
        if (signal.aborted || !(late.aborted || isOutOfMemory(error))) throw error;
        return [];
      },
    );
    const known = performance.now() - begunAt;
    const likeliest = { spans: [line], candidates: candidates.slice(0, MOST_MENDED) };
    if (candidates.length === 0) return undefined;
    const found = await trial.sift(likeliest, () => tell(l10n.t('checking with the language server')));
    if (found.kind !== 'fixes') return undefined;
    return { found: await this.marked(document, text, found), span: line, known };
  }

  private waiting(): string {
    const isReady = this.services.engine.state.kind === 'ready';
    return isReady ? l10n.t('waiting for the engine') : l10n.t('waiting for the model');
  }

  /** A fix that was checked is shown with the same mark as any other candidate. */
  private async marked(
    { languageId }: TextDocument,
    text: string,
    { kind, candidates }: Sifted & { kind: 'fixes' },
  ): Promise<Sifted> {
    const { spans } = candidates;
    const fixes = candidates.candidates;
    const marked = await judged(this.services.syntax, { text, languageId }, spans, fixes);
    // In their own order: what the problem points at counts for more than the mark.
    const inOrder = fixes.map((fix) => marked.find(({ texts }) => texts === fix.texts) ?? fix);
    return { kind, candidates: { spans, candidates: inOrder } };
  }

  private async ask(
    document: TextDocument,
    wanted: Wanted,
    span: Span,
    {
      sampling,
      signal,
      report,
    }: {
      readonly sampling: Sampling;
      readonly signal: AbortSignal;
      readonly report: (message: string) => void;
    },
  ): Promise<CandidateSet> {
    const throttle = new Throttle<string>(report, REPORT_MILLIS);
    const listening = {
      signal,
      onBegun: () => report(l10n.t('reading the code around it')),
      onRead: (done: number, remainingMillis?: number) => {
        if (done < 1) throttle.offer(sayReading(done, remainingMillis));
      },
      onStep: (event: DenoiseStepEvent) => {
        if (event.candidate === 0) throttle.offer(saySteps(event, [event.cells]));
      },
    };
    const request = { seed: 0, ...wanted };
    try {
      return await requestCandidates(this.services, document, [span], request, listening, sampling);
    } finally {
      throttle.clear();
    }
  }

  /** Of another seed's candidates to the same span, those that are fixes as well; all, where the text moved meanwhile. */
  private async siftMore(
    document: TextDocument,
    diagnostic: Diagnostic,
    candidates: CandidateSet,
    signal: AbortSignal,
  ): Promise<CandidateSet> {
    const text = document.getText();
    if (candidates.spans.some(({ start, end, old }) => text.slice(start, end) !== old)) return candidates;
    const trial = await Trial.open(document, diagnostic, this.services, signal);
    try {
      const sifted = await trial.sift(candidates);
      return sifted.kind === 'fixes' ? sifted.candidates : { ...candidates, candidates: [] };
    } finally {
      await trial.close();
    }
  }

  private show(
    { document }: TextEditor,
    changes: RecordedChanges,
    sought: Sought,
    search: Search & { readonly begunAt: number },
  ): FixOutcome {
    const { diagnostic, wanted } = sought;
    const { found, span, known } = search;
    // The editor may have been closed or opened again meanwhile.
    const editor = window.visibleTextEditors.find((one) => one.document === document);
    const [place] = span === undefined ? [] : (changes.follow([span]) ?? []);
    if ((span !== undefined && place === undefined) || editor === undefined) {
      say(l10n.t('Palimpsest: the fix was canceled because its code was edited or its file was closed.'));
      return 'changed';
    }
    if (found.kind === 'none') {
      void window.showInformationMessage(
        l10n.t('Palimpsest found no fix for: {0}', shortened(diagnostic.message)),
      );
      return 'none';
    }
    if (found.kind === 'unchecked') {
      void this.offerRewrite(document, sought, place);
      return 'unchecked';
    }
    const spans = changes.follow(found.candidates.spans) ?? [];
    const rewrite = this.services.rewrites.present(editor, { ...found.candidates, spans }, 0, {
      sift: (candidates, signal) => this.siftMore(document, diagnostic, candidates, signal),
      ...{ wanted, known },
    });
    this.sayFound(rewrite, search.begunAt + LEAST_SHOWN_MILLIS - performance.now());
    return 'shown';
  }

  /** That the review has a fix; `millis`: how long the progress of the search is still shown, 0 or less where it is gone. */
  private sayFound(rewrite: Rewrite | undefined, millis: number): void {
    clearTimeout(this.saying);
    this.saying = setTimeout(
      () => {
        // That, and no more, is what was checked: the problem stays until somebody accepts.
        if (rewrite?.kind === 'reviewing')
          say(l10n.t('Palimpsest: this would solve the problem. Check what else it does.'));
      },
      Math.max(0, millis),
    );
  }

  /** What nobody has checked is no fix; a rewrite of the same place claims to be none. */
  private async offerRewrite(
    document: TextDocument,
    { diagnostic, wanted }: Sought,
    span: Span | undefined,
  ): Promise<void> {
    const rewrite = l10n.t('Rewrite');
    const chosen = await window.showInformationMessage(
      l10n.t(
        'Palimpsest shows no fix, because no language server could check it: {0}',
        shortened(diagnostic.message),
      ),
      ...(span === undefined ? [] : [rewrite]),
    );
    if (chosen !== rewrite || span === undefined) return;
    const editor = window.visibleTextEditors.find((one) => one.document === document);
    const isThere = document.getText().slice(span.start, span.end) === span.old;
    if (editor !== undefined && isThere) this.services.rewrites.startAt(editor, [span], wanted);
  }
}

function isOutOfMemory(error: unknown): boolean {
  return toEngineError(error).code === 'out-of-memory';
}

/** To models that take instructions, what the language server says is one. */
function wantedFor(document: TextDocument, { message, range }: Diagnostic): Wanted {
  return { problem: instructionFor(message, document.getText(range)) };
}

function samplingOf(document: TextDocument): Sampling {
  return { candidates: Math.max(LEAST_CANDIDATES, rewriteSettings(document).candidates), strength: 1 };
}
