// What a review says of itself; on answers that are known beforehand.
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  type CodeLens,
  ConfigurationTarget,
  commands,
  languages,
  Position,
  Selection,
  type TextEditor,
  window,
  workspace,
} from 'vscode';
import { announcements, configure, internals, messages, openFile, statusMessages, until } from './host';
import { ANSWER, labelsOf, marksOf, presented, run, TEXT, useReviews } from './hunkByHunk';

describe('rewrite, as it is told', () => {
  useReviews();

  it('says that a file is read-only that somebody has made so meanwhile, and stays', async () => {
    const editor = await openFile('lockedMeanwhile.py', TEXT);
    const rewrite = await presented(editor, ANSWER);
    await commands.executeCommand('workbench.action.files.setActiveEditorReadonlyInSession');
    const bar = statusMessages();
    const heard = messages();
    try {
      for (const command of ['acceptHunk', 'acceptRewrite']) {
        const before = bar.said.length + heard.said.length;
        await run(command);
        await until(
          () => [...bar.said, ...heard.said].slice(before).some((one) => /could not be edited/.test(one)),
          `what became of ${command}`,
        );
        assert.equal(rewrite.kind, 'reviewing', command);
        assert.equal(editor.document.getText(), TEXT);
      }
    } finally {
      bar.stop();
      heard.stop();
      await commands.executeCommand('workbench.action.files.resetActiveEditorReadonlyInSession');
    }
  });

  it('says that nothing would change where the person looks, until they go on', async () => {
    const editor = await openFile('unchanged.py', TEXT);
    const { rewrites } = await (await internals()).palimpsest();
    const spans = [{ start: 0, end: TEXT.length, old: TEXT }];
    editor.selection = new Selection(2, 0, 2, 5);
    rewrites.present(editor, { spans, candidates: [{ texts: [TEXT] }] }, 0);
    assert.match(rewrites.services.lineNote.text ?? '', /leave|change/);
    assert.equal(editor.document.getText(), TEXT);
    editor.selection = new Selection(5, 0, 5, 0);
    await until(() => rewrites.services.lineNote.text === undefined, 'the note gone');
  });

  it('goes on when the language of its file changes', async () => {
    const editor = await openFile('language.py', TEXT);
    const { rewrites } = await (await internals()).palimpsest();
    await presented(editor, ANSWER);
    const document = await languages.setTextDocumentLanguage(editor.document, 'ruby');
    await until(() => rewrites.of(document.uri)?.hunks.length === 3, 'the review');
    assert.equal(document.getText(), TEXT);
  });

  it('is looked at again when the text around it heals', async () => {
    const editor = await openFile('healing.py', `def a(\n\n${TEXT}`);
    const { document } = editor;
    const { rewrites } = await (await internals()).palimpsest();
    const start = document.getText().length - TEXT.length;
    const spans = [{ start, end: start + TEXT.length, old: TEXT }];
    const quality = { mark: 'unsure', reasons: ['improbable'] } as const;
    const rewrite = rewrites.present(editor, { spans, candidates: [{ texts: ['if ((one:\n'], quality }] }, 0);
    assert.ok(rewrite);
    await until(() => rewrite.hunks.length > 0, 'the review');
    await editor.edit((edit) => edit.insert(new Position(0, 6), '):\n    pass'));
    const found = () => rewrite.review?.candidates[0]?.quality;
    await until(() => found()?.mark === 'poor', 'what it is');
    assert.deepEqual(found()?.reasons, ['does-not-parse', 'improbable']);
  });

  it('is looked at again when a part of it is rejected: what is left is another answer', async () => {
    const text = 'def mean(values):\n    total = sum(values)\n    count = len(values)\n    return total\n';
    const editor = await openFile('part.py', text);
    const { rewrites } = await (await internals()).palimpsest();
    const spans = [{ start: 0, end: text.length, old: text }];
    const fresh = text.replace('(values):', '(numbers):').replace('return total', 'return total / count');
    const quality = { mark: 'unsure', reasons: ['removes-used'] } as const;
    const rewrite = rewrites.present(editor, { spans, candidates: [{ texts: [fresh], quality }] }, 0);
    assert.ok(rewrite);
    await until(() => rewrite.hunks.length === 2, 'the review');
    await run('rejectHunk', 0);
    await until(() => rewrite.review?.candidates[0]?.quality?.mark === 'likely', 'the mark of what is left');
  });

  it('says how good it looks in every form, plainly', async () => {
    const { rewrites } = await (await internals()).palimpsest();
    const WORDS = 'Unsure: names that this file does not contain, low confidence';
    const quality = { mark: 'unsure', reasons: ['unknown-names', 'improbable'] } as const;
    const shown = async (editor: TextEditor) => {
      const old = editor.document.getText();
      const spans = [{ start: 0, end: old.length, old }];
      const rewrite = rewrites.present(editor, { spans, candidates: [{ texts: [ANSWER], quality }] }, 0);
      assert.ok(rewrite);
      await until(() => rewrite.hunks.length > 0, 'the review');
      return rewrite;
    };
    const editor = await openFile('marks.py', TEXT);
    const lenses = async () => {
      const all = await commands.executeCommand<CodeLens[]>(
        'vscode.executeCodeLensProvider',
        editor.document.uri,
      );
      return all.map(({ command }) => command?.title ?? '');
    };
    const all = workspace.getConfiguration();
    await configure('rewrite.announce', 'on');
    const heard = announcements();
    try {
      const inline = await shown(editor);
      assert.equal(inline.form, 'inline');
      await until(async () => (await lenses()).some((title) => title.endsWith(WORDS)), 'the lens');
      assert.equal(inline.markShown, undefined);
      assert.match(heard.said.at(-1) ?? '', /Unsure: names that this file does not contain/);
      await run('rejectRewrite');

      await all.update('editor.codeLens', false, ConfigurationTarget.Global);
      const bare = await shown(editor);
      assert.equal(bare.form, 'inline');
      assert.equal(bare.markShown, WORDS);
      await run('rejectRewrite');
      assert.equal(bare.markShown, undefined);
      await all.update('editor.codeLens', undefined, ConfigurationTarget.Global);

      const { uri } = editor.document;
      const other = await workspace.openTextDocument({ content: TEXT, language: 'python' });
      await commands.executeCommand('vscode.diff', other.uri, uri, 'two files');
      await until(() => window.activeTextEditor?.document.uri.toString() === uri.toString(), 'its side');
      const side = window.activeTextEditor;
      assert.ok(side);
      // There is little room on a side of it.
      const apart = await shown(side);
      assert.equal(apart.form, 'diffEditor');
      assert.equal(apart.markShown, WORDS);
      await run('rejectRewrite');
      await commands.executeCommand('workbench.action.closeAllEditors');

      await configure('rewrite.preview', 'diffEditor');
      const compared = await shown(await window.showTextDocument(editor.document));
      assert.equal(compared.markShown, WORDS);
      await run('rejectRewrite');

      await configure('rewrite.preview', 'comments');
      await shown(editor);
      const labels = () => labelsOf(rewrites, editor.document);
      await until(() => labels().length === 3, 'three threads');
      assert.ok(
        labels().every((label) => label.endsWith(` – ${WORDS}`)),
        labels().join('\n'),
      );
      assert.deepEqual(marksOf(rewrites, editor.document), [WORDS, WORDS, WORDS]);
      await run('rejectRewrite');

      await configure('rewrite.preview', 'diffEditor');
      const bar = statusMessages();
      try {
        await shown(editor);
        const title = () => window.tabGroups.activeTabGroup.activeTab?.label ?? '';
        await until(() => title() === 'marks.py: rewrite', 'the title of the diff editor');
        await until(
          () => bar.said.at(-1)?.endsWith(`candidate 1 of 1. ${WORDS}.`),
          'the label in the status bar',
        );
      } finally {
        bar.stop();
      }
      await run('rejectRewrite');
    } finally {
      heard.stop();
      await configure('rewrite.announce', undefined);
      await all.update('editor.codeLens', undefined, ConfigurationTarget.Global);
    }
  });
});
