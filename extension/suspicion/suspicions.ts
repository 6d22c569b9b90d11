// Suspicious tokens: marks on what the model finds unlikely, shown when it is asked for and until it is taken away.
// Owns the listeners, and carries out what marks.ts and markTracking.ts decide.
import {
  commands,
  type Disposable,
  Hover,
  type HoverProvider,
  l10n,
  languages,
  MarkdownString,
  type Position,
  Range,
  Selection,
  type TextDocument,
  type TextEditor,
  window,
  workspace,
} from 'vscode';
import type { Priority } from '../../engine/protocol';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { setContext } from '../common/contextKeys';
import { Disposables } from '../common/disposables';
import { EVERYWHERE } from '../documents/editable';
import { textChangesOf } from '../documents/recordedChanges';
import type { EngineSupervisor } from '../engine/supervisor';
import type { Rewrites } from '../rewrite/rewriteManager';
import { suspicionSettings } from '../settings';
import { offsetsOf } from '../text/offsets';
import { rangeOf } from '../text/ranges';
import type { OffsetRange } from '../text/types';
import { withPatience } from '../ui/delayedProgress';
import type { say } from '../ui/statusMessage';
import { hoverText } from './hoverText';
import { lookAt } from './look';
import { MarkedDocument } from './markedDocument';
import { type Mark, wordAround } from './marks';
import { markAt, nextMark } from './markTracking';
import { MarkView } from './markView';

export interface SuspicionServices {
  readonly engine: EngineSupervisor;
  readonly syntax: SyntaxTrees;
  readonly rewrites: Rewrites;
  /** What this bundle would have of its own: the message that is shown, and the class of the engine's errors. */
  readonly say: typeof say;
  readonly fail: (error: unknown) => void;
}

/** How a look ended; tests look at it. */
export type LookOutcome = 'shown' | 'none' | 'cancelled' | 'failed' | 'cleared';

const REMASK = 'palimpsest.rewriteSuspiciousToken';
/** Lines above and below what is visible. */
const MARGIN = 10;
/** Milliseconds: what is only scrolled past is not looked at. */
const SCROLL_REST = 250;

export class Suspicions implements HoverProvider {
  private readonly owned = new Disposables();
  private readonly view = this.owned.add(new MarkView());
  private readonly marked = new Map<string, MarkedDocument>();
  private running: { readonly controller: AbortController; readonly key: string } | undefined;
  private scrolling: NodeJS.Timeout | undefined;
  /** How many the last look that was asked for has found: no longer true with the next look, nor without marks. */
  private said: Disposable | undefined;

  constructor(private readonly services: SuspicionServices) {
    this.owned.add(languages.registerHoverProvider(EVERYWHERE, this));
    this.owned.add(
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        const one = this.of(document);
        if (one === undefined || contentChanges.length === 0) return;
        one.changed(textChangesOf(contentChanges));
        this.draw(one);
      }),
    );
    this.owned.add(workspace.onDidCloseTextDocument((document) => this.forget(document)));
    this.owned.add(window.onDidChangeVisibleTextEditors(() => this.drawAll()));
    this.owned.add(window.onDidChangeActiveTextEditor(() => this.updateContext()));
    this.owned.add(window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => this.scrolled(textEditor)));
    this.owned.add(
      workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('palimpsest.suspicion')) this.clear();
      }),
    );
  }

  /** Marks of a document; undefined where none are shown. */
  marksIn(document: TextDocument): readonly Mark[] | undefined {
    return this.of(document)?.marks;
  }

  /** Of a document that may be read: shows marks in the selection, or what is visible; takes them away where they are shown. */
  async toggle(editor: TextEditor): Promise<LookOutcome> {
    const { document } = editor;
    if (this.of(document) !== undefined) {
      this.forget(document);
      return 'cleared';
    }
    const selected = editor.selections.filter(({ isEmpty }) => !isEmpty);
    const one = new MarkedDocument(document, selected.length > 0, suspicionSettings(document).marksPerScreen);
    this.marked.set(keyOf(document), one);
    this.updateContext();
    const ranges = one.isSelection ? selected.map((range) => offsetsOf(document, range)) : visibleIn(editor);
    const outcome = await this.look(one, ranges, 'rewrite');
    // Given up before there was anything to see: asked for again, it is looked at again, not taken away.
    const isVoid = (outcome === 'failed' || outcome === 'cancelled') && one.marks.length === 0;
    if (isVoid && this.of(document) === one) this.forget(document);
    if (outcome === 'none' || outcome === 'shown') this.sayCount(one);
    return outcome;
  }

  /** Takes all marks away. */
  clear(): void {
    for (const { document } of [...this.marked.values()]) this.forget(document);
  }

  /** To the next or previous marked token, with what the model would have there. */
  async move(editor: TextEditor, forward: boolean): Promise<void> {
    const { document } = editor;
    const mark = nextMark(this.marksIn(document) ?? [], document.offsetAt(editor.selection.active), forward);
    if (mark === undefined) return;
    const at = document.positionAt(mark.start);
    editor.selection = new Selection(at, at);
    editor.revealRange(new Range(at, at));
    await commands.executeCommand('editor.action.showHover', { focus: 'noAutoFocus' });
  }

  /**
   * A rewrite of the word that a marked token is a piece of: of the one at `place`, which a hover named and which may be
   * gone by now; without a place, of the one at the cursor, marked or not.
   */
  remask(editor: TextEditor, place?: OffsetRange): void {
    const { document } = editor;
    const marks = this.marksIn(document) ?? [];
    const cursor = document.offsetAt(editor.selection.active);
    const target =
      place === undefined
        ? (markAt(marks, cursor) ?? { start: cursor, end: cursor })
        : marks.find(({ start, end }) => start === place.start && end === place.end);
    if (target === undefined) return;
    const isSlip = 'slip' in target && target.slip !== undefined;
    // A repair of the line undoes the slip before anything else.
    const range = isSlip ? lineAround(document, target) : wordAround(document.getText(), target);
    if (range.end === range.start) return;
    this.services.rewrites.startAt(editor, [range], isSlip ? { isRepair: true } : {});
    // Asked for by a link, it would leave the keys to the hover, which covers the review.
    const { viewColumn } = editor;
    void window.showTextDocument(document, viewColumn === undefined ? {} : { viewColumn });
  }

  provideHover(document: TextDocument, position: Position): Hover | undefined {
    const one = this.of(document);
    const mark = markAt(one?.marks ?? [], document.offsetAt(position));
    if (one === undefined || mark === undefined) return undefined;
    const { start, end } = mark;
    const args = encodeURIComponent(JSON.stringify([document.uri, { start, end }]));
    const remask = `command:${REMASK}?${args}`;
    const token = document.getText().slice(mark.start, mark.end);
    const text = new MarkdownString(hoverText(mark, { token, remask }), true);
    text.isTrusted = { enabledCommands: [REMASK] };
    return new Hover(text, rangeOf(document, mark));
  }

  dispose(): void {
    clearTimeout(this.scrolling);
    this.clear();
    this.owned.dispose();
  }

  private async look(
    one: MarkedDocument,
    ranges: readonly OffsetRange[],
    priority: Priority,
  ): Promise<LookOutcome> {
    const { document } = one;
    const missing = one.missing(ranges);
    if (missing.length === 0) return one.marks.length > 0 ? 'shown' : 'none';
    this.running?.controller.abort();
    this.said?.dispose();
    const running = { controller: new AbortController(), key: keyOf(document) };
    this.running = running;
    let isCancelled = false;
    const work = async (signal: AbortSignal, report: (message: string) => void) => {
      signal.addEventListener('abort', () => {
        isCancelled = true;
      });
      const onPiece = () => this.draw(one);
      const isDone = await lookAt(this.services, one, missing, { priority, signal, report, onPiece });
      if (!isDone) isCancelled = true;
    };
    try {
      const { signal } = running.controller;
      const title = l10n.t('Palimpsest: looking for suspicious tokens');
      const isReady = () => this.services.engine.state.kind === 'ready';
      // Scrolling is no question: it gets no progress, and no word when it fails.
      if (priority === 'rewrite') await withPatience({ title, signal, isReady }, work);
      else await work(signal, () => undefined);
    } catch (error) {
      if (isCancelled) return 'cancelled';
      if (priority === 'rewrite') this.services.fail(error);
      return 'failed';
    } finally {
      if (this.running === running) this.running = undefined;
    }
    if (isCancelled) return 'cancelled';
    return one.marks.length > 0 ? 'shown' : 'none';
  }

  private sayCount({ marks: { length: shown }, count: found }: MarkedDocument): void {
    const { say } = this.services;
    if (found === 0) this.said = say(l10n.t('Palimpsest: no suspicious tokens found.'), 'eye');
    else if (shown === found)
      this.said = say(l10n.t('Palimpsest: suspicious tokens found: {0}.', found), 'eye');
    // In few words: a narrow window cuts off what stands behind.
    else this.said = say(l10n.t('Palimpsest: {0} of {1} suspicious tokens marked.', shown, found), 'eye');
  }

  private scrolled(editor: TextEditor): void {
    const one = this.of(editor.document);
    if (one === undefined || one.isSelection) return;
    clearTimeout(this.scrolling);
    this.scrolling = setTimeout(() => {
      // What was asked for goes first; what is visible then is looked at when it is scrolled again.
      if (this.running !== undefined || this.of(editor.document) !== one) return;
      void this.look(one, visibleIn(editor), 'background');
    }, SCROLL_REST);
  }

  private forget(document: TextDocument): void {
    const key = keyOf(document);
    if (this.running?.key === key) this.running.controller.abort();
    if (!this.marked.delete(key)) return;
    this.said?.dispose();
    for (const editor of window.visibleTextEditors) {
      if (editor.document === document) this.view.clear(editor);
    }
    this.updateContext();
  }

  private drawAll(): void {
    for (const one of this.marked.values()) this.draw(one);
  }

  private draw(one: MarkedDocument): void {
    if (this.of(one.document) !== one) return;
    for (const editor of window.visibleTextEditors) {
      if (editor.document === one.document) this.view.show(editor, one.marks);
    }
  }

  private of(document: TextDocument): MarkedDocument | undefined {
    return this.marked.get(keyOf(document));
  }

  private updateContext(): void {
    const editor = window.activeTextEditor;
    setContext('palimpsest.suspicious', editor !== undefined && this.of(editor.document) !== undefined);
  }
}

function visibleIn({ document, visibleRanges }: TextEditor): readonly OffsetRange[] {
  return visibleRanges.map(({ start, end }) => {
    const last = Math.min(document.lineCount - 1, end.line + MARGIN);
    return offsetsOf(
      document,
      new Range(Math.max(0, start.line - MARGIN), 0, last, document.lineAt(last).text.length),
    );
  });
}

/** Without the blanks around it. */
function lineAround(document: TextDocument, { start }: OffsetRange): OffsetRange {
  const {
    text,
    range,
    firstNonWhitespaceCharacterIndex: indent,
  } = document.lineAt(document.positionAt(start));
  const from = document.offsetAt(range.start);
  return { start: from + indent, end: from + text.trimEnd().length };
}

function keyOf(document: TextDocument): string {
  return document.uri.toString();
}
