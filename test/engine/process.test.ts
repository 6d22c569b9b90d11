import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import type { DenoiseStepEvent } from '../../engine/protocol';
import type { EngineClient, EngineExit } from '../../engine/rpc/engineClient';
import { LOADING_PATIENCE, loadingPatience } from '../../engine/rpc/hangTimeout';
import { Heartbeat } from '../../engine/rpc/heartbeat';
import {
  A,
  folder,
  gone,
  infill,
  onLinux,
  root,
  script,
  scripts,
  start,
  useScripts,
  withEngine,
} from './engineScripts';
import { blocked, isAlive, rejects } from './processes';

useScripts();

/** Resolves when a client would have given up an engine that says nothing: counted in the same ticks, on the same machine. */
function silence(limit: number): Promise<number> {
  return new Promise((resolve) => {
    const heartbeat = new Heartbeat({
      limit: () => limit,
      probe: () => undefined,
      onSilence: (millis) => {
        heartbeat.stop();
        resolve(millis);
      },
    });
    heartbeat.start();
  });
}

/** Of a client's patience: long beside what a busy machine keeps a process waiting. */
const PATIENCE = 6000;

function exited(client: EngineClient): Promise<void> {
  return new Promise((resolve) => {
    client.onExit(() => resolve());
  });
}

describe('engine process', () => {
  test('serves a client from start to stop', async () => {
    const client = await start();
    const exits: EngineExit[] = [];
    const stages: string[] = [];
    const own: number[] = [];
    client.onExit((exit) => exits.push(exit));
    const patience: number[] = [];
    client.onLoadProgress(({ stage }) => {
      stages.push(stage);
      patience.push(client.hangMillis);
    });
    const description = await client.loadModel({ folder: A });
    assert.deepEqual(stages, ['opening', 'session']);
    assert.deepEqual(patience, [LOADING_PATIENCE, loadingPatience(1e6)], 'by the bytes of the weights');
    assert.equal(client.hangMillis, LOADING_PATIENCE);
    const result = await infill(client, 'steps 3', { onStep: ({ step }) => own.push(step) });
    assert.match(result.candidates[0]?.spans[0]?.text ?? '', /^answer/);
    assert.deepEqual(own, [1, 2, 3]);
    const scored = await client.score({ model: A, text: 'abc', priority: 'background' });
    assert.equal(scored.tokens[0]?.text, 'abc');
    const status = await client.status();
    assert.deepEqual(status.models, [description]);
    // Never the editor's own folder, which may be a workspace with programs of somebody else.
    if (onLinux) assert.equal(fs.readlinkSync(`/proc/${client.pid}/cwd`), fs.realpathSync(folder));
    assert.ok(isAlive(client.pid) && client.alive);
    await Promise.all([client.stop(), client.stop()]);
    assert.deepEqual(exits, [{ code: 0, signal: null, expected: true }]);
    assert.ok(!isAlive(client.pid) && !client.alive);
    await rejects(client.status(), 'engine-exited');
    await client.stop();
  });

  test('standard output stays clean when a library prints; the print is in the log', async () => {
    const logs: string[] = [];
    await withEngine(async (client) => {
      client.onLog(({ message }) => logs.push(message));
      await infill(client, 'print');
      await infill(client, 'steps 2');
    });
    assert.ok(logs.includes('a library prints'));
    assert.ok(logs.includes('Content-Length: rubbish'));
  });

  test('an abort rejects at once, stops the run and leaves the engine well', async () => {
    await withEngine(async (client) => {
      const steps: number[] = [];
      const controller = new AbortController();
      const running = infill(client, 'forever', {
        signal: controller.signal,
        onStep: ({ step }) => {
          steps.push(step);
          if (steps.length === 3) controller.abort();
        },
      });
      await rejects(running, 'cancelled');
      const heard = steps.length;
      while ((await client.status()).running > 0);
      assert.equal(steps.length, heard);
      await infill(client, 'steps 1');
      await rejects(infill(client, 'steps 1', { signal: AbortSignal.abort() }), 'cancelled');
      const loading = new AbortController();
      const slow = client.loadModel({ folder: '/models/slow' }, loading.signal);
      await client.status();
      loading.abort();
      await rejects(slow, 'cancelled');
    });
  });

  test('a draft is taken when the signal says that it is enough, and the engine goes on', async () => {
    await withEngine(async (client) => {
      const enough = new AbortController();
      let steps = 0;
      const result = await infill(client, 'forever', {
        enough: enough.signal,
        onStep: () => {
          if (++steps === 3) enough.abort();
        },
      });
      assert.equal(result.candidates.length, 1);
      assert.equal((await infill(client, 'forever', { enough: AbortSignal.abort() })).candidates.length, 1);
      await infill(client, 'steps 2');
    });
  });

  test('an engine that ends early rejects what is pending, with its exit code and its last words', async () => {
    const client = await start();
    const exits: EngineExit[] = [];
    client.onExit((exit) => exits.push(exit));
    await client.loadModel({ folder: A });
    const pending = [infill(client, 'exit 3'), infill(client, 'steps 1'), client.status()];
    const error = await rejects(pending[0] ?? Promise.resolve(), 'engine-exited');
    assert.equal(error.data['exitCode'], 3);
    await Promise.allSettled(pending);
    await rejects(infill(client, 'steps 1'), 'engine-exited');
    assert.equal(exits.length, 1);
    assert.equal(exits[0]?.expected, false);
    assert.equal(exits[0]?.error?.code, 'engine-exited');
    await client.stop();
  });

  test('an error that nobody caught is logged and ends the engine with exit code 1', async () => {
    const client = await start();
    await client.loadModel({ folder: A });
    const error = await rejects(infill(client, 'crash'), 'engine-exited');
    assert.equal(error.data['exitCode'], 1);
    assert.match(String(error.data['log']), /nobody catches this/);
  });

  test('an engine that is killed rejects what is pending', async () => {
    const client = await start();
    await client.loadModel({ folder: A });
    const running = infill(client, 'forever', { onStep: () => process.kill(client.pid, 'SIGKILL') });
    const error = await rejects(running, 'engine-exited');
    assert.equal(error.data['signal'], 'SIGKILL');
    await gone(client.pid);
  });

  test('what cannot be started, ends at once, talks rubbish or says nothing has a name each, and none is left', async () => {
    await rejects(start({ node: path.join(folder, 'no-such-node') }), 'engine-not-started');
    await rejects(start({ script: path.join(folder, 'no-such-script.js') }), 'engine-exited');
    const early = await rejects(
      start({ script: script('early', 'console.error("no licence"); process.exitCode = 7;') }),
      'engine-exited',
    );
    assert.equal(early.data['exitCode'], 7);
    assert.deepEqual(early.data['log'], ['no licence']);
    const pidFile = path.join(folder, 'pid');
    const stay = `require("fs").writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000);`;
    const rubbish = await rejects(
      start({ script: script('rubbish', `${stay} console.log("Server ready");`) }),
      'protocol-violation',
    );
    assert.match(String(rubbish.data['excerpt']), /Server ready/);
    await gone(Number(fs.readFileSync(pidFile, 'utf8')));
    fs.rmSync(pidFile);
    const silent = start({ script: script('silent', stay), startMillis: 1000 });
    await rejects(silent, 'engine-unresponsive');
    await gone(Number(fs.readFileSync(pidFile, 'utf8')));
    await rejects(start({ signal: AbortSignal.abort() }), 'cancelled');
  });

  test('an engine that hangs is ended; one that is busy and quiet is not', async () => {
    const client = await start({ hangMillis: PATIENCE });
    await client.loadModel({ folder: A });
    const controller = new AbortController();
    const busy = infill(client, 'forever', { signal: controller.signal });
    await Promise.race([busy, silence(PATIENCE), exited(client)]);
    assert.ok(client.alive, 'by now one that said nothing would have been ended');
    controller.abort();
    await rejects(busy, 'cancelled');
    await rejects(infill(client, 'block 60000'), 'engine-unresponsive');
    await gone(client.pid);
    await client.stop();
  });

  test('an engine that is stopped and goes on in the middle of a rewrite is no hung one, and loses nothing', {
    skip: process.platform === 'win32',
  }, async () => {
    const client = await start({ hangMillis: PATIENCE });
    await client.loadModel({ folder: A });
    const enough = new AbortController();
    let last = 0;
    const answer = infill(client, 'forever', {
      enough: enough.signal,
      onStep: ({ step }) => {
        last = step;
      },
    });
    // Longer altogether than one that says nothing is waited for.
    for (let pause = 0; pause < 4; pause++) {
      process.kill(client.pid, 'SIGSTOP');
      await silence(PATIENCE / 3);
      const before = last;
      process.kill(client.pid, 'SIGCONT');
      assert.equal((await client.status()).running, 1);
      // An engine that was given up answers no more.
      while (last <= before) await client.status();
    }
    enough.abort();
    assert.match((await answer).candidates[0]?.spans[0]?.text ?? '', /^answer/);
    assert.ok(client.alive);
    await client.stop();
  });

  test('stop ends an engine that hangs by force', { timeout: 60_000 }, async () => {
    const client = await start();
    const exits: EngineExit[] = [];
    client.onExit((exit) => exits.push(exit));
    await client.loadModel({ folder: A });
    const isBlocked = blocked(client);
    const refused = rejects(infill(client, 'block 600000'), 'engine-exited');
    await isBlocked;
    await client.stop();
    assert.ok(!isAlive(client.pid));
    assert.deepEqual(exits, [{ code: null, signal: 'SIGKILL', expected: true }]);
    await refused;
  });

  test('the editor’s own environment does not reach the engine', async () => {
    const env = { ...process.env, NODE_OPTIONS: '--require /no/such/file.js', ELECTRON_RUN_AS_NODE: '1' };
    await withEngine(
      async (client) => {
        if (!onLinux) return;
        const environment = fs.readFileSync(`/proc/${client.pid}/environ`, 'latin1').split('\0');
        assert.ok(environment.some((entry) => entry.startsWith('PATH=')));
        // So that glibc gives freed weights and passes back, whatever was freed before.
        assert.ok(environment.includes('MALLOC_MMAP_THRESHOLD_=131072'));
        // So that the garbage of one request does not stay in use for good.
        const line = fs.readFileSync(`/proc/${client.pid}/cmdline`, 'latin1').split('\0');
        assert.ok(line.includes('--max-semi-space-size=4'));
        assert.deepEqual(
          environment.filter((entry) => /^(ELECTRON_|NODE_OPTIONS)/.test(entry)),
          [],
        );
      },
      { env },
    );
  });

  test('the real engine answers before it has loaded its runtime, and a folder that is no checkpoint has a code', async () => {
    const client = await start({ script: scripts.real });
    try {
      assert.deepEqual((await client.status()).models, []);
      if (onLinux) assert.doesNotMatch(fs.readFileSync(`/proc/${client.pid}/maps`, 'utf8'), /onnxruntime/);
      await rejects(client.loadModel({ folder: path.join(folder, 'nothing') }), 'checkpoint-missing');
      await rejects(infill(client, 'steps 1'), 'model-not-loaded');
    } finally {
      await client.stop();
    }
  });

  test('the real engine denoises, scores, is cancelled between steps and ends well', async () => {
    const client = await start({ script: scripts.real, cacheFolder: path.join(folder, 'cache') });
    const exits: EngineExit[] = [];
    client.onExit((exit) => exits.push(exit));
    try {
      const model = path.join(root, 'test/fixtures/checkpoints/dreamon');
      const description = await client.loadModel({ folder: model, provider: 'cpu', precision: 'fp32' });
      assert.deepEqual([description.family, description.provider], ['dreamon', 'cpu']);
      const text = 'def add(a, b):\n    return a + b\n';
      const params = { model, priority: 'rewrite', text, spans: [{ start: 19, end: 31 }], seed: 1 } as const;
      const steps: DenoiseStepEvent[] = [];
      const result = await client.infill(params, { onStep: (event) => steps.push(event) });
      assert.ok(steps.length > 2 && result.forwards >= steps.length);
      assert.ok(steps.at(-1)?.cells.every((cell) => cell.state !== 'masked'));
      const controller = new AbortController();
      let heard = 0;
      const onStep = () => {
        heard++;
        if (heard === 2) controller.abort();
      };
      await rejects(client.infill(params, { signal: controller.signal, onStep }), 'cancelled');
      assert.equal(heard, 2);
      // Long enough that the word to stop is there before the end, however late this process hears of a step.
      const long = { ...params, text: text.repeat(12), spans: [{ start: 19, end: text.length * 12 - 1 }] };
      const whole = await client.infill(long);
      const enough = new AbortController();
      const drafted: DenoiseStepEvent[] = [];
      const draft = await client.infill(long, {
        enough: enough.signal,
        onStep: (event) => {
          drafted.push(event);
          if (drafted.length === 2) enough.abort();
        },
      });
      assert.ok(draft.forwards < whole.forwards, `${draft.forwards} of ${whole.forwards} passes`);
      assert.ok(drafted.at(-1)?.cells.every((cell) => cell.state !== 'masked'));
      const { tokens } = await client.score({ model, text, priority: 'background' });
      assert.equal(tokens.map((token) => token.text).join(''), text);
    } finally {
      await client.stop();
    }
    assert.deepEqual(exits, [{ code: 0, signal: null, expected: true }]);
  });
});
