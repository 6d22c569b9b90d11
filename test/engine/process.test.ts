import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import esbuild from 'esbuild';
import { EngineClient, type EngineClientOptions, type EngineExit } from '../../engine/client/engineClient';
import { type DenoiseStepEvent, METHODS, PROTOCOL_VERSION } from '../../engine/protocol';
import { isAlive, rejects } from './processes';

const root = path.join(__dirname, '..', '..');
const A = '/models/a';
const onLinux = process.platform === 'linux';

// Inside node_modules, so that the bundle of the real engine finds its native runtime.
const folder = path.join(root, 'node_modules', '.cache', `process-test-${process.pid}`);
const scripts = {
  engine: path.join(folder, 'scriptedEngine.js'),
  parent: path.join(folder, 'scriptedParent.js'),
  real: path.join(folder, 'main.js'),
};
const children: ChildProcess[] = [];

before(async () => {
  await esbuild.build({
    entryPoints: {
      scriptedEngine: path.join(root, 'test/unit/process/scriptedEngine.ts'),
      scriptedParent: path.join(root, 'test/unit/process/scriptedParent.ts'),
      main: path.join(root, 'engine/process/main.ts'),
    },
    outdir: folder,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['onnxruntime-node'],
    logLevel: 'error',
  });
});

after(() => {
  for (const child of children) child.kill('SIGKILL');
  fs.rmSync(folder, { recursive: true, force: true });
});

function start(options: Partial<EngineClientOptions> = {}): Promise<EngineClient> {
  return EngineClient.start({
    node: process.execPath,
    script: scripts.engine,
    cacheFolder: path.join(os.tmpdir(), 'palimpsest-process-test'),
    ...options,
  });
}

/** An engine with a loaded model; stopped when `use` is over, whatever it does. */
async function withEngine(
  use: (client: EngineClient) => Promise<void>,
  options: Partial<EngineClientOptions> = {},
): Promise<void> {
  const client = await start(options);
  try {
    await client.loadModel({ folder: A });
    await use(client);
  } finally {
    await client.stop();
    assert.ok(!isAlive(client.pid));
  }
}

function infill(client: EngineClient, text: string, context: Parameters<EngineClient['infill']>[1] = {}) {
  return client.infill({ model: A, priority: 'rewrite', text, spans: [{ start: 0, end: 0 }] }, context);
}

function script(name: string, source: string): string {
  const file = path.join(folder, `${name}.js`);
  fs.writeFileSync(file, source);
  return file;
}

async function gone(pid: number, millis: number): Promise<void> {
  const limit = performance.now() + millis;
  while (isAlive(pid) && performance.now() < limit) await sleep(20);
  assert.ok(!isAlive(pid), `process ${pid} is still there after ${millis} ms`);
}

function frame(message: object): string {
  const text = JSON.stringify({ jsonrpc: '2.0', ...message });
  return `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

function initialise(parentPid: number): string {
  const params = { protocolVersion: PROTOCOL_VERSION, parentPid, cacheFolder: os.tmpdir() };
  return frame({ id: 1, method: METHODS.initialise, params });
}

/** An engine without a client: its raw streams. */
function spawnRaw(args: readonly string[]): {
  child: ChildProcess;
  output: () => string;
  errors: () => string;
  exit: Promise<number | string>;
} {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  const exit = new Promise<number | string>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown')),
  );
  return { child, output: () => output, errors: () => errors, exit };
}

async function printed(output: () => string, pattern: RegExp): Promise<string> {
  for (let i = 0; i < 1000 && !pattern.test(output()); i++) await sleep(10);
  assert.match(output(), pattern);
  return output();
}

describe('engine process', () => {
  test('serves a client from start to stop', async () => {
    const client = await start();
    const exits: EngineExit[] = [];
    const stages: string[] = [];
    const all: DenoiseStepEvent[] = [];
    const own: number[] = [];
    client.onExit((exit) => exits.push(exit));
    client.onLoadProgress(({ stage }) => stages.push(stage));
    const listening = client.onDenoiseStep((event) => all.push(event));
    const description = await client.loadModel({ folder: A });
    assert.deepEqual(await client.describeModel(A), description);
    assert.deepEqual(stages, ['opening', 'session']);
    const result = await infill(client, 'steps 3', { onStep: ({ step }) => own.push(step) });
    assert.match(result.candidates[0]?.spans[0]?.text ?? '', /^answer/);
    assert.deepEqual(own, [1, 2, 3]);
    assert.equal(all.length, 3);
    listening.dispose();
    await infill(client, 'steps 3', { onStep: ({ step }) => own.push(step) });
    assert.equal(all.length, 3);
    const scored = await client.score({ model: A, text: 'abc', priority: 'background' });
    assert.equal(scored.tokens[0]?.text, 'abc');
    const status = await client.status();
    assert.deepEqual(status.models, [description]);
    await client.unloadModel(A);
    await rejects(infill(client, 'steps 1'), 'model-not-loaded');
    assert.match(client.engineVersion, /^\d+\.\d+\.\d+/);
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
    await gone(client.pid, 1000);
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
    await gone(Number(fs.readFileSync(pidFile, 'utf8')), 1000);
    fs.rmSync(pidFile);
    const silent = start({ script: script('silent', stay), startMillis: 1000 });
    await rejects(silent, 'engine-unresponsive');
    await gone(Number(fs.readFileSync(pidFile, 'utf8')), 1000);
    await rejects(start({ signal: AbortSignal.abort() }), 'cancelled');
  });

  test('an engine that hangs is ended; one that is busy and quiet is not', async () => {
    const client = await start({ hangMillis: 1500 });
    await client.loadModel({ folder: A });
    const controller = new AbortController();
    const busy = infill(client, 'forever', { signal: controller.signal });
    await Promise.race([busy, sleep(2500)]);
    assert.ok(client.alive);
    controller.abort();
    await rejects(busy, 'cancelled');
    await rejects(infill(client, 'block 60000'), 'engine-unresponsive');
    await gone(client.pid, 2000);
    await client.stop();
  });

  test('stop ends an engine that hangs within five seconds', async () => {
    const client = await start();
    await client.loadModel({ folder: A });
    const blocked = rejects(infill(client, 'block 60000'), 'engine-exited');
    await sleep(100);
    const begun = performance.now();
    await client.stop();
    assert.ok(performance.now() - begun < 5000);
    assert.ok(!isAlive(client.pid));
    await blocked;
  });

  test('the editor’s own environment does not reach the engine', async () => {
    const env = { ...process.env, NODE_OPTIONS: '--require /no/such/file.js', ELECTRON_RUN_AS_NODE: '1' };
    await withEngine(
      async (client) => {
        if (!onLinux) return;
        const environment = fs.readFileSync(`/proc/${client.pid}/environ`, 'latin1').split('\0');
        assert.ok(environment.some((entry) => entry.startsWith('PATH=')));
        assert.deepEqual(
          environment.filter((entry) => /^(ELECTRON_|NODE_OPTIONS)/.test(entry)),
          [],
        );
      },
      { env },
    );
  });

  test('it ends when its input closes, on SIGTERM, and with code 1 when its input is rubbish', async () => {
    for (const [end, code] of [
      [(child: ChildProcess) => child.stdin?.end(), 0],
      [(child: ChildProcess) => child.kill('SIGTERM'), 0],
      [(child: ChildProcess) => child.stdin?.write('GET / HTTP/1.1\r\n\r\n'), 1],
    ] as const) {
      const { child, output, exit } = spawnRaw([scripts.engine]);
      child.stdin?.write(initialise(process.pid));
      await printed(output, /"engineVersion"/);
      end(child);
      assert.equal(await exit, code);
    }
  });

  test('an engine whose output nobody reads is not stuck in writing it', async () => {
    const child = spawn(process.execPath, [scripts.engine], { stdio: ['pipe', 'pipe', 'ignore'] });
    children.push(child);
    const exit = new Promise((resolve) => child.once('exit', resolve));
    const span = { start: 0, end: 0 };
    const params = {
      requestId: 1,
      model: A,
      priority: 'rewrite',
      text: 'flood 500',
      spans: [span],
      events: true,
    };
    child.stdin.write(initialise(process.pid));
    child.stdin.write(frame({ id: 2, method: METHODS.loadModel, params: { folder: A } }));
    // Loading takes a few turns of the engine's event loop; what is asked too early would be refused.
    await sleep(1000);
    child.stdin.write(frame({ id: 3, method: METHODS.infill, params }));
    await sleep(1000);
    child.kill('SIGTERM');
    assert.equal(await exit, 0);
    const output = String(Buffer.concat(await child.stdout.toArray()));
    assert.ok(output.includes('"confidence":0.5'), 'it was sending steps');
    assert.ok(!output.includes('"id":3'), 'the answer stood in line behind them');
  });

  test('it ends when its parent is killed: the client’s engine, working or blocked', async () => {
    // A forward pass of a large model holds the event loop for longer than an orphan may live.
    const large = path.join(folder, 'large');
    fs.mkdirSync(large);
    fs.closeSync(fs.openSync(path.join(large, 'model.safetensors'), 'w'));
    fs.truncateSync(path.join(large, 'model.safetensors'), 300_000_000);
    for (const [text, model] of [
      ['forever', A],
      ['block 1500', A],
      ['block 60000', large],
    ] as const) {
      const { child, output } = spawnRaw([scripts.parent, scripts.engine, 'client', text, model]);
      const pid = Number(await printed(output, /^\d+\n/));
      assert.ok(isAlive(pid));
      child.kill('SIGKILL');
      await gone(pid, 5000);
    }
  });

  test('it ends when its parent is killed even if a third process keeps its input open', async () => {
    const { child, output, errors } = spawnRaw([scripts.parent, scripts.engine, 'held']);
    const [pid = 0, holder = 0] = (await printed(output, /^\d+ \d+\n/)).split(' ').map(Number);
    try {
      assert.ok(isAlive(pid) && isAlive(holder));
      child.kill('SIGKILL');
      await gone(pid, 10_000);
      assert.match(errors(), new RegExp(`parent process ${child.pid} is gone`));
    } finally {
      process.kill(holder, 'SIGKILL');
    }
  });

  test('it takes no processor time while nothing is asked of it', { skip: !onLinux }, async () => {
    await withEngine(async (client) => {
      await infill(client, 'steps 3');
      await sleep(300);
      const begun = performance.now();
      const before = cpuTicks(client.pid);
      await sleep(1500);
      // A tick is 10 ms wherever Linux runs Node.
      const share = ((cpuTicks(client.pid) - before) * 10) / (performance.now() - begun);
      assert.ok(share < 0.1, `${(share * 100).toFixed(1)} % of a processor`);
    });
  });

  test('the real engine answers before it has loaded its runtime, and a folder that is no checkpoint has a code', async () => {
    const client = await start({ script: scripts.real });
    try {
      assert.deepEqual((await client.status()).models, []);
      if (onLinux) assert.doesNotMatch(fs.readFileSync(`/proc/${client.pid}/maps`, 'utf8'), /onnxruntime/);
      await rejects(client.loadModel({ folder: path.join(folder, 'nothing') }), 'checkpoint-missing');
      await rejects(client.describeModel(folder), 'model-not-loaded');
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
      const enough = new AbortController();
      const drafted: DenoiseStepEvent[] = [];
      const draft = await client.infill(params, {
        enough: enough.signal,
        onStep: (event) => {
          drafted.push(event);
          if (drafted.length === 2) enough.abort();
        },
      });
      assert.ok(draft.forwards < result.forwards, `${draft.forwards} of ${result.forwards} passes`);
      assert.ok(drafted.at(-1)?.cells.every((cell) => cell.state !== 'masked'));
      const { tokens } = await client.score({ model, text, priority: 'background' });
      assert.equal(tokens.map((token) => token.text).join(''), text);
    } finally {
      await client.stop();
    }
    assert.deepEqual(exits, [{ code: 0, signal: null, expected: true }]);
  });
});

/** User and system time of a process. */
function cpuTicks(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command's name may hold spaces; what follows it does not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
