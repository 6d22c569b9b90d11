// `palimpsest serve` as a process: what it prints, its exit codes, and what a signal does. Its engine is a scripted one.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { bundle, isAlive } from './processes';
import { ask, doing, post, refused, Stream } from './serveClient';

const ROOT = path.join(__dirname, '..', '..');
const TOKEN = 'a-token-of-many-characters';
/** Inside node_modules, so that the bundle finds the native runtime. */
const folder = path.join(ROOT, 'node_modules', '.cache', `serve-test-${process.pid}`);

describe('the command serve', () => {
  const children: ChildProcess[] = [];
  before(async () => {
    fs.mkdirSync(path.join(folder, 'models', 'starter'), { recursive: true });
    fs.copyFileSync(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'));
    const dist = path.join(folder, 'dist');
    await bundle({ cli: 'engine/cli/main.ts', engine: 'test/unit/process/scriptedEngine.ts' }, dist);
  });
  after(() => {
    for (const child of children) child.kill('SIGKILL');
    fs.rmSync(folder, { recursive: true, force: true });
  });

  function start(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const { PALIMPSEST_MODEL: _, PALIMPSEST_TOKEN: __, ...own } = process.env;
    const child = spawn(process.execPath, [path.join(folder, 'dist', 'cli.js'), 'serve', ...words], {
      cwd: folder,
      env: { ...own, PALIMPSEST_CACHE: path.join(folder, 'cache'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    let [out, err] = ['', ''];
    const listening = new Promise<string>((resolve) => {
      child.stdout.on('data', (chunk) => {
        out += chunk;
        const url = /^Listening on (\S+)\n/.exec(out)?.[1];
        if (url !== undefined) resolve(url);
      });
    });
    const ready = new Promise<void>((resolve) => {
      child.stderr.on('data', (chunk) => {
        err += chunk;
        if (err.includes('ready')) resolve();
      });
    });
    const exit = once(child, 'close').then(([code]) => ({ code, out, err }));
    return { child, listening, ready, exit };
  }

  async function running(words: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    const started = start(['--port', '0', ...words], env);
    const url = await started.listening;
    await started.ready;
    return { ...started, server: { url } };
  }

  test('a signal lets it answer what it has, and ends it with its engine', async () => {
    const { child, server, exit } = await running();
    const answer = post(server, '/v1/infill', doing('block 300'));
    while ((await ask(server, '/health')).json.running === 0);
    const engine = Number(
      process.platform === 'linux'
        ? fs.readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim()
        : 0,
    );
    child.kill('SIGTERM');
    assert.equal((await answer).status, 200);
    const { code, err } = await exit;
    assert.equal(code, 0, err);
    if (engine > 0) assert.ok(!isAlive(engine));
    await assert.rejects(ask(server, '/health'), /ECONNREFUSED/);
  });

  test('a model whose files have changed is loaded again, and the request answered', async () => {
    const { child, server, exit } = await running();
    const answer = await post(server, '/v1/infill', doing(`changed ${path.join(folder, 'first')}`));
    assert.equal(answer.status, 200, JSON.stringify(answer.json));
    child.kill('SIGTERM');
    const { code, err } = await exit;
    assert.equal(code, 0, err);
  });

  test('what does not come to an end is refused when the grace is over', async () => {
    const { child, server, exit } = await running(['--grace', '0.2']);
    const stream = await Stream.open(server, doing('forever'));
    await stream.until('step');
    child.kill('SIGINT');
    assert.equal((await stream.until('error')).data.error.code, 'stopping');
    assert.equal((await exit).code, 0);
  });

  test('a port in use, and an address for others without a token, are sentences', async () => {
    const { child, server, exit } = await running();
    const { port } = new URL(server.url);
    const second = await start(['--port', port]).exit;
    assert.equal(second.code, 2);
    assert.match(second.err, /^palimpsest: Port \d+ of 127\.0\.0\.1 is in use\. .*\[option-invalid\]\n$/);
    child.kill('SIGTERM');
    await exit;
    for (const [words, env, why] of [
      [['--host', '0.0.0.0'], {}, /a token is needed/],
      [['--host', '::'], {}, /a token is needed/],
      [['--host', '0.0.0.0'], { PALIMPSEST_TOKEN: 'short' }, /16 to 1024/],
      [['--port', '70000'], {}, /--port must be/],
      [['--token', TOKEN], {}, /no option --token/],
    ] as const) {
      const { code, err } = await start(words, env).exit;
      assert.equal(code, 2, err);
      assert.match(err, why);
    }
    const { code, err } = await start(['--token-file', 'nowhere']).exit;
    assert.equal(code, 1);
    assert.match(err, /The token could not be read: ENOENT/);
  });

  test('the token comes from a file or a variable, and does not reach the engine', async () => {
    fs.writeFileSync(path.join(folder, 'token'), `${TOKEN}\r\nsecond line\n`);
    for (const [words, env] of [
      [['--token-file', 'token'], {}],
      [[], { PALIMPSEST_TOKEN: TOKEN }],
    ] as const) {
      const { child, server, exit } = await running(words, env);
      await refused(ask(server, '/v1/models'), 401, 'unauthorized');
      const answer = await ask(server, '/v1/models', { headers: { Authorization: `Bearer ${TOKEN}` } });
      assert.equal(answer.status, 200);
      if (process.platform === 'linux') {
        const engine = fs.readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
        assert.ok(!fs.readFileSync(`/proc/${engine}/environ`, 'utf8').includes(TOKEN));
      }
      child.kill('SIGTERM');
      assert.equal((await exit).code, 0);
    }
  });

  test('--together: so many requests run at a time, four unless it is said, and what comes next waits', async () => {
    for (const [words, most] of [
      [[], 4],
      [['--together', '2'], 2],
      [['--together', '1'], 1],
    ] as const) {
      const { child, server, exit } = await running([...words, '--grace', '0']);
      const streams: Stream[] = [];
      for (let at = 0; at <= most; at++) streams.push(await Stream.open(server, doing('forever')));
      for (const stream of streams.slice(0, most)) await stream.until('step');
      const { json } = await ask(server, '/health');
      assert.deepEqual([json.running, json.waiting], [most, 1]);
      child.kill('SIGTERM');
      for (const stream of streams) assert.equal((await stream.until('error')).data.error.code, 'stopping');
      assert.equal((await exit).code, 0);
    }
    const { code, err } = await start(['--together', '9']).exit;
    assert.equal(code, 2);
    assert.match(err, /--together must be/);
  });

  test('a rewrite of one client leaves ghost text of another one alone', async () => {
    const { child, server, exit } = await running();
    const ghost = await Stream.open(server, doing('forever', { priority: 'ghost' }));
    const { id } = (await ghost.until('accepted')).data;
    await ghost.until('step');
    const rewrite = await post(server, '/v1/infill', doing('steps 3'));
    assert.equal(rewrite.status, 200);
    assert.equal((await post(server, '/v1/infill/enough', { id })).status, 204);
    await ghost.until('result');
    child.kill('SIGTERM');
    assert.equal((await exit).code, 0);
  });

  test('what runs beside a request whose model has changed is answered, too', async () => {
    const { child, server, exit } = await running();
    const beside = await Stream.open(server, doing('steps 2000'));
    await beside.until('step');
    const answer = await post(server, '/v1/infill', doing(`changed ${path.join(folder, 'beside')}`));
    assert.equal(answer.status, 200, JSON.stringify(answer.json));
    await beside.until('result');
    child.kill('SIGTERM');
    const { code, err } = await exit;
    assert.equal(code, 0, err);
  });

  test('a model that cannot be loaded ends it', async () => {
    const { code, err } = await start(['--port', '0', '--model', '/models/missing']).exit;
    assert.equal(code, 1);
    assert.match(err, /There is no checkpoint in .*\[checkpoint-missing\]\n$/);
  });
});
