// The review as comment threads: real rows below each hunk, with its text, that a screen reader and a keyboard reach. The
// document does not know of them.
import {
  type CommentController,
  CommentMode,
  type CommentThread,
  CommentThreadCollapsibleState,
  comments,
  l10n,
  MarkdownString,
  Range,
  type TextDocument,
} from 'vscode';
import type { Hunk } from './hunks';

const CONTROLLER = 'palimpsest';

export class CommentReviews {
  private controller: CommentController | undefined;
  private readonly byDocument = new Map<string, readonly CommentThread[]>();
  private readonly shown = new Map<string, string>();

  /** The threads of a document are those of its hunks, one each. */
  show(document: TextDocument, hunks: readonly Hunk[]): void {
    const key = document.uri.toString();
    // Made anew they would flicker, and whoever reads one would lose it.
    const what = JSON.stringify(hunks);
    if (this.shown.get(key) === what) return;
    this.clear(document);
    this.shown.set(key, what);
    this.controller ??= comments.createCommentController(CONTROLLER, 'Palimpsest');
    const { controller } = this;
    const threads = hunks.map((hunk, index) => {
      // A thread opens below the last line of its range.
      const line = Math.max(hunk.startLine, hunk.endLine - 1);
      const at = document.validateRange(new Range(line, 0, line, 0));
      const body = bodyOf(hunk, index);
      const thread = controller.createCommentThread(document.uri, at, [
        { author: { name: 'Palimpsest' }, body, mode: CommentMode.Preview },
      ]);
      thread.label = labelOf(hunk, index, hunks.length);
      thread.canReply = false;
      thread.contextValue = 'palimpsest.hunk';
      thread.collapsibleState = CommentThreadCollapsibleState.Expanded;
      return thread;
    });
    this.byDocument.set(key, threads);
  }

  /** Which hunk a thread is about, when its own button was pressed. */
  indexOf(thread: unknown): number | undefined {
    for (const threads of this.byDocument.values()) {
      for (const [index, own] of threads.entries()) if (own === thread) return index;
    }
    return undefined;
  }

  /** Labels of what is shown for a document, in text order. */
  labels(document: TextDocument): readonly string[] {
    return (this.byDocument.get(document.uri.toString()) ?? []).map(({ label }) => label ?? '');
  }

  clear(document: TextDocument): void {
    for (const thread of this.byDocument.get(document.uri.toString()) ?? []) thread.dispose();
    this.byDocument.delete(document.uri.toString());
    this.shown.delete(document.uri.toString());
  }

  dispose(): void {
    this.controller?.dispose();
    this.byDocument.clear();
  }
}

function labelOf({ startLine, oldLines, newLines }: Hunk, index: number, count: number): string {
  const line = startLine + 1;
  const which = l10n.t('Change {0} of {1}', index + 1, count);
  if (oldLines.length === 0)
    return `${which}: ${l10n.t('{0} new lines before line {1}', newLines.length, line)}`;
  if (newLines.length === 0)
    return `${which}: ${l10n.t('{0} lines from line {1} go', oldLines.length, line)}`;
  return `${which}: ${l10n.t('{0} lines from line {1} become {2}', oldLines.length, line, newLines.length)}`;
}

function bodyOf({ oldLines, newLines }: Hunk, index: number): MarkdownString {
  const lines = [...oldLines.map((line) => `- ${line}`), ...newLines.map((line) => `+ ${line}`)];
  const body = new MarkdownString('', true);
  body.isTrusted = { enabledCommands: ['palimpsest.acceptHunk', 'palimpsest.rejectHunk'] };
  body.appendCodeblock(lines.join('\n'), 'diff');
  const link = (icon: string, title: string, command: string) =>
    `[$(${icon}) ${title}](command:${command}?${encodeURIComponent(JSON.stringify([index]))})`;
  body.appendMarkdown(
    `\n${link('check', l10n.t('Accept'), 'palimpsest.acceptHunk')} &nbsp; ${link('close', l10n.t('Reject'), 'palimpsest.rejectHunk')}`,
  );
  return body;
}
