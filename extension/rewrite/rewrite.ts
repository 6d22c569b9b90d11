// One rewrite of one document from the first mask to the accepted edit: carries out what the machine decides.
import { l10n, Selection, type TextDocument, type TextEditor, window } from 'vscode';
import { type EngineError, toEngineError } from '../../engine/errors';
import type { EngineSupervisor } from '../engine/supervisor';
import { DenoiseShow, type DenoiseStage } from './denoiseShow';
import { editDocument, editorsOf } from './editing';
import { applyEdits, editsOf, leastEdit, type TextEdit } from './edits';
import {
  begin,
  beginReview,
  type Decision,
  decide,
  type Note,
  type Review,
  type RewriteEffect,
  type RewriteEvent,
  type RewriteState,
} from './machine';
import { type Answers, askForAnswers } from './request';
import { ReviewShow, type ReviewStage } from './reviewShow';
import type { Ghost } from './reviewView';
import type { OffsetRange } from './spans';
import type { TextChange } from './tracking';

/** What all rewrites share. */
export interface RewriteServices extends DenoiseStage, ReviewStage {
  readonly engine: EngineSupervisor;
  readonly fail: (error: EngineError) => void;
}

export class Rewrite {
  private state: RewriteState = { kind: 'ended', how: 'closed' };
  private controller: AbortController | undefined;
  private readonly denoise: DenoiseShow;
  private readonly shown: ReviewShow;
  /** The document's text that the review is about. */
  private reviewed: string | undefined;
  private readonly selections: readonly Selection[];
  private readonly version: number;

  constructor(
    readonly document: TextDocument,
    private readonly editor: TextEditor,
    private readonly services: RewriteServices,
    private readonly changed: (rewrite: Rewrite) => void,
  ) {
    this.selections = editor.selections;
    this.version = document.version;
    this.denoise = new DenoiseShow(document, services, () =>
      this.state.kind === 'denoising' ? this.state.places : undefined,
    );
    this.shown = new ReviewShow(
      document,
      services,
      () => this.state.kind === 'reviewing',
      () => this.changed(this),
    );
  }

  get kind(): RewriteState['kind'] {
    return this.state.kind;
  }

  get ending(): string | undefined {
    return this.state.kind === 'ended' ? this.state.how : undefined;
  }

  get review(): Review | undefined {
    return this.state.kind === 'reviewing' || this.state.kind === 'accepting' ? this.state.review : undefined;
  }

  /** Frames of the denoise drawn so far. */
  get frames(): number {
    return this.denoise.frames;
  }

  /** First line of the review, where its CodeLens stands; undefined outside the editor's own presentation. */
  get reviewLine(): number | undefined {
    return this.state.kind === 'reviewing' ? this.shown.line : undefined;
  }

  /** The inline suggestion that the review wants shown. */
  get ghost(): Ghost | undefined {
    return this.state.kind === 'reviewing' ? this.shown.ghost : undefined;
  }

  start(spans: readonly OffsetRange[], seed: number): void {
    const text = this.document.getText();
    // A selection would lie over the masks; it comes back when nothing is accepted.
    this.editor.selections = spans.map(({ start }) => {
      const at = this.document.positionAt(start);
      return new Selection(at, at);
    });
    this.enter(
      begin(
        spans.map((span) => ({ ...span, old: text.slice(span.start, span.end) })),
        seed,
      ),
    );
  }

  /** Shows answers that were made elsewhere, of the document as it stands. */
  present({ places, answers }: Answers, seed: number): void {
    this.enter(beginReview(places, answers, seed));
  }

  dispatch(event: RewriteEvent): void {
    this.enter(decide(this.state, event));
  }

  /** Edits of the document, told by the editor. */
  documentChanged(changes: readonly TextChange[]): void {
    if (changes.length === 0) return;
    const [change] = changes;
    const { ghost } = this;
    if (
      ghost !== undefined &&
      changes.length === 1 &&
      change !== undefined &&
      this.isOurGhost(change, ghost)
    ) {
      this.dispatch({ kind: 'inserted' });
    } else {
      this.dispatch({ kind: 'changed', changes });
    }
  }

  /** The editor inserted the ghost text itself: what it stands for goes in the same undo step. */
  async settleInserted(): Promise<void> {
    const { review } = this;
    if (this.state.kind !== 'accepting' || review === undefined) return;
    const target = this.targetOf(review);
    const current = this.document.getText();
    const done = target !== undefined && (await this.replace([leastEdit(current, target)], false));
    this.dispatch({ kind: 'applied', done });
  }

  /** Draws what there is to see, where its document is shown; called when editors come and go, too. */
  redraw(): void {
    this.denoise.draw();
    if (this.state.kind === 'reviewing') void this.drawReview(this.state.review, false);
  }

  /** Whether Tab in this place means the review. */
  isAt(editor: TextEditor): boolean {
    return this.state.kind === 'reviewing' && this.shown.isAt(editor);
  }

  cursorMoved(editor: TextEditor): void {
    if (this.state.kind === 'reviewing') this.shown.cursorMoved(editor);
  }

  private enter({ state, effects }: Decision): void {
    this.state = state;
    for (const effect of effects) this.perform(effect);
    this.changed(this);
  }

  private perform(effect: RewriteEffect): void {
    switch (effect.kind) {
      case 'request':
        void this.request(effect.seed);
        break;
      case 'abort':
        this.controller?.abort();
        this.denoise.end();
        break;
      case 'clear':
        this.clear();
        break;
      case 'review':
        this.denoise.end();
        void this.drawReview(effect.review, true);
        break;
      case 'apply':
        void this.apply(effect.review);
        break;
      case 'note':
        window.setStatusBarMessage(`$(info) ${wordsOf(effect.note)}`, 6000);
        break;
      case 'error':
        this.denoise.end();
        if (effect.error.code !== 'cancelled') this.services.fail(effect.error);
        break;
    }
  }

  private async request(seed: number): Promise<void> {
    if (this.state.kind !== 'denoising') return;
    const controller = new AbortController();
    const { signal } = controller;
    this.controller = controller;
    this.denoise.begin();
    try {
      const { engine } = this.services;
      const onStep = this.denoise.stepped.bind(this.denoise);
      const answers = await askForAnswers(engine, this.document, this.state.places, seed, { signal, onStep });
      if (!signal.aborted) this.dispatch({ kind: 'answered', ...answers });
    } catch (error) {
      if (!signal.aborted) this.dispatch({ kind: 'failed', error: toEngineError(error) });
    }
  }

  private async drawReview(review: Review, isNew: boolean): Promise<void> {
    this.reviewed = this.document.getText();
    await this.shown.draw(review, isNew);
  }

  private async apply(review: Review): Promise<void> {
    const target = this.targetOf(review);
    const answer = review.answers[review.index];
    const stands = target !== undefined && this.document.getText() === this.reviewed;
    const done = stands && answer !== undefined && (await this.replace(editsOf(review.places, answer), true));
    if (done) {
      await this.services.diffs.close(this.document, window.tabGroups);
      if (window.activeTextEditor?.document !== this.document && editorsOf(this.document).length === 0) {
        await window.showTextDocument(this.document, { preview: false });
      }
    }
    this.dispatch({ kind: 'applied', done });
  }

  /** The whole document as it is when the shown candidate is accepted. */
  private targetOf(review: Review): string | undefined {
    const answer = review.answers[review.index];
    if (answer === undefined || this.reviewed === undefined) return undefined;
    return applyEdits(this.reviewed, editsOf(review.places, answer));
  }

  private replace(edits: readonly TextEdit[], undoStopBefore: boolean): Promise<boolean> {
    const unseen = this.services.diffs.isOpen(this.document);
    return editDocument(this.document, edits, { undoStopBefore, unseen });
  }

  private isOurGhost(change: TextChange, ghost: Ghost): boolean {
    const plain = (text: string) => text.replace(/\r\n/g, '\n');
    return (
      change.length === 0 &&
      change.offset === this.document.offsetAt(ghost.anchor) &&
      plain(change.text) === plain(ghost.text)
    );
  }

  private clear(): void {
    this.denoise.end();
    this.shown.clear();
    const { ending } = this;
    const isDropped = ending === 'rejected' || ending === 'cancelled' || ending === 'unchanged';
    if (isDropped && this.document.version === this.version) this.editor.selections = this.selections;
  }
}

function wordsOf(note: Note): string {
  switch (note) {
    case 'unchanged':
      return l10n.t('Palimpsest: the model would leave this as it is.');
    case 'nothing-new':
      return l10n.t('Palimpsest: another seed gave nothing new.');
    case 'conflict':
      return l10n.t('Palimpsest: the rewrite was given up, because its text was edited.');
    case 'not-applied':
      return l10n.t('Palimpsest: the file could not be changed; nothing was.');
  }
}
