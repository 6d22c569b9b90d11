// One document's review as a person sees it: chooses the form, draws it in every editor of the document, and knows which
// hunk the cursor is at.
import {
  commands,
  type Disposable,
  l10n,
  type Position,
  Selection,
  type TextDocument,
  type TextEditor,
  window,
} from 'vscode';
import { editorsOf } from '../../documents/editing';
import { prefersPlainReview, rewriteSettings } from '../../settings';
import type { TextChange } from '../../text/types';
import { say, sayBeneath } from '../../ui/statusMessage';
import { wordsOfQuality } from '../quality/words';
import { candidateOf, positionOf } from '../state/acceptance';
import type { Review, Side } from '../state/types';
import type { CommentReviews } from './commentThreads';
import { type DiffReviews, isReviewInFront, reviewedUri, reviewUri } from './diffEditor';
import { canBeInline, type Form, formOf } from './form';
import { type Hunk, hunkAt, hunksOf, isInHunk, isInLine, startLines } from './hunks';
import { anchorOf, type Ghost, ghostOf, type ReviewView } from './inlineView';
import { KeptShown } from './keptShown';
import { isInDiff, seesLenses } from './lensesSeen';
import { isAtChange } from './lineChange';
import type { PinnedView } from './pinnedView';
import type { ReviewSuggestions } from './reviewSuggestions';
import { textWith } from './sides';
import { isInSight, isSame, markOf, openGhost, revealHunk } from './sight';
import { fitsInSigns } from './signs';

export interface ReviewStage {
  readonly reviewView: ReviewView;
  readonly pinnedView: PinnedView;
  readonly diffs: DiffReviews;
  readonly comments: CommentReviews;
  readonly suggestions: ReviewSuggestions;
}

/** Within these, an editor that becomes active gets the focus. */
const FOCUS_MILLIS = 200;
const SHOWN_MILLIS = 1000;

export class ReviewShow {
  /** What is shown now; undefined: nothing is. */
  private shown:
    | {
        readonly form: Form;
        readonly candidate: string;
        readonly hunks: readonly Hunk[];
        readonly mark: string | undefined;
      }
    | undefined;
  /** Chosen when the review begins, and kept until it ends. */
  private chosenForm: Form | undefined;
  /** The hunk whose new lines the editor was last asked to show. */
  private open: Hunk | undefined;
  /** Where the cursor was led to last, and when. */
  private led: { readonly to: Position; readonly at: number } | undefined;
  /** The editor that was active when that was drawn. */
  private openIn: TextEditor | undefined;
  private focusing: NodeJS.Timeout | undefined;
  private said: Disposable | undefined;
  private readonly kept: KeptShown;

  constructor(
    private readonly document: TextDocument,
    private readonly stage: ReviewStage,
    private readonly isReviewing: () => boolean,
    private readonly changed: () => void,
  ) {
    this.kept = new KeptShown(stage.suggestions, () => this.isAtGhostNow);
  }

  get form(): Form | undefined {
    return this.shown?.form;
  }

  /** The quality mark as part of the text; undefined: a lens or a label says it. */
  get mark(): string | undefined {
    return this.shown?.mark;
  }

  get hunks(): readonly Hunk[] {
    return this.shown?.hunks ?? [];
  }

  /** The ghost text that belongs at a position. */
  ghostAt(position: Position): Ghost | undefined {
    return this.ghosts().find(({ ghost }) => ghost.anchor.isEqual(position))?.ghost;
  }

  ghosts(): readonly { readonly ghost: Ghost; readonly hunk: Hunk }[] {
    if (this.shown?.form !== 'inline') return [];
    return this.shown.hunks.flatMap((hunk) => {
      const ghost = ghostOf(this.document, hunk);
      return ghost === undefined ? [] : [{ ghost, hunk }];
    });
  }

  /** The hunk whose ghost text the change put into the document. */
  insertedBy(change: TextChange): Hunk | undefined {
    if (change.length > 0) return undefined;
    const plain = (text: string) => text.replace(/\r\n/g, '\n');
    return this.ghosts().find(
      ({ ghost }) =>
        change.offset === this.document.offsetAt(ghost.anchor) && plain(change.text) === plain(ghost.text),
    )?.hunk;
  }

  /** Whether Tab in this place means a hunk. */
  isAt(editor: TextEditor): boolean {
    if (this.shown === undefined) return false;
    if (editor.selections.length > 1 || !editor.selection.isEmpty) return false;
    const { active } = editor.selection;
    // Nothing can be typed on either side of a diff editor of ours.
    if (this.shown.form === 'diffEditor')
      return isReviewInFront(this.document) && isInHunk(this.shown.hunks, active.line, this.sideOf(editor));
    // Only where a step from change to change leads: elsewhere in these lines Tab indents.
    if (this.shown.form === 'comments')
      return this.shown.hunks.some((hunk) => anchorOf(this.document, hunk).isEqual(active));
    if (this.ghostAt(active) !== undefined) return true;
    return this.shown.hunks.some((hunk) => isInLine(hunk) && isAtChange(hunk, active));
  }

  /** Whether new lines belong at the cursor that only the editor's suggestion shows: it hides it when it loses the focus. */
  isAtGhost(editor: TextEditor): boolean {
    return this.isAt(editor) && this.ghostAt(editor.selection.active) !== undefined;
  }

  /** The same in the editor that is active. */
  private get isAtGhostNow(): boolean {
    const editor = window.activeTextEditor;
    return editor?.document === this.document && this.isAtGhost(editor);
  }

  /** The same of a hunk that somebody points at. */
  isOpen(index: number | undefined): boolean {
    return this.isAtGhostNow && index !== undefined && this.hunkHere() === index;
  }

  /** The editor inserts the new lines at the cursor, if it shows them. */
  async insertGhost(): Promise<void> {
    await commands.executeCommand('editor.action.inlineSuggest.commit');
  }

  /** Shows those again. */
  async showGhost(): Promise<void> {
    if (this.isAtGhostNow) await this.stage.suggestions.show();
  }

  /** Somebody is back from another editor, which had the suggestion. */
  cameBack(): void {
    this.openIn = undefined;
  }

  /** The hunk that somebody means who does not say which: the one at the cursor, on either side of a diff editor. */
  hunkHere(): number | undefined {
    const editor = window.activeTextEditor;
    if (editor === undefined || this.shown === undefined) return undefined;
    const { active } = editor.selection;
    const side = this.sideOf(editor);
    if (side === 'old') {
      const open = this.ghosts().find(({ ghost }) => ghost.anchor.isEqual(active));
      if (open !== undefined) return this.shown.hunks.indexOf(open.hunk);
    }
    return hunkAt(this.shown.hunks, active.line, side);
  }

  /** Goes to the hunk, by default the one at the cursor, where it is out of sight or folded; false where all of it is to be seen. */
  reveal(index = this.hunkHere()): boolean {
    const editor = window.activeTextEditor;
    const hunk = index === undefined ? undefined : this.hunks[index];
    if (index === undefined || hunk === undefined || this.shown?.form !== 'inline') return false;
    if (editor?.document !== this.document) return false;
    const { line } = anchorOf(this.document, hunk);
    if (isInSight(editor, line, line) && this.isWhole(editor, hunk)) return false;
    this.goTo(index);
    sayUnseen();
    return true;
  }

  /** Goes to the first hunk where none is in sight; false where one is. */
  revealAny(): boolean {
    const editor = window.activeTextEditor;
    if (editor?.document !== this.document || this.shown?.form !== 'inline') return false;
    const isSeen = (hunk: Hunk) => {
      const last = anchorOf(this.document, hunk).line;
      return isInSight(editor, Math.min(hunk.startLine, last), last) && this.isWhole(editor, hunk);
    };
    // The editor says what is in sight a moment after it was scrolled.
    const { led } = this;
    const isThere = led !== undefined && editor.selection.active.isEqual(led.to);
    const isJustShown = isThere && performance.now() - led.at < SHOWN_MILLIS;
    if (this.hunks.length === 0 || isJustShown || this.hunks.some(isSeen)) return false;
    this.goTo(0);
    sayUnseen();
    return true;
  }

  /** Whether nothing of its new lines is folded. */
  private isWhole(editor: TextEditor, hunk: Hunk): boolean {
    return isInLine(hunk) || fitsInSigns(hunk) || hunk === openGhost(editor, this.ghosts());
  }

  /** The ghost text is there only while the cursor is at its anchor. */
  cursorMoved(editor: TextEditor): void {
    if (this.shown?.form !== 'inline' || editor.document !== this.document) return;
    const ghosts = this.ghosts();
    if (ghosts.length === 0) return;
    const open = openGhost(editor, ghosts);
    if (open !== this.open) this.stage.reviewView.show(editor, this.shown.hunks, open);
    this.open = open;
    if (open === undefined || editor !== window.activeTextEditor) return;
    this.kept.begin();
    void this.stage.suggestions.showAnew();
  }

  async step(direction: 1 | -1): Promise<void> {
    if (this.shown?.form === 'diffEditor') {
      const which = direction > 0 ? 'nextChange' : 'previousChange';
      await commands.executeCommand(`workbench.action.compareEditor.${which}`);
      return;
    }
    const count = this.hunks.length;
    const here = this.hunkHere();
    if (here === undefined || count === 0) return;
    this.goTo((here + direction + count) % count);
  }

  /** Puts the new text where a cursor can be, at the change that the cursor was at. */
  async openDiff(review: Review): Promise<void> {
    const here = this.hunkHere() ?? 0;
    this.chosenForm = 'diffEditor';
    await this.draw(review, true);
    const editor = window.visibleTextEditors.find(
      ({ document }) => document.uri.toString() === reviewUri(this.document).toString(),
    );
    if (editor === undefined) return;
    const line = startLines(this.hunks, 'new')[here] ?? 0;
    const column = editor.document.lineAt(
      Math.min(line, editor.document.lineCount - 1),
    ).firstNonWhitespaceCharacterIndex;
    editor.selection = new Selection(line, column, line, column);
    editor.revealRange(editor.selection);
  }

  /**
   * `fresh`: there is something else to look at, so the cursor goes there and a diff editor comes to the front. `mayOpen`: where none
   * is open, one opens; not over what somebody works at in the file meanwhile.
   */
  async draw(review: Review, fresh: boolean, mayOpen = true): Promise<void> {
    const { document, stage } = this;
    const text = document.getText();
    const hunks = hunksOf(text, review.spans, candidateOf(review));
    const candidate = `${review.index} ${review.candidates.length}`;
    const form = this.formFor(review, text, hunks);
    if (form !== 'inline') this.clearInline();
    if (form !== 'comments') stage.comments.clear(document);
    const { quality } = candidateOf(review);
    const words = quality && wordsOfQuality(quality);
    const isInText = form === 'diffEditor' || (form === 'inline' && !seesLenses(document));
    const mark = isInText ? markOf(review, words) : undefined;
    this.shown = { form, candidate, hunks, mark };
    if (form === 'diffEditor') {
      const name = document.fileName.split(/[\\/]/).at(-1) ?? document.fileName;
      // The editor takes no other title for a tab that is open: nothing is in it that may become another.
      const title = l10n.t('{0}: rewrite', name);
      // Never over what somebody works in meanwhile: it opens when they are back.
      const isSeen = this.isLookedAt();
      if ((isSeen && mayOpen) || stage.diffs.isOpen(document)) {
        await stage.diffs.show(document, textWith(text, review), title, fresh && isSeen);
      }
      this.showMarkInDiff(mark);
    } else {
      await stage.diffs.close(document, window.tabGroups);
    }
    if (!this.isReviewing() || this.shown?.candidate !== candidate) return;
    if (form === 'comments') stage.comments.show(document, hunks, quality);
    // The lens above an inline review says so.
    this.sayWhich(form === 'inline' && mark === undefined ? undefined : review, words);
    if (form === 'inline') this.drawInline(hunks);
    stage.pinnedView.show(document, review);
    if (fresh && form !== 'diffEditor') this.goTo(this.hunkHere() ?? 0);
    // Behind that: the keys for a hunk are there as soon as the cursor is.
    this.changed();
  }

  private formFor(review: Review, text: string, hunks: readonly Hunk[]): Form {
    const { document } = this;
    this.chosenForm ??= formOf(
      review.candidates.map((candidate) => hunksOf(text, review.spans, candidate)),
      {
        preview: rewriteSettings(document).preview,
        // A side of somebody else's diff is narrow, and what stands behind its lines is cut off.
        plain: prefersPlainReview(document) || isInDiff(document),
      },
    );
    if (this.chosenForm === 'inline' && !canBeInline(hunks)) this.chosenForm = 'diffEditor';
    return this.chosenForm;
  }

  /** Takes away what lies over the text; a diff editor stays for what comes next. */
  hide(): void {
    const hadGhost = this.shown?.form === 'inline' && !this.shown.hunks.every(isInLine);
    const isDiff = this.shown?.form === 'diffEditor';
    this.said?.dispose();
    this.clearInline();
    this.stage.comments.clear(this.document);
    this.stage.pinnedView.clear(this.document);
    if (!isDiff) this.shown = undefined;
    if (hadGhost && window.activeTextEditor?.document === this.document) void this.stage.suggestions.hide();
  }

  clear(): void {
    clearTimeout(this.focusing);
    this.kept.end();
    this.hide();
    this.shown = undefined;
    this.chosenForm = undefined;
    void this.stage.diffs.close(this.document, window.tabGroups);
  }

  /** Of a diff editor; the file itself is the old one. */
  private sideOf({ document }: TextEditor): Side {
    return document.uri.toString() === reviewUri(this.document).toString() ? 'new' : 'old';
  }

  private isLookedAt(): boolean {
    const uri = window.activeTextEditor?.document.uri;
    return uri !== undefined && reviewedUri(uri) === this.document.uri.toString();
  }

  private drawInline(hunks: readonly Hunk[]): void {
    const before = this.open;
    const active = window.activeTextEditor;
    this.open = undefined;
    for (const editor of editorsOf(this.document)) {
      // The editor suggests something only where somebody works.
      const open = editor === active ? openGhost(editor, this.ghosts()) : undefined;
      if (editor === active) this.open = open;
      this.stage.reviewView.show(editor, hunks, open);
      this.stage.reviewView.showMark(editor, hunks[0]?.startLine, this.shown?.mark);
    }
    const isMoved = this.openIn !== active;
    this.openIn = active;
    // After undo, and in another editor of the same document, the cursor is there already, and nothing else asks for the new lines.
    if (this.open !== undefined) this.kept.begin();
    if (this.open === undefined || (!isMoved && isSame(before, this.open))) return;
    void this.showAnother(before !== undefined && !isMoved);
    // An editor is active before it has the focus, and without that it takes a suggestion away.
    clearTimeout(this.focusing);
    if (isMoved) this.focusing = setTimeout(() => void this.showGhost(), FOCUS_MILLIS);
  }

  /** `isShown`: there is one, which the editor would keep as long as its text still fits. */
  private async showAnother(isShown: boolean): Promise<void> {
    if (isShown) await this.stage.suggestions.hide();
    await this.stage.suggestions.showAnew();
  }

  /** In the status bar, as long as somebody looks at it: a tab's title cannot change. */
  private sayWhich(review: Review | undefined, words: string | undefined): void {
    this.said?.dispose();
    this.said = undefined;
    if (review === undefined || !this.isLookedAt()) return;
    const { number, count } = positionOf(review);
    const which = l10n.t('Palimpsest: candidate {0} of {1}', number, count);
    this.said = sayBeneath(words === undefined ? `${which}.` : `${which}. ${words}.`, 'diff');
  }

  /** What lies over the text of a diff editor of ours. */
  private showMarkInDiff(mark: string | undefined): void {
    const uri = reviewUri(this.document).toString();
    for (const editor of window.visibleTextEditors)
      if (editor.document.uri.toString() === uri)
        this.stage.reviewView.showMark(editor, startLines(this.hunks, 'new')[0], mark);
  }

  private goTo(index: number): void {
    const { document } = this;
    const hunk = this.hunks[index];
    const editor = window.activeTextEditor;
    if (editor?.document !== document || hunk === undefined) return;
    const anchor = anchorOf(document, hunk);
    editor.selection = new Selection(anchor, anchor);
    revealHunk(editor, hunk, anchor.line);
    this.led = { to: anchor, at: performance.now() };
    this.cursorMoved(editor);
  }

  private clearInline(): void {
    for (const editor of editorsOf(this.document)) this.stage.reviewView.clear(editor);
  }
}

/** Nothing is decided that nobody sees. */
function sayUnseen(): void {
  say(l10n.t('Palimpsest: that was not all in sight. Do it again.'), 'eye');
}
