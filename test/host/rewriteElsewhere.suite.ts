// A rewrite that comes to its end while the person is elsewhere: it takes neither the focus nor the cursor, and leaves
// nothing behind where it ends before it was to be seen.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import {
  commands,
  Position,
  Range,
  Selection,
  TabInputText,
  TabInputTextDiff,
  type TextEditor,
  window,
} from 'vscode';
import { DIFF_SCHEME } from '../../extension/rewrite/review/diffEditor';
import type { Rewrite } from '../../extension/rewrite/rewrite';
import {
  choosing,
  closeEverything,
  configure,
  denoised,
  FIRST,
  fingerprint,
  internals,
  LAST,
  LONG_TEXT,
  openFile,
  select,
  startRewrite,
  until,
  useScriptedEngine,
  whileDenoising,
} from './host';

const TEXT = 'one = 1\ntwo = 2\nthree = 3\n';
const ANSWER = TEXT.replace('two = 2', 'two = "2"');

async function present(editor: TextEditor): Promise<Rewrite> {
  const { rewrites } = await (await internals()).palimpsest();
  const spans = [{ start: 0, end: TEXT.length, old: TEXT }];
  const rewrite = rewrites.present(editor, { spans, candidates: [{ texts: [ANSWER] }] }, 0);
  assert.ok(rewrite);
  return rewrite;
}

function diffTabs(): number {
  return window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => input instanceof TabInputTextDiff && input.modified.scheme === DIFF_SCHEME).length;
}

describe('rewrite, while the person is elsewhere', () => {
  useScriptedEngine();
  afterEach(async () => {
    await configure('rewrite.preview', undefined);
    await closeEverything();
  });

  it('leaves no diff editor behind that was still opening when the review ended', async () => {
    await configure('rewrite.preview', 'diffEditor');
    const editor = await openFile('elsewhere1.py', TEXT);
    let opened = 0;
    const listening = window.tabGroups.onDidChangeTabs((change) => {
      opened += change.opened.filter(({ input }) => input instanceof TabInputTextDiff).length;
    });
    try {
      const rewrite = await present(editor);
      rewrite.dispatch({ kind: 'reject' });
      assert.equal(rewrite.ending, 'rejected');
      await until(() => opened > 0, 'the diff editor that was on its way');
      await until(() => diffTabs() === 0, 'its end');
    } finally {
      listening.dispose();
    }
  });

  it('opens no diff editor over another file, but when the person is back', async () => {
    await configure('rewrite.preview', 'diffEditor');
    const editor = await openFile('elsewhere2.py', TEXT);
    const other = await openFile('other2.py', 'other = 1\n');
    const rewrite = await present(editor);
    await until(() => rewrite.hunks.length > 0, 'the review');
    await commands.executeCommand('type', { text: 'x' });
    await until(() => other.document.getText() === 'xother = 1\n', 'what was typed, where it was typed');
    assert.equal(diffTabs(), 0);
    assert.equal(window.activeTextEditor?.document, other.document);
    await window.showTextDocument(editor.document);
    await until(() => diffTabs() === 1, 'the diff editor');
    await commands.executeCommand('palimpsest.acceptRewrite');
    await until(() => rewrite.ending, 'the end');
    assert.equal(editor.document.getText(), ANSWER);
  });

  it('lets a review be moved to another group of editors', async () => {
    const editor = await openFile('elsewhere3.py', TEXT);
    const rewrite = await present(editor);
    await until(() => rewrite.hunks.length > 0, 'the review');
    await commands.executeCommand('workbench.action.moveEditorToNextGroup');
    await until(() => window.tabGroups.all.length === 1 && groupOf('elsewhere3.py') !== undefined, 'the tab');
    assert.equal(rewrite.kind, 'reviewing');
    await configure('rewrite.preview', 'diffEditor');
    const again = await present(window.activeTextEditor ?? editor);
    await until(() => diffTabs() === 1, 'the diff editor');
    await commands.executeCommand('workbench.action.moveEditorToNextGroup');
    await until(() => window.tabGroups.all.length === 2, 'two groups');
    assert.equal(again.kind, 'reviewing');
    assert.equal(diffTabs(), 1);
  });

  it('does not take the cursor away from where the person works by then', async () => {
    const editor = await openFile('elsewhere4.limiter', LONG_TEXT);
    await select(editor, [FIRST, LAST]);
    const before = fingerprint(editor.document);
    const at = new Position(editor.document.lineCount - 2, 0);
    const rewrite = await whileDenoising(
      async () => {
        await select(editor, [FIRST, LAST]);
        return startRewrite(editor);
      },
      async () => {
        const moved = new Promise<void>((resolve) => {
          const listening = window.onDidChangeTextEditorSelection(({ selections }) => {
            if (!selections[0]?.active.isEqual(at)) return;
            listening.dispose();
            resolve();
          });
        });
        editor.selection = new Selection(at, at);
        editor.revealRange(new Range(at, at));
        await moved;
      },
    );
    await denoised(rewrite);
    assert.equal(rewrite.kind, 'reviewing', rewrite.ending);
    await until(() => rewrite.hunks.length > 0, 'the review');
    assert.deepEqual(editor.selection.active, at);
    await commands.executeCommand('palimpsest.rejectRewrite');
    await until(() => rewrite.ending, 'the end');
    assert.deepEqual(editor.selection.active, at);
    assert.deepEqual(fingerprint(editor.document), before);
  });

  it('says in a message that it is ready where its file is out of sight, and leads there', async () => {
    const editor = await openFile('elsewhere6.limiter', LONG_TEXT);
    const heard = choosing('Go To');
    try {
      const rewrite = await whileDenoising(
        async () => {
          await select(editor, [FIRST, LAST]);
          return startRewrite(editor);
        },
        async () => {
          await openFile('other6.py', 'other = 1\n');
        },
      );
      await until(() => rewrite.kind !== 'denoising', 'the answer');
      assert.equal(rewrite.kind, 'reviewing', rewrite.ending);
      assert.deepEqual(heard.said, ['The rewrite of elsewhere6.limiter is ready for review.']);
      await until(() => window.activeTextEditor?.document === editor.document, 'the file');
      const isOpen = () => {
        const here = window.activeTextEditor;
        return here !== undefined && rewrite.show?.isAt(here) === true;
      };
      await until(isOpen, 'the cursor where the new text is shown');
      // Who has it before them needs no message.
      await commands.executeCommand('palimpsest.rewriteAgain');
      await until(() => rewrite.kind !== 'denoising', 'another answer');
      assert.equal(heard.said.length, 1, heard.said.join('\n'));
      await commands.executeCommand('palimpsest.rejectRewrite');
    } finally {
      heard.stop();
    }
  });

  it('leaves the cursor to whoever types on a line that is rewritten', async () => {
    const editor = await openFile('elsewhere5.limiter', LONG_TEXT);
    const { document } = editor;
    const end = document.lineAt(LAST).range.end;
    await select(editor, [FIRST, LAST]);
    const rewrite = await whileDenoising(
      async () => {
        await select(editor, [FIRST, LAST]);
        return startRewrite(editor);
      },
      async () => {
        editor.selection = new Selection(end, end);
        for (const character of ' // so') await commands.executeCommand('type', { text: character });
      },
    );
    await denoised(rewrite);
    assert.equal(rewrite.kind, 'reviewing', rewrite.ending);
    await until(() => rewrite.hunks.length > 0, 'the review');
    for (const character of ' it is') await commands.executeCommand('type', { text: character });
    const typed = () => document.lineAt(end.line).text.slice(end.character);
    await until(() => typed() === ' // so it is' || document.getText().includes(' it is'), 'what was typed');
    assert.equal(typed(), ' // so it is');
    assert.deepEqual(editor.selection.active, document.lineAt(end.line).range.end);
    await commands.executeCommand('palimpsest.rejectRewrite');
  });
});

function groupOf(name: string): number | undefined {
  return window.tabGroups.all.find(({ tabs }) =>
    tabs.some(({ input }) => input instanceof TabInputText && input.uri.path.endsWith(name)),
  )?.viewColumn;
}
