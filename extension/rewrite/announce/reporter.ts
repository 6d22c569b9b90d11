// What a person hears and reads about one rewrite besides its picture: milestones aloud, sentences in the status bar and at the end
// of a line, and a message where its file is out of sight.
import path from 'node:path';
import { l10n, Range, type TextDocument, type TextEditor, TextEditorRevealType, window } from 'vscode';
import { EngineError } from '../../../engine/errors';
import { editorsOf, isCursorNear } from '../../documents/editing';
import type { LineNote } from '../../ui/lineNote';
import { say, unsay } from '../../ui/statusMessage';
import { reviewedUri } from '../review/diffEditor';
import { iconOfRefusal, noteOfRefusal, sayRefusal, tellRefusal, wordsOutOfSight } from '../review/refusal';
import { candidateOf, positionOf } from '../state/acceptance';
import type { Note, RewriteState } from '../state/transitions';
import type { Ending, Refusal, Review } from '../state/types';
import type { Spoken } from './announcer';
import { sayTooLong, wordsOfNote } from './messages';
import { type Milestone, Milestones } from './milestones';
import { tooLong } from './tooLong';

export interface ReportServices {
  readonly spoken: Spoken;
  readonly lineNote: LineNote;
  readonly goTo: (document: TextDocument) => void;
  /** How many pieces of the same file wait, which are begun next. */
  readonly piecesLeft: (document: TextDocument) => number;
  readonly fail: (error: EngineError) => void;
}

/** Milliseconds after which a person may look elsewhere: what comes of a rewrite then stays until they have seen it. */
const LONG_WAIT = 10_000;

/** Notes with which a rewrite ends and nothing is left to look at. */
const NOTHING: ReadonlySet<Note> = new Set<Note>([
  'unchanged',
  'not-followed',
  'no-answer',
  'nothing-to-repair',
]);

export class Reporter {
  private readonly milestones = new Milestones();
  /** When the first request of what is under way was made. */
  private begunAt: number | undefined;
  /** The candidate that is shown, from 1. */
  private number: number | undefined;

  constructor(
    private readonly document: TextDocument,
    private readonly services: ReportServices,
  ) {}

  /** The person has answered a question: what they wait for begins now. */
  goesOn(): void {
    this.begunAt = performance.now();
  }

  begun(spans: number): void {
    this.begunAt ??= performance.now();
    unsay();
    this.speak(this.milestones.begun(spans));
  }

  settled(settled: number, tokens: number): void {
    this.speak(this.milestones.settled(settled, tokens));
  }

  /** `changes`: hunks that are left. */
  reviewing(review: Review, changes: number): void {
    this.begunAt = undefined;
    const { number, count } = positionOf(review);
    // What was said of one candidate is not of the next.
    if (number !== this.number) this.services.lineNote.clear();
    this.number = number;
    this.speak(this.milestones.reviewing(changes, number - 1, count, candidateOf(review).quality));
  }

  ended(how: Ending): void {
    this.speak(this.milestones.ended(how));
  }

  /** In the status bar, and where the person looks. */
  note(note: Note): void {
    const sentence = wordsOfNote(note);
    const waited = this.begunAt === undefined ? 0 : performance.now() - this.begunAt;
    this.begunAt = undefined;
    // With a review, or another piece, there is something to look at.
    const isLate = waited > LONG_WAIT && NOTHING.has(note) && this.services.piecesLeft(this.document) === 0;
    const active = window.activeTextEditor;
    // The right side of a diff editor is a document of its own.
    const isHere = active !== undefined && this.isShownIn(active);
    if (isHere) {
      // Who typed into the span goes on typing: what that has ended is said beyond the next key.
      const words = wordsOfNote(note, isLate);
      this.services.lineNote.show(active, active.selection.end.line, words, note === 'conflict');
    }
    // Who works beside it finds it later, and at its full length; twice in one window is enough.
    if (isLate) void window.showInformationMessage(sentence);
    else say(sentence);
  }

  /** The file itself, or its new text in a diff editor. */
  private isShownIn({ document }: TextEditor): boolean {
    return reviewedUri(document.uri) === this.document.uri.toString();
  }

  refused(refusal: Refusal): void {
    this.begunAt = undefined;
    const waiting = this.services.piecesLeft(this.document);
    const active = window.activeTextEditor;
    const isHere = active !== undefined && this.isShownIn(active);
    const file = isHere ? undefined : path.basename(this.document.fileName);
    say(sayRefusal(refusal, waiting, file), iconOfRefusal(refusal));
    this.speak(this.milestones.refused(refusal.untouched ?? 'refused'));
    const line = this.document.positionAt(refusal.spans[0]?.start ?? 0).line;
    const note = noteOfRefusal(refusal, this.document);
    for (const editor of editorsOf(this.document)) {
      if (note !== undefined) this.services.lineNote.show(editor, line, note);
      // Of a selection that is longer than the editor, the cursor is at the other end.
      if (isCursorNear(this.document, refusal.spans)) revealLine(editor, line);
    }
    void tellRefusal(refusal, this.document, waiting);
  }

  /** What the person can do something about is told in their terms. `sent`: the texts; `line`: where they end, from 0. */
  failed(error: EngineError, sent: readonly string[], line: number | undefined): void {
    const long = tooLong(error, sent);
    this.services.fail(
      long === undefined ? error : new EngineError(error.code, sayTooLong(long), error.data),
    );
    const editor = this.activeEditor();
    if (long === undefined || editor === undefined || line === undefined) return;
    this.services.lineNote.show(editor, line, sayTooLong(long));
  }

  /** Who works in another file by then learns of it. `isHeld`: elsewhere in this one, and the review would come to the front. */
  answered(state: RewriteState, isHeld: boolean): void {
    const { document, services } = this;
    const { kind } = state;
    if ((editorsOf(document).length > 0 && !isHeld) || kind === 'denoising') return;
    const name = document.uri.path.slice(document.uri.path.lastIndexOf('/') + 1);
    const goTo = l10n.t('Go To');
    const words =
      kind === 'ended'
        ? l10n.t('The rewrite of {0} has ended without a change.', name)
        : kind === 'refused'
          ? wordsOutOfSight(state.refusal, name)
          : l10n.t('The rewrite of {0} is ready for review.', name);
    void window.showInformationMessage(words, goTo).then((chosen) => {
      if (chosen !== goTo) return;
      if (kind === 'ended') void window.showTextDocument(document);
      else services.goTo(document);
    });
  }

  private activeEditor() {
    return editorsOf(this.document).find((one) => one === window.activeTextEditor);
  }

  private speak(milestone: Milestone | undefined): void {
    this.services.spoken.say(this.document, milestone);
  }
}

function revealLine(editor: TextEditor, line: number): void {
  editor.revealRange(new Range(line, 0, line, 0), TextEditorRevealType.InCenterIfOutsideViewport);
}
