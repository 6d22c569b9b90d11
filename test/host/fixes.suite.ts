// Quick fixes with the real extension, beside a source of diagnostics whose word does not depend on what the model writes.
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  CodeAction,
  CodeActionKind,
  commands,
  Diagnostic,
  DiagnosticSeverity,
  languages,
  type ProgressOptions,
  Selection,
  Uri,
  window,
  workspace,
} from 'vscode';
import { Checker } from '../../extension/fixes/checker';
import { COPY_SCHEME } from '../../extension/fixes/copies';
import { configure, fingerprint, internals, messages, openFile, statusMessages, undoIn, until } from './host';
import { actionAt, actionsAt, choose, PROGRAM, rewriteOf, TITLE, useObjector } from './objector';

describe('quick fixes', () => {
  const objecting = useObjector();

  it('shows a rewrite that the server has nothing against, checked on a copy', async () => {
    const editor = await openFile('fix.py', PROGRAM);
    const objector = objecting('qzx', { hints: false });
    const untouched = fingerprint(editor.document);
    const line = editor.document.lineAt(1).range;
    const action = await actionAt(editor, line);
    assert.equal(action.title, `${TITLE}: No qzx here`);
    const heard = statusMessages();
    assert.equal(await choose(action), 'shown');
    const rewrite = await rewriteOf(editor);
    assert.equal(rewrite?.kind, 'reviewing');
    assert.ok(languages.getDiagnostics(editor.document.uri).length > 0, 'the problem is still there');
    const words = '$(info) Palimpsest: this would solve the problem. Check what else it does.';
    await until(() => heard.said.includes(words), 'what the fix would do').finally(heard.stop);
    assert.deepEqual(fingerprint(editor.document), untouched, 'the buffer knows nothing of it');
    for (const { texts } of rewrite?.review?.candidates ?? []) assert.ok(!texts[0]?.includes('qzx'));
    assert.ok(objector.looked.includes(COPY_SCHEME), 'a copy was looked at');
    assert.ok(
      window.tabGroups.all.flatMap(({ tabs }) => tabs).length === 1 &&
        workspace.textDocuments.every(({ isDirty }) => !isDirty),
      'nothing else was opened, nothing is unsaved',
    );
    await commands.executeCommand('palimpsest.acceptRewrite');
    await until(() => rewrite?.ending, 'the end of the rewrite');
    assert.ok(!editor.document.getText().includes('qzx'));
    await until(() => languages.getDiagnostics(editor.document.uri).length === 0, 'no problem any more');
    await undoIn(editor.document);
    assert.equal(editor.document.getText(), PROGRAM);
  });

  it('mends the line before any of it is denoised, where the server has nothing against that', async () => {
    const text = 'def total(prices):\n    return sum(strange)\n';
    const editor = await openFile('mended.py', text);
    objecting('strange', { hints: false });
    const action = await actionAt(editor, editor.document.lineAt(1).range);
    assert.equal(await choose(action), 'shown');
    const rewrite = await rewriteOf(editor);
    assert.deepEqual(
      rewrite?.review?.candidates.map(({ texts }) => texts[0]),
      ['return sum(prices)', 'return sum(total)'],
    );
    assert.equal(editor.document.getText(), text);
    await commands.executeCommand('palimpsest.rejectRewrite');
  });

  it('has each of many candidates looked at, by a server that takes its time', async () => {
    const { document } = await openFile('slow.py', PROGRAM);
    objecting('qzx', { hints: false, delay: 250 });
    const problem = await until(() => languages.getDiagnostics(document.uri)[0], "the server's word");
    const { copies } = await (await internals()).palimpsest();
    const { signal } = new AbortController();
    const checker = await Checker.open(document, problem, copies, signal);
    const texts = Array.from({ length: 10 }, (_, i) => (i % 3 === 0 ? `# ${i}\n${PROGRAM}` : `# ${i}\n`));
    const wanted = texts.map((_, i) => (i % 3 === 0 ? 'still' : 'gone'));
    assert.deepEqual(await checker.check(texts, signal), wanted);
    await checker.close();
  });

  it('leaves copies empty, so that nothing is declared twice', async () => {
    const copies = workspace.textDocuments.filter(({ uri }) => uri.scheme === COPY_SCHEME);
    assert.ok(copies.length > 0);
    assert.deepEqual(
      copies.map((copy) => copy.getText()),
      copies.map(() => ''),
    );
  });

  it('tells once when nothing helps, and changes nothing', async () => {
    const editor = await openFile('hopeless.py', PROGRAM);
    // It stands outside of anything that a fix may change.
    objecting('path');
    const untouched = fingerprint(editor.document);
    const elsewhere = new Diagnostic(
      editor.document.lineAt(1).range,
      'No path here',
      DiagnosticSeverity.Error,
    );
    const outcome = await commands.executeCommand('palimpsest.fixProblem', editor.document.uri, elsewhere);
    assert.equal(outcome, 'none');
    assert.equal(await rewriteOf(editor), undefined);
    assert.deepEqual(fingerprint(editor.document), untouched);
    await commands.executeCommand('notifications.clearAll');
  });

  it('shows that it works before the model is there', async () => {
    const editor = await openFile('progress.py', PROGRAM);
    objecting('qzx');
    const palimpsest = await (await internals()).palimpsest();
    await palimpsest.engine.stop();
    const real = window.withProgress;
    const { launch } = palimpsest;
    let state: string | undefined;
    const seen = new Promise<void>((resolve) => {
      const heard = (options: ProgressOptions, ...rest: never[]) => {
        if (/fix/.test(options.title ?? '')) {
          state = palimpsest.engine.state.kind;
          resolve();
        }
        return Reflect.apply(real, window, [options, ...rest]);
      };
      Object.defineProperty(window, 'withProgress', { configurable: true, writable: true, value: heard });
    });
    // However fast the machine is, the engine is not there before the progress is.
    palimpsest.launch = async () => {
      await seen;
      return launch();
    };
    try {
      const [problem] = languages.getDiagnostics(editor.document.uri);
      const outcome = commands.executeCommand('palimpsest.fixProblem', editor.document.uri, problem);
      await seen;
      assert.notEqual(state, 'ready');
      assert.ok(['shown', 'none'].includes(String(await outcome)));
    } finally {
      palimpsest.launch = launch;
      Object.defineProperty(window, 'withProgress', { configurable: true, writable: true, value: real });
    }
    await commands.executeCommand('palimpsest.rejectRewrite');
    await commands.executeCommand('notifications.clearAll');
  });

  it('comes after the fixes of the language itself', async () => {
    const editor = await openFile('order.py', PROGRAM);
    objecting('qzx');
    const own = languages.registerCodeActionsProvider(
      { language: 'python', scheme: 'file' },
      { provideCodeActions: () => [new CodeAction('Of the language', CodeActionKind.QuickFix)] },
    );
    try {
      const { range } = editor.document.lineAt(1);
      await actionAt(editor, range);
      const all = await commands.executeCommand<CodeAction[]>(
        'vscode.executeCodeActionProvider',
        editor.document.uri,
        range,
        CodeActionKind.QuickFix.value,
      );
      const titles = all.map(({ title }) => title);
      assert.equal(titles[0], 'Of the language');
      assert.match(titles.at(-1) ?? '', /Palimpsest/);
    } finally {
      own.dispose();
    }
  });

  it('shows nothing where no server looks at copies, and says so', async () => {
    const editor = await openFile('blind.py', PROGRAM);
    objecting('qzx', { isBlind: ({ uri }) => uri.scheme === COPY_SCHEME });
    const action = await actionAt(editor, editor.document.lineAt(1).range);
    const heard = messages();
    try {
      assert.equal(await choose(action), 'unchecked');
      assert.deepEqual(heard.said, [
        'Palimpsest shows no fix, because no language server could check it: No qzx here',
      ]);
    } finally {
      heard.stop();
    }
    assert.equal(await rewriteOf(editor), undefined);
    await commands.executeCommand('notifications.clearAll');
  });

  it('fixes the problem at the cursor, by key or palette', async () => {
    const editor = await openFile('cursor.py', PROGRAM);
    objecting('vvkj');
    editor.selection = new Selection(1, 0, 1, 0);
    assert.equal(await commands.executeCommand('palimpsest.fixProblem'), 'shown');
    await commands.executeCommand('palimpsest.rejectRewrite');
    editor.selection = new Selection(2, 0, 2, 0);
    assert.equal(await commands.executeCommand('palimpsest.fixProblem'), undefined);
    assert.equal(editor.document.getText(), PROGRAM);
  });

  it('offers nothing where it is switched off, nor in files that hold secrets', async () => {
    const editor = await openFile('off.py', PROGRAM);
    objecting('qzx');
    await actionAt(editor, editor.document.lineAt(1).range);
    await configure('quickFix.enabled', false);
    assert.deepEqual(await actionsAt(editor, editor.document.lineAt(1).range), []);
    await configure('quickFix.enabled', undefined);
    const secret = await openFile('secrets.yaml', 'a: qzx\n');
    assert.deepEqual(await actionsAt(secret, secret.document.lineAt(0).range), []);
  });

  it('offers nothing where nobody can edit', async () => {
    const texts = workspace.registerTextDocumentContentProvider('readable', {
      provideTextDocumentContent: () => PROGRAM,
    });
    try {
      objecting('qzx');
      const opened = await workspace.openTextDocument(Uri.parse('readable:/shown.py'));
      const editor = await window.showTextDocument(opened);
      const { range } = opened.lineAt(1);
      await until(() => languages.getDiagnostics(opened.uri).length > 0, 'a problem');
      assert.deepEqual(await actionsAt(editor, range), []);
      const rewrites = await commands.executeCommand<CodeAction[]>(
        'vscode.executeCodeActionProvider',
        opened.uri,
        range,
        CodeActionKind.RefactorRewrite.value,
      );
      assert.deepEqual(
        rewrites.filter(({ title }) => title.includes('Palimpsest')),
        [],
      );
    } finally {
      texts.dispose();
    }
  });
});
