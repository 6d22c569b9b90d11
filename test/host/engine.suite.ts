// The engine's life inside the editor: the real engine with the starter model, but where it has to be caught at work.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { commands, window } from 'vscode';
import { Emitter } from '../../engine/rpc/emitter';
import { patienceWith } from '../../engine/rpc/hangTimeout';
import type { EngineState, EngineSupervisor } from '../../extension/engine/supervisor';
import type { Palimpsest } from '../../extension/palimpsest';
import { LoadingNotice } from '../../extension/ui/loadingProgress';
import {
  answerTo,
  choosing,
  closeEverything,
  configure,
  denoised,
  enginesOfThisHost,
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

async function runningPid(): Promise<number> {
  await palimpsest.engine.use(async () => undefined, { revive: true });
  return until(() => palimpsest.engine.pid, 'an engine');
}

function killed(pid: number): Promise<unknown> {
  process.kill(pid, 'SIGKILL');
  return until(() => palimpsest.engine.pid !== pid && !isAlive(pid), 'the death of the engine');
}

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
    await runningPid();
    const { status } = await internals();
    assert.match(status.text, /starter · CPU/);
  });

  it('is started again after it was killed', async () => {
    const pid = await runningPid();
    await killed(pid);
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
    const pid = await runningPid();
    const editor = await openFile('exchanged.py', `def f():\n    ${GIBBERISH}\n`);
    const untouched = fingerprint(editor.document);
    const weights = fs.readdirSync(model).filter((name) => name.endsWith('.safetensors'));
    assert.ok(weights.length > 0);
    for (const name of weights) fs.utimesSync(path.join(model, name), 0, 0);
    const heard = choosing('Restart Engine');
    try {
      select(editor, [1, 1]);
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
      select(editor, [1, 1]);
      await denoised(await startRewrite(editor));
      assert.equal(heard.said.length, 1, heard.said.join('\n'));
    } finally {
      heard.stop();
      palimpsest.launch = launch;
      await palimpsest.engine.restart();
      fs.rmSync(copy, { recursive: true, force: true });
    }
  });

  it('gives up a rewrite whose engine dies, and leaves the document alone', async () => {
    const pid = await runningPid();
    const text = `def a():\n    return 1\n\n${`    ${GIBBERISH}\n`.repeat(12)}`;
    const editor = await openFile('killed.py', text);
    const { version } = editor.document;
    select(editor, [3, 14]);
    const rewrite = await startRewrite(editor);
    await killed(pid);
    await denoised(rewrite);
    assert.equal(rewrite.ending, 'interrupted');
    assert.equal(editor.document.getText(), text);
    assert.equal(editor.document.version, version);
    await runningPid();
  });

  /** False where the load was over before the kill: the host may hear of its last stage and of its end at once. */
  async function killedWhileLoading(
    stage: 'opening' | 'probing' | 'quantising' | 'session',
  ): Promise<boolean> {
    await palimpsest.restartEngine();
    await palimpsest.engine.stop();
    fs.rmSync(palimpsest.cacheFolder, { recursive: true, force: true });
    const heard = messages();
    let kills = 0;
    let next: string | undefined;
    const listening = palimpsest.engine.onState((state) => {
      if (kills > 0) next ??= state.kind;
      if (state.kind !== 'loading' || state.progress?.stage !== stage || kills > 0) return;
      for (const pid of enginesOfThisHost()) {
        kills++;
        process.kill(pid, 'SIGKILL');
      }
    });
    try {
      const editor = await openFile(`loading-${stage}.py`, `def f():\n    ${GIBBERISH}\n`);
      const untouched = fingerprint(editor.document);
      select(editor, [1, 1]);
      const answered = answerTo(editor).then(
        () => true,
        (error: unknown) => {
          if (next === 'ready') return false;
          throw error;
        },
      );
      if (!(await answered)) return false;
      assert.equal(kills, 1);
      assert.deepEqual(heard.said, []);
      await commands.executeCommand('palimpsest.rejectRewrite');
      assert.deepEqual(fingerprint(editor.document), untouched);
      assert.equal(enginesOfThisHost().length, 1);
      return true;
    } finally {
      listening.dispose();
      heard.stop();
    }
  }

  for (const stage of ['opening', 'probing', 'quantising', 'session'] as const) {
    it(`killed while it loads (${stage}), it is started again and the rewrite gets its answer`, async () => {
      for (let attempt = 0; !(await killedWhileLoading(stage)); attempt++) {
        assert.ok(attempt < 2, 'three times the load was over before the kill');
        await closeEverything();
      }
    });
  }

  it('hung, it is noticed, ended and started again, and one message says so', async () => {
    await palimpsest.restartEngine();
    const pid = await runningPid();
    await palimpsest.engine.use(async ({ client, model }) => {
      // A person's engine has this long; this one is given up earlier.
      assert.equal(client.hangMillis, patienceWith(model, 1));
      client.patience = () => 2000;
    });
    const heard = messages();
    try {
      const editor = await openFile('hung.py', `def f():\n    ${GIBBERISH}\n`);
      const untouched = fingerprint(editor.document);
      select(editor, [1, 1]);
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
    const pid = await runningPid();
    const editor = await openFile('hung2.py', `def f():\n    ${GIBBERISH}\n`);
    select(editor, [1, 1]);
    process.kill(pid, 'SIGSTOP');
    const rewrite = await startRewrite(editor);
    await commands.executeCommand('palimpsest.cancelRewrite');
    assert.equal(rewrite.ending, 'cancelled');
    assert.ok(isAlive(pid), 'the person does not wait for it: it hangs still');
    await commands.executeCommand('palimpsest.stopEngine');
    assert.equal(isAlive(pid), false);
    assert.equal(palimpsest.engine.state.kind, 'stopped');
  });

  it('cancelled at every stage of its start, a rewrite leaves nothing behind', async () => {
    const heard = messages();
    try {
      for (const kind of ['starting', 'loading', 'ready'] as const) {
        await palimpsest.engine.stop();
        const editor = await openFile(`cancel-${kind}.py`, `def f():\n    ${GIBBERISH}\n`);
        const untouched = fingerprint(editor.document);
        select(editor, [1, 1]);
        const { selections } = editor;
        const reached = new Promise<void>((resolve) => {
          const listening = palimpsest.engine.onState((state) => {
            if (state.kind !== kind) return;
            listening.dispose();
            resolve();
          });
        });
        const rewrite = await startRewrite(editor);
        await reached;
        await commands.executeCommand('palimpsest.cancelRewrite');
        await commands.executeCommand('palimpsest.rejectRewrite');
        await until(() => rewrite.ending, 'the end of the rewrite');
        assert.deepEqual(fingerprint(editor.document), untouched);
        await until(() => editor.selection.isEqual(selections[0] ?? editor.selection), 'the old selection');
        await until(() => palimpsest.engine.state.kind === 'ready', 'the engine, for the next one');
      }
      assert.deepEqual(heard.said, []);
    } finally {
      heard.stop();
    }
  });

  it('one notification says that the model loads, however often it begins while VS Code opens it', async () => {
    const states = new Emitter<EngineState>();
    const engine = {
      onState: states.event,
      isAwaited: true,
      state: { kind: 'stopped' } as EngineState,
      stop: async () => undefined,
    };
    const enter = (state: EngineState) => {
      engine.state = state;
      states.fire(state);
    };
    const { withProgress } = window;
    const set = (value: unknown) =>
      Object.defineProperty(window, 'withProgress', { configurable: true, writable: true, value });
    const asked: (() => Promise<void>)[] = [];
    // VS Code answers later.
    set((_options: unknown, task: (report: unknown, token: unknown) => Promise<void>) => {
      const token = { onCancellationRequested: () => ({ dispose: () => undefined }) };
      return new Promise<void>((resolve) => {
        asked.push(() => task({ report: () => undefined }, token).then(resolve));
      });
    });
    const notice = new LoadingNotice(engine as unknown as EngineSupervisor);
    try {
      enter({ kind: 'loading' });
      await until(() => asked.length === 1, 'a notification');
      enter({ kind: 'stopped' });
      enter({ kind: 'loading' });
      assert.equal(Reflect.get(notice, 'timer'), undefined, 'no second one is waited for');
      const opened = asked[0]?.();
      enter({ kind: 'stopped' });
      await opened;
      assert.equal(asked.length, 1);
      enter({ kind: 'loading' });
      await until(() => asked.length === 2, 'another one, for another loading');
      const second = asked[1]?.();
      enter({ kind: 'stopped' });
      await second;
    } finally {
      set(withProgress);
      notice.dispose();
      states.dispose();
    }
  });

  it('loading that a person gives up ends it', async () => {
    await palimpsest.engine.stop();
    const editor = await openFile('given-up.py', `def f():\n    ${GIBBERISH}\n`);
    const untouched = fingerprint(editor.document);
    select(editor, [1, 1]);
    const heard = messages();
    try {
      const rewrite = await startRewrite(editor);
      // What Cancel of the progress does.
      await palimpsest.engine.stop();
      await until(() => rewrite.ending, 'the end of the rewrite');
      assert.equal(palimpsest.engine.state.kind, 'stopped');
      assert.deepEqual(enginesOfThisHost(), []);
      assert.deepEqual(heard.said, []);
      assert.deepEqual(fingerprint(editor.document), untouched);
    } finally {
      heard.stop();
    }
  });

  it('is unloaded when it was idle', async () => {
    // A tenth of a second, in minutes.
    await configure('engine.idleMinutes', 0.1 / 60);
    try {
      const pid = await runningPid();
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
    await runningPid();
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
      await killed(await until(() => palimpsest.engine.pid, 'an engine'));
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
    select(editor, [1, 1]);
    await answerTo(editor);
    assert.equal(palimpsest.engine.state.kind, 'ready');
  });

  it('leaves no process when it is stopped', async () => {
    const pid = await runningPid();
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

describe('engine, in the middle of a rewrite', () => {
  useScriptedEngine();
  before(async () => {
    palimpsest = await (await internals()).palimpsest();
  });
  afterEach(closeEverything);

  it('killed while a rewrite is reviewed, it takes nothing with it', async () => {
    const text = `def f():\n    ${GIBBERISH}\n    return 1\n`;
    const editor = await openFile('reviewed.py', text);
    select(editor, [1, 1]);
    const rewrite = await reviewOf(editor);
    await killed(await runningPid());
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
          select(editor, [FIRST, LAST]);
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
