// Reviews of answers that are known beforehand, for the suites of what becomes of them.
import assert from 'node:assert/strict';
import { afterEach } from 'mocha';
import {
  type CodeLens,
  commands,
  TabInputTextDiff,
  type TextDocument,
  type TextEditor,
  window,
} from 'vscode';
import { DIFF_SCHEME } from '../../extension/rewrite/review/diffEditor';
import type { Rewrite } from '../../extension/rewrite/rewrite';
import type { Rewrites } from '../../extension/rewrite/rewriteManager';
import { closeEverything, configure, internals, until, useScriptedEngine } from './host';

const LINES = [
  'one = 1',
  'two = 2',
  'three = 3',
  'four = 4',
  'five = 5',
  'six = 6',
  'seven = 7',
  'eight = 8',
  'nine = 9',
  '',
];
export const TEXT = LINES.join('\n');
/** A word in a line, a block of new lines for one, and a line that goes. */
export const ANSWER = TEXT.replace('two = 2', 'two = "2"')
  .replace('five = 5', 'if four:\n    five = 4\nelse:\n    five = 5')
  .replace('eight = 8\n', '');

/** What the comment threads of a document are called, and the quality marks beside them, in text order. */
export const labelsOf = ({ services }: Rewrites, document: TextDocument) =>
  services.comments.threads(document).map(({ label }) => label ?? '');
export const marksOf = ({ services }: Rewrites, document: TextDocument) =>
  services.comments.threads(document).map(({ comments }) => comments[0]?.label);

export const run = (name: string, ...args: unknown[]) =>
  commands.executeCommand(`palimpsest.${name}`, ...args);

export async function presented(editor: TextEditor, ...candidates: readonly string[]): Promise<Rewrite> {
  const { rewrites } = await (await internals()).palimpsest();
  const old = editor.document.getText();
  const spans = [{ start: 0, end: old.length, old }];
  const rewrite = rewrites.present(
    editor,
    { spans, candidates: candidates.map((text) => ({ texts: [text] })) },
    0,
  );
  assert.ok(rewrite);
  await until(() => rewrite.hunks.length > 0, 'the review');
  return rewrite;
}

export function diffTabs(): number {
  return window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => input instanceof TabInputTextDiff).length;
}

export async function newSide(text: RegExp): Promise<TextEditor> {
  return until(
    () =>
      window.visibleTextEditors.find(
        ({ document }) => document.uri.scheme === DIFF_SCHEME && text.test(document.getText()),
      ),
    'the new text beside the old one',
  );
}

/** As the editor shows them, once there are any. */
export function lensesIn({ document }: TextEditor): Promise<CodeLens[]> {
  return until(async () => {
    const all = await commands.executeCommand<CodeLens[]>('vscode.executeCodeLensProvider', document.uri);
    return all.length > 0 && all;
  }, 'lenses');
}

/** For the tests of a suite: answers that a script gives, and no review of the test before. */
export function useReviews(): void {
  useScriptedEngine();
  afterEach(async () => {
    await configure('rewrite.preview', undefined);
    await closeEverything();
  });
}
