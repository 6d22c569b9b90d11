// The engine's life as the editor sees it, with real processes: engines that hang, talk rubbish or are killed at any
// stage. Where a real engine cannot be made to misbehave, a script of a few lines does it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, afterEach, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SHARED_FROM } from '../../engine/process/sharedKey';
import { readRecord, sharedPlace } from '../../engine/process/sharedPlace';
import type { ReadyEngine } from '../../engine/rpc/readyEngine';
import { RestartBudget } from '../../engine/rpc/restartBudget';
import { EngineSupervisor, type SupervisorOptions } from '../../extension/engine/supervisor';
import { bundle, isAlive, rejects } from './processes';

const root = path.join(__dirname, '..', '..');
const folder = path.join(root, 'node_modules', '.cache', `supervisor-test-${process.pid}`);
const engineScript = path.join(folder, 'scriptedEngine.js');

before(() => bundle({ scriptedEngine: 'test/unit/process/scriptedEngine.ts' }, folder));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

interface Life {
  readonly supervisor: EngineSupervisor;
  readonly states: string[];
  readonly log: string[];
  /** What the next start runs. */
  script: string;
  model: string;
  launches: number;
  isShared?: true;
}

let lives: Life[] = [];
afterEach(async () => {
  await Promise.all(lives.map(({ supervisor }) => supervisor.dispose()));
  lives = [];
});

function begin(options: Partial<SupervisorOptions> = {}): Life {
  const states: string[] = [];
  const log: string[] = [];
  const keep = (message: string) => void log.push(message);
  const supervisor = new EngineSupervisor({
    launch: async () => {
      life.launches++;
      return {
        runtime: { executable: process.execPath, version: process.versions.node, source: 'host' },
        script: life.script,
        cacheFolder: path.join(os.tmpdir(), 'palimpsest-supervisor-test'),
        modelFolder: life.model,
        provider: 'cpu',
        ...(life.isShared ? { isShared: true, env: { ...process.env, XDG_RUNTIME_DIR: folder } } : {}),
      };
    },
    log: { info: keep, warn: keep, error: keep },
    idleMillis: () => 0,
    budget: new RestartBudget({ restarts: 4, within: 180_000, firstDelay: 5 }),
    ...options,
  });
  const life: Life = { supervisor, states, log, script: engineScript, model: '/models/a', launches: 0 };
  supervisor.onState(({ kind }) => {
    if (states.at(-1) !== kind) states.push(kind);
  });
  lives.push(life);
  return life;
}

function script(name: string, source: string): string {
  const file = path.join(folder, `${name}.js`);
  fs.writeFileSync(file, source);
  return file;
}

const infill =
  (text: string) =>
  ({ client, model }: ReadyEngine) =>
    client.infill({ model: model.folder, priority: 'rewrite', text, spans: [{ start: 0, end: 0 }] });

async function until<T>(look: () => T | undefined | false, what: string): Promise<T> {
  for (const start = Date.now(); Date.now() - start < 60_000; await sleep(10)) {
    const found = look();
    if (found !== undefined && found !== false) return found;
  }
  return assert.fail(`Not seen within a minute: ${what}.`);
}

describe('an engine of several windows', {
  skip: process.platform === 'linux' ? false : 'by XDG_RUNTIME_DIR',
}, () => {
  const hostOf = async ({ supervisor }: Life): Promise<number> =>
    supervisor.use(async () => {
      const place = path.join(folder, 'palimpsest');
      const [record = ''] = fs.readdirSync(place).filter((name) => name.endsWith('.json'));
      return readRecord(sharedPlace(path.basename(record, '.json'), place))?.pid ?? 0;
    });

  function windows(options: Partial<SupervisorOptions> = {}): readonly [Life, Life] {
    const lives = [begin(options), begin(options)] as const;
    const model = path.join(folder, 'large');
    fs.mkdirSync(model, { recursive: true });
    fs.writeFileSync(path.join(model, 'model.safetensors'), '');
    fs.truncateSync(path.join(model, 'model.safetensors'), SHARED_FROM);
    for (const life of lives) Object.assign(life, { isShared: true, model });
    return lives;
  }

  test('a window that is closed leaves it to the other, which does not notice', async () => {
    const [a, b] = windows();
    const [ofA, ofB] = [await hostOf(a), await hostOf(b)];
    assert.ok(isAlive(ofA) && ofA === ofB);
    await a.supervisor.stop();
    await b.supervisor.use(infill('steps 1'));
    assert.deepEqual([b.launches, await hostOf(b)], [1, ofA]);
    await b.supervisor.stop();
    await until(() => !isAlive(ofA), 'its end');
  });

  test('one that hangs is replaced for all of them', async () => {
    const [a, b] = windows({ patience: () => 1000 });
    const hung = await hostOf(a);
    await hostOf(b);
    await rejects(a.supervisor.use(infill('block 60000')), 'engine-unresponsive');
    await a.supervisor.use(infill('steps 1'));
    await until(() => !isAlive(hung), 'the end of the one that hung');
    await b.supervisor.use(infill('steps 1'), { revive: true });
    assert.equal(await hostOf(a), await hostOf(b));
    assert.notEqual(await hostOf(a), hung);
  });
});

describe('the engine’s life', () => {
  test('nothing runs before the first use, one engine after it, and none when it was idle', async () => {
    const life = begin({ idleMillis: () => 150 });
    assert.equal(life.supervisor.pid, undefined);
    assert.equal(life.launches, 0);
    const [one, two] = await Promise.all([
      life.supervisor.use(infill('steps 1')),
      life.supervisor.use(infill('steps 1')),
    ]);
    assert.ok(one && two);
    assert.equal(life.launches, 1, 'who comes meanwhile waits for the same engine');
    const pid = await until(() => life.supervisor.pid, 'a pid');
    await until(
      () => life.supervisor.state.kind === 'stopped' && !isAlive(pid),
      'the end of the idle engine',
    );
    await life.supervisor.use(infill('steps 1'));
    assert.equal(life.launches, 2);
  });

  test('an idle engine stays while somebody uses it', async () => {
    const life = begin({ idleMillis: () => 50 });
    const controller = new AbortController();
    const long = life.supervisor.use(({ client, model }) =>
      client.infill(
        { model: model.folder, priority: 'rewrite', text: 'forever', spans: [{ start: 0, end: 0 }] },
        { signal: controller.signal },
      ),
    );
    const pid = await until(() => life.supervisor.pid, 'a pid');
    // Another one with the same patience, idle from a later moment on, ends meanwhile.
    const other = begin({ idleMillis: () => 50 });
    await other.supervisor.use(infill('steps 1'));
    await until(() => other.supervisor.state.kind === 'stopped', 'the end of the one that is idle');
    assert.equal(life.supervisor.pid, pid);
    controller.abort();
    await rejects(long, 'cancelled');
  });

  for (const [what, source, code] of [
    ['prints rubbish', 'console.log("Server ready"); setInterval(() => {}, 1000);', 'protocol-violation'],
    ['never answers', 'setInterval(() => {}, 1000);', 'engine-unresponsive'],
    ['does not hear', 'const until = Date.now() + 60000; while (Date.now() < until);', 'engine-unresponsive'],
    ['ends at once', 'console.error("no licence"); process.exit(3);', 'engine-exited'],
    ['cannot be parsed', 'this is no program', 'engine-exited'],
  ] as const) {
    test(`an engine that ${what} is started five times, then stays failed until a person asks`, async () => {
      let startMillis = code === 'engine-unresponsive' ? 300 : 60_000;
      const life = begin({ startMillis: () => startMillis });
      life.script = script(what.replaceAll(' ', '-'), source);
      const error = await rejects(life.supervisor.use(infill('steps 1'), { revive: true }), code);
      assert.equal(life.launches, 5);
      assert.equal(life.supervisor.state.kind, 'failed');
      assert.ok(life.supervisor.state.kind === 'failed' && life.supervisor.state.error === error);
      await rejects(life.supervisor.use(infill('steps 1')), code);
      assert.equal(life.launches, 5, 'ghost text does not wake it');
      life.script = engineScript;
      startMillis = 60_000;
      await life.supervisor.use(infill('steps 1'), { revive: true });
      assert.equal(life.supervisor.state.kind, 'ready');
    });
  }

  test('a model that cannot be loaded is no crash: one try, and a state that says why', async () => {
    const life = begin();
    life.model = '/models/missing';
    await rejects(life.supervisor.use(infill('steps 1'), { revive: true }), 'checkpoint-missing');
    assert.equal(life.launches, 1);
    assert.equal(life.supervisor.state.kind, 'failed');
    life.model = '/models/a';
    await life.supervisor.use(infill('steps 1'), { revive: true });
  });

  for (const [what, text, code] of [
    ['hangs', 'block 60000', 'engine-unresponsive'],
    ['writes rubbish', 'garbage', 'protocol-violation'],
    ['ends', 'exit 9', 'engine-exited'],
    ['fails where nobody catches', 'crash', 'engine-exited'],
  ] as const) {
    test(`an engine that ${what} in the middle of a request is ended and started again`, async () => {
      const life = begin({ patience: () => (what === 'hangs' && life.launches === 1 ? 400 : 60_000) });
      await life.supervisor.use(infill('steps 1'));
      const pid = await until(() => life.supervisor.pid, 'a pid');
      await rejects(life.supervisor.use(infill(text)), code);
      await life.supervisor.use(infill('steps 1'));
      assert.notEqual(life.supervisor.pid, pid);
      await until(() => !isAlive(pid), 'the end of the first');
      assert.deepEqual(life.states.slice(-4), ['restarting', 'starting', 'loading', 'ready']);
    });
  }

  test('patience goes by the candidates of what runs; by the most there can be where other windows ask as well', async () => {
    for (const isShared of [false, true]) {
      const asked: number[] = [];
      const patience = (_model: unknown, candidates: number) => {
        asked.push(candidates);
        return 60_000;
      };
      const life = begin({ patience });
      if (isShared) Object.assign(life, { isShared });
      await life.supervisor.use(({ client, model }) =>
        client.infill({
          ...{ model: model.folder, priority: 'rewrite', text: 'steps 1', candidates: 4 },
          spans: [{ start: 0, end: 0 }],
        }),
      );
      assert.deepEqual(asked, [isShared ? 8 : 4]);
    }
  });

  test('a model that has become slow is known as that by the next request, and by the patience with it', async () => {
    const life = begin();
    const speedOf = () =>
      life.supervisor.use(async ({ client, model: { isSlow, passMillis } }) => ({
        ...{ isSlow, passMillis },
        patience: client.patience(1),
      }));
    const { patience, ...before } = await speedOf();
    assert.deepEqual(before, { isSlow: undefined, passMillis: undefined });
    await life.supervisor.use(infill('slower 9000'));
    const { patience: after, ...now } = await speedOf();
    assert.deepEqual(now, { isSlow: true, passMillis: 9000 });
    assert.ok(after > patience, `${after}, ${patience}`);
    const { state } = life.supervisor;
    assert.ok(state.kind === 'ready' && state.model.isSlow);
    const listening = life.supervisor.onState(() => assert.fail('what is no news is not told'));
    await life.supervisor.use(infill('steps 1'));
    listening.dispose();
  });

  test('a busy engine is no hung one', async () => {
    const life = begin({ patience: () => 5000 });
    await life.supervisor.use(infill('block 1000'));
    assert.equal(life.launches, 1);
  });

  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGSEGV'] as const) {
    test(`an engine that is ended by ${signal} when nobody uses it is started again`, async () => {
      const life = begin();
      await life.supervisor.use(infill('steps 1'));
      const pid = await until(() => life.supervisor.pid, 'a pid');
      process.kill(pid, signal);
      await until(() => life.supervisor.pid !== undefined && life.supervisor.pid !== pid, 'another engine');
      assert.equal(life.supervisor.state.kind, 'ready');
    });
  }

  test('a stop while a model is loaded ends it: who waited is told so, and the next one gets an engine', async () => {
    const life = begin();
    life.model = '/models/slow';
    const waiting = life.supervisor.use(infill('steps 1'), { revive: true });
    const refused = rejects(waiting, 'cancelled');
    await until(() => life.supervisor.state.kind === 'loading', 'the loading');
    assert.equal(life.supervisor.isAwaited, true);
    const stopped = life.supervisor.stop();
    life.model = '/models/a';
    const next = life.supervisor.use(infill('steps 1'), { revive: true });
    await stopped;
    await refused;
    assert.ok((await next).candidates.length > 0);
    assert.equal(life.supervisor.isAwaited, false);
    assert.equal(life.supervisor.state.kind, 'ready');
  });

  test('a stop in the middle of a request gives it up without a failure', async () => {
    const life = begin();
    await life.supervisor.use(infill('steps 1'));
    const running = rejects(life.supervisor.use(infill('forever')), 'cancelled');
    const pid = await until(() => life.supervisor.pid, 'a pid');
    await life.supervisor.stop();
    await running;
    assert.equal(isAlive(pid), false);
    assert.equal(life.supervisor.state.kind, 'stopped');
  });

  test('an engine whose GPU is gone is replaced at the next request, and that is no crash', async () => {
    const life = begin();
    await life.supervisor.use(infill('steps 1'));
    const pid = await until(() => life.supervisor.pid, 'a pid');
    await rejects(life.supervisor.use(infill('fail out-of-memory')), 'out-of-memory');
    assert.equal(life.supervisor.pid, pid);
    await rejects(life.supervisor.use(infill('gpu-fails')), 'device-lost');
    assert.equal(life.supervisor.state.kind, 'stopped');
    await life.supervisor.use(infill('steps 1'));
    await rejects(life.supervisor.use(infill('fail device-lost')), 'device-lost');
    assert.ok((await life.supervisor.use(infill('steps 1'))).candidates.length > 0);
    assert.notEqual(life.supervisor.pid, pid);
    assert.equal(life.launches, 3);
    assert.ok(!life.states.includes('restarting') && !life.states.includes('failed'));
    await until(() => !isAlive(pid), 'the end of the first engine');
  });

  test('an engine that is killed while it loads is started again, and who waits gets an answer', async () => {
    const pidFile = path.join(folder, 'loading-pid');
    const life = begin();
    life.script = script(
      'loads',
      `require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); require(${JSON.stringify(engineScript)});`,
    );
    life.model = '/models/slow';
    const waiting = life.supervisor.use(infill('steps 1'), { revive: true });
    await until(() => life.supervisor.state.kind === 'loading', 'the loading');
    life.model = '/models/a';
    process.kill(Number(fs.readFileSync(pidFile, 'utf8')), 'SIGKILL');
    assert.ok((await waiting).candidates.length > 0);
    assert.equal(life.launches, 2);
  });

  test('the one who gives up does not wait; the start goes on for the next', async () => {
    const life = begin();
    const controller = new AbortController();
    const given = rejects(life.supervisor.use(infill('steps 1'), { signal: controller.signal }), 'cancelled');
    controller.abort();
    await given;
    await life.supervisor.use(infill('steps 1'));
    assert.equal(life.launches, 1);
  });

  test('what is disposed of leaves no process, even a stopped one, and starts none', {
    timeout: 60_000,
  }, async () => {
    const life = begin();
    await life.supervisor.use(infill('steps 1'));
    const pid = await until(() => life.supervisor.pid, 'a pid');
    process.kill(pid, 'SIGSTOP');
    await life.supervisor.dispose();
    assert.equal(isAlive(pid), false);
    await rejects(life.supervisor.use(infill('steps 1'), { revive: true }), 'engine-exited');
    assert.equal(life.launches, 1);
  });
});
