// One rewrite of one document from the first mask to the accepted edit: carries out what the machine decides.
import {
  type Position,
  Selection,
  type TextDocument,
  type TextEditor,
  TextEditorRevealType,
  TextEditorSelectionChangeKind,
  window,
} from 'vscode';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { editDocument, isCursorNear } from '../documents/editing';
import { leastEdit, rebased } from '../text/edits';
import type { OffsetRange, TextChange, TextEdit } from '../text/types';
import { unsay } from '../ui/statusMessage';
import { Reporter, type ReportServices } from './announce/reporter';
import { DenoiseShow, type DenoiseStage } from './denoise/controller';
import type { Asking, CandidateSet } from './request';
import { RequestUnderWay, type Sift } from './requestUnderWay';
import { ReviewShow, type ReviewStage } from './review/controller';
import type { Hunk } from './review/hunks';
import type { Ghost } from './review/inlineView';
import { ReviewParts } from './reviewParts';
import { SecondLook } from './secondLook';
import { SelectionsBefore } from './selectionsBefore';
import { textTaken } from './state/acceptance';
import { begin, beginReview, decide, resume } from './state/machine';
import { type Reviewed, reviewedLast } from './state/reviewed';
import type { Decision, RewriteEffect, RewriteEvent, RewriteState } from './state/transitions';
import type { Ending, Refusal, Review, RewriteRequest, Span, Wanted } from './state/types';

/** Events that nobody has asked for just now. */
const BY_ITSELF: ReadonlySet<RewriteEvent['kind']> = new Set([
  'answered',
  'failed',
  'late',
  'looked',
  'sent',
  'untouched',
]);

/** What all rewrites share. */
export interface RewriteServices extends Asking, DenoiseStage, ReviewStage, ReportServices {
  readonly syntax: SyntaxTrees;
  /** Rewrites the ranges piece by piece, each once the one before it is decided. */
  readonly inPieces: (
    editor: TextEditor,
    ranges: readonly OffsetRange[],
    wanted: Wanted,
    lines: number,
  ) => void;
}

const SETTLING_TRIES = 3;
/** Milliseconds in which the editor says that the new lines in the document are its suggestion; else somebody has typed or pasted them. */
const SAYING_MILLIS = 200;
/** From one repeat of a key to the next, at the longest setting, and what a double press takes. */
const HELD_MILLIS = 500;

/** How a review that others have begun goes on. */
export interface More {
  readonly sift?: Sift;
  readonly wanted?: Wanted;
  /** Milliseconds of the longest wait for it that a person has agreed to, or has had. */
  readonly known?: number;
}

export class Rewrite {
  private state: RewriteState = { kind: 'ended', how: 'closed' };
  readonly denoise: DenoiseShow;
  private readonly shown: ReviewShow;
  private readonly secondLook: SecondLook;
  private readonly underWay: RequestUnderWay;
  private readonly reporter: Reporter;
  /** What a person does to parts of the candidate. */
  readonly parts: ReviewParts;
  private readonly selectionsBefore: SelectionsBefore;
  /** What was under review when it ended, for those who want it back. */
  reviewed: Reviewed | undefined;
  /** The document as the editor left it when it took a ghost text. */
  private inserted = '';
  private settlingTimer: NodeJS.Timeout | undefined;
  /** Whether a person has moved the cursor, or typed, since they last asked for something. */
  private hasMoved = false;
  /** The document at the last event. */
  private text = '';
  /** When it came to a refusal, or a key was pressed for what had. */
  private heldAt = Number.NEGATIVE_INFINITY;

  constructor(
    readonly document: TextDocument,
    private readonly editor: TextEditor,
    private readonly services: RewriteServices,
    private readonly changed: (rewrite: Rewrite) => void,
  ) {
    this.selectionsBefore = new SelectionsBefore(editor);
    this.reporter = new Reporter(document, services);
    this.denoise = new DenoiseShow(
      document,
      services,
      () => (this.state.kind === 'denoising' ? this.state : undefined),
      (settled, all) => this.reporter.settled(settled, all),
    );
    this.secondLook = new SecondLook(
      document,
      services.syntax,
      () => (this.state.kind === 'reviewing' ? this.state.review : undefined),
      (of, candidates) => this.dispatch({ kind: 'looked', of, candidates }),
    );
    this.underWay = new RequestUnderWay(document, services, {
      denoise: this.denoise,
      reporter: this.reporter,
      state: () => this.state,
      dispatch: (event) => this.dispatch(event),
      lookAgain: () => this.secondLook.soon(),
      inPieces: (ranges, wanted, lines) => services.inPieces(editor, ranges, wanted, lines),
    });
    this.shown = new ReviewShow(
      document,
      services,
      () => this.state.kind === 'reviewing',
      () => this.changed(this),
    );
    this.parts = new ReviewParts(
      document,
      this.shown,
      () => this.state,
      (event) => this.dispatch(event),
    );
  }

  get kind(): RewriteState['kind'] {
    return this.state.kind;
  }

  get ending(): Ending | undefined {
    return this.state.kind === 'ended' ? this.state.how : undefined;
  }

  get review(): Review | undefined {
    return this.state.kind === 'reviewing' || this.state.kind === 'accepting' ? this.state.review : undefined;
  }

  /** Whether a key that is pressed now is still the one that began it: held, or pressed twice. */
  repeatsKey(): boolean {
    const now = performance.now();
    const isHeld = now - this.heldAt < HELD_MILLIS;
    if (isHeld) this.heldAt = now;
    return isHeld;
  }

  /** What there is to say where nothing was worth showing. */
  get refusal(): Refusal | undefined {
    return this.state.kind === 'refused' ? this.state.refusal : undefined;
  }

  /** Whether there are answers that are shown only when somebody asks for them. */
  get holdsBack(): boolean {
    return this.state.kind === 'refused' || (this.review?.heldBack?.length ?? 0) > 0;
  }

  /** Where the masks or the review stand. */
  get spans(): readonly Span[] {
    if (this.state.kind === 'refused') return this.state.refusal.spans;
    return this.state.kind === 'denoising' ? this.state.spans : (this.review?.spans ?? []);
  }

  /** What the review shows, in text order. */
  get hunks(): readonly Hunk[] {
    return this.state.kind === 'reviewing' ? this.shown.hunks : [];
  }

  /** The quality mark that stands in the text, where no lens above it says it. */
  get markShown(): string | undefined {
    return this.state.kind === 'reviewing' ? this.shown.mark : undefined;
  }

  get form(): ReviewShow['form'] {
    return this.state.kind === 'reviewing' ? this.shown.form : undefined;
  }

  /** The first inline suggestion that the review wants shown. */
  get ghost(): Ghost | undefined {
    return this.state.kind === 'reviewing' ? this.shown.ghosts()[0]?.ghost : undefined;
  }

  ghostAt(position: Position): Ghost | undefined {
    return this.state.kind === 'reviewing' ? this.shown.ghostAt(position) : undefined;
  }

  start(ranges: readonly OffsetRange[], request: RewriteRequest): void {
    const text = this.document.getText();
    // A selection would lie over the masks; it comes back when nothing is accepted.
    this.editor.selections = ranges.map(({ start }) => {
      const at = this.document.positionAt(start);
      return new Selection(at, at);
    });
    this.editor.revealRange(this.editor.selection, TextEditorRevealType.InCenterIfOutsideViewport);
    const spans = ranges.map(({ start, end }) => ({ start, end, old: text.slice(start, end) }));
    this.enter(begin(spans, request));
  }

  /** Goes on with a review that has ended, of the document as it stands. */
  resume(review: Review): void {
    unsay();
    this.enter(resume(review));
  }

  /** Shows candidates that were made elsewhere, of the document as it stands. */
  present({ spans, candidates }: CandidateSet, seed: number, more: More = {}): void {
    unsay();
    this.underWay.sift = more.sift;
    this.underWay.known = more.known ?? 0;
    this.enter(beginReview(spans, candidates, seed, more.wanted));
  }

  dispatch(event: RewriteEvent): void {
    if (event.kind === 'show-anyway') unsay();
    // What comes by itself does not take the cursor away from where the person works by then, be it on the same line.
    const isAsked = event.kind === 'changed' ? event.isTurn : !BY_ITSELF.has(event.kind);
    const mayMove = isAsked || (!this.hasMoved && isCursorNear(this.document, this.spans));
    if (isAsked) this.hasMoved = false;
    this.enter(decide(this.state, event), mayMove);
    // What is left of it is another answer.
    if (event.kind === 'reject-hunk' && this.state.kind === 'reviewing') this.secondLook.soon();
    if (event.kind === 'answered' || event.kind === 'late' || event.kind === 'untouched')
      this.reporter.answered(this.state, !mayMove && this.form === 'diffEditor');
  }

  cursorMoved(editor: TextEditor, kind: TextEditorSelectionChangeKind | undefined): void {
    if (kind === TextEditorSelectionChangeKind.Keyboard || kind === TextEditorSelectionChangeKind.Mouse)
      this.hasMoved = true;
    this.show?.cursorMoved(editor);
  }

  /** All of the candidate; where nothing of it is in sight, its first hunk is brought into view first. */
  accept(): void {
    if (this.state.kind === 'reviewing' && this.shown.revealAny()) return;
    this.dispatch({ kind: 'accept', text: this.document.getText() });
  }

  /** Edits of the document, as the editor reports them; `isTurn`: by undo or redo. */
  documentChanged(changes: readonly TextChange[], isTurn: boolean): void {
    if (changes.length === 0) return;
    const text = this.document.getText();
    const [change] = changes;
    // What redo inserts, the editor's own suggestion has not: nobody would settle it.
    const isReviewed = !isTurn && this.state.kind === 'reviewing' && changes.length === 1;
    const taken = isReviewed && change !== undefined ? this.shown.insertedBy(change) : undefined;
    if (taken !== undefined && change !== undefined) {
      this.inserted = text;
      const before = text.slice(0, change.offset) + text.slice(change.offset + change.text.length);
      this.dispatch({ kind: 'inserted', edits: taken.edits, text: before });
      this.settlingTimer = setTimeout(() => void this.settleInserted(), SAYING_MILLIS);
    } else {
      this.dispatch({ kind: 'changed', changes, text, isTurn });
    }
    if (this.state.kind === 'reviewing') this.secondLook.soon();
  }

  /** The new lines of a hunk are in the document: what they stand for goes in the same undo step. */
  async settleInserted(): Promise<void> {
    const { state, document, settlingTimer: timer } = this;
    clearTimeout(timer);
    this.settlingTimer = undefined;
    // Once for each insertion: the editor may say so while the document is already being settled.
    if (timer === undefined || state.kind !== 'accepting') return;
    const target = textTaken(state.text, state.review.spans, state.next.spans);
    const settling = leastEdit(this.inserted, target);
    let done = false;
    for (let tries = 0; tries < SETTLING_TRIES && !done; tries++) {
      // What somebody typed since then stays.
      const now = document.getText();
      const edit = rebased(settling, leastEdit(this.inserted, now)) ?? leastEdit(now, target);
      done = await this.replace([edit], false);
    }
    this.dispatch({ kind: 'applied', done, text: document.getText() });
  }

  /** Draws what there is to see, where its document is shown; called when editors come and go, too. */
  redraw(): void {
    this.denoise.draw();
    if (this.state.kind === 'reviewing') void this.shown.draw(this.state.review, false);
  }

  /** To the front again, where it is shown beside the file. `isLed`: somebody asked to be led there, so the cursor goes where it shows all. */
  async comeBack(isLed = false): Promise<void> {
    if (this.state.kind === 'reviewing' && (isLed || this.form === 'diffEditor'))
      await this.shown.draw(this.state.review, true);
  }

  /** How the review is shown; undefined: there is none. */
  get show(): ReviewShow | undefined {
    return this.state.kind === 'reviewing' ? this.shown : undefined;
  }

  private enter({ state, effects }: Decision, mayMove = true): void {
    const isOver = state.kind === 'ended' && this.state !== state;
    const text = this.document.getText();
    // What somebody typed into a span is no part of what was under review.
    if (isOver) this.reviewed = reviewedLast(this.state, state.how === 'conflict' ? this.text : text);
    this.text = text;
    // What was said of a refusal goes with it.
    if (this.state.kind === 'refused' && state.kind !== 'refused') unsay();
    this.state = state;
    for (const effect of effects) this.perform(effect, mayMove);
    if (isOver) {
      this.secondLook.end();
      this.reporter.ended(state.how);
    }
    this.changed(this);
  }

  private perform(effect: RewriteEffect, mayMove: boolean): void {
    switch (effect.kind) {
      case 'request':
        void this.underWay.ask(effect.request);
        break;
      case 'enough':
        this.underWay.enough();
        this.denoise.taken();
        break;
      case 'abort':
        this.underWay.abort();
        this.denoise.end();
        break;
      case 'clear':
        this.clear();
        break;
      case 'hide':
        this.shown.hide();
        break;
      case 'review':
        this.denoise.end();
        void this.shown.draw(effect.review, effect.fresh && mayMove, mayMove);
        this.reporter.reviewing(effect.review, this.hunks.length);
        break;
      case 'refuse':
        this.denoise.end();
        if (effect.fresh) this.refuse(effect.refusal, mayMove);
        break;
      case 'apply':
        void this.apply(effect.edits, effect.text);
        break;
      case 'note':
        this.reporter.note(effect.note);
        break;
      case 'error':
        this.denoise.end();
        if (effect.error.code !== 'cancelled')
          this.reporter.failed(effect.error, this.underWay.sent, this.selectionsBefore.lastLine);
        break;
    }
  }

  private refuse(refusal: Refusal, mayMove: boolean): void {
    this.heldAt = performance.now();
    // What was only looked at is as it was.
    if (refusal.untouched && mayMove) this.selectionsBefore.restore('cancelled');
    this.reporter.refused(refusal);
  }

  private async apply(edits: readonly TextEdit[], text: string): Promise<void> {
    const { document } = this;
    const took = document.getText() === text && (await this.replace(edits, true));
    // A read-only file takes an edit without an error and without a change.
    const done = took && document.getText() !== text;
    this.dispatch({ kind: 'applied', done, text: document.getText() });
    if (this.ending === 'accepted') await this.services.diffs.close(document, window.tabGroups);
  }

  private replace(edits: readonly TextEdit[], undoStopBefore: boolean): Promise<boolean> {
    const unseen = this.services.diffs.isOpen(this.document);
    return editDocument(this.document, edits, { undoStopBefore, unseen });
  }

  private clear(): void {
    this.denoise.end();
    this.shown.clear();
    this.selectionsBefore.restore(this.ending);
  }
}
