// Rewrites where something is in the way: odd selections, edits and savings meanwhile, files that cannot be written or go
// away. The document is the old text, or the accepted one, or what somebody else made of it.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import {
  ConfigurationTarget,
  commands,
  languages,
  Position,
  Range,
  Selection,
  TextEdit,
  window,
  workspace,
} from 'vscode';
import type { Rewrite } from '../../extension/rewrite/rewrite';
import {
  announcements,
  closeEverything,
  configure,
  denoised,
  fingerprint,
  GIBBERISH,
  internals,
  openFile,
  reviewOf,
  select,
  startRewrite,
  undoIn,
  until,
  useScriptedEngine,
  whileDenoising,
} from './host';

const PROGRAM = ['def f(a):', `    ${GIBBERISH}`, `    ${GIBBERISH} more`, '    return a', ''].join('\n');
const LONG = `def f():\n${`    ${GIBBERISH}\n`.repeat(12)}    return 1\n`;

const run = (name: string) => commands.executeCommand(`palimpsest.${name}`);

async function ended(rewrite: Rewrite): Promise<string | undefined> {
  await until(() => rewrite.ending, 'the end of the rewrite');
  return rewrite.ending;
}

async function setting(section: string, name: string, value: unknown): Promise<void> {
  await workspace.getConfiguration(section).update(name, value, ConfigurationTarget.Global);
}

describe('rewrite, where something is in the way', () => {
  useScriptedEngine();
  afterEach(async () => {
    for (const name of ['emptySelection', 'announce', 'preview'])
      await configure(`rewrite.${name}`, undefined);
    await closeEverything();
  });

  it('takes a selection over the whole file', async () => {
    const editor = await openFile('whole.py', PROGRAM);
    const untouched = fingerprint(editor.document);
    await commands.executeCommand('editor.action.selectAll');
    const rewrite = await reviewOf(editor);
    assert.deepEqual(
      rewrite.review?.spans.map(({ start, end }) => [start, end]),
      [[0, PROGRAM.trimEnd().length]],
    );
    assert.deepEqual(fingerprint(editor.document), untouched);
    await run('acceptRewrite');
    assert.equal(await ended(rewrite), 'accepted');
    await undoIn(editor.document);
    assert.equal(editor.document.getText(), PROGRAM);
  });

  it('makes one place of selections that meet in one line, and several of those that do not', async () => {
    const editor = await openFile('overlap.py', PROGRAM);
    editor.selections = [new Selection(1, 6, 1, 6), new Selection(1, 20, 1, 20), new Selection(3, 4, 3, 10)];
    const rewrite = await reviewOf(editor);
    assert.deepEqual(
      rewrite.review?.spans.map(({ old }) => old),
      [GIBBERISH, 'return'],
    );
    await run('rejectRewrite');
    assert.equal(editor.document.getText(), PROGRAM);
  });

  it('takes the syntax around the cursor by its own command, or where that is set', async () => {
    const text = 'def f(a):\n    return add(a, 77731 + len(a))\n';
    const editor = await openFile('syntax.py', text);
    const at = editor.document.positionAt(text.indexOf('len(') + 1);
    for (const start of ['command', 'setting']) {
      editor.selection = new Selection(at, at);
      if (start === 'setting') await configure('rewrite.emptySelection', 'syntax');
      const { rewrites } = await (await internals()).palimpsest();
      await run(start === 'setting' ? 'rewriteSelection' : 'rewriteSyntax');
      const rewrite = await until(() => rewrites.of(editor.document.uri), 'a rewrite');
      assert.deepEqual(
        rewrite.spans.map(({ old }) => old),
        ['len(a)'],
      );
      await denoised(rewrite);
      await run('rejectRewrite');
      await ended(rewrite);
    }
    assert.equal(editor.document.getText(), text);
  });

  it('ends when the document is closed while it denoises, and while it is reviewed', async () => {
    for (const stage of ['denoising', 'reviewing']) {
      const editor = await openFile('closed.py', LONG);
      await select(editor, [1, 12]);
      const close = () => commands.executeCommand('workbench.action.closeActiveEditor');
      const rewrite =
        stage === 'denoising'
          ? await whileDenoising(() => startRewrite(editor), close)
          : await reviewOf(editor);
      if (stage === 'reviewing') await close();
      assert.equal(await ended(rewrite), 'closed');
      const again = await openFile('closed.py', LONG);
      assert.equal(again.document.getText(), LONG);
      assert.equal(again.document.isDirty, false);
    }
  });

  it('goes on when it is asked for again, and gives way to another one in the same file', async () => {
    const editor = await openFile('twice.py', LONG);
    const { rewrites } = await (await internals()).palimpsest();
    const now = () => rewrites.of(editor.document.uri);
    await select(editor, [1, 12]);
    const given = await whileDenoising(
      () => startRewrite(editor),
      async (running) => {
        // The selection is gone: the cursor stands where the masks begin.
        await run('rewriteSelection');
        assert.equal(now(), running);
        await select(editor, [13, 13]);
        void run('rewriteSelection');
        await until(() => now() !== running, 'the other rewrite');
      },
    );
    assert.equal(given.ending, 'cancelled');
    const other = await until(now, 'the other rewrite');
    await denoised(other);
    assert.equal(other.spans[0]?.old, 'return 1');
    await run('rejectRewrite');
  });

  it('is given up when the text is edited while it denoises, and follows edits before and behind', async () => {
    const editor = await openFile('meanwhile.py', LONG);
    await select(editor, [1, 12]);
    const moved = await whileDenoising(
      () => startRewrite(editor),
      () =>
        editor.edit((edit) => {
          edit.insert(new Position(0, 0), '# first\n');
          edit.insert(new Position(13, 0), '    # behind\n');
        }),
    );
    await denoised(moved);
    assert.equal(moved.kind, 'reviewing');
    await run('acceptRewrite');
    assert.equal(await ended(moved), 'accepted');
    const text = editor.document.getText();
    assert.ok(
      text.startsWith('# first\ndef f():\n    ') && text.endsWith('    # behind\n    return 1\n'),
      text,
    );

    await select(editor, [2, 2]);
    const before = editor.document.getText();
    await whileDenoising(
      () => startRewrite(editor),
      async (lost) => {
        await editor.edit((edit) => edit.insert(new Position(2, 6), 'typed'));
        assert.equal(await ended(lost), 'conflict');
      },
    );
    const lines = before.split('\n');
    lines[2] = `${lines[2]?.slice(0, 6)}typed${lines[2]?.slice(6)}`;
    assert.equal(editor.document.getText(), lines.join('\n'));
  });

  it('stands a save with a formatter that changes the text around it', async () => {
    const formatter = languages.registerDocumentFormattingEditProvider('python', {
      provideDocumentFormattingEdits: () => [TextEdit.insert(new Position(0, 0), '# formatted\n')],
    });
    await setting('editor', 'formatOnSave', true);
    try {
      const editor = await openFile('format.py', PROGRAM);
      await select(editor, [1, 2]);
      const rewrite = await reviewOf(editor);
      const [candidate = ''] = rewrite.review?.candidates[rewrite.review.index]?.texts ?? [];
      await editor.edit((edit) => edit.insert(new Position(4, 0), '# end\n'));
      await editor.document.save();
      await until(() => editor.document.getText().startsWith('# formatted'), 'the formatter');
      assert.equal(rewrite.kind, 'reviewing');
      await run('acceptRewrite');
      assert.equal(await ended(rewrite), 'accepted');
      assert.equal(
        editor.document.getText(),
        `# formatted\ndef f(a):\n    ${candidate}\n    return a\n# end\n`,
      );
    } finally {
      formatter.dispose();
      await setting('editor', 'formatOnSave', undefined);
    }
  });

  it('leaves a read-only file as it is, and keeps what was made for it', async () => {
    await setting('files', 'readonlyInclude', { '**/readonly.py': true });
    try {
      const editor = await openFile('readonly.py', PROGRAM);
      const untouched = fingerprint(editor.document);
      await select(editor, [1, 2]);
      const rewrite = await reviewOf(editor);
      await run('acceptRewrite');
      await until(() => rewrite.kind !== 'accepting', 'the edit that does not take');
      assert.deepEqual(fingerprint(editor.document), untouched);
      assert.equal(rewrite.kind, 'reviewing', `nothing is lost: ${rewrite.ending}`);
      await run('rejectRewrite');
      assert.equal(await ended(rewrite), 'rejected');
    } finally {
      await setting('files', 'readonlyInclude', undefined);
    }
  });

  it('goes on in the editor when the file is gone from the disk', async () => {
    const editor = await openFile('gone.py', PROGRAM);
    await select(editor, [1, 2]);
    const rewrite = await reviewOf(editor);
    await workspace.fs.delete(editor.document.uri);
    await run('acceptRewrite');
    await until(() => rewrite.kind !== 'accepting', 'the edit');
    // The editor may have closed the document with its file; if it has not, the rewrite is in it.
    if (rewrite.ending === 'accepted') {
      assert.ok(editor.document.getText().startsWith('def f(a):\n    '));
      assert.ok(editor.document.getText().endsWith('    return a\n'));
    } else {
      assert.equal(editor.document.getText(), PROGRAM);
    }
  });

  it('says its milestones where somebody listens', async () => {
    await configure('rewrite.announce', 'on');
    const editor = await openFile('spoken.py', PROGRAM);
    await select(editor, [1, 2]);
    const { said, stop } = announcements();
    try {
      const rewrite = await whileDenoising(
        () => startRewrite(editor),
        () => assert.match(said.at(-1) ?? '', /denoising 1 span/),
      );
      await denoised(rewrite);
      assert.match(said.at(-1) ?? '', /candidate 1 of \d+, changes: \d+/);
      await run('rejectRewrite');
      assert.match(said.at(-1) ?? '', /rejected/);
    } finally {
      stop();
    }
  });

  it('draws nothing but a tint where motion is unwanted, and is reviewed beside the old text', async () => {
    await setting('editor', 'accessibilitySupport', 'on');
    try {
      const editor = await openFile('calm.py', PROGRAM);
      await select(editor, [1, 2]);
      const rewrite = await reviewOf(editor);
      assert.equal(rewrite.form, 'diffEditor');
      await until(() => window.activeTextEditor?.document !== editor.document, 'the diff editor');
      await run('acceptRewrite');
      assert.equal(await ended(rewrite), 'accepted');
      await until(() => window.activeTextEditor?.document === editor.document, 'the file itself');
      assert.ok(editor.document.validateRange(new Range(0, 0, 99, 0)).end.line >= 2);
    } finally {
      await setting('editor', 'accessibilitySupport', undefined);
    }
  });
});
