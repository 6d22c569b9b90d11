// All rewrites of the window: at most one a document. Passes the editor's events and the person's commands on to them,
// and says by context keys which keys are theirs.

import {
  type CodeLens,
  type CodeLensProvider,
  EventEmitter,
  l10n,
  TabInputTextDiff,
  type TextDocument,
  type TextEditor,
  TextEditorRevealType,
  type Uri,
  window,
  workspace,
} from 'vscode';
import type { EngineError } from '../../engine/errors';
import { holdsSecrets } from '../../engine/privacy/secrets';
import type { CopySource } from '../../engine/protocol';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { Disposables } from '../common/disposables';
import { CELL_SCHEME } from '../documents/cellScheme';
import { textChangesOf } from '../documents/recordedChanges';
import type { CopiedFrom } from '../memory/copiedFrom';
import { areWithin } from '../text/offsets';
import { rangeOf } from '../text/ranges';
import type { OffsetRange } from '../text/types';
import { LineNote } from '../ui/lineNote';
import { say } from '../ui/statusMessage';
import { ACTIONS, type RewriteAction } from './actions';
import { Spoken } from './announce/announcer';
import { ClosedDocuments } from './closedDocuments';
import { ClosedTabs } from './closedTabs';
import { DenoiseView } from './denoise/view';
import { type Asked, askedOf, type Unfinished, type UnfinishedRewrites } from './interruption/unfinished';
import { setKeyContexts } from './keyContexts';
import { LastReviews } from './lastReviews';
import { piecesOf, WaitingPieces } from './pieces';
import type { Asking, CandidateSet } from './request';
import { lensesOf } from './review/codeLenses';
import { CommentReviews } from './review/commentThreads';
import { DIFF_SCHEME, type DiffReviews, reviewedUri } from './review/diffEditor';
import { ReviewView } from './review/inlineView';
import { PinnedView } from './review/pinnedView';
import { refusalLenses } from './review/refusal';
import type { ReviewSuggestions } from './review/reviewSuggestions';
import { saveFile, turnFile } from './reviewedFile';
import { type More, Rewrite, type RewriteServices } from './rewrite';
import { candidateOf } from './state/acceptance';
import { isAskedAgain } from './state/refused';
import { reviewedIn } from './state/reviewed';
import type { Wanted } from './state/types';

/** Endings of a piece behind which the next one is rewritten. */
const GOES_ON: ReadonlySet<string | undefined> = new Set(['accepted', 'rejected', 'unchanged', 'no-answer']);

export interface RewritesOptions extends Asking, Pick<RewriteServices, 'activity'> {
  readonly syntax: SyntaxTrees;
  readonly diffs: DiffReviews;
  readonly suggestions: ReviewSuggestions;
  /** Told what begins and ends, so that it can be offered again. */
  readonly unfinished: UnfinishedRewrites;
  /** Called when no rewrite of a document is open any more. */
  readonly ended: () => void;
  /** Where something is copied from that was written into the document at `uri`. */
  readonly placeOf: (source: CopySource, uri: Uri) => CopiedFrom | undefined;
  /** Told where the candidate that is shown is copied from. */
  readonly copied: (place: CopiedFrom | undefined) => void;
  readonly fail: (error: EngineError) => void;
}

export class Rewrites implements CodeLensProvider {
  private readonly owned = new Disposables();
  private readonly byDocument = new Map<string, Rewrite>();
  readonly services: RewriteServices;
  private readonly lensesChanged = this.owned.add(new EventEmitter<void>());
  readonly onDidChangeCodeLenses = this.lensesChanged.event;
  private readonly waiting = new WaitingPieces();
  private isOver = false;
  private readonly reviewed = new LastReviews();
  private readonly closedDocuments = this.owned.add(
    new ClosedDocuments(this.reviewed, (editor) => void this.reopen(editor)),
  );

  constructor(private readonly options: RewritesOptions) {
    this.services = {
      ...options,
      denoiseView: this.owned.add(new DenoiseView()),
      reviewView: this.owned.add(new ReviewView()),
      pinnedView: this.owned.add(new PinnedView()),
      spoken: this.owned.add(new Spoken()),
      lineNote: this.owned.add(new LineNote()),
      comments: this.owned.add(new CommentReviews()),
      goTo: (document) => void this.goTo(document.uri.toString()),
      writesInOrder: () => {
        const { state } = options.engine;
        return state.kind === 'ready' && state.model.writesInOrder === true;
      },
      piecesLeft: (document) => this.waiting.of(document.uri.toString()).length,
      inPieces: (editor, ranges, wanted, lines) => {
        this.startPieces(editor, piecesOf(editor.document.getText(), ranges, lines), wanted);
      },
    };
    this.owned.add(
      workspace.onDidChangeTextDocument(({ document, contentChanges, reason }) => {
        // The right side of a diff editor has its new text: what is drawn on it belongs there.
        if (document.uri.scheme === DIFF_SCHEME) this.of(document.uri)?.redraw();
        const changes = textChangesOf(contentChanges);
        this.waiting.changed(document.uri.toString(), changes);
        this.options.unfinished.changed(document.uri.toString(), changes);
        this.byDocument.get(document.uri.toString())?.documentChanged(changes, reason !== undefined);
      }),
    );
    this.owned.add(
      // Not `of`: the right side of a diff editor comes and goes on its own.
      workspace.onDidCloseTextDocument((document) => {
        const rewrite = this.byDocument.get(document.uri.toString());
        if (rewrite !== undefined) this.closedDocuments.closed(document.uri.toString(), rewrite.kind);
        rewrite?.dispatch({ kind: 'closed' });
      }),
    );
    this.owned.add(
      window.onDidChangeTextEditorSelection(({ textEditor, kind }) => {
        this.of(textEditor.document.uri)?.cursorMoved(textEditor, kind);
        this.updateContexts();
      }),
    );
    this.owned.add(
      window.onDidChangeActiveTextEditor((editor) => {
        if (editor !== undefined) this.of(editor.document.uri)?.show?.cameBack();
        // The editor that was active shows no suggestion any more.
        for (const rewrite of this.byDocument.values()) rewrite.redraw();
        this.updateContexts();
      }),
    );
    this.owned.add(
      window.onDidChangeVisibleTextEditors(() => {
        for (const rewrite of this.byDocument.values()) rewrite.redraw();
      }),
    );
    this.owned.add(
      new ClosedTabs({
        all: () => [...this.byDocument.values()],
        inDiff: (input) => this.ofDiff(input),
        unfinished: options.unfinished,
      }),
    );
    this.owned.add(window.tabGroups.onDidChangeTabs(() => this.updateContexts()));
  }

  /** The rewrite of a document, or of the diff editor's right side of it. */
  of(uri: Uri): Rewrite | undefined {
    return this.byDocument.get(reviewedUri(uri));
  }

  /** Masks the spans and starts; a rewrite of the same document that is open is given up. */
  startAt(editor: TextEditor, spans: readonly OffsetRange[], wanted: Wanted = {}): Rewrite | undefined {
    const running = this.of(editor.document.uri);
    const isRunning = running?.kind === 'denoising';
    // A key that is pressed twice, or held: the cursor stands where the masks begin.
    if (isRunning && areWithin(spans, running.spans) && wanted.instruction === undefined) {
      say(l10n.t('Palimpsest: this is being rewritten. Press Escape to cancel.'));
      return running;
    }
    // Who asks again for what was only looked at wants it rewritten.
    if (running?.refusal !== undefined && isAskedAgain(running.refusal, spans, wanted)) {
      if (!running.repeatsKey()) this.rewriteAnyway(running);
      return running;
    }
    const rewrite = this.open(editor);
    if (rewrite === undefined) return undefined;
    // What waited for the one before it is not wanted any more.
    if (!wanted.isPiece) this.waiting.drop(editor.document.uri.toString());
    this.remember(editor.document, spans, wanted);
    rewrite.start(spans, { seed: 0, ...wanted });
    if (isRunning) say(l10n.t('Palimpsest: the other rewrite of this file is canceled.'));
    return rewrite;
  }

  /** What was interrupted, where it stands by now, with the pieces that waited for it. */
  startAgain(editor: TextEditor, unfinished: Unfinished): void {
    const { spans, waiting } = unfinished;
    const asked = askedOf(unfinished);
    if (waiting.length > 0) this.startPieces(editor, [...spans, ...waiting], asked);
    else this.startAt(editor, spans, asked);
  }

  /** The engine goes away on purpose: what it works on is given up, and may be asked for again. */
  interrupt(): void {
    for (const rewrite of [...this.byDocument.values()]) rewrite.dispatch({ kind: 'interrupted' });
  }

  /**
   * The review of candidates that were made elsewhere, of the document as it stands. Another seed goes on from `seed`, and
   * its candidates are asked for and sifted as `more` says.
   */
  present(editor: TextEditor, candidates: CandidateSet, seed: number, more?: More): Rewrite | undefined {
    const rewrite = this.open(editor);
    rewrite?.present(candidates, seed, more);
    return rewrite;
  }

  /** The review that ended last, if its spans have the text that they had. */
  reopen(editor: TextEditor): Rewrite | undefined {
    const known = this.reviewed.of(editor.document.uri);
    if (known === undefined) return undefined;
    const review = reviewedIn(known, editor.document.getText());
    if (review === undefined) {
      say(l10n.t('Palimpsest: the review cannot be reopened, because its text was edited.'));
      return undefined;
    }
    const rewrite = this.open(editor);
    rewrite?.resume(review);
    return rewrite;
  }

  async turnReviewed(which: 'undo' | 'redo'): Promise<void> {
    const rewrite = this.inDiff();
    if (rewrite !== undefined) await turnFile(rewrite, which, this.options.diffs);
  }

  async saveReviewed(): Promise<void> {
    const rewrite = this.inDiff();
    if (rewrite !== undefined) await saveFile(rewrite);
  }

  /** Whether the engine works for a rewrite, or has one waiting. */
  get isDenoising(): boolean {
    return [...this.byDocument.values()].some(({ kind }) => kind === 'denoising');
  }

  /** Shows the document at an address that has a rewrite. */
  async goTo(address: string): Promise<void> {
    const rewrite = this.byDocument.get(address);
    if (rewrite === undefined) return;
    const [first] = rewrite.spans;
    await window.showTextDocument(rewrite.document, {
      preview: false,
      ...(first === undefined
        ? {}
        : { selection: rangeOf(rewrite.document, { ...first, end: first.start }) }),
    });
    await rewrite.comeBack(true);
  }

  cancelAt(address: string): void {
    this.byDocument.get(address)?.dispatch({ kind: 'cancel' });
  }

  takeDraftAt(address: string): void {
    this.byDocument.get(address)?.dispatch({ kind: 'take' });
  }

  /** Does nothing where there is nothing to act on. `which`: a hunk, or the thread that shows it. */
  async act(action: RewriteAction, which?: unknown, isPointed = false): Promise<void> {
    const rewrite = this.current();
    const hunk = typeof which === 'number' ? which : this.services.comments.indexOf(which);
    if (action === 'again' && rewrite?.refusal?.untouched) this.rewriteAnyway(rewrite);
    else if (rewrite !== undefined) await ACTIONS[action](rewrite, hunk, isPointed);
  }

  async settleInserted(): Promise<void> {
    await this.current()?.settleInserted();
  }

  provideCodeLenses(document: TextDocument): CodeLens[] {
    const rewrite = this.byDocument.get(document.uri.toString());
    if (rewrite?.refusal !== undefined)
      return refusalLenses(rewrite.refusal, document, this.services.piecesLeft(document));
    return rewrite === undefined ? [] : lensesOf(rewrite, this.placeOf(rewrite));
  }

  dispose(): void {
    this.isOver = true;
    for (const rewrite of this.byDocument.values()) rewrite.dispatch({ kind: 'closed' });
    this.owned.dispose();
  }

  private open(editor: TextEditor): Rewrite | undefined {
    const { document } = editor;
    if (holdsSecrets(document.fileName)) {
      say(l10n.t('Palimpsest does not read files that contain secrets.'), 'lock');
      return undefined;
    }
    this.of(document.uri)?.dispatch({ kind: 'cancel' });
    this.of(document.uri)?.dispatch({ kind: 'reject' });
    const rewrite = new Rewrite(document, editor, this.services, (one) => this.changed(one));
    this.byDocument.set(document.uri.toString(), rewrite);
    return rewrite;
  }

  private changed(rewrite: Rewrite): void {
    const key = rewrite.document.uri.toString();
    if (rewrite.kind === 'ended' && this.byDocument.get(key) === rewrite) {
      this.byDocument.delete(key);
      this.keepReviewed(key, rewrite);
      this.forget(key, rewrite);
      this.options.ended();
      this.goOn(key, rewrite);
    }
    // What was only looked at is not to be gone on with.
    if (rewrite.refusal?.untouched) this.options.unfinished.end(key);
    this.lensesChanged.fire();
    this.options.copied(this.placeOf(rewrite));
    this.updateContexts();
  }

  /** What was only looked at. */
  private rewriteAnyway(rewrite: Rewrite): void {
    rewrite.dispatch({ kind: 'again' });
    this.remember(rewrite.document, rewrite.spans, { isWhole: true });
  }

  private placeOf({ kind, review, document }: Rewrite): CopiedFrom | undefined {
    const source = kind === 'reviewing' && review !== undefined ? candidateOf(review).source : undefined;
    return source && this.options.placeOf(source, document.uri);
  }

  /** A piece that was decided makes room for the next one; who cancels one wants none of them. */
  private goOn(key: string, { document, ending }: Rewrite): void {
    if (GOES_ON.has(ending)) setImmediate(() => this.startNext(document));
    else {
      const left = this.waiting.of(key).length;
      this.waiting.drop(key);
      if (left > 0 && ending === 'cancelled')
        say(l10n.t('Palimpsest: canceled, with the pieces that were waiting: {0}.', left));
    }
  }

  /** A window that closes leaves its rewrites to the next one. */
  private forget(key: string, { ending }: Rewrite): void {
    if (this.isOver) return;
    const { unfinished } = this.options;
    if (ending === 'interrupted') unfinished.interrupt(key);
    else unfinished.end(key);
  }

  private remember(document: TextDocument, spans: readonly OffsetRange[], asked: Asked): void {
    // A notebook's cell cannot be opened without its notebook.
    if (document.uri.scheme === CELL_SCHEME) return;
    const key = document.uri.toString();
    const waiting = this.waiting.of(key);
    this.options.unfinished.begin(key, document.getText(), spans, { ...asked, waiting });
  }

  private startPieces(editor: TextEditor, pieces: readonly OffsetRange[], asked: Asked): void {
    this.waiting.put(editor.document.uri.toString(), pieces, asked);
    this.startNext(editor.document);
  }

  private startNext(document: TextDocument): void {
    const key = document.uri.toString();
    const editor = window.visibleTextEditors.find((one) => one.document === document);
    // Somebody has begun another one, or looks at something else.
    const isFree = !this.byDocument.has(key) && editor !== undefined;
    const next = isFree ? this.waiting.next(key) : undefined;
    if (next === undefined || editor === undefined) {
      this.waiting.drop(key);
      return;
    }
    editor.revealRange(rangeOf(document, next.range), TextEditorRevealType.InCenterIfOutsideViewport);
    this.startAt(editor, [next.range], { ...next.wanted, isPiece: true });
  }

  private keepReviewed(key: string, { reviewed, ending }: Rewrite): void {
    if (reviewed === undefined) return;
    this.reviewed.keep(key, reviewed);
    if (ending === 'rejected') say(l10n.t('Palimpsest: rejected. “Reopen Last Review” brings it back.'));
  }

  private inDiff(): Rewrite | undefined {
    return this.ofDiff(window.tabGroups.activeTabGroup.activeTab?.input);
  }

  /** What the person looks at: a tab is there before its text editors are. */
  private current(): Rewrite | undefined {
    const editor = window.activeTextEditor;
    const rewrite = editor === undefined ? undefined : this.of(editor.document.uri);
    return rewrite ?? this.inDiff();
  }

  private updateContexts(): void {
    const editor = window.activeTextEditor;
    setKeyContexts({
      editor,
      rewrite: this.current(),
      isInDiff: this.inDiff() !== undefined,
      canReopen: editor !== undefined && this.reviewed.of(editor.document.uri) !== undefined,
    });
  }

  private ofDiff(input: unknown): Rewrite | undefined {
    if (!(input instanceof TabInputTextDiff)) return undefined;
    return this.byDocument.get(reviewedUri(input.modified));
  }
}
