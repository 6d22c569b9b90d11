// What a person does to parts of a candidate under review: takes or rejects a hunk, goes to the next one, pins words or masks
// them again.
import { l10n, type TextDocument } from 'vscode';
import { showsSuggestions } from '../settings';
import { say } from '../ui/statusMessage';
import type { ReviewShow } from './review/controller';
import type { Hunk } from './review/hunks';
import { type Pointed, pointedWords } from './review/selectedWords';
import type { RewriteEvent, RewriteState } from './state/transitions';

/** Does nothing where nothing is under review. `index`: of a hunk; the one at the cursor, where none is named. */
export class ReviewParts {
  constructor(
    private readonly document: TextDocument,
    private readonly shown: ReviewShow,
    private readonly state: () => RewriteState,
    private readonly dispatch: (event: RewriteEvent) => void,
  ) {}

  /** One that is out of sight is brought into view first. */
  accept(index?: number): void {
    if (index === undefined && this.shown.reveal()) return;
    this.take(index ?? this.shown.hunkHere());
  }

  /** One that somebody points at. Where only the editor's suggestion shows its new lines, what is not on the screen is shown first. */
  async acceptPointed(index = this.shown.hunkHere()): Promise<void> {
    if (!showsSuggestions(this.document)) return this.take(index);
    if (!this.shown.isOpen(index)) return this.shown.reveal(index) ? undefined : this.take(index);
    const state = this.state();
    await this.shown.insertGhost();
    if (this.state() === state) await this.shown.showGhost();
  }

  /** As `accept`. */
  reject(index?: number): void {
    if (index === undefined && this.shown.reveal()) return;
    const hunk = this.hunk(index ?? this.shown.hunkHere());
    if (hunk !== undefined) this.dispatch({ kind: 'reject-hunk', edits: hunk.edits });
  }

  async step(direction: 1 | -1): Promise<void> {
    if (this.state().kind === 'reviewing') await this.shown.step(direction);
  }

  /** Pins the words that are selected in the old text or, in a diff editor, in the new one; or lets go of them. */
  async pin(): Promise<void> {
    const pointed = this.pointed();
    if (pointed === undefined) return this.openForWords();
    const words = pointed.words.flatMap((own, span) => own.map((word) => ({ span, word })));
    if (words.length === 0) say(l10n.t('Only words in the rewrite can be pinned.'));
    for (const { span, word } of words) this.dispatch({ kind: 'pin', side: pointed.side, span, word });
  }

  /** Masks the words that are selected in the new text again; all else in it stays. */
  async remask(): Promise<void> {
    const pointed = this.pointed();
    if (pointed?.side !== 'new') return this.openForWords();
    if (pointed.words.every((own) => own.length === 0)) {
      say(l10n.t('Only words in the rewrite can be re-masked.'));
    }
    this.dispatch({ kind: 'redo', words: pointed.words });
  }

  private take(index: number | undefined): void {
    const hunk = this.hunk(index);
    if (hunk === undefined) return;
    this.dispatch({ kind: 'accept-hunk', edits: hunk.edits, text: this.document.getText() });
  }

  private hunk(index: number | undefined): Hunk | undefined {
    return index === undefined || this.state().kind !== 'reviewing' ? undefined : this.shown.hunks[index];
  }

  private pointed(): Pointed | undefined {
    const state = this.state();
    if (state.kind !== 'reviewing') return undefined;
    return pointedWords(this.document, state.review, this.shown.form);
  }

  private async openForWords(): Promise<void> {
    const state = this.state();
    if (state.kind !== 'reviewing') return;
    await this.shown.openDiff(state.review);
    say(l10n.t('Palimpsest: place the cursor on a word in the new text, then pin or re-mask it.'));
  }
}
