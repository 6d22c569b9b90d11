// The engine's life inside the editor: the real engine with the starter model.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Palimpsest } from '../../extension/palimpsest';
import { killed, runningPid } from './enginePids';
import {
  answerTo,
  choosing,
  closeEverything,
  configure,
  denoised,
  fingerprint,
  GIBBERISH,
  internals,
  isAlive,
  messages,
  openFile,
  select,
  startRewrite,
  until,
  useCpu,
} from './host';

let palimpsest: Palimpsest;

describe('engine', () => {
  before(async () => {
    await useCpu();
    palimpsest = await (await internals()).palimpsest();
  });
  afterEach(closeEverything);
  after(async () => {
    await configure('node.path', undefined);
    await palimpsest.engine.restart();
  });

  it('shows the model and what it really runs on', async () => {
    await runningPid(palimpsest);
    const { status } = await internals();
    assert.match(status.text, /starter · CPU/);
  });

  it('is started again after it was killed', async () => {
    const pid = await runningPid(palimpsest);
    await killed(palimpsest, pid);
    const next = await until(() => palimpsest.engine.pid, 'another engine');
    assert.notEqual(next, pid);
  });

  it('refuses a model whose files were exchanged under it, and is restarted with those of now from the message', async () => {
    const { launch } = palimpsest;
    const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-exchanged-'));
    const model = path.join(copy, 'model');
    fs.cpSync((await launch()).modelFolder, model, { recursive: true });
    palimpsest.launch = async () => ({ ...(await launch()), modelFolder: model });
    await palimpsest.engine.restart();
    const pid = await runningPid(palimpsest);
    const editor = await openFile('exchanged.py', `def f():\n    ${GIBBERISH}\n`);
    const untouched = fingerprint(editor.document);
    const weights = fs.readdirSync(model).filter((name) => name.endsWith('.safetensors'));
    assert.ok(weights.length > 0);
    for (const name of weights) fs.utimesSync(path.join(model, name), 0, 0);
    const heard = choosing('Restart Engine');
    try {
      await select(editor, [1, 1]);
      const refused = await startRewrite(editor);
      await until(() => refused.ending, 'the refusal');
      assert.equal(refused.kind, 'ended');
      assert.match(
        heard.said[0] ?? '',
        /^The files of model have changed since it was loaded\. Restart the engine/,
      );
      assert.deepEqual(fingerprint(editor.document), untouched);
      await until(
        () => palimpsest.engine.pid !== pid && palimpsest.engine.state.kind === 'ready',
        'the engine with the files as they are now',
      );
      assert.equal(heard.said.length, 1, heard.said.join('\n'));
      await select(editor, [1, 1]);
      await denoised(await startRewrite(editor));
      assert.equal(heard.said.length, 1, heard.said.join('\n'));
    } finally {
      heard.stop();
      palimpsest.launch = launch;
      await palimpsest.engine.restart();
      fs.rmSync(copy, { recursive: true, force: true });
    }
  });

  it('is unloaded when it was idle', async () => {
    // A tenth of a second, in minutes.
    await configure('engine.idleMinutes', 0.1 / 60);
    try {
      const pid = await runningPid(palimpsest);
      await until(
        () => palimpsest.engine.state.kind === 'stopped' && !isAlive(pid),
        'the end of the idle engine',
      );
      const { status } = await internals();
      assert.match(status.text, /Palimpsest/);
    } finally {
      await configure('engine.idleMinutes', undefined);
    }
  });

  it('shows which Node it runs on, and why this provider', async () => {
    await runningPid(palimpsest);
    const { status } = await internals();
    assert.match(status.tooltip, /Node.*\d+\.\d+\.\d+/);
    assert.match(status.tooltip, /CPU/);
    assert.match(status.tooltip, /command:palimpsest\.showLog/);
  });

  it('stops after too many crashes, says so, and comes back when a person asks', async () => {
    const { status } = await internals();
    await palimpsest.restartEngine();
    const heard = messages();
    for (let crash = 0; crash < 5; crash++) {
      await killed(palimpsest, await until(() => palimpsest.engine.pid, 'an engine'));
    }
    await until(() => palimpsest.engine.state.kind === 'failed', 'the failed state');
    assert.match(status.text, /failed/);
    assert.equal(status.background, 'statusBarItem.errorBackground');
    assert.match(status.tooltip, /command:palimpsest\.restartEngine/);
    assert.equal(heard.said.length, 1, heard.said.join('\n'));
    assert.match(heard.said[0] ?? '', /failed several times and will not be restarted/);
    heard.stop();
    await assert.rejects(
      palimpsest.engine.use(async () => undefined),
      { code: 'engine-exited' },
    );
    const editor = await openFile('revived.py', `def f():\n    ${GIBBERISH}\n`);
    await select(editor, [1, 1]);
    await answerTo(editor);
    assert.equal(palimpsest.engine.state.kind, 'ready');
  });

  it('leaves no process when it is stopped', async () => {
    const pid = await runningPid(palimpsest);
    await palimpsest.engine.stop();
    assert.equal(isAlive(pid), false);
    assert.equal(palimpsest.engine.state.kind, 'stopped');
  });

  it('refuses a Node that is none, instead of another in its place', async () => {
    await configure('node.path', '/nowhere/node');
    await palimpsest.engine.stop();
    await assert.rejects(
      palimpsest.engine.use(async () => undefined, { revive: true }),
      { code: 'engine-not-started', message: /palimpsest\.node\.path is \/nowhere\/node/ },
    );
    assert.equal(palimpsest.engine.state.kind, 'failed');
  });
});
