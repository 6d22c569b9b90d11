// An engine that is killed or hangs while somebody waits for its answer: the real one, but where it has to be caught at work.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { commands } from 'vscode';
import { patienceWith } from '../../engine/rpc/hangTimeout';
import type { Palimpsest } from '../../extension/palimpsest';
import { killed, runningPid } from './enginePids';
import {
  closeEverything,
  denoised,
  FIRST,
  fingerprint,
  GIBBERISH,
  internals,
  isAlive,
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

let palimpsest: Palimpsest;

describe('engine, lost while it is needed', () => {
  before(async () => {
    await useCpu();
    palimpsest = await (await internals()).palimpsest();
  });
  afterEach(closeEverything);
  after(() => palimpsest.engine.restart());

  it('gives up a rewrite whose engine dies, and leaves the document alone', async () => {
    const pid = await runningPid(palimpsest);
    const text = `def a():\n    return 1\n\n${`    ${GIBBERISH}\n`.repeat(12)}`;
    const editor = await openFile('killed.py', text);
    const { version } = editor.document;
    await select(editor, [3, 14]);
    const rewrite = await startRewrite(editor);
    await killed(palimpsest, pid);
    await denoised(rewrite);
    assert.equal(rewrite.ending, 'interrupted');
    assert.equal(editor.document.getText(), text);
    assert.equal(editor.document.version, version);
    await runningPid(palimpsest);
  });

  it('hung, it is noticed, ended and started again, and one message says so', async () => {
    await palimpsest.restartEngine();
    const pid = await runningPid(palimpsest);
    await palimpsest.engine.use(async ({ client, model }) => {
      // A person's engine has this long; this one is given up earlier.
      assert.equal(client.hangMillis, patienceWith(model, 1));
      client.patience = () => 2000;
    });
    const heard = messages();
    try {
      const editor = await openFile('hung.py', `def f():\n    ${GIBBERISH}\n`);
      const untouched = fingerprint(editor.document);
      await select(editor, [1, 1]);
      process.kill(pid, 'SIGSTOP');
      const begun = performance.now();
      const rewrite = await startRewrite(editor);
      await until(() => rewrite.ending, 'the end of the rewrite');
      console.log(`      noticed after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
      assert.equal(rewrite.ending, 'interrupted');
      await until(() => !isAlive(pid), 'the end of the hung engine');
      await until(() => palimpsest.engine.pid !== pid && palimpsest.engine.state.kind === 'ready', 'another');
      assert.equal(heard.said.length, 1, heard.said.join('\n'));
      assert.match(heard.said[0] ?? '', /stopped responding and restarts by itself/);
      assert.deepEqual(fingerprint(editor.document), untouched);
    } finally {
      heard.stop();
    }
  });

  it('hung, it can be given up at once: cancelled, and stopped by force', async () => {
    await palimpsest.restartEngine();
    const pid = await runningPid(palimpsest);
    const editor = await openFile('hung2.py', `def f():\n    ${GIBBERISH}\n`);
    await select(editor, [1, 1]);
    process.kill(pid, 'SIGSTOP');
    const rewrite = await startRewrite(editor);
    await commands.executeCommand('palimpsest.cancelRewrite');
    assert.equal(rewrite.ending, 'cancelled');
    assert.ok(isAlive(pid), 'the person does not wait for it: it hangs still');
    await commands.executeCommand('palimpsest.stopEngine');
    assert.equal(isAlive(pid), false);
    assert.equal(palimpsest.engine.state.kind, 'stopped');
  });
});

describe('engine, in the middle of a rewrite', () => {
  useScriptedEngine();
  before(async () => {
    palimpsest = await (await internals()).palimpsest();
  });
  afterEach(closeEverything);

  it('killed while a rewrite is reviewed, it takes nothing with it', async () => {
    const text = `def f():\n    ${GIBBERISH}\n    return 1\n`;
    const editor = await openFile('reviewed.py', text);
    await select(editor, [1, 1]);
    const rewrite = await reviewOf(editor);
    await killed(palimpsest, await runningPid(palimpsest));
    assert.equal(rewrite.kind, 'reviewing');
    await commands.executeCommand('palimpsest.acceptRewrite');
    await until(() => rewrite.ending, 'the end of the rewrite');
    assert.equal(rewrite.ending, 'accepted');
    await commands.executeCommand('undo');
    assert.equal(editor.document.getText(), text);
    await until(() => palimpsest.engine.state.kind === 'ready', 'another engine');
  });

  it('killed in the middle of a denoise, one message says so', async () => {
    await palimpsest.restartEngine();
    const heard = messages();
    try {
      const editor = await openFile('denoised.limiter', LONG_TEXT);
      const untouched = fingerprint(editor.document);
      const rewrite = await whileDenoising(
        async () => {
          await select(editor, [FIRST, LAST]);
          return startRewrite(editor);
        },
        () => process.kill(palimpsest.engine.pid ?? 0, 'SIGKILL'),
      );
      await until(() => rewrite.ending, 'the end of the rewrite');
      assert.equal(rewrite.ending, 'interrupted');
      await until(() => palimpsest.engine.state.kind === 'ready', 'another engine');
      await until(() => heard.said.length > 0, 'a message');
      assert.equal(heard.said.length, 1, heard.said.join('\n'));
      assert.match(heard.said[0] ?? '', /terminated unexpectedly and restarts by itself/);
      assert.deepEqual(fingerprint(editor.document), untouched);
    } finally {
      heard.stop();
    }
  });
});
