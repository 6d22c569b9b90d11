// Bad input and bad luck: each gets one clear message at most, in the right place, and the document stays as it was.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import {
  CancellationTokenSource,
  commands,
  EventEmitter,
  type FileChangeEvent,
  FilePermission,
  FileType,
  InlineCompletionTriggerKind,
  NotebookCellData,
  NotebookCellKind,
  NotebookData,
  Position,
  Selection,
  type TextDocument,
  type TextEditor,
  Uri,
  window,
  workspace,
} from 'vscode';
import type { Palimpsest } from '../../extension/palimpsest';
import type { Rewrite } from '../../extension/rewrite/rewrite';
import {
  answerTo,
  closeEverything,
  configure,
  denoised,
  FIRST,
  fingerprint,
  GIBBERISH,
  internals,
  LAST,
  LONG_TEXT,
  messages,
  openFile,
  reviewOf,
  select,
  startRewrite,
  until,
  useCpu,
  useScriptedEngine,
  whileDenoising,
} from './host';

const run = (name: string) => commands.executeCommand(`palimpsest.${name}`);
const PROGRAM = `def load(path):\n    ${GIBBERISH}\n    return data\n`;

describe('robustness', () => {
  let palimpsest: Palimpsest;
  let heard: ReturnType<typeof messages>;
  let scratch: string;
  before(async () => {
    await useCpu();
    await configure('ghostText.enabled', false);
    palimpsest = await (await internals()).palimpsest();
    scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-robustness-'));
  });
  after(async () => {
    await configure('ghostText.enabled', undefined);
    fs.rmSync(scratch, { recursive: true, force: true });
  });
  beforeEach(() => {
    heard = messages();
  });
  afterEach(async () => {
    heard.stop();
    await run('cancelRewrite');
    await run('rejectRewrite');
    await closeEverything();
  });

  /** Asks for a rewrite and waits until nothing goes on any more. */
  async function attempt(document?: TextDocument): Promise<Rewrite | undefined> {
    await run('rewriteSelection');
    const rewrite = document === undefined ? undefined : palimpsest.rewrites.of(document.uri);
    await denoised(rewrite);
    return rewrite;
  }

  /** One sentence, once, and nothing else happened. */
  async function refused(editor: TextEditor, pattern: RegExp): Promise<void> {
    const untouched = fingerprint(editor.document);
    const rewrite = await attempt(editor.document);
    await until(() => heard.said.length > 0, 'a message');
    assert.equal(heard.said.length, 1, heard.said.join('\n'));
    assert.match(heard.said[0] ?? '', pattern);
    assert.ok(rewrite === undefined || rewrite.kind === 'ended');
    assert.deepEqual(fingerprint(editor.document), untouched);
  }

  describe('documents of every kind', () => {
    useScriptedEngine();

    it('an untitled file is rewritten and undone', async () => {
      const document = await workspace.openTextDocument({ language: 'python', content: PROGRAM });
      const editor = await window.showTextDocument(document);
      await select(editor, [1, 1]);
      await reviewOf(editor);
      assert.equal(document.getText(), PROGRAM);
      await run('acceptRewrite');
      await until(() => document.getText() !== PROGRAM, 'the edit');
      await commands.executeCommand('undo');
      assert.equal(document.getText(), PROGRAM);
      assert.deepEqual(heard.said, []);
    });

    it('a cell of a notebook is rewritten and undone; its neighbours are left alone', async () => {
      const cells = ['x = 1\n', PROGRAM, 'y = 2\n'].map(
        (text) => new NotebookCellData(NotebookCellKind.Code, text, 'python'),
      );
      const notebook = await workspace.openNotebookDocument('jupyter-notebook', new NotebookData(cells));
      await window.showNotebookDocument(notebook);
      const cell = notebook.cellAt(1).document;
      await commands.executeCommand('notebook.focusTop');
      await commands.executeCommand('list.focusDown');
      await commands.executeCommand('notebook.cell.edit');
      const editor = await until(
        () => window.visibleTextEditors.find(({ document }) => document === cell),
        'the editor of the cell',
      );
      await until(() => window.activeTextEditor?.document === cell, 'the cell to be active');
      await select(editor, [1, 1]);
      await reviewOf(editor);
      assert.equal(cell.getText(), PROGRAM);
      await run('acceptRewrite');
      await until(() => cell.getText() !== PROGRAM, 'the edit');
      assert.equal(notebook.cellAt(0).document.getText(), 'x = 1\n');
      assert.equal(notebook.cellAt(2).document.getText(), 'y = 2\n');
      await commands.executeCommand('undo');
      assert.equal(cell.getText(), PROGRAM);
      assert.deepEqual(heard.said, []);
    });

    it('a file on a read-only file system is refused', async () => {
      const registration = workspace.registerFileSystemProvider('palimpsest-frozen', frozen(PROGRAM), {
        isReadonly: true,
      });
      try {
        const uri = Uri.parse('palimpsest-frozen:/frozen.py');
        const editor = await window.showTextDocument(await workspace.openTextDocument(uri));
        await select(editor, [1, 1]);
        await refused(editor, /read-only/);
      } finally {
        await closeEverything();
        registration.dispose();
      }
    });

    it('a file that is read-only in this session loses nothing and gains nothing', async () => {
      const editor = await openFile('locked.py', PROGRAM);
      await commands.executeCommand('workbench.action.files.setActiveEditorReadonlyInSession');
      try {
        const untouched = fingerprint(editor.document);
        await select(editor, [1, 1]);
        await attempt(editor.document);
        await run('acceptRewrite');
        await run('rejectRewrite');
        assert.deepEqual(fingerprint(editor.document), untouched);
        assert.ok(heard.said.length <= 1, heard.said.join('\n'));
      } finally {
        await commands.executeCommand('workbench.action.files.resetActiveEditorReadonlyInSession');
      }
    });

    it('a text that is made by an extension is refused', async () => {
      const registration = workspace.registerTextDocumentContentProvider('palimpsest-made', {
        provideTextDocumentContent: () => PROGRAM,
      });
      try {
        const editor = await window.showTextDocument(
          await workspace.openTextDocument(Uri.parse('palimpsest-made:/made.py')),
        );
        await select(editor, [1, 1]);
        await refused(editor, /read-only/);
      } finally {
        await closeEverything();
        registration.dispose();
      }
    });

    it('a file of some megabytes is rewritten where the selection is', async () => {
      const filler = `# ${'x'.repeat(98)}\n`.repeat(30_000);
      const editor = await openFile('large.limiter', filler + PROGRAM + filler);
      await select(editor, [30_001, 30_001]);
      const untouched = fingerprint(editor.document);
      const begun = performance.now();
      await reviewOf(editor);
      console.log(`      6 MB: reviewed after ${Math.round(performance.now() - begun)} ms`);
      assert.deepEqual(fingerprint(editor.document), untouched);
      await run('acceptRewrite');
      await until(() => editor.document.isDirty, 'the edit');
      assert.equal(editor.document.lineAt(29_999).text, `# ${'x'.repeat(98)}`);
      await commands.executeCommand('undo');
      assert.ok(editor.document.getText() === filler + PROGRAM + filler);
    });

    it('a file so large that the editor keeps it from extensions is refused', async () => {
      const [folder] = workspace.workspaceFolders ?? [];
      assert.ok(folder);
      const uri = Uri.joinPath(folder.uri, 'gigantic.limiter');
      fs.writeFileSync(uri.fsPath, Buffer.alloc(51 * 1024 * 1024, 'x = 1\n'));
      try {
        await commands.executeCommand('vscode.open', uri);
        await until(() => window.tabGroups.activeTabGroup.activeTab?.label === 'gigantic.limiter', 'its tab');
        assert.equal(window.activeTextEditor, undefined);
        await run('rewriteSelection');
        await until(() => heard.said.length > 0, 'a message');
        assert.equal(heard.said.length, 1);
        assert.match(heard.said[0] ?? '', /cannot read this file/);
      } finally {
        await commands.executeCommand('workbench.action.closeAllEditors');
        fs.rmSync(uri.fsPath);
      }
    });

    it('a binary file is refused', async () => {
      const [folder] = workspace.workspaceFolders ?? [];
      assert.ok(folder);
      const uri = Uri.joinPath(folder.uri, 'binary.bin');
      fs.writeFileSync(uri.fsPath, Buffer.from([0, 1, 2, 3, 0, 255, 254, 0, 10, 13, 0]));
      await commands.executeCommand('vscode.open', uri);
      await until(() => window.tabGroups.activeTabGroup.activeTab?.label === 'binary.bin', 'its tab');
      await run('rewriteSelection');
      await until(() => heard.said.length > 0, 'a message');
      assert.equal(heard.said.length, 1);
      assert.match(heard.said[0] ?? '', /cannot read this file/);
    });

    it('where no file is open, the message says to open one', async () => {
      await commands.executeCommand('workbench.action.closeAllEditors');
      await until(() => window.activeTextEditor === undefined, 'no editor');
      await run('rewriteSelection');
      await until(() => heard.said.length > 0, 'a message');
      assert.match(heard.said.join('\n'), /^[^\n]*Open a file[^\n]*$/);
    });

    it('a text with what no text has is refused', async () => {
      const document = await workspace.openTextDocument({ content: 'a\0b\ufffd\nc\0d\n' });
      const editor = await window.showTextDocument(document);
      await select(editor, [0, 1]);
      await refused(editor, /binary/);
    });

    it('an empty file, and one with nothing but white space, get an answer or one message', async () => {
      for (const text of ['', '\n', '   \n\t\n']) {
        const editor = await openFile(`blank${text.length}.py`, text);
        const untouched = fingerprint(editor.document);
        await attempt(editor.document);
        await run('rejectRewrite');
        assert.deepEqual(fingerprint(editor.document), untouched);
        assert.ok(heard.said.length <= 1, heard.said.join('\n'));
        heard.said.length = 0;
        await closeEverything();
      }
    });

    it('a file that vanishes while it denoises loses nothing in the editor', async () => {
      const editor = await openFile('vanishes.limiter', LONG_TEXT);
      const { document } = editor;
      const rewrite = await whileDenoising(
        async () => {
          await select(editor, [FIRST, LAST]);
          return startRewrite(editor);
        },
        () => fs.rmSync(document.uri.fsPath),
      );
      await denoised(rewrite);
      assert.ok(document.isClosed || document.getText() === LONG_TEXT);
      if (!document.isClosed && rewrite.kind === 'reviewing') {
        await run('acceptRewrite');
        await until(() => rewrite.ending, 'the end of the rewrite');
        // A review in a diff editor may leave another editor in front.
        await window.showTextDocument(document);
        await commands.executeCommand('undo');
        assert.equal(document.getText(), LONG_TEXT);
      }
      assert.ok(heard.said.length <= 1, heard.said.join('\n'));
    });
  });

  describe('models and machines', () => {
    afterEach(async () => {
      await configure('model.path', undefined);
      await palimpsest.engine.stop();
    });

    async function ghost(document: TextDocument): Promise<unknown[]> {
      const { token } = new CancellationTokenSource();
      const context = { triggerKind: InlineCompletionTriggerKind.Invoke, selectedCompletionInfo: undefined };
      return palimpsest.provideInline(document, new Position(1, 4), context, token, true);
    }

    it('a selection that is too large for the model is refused, and says so', async () => {
      const editor = await openFile('huge.limiter', LONG_TEXT.repeat(200));
      await commands.executeCommand('editor.action.selectAll');
      await refused(editor, /Select less/);
    });

    it('says soon that a selection is too long, and is not busy with drawing it', async () => {
      const line = 'total = total + values[index] * (factor - 1)\n';
      const editor = await openFile('too-long.limiter', line.repeat(30_000));
      await commands.executeCommand('editor.action.selectAll');
      const rewrite = await startRewrite(editor);
      await until(() => rewrite.ending, 'the refusal');
      assert.equal(rewrite.ending, 'failed');
      assert.ok(rewrite.denoise.isWaiting, 'nothing is drawn of what is not denoised');
      assert.ok(editor.selection.end.line > 29_000, 'what was selected is selected');
      await until(() => heard.said.length > 0, 'the message');
      assert.match(heard.said[0] ?? '', /about 30000 lines are selected, and at most \d+ fit/);
      await commands.executeCommand('notifications.clearAll');
    });

    for (const [what, words, make] of [
      ['is gone', /is-gone/, (folder: string) => folder],
      [
        'is empty',
        /is-empty/,
        (folder: string) => {
          fs.mkdirSync(folder);
          return folder;
        },
      ],
      [
        'is a file',
        /is-a-file/,
        (folder: string) => {
          fs.writeFileSync(folder, 'x');
          return folder;
        },
      ],
      [
        'has damaged weights',
        /truncated/,
        (folder: string) => {
          fs.cpSync(path.join(__dirname, '../../models/starter'), folder, { recursive: true });
          for (const name of fs.readdirSync(folder).filter((file) => file.endsWith('.safetensors'))) {
            fs.truncateSync(path.join(folder, name), 5000);
          }
          return folder;
        },
      ],
    ] as const) {
      it(`a model folder that ${what}: one message that says so, silent ghost text, and well again afterwards`, async () => {
        const folder = make(path.join(scratch, what.replaceAll(' ', '-')));
        await configure('model.path', folder);
        const editor = await openFile('model.py', PROGRAM);
        await select(editor, [1, 1]);
        await refused(editor, words);
        assert.equal(palimpsest.engine.state.kind, 'failed');
        assert.deepEqual(await ghost(editor.document), []);
        assert.equal(heard.said.length, 1, 'ghost text says nothing');
        await configure('model.path', undefined);
        await answerTo(editor);
        assert.equal(palimpsest.engine.state.kind, 'ready');
      });
    }

    it('a model folder that vanishes while its engine runs', async () => {
      const folder = path.join(scratch, 'vanishing');
      fs.cpSync(path.join(__dirname, '../../models/starter'), folder, { recursive: true });
      await configure('model.path', folder);
      const editor = await openFile('vanishing.py', PROGRAM);
      const untouched = fingerprint(editor.document);
      await select(editor, [1, 1]);
      await answerTo(editor);
      await run('rejectRewrite');
      fs.rmSync(folder, { recursive: true });
      await select(editor, [1, 1]);
      await attempt(editor.document);
      assert.ok(heard.said.length <= 1, heard.said.join('\n'));
      assert.deepEqual(fingerprint(editor.document), untouched);
    });

    it('a full disk for the quantised weights: the model runs without them, and the tooltip says so', async function () {
      // Needs a disk that can be filled: root mounts a small one.
      if (process.platform !== 'linux' || process.getuid?.() !== 0) this.skip();
      const folder = path.join(scratch, 'full');
      fs.mkdirSync(folder);
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
      if (mounted.status !== 0) this.skip();
      const cache = palimpsest.cacheFolder;
      const aside = `${cache}-aside`;
      try {
        await palimpsest.engine.stop();
        fs.mkdirSync(cache, { recursive: true });
        fs.renameSync(cache, aside);
        fs.symlinkSync(folder, cache);
        const editor = await openFile('full.py', PROGRAM);
        const untouched = fingerprint(editor.document);
        await select(editor, [1, 1]);
        await attempt(editor.document);
        assert.deepEqual(heard.said, []);
        const { state } = palimpsest.engine;
        assert.ok(state.kind === 'ready');
        assert.equal(state.model.precision, 'fp32');
        assert.ok(
          state.model.remarks.some((remark) => /disk is full/.test(remark)),
          'the tooltip says why it is slow',
        );
        await run('rejectRewrite');
        assert.deepEqual(fingerprint(editor.document), untouched);
      } finally {
        await palimpsest.engine.stop();
        fs.rmSync(cache, { force: true });
        fs.renameSync(aside, cache);
        spawnSync('umount', [folder]);
      }
    });

    it('no memory: the engine fails, and one message says so, or dies and is another one; the editor goes on', async function () {
      if (process.platform !== 'linux' || spawnSync('prlimit', ['--version']).status !== 0) this.skip();
      await palimpsest.engine.use(async () => undefined, { revive: true });
      const pid = await until(() => palimpsest.engine.pid, 'an engine');
      // All that it has already, and nothing more.
      const [pages = 0] = fs.readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ').map(Number);
      spawnSync('prlimit', ['--pid', String(pid), `--as=${pages * 4096}`]);
      const editor = await openFile('memory.limiter', LONG_TEXT);
      const untouched = fingerprint(editor.document);
      await configure('rewrite.candidates', 8);
      try {
        await select(editor, [FIRST, LAST]);
        await attempt(editor.document);
        assert.ok(heard.said.length <= 1, heard.said.join('\n'));
        if (heard.said.length === 1) assert.match(heard.said[0] ?? '', /memory|terminated unexpectedly/);
        // One that died before it was asked is started again without a word, and the new one answers.
        else assert.notEqual(palimpsest.engine.pid, pid, 'the engine had too little memory');
        await run('rejectRewrite');
        assert.deepEqual(fingerprint(editor.document), untouched);
        await palimpsest.engine.stop();
        // Where the engine died before it was asked, there was a review, and its diff editor may have left another one in front.
        const again = await window.showTextDocument(editor.document);
        again.selection = new Selection(FIRST, 0, FIRST, 0);
        await answerTo(again);
      } finally {
        await configure('rewrite.candidates', undefined);
      }
    });
  });
});

/** One file that cannot be written. */
function frozen(text: string) {
  const change = new EventEmitter<FileChangeEvent[]>();
  const never = () => {
    throw new Error('It is frozen.');
  };
  return {
    onDidChangeFile: change.event,
    watch: () => ({ dispose: () => undefined }),
    stat: () => ({
      type: FileType.File,
      ctime: 0,
      mtime: 0,
      size: Buffer.byteLength(text),
      permissions: FilePermission.Readonly,
    }),
    readDirectory: () => [],
    readFile: () => Buffer.from(text),
    createDirectory: never,
    writeFile: never,
    delete: never,
    rename: never,
  };
}
