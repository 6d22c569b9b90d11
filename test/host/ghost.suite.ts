// Ghost text with the real engine: what is offered, kept while typing through, cycled, quiet, and given up.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, afterEach, before, describe, it } from 'mocha';
import {
  CancellationTokenSource,
  ConfigurationTarget,
  commands,
  type InlineCompletionItem,
  InlineCompletionTriggerKind,
  NotebookCellData,
  NotebookCellKind,
  NotebookData,
  Range,
  Selection,
  type TextDocument,
  Uri,
  window,
  workspace,
} from 'vscode';
import type { Palimpsest } from '../../extension/palimpsest';
import {
  closeEverything,
  configure,
  denoised,
  executed,
  fingerprint,
  internals,
  openFile,
  select,
  startRewrite,
  statusMessages,
  until,
  useCpu,
} from './host';
import { MemoryFiles } from './memoryFiles';
import { AT, automatically, END, offered, START } from './offered';

describe('ghost text', () => {
  let palimpsest: Palimpsest;
  before(async () => {
    await useCpu();
    // A weak model is hardly ever sure; what passes the gate is the engine's own test.
    await configure('ghostText.gate', 0);
    palimpsest = await (await internals()).palimpsest();
  });
  afterEach(closeEverything);
  after(() => configure('ghostText.gate', undefined));

  /** What would stand there after accepting. */
  function accepted(document: TextDocument, { range, insertText }: InlineCompletionItem): string {
    assert.ok(range);
    assert.ok(range.isSingleLine);
    const text = document.getText();
    const start = document.offsetAt(range.start);
    return text.slice(0, start) + String(insertText) + text.slice(document.offsetAt(range.end));
  }

  it('is taken off the screen when a setting changes, and nothing else is', async () => {
    const { document } = await openFile('setting.py', START + END);
    const hide = 'editor.action.inlineSuggest.hide';
    const ran = executed();
    try {
      await configure('ghostText.maxTokens', 20);
      assert.ok(!ran.names.includes(hide), 'there is none');
      const [item] = await offered(document, AT);
      assert.ok(item, 'something is offered');
      await configure('ghostText.maxTokens', 30);
      await until(() => ran.names.includes(hide), 'that it goes');
      ran.names.length = 0;
      await configure('ghostText.maxTokens', undefined);
      assert.ok(!ran.names.includes(hide), 'it is gone already');
    } finally {
      ran.stop();
      await configure('ghostText.maxTokens', undefined);
    }
  });

  it('offers text at the cursor and keeps it while that text is typed', async () => {
    // What the project memory reads meanwhile makes another answer of it, which is asked for.
    await configure('context.workspace', false);
    try {
      const { document, edit } = await openFile('ghost1.py', START + END);
      const untouched = fingerprint(document);
      const [item] = await offered(document, AT);
      assert.ok(item, 'something is offered');
      assert.deepEqual(fingerprint(document), untouched);
      const target = accepted(document, item);
      assert.ok(target.startsWith(START) && target.endsWith(END), 'both sides stay');

      const text = target.slice(START.length, target.length - END.length);
      await edit((builder) => builder.insert(AT, text.slice(0, 2)));
      await palimpsest.engine.stop();
      const [rest] = await automatically(document, AT.translate(0, 2));
      assert.ok(rest);
      assert.equal(accepted(document, rest), target);
      assert.deepEqual(rest.range?.start, item.range?.start, 'and its place, so that it does not flicker');
      assert.equal(palimpsest.engine.state.kind, 'stopped', 'what is known is not asked for');
    } finally {
      await configure('context.workspace', undefined);
    }
  });

  it('has several candidates for whoever asks, the one that was shown first', async () => {
    const { document } = await openFile('ghost2.py', START + END);
    const [shown] = await automatically(document, AT);
    const all = await offered(document, AT);
    assert.ok(shown && all.length > 1, `${all.length} candidates`);
    assert.equal(String(all[0]?.insertText), String(shown.insertText));
    assert.equal(new Set(all.map(({ insertText }) => String(insertText))).size, all.length);
  });

  it('is shown by the editor, taken word by word, then whole, and undone', async () => {
    const editor = await openFile('ghost3.py', START + END);
    const { document } = editor;
    const [item] = await offered(document, AT);
    assert.ok(item);
    const target = accepted(document, item);
    editor.selection = new Selection(AT, AT);
    await commands.executeCommand('editor.action.inlineSuggest.trigger');
    await until(async () => {
      if (document.getText() === START + END) {
        await commands.executeCommand('editor.action.inlineSuggest.acceptNextWord');
      }
      return document.getText() !== START + END;
    }, 'a word');
    const word = document.getText().slice(START.length, document.getText().length - END.length);
    assert.ok(target.slice(START.length).startsWith(word), `${word} is the beginning of it`);
    await until(async () => {
      if (document.getText() !== target) await commands.executeCommand('editor.action.inlineSuggest.commit');
      return document.getText() === target;
    }, 'the whole');
    while (document.getText() !== START + END) await commands.executeCommand('undo');
    assert.equal(document.isDirty, false);
  });

  it('is offered to whoever asks where there was none a moment ago, with nothing typed between', async () => {
    const editor = await openFile('asked.py', START + END);
    editor.selection = new Selection(AT, AT);
    await commands.executeCommand('palimpsest.toggleGhostText');
    await commands.executeCommand('editor.action.inlineSuggest.trigger');
    await commands.executeCommand('palimpsest.toggleGhostText');
    const { version } = editor.document;
    await commands.executeCommand('editor.action.inlineSuggest.trigger');
    await until(async () => {
      await commands.executeCommand('editor.action.inlineSuggest.commit');
      return editor.document.version !== version;
    }, 'ghost text');
  });

  it('is asked for once by whoever gets none', async () => {
    const editor = await openFile('once.py', START + END);
    editor.selection = new Selection(AT, AT);
    await commands.executeCommand('palimpsest.toggleGhostText');
    const { provideInline } = palimpsest;
    let times = 0;
    palimpsest.provideInline = (...asked) => {
      times++;
      return provideInline.apply(palimpsest, asked);
    };
    try {
      await commands.executeCommand('editor.action.inlineSuggest.trigger');
      // Long enough for an editor that asks again because the provider is another one.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      assert.equal(times, 1);
    } finally {
      palimpsest.provideInline = provideInline;
      await commands.executeCommand('palimpsest.toggleGhostText');
    }
  });

  it('gives up when it is cancelled', async () => {
    const { document } = await openFile('ghost4.py', `${START}x${END}`);
    const source = new CancellationTokenSource();
    const answer = offered(document, AT.translate(0, 1), InlineCompletionTriggerKind.Invoke, source.token);
    source.cancel();
    assert.deepEqual(await answer, []);
  });

  it('is silent when the engine cannot start, and says so', async () => {
    await configure('node.path', '/nowhere/node');
    const bar = statusMessages();
    try {
      await palimpsest.engine.stop();
      const { document } = await openFile('ghost5.py', START + END);
      const { status } = await internals();
      const failed = /No ghost text: the engine did not answer\. See the log for details\./;
      assert.deepEqual(await automatically(document, AT), []);
      assert.match(status.tooltip.replace(/\\/g, ''), failed);
      assert.deepEqual(bar.said, [], 'aloud only to whoever asks');
      status.silent(undefined);
      assert.deepEqual(await offered(document, AT), []);
      assert.match(status.tooltip.replace(/\\/g, ''), failed);
      assert.match(bar.said.join('\n'), failed);
    } finally {
      bar.stop();
      await configure('node.path', undefined);
      await palimpsest.engine.restart();
    }
  });

  /** What is offered behind `res` while the suggestion widget has `choice` chosen. */
  const offeredBeside = async (choice: string, name: string, triggerKind: InlineCompletionTriggerKind) => {
    const { document } = await openFile(name, `${START}res${END}`);
    const range = new Range(AT, AT.translate(0, 3));
    const context = { triggerKind, selectedCompletionInfo: { range, text: choice } };
    const { token } = new CancellationTokenSource();
    return { range, items: await palimpsest.provideInline(document, range.end, context, token, true) };
  };

  it('follows the choice in the suggestion widget', async () => {
    const { Automatic } = InlineCompletionTriggerKind;
    const { items, range } = await offeredBeside('result', 'ghost6.py', Automatic);
    for (const item of items) {
      assert.deepEqual(item.range, range);
      assert.ok(String(item.insertText).startsWith('result'));
    }
    assert.ok(items.length > 0);
  });

  it('leaves a choice alone that does not go on from what is typed: the editor would draw nothing of it', async () => {
    const { items } = await offeredBeside('self.result', 'ghost6b.py', InlineCompletionTriggerKind.Invoke);
    assert.ok(items.length > 0);
    for (const item of items) assert.ok(!String(item.insertText).startsWith('self.'));
  });

  it('is quiet while it is snoozed, except for whoever asks, and the status bar says so', async () => {
    const { status } = await internals();
    const { document } = await openFile('ghost7.py', START + END);
    await commands.executeCommand('palimpsest.snoozeGhostText', 5);
    assert.match(status.text, /bell-slash/);
    assert.deepEqual(await automatically(document, AT), []);
    assert.ok((await offered(document, AT)).length > 0);
    await commands.executeCommand('palimpsest.resumeGhostText');
    assert.doesNotMatch(status.text, /bell-slash/);
    assert.ok((await automatically(document, AT)).length > 0);
  });

  it('is turned off and on for a language', async () => {
    const enabled = (languageId: string) =>
      workspace.getConfiguration('palimpsest', { languageId }).get('ghostText.enabled');
    await openFile('ghost8.py', START + END);
    assert.equal(enabled('python'), true);
    assert.equal(enabled('markdown'), false, 'prose is not what it is for');
    await commands.executeCommand('palimpsest.toggleGhostText');
    assert.equal(enabled('python'), false);
    assert.equal(enabled('typescript'), true);
    await commands.executeCommand('palimpsest.toggleGhostText');
    assert.equal(enabled('python'), true);
    const all = workspace.getConfiguration('palimpsest', { languageId: 'python' });
    assert.equal(all.inspect('ghostText.enabled')?.globalLanguageValue, undefined, 'nothing is left behind');
    await all.update('ghostText.enabled', false, ConfigurationTarget.Global);
    try {
      assert.equal(enabled('python'), false);
    } finally {
      await all.update('ghostText.enabled', undefined, ConfigurationTarget.Global);
    }
  });

  it('works in untitled files and in a notebook’s cells', async () => {
    const untitled = await workspace.openTextDocument({ language: 'python', content: START + END });
    await window.showTextDocument(untitled);
    assert.ok((await offered(untitled, AT)).length > 0);
    await commands.executeCommand('workbench.action.revertAndCloseActiveEditor');

    const cells = ['FAR = 1', 'NEAR = 2', START + END].map(
      (text) => new NotebookCellData(NotebookCellKind.Code, text, 'python'),
    );
    const notebook = await workspace.openNotebookDocument('jupyter-notebook', new NotebookData(cells));
    await window.showNotebookDocument(notebook);
    const { document } = notebook.cellAt(2);
    assert.equal(document.uri.scheme, 'vscode-notebook-cell');
    assert.ok((await offered(document, AT)).length > 0);
    assert.deepEqual((await palimpsest.openTexts.textsNear(document.uri)).slice(0, 2), [
      'NEAR = 2',
      'FAR = 1',
    ]);
    await commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  it('asks for nothing behind a deletion or undo', async () => {
    const editor = await openFile('manners.py', `${START}r${END}`);
    const { document } = editor;
    const at = AT.translate(0, 1);
    await editor.edit((edit) => edit.delete(new Range(AT, at)));
    assert.deepEqual(await automatically(document, AT), [], 'a deletion');
    await commands.executeCommand('undo');
    assert.deepEqual(await automatically(document, at), [], 'undo');
  });

  for (const isEscaped of [false, true])
    it(`${isEscaped ? 'does not come back once it is escaped' : 'stays'} when its next letter is typed`, async () => {
      // What the project memory reads meanwhile makes another answer of it, which is asked for.
      await configure('context.workspace', false);
      try {
        const { document, edit } = await openFile(`manners${isEscaped ? 1 : 0}.py`, START + END);
        const [item = assert.fail()] = await offered(document, AT);
        const target = accepted(document, item);
        if (isEscaped) await commands.executeCommand('palimpsest.dismissGhostText');
        const next = target.slice(START.length, START.length + 1);
        await edit((builder) => builder.insert(AT, next));
        const behind = await automatically(document, AT.translate(0, 1));
        const comesBack = behind.some((one) => accepted(document, one) === target);
        assert.equal(comesBack, !isEscaped);
      } finally {
        await configure('context.workspace', undefined);
      }
    });

  it('is turned off and on by any number of quick toggles', async () => {
    await openFile('toggles.py', START + END);
    const enabled = () =>
      workspace.getConfiguration('palimpsest', { languageId: 'python' }).get('ghostText.enabled');
    const before = enabled();
    await Promise.all(
      Array.from({ length: 12 }, () => commands.executeCommand('palimpsest.toggleGhostText')),
    );
    assert.equal(enabled(), before);
    await workspace
      .getConfiguration('palimpsest', { languageId: 'python' })
      .update('ghostText.enabled', undefined, ConfigurationTarget.Global, true);
  });

  it('works in a virtual file system that no list names, and so do the other doors', async () => {
    const files = new MemoryFiles({ '/virtual.py': START + END, '/.env': START + END });
    const registered = workspace.registerFileSystemProvider('unheardof', files);
    try {
      const document = await workspace.openTextDocument(Uri.parse('unheardof:/virtual.py'));
      const editor = await window.showTextDocument(document);
      assert.ok((await offered(document, AT)).length > 0);
      const untouched = fingerprint(document);
      await select(editor, [1, 2]);
      const rewrite = await startRewrite(editor);
      await denoised(rewrite);
      assert.ok(rewrite.kind === 'reviewing' || rewrite.ending === 'unchanged', rewrite.ending);
      rewrite.dispatch({ kind: 'reject' });
      assert.deepEqual(fingerprint(document), untouched);
      const { tokens } = await palimpsest.door.score({ uri: document.uri });
      assert.ok(tokens.length > 5);
      const secret = await workspace.openTextDocument(Uri.parse('unheardof:/.env'));
      assert.deepEqual(await offered(secret, AT), []);
      await closeEverything();
    } finally {
      registered.dispose();
    }
  });

  it('answers while a person would still look', async () => {
    const millis: number[] = [];
    for (let turn = 0; turn < 15; turn++) {
      const { document } = await openFile(`ghost-time-${turn}.py`, `# ${turn}\n${START}${END}`);
      const started = performance.now();
      const shown = await automatically(document, AT.translate(1));
      // Nothing comes at once, too; it is no answer.
      millis.push(shown.length > 0 ? performance.now() - started : Number.POSITIVE_INFINITY);
    }
    millis.sort((a, b) => a - b);
    const median = millis[7] ?? Number.NaN;
    console.log(
      `ghost text: median ${median.toFixed(0)} ms, longest ${millis.at(-1)?.toFixed(0)} ms, the wait included`,
    );
    assert.ok(median < 1500, `${median} ms`);
  });

  it('offers nothing in files that hold secrets, that git ignores, or that are hidden', async () => {
    const [folder] = workspace.workspaceFolders ?? [];
    assert.ok(folder);
    // A folder of its own, which stays until all is removed: the editor's git extension looks at it, too.
    const repository = Uri.joinPath(folder.uri, 'repository');
    await workspace.fs.writeFile(Uri.joinPath(repository, '.gitignore'), Buffer.from('ignored.py\n'));
    const git = spawnSync('git', ['init', '--quiet'], { cwd: repository.fsPath });
    assert.equal(git.status, 0);
    const hidden = workspace.getConfiguration('palimpsest.context');
    await hidden.update('exclude', ['repository/hid*.py'], ConfigurationTarget.Global);
    try {
      for (const [name, why] of [
        ['repository/.env.local', 'secret'],
        ['repository/ignored.py', 'git'],
        ['repository/hidden.py', 'editor'],
      ] as const) {
        const { document } = await openFile(name, START + END);
        await until(async () => (await palimpsest.exclusions.why(document)) === why, `${name}: ${why}`);
        assert.deepEqual(await offered(document, AT), [], name);
        await commands.executeCommand('palimpsest.rewriteSelection');
        assert.equal(palimpsest.rewrites.of(document.uri), undefined, `${name} is not rewritten`);
      }
      const { document } = await openFile('repository/shown.py', START + END);
      assert.equal(await palimpsest.exclusions.why(document), undefined);
      assert.deepEqual(await palimpsest.openTexts.textsNear(document.uri), [], 'nor copied from');
    } finally {
      await hidden.update('exclude', undefined, ConfigurationTarget.Global);
    }
  });

  it('copies from the files that are open, the one seen last first', async () => {
    await openFile('first.py', 'FIRST = 1\n');
    await openFile('second.py', 'SECOND = 2\n');
    const { document } = await openFile('third.py', START + END);
    assert.deepEqual(await palimpsest.openTexts.textsNear(document.uri), ['SECOND = 2\n', 'FIRST = 1\n']);
  });
});
