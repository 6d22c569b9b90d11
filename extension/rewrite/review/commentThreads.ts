// The review as comment threads: real rows below each hunk, with its text, that a screen reader and a keyboard reach. The
// document does not know of them.
import {
  type Comment,
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
import type { Quality } from '../../../engine/candidates/quality/verdict';
import { commandLink } from '../../ui/markdownText';
import { wordsOfQuality } from '../quality/words';
import type { Hunk } from './hunks';

const CONTROLLER = 'palimpsest';

interface Shown {
  /** What the hunk is, wherever it stands. */
  readonly key: string;
  readonly index: number;
  /** How good it looks. */
  readonly mark: string | undefined;
  readonly thread: CommentThread;
}

export class CommentReviews {
  private controller: CommentController | undefined;
  private readonly byDocument = new Map<string, readonly Shown[]>();

  /**
   * The threads of a document are those of its hunks, one each. A hunk that was there keeps its thread: one that is made
   * again in the same place would be folded.
   */
  show(document: TextDocument, hunks: readonly Hunk[], quality: Quality | undefined): void {
    this.controller ??= comments.createCommentController(CONTROLLER, 'Palimpsest');
    const { controller } = this;
    const rest = [...(this.byDocument.get(document.uri.toString()) ?? [])];
    const shown = hunks.map((hunk, index): Shown => {
      const key = JSON.stringify([hunk.oldLines, hunk.newLines]);
      const mark = quality && wordsOfQuality(quality);
      const known = rest.findIndex((one) => one.key === key);
      const [kept] = known < 0 ? [] : rest.splice(known, 1);
      // A thread opens below the last line of its range.
      const line = Math.max(hunk.startLine, hunk.endLine - 1);
      const at = document.validateRange(new Range(line, 0, line, 0));
      const content: Comment[] = [
        {
          author: { name: 'Palimpsest' },
          body: bodyOf(hunk, index),
          mode: CommentMode.Preview,
          // A thread's own label is cut in a narrow editor.
          ...(mark === undefined ? {} : { label: mark }),
        },
      ];
      const thread = kept?.thread ?? controller.createCommentThread(document.uri, at, content);
      if (kept === undefined) {
        thread.canReply = false;
        thread.contextValue = 'palimpsest.hunk';
        thread.collapsibleState = CommentThreadCollapsibleState.Expanded;
      } else {
        if (!(thread.range?.isEqual(at) ?? false)) thread.range = at;
        // The links in it say which hunk they are about.
        if (kept.index !== index || kept.mark !== mark) thread.comments = content;
      }
      const label = labelOf(hunk, index, hunks.length, mark);
      if (thread.label !== label) thread.label = label;
      return { key, index, mark, thread };
    });
    for (const { thread } of rest) thread.dispose();
    this.byDocument.set(document.uri.toString(), shown);
  }

  /** Which hunk a thread is about, when its own button was pressed. */
  indexOf(thread: unknown): number | undefined {
    for (const shown of this.byDocument.values()) {
      for (const one of shown) if (one.thread === thread) return one.index;
    }
    return undefined;
  }

  /** The threads of a document, in text order. */
  threads(document: TextDocument): readonly CommentThread[] {
    return (this.byDocument.get(document.uri.toString()) ?? []).map(({ thread }) => thread);
  }

  clear(document: TextDocument): void {
    for (const thread of this.threads(document)) thread.dispose();
    this.byDocument.delete(document.uri.toString());
  }

  dispose(): void {
    this.controller?.dispose();
    this.byDocument.clear();
  }
}

function labelOf(
  { startLine, oldLines, newLines }: Hunk,
  index: number,
  count: number,
  mark: string | undefined,
): string {
  const label = l10n.t(
    'Change {0} of {1} at line {2}: {3} removed, {4} added',
    index + 1,
    count,
    startLine + 1,
    oldLines.length,
    newLines.length,
  );
  return mark === undefined ? label : `${label} – ${mark}`;
}

function bodyOf({ oldLines, newLines }: Hunk, index: number): MarkdownString {
  const lines = [...oldLines.map((line) => `- ${line}`), ...newLines.map((line) => `+ ${line}`)];
  const body = new MarkdownString('', true);
  body.isTrusted = { enabledCommands: ['palimpsest.acceptHunk', 'palimpsest.rejectHunk'] };
  body.appendCodeblock(lines.join('\n'), 'diff');
  const link = (icon: string, title: string, command: string) =>
    commandLink(`$(${icon}) ${title}`, command, [index]);
  body.appendMarkdown(
    `\n${link('check', l10n.t('Accept'), 'palimpsest.acceptHunk')} &nbsp; ${link('close', l10n.t('Reject'), 'palimpsest.rejectHunk')}`,
  );
  return body;
}
