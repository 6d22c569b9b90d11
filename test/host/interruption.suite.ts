// A rewrite that is interrupted, by a crash, another model, or the end of its window, is offered again and never begins by
// itself. Many of them at once, too.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { commands, type TextEditor, Uri, window, workspace } from 'vscode';
import type { Palimpsest } from '../../extension/palimpsest';
import { RewriteOffers } from '../../extension/rewrite/interruption/offer';
import { UnfinishedRewrites, unfinishedIn } from '../../extension/rewrite/interruption/unfinished';
import type { Rewrite } from '../../extension/rewrite/rewrite';
import {
  choosing,
  closeEverything,
  configure,
  denoised,
  fingerprint,
  internals,
  messages,
  openFile,
  replace,
  select,
  startRewrite,
  until,
  useScriptedEngine,
  whileDenoising,
  whileHeld,
} from './host';

const PROGRAM = 'def load(path):\n    data = open(path)\n    return data\n';
const BODY = '    data = open(path)';
const MANY = 16;

describe('a rewrite that is interrupted', () => {
  useScriptedEngine();
  let palimpsest: Palimpsest;
  let heard: ReturnType<typeof messages> | undefined;
  beforeEach(async () => {
    palimpsest = await (await internals()).palimpsest();
  });
  afterEach(async () => {
    heard?.stop();
    heard = undefined;
    await closeEverything();
    palimpsest.offers.forget();
    await commands.executeCommand('notifications.clearAll');
  });

  const begin = (editor: TextEditor) => async () => {
    await select(editor, [1, 1]);
    return startRewrite(editor);
  };
  const kept = async () => unfinishedIn((await internals()).state);

  /** Resolves when everybody has heard of the next change of a setting of ours. */
  const settingsChanged = () =>
    new Promise<void>((resolve) => {
      const listening = workspace.onDidChangeConfiguration((change) => {
        if (!change.affectsConfiguration('palimpsest')) return;
        listening.dispose();
        resolve();
      });
    });

  /** The rewrite that was begun in place of the one that was lost, with its answer. */
  async function begunAgain(lost: Rewrite): Promise<Rewrite> {
    const { uri } = lost.document;
    const next = await until(() => {
      const one = palimpsest.rewrites.of(uri);
      return one !== lost && one;
    }, 'the rewrite, begun again');
    await denoised(next);
    assert.equal(next.kind, 'reviewing', next.ending);
    return next;
  }

  it('by a crash, is offered by the message about the crash, and is the same again', async () => {
    heard = choosing('Rewrite Again');
    const editor = await openFile('crashed.py', PROGRAM);
    const untouched = fingerprint(editor.document);
    const lost = await whileDenoising(begin(editor), () =>
      process.kill(palimpsest.engine.pid ?? 0, 'SIGKILL'),
    );
    await until(() => lost.ending, 'the end of the rewrite');
    const next = await begunAgain(lost);
    assert.equal(heard.said.length, 1, heard.said.join('\n'));
    assert.match(heard.said[0] ?? '', /terminated unexpectedly/);
    assert.deepEqual(
      next.spans.map(({ old }) => old),
      [BODY.trim()],
    );
    assert.deepEqual(fingerprint(editor.document), untouched);
    await commands.executeCommand('palimpsest.rejectRewrite');
    await until(() => next.ending, 'the end of the review');
    assert.deepEqual(await kept(), [], 'what was decided is not offered again');
  });

  it('by another model, is offered, and follows what was typed meanwhile', async () => {
    heard = messages();
    const editor = await openFile('switched.py', PROGRAM);
    const lost = await whileDenoising(begin(editor), () => configure('model.path', '/'));
    try {
      await until(() => lost.ending, 'the end of the rewrite');
      assert.equal(lost.ending, 'interrupted');
      await until(() => heard?.said.length === 1, 'an offer');
      assert.match(
        heard.said[0] ?? '',
        /rewrite of switched\.py was interrupted because the model or its settings changed/,
      );
      assert.equal(palimpsest.rewrites.of(editor.document.uri), undefined, 'it does not begin by itself');
      const next = settingsChanged();
      await configure('model.path', '/tmp');
      await next;
      assert.equal(heard.said.length, 1, 'who has not answered yet is not asked again');
      await editor.edit((edit) => edit.insert(editor.document.positionAt(0), '# first\n'));
      await palimpsest.offers.button?.run();
      const again = await begunAgain(lost);
      assert.deepEqual(
        again.spans.map(({ old }) => old),
        [BODY.trim()],
      );
    } finally {
      await configure('model.path', undefined);
    }
  });

  it('by a server that is allowed in the middle of it, is offered', async () => {
    const { engine, servers, launch } = palimpsest;
    const { agree } = servers;
    const scripted = await launch();
    palimpsest.launch = async () => scripted;
    try {
      const next = settingsChanged();
      await configure('model.server', { kind: 'llama-server', url: 'http://127.0.0.1:9' });
      await next;
      servers.agree = async () => true;
      heard = messages();
      const editor = await openFile('allowed.py', PROGRAM);
      const lost = await whileDenoising(begin(editor), () =>
        commands.executeCommand('palimpsest.allowServer'),
      );
      await until(() => lost.ending, 'the end of the rewrite');
      assert.equal(lost.ending, 'interrupted');
      assert.match(
        heard.said.join('\n'),
        /^The rewrite of allowed\.py was interrupted because the server or its permission changed/,
      );
    } finally {
      servers.agree = agree;
      await servers.forget('http://127.0.0.1:9');
      await configure('model.server', undefined);
      palimpsest.launch = launch;
      await engine.stop();
    }
  });

  it('again, is offered again: an older offer of the same file that closes takes nothing from the newer one', async () => {
    const [folder = assert.fail()] = workspace.workspaceFolders ?? [];
    const uri = Uri.joinPath(folder.uri, 'twice.py').toString();
    const unfinished = new UnfinishedRewrites({ get: () => undefined, update: async () => undefined });
    const offers = new RewriteOffers({ unfinished, mayRewrite: async () => true, start: () => undefined });
    const closings: (() => void)[] = [];
    const put = replace(
      window,
      'showInformationMessage',
      () => new Promise<void>((resolve) => closings.push(resolve)),
    );
    try {
      const offered = [0, 1].map(() => {
        unfinished.begin(uri, PROGRAM, [{ start: 20, end: 30 }], {});
        unfinished.interrupt(uri);
        // Edits elsewhere in the file change nothing of that.
        unfinished.changed(uri, [{ offset: 0, length: 0, text: '# first\n' }]);
        return offers.tell('engine-restarted');
      });
      assert.equal(closings.length, 2, 'the second one is offered, too');
      closings[0]?.();
      await offered[0];
      assert.equal(unfinished.interrupted.length, 1);
      assert.ok(offers.button);
      closings[1]?.();
      await offered[1];
      assert.equal(offers.button, undefined);
    } finally {
      put();
    }
  });

  it('by the end of its window, is offered in the next one', async () => {
    const { state } = await internals();
    const editor = await openFile('reloaded.py', PROGRAM);
    let next: Rewrite | undefined;
    const lost = await whileDenoising(begin(editor), async (rewrite) => {
      // What the next window finds; this one goes on, as far as it knows.
      const unfinished = new UnfinishedRewrites(state);
      const offers = new RewriteOffers({
        unfinished,
        mayRewrite: async () => true,
        start: (shown, one) => palimpsest.rewrites.startAgain(shown, one),
      });
      assert.deepEqual(
        unfinished.interrupted.map(({ uri }) => Uri.parse(uri).path.split('/').at(-1)),
        ['reloaded.py'],
      );
      await closeEverything();
      await until(() => rewrite.ending, 'the end of the rewrite with its tab');
      heard = choosing('Rewrite Again');
      await offers.tell('window-closed');
      next = palimpsest.rewrites.of(editor.document.uri);
    });
    assert.equal(lost.ending, 'closed');
    assert.match(heard?.said[0] ?? '', /reloaded\.py was interrupted when the window closed/);
    await denoised(next);
    assert.equal(next?.kind, 'reviewing', next?.ending);
    assert.deepEqual(
      next?.spans.map(({ old }) => old),
      [BODY.trim()],
    );
  });

  it('is not begun again in a text that has changed since, nor in a file that is gone', async () => {
    const { state } = await internals();
    const changed = await openFile('changed-since.py', PROGRAM);
    const [folder] = workspace.workspaceFolders ?? [];
    assert.ok(folder);
    const unfinished = new UnfinishedRewrites({ get: () => undefined, update: async () => undefined });
    const gone = Uri.joinPath(folder.uri, 'gone-since.py').toString();
    for (const uri of [changed.document.uri.toString(), gone]) {
      unfinished.begin(uri, PROGRAM, [{ start: 20, end: 30 }], {});
      unfinished.interrupt(uri);
    }
    await changed.edit((edit) => edit.insert(changed.document.positionAt(0), '# first\n'));
    let begun = 0;
    const offers = new RewriteOffers({
      unfinished,
      mayRewrite: async () => true,
      start: () => begun++,
    });
    heard = choosing('Rewrite Again');
    await offers.tell('window-closed');
    assert.match(heard.said[0] ?? '', /2 rewrites were interrupted .*changed-since\.py, gone-since\.py/);
    assert.equal(begun, 0);
    assert.deepEqual(unfinished.interrupted, []);
    assert.deepEqual(unfinishedIn(state), []);
  });

  it('two at once: the one whose turn it is says what it does, and the other one that it waits', async () => {
    const { status } = await internals();
    const first = await openFile('turn.py', PROGRAM);
    const rewrites: Rewrite[] = [];
    await whileHeld(async () => {
      rewrites.push(await begin(first)());
      await until(() => /reading the code around it/.test(status.text), `the first: ${status.text}`);
      const second = await openFile('later.py', PROGRAM);
      rewrites.push(await begin(second)());
      await until(() => /later\\?\.py: waiting for its turn/.test(status.tooltip), status.tooltip);
      assert.match(status.text, /2 rewrites, 1 waiting\. turn\.py: reading/);
    }, 0);
    for (const rewrite of rewrites) await denoised(rewrite);
  });

  it('sixteen at once: each has its turn, a crash interrupts all of them, and one button brings them back', async () => {
    const { status } = await internals();
    const editors: TextEditor[] = [];
    for (let i = 0; i < MANY; i++) editors.push(await openFile(`many-${i}.py`, PROGRAM));
    const all = () => editors.map(({ document }) => palimpsest.rewrites.of(document.uri));
    const startAll = async () => {
      for (const { document } of editors) {
        const editor = await window.showTextDocument(document, { preview: false });
        await begin(editor)();
      }
    };
    heard = choosing('Rewrite Again');
    const [first] = editors;
    assert.ok(first);
    const lost: (Rewrite | undefined)[] = [];
    await whileDenoising(begin(await window.showTextDocument(first.document)), async () => {
      await startAll();
      await until(
        () => /16 rewrites, 15 waiting/.test(status.text),
        `all of them in the status: ${status.text}`,
      );
      lost.push(...all());
      process.kill(palimpsest.engine.pid ?? 0, 'SIGKILL');
      await until(() => lost.every((one) => one?.kind === 'ended'), 'the end of all');
    });
    assert.deepEqual(
      lost.map((one) => one?.ending),
      lost.map(() => 'interrupted'),
    );
    await until(() => all().every((one, i) => one !== undefined && one !== lost[i]), 'all of them, again');
    const again = all();
    for (const one of again) await denoised(one);
    assert.equal(heard.said.filter((words) => /terminated/.test(words)).length, 1, heard.said.join('\n'));
    assert.deepEqual(
      again.map((one) => one?.kind),
      again.map(() => 'reviewing'),
    );
    for (const { document } of editors) assert.equal(document.getText(), PROGRAM);
  });
});
