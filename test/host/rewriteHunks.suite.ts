// A review taken apart: hunk by hunk, with undo between; on answers that are known beforehand.
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { commands, Position, Selection, window } from 'vscode';
import { fingerprint, internals, openFile, statusMessages, until } from './host';
import { ANSWER, lensesIn, newSide, presented, run, TEXT, useReviews } from './hunkByHunk';

describe('rewrite, hunk by hunk', () => {
  useReviews();

  it('words are pointed at in the change that the cursor is at', async () => {
    const editor = await openFile('pointed.py', TEXT);
    const rewrite = await presented(editor, ANSWER);
    assert.equal(rewrite.form, 'inline');
    await run('nextHunk');
    await until(() => rewrite.show?.hunkHere() === 1, 'the second hunk');
    await run('pinWords');
    const right = await newSide(/if four:/);
    await until(() => window.activeTextEditor?.document === right.document, 'the new text in front');
    await until(
      () => right.document.lineAt(right.selection.active.line).text === 'if four:',
      'the cursor in the second change',
    );
    assert.deepEqual(rewrite.review?.pinned, undefined, 'nothing is pinned yet');
  });

  it('takes one, leaves one, takes the last: each one undo step, and what is left alone is left alone', async () => {
    const editor = await openFile('hunks.py', TEXT);
    const { document } = editor;
    const untouched = fingerprint(document);
    const rewrite = await presented(editor, ANSWER);
    assert.equal(rewrite.form, 'inline');
    assert.deepEqual(
      rewrite.hunks.map(({ startLine }) => startLine),
      [1, 4, 7],
    );
    assert.deepEqual(fingerprint(document), untouched);

    await run('acceptHunk');
    await until(() => rewrite.hunks.length === 2, 'two hunks');
    const first = TEXT.replace('two = 2', 'two = "2"');
    assert.equal(document.getText(), first);

    const { version } = document;
    await run('rejectHunk', 1);
    await until(() => rewrite.hunks.length === 1, 'one hunk');
    assert.equal(document.version, version);

    await run('acceptHunk', 0);
    await until(() => rewrite.ending, 'the end');
    assert.equal(rewrite.ending, 'accepted');
    assert.equal(document.getText(), ANSWER.replace('nine', 'eight = 8\nnine'));
    await commands.executeCommand('undo');
    assert.equal(document.getText(), first);
    await commands.executeCommand('undo');
    assert.equal(document.getText(), TEXT);
    assert.equal(document.isDirty, false);
  });

  it("takes one block by the editor's own ghost text command, in one undo step", async () => {
    const editor = await openFile('ghostHunk.py', TEXT);
    const rewrite = await presented(editor, ANSWER);
    await run('nextHunk');
    assert.deepEqual(editor.selection.active, new Position(4, 'five = 5'.length));
    assert.ok(rewrite.ghostAt(editor.selection.active), 'the ghost text is at the cursor');
    await until(async () => {
      await commands.executeCommand('editor.action.inlineSuggest.commit');
      return editor.document.getText() !== TEXT;
    }, 'the ghost text in the document');
    await until(() => rewrite.hunks.length === 2, 'the other two');
    const taken = TEXT.replace('five = 5', 'if four:\n    five = 4\nelse:\n    five = 5');
    assert.equal(editor.document.getText(), taken);
    await commands.executeCommand('undo');
    assert.equal(editor.document.getText(), TEXT);
    await until(() => rewrite.hunks.length === 3, 'all three again');
  });

  it('a click on Accept inserts new lines only where they are on the screen', async () => {
    const editor = await openFile('clicked.py', TEXT);
    const rewrite = await presented(editor, ANSWER);
    await run('nextHunk');
    assert.ok(rewrite.ghostAt(editor.selection.active), 'the new lines belong at the cursor');
    const click = () => commands.executeCommand('palimpsest.acceptHunk', 1, true);
    await commands.executeCommand('editor.action.inlineSuggest.hide');
    await click();
    assert.equal(editor.document.getText(), TEXT, 'hidden, they are shown');
    await until(async () => {
      await click();
      return editor.document.getText() !== TEXT;
    }, 'shown, they are inserted');
    await until(() => rewrite.hunks.length === 2, 'the other two');
  });

  it('goes from hunk to hunk and round, with a lens above each', async () => {
    const editor = await openFile('hunkSteps.py', TEXT);
    await presented(editor, ANSWER);
    const seen = [editor.selection.active.line];
    for (let i = 0; i < 3; i++) {
      await run('nextHunk');
      seen.push(editor.selection.active.line);
    }
    await run('previousHunk');
    assert.deepEqual([...seen, editor.selection.active.line], [1, 4, 7, 1, 7]);
    const lenses = await lensesIn(editor);
    const own = lenses.filter(({ command }) => command?.command === 'palimpsest.acceptHunk');
    assert.deepEqual(
      own.map(({ range }) => range.start.line),
      [1, 4, 7],
    );
  });

  it('leaves the cursor to whoever types elsewhere', async () => {
    const editor = await openFile('typing.py', `# first\n\n\n${TEXT}`);
    const { document } = editor;
    const { rewrites } = await (await internals()).palimpsest();
    const start = document.getText().indexOf('one');
    const spans = [{ start, end: start + TEXT.length, old: TEXT }];
    const rewrite = rewrites.present(editor, { spans, candidates: [{ texts: [ANSWER] }] }, 0);
    assert.ok(rewrite);
    await until(() => rewrite.hunks.length === 3, 'the review');
    editor.selection = new Selection(0, 7, 0, 7);
    await commands.executeCommand('type', { text: '!' });
    await until(() => document.getText().startsWith('# first!'), 'what was typed');
    assert.deepEqual(editor.selection.active, new Position(0, 8));
    assert.equal(rewrite.kind, 'reviewing');
    await run('acceptRewrite');
    await until(() => rewrite.ending, 'the end');
    assert.equal(document.getText(), `# first!\n\n\n${ANSWER}`);
  });

  it('brings a hunk that is out of sight into view before a key takes it', async () => {
    const far = '\n'.repeat(400);
    const editor = await openFile('far.py', `# first\n${far}${TEXT}`);
    const { document } = editor;
    const before = document.getText();
    const { rewrites } = await (await internals()).palimpsest();
    const start = before.length - TEXT.length;
    const spans = [{ start, end: before.length, old: TEXT }];
    const rewrite = rewrites.present(editor, { spans, candidates: [{ texts: [ANSWER] }] }, 0);
    assert.ok(rewrite);
    await until(() => rewrite.hunks.length === 3, 'the review');
    for (const command of ['acceptRewrite', 'acceptHunk'] as const) {
      const bar = statusMessages();
      editor.selection = new Selection(0, 0, 0, 0);
      editor.revealRange(editor.selection);
      await until(() => editor.visibleRanges.every(({ end }) => end.line < 300), 'the first lines');
      await run(command);
      assert.equal(document.getText(), before, 'nothing is taken that nobody sees');
      await until(() => editor.visibleRanges.some(({ end }) => end.line > 400), 'the hunk in view');
      bar.stop();
      assert.ok(
        bar.said.some((one) => one.includes('not all in sight')),
        'that is said',
      );
    }
    await run('acceptHunk');
    await until(() => rewrite.hunks.length === 2, 'it is taken');
  });

  it('opens a hunk whose new lines are folded before anything takes it', async () => {
    const editor = await openFile('folded.py', TEXT);
    const { document } = editor;
    const before = document.getText();
    const lines = Array.from({ length: 8 }, (_, i) => `one_${i} = first_value_${i} + second_value_${i}\n`);
    const rewrite = await presented(editor, TEXT.replace(/^one = 1\n/, lines.join('')));
    assert.equal(rewrite.form, 'inline');
    const words = [[], [], [0, true]] as const;
    for (const [i, command] of (['acceptRewrite', 'acceptHunk', 'acceptHunk'] as const).entries()) {
      editor.selection = new Selection(0, 1, 0, 1);
      await until(() => !rewrite.show?.isAtGhost(editor), 'the hunk folded');
      await run(command, ...(words[i] ?? []));
      assert.equal(document.getText(), before, `${command} takes nothing that nobody sees`);
      await until(() => rewrite.show?.isAtGhost(editor), 'the hunk open');
    }
    await run('acceptRewrite');
    await until(() => rewrite.ending, 'the end');
    assert.equal(document.getText(), TEXT.replace(/^one = 1\n/, lines.join('')));
  });

  it('has the lens of new lines above the line that shows them', async () => {
    const editor = await openFile('newLines.py', TEXT);
    const fresh = TEXT.replace('\n', '\nadded = 1\n');
    await presented(editor, fresh);
    const lenses = await lensesIn(editor);
    assert.deepEqual([...new Set(lenses.map(({ range }) => range.start.line))], [0]);
  });

  it('stands any short sequence: old text or what was accepted, and undo leads back to the start', async () => {
    const editor = await openFile('any.py', TEXT);
    const { document } = editor;
    // The same sequence on every run: a failure can be looked at.
    let seed = 20261121;
    const pick = (count: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return Math.floor((seed / 2147483648) * count);
    };
    for (let round = 0; round < 6; round++) {
      const rewrite = await presented(editor, ANSWER, TEXT.replace('nine = 9', 'nine = [9]\nten = 10\n'));
      for (let i = 0; i < 8 && rewrite.ending === undefined; i++) {
        const before = document.getText();
        const { hunks } = rewrite;
        const which = pick(hunks.length);
        const action = ['acceptHunk', 'rejectHunk', 'nextCandidate', 'nextHunk', 'previousCandidate'][
          pick(5)
        ];
        const hunk = hunks[which];
        await run(action ?? '', which);
        if (action === 'acceptHunk' && hunk !== undefined) {
          const lines = before.split('\n');
          lines.splice(hunk.startLine, hunk.endLine - hunk.startLine, ...hunk.newLines);
          await until(() => document.getText() === lines.join('\n'), 'the hunk in the document');
          await until(() => rewrite.kind !== 'accepting' && rewrite.hunks !== hunks, 'what is left');
        } else {
          assert.equal(document.getText(), before, `${action} changes nothing`);
        }
      }
      await run('rejectRewrite');
      await until(() => rewrite.ending, 'the end');
      for (let i = 0; i < 12 && document.getText() !== TEXT; i++) await commands.executeCommand('undo');
      assert.equal(document.getText(), TEXT);
    }
    assert.equal(document.isDirty, false);
  });
});
