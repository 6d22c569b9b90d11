// A review that is over, or was undone into, and comes back; on answers that are known beforehand.
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  commands,
  Location,
  Position,
  Selection,
  Uri,
  ViewColumn,
  WorkspaceEdit,
  window,
  workspace,
} from 'vscode';
import type { Rewrite } from '../../extension/rewrite/rewrite';
import { internals, openFile, undoIn, until } from './host';
import { ANSWER, presented, run, TEXT, useReviews } from './hunkByHunk';

/** When the tab of this name is gone. */
async function goesOnWithout(rewrite: Rewrite, name: string): Promise<void> {
  await until(
    () => !window.tabGroups.all.some(({ tabs }) => tabs.some(({ label }) => label === name)),
    'its end',
  );
  // Longer than a tab takes that moves to another group.
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(rewrite.ending, undefined);
}

describe('rewrite, reopened', () => {
  useReviews();

  it('is led back by undo and forth by redo while it is open', async () => {
    const editor = await openFile('undo.py', TEXT);
    const rewrite = await presented(editor, ANSWER);
    await run('acceptHunk', 1);
    await until(() => rewrite.hunks.length === 2, 'two hunks');
    await commands.executeCommand('undo');
    await until(() => rewrite.hunks.length === 3, 'all hunks again');
    assert.equal(editor.document.getText(), TEXT);
    await commands.executeCommand('redo');
    await until(() => rewrite.hunks.length === 2, 'two hunks again');
    await run('acceptRewrite');
    await until(() => rewrite.ending, 'the end');
    assert.equal(editor.document.getText(), ANSWER);
  });

  it('is led forth by redo of lines that were only added, and can still be left', async () => {
    const old = TEXT.trimEnd();
    const editor = await openFile('added.py', old);
    const { rewrites } = await (await internals()).palimpsest();
    // At the end, where an edit looks like what the editor does for its own suggestion.
    const added = `${old.replace('two = 2', 'two = "2"')}\nadded = 0`;
    const spans = [{ start: 0, end: old.length, old }];
    const rewrite = rewrites.present(editor, { spans, candidates: [{ texts: [added] }] }, 0);
    assert.ok(rewrite);
    await until(() => rewrite.hunks.length === 2, 'the review');
    await run('acceptHunk', 1);
    await until(() => rewrite.hunks.length === 1, 'one hunk');
    const taken = editor.document.getText();
    await commands.executeCommand('undo');
    await until(() => rewrite.hunks.length === 2, 'both hunks again');
    await commands.executeCommand('redo');
    await until(() => editor.document.getText() === taken, 'the added line');
    await until(() => rewrite.hunks.length === 1, 'one hunk again');
    await run('rejectRewrite');
    assert.equal(rewrite.ending, 'rejected');
  });

  it('counts new lines that somebody types as taken, and can still be left', async () => {
    const old = TEXT.trimEnd();
    const editor = await openFile('typed.py', old);
    const { rewrites } = await (await internals()).palimpsest();
    const spans = [{ start: 0, end: old.length, old }];
    const answer = `${old.replace('two = 2', 'two = "2"')}\n`;
    const rewrite = rewrites.present(editor, { spans, candidates: [{ texts: [answer] }] }, 0);
    assert.ok(rewrite);
    await until(() => rewrite.hunks.length === 2, 'the review');
    const end = editor.document.positionAt(old.length);
    assert.equal(rewrite.ghostAt(end)?.text, '\n');
    editor.selection = new Selection(end, end);
    await commands.executeCommand('type', { text: '\n' });
    assert.equal(editor.document.getText(), `${old}\n`);
    await until(() => rewrite.hunks.length === 1, 'one hunk');
    await run('rejectRewrite');
    assert.equal(rewrite.ending, 'rejected');
    assert.equal(editor.document.getText(), `${old}\n`);
  });

  it('throws no decision away when a letter is typed and deleted, nor by undo', async () => {
    const whole = `# first\n${TEXT}`;
    const editor = await openFile('decisions.py', whole);
    const { document } = editor;
    const { rewrites } = await (await internals()).palimpsest();
    const spans = [{ start: whole.length - TEXT.length, end: whole.length, old: TEXT }];
    const candidates = [{ texts: [ANSWER] }, { texts: [ANSWER.replace('"2"', "'two'")] }];
    const rewrite = rewrites.present(editor, { spans, candidates }, 0);
    assert.ok(rewrite);
    await until(() => rewrite.hunks.length === 3, 'the review');
    await run('nextCandidate');
    await run('acceptHunk', 0);
    await until(() => rewrite.hunks.length === 2, 'two hunks');
    await run('rejectHunk', 1);
    await until(() => rewrite.hunks.length === 1, 'one hunk');
    const taken = document.getText();
    editor.selection = new Selection(0, 7, 0, 7);
    await commands.executeCommand('type', { text: '!' });
    await commands.executeCommand('deleteLeft');
    await until(() => document.getText() === taken, 'the text as it was');
    assert.equal(rewrite.hunks.length, 1, 'what was rejected is not back');
    assert.equal(rewrite.review?.index, 1, 'and what was chosen is still shown');
    assert.deepEqual(editor.selection.active, new Position(0, 7), 'and the cursor did not jump');
    while (document.getText() !== whole) await commands.executeCommand('undo');
    await until(() => rewrite.hunks.length === 2, 'what was taken is there to take again');
    assert.equal(rewrite.review?.index, 1);
  });

  it('is reopened after it was rejected, with what was decided before', async () => {
    const editor = await openFile('reopened.py', TEXT);
    const first = await presented(editor, ANSWER);
    await run('rejectHunk', 0);
    await until(() => first.hunks.length === 2, 'two hunks');
    await run('rejectRewrite');
    assert.equal(first.ending, 'rejected');
    await editor.edit((edit) => edit.insert(new Position(0, 0), '# above\n'));
    await run('reopenReview');
    const { rewrites } = await (await internals()).palimpsest();
    const again = await until(() => rewrites.of(editor.document.uri), 'the review');
    await until(() => again.hunks.length === 2, 'the two hunks');
    assert.deepEqual(
      again.hunks.map(({ startLine }) => startLine),
      [5, 8],
    );
    await run('acceptRewrite');
    await until(() => again.ending, 'the end');
    assert.equal(editor.document.getText(), `# above\n${ANSWER.replace('"2"', '2')}`);
  });

  it('is reopened after it was accepted and undone, with its candidates', async () => {
    const editor = await openFile('undone.py', TEXT);
    const first = await presented(editor, ANSWER, TEXT.replace('one = 1', 'one = "1"'));
    await run('nextCandidate');
    await run('acceptRewrite');
    await until(() => first.ending === 'accepted', 'the end');
    const { rewrites } = await (await internals()).palimpsest();
    await run('reopenReview');
    assert.equal(rewrites.of(editor.document.uri), undefined, 'its text is another one');
    await undoIn(editor.document);
    assert.equal(editor.document.getText(), TEXT);
    await run('reopenReview');
    const again = await until(() => rewrites.of(editor.document.uri), 'the review');
    assert.deepEqual([again.review?.index, again.review?.candidates.length], [1, 2]);
    await run('acceptRewrite');
    await until(() => again.ending, 'the end');
    assert.equal(editor.document.getText(), TEXT.replace('one = 1', 'one = "1"'));
  });

  it('is reopened wherever undo has led to, though its last change was rejected', async () => {
    const editor = await openFile('partly.py', TEXT);
    const first = await presented(editor, ANSWER);
    for (const left of [2, 1]) {
      await run('acceptHunk', 0);
      await until(() => first.hunks.length === left, `${left} left`);
    }
    await run('rejectHunk', 0);
    await until(() => first.ending, 'the end');
    const { rewrites } = await (await internals()).palimpsest();
    for (const hunks of [2, 3]) {
      await undoIn(editor.document);
      await run('reopenReview');
      const again = await until(() => rewrites.of(editor.document.uri), 'the review');
      await until(() => again.hunks.length === hunks, `${hunks} changes`);
      await run('rejectRewrite');
    }
    assert.equal(editor.document.getText(), TEXT);
  });

  it('is reopened after an edit in its place was undone', async () => {
    const editor = await openFile('conflict.py', TEXT);
    const first = await presented(editor, ANSWER);
    await editor.edit((edit) => edit.insert(new Position(3, 0), 'typed = 1\n'));
    await until(() => first.ending === 'conflict', 'the end');
    // Who types goes on typing, and can read all the same what became of it.
    const { rewrites } = await (await internals()).palimpsest();
    await editor.edit((edit) => edit.insert(new Position(3, 9), '1'));
    assert.match(rewrites.services.lineNote.text ?? '', /canceled because its text was edited/);
    await undoIn(editor.document);
    await undoIn(editor.document);
    assert.equal(editor.document.getText(), TEXT);
    await run('reopenReview');
    const again = await until(() => rewrites.of(editor.document.uri), 'the review');
    await until(() => again.hunks.length === 3, 'its hunks');
    await run('rejectRewrite');
  });

  it('is reopened after its tab was closed', async () => {
    const editor = await openFile('away.py', TEXT);
    const first = await presented(editor, ANSWER);
    await commands.executeCommand('workbench.action.closeActiveEditor');
    await until(() => first.ending, 'the end');
    const { document } = await openFile('away.py', TEXT);
    const { rewrites } = await (await internals()).palimpsest();
    await run('reopenReview');
    const again = await until(() => rewrites.of(document.uri), 'the review');
    await until(() => again.hunks.length === 3, 'its hunks');
    await run('rejectRewrite');
  });

  it('goes on in a merge editor when another tab is closed', async () => {
    const [folder] = workspace.workspaceFolders ?? [];
    assert.ok(folder);
    const file = (name: string) => Uri.joinPath(folder.uri, name);
    const names = ['merge-base.py', 'merge-one.py', 'merge-other.py', 'merge-result.py'];
    const [base, input1, input2, output] = names.map(file);
    for (const name of names) await workspace.fs.writeFile(file(name), Buffer.from(TEXT));
    await commands.executeCommand('_open.mergeEditor', { base, input1, input2, output });
    const editor = await until(
      () => window.visibleTextEditors.find(({ document }) => document.uri.path === output?.path),
      'the result',
    );
    const rewrite = await presented(editor, ANSWER);
    await openFile('beside.py', TEXT);
    await commands.executeCommand('workbench.action.closeActiveEditor');
    await goesOnWithout(rewrite, 'beside.py');
  });

  it('goes on in a peek view, which is in no tab, when another tab is closed', async () => {
    const besides = (await openFile('besides.py', TEXT)).document.uri;
    await commands.executeCommand('workbench.action.closeActiveEditor');
    const peeked = (await openFile('peeked.py', TEXT)).document.uri;
    await commands.executeCommand('workbench.action.closeActiveEditor');
    const beneath = await openFile('beneath.py', TEXT);
    const at = new Position(0, 0);
    const places = [new Location(peeked, at), new Location(peeked, new Position(2, 0))];
    await commands.executeCommand('editor.action.peekLocations', beneath.document.uri, at, places, 'peek');
    const editor = await until(
      () => window.visibleTextEditors.find(({ document }) => document.uri.path === peeked.path),
      'the peek view',
    );
    const rewrite = await presented(editor, ANSWER);
    await window.showTextDocument(besides, { viewColumn: ViewColumn.Beside, preview: false });
    await commands.executeCommand('workbench.action.closeActiveEditor');
    await goesOnWithout(rewrite, 'besides.py');
    await run('rejectRewrite');
  });

  it('can be reopened under the name that its file has by now', async () => {
    const editor = await openFile('oldName.py', TEXT);
    const { rewrites } = await (await internals()).palimpsest();
    const review = await presented(editor, ANSWER);
    const { uri } = editor.document;
    const renamed = Uri.joinPath(uri, '..', 'newName.py');
    const edit = new WorkspaceEdit();
    edit.renameFile(uri, renamed, { overwrite: true });
    await workspace.applyEdit(edit);
    await until(() => review.ending, 'the end');
    const now = await window.showTextDocument(await workspace.openTextDocument(renamed));
    await until(() => rewrites.reopen(now)?.hunks.length === 3, 'the review again');
    assert.equal(now.document.getText(), TEXT);
  });
});
