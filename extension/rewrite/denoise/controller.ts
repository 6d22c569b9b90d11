// The denoise of one document while it runs: what the engine tells, step by step, becomes frames for every editor that
// shows the document, at most fifteen a second, and a line in the status bar.
import { l10n, type TextDocument } from 'vscode';
import type { CellEvent, DenoiseStepEvent } from '../../../engine/protocol';
import { Throttle } from '../../common/throttle';
import { editorsOf } from '../../documents/editing';
import { rewriteSettings, wrapsLines } from '../../settings';
import { keepsMore, MOST_TRIES, mayTryAgain } from '../state/tries';
import type { RewriteRequest, Span } from '../state/types';
import { picturesOf, type SpanPicture } from './spanFrames';
import type { DenoiseView } from './view';
import { sayDuration, sayReading, sayShare, saySteps, settledAmong, TOLD_FROM } from './wait';

const FRAME_MILLIS = 1000 / 15;
/** UTF-16 units of all spans; more than any model denoises at once, and more than an editor can be decorated with. */
const MOST_DRAWN = 30_000;

/** What is going on in a document; `isWaiting`: the engine has not come to it yet; `hasDraft`: something is written. */
interface Doing {
  readonly text: string;
  readonly isWaiting: boolean;
  readonly hasDraft: boolean;
}

export interface DenoiseStage {
  /** Whether the model writes from left to right: a later try keeps no more of what stood there. */
  readonly writesInOrder: () => boolean;
  readonly denoiseView: DenoiseView;
  /** What is going on, for the status bar; undefined: nothing. */
  readonly activity: (document: TextDocument, doing: Doing | undefined) => void;
  /** How many pieces of the document wait until this one is decided. */
  readonly piecesLeft: (document: TextDocument) => number;
}

export interface Denoising {
  /** Where the masks stand now. */
  readonly spans: readonly Span[];
  readonly request: RewriteRequest;
}

export class DenoiseShow {
  /** By the span that was sent. */
  private readonly told = new Map<number, SpanPicture>();
  private readonly throttle = new Throttle<string>((status) => this.draw(status), FRAME_MILLIS);
  private isTaken = false;
  /** The engine reads what is around the spans; until the first step it has nothing to show. */
  private isRead = false;
  /** What is to be done again is chosen, where something of it stays. */
  private isChosen = false;
  /** What was said of how long it takes. */
  private expected: string | undefined;

  constructor(
    private readonly document: TextDocument,
    private readonly stage: DenoiseStage,
    private readonly denoising: () => Denoising | undefined,
    private readonly settled: (settled: number, tokens: number) => void,
  ) {}

  /** Whether no denoise step of the request has come yet. */
  get isWaiting(): boolean {
    return this.told.size === 0;
  }

  begin(): void {
    // What the try before this one has still to say would stand for this one.
    this.throttle.clear();
    this.isTaken = false;
    this.isRead = false;
    this.isChosen = false;
    this.expected = undefined;
    this.told.clear();
    this.draw(this.ofTry(l10n.t('waiting for the engine')));
  }

  /** The answers before were not worth showing: what is told of this try begins anew. Undefined: it is the first one. */
  private get anotherTry(): string | undefined {
    const tries = this.denoising()?.request.tries;
    return tries === undefined ? undefined : l10n.t('try {0} of {1}', tries + 1, MOST_TRIES);
  }

  /** A question is on the screen, and nothing is done before it is answered. */
  waitForChoice(): void {
    this.draw(l10n.t('waiting for your choice'));
  }

  /** Before the first step: what the request will take. */
  expect(millis: number): void {
    if (!this.isWaiting || millis < TOLD_FROM) return;
    const time = sayDuration(millis);
    this.expected = this.mayBeTried(millis)
      ? l10n.t('rewriting, about {0} for each try', time)
      : l10n.t('rewriting, about {0}', time);
    this.throttle.clear();
    this.draw(this.isTaken ? sayTaking([]) : this.expected);
  }

  /** It is the request's turn. */
  begun(): void {
    if (!this.isWaiting) return;
    this.isRead = true;
    const request = this.denoising()?.request;
    const isLess = this.anotherTry !== undefined && !this.stage.writesInOrder() && keepsMore(request);
    const keeps = request?.isRepair === true || isLess;
    const chooses = keeps && !this.isChosen;
    const doing = chooses ? l10n.t('choosing what to keep') : l10n.t('reading the code around it');
    // What is left of a share would be drawn over it.
    this.throttle.clear();
    // How long it takes says more.
    this.draw(this.isTaken ? sayTaking([]) : (this.expected ?? this.ofTry(doing)));
  }

  /** What stands there is scored before anything of it is masked; `done`: 0…1. */
  scored(done: number): void {
    if (!this.isWaiting || this.isTaken) return;
    this.isRead = true;
    // All is chosen, and until the first step it reads.
    if (done >= 1) {
      this.isChosen = true;
      this.throttle.offer(this.expected ?? this.ofTry(l10n.t('reading the code around it')));
      return;
    }
    const doing = l10n.t('choosing what to keep');
    this.throttle.offer(this.ofTry(done > 0 ? `${doing}, ${sayShare(done)}` : doing));
  }

  /** What is wrong in the line is looked for before all of it is masked; `done`: 0…1. */
  looked(done: number): void {
    if (!this.isWaiting || this.isTaken) return;
    this.isRead = true;
    const doing = l10n.t('looking for a slip');
    this.throttle.offer(this.ofTry(done > 0 ? `${doing}, ${sayShare(done)}` : doing));
  }

  /** What is around the spans is read; `done`: 0…1. */
  read(done: number, remainingMillis?: number): void {
    if (!this.isWaiting || this.isTaken || done >= 1) return;
    this.isRead = true;
    const told =
      this.expected === undefined || remainingMillis !== undefined
        ? this.ofTry(sayReading(done, remainingMillis))
        : l10n.t('{0} ({1} read)', this.expected, sayShare(done));
    this.throttle.offer(told);
  }

  /** The answer is there, and only a likelier one is kept; `done`: 0…1. */
  compared(done: number): void {
    if (this.isTaken) return;
    const told = this.ofTry(l10n.t('comparing with what stood there, {0}', sayShare(done)));
    if (done > 0) this.throttle.offer(told);
    else {
      // Another stage begins: that is said at once, and the last frame of the one before does not come over it.
      this.throttle.clear();
      this.draw(told);
    }
  }

  /** Whether another try may follow this one, which takes so long. */
  private mayBeTried(millis: number): boolean {
    const { tries = 0, spent = 0, read = 0 } = this.denoising()?.request ?? {};
    return mayTryAgain(tries + 1, { spent: spent + millis, read });
  }

  /** With the number of the try, behind the first one. */
  private ofTry(told: string): string {
    const { anotherTry } = this;
    return anotherTry === undefined ? told : l10n.t('{0}: {1}', anotherTry, told);
  }

  /** With what comes after it. */
  private ofPieces(told: string): string {
    const waiting = this.stage.piecesLeft(this.document);
    return waiting === 0 ? told : l10n.t('{0}, pieces waiting: {1}', told, waiting);
  }

  stepped(event: DenoiseStepEvent): void {
    // Further candidates are denoised beside the first, out of sight.
    if (event.candidate !== 0) return;
    this.told.set(event.span, { cells: event.cells, fresh: new Set(event.committed) });
    const parts = [...this.told.values()].map((picture) => picture.cells);
    const cells = parts.flat();
    this.settled(settledAmong(cells), cells.length);
    this.throttle.offer(this.isTaken ? sayTaking(cells) : this.ofTry(saySteps(event, parts)));
  }

  /** Somebody wants the draft: they see at once that it is on its way. */
  taken(): void {
    this.isTaken = true;
    this.throttle.clear();
    this.draw(sayTaking([]));
  }

  draw(status?: string): void {
    const denoising = this.denoising();
    if (denoising === undefined) return;
    if (status !== undefined) {
      const text = this.ofPieces(status);
      this.stage.activity(this.document, {
        text,
        isWaiting: this.isWaiting && !this.isRead,
        hasDraft: !this.isWaiting && !this.isTaken,
      });
    }
    const { spans, request } = denoising;
    const length = spans.reduce((sum, { start, end }) => sum + end - start, 0);
    const still =
      length > MOST_DRAWN || !rewriteSettings(this.document).animated || wrapsLines(this.document);
    const pictures = still ? undefined : picturesOf(request, spans, this.told);
    for (const editor of editorsOf(this.document)) this.stage.denoiseView.show(editor, spans, pictures);
  }

  end(): void {
    this.throttle.clear();
    this.stage.activity(this.document, undefined);
    for (const editor of editorsOf(this.document)) this.stage.denoiseView.clear(editor);
  }
}

/** The draft needs a guess for every cell. */
function sayTaking(cells: readonly CellEvent[]): string {
  const guessed = cells.filter(({ state, confidence }) => state !== 'masked' || confidence > 0).length;
  return guessed === 0 || guessed === cells.length
    ? l10n.t('taking the draft')
    : l10n.t('taking the draft, {0}%', Math.floor((100 * guessed) / cells.length));
}
