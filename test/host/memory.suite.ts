// Project memory in a real editor with the real engine: what is copied from files that are not open, what never leaves the
// extension, and what arrives when something changes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import {
  CancellationTokenSource,
  type CodeLens,
  commands,
  InlineCompletionTriggerKind,
  Position,
  Uri,
  WorkspaceEdit,
  window,
  workspace,
} from 'vscode';
import type { Palimpsest } from '../../extension/palimpsest';
import {
  closeEverything,
  configure,
  internals,
  openFile,
  reviewOf,
  select,
  until,
  useCpu,
  useScriptedEngine,
  whileUntrusted,
} from './host';
import { NO_COPIES } from './scriptedModel';
import { Wire } from './wire';

describe('project memory', () => {
  let palimpsest: Palimpsest;
  let wire: Wire;
  let untap: () => void = () => undefined;
  let root: Uri;

  const start = () => palimpsest.engine.use(async () => undefined, { revive: true });
  const write = (name: string, text: string) =>
    workspace.fs.writeFile(Uri.joinPath(root, name), Buffer.from(text));
  const remove = (name: string) =>
    workspace.fs.delete(Uri.joinPath(root, name), { recursive: true }).then(undefined, () => undefined);
  const held = () => palimpsest.memory.session?.feed.held ?? new Map<string, unknown>();
  /** What is held now; waits until nothing is being looked at. */
  const settled = async () => {
    await until(() => palimpsest.memory.session, 'a session');
    await palimpsest.memory.session?.settled;
    return held();
  };

  before(async () => {
    await useCpu();
    await configure('ghostText.gate', 0);
    palimpsest = await (await internals()).palimpsest();
    root = workspace.workspaceFolders?.[0]?.uri ?? assert.fail('a folder is open');
    await palimpsest.engine.stop();
    await start();
    const { running } = palimpsest.engine;
    assert.ok(running);
    wire = new Wire(running.client);
    untap = wire.tap();
  });
  beforeEach(async () => {
    await start();
    await settled();
    wire.forget();
  });
  afterEach(closeEverything);
  after(async () => {
    untap();
    await configure('ghostText.gate', undefined);
  });

  async function ghostIn(name: string, text: string): Promise<string> {
    const at = text.indexOf('█');
    const editor = await openFile(name, text.replace('█', ''));
    const { document } = editor;
    await settled();
    const offered = () =>
      palimpsest.provideInline(
        document,
        document.positionAt(at),
        { triggerKind: InlineCompletionTriggerKind.Automatic, selectedCompletionInfo: undefined },
        new CancellationTokenSource().token,
        true,
      );
    // The editor asks by itself, too, and the later question ends the earlier one.
    const item = await until(async () => (await offered())[0], `an offer in ${name}`);
    assert.ok(item.range);
    const from = document.offsetAt(item.range.start);
    return String(item.insertText).slice(at - from);
  }

  describe('a helper of a file that is not open', () => {
    const ORDERS = fs
      .readFileSync(path.join(__dirname, '../../docs/samples/orders.py'), 'utf8')
      .replace('format_price(item.price, currency)', '█');

    it('is completed as it is used there, and the status bar says where that is', async () => {
      const text = await ghostIn('orders.py', ORDERS);
      assert.equal(text.split('\n')[0], 'format_price(item.price, currency)');
      const [sent] = wire.infills;
      assert.equal(sent?.memory?.path, 'orders.py');
      assert.ok(sent?.memory?.near?.includes('prices.py'), 'what it imports is near');
      assert.equal(sent?.openTexts, undefined);
      const { status } = await internals();
      const [, words = ''] =
        /\[Copied from prices\.py, line \d+\]\(command:_palimpsest\.openSource\?([^)]*)\)/.exec(
          status.tooltip,
        ) ?? assert.fail(status.tooltip);
      await commands.executeCommand('_palimpsest.openSource', ...JSON.parse(decodeURIComponent(words)));
      const editor = window.activeTextEditor;
      assert.equal(path.basename(editor?.document.fileName ?? ''), 'prices.py');
      assert.match(editor?.document.lineAt(editor.selection.active.line).text ?? '', /format_price|label/);
      const typed = await ghostIn('orders.py', ORDERS.replace('█', 'f█'));
      assert.equal(typed.split('\n')[0], 'ormat_price(item.price, currency)');
    });

    it('is not, where the memory is off: the request is what it was without one', async () => {
      await configure('context.workspace', false);
      try {
        assert.equal(palimpsest.memory.session, undefined);
        assert.equal(wire.clears, 1, 'the engine forgets');
        await openFile('prices.py', fs.readFileSync(Uri.joinPath(root, 'prices.py').fsPath, 'utf8'));
        const editor = await openFile('orders.py', ORDERS.replace('█', ''));
        const at = editor.document.positionAt(ORDERS.indexOf('█'));
        await palimpsest.provideInline(
          editor.document,
          at,
          { triggerKind: InlineCompletionTriggerKind.Invoke, selectedCompletionInfo: undefined },
          new CancellationTokenSource().token,
          true,
        );
        const [sent] = wire.infills;
        assert.ok(sent);
        assert.equal('memory' in sent, false);
        assert.equal(sent.openTexts?.length, 1, 'open files are sent as before');
        await write('later.py', 'later = 1\n');
        await palimpsest.engine.stop();
        await start();
        assert.deepEqual(wire.updates, [], 'nothing is read or sent');
      } finally {
        await configure('context.workspace', undefined);
        await remove('later.py');
      }
      await until(() => held().has('prices.py'), 'the memory again');
    });
  });

  describe('what may not be read', () => {
    const outside = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-outside-'));
    const SECRET = `api_token = "${['sk_live', '4eC39HqLyjWDarjtT1zdp7dc'].join('_')}"\n`;

    before(async () => {
      fs.writeFileSync(path.join(outside, 'outside.py'), 'outside_the_workspace = 1\n');
      await write('guarded/.gitignore', 'ignored.py\nbuilt/\n');
      assert.equal(
        spawnSync('git', ['init', '--quiet'], { cwd: Uri.joinPath(root, 'guarded').fsPath }).status,
        0,
      );
    });
    after(async () => {
      fs.rmSync(outside, { recursive: true, force: true });
    });

    it('is never sent: ignored, hidden, secret by name or content, links', async () => {
      await configure('context.exclude', ['guarded/hid*.py']);
      try {
        await palimpsest.engine.stop();
        await write('guarded/ignored.py', 'ignored_by_git = 1\n');
        await write('guarded/built/output.py', 'built_and_ignored = 1\n');
        await write('guarded/hidden.py', 'hidden_by_settings = 1\n');
        await write('guarded/.env', 'NAME_OF_SECRET=1\n');
        await write('guarded/id_rsa.py', 'secret_by_name = 1\n');
        await write('guarded/token.py', SECRET);
        await write('guarded/fine.py', 'fine = 1\n');
        const link = Uri.joinPath(root, 'guarded/link.py').fsPath;
        const linked = Uri.joinPath(root, 'guarded/linked').fsPath;
        if (!fs.existsSync(link)) fs.symlinkSync(path.join(outside, 'outside.py'), link);
        if (!fs.existsSync(linked)) fs.symlinkSync(outside, linked);
        wire.forget();
        await start();
        assert.ok((await settled()).has('guarded/fine.py'));
        assert.deepEqual(
          wire.paths.filter((name) => name.startsWith('guarded/')),
          ['guarded/fine.py'],
        );
        assert.doesNotMatch(
          wire.texts,
          /ignored_by_git|built_and_ignored|hidden_by_settings|NAME_OF_SECRET|secret_by_name|sk_live|outside_the/,
        );
      } finally {
        await configure('context.exclude', undefined);
      }
    });

    it('is taken back when it becomes so', async () => {
      await write('guarded/soon.py', 'soon = 1\n');
      await until(() => held().has('guarded/soon.py'), 'the file in the memory');
      const editor = await openFile('guarded/soon.py', 'soon = 1\n');
      await editor.edit((edit) => edit.insert(new Position(1, 0), SECRET));
      await until(() => wire.removed.includes('guarded/soon.py'), 'its removal: a key was pasted');
      assert.doesNotMatch(wire.texts, /sk_live/);
      await commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
      await until(() => held().has('guarded/soon.py'), 'the file again, as it is on the disk');
      await write('guarded/.gitignore', 'ignored.py\nbuilt/\nsoon.py\n');
      await until(() => !held().has('guarded/soon.py'), 'its removal: git ignores it');
    });

    it('is everything, where the workspace is not trusted', async () => {
      await palimpsest.engine.stop();
      wire.forget();
      await whileUntrusted(async () => {
        await start();
        assert.equal(palimpsest.memory.session, undefined);
        assert.deepEqual(wire.updates, []);
      });
      await palimpsest.engine.stop();
      await start();
      assert.ok((await settled()).has('prices.py'));
    });
  });

  describe('a change', () => {
    it('of an open document arrives unsaved, without being saved or asked for', async () => {
      const editor = await openFile('typed.py', 'typed = 1\n');
      await until(() => held().has('typed.py'), 'the document');
      let typed = 0;
      const listening = workspace.onDidChangeTextDocument(() => {
        typed = performance.now();
      });
      await editor.edit((edit) => edit.insert(new Position(1, 0), 'unsaved = 2\n'));
      await until(() => wire.taken.includes('typed = 1\nunsaved = 2\n'), 'the edit in the engine', 2);
      console.log(`      an edit is in the engine after ${(performance.now() - typed).toFixed(0)} ms`);
      listening.dispose();
      await editor.document.save();
      await remove('typed.py');
      await until(() => wire.removed.includes('typed.py'), 'the removal');
    });

    it('on the disk arrives: a new file, another text, another name, a folder, the end', async () => {
      await write('moving/a.py', 'a = 1\n');
      await until(() => wire.lastOf('moving/a.py') === 'a = 1\n', 'the new file');
      await write('moving/a.py', 'a = 2\n');
      await until(() => wire.lastOf('moving/a.py') === 'a = 2\n', 'its new text');
      const edit = new WorkspaceEdit();
      edit.renameFile(Uri.joinPath(root, 'moving/a.py'), Uri.joinPath(root, 'moving/b.py'));
      await workspace.applyEdit(edit);
      await until(() => held().has('moving/b.py') && !held().has('moving/a.py'), 'its new name');
      await workspace.fs.rename(Uri.joinPath(root, 'moving'), Uri.joinPath(root, 'moved'));
      await until(() => held().has('moved/b.py') && !held().has('moving/b.py'), 'its new folder');
      await remove('moved');
      await until(() => !held().has('moved/b.py'), 'the end of it');
    });

    it('of a branch is one change: what differs is sent, what is gone is removed', async () => {
      const folder = Uri.joinPath(root, 'branches').fsPath;
      const git = (...words: string[]) => {
        const own = ['-c', 'user.name=x', '-c', 'user.email=x@example.org', ...words];
        const { status, stderr } = spawnSync('git', own, { cwd: folder, encoding: 'utf8' });
        assert.equal(status, 0, stderr);
      };
      await write('branches/same.py', 'same = 1\n');
      git('init', '--quiet', '--initial-branch=one');
      for (let i = 0; i < 300; i++) await write(`branches/one${i}.py`, `one = ${i}\n`);
      git('add', '.');
      git('commit', '--quiet', '--message=one');
      git('checkout', '--quiet', '-b', 'two');
      git('rm', '--quiet', 'one1*.py');
      await write('branches/two.py', 'two = 1\n');
      git('add', '.');
      git('commit', '--quiet', '--message=two');
      git('checkout', '--quiet', 'one');
      await until(
        () => held().has('branches/one299.py') && held().has('branches/one1.py'),
        'the first branch',
      );
      await settled();
      wire.forget();
      git('checkout', '--quiet', 'two');
      await until(() => held().has('branches/two.py') && !held().has('branches/one1.py'), 'the other one');
      await settled();
      assert.equal(held().has('branches/one299.py'), true);
      assert.equal(wire.paths.includes('branches/same.py'), false, 'what is the same is not sent');
      assert.ok(wire.removed.length >= 100, `${wire.removed.length} removed`);
      await remove('branches');
      await until(() => !held().has('branches/two.py'), 'the end of it');
    });

    it('of the engine: another one gets everything', async () => {
      const before = [...(await settled()).keys()].sort();
      await palimpsest.engine.stop();
      assert.equal(palimpsest.memory.session, undefined);
      wire.forget();
      await start();
      await until(() => held().has('prices.py'), 'the memory of the new one');
      assert.deepEqual([...(await settled()).keys()].sort(), before);
      assert.deepEqual([...new Set(wire.paths)].sort(), before);
    });
  });

  describe('a review', () => {
    useScriptedEngine();

    it('says where it is copied from, in the status bar and above the change, as long as it is open', async () => {
      await openFile('prices.py', fs.readFileSync(Uri.joinPath(root, 'prices.py').fsPath, 'utf8'));
      await until(() => held().has('prices.py'), 'the memory');
      const editor = await openFile('orders.py', 'def f(item):\n    return item.price\n');
      await select(editor, [1, 1]);
      await reviewOf(editor);
      const { status } = await internals();
      await until(() => status.tooltip.includes('prices.py, line 1]('), 'the link');
      const lenses = await commands.executeCommand<CodeLens[]>(
        'vscode.executeCodeLensProvider',
        editor.document.uri,
      );
      const lens = lenses.find(({ command }) => command?.title.includes('Copied from prices.py, line 1'));
      assert.deepEqual(lens?.command?.arguments, [Uri.joinPath(root, 'prices.py').toString(), 1]);
      await commands.executeCommand('palimpsest.rejectRewrite');
      await until(() => !status.tooltip.includes('prices.py, line 1]('), 'the end of it');
    });
  });

  describe('a model that does not copy', () => {
    useScriptedEngine();

    it('has no memory: nothing is read for it', async () => {
      const { modelFolder } = await palimpsest.launch();
      const mark = path.join(modelFolder, NO_COPIES);
      fs.writeFileSync(mark, '');
      try {
        await palimpsest.engine.stop();
        wire.forget();
        await start();
        assert.equal(palimpsest.memory.session, undefined);
        assert.deepEqual(wire.updates, []);
      } finally {
        fs.rmSync(mark);
        await palimpsest.engine.stop();
      }
    });
  });

  it('goes with every request: a rewrite and one of another extension', async () => {
    const editor = await openFile('orders.py', 'def f(item):\n    return item.price\n');
    await commands.executeCommand('palimpsest.rewriteSelection');
    await until(() => wire.infills.length > 0, 'the request of the rewrite');
    await commands.executeCommand('palimpsest.cancelRewrite');
    await commands.executeCommand('palimpsest.rejectRewrite');
    await palimpsest.door.infill({ uri: editor.document.uri, spans: [{ start: 0, end: 3 }] });
    for (const { memory, priority } of wire.infills) assert.equal(memory?.path, 'orders.py', priority);
    assert.ok(wire.infills.some(({ priority }) => priority === 'background'));
  });
});
