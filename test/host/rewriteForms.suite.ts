// A review in a diff editor and in comment threads; on answers that are known beforehand.
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { commands, Selection, TabInputTextDiff, type TextEditor, Uri, window, workspace } from 'vscode';
import type { Rewrite } from '../../extension/rewrite/rewrite';
import { configure, fingerprint, internals, openFile, statusMessages, undoIn, until } from './host';
import { ANSWER, diffTabs, labelsOf, newSide, presented, run, TEXT, useReviews } from './hunkByHunk';

const isInFront = () => window.tabGroups.activeTabGroup.activeTab?.input instanceof TabInputTextDiff;

/** In the diff editor of ANSWER: its first hunk is accepted, undone, and redone. */
async function takenInDiff(rewrite: Rewrite): Promise<void> {
  const { document } = rewrite;
  await newSide(/if four/);
  await until(isInFront, 'the diff editor');
  await run('acceptHunk', 0);
  await until(() => rewrite.hunks.length === 2, 'two hunks');
  const taken = TEXT.replace('two = 2', 'two = "2"');
  assert.equal(document.getText(), taken);

  await run('undoInReviewed');
  await until(() => document.getText() === TEXT, 'the text before');
  await until(() => rewrite.hunks.length === 3 && isInFront(), 'all hunks, and the diff editor in front');
  await run('redoInReviewed');
  await until(() => document.getText() === taken, 'the text behind');
  await until(() => rewrite.hunks.length === 2 && isInFront(), 'two hunks');
}

describe('rewrite, in other forms', () => {
  useReviews();

  it('says in a diff editor, too, that no other rewrite was found, above which candidate it shows', async () => {
    await configure('rewrite.preview', 'diffEditor');
    const editor = await openFile('nothing.py', 'total = first\n');
    const { rewrites } = await (await internals()).palimpsest();
    const answer = 'total = second\n';
    const rewrite = await presented(editor, answer);
    await until(() => diffTabs() === 1, 'the diff editor');
    await until(
      () => window.activeTextEditor?.document.uri.scheme === 'palimpsest-rewrite',
      'its right side',
    );
    rewrite.dispatch({ kind: 'pin', side: 'new', span: 0, word: { start: 0, end: answer.length } });
    const bar = statusMessages();
    try {
      await run('rewriteAgain');
      const isNote = (text: string) => /no other rewrite/.test(text);
      await until(() => {
        const noted = bar.said.findIndex(isNote);
        return noted >= 0 && bar.said.slice(noted).some((text) => /candidate 1 of 1/.test(text));
      }, 'the sentence, and the label');
      assert.ok(isNote(bar.said.at(-1) ?? ''), bar.said.join('\n'));
      assert.match(rewrites.services.lineNote.text ?? '', /no other rewrite/);
    } finally {
      bar.stop();
    }
    await run('rejectRewrite');
  });

  it('works in a diff editor: the hunk at the cursor of either side, then the rest', async () => {
    await configure('rewrite.preview', 'diffEditor');
    const editor = await openFile('diffHunks.py', TEXT);
    const { document } = editor;
    const untouched = fingerprint(document);
    const rewrite = await presented(editor, ANSWER);
    const right = await newSide(/if four/);
    assert.equal(rewrite.form, 'diffEditor');
    assert.deepEqual(fingerprint(document), untouched);

    const at = right.document.positionAt(right.document.getText().indexOf('else:'));
    await until(() => window.activeTextEditor?.document === right.document, 'the cursor in the new text');
    right.selection = new Selection(at, at);
    await run('acceptHunk');
    await until(() => rewrite.hunks.length === 2, 'two hunks');
    assert.equal(document.getText(), TEXT.replace('five = 5', 'if four:\n    five = 4\nelse:\n    five = 5'));
    assert.equal(diffTabs(), 1, 'the diff editor stays');

    const { version } = document;
    await run('rejectHunk', 0);
    await until(() => rewrite.hunks.length === 1, 'one hunk');
    await until(() => !right.document.getText().includes('"2"'), 'the new text without it');
    assert.equal(document.version, version);
    await run('acceptRewrite');
    await until(() => rewrite.ending, 'the end');
    await until(() => diffTabs() === 0, 'the end of the diff editor');
    assert.equal(document.getText(), ANSWER.replace('"2"', '2'));
  });

  it('leaves the reviewed file in front, with the focus, whichever way a diff editor ends', async () => {
    await configure('rewrite.preview', 'diffEditor');
    const other = await openFile('diffOther.py', 'other = 1\n');
    const editor = await openFile('diffFront.py', TEXT);
    const { document } = editor;
    const answers = {
      acceptRewrite: 'accepted',
      rejectRewrite: 'rejected',
    } as const;
    for (const [command, ending] of Object.entries(answers)) {
      await window.showTextDocument(document);
      const rewrite = await presented(editor, ANSWER);
      await newSide(/if four/);
      await until(
        () => window.tabGroups.activeTabGroup.activeTab?.input instanceof TabInputTextDiff,
        'the diff editor',
      );
      // The tab used before the diff editor is another one now.
      await window.showTextDocument(other.document);
      const diff = window.tabGroups.activeTabGroup.tabs.find(
        ({ input }) => input instanceof TabInputTextDiff,
      );
      assert.ok(diff);
      const front = window.tabGroups.activeTabGroup.tabs.indexOf(diff);
      await commands.executeCommand('workbench.action.openEditorAtIndex', front);
      await until(
        () => window.tabGroups.activeTabGroup.activeTab?.input instanceof TabInputTextDiff,
        'it again',
      );
      await run(command);
      await until(() => rewrite.ending, 'the end');
      assert.equal(rewrite.ending, ending);
      await until(() => diffTabs() === 0, 'the end of the diff editor');
      assert.equal(window.activeTextEditor?.document, document, command);
      if (ending !== 'accepted') continue;
      assert.equal(document.getText(), ANSWER);
      await commands.executeCommand('undo');
      await until(() => document.getText() === TEXT, 'the text before');
      assert.equal(other.document.getText(), 'other = 1\n');
    }
  });

  it('leads back to the diff editor of somebody else that it was begun in', async () => {
    const { document } = await openFile('compared.py', TEXT);
    const before = await workspace.openTextDocument({ content: 'one = 1\n', language: 'python' });
    await commands.executeCommand('vscode.diff', before.uri, document.uri, 'before and after');
    for (const command of ['rejectRewrite', 'acceptRewrite']) {
      const side = await until(() => {
        const { activeTextEditor } = window;
        return activeTextEditor?.document === document ? activeTextEditor : undefined;
      }, 'its side');
      const rewrite = await presented(side, ANSWER);
      assert.equal(rewrite.form, 'diffEditor');
      await newSide(/if four/);
      await until(() => diffTabs() === 2, 'a diff editor of ours');
      await run(command);
      await until(() => rewrite.ending, 'the end');
      await until(() => diffTabs() === 1, 'the end of the diff editor');
      assert.equal(window.tabGroups.activeTabGroup.activeTab?.label, 'before and after', command);
      assert.equal(window.activeTextEditor?.document, document, command);
    }
    assert.equal(document.getText(), ANSWER);
    await commands.executeCommand('undo');
    await until(() => document.getText() === TEXT, 'the text before');
  });

  it('takes Tab in a diff editor on the lines that change, and nowhere in the file itself', async () => {
    await configure('rewrite.preview', 'diffEditor');
    const editor = await openFile('diffTab.py', TEXT);
    const rewrite = await presented(editor, ANSWER);
    const right = await newSide(/if four/);
    await until(() => window.activeTextEditor?.document === right.document, 'the cursor in the new text');
    const takesAt = (side: TextEditor, line: number, character = 0) => {
      side.selection = new Selection(line, character, line, character);
      return rewrite.show?.isAt(side);
    };
    const lines = right.document.getText().split('\n');
    const block = lines.indexOf('if four:');
    assert.deepEqual(
      [1, block, block + 3, block - 1, block + 4].map((line) => takesAt(right, line)),
      [true, true, true, false, false],
    );
    assert.equal(takesAt(right, block, 4), true, 'at any character: there is nothing to indent');
    right.selection = new Selection(block, 0, block, 2);
    assert.equal(rewrite.show?.isAt(right), false, 'a selection is somebody’s own');
    await window.showTextDocument(editor.document);
    const file = window.activeTextEditor;
    assert.ok(file?.document === editor.document);
    assert.equal(takesAt(file, 1), false, 'the file can be typed in');
    await run('rejectRewrite');
  });

  it('takes Tab beside comments where a step leads, and indents elsewhere', async () => {
    await configure('rewrite.preview', 'comments');
    const editor = await openFile('commentsTab.py', TEXT);
    const rewrite = await presented(editor, ANSWER);
    await run('nextHunk');
    await until(() => rewrite.show?.hunkHere() === 1, 'the second hunk');
    assert.equal(rewrite.show?.isAt(editor), true);
    const { line } = editor.selection.active;
    editor.selection = new Selection(line, 1, line, 1);
    assert.equal(rewrite.show?.isAt(editor), false);
    await run('rejectRewrite');
  });

  it('undoes, redoes and saves in the diff editor as in the file', async () => {
    await configure('rewrite.preview', 'diffEditor');
    const editor = await openFile('diffUndo.py', TEXT);
    const { document } = editor;
    const rewrite = await presented(editor, ANSWER);
    await takenInDiff(rewrite);
    assert.equal(document.isDirty, true);
    await run('saveReviewed');
    await until(() => !document.isDirty, 'the file saved');

    // In the file's own tab nothing comes to the front, and each undo is one.
    await window.showTextDocument(document, { preview: false });
    await commands.executeCommand('undo');
    await until(() => rewrite.hunks.length === 3, 'all hunks');
    assert.equal(document.getText(), TEXT);
    assert.equal(isInFront(), false);
    assert.equal(diffTabs(), 1);
  });

  it('undoes, redoes, and saves in the diff editor of a notebook’s cell as in the notebook', async () => {
    await configure('rewrite.preview', 'diffEditor');
    const [folder] = workspace.workspaceFolders ?? [];
    assert.ok(folder);
    const uri = Uri.joinPath(folder.uri, 'diffCells.ipynb');
    const cells = ['x = 1\n', TEXT].map((source) => ({
      cell_type: 'code',
      execution_count: null,
      metadata: {},
      outputs: [],
      source,
    }));
    const file = { cells, metadata: { language_info: { name: 'python' } }, nbformat: 4, nbformat_minor: 2 };
    await workspace.fs.writeFile(uri, Buffer.from(JSON.stringify(file)));
    const notebook = await workspace.openNotebookDocument(uri);
    await window.showNotebookDocument(notebook, { preview: false });
    const { document } = notebook.cellAt(1);
    await commands.executeCommand('notebook.focusBottom');
    await commands.executeCommand('notebook.cell.edit');
    const editor = await until(
      () => window.visibleTextEditors.find((one) => one.document === document),
      'the editor of the cell',
    );
    await until(() => window.activeTextEditor === editor, 'the cell to be active');
    const rewrite = await presented(editor, ANSWER);
    await takenInDiff(rewrite);
    assert.equal(notebook.isDirty, true);
    await run('saveReviewed');
    await until(() => !notebook.isDirty, 'the notebook saved');
    assert.match(Buffer.from(await workspace.fs.readFile(uri)).toString(), /two = \\"2\\"/);

    await openFile('besideCells.py', TEXT);
    const { rewrites } = await (await internals()).palimpsest();
    await rewrites.goTo(document.uri.toString());
    await until(isInFront, 'the diff editor again');
    assert.equal(rewrite.ending, undefined);
    await run('rejectRewrite');
  });

  it('works in comment threads, one below each change', async () => {
    await configure('rewrite.preview', 'comments');
    const editor = await openFile('comments.py', TEXT);
    const untouched = fingerprint(editor.document);
    const rewrite = await presented(editor, ANSWER);
    assert.equal(rewrite.form, 'comments');
    const { labels } = await (await internals()).palimpsest().then(({ rewrites }) => ({
      labels: () => labelsOf(rewrites, editor.document),
    }));
    await until(() => labels().length === 3, 'three threads');
    assert.equal(labels()[1], 'Change 2 of 3 at line 5: 1 removed, 4 added');
    assert.deepEqual(fingerprint(editor.document), untouched);
    await run('acceptHunk', 1);
    await until(() => labels().length === 2, 'two threads');
    await run('rejectRewrite');
    assert.deepEqual(labels(), []);
    assert.equal(rewrite.ending, 'rejected');
    await undoIn(editor.document);
    assert.equal(editor.document.getText(), TEXT);
  });
});
