// One document's review as a person sees it: chooses the form, draws it in every editor of the document, and knows what
// the cursor is at.
import { commands, l10n, Range, Selection, type TextDocument, type TextEditor, window } from 'vscode';
import { prefersPlainReview, rewriteSettings } from '../settings';
import type { DiffReviews } from './diffReview';
import { editorsOf } from './editing';
import { applyEdits, editsOf } from './edits';
import { hunksOf, presentationOf } from './hunks';
import type { Review } from './machine';
import { type Ghost, ghostOf, type InlinePresentation, type ReviewView } from './reviewView';

export interface ReviewStage {
  readonly reviewView: ReviewView;
  readonly diffs: DiffReviews;
}

export class ReviewShow {
  private presentation: InlinePresentation | undefined;

  constructor(
    private readonly document: TextDocument,
    private readonly stage: ReviewStage,
    private readonly isReviewing: () => boolean,
    private readonly changed: () => void,
  ) {}

  /** First line of the review, where its CodeLens stands; undefined outside the editor's own presentation. */
  get line(): number | undefined {
    const { presentation } = this;
    if (presentation === undefined) return undefined;
    const starts = [...presentation.changes, ...(presentation.ghost ? [presentation.ghost] : [])];
    return Math.min(...starts.map((hunk) => hunk.startLine));
  }

  /** The inline suggestion that the review wants shown. */
  get ghost(): Ghost | undefined {
    if (this.presentation?.ghost === undefined) return undefined;
    return ghostOf(this.document, this.presentation.ghost);
  }

  isAt(editor: TextEditor): boolean {
    const { presentation } = this;
    if (presentation === undefined) return false;
    if (editor.selections.length > 1 || !editor.selection.isEmpty) return false;
    const { active } = editor.selection;
    if (this.ghost?.anchor.isEqual(active)) return true;
    return presentation.changes.some(
      ({ startLine, endLine }) => active.line >= startLine && active.line < endLine,
    );
  }

  /** The ghost text is there only while the cursor is at its anchor. */
  cursorMoved(editor: TextEditor): void {
    if (this.presentation?.ghost === undefined) return;
    const { ghost } = this;
    const shown =
      ghost !== undefined && editor.selection.isEmpty && editor.selection.active.isEqual(ghost.anchor);
    this.stage.reviewView.showTint(editor, shown ? this.presentation.ghost : undefined);
    if (shown) void triggerSuggestion();
  }

  /** `isNew`: the cursor goes to it, and a diff editor is opened for it. */
  async draw(review: Review, isNew: boolean): Promise<void> {
    const { document, stage } = this;
    const answer = review.answers[review.index];
    if (answer === undefined) return;
    const text = document.getText();
    const hunks = hunksOf(text, review.places, answer);
    const plain = rewriteSettings(document).preview === 'diffEditor' || prefersPlainReview(document);
    const presentation = presentationOf(hunks, { plain });
    if (presentation.kind === 'diffEditor') {
      this.clearInline();
      if (!isNew) return;
      const name = document.fileName.split(/[\\/]/).at(-1) ?? document.fileName;
      const title = l10n.t('{0}: rewrite {1} of {2}', name, review.index + 1, review.answers.length);
      await stage.diffs.show(document, applyEdits(text, editsOf(review.places, answer)), title);
      return;
    }
    await stage.diffs.close(document, window.tabGroups);
    if (!this.isReviewing()) return;
    this.presentation = presentation;
    for (const editor of editorsOf(document)) stage.reviewView.show(editor, presentation);
    this.changed();
    if (isNew) this.goToGhost();
  }

  clear(): void {
    const hadGhost = this.presentation?.ghost !== undefined;
    this.clearInline();
    void this.stage.diffs.close(this.document, window.tabGroups);
    if (hadGhost && window.activeTextEditor?.document === this.document) void hideSuggestion();
  }

  private goToGhost(): void {
    const { document, ghost } = this;
    const editor = window.activeTextEditor;
    if (editor?.document !== document || ghost === undefined) return;
    editor.selection = new Selection(ghost.anchor, ghost.anchor);
    // The ghost's rows push the lines below it down: they have to be in view with it.
    const below = Math.min(ghost.anchor.line + ghost.text.split('\n').length, document.lineCount - 1);
    editor.revealRange(new Range(ghost.anchor.line, 0, below, 0));
    this.cursorMoved(editor);
  }

  private clearInline(): void {
    this.presentation = undefined;
    for (const editor of editorsOf(this.document)) this.stage.reviewView.clear(editor);
  }
}

function triggerSuggestion(): Thenable<unknown> {
  return commands.executeCommand('editor.action.inlineSuggest.trigger');
}

function hideSuggestion(): Thenable<unknown> {
  return commands.executeCommand('editor.action.inlineSuggest.hide');
}
