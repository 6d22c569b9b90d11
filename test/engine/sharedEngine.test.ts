// Several windows and one engine: real processes whose model is scripted. What one window does, loses or kills is its own business.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import test, { after, afterEach, before, beforeEach, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { knock } from '../../engine/process/sharedHandshake';
import { SHARED_FROM, sharedEngine } from '../../engine/process/sharedKey';
import { claim, readRecord, release, type SharedPlace, sharedPlace } from '../../engine/process/sharedPlace';
import { EngineClient, type EngineExit } from '../../engine/rpc/engineClient';
import { blocked, bundle, isAlive, rejects } from './processes';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-shared-'));
const script = path.join(folder, 'scriptedEngine.js');
before(() => bundle({ scriptedEngine: 'test/unit/process/scriptedEngine.ts' }, folder));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** A sparse file: it takes no room. */
const MODEL = path.join(folder, 'large');
before(() => {
  fs.mkdirSync(MODEL);
  fs.writeFileSync(path.join(MODEL, 'model.safetensors'), '');
});
const runtime = path.join(folder, 'run');

describe('an engine that windows share', () => {
  let key = '';
  let place: SharedPlace;
  /** Of each test its own. */
  let cacheFolder = '';
  beforeEach(async () => {
    cacheFolder = path.join(folder, 'cache', randomBytes(4).toString('hex'));
    fs.truncateSync(path.join(MODEL, 'model.safetensors'), SHARED_FROM);
    key = (await sharedEngine(facts(), script))?.key ?? '';
    fs.mkdirSync(runtime, { recursive: true, mode: 0o700 });
    place = sharedPlace(key, path.join(runtime, 'palimpsest'));
  });

  const facts = () => ({ model: MODEL, provider: 'cpu', cacheFolder });
  const windows: EngineClient[] = [];
  afterEach(async () => {
    await Promise.all(windows.splice(0).map((client) => client.stop()));
  });

  const launch = (...args: readonly string[]) => ({
    node: process.execPath,
    script,
    args: ['--share', JSON.stringify(facts()), ...args],
    env: { ...process.env, XDG_RUNTIME_DIR: runtime },
    cacheFolder,
  });

  async function window(...args: readonly string[]): Promise<EngineClient> {
    const client = await EngineClient.start(launch(...args));
    windows.push(client);
    await client.loadModel({ folder: MODEL });
    return client;
  }

  const ask = (client: EngineClient, text: string, signal?: AbortSignal) =>
    client.infill(
      { model: MODEL, priority: 'rewrite', text, spans: [{ start: 0, end: 1 }] },
      signal ? { signal } : {},
    );
  const hostPid = () => readRecord(place)?.pid ?? 0;
  const exitOf = (client: EngineClient) => new Promise<EngineExit>((resolve) => client.onExit(resolve));

  async function until(holds: () => boolean, what: string): Promise<void> {
    for (let i = 0; i < 200 && !holds(); i++) await sleep(50);
    assert.ok(holds(), what);
  }

  /** Stops the last window of it. Nothing is left then: no process, and no file but its log. */
  async function endsWith(last: () => unknown): Promise<void> {
    const record = readRecord(place);
    assert.ok(record && isAlive(record.pid) && fs.existsSync(record.socket));
    await last();
    await until(() => !isAlive(record.pid), 'the engine ends with its last window');
    const left = () => fs.readdirSync(place.folder).filter((name) => name.startsWith(key));
    // One that another window started, and was not needed, may be on its way out.
    await until(() => left().length === 1, 'nothing but its log');
    assert.deepEqual([left(), fs.existsSync(record.socket)], [[`${key}.log`], false]);
  }

  test('two windows have one; each is answered, and the last one ends it', async () => {
    const [a, b] = await Promise.all([window(), window()]);
    const pid = hostPid();
    assert.ok(isAlive(pid) && a.pid !== pid && b.pid !== pid && a.pid !== b.pid);
    const [ofA, ofB] = await Promise.all([ask(a, 'steps 3'), ask(b, 'steps 4')]);
    assert.deepEqual([ofA.candidates.length, ofB.candidates.length], [1, 1]);
    assert.equal((await a.status()).models.length, 1);
    const running = rejects(ask(a, 'forever'), 'cancelled');
    await a.stop();
    await running;
    assert.equal((await ask(b, 'steps 2')).candidates.length, 1);
    assert.equal(hostPid(), pid);
    await endsWith(() => b.stop());
  });

  test('says what a window takes besides: about what the relay has', {
    skip: process.platform === 'linux' ? false : 'no /proc',
  }, async () => {
    const client = await window();
    const { memory } = await client.loadModel({ folder: MODEL });
    const [, resident = '0'] =
      /^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${client.pid}/status`, 'utf8')) ?? [];
    const relay = memory?.relay ?? 0;
    assert.ok(
      relay > 0.75 * 1024 * Number(resident) && relay < 1.5 * 1024 * Number(resident),
      `${relay}, ${resident} kB`,
    );
    await endsWith(() => client.stop());
  });

  test('a window that is killed takes nothing from the other', async () => {
    const [a, b] = [await window(), await window()];
    const running = rejects(ask(a, 'forever'), 'engine-exited');
    await until(() => isAlive(a.pid), 'its relay runs');
    process.kill(a.pid, 'SIGKILL');
    await running;
    // What it had asked for is no longer computed.
    assert.equal((await ask(b, 'steps 2')).candidates.length, 1);
    assert.equal((await b.status()).running, 0);
    await endsWith(() => process.kill(b.pid, 'SIGKILL'));
  });

  test('an engine that is at a long step when its windows are killed does not outlive them', async () => {
    const a = await window();
    const pid = hostPid();
    const isBlocked = blocked(a);
    const running = rejects(ask(a, 'block 60000'), 'engine-exited');
    await isBlocked;
    process.kill(a.pid, 'SIGKILL');
    await running;
    await until(() => !isAlive(pid), 'it is gone');
    // What it has left is in nobody's way, and the next engine clears it away, whichever it is.
    fs.truncateSync(path.join(MODEL, 'model.safetensors'), SHARED_FROM + 1);
    const record = path.basename(place.record);
    assert.ok(fs.existsSync(place.record));
    await window();
    assert.ok(!fs.readdirSync(place.folder).includes(record));
  });

  test('an engine that crashes is a crash in every window, with its last words, and the next window starts another', async () => {
    const [a, b] = [await window(), await window()];
    const pid = hostPid();
    const exits = [exitOf(a), exitOf(b)];
    assert.match((await rejects(ask(a, 'crash'), 'engine-exited')).message, /terminated unexpectedly/);
    for (const exit of await Promise.all(exits)) assert.equal(exit.expected, false);
    const c = await window();
    assert.notEqual(hostPid(), pid);
    await ask(c, 'steps 1');
    await endsWith(() => c.stop());
  });

  test('its log reaches each window', async () => {
    const [a, b] = [await window(), await window()];
    const heard: string[][] = [[], []];
    for (const [i, client] of [a, b].entries()) client.onLog(({ message }) => heard[i]?.push(message));
    await ask(a, 'print');
    await until(() => heard.every((lines) => lines.length > 0), 'both have heard it');
    await Promise.all([a.stop(), b.stop()]);
  });

  test('a window that comes while the engine loads for another one waits as long as that may take', async () => {
    const a = await window();
    const pid = hostPid();
    const isBlocked = blocked(a);
    const loading = ask(a, 'block 9000');
    await isBlocked;
    // Of a session that is made, the engine answers as little as of this pass.
    const b = await EngineClient.start({ ...launch(), startMillis: 6000 });
    windows.push(b);
    assert.equal((await loading).candidates.length, 1);
    assert.equal(hostPid(), pid);
    await b.stop();
    await endsWith(() => a.stop());
  });

  test('an engine that does not answer is replaced where that is asked for', async () => {
    const a = await window();
    const pid = hostPid();
    const isBlocked = blocked(a);
    const hung = rejects(ask(a, 'block 60000'), 'engine-exited');
    await isBlocked;
    const b = await window('--replace');
    await hung;
    assert.ok(!isAlive(pid));
    await ask(b, 'steps 1');
    await b.stop();
    await a.stop();
  });

  test('who does not know the secret is not let in, and is no trouble', async () => {
    const a = await window();
    const record = readRecord(place);
    assert.ok(record);
    const stranger = async (words: (socket: net.Socket) => unknown) => {
      const socket = net.connect(record.socket);
      socket.on('error', () => undefined);
      await words(socket);
      return new Promise<void>((resolve) => {
        socket.on('close', () => resolve());
        socket.resume();
      });
    };
    await assert.rejects(knock(net.connect(record.socket), 'f'.repeat(64), 2000));
    await Promise.all([
      stranger((socket) =>
        socket.write('Content-Length: 40\r\n\r\n{"jsonrpc":"2.0","id":1,"method":"status"}'),
      ),
      stranger((socket) => socket.write('{"nonce":"1"}\n{"proof":"00","pid":1}\n')),
      stranger((socket) => socket.write(randomBytes(100_000))),
    ]);
    assert.equal((await ask(a, 'steps 1')).candidates.length, 1);
    await a.stop();
  });

  test('files of an engine that was killed are in nobody’s way', async () => {
    const a = await window();
    const killed = hostPid();
    process.kill(-killed, 'SIGKILL');
    await rejects(ask(a, 'steps 1'), 'engine-exited');
    assert.equal(readRecord(place)?.pid, killed);
    const b = await window();
    assert.notEqual(hostPid(), killed);
    await endsWith(() => b.stop());
  });

  test('with a small model, the window has one of its own', async () => {
    fs.truncateSync(path.join(MODEL, 'model.safetensors'), SHARED_FROM - 1);
    const a = await window();
    assert.equal((await ask(a, 'steps 1')).candidates.length, 1);
    assert.equal(readRecord(place), undefined);
  });

  test('where no engine can be shared, the window has one of its own', async () => {
    fs.chmodSync(place.folder, 0o777);
    try {
      const a = await window();
      assert.equal((await ask(a, 'steps 1')).candidates.length, 1);
      assert.equal(readRecord(place), undefined);
      await a.stop();
    } finally {
      fs.chmodSync(place.folder, 0o700);
    }
  });
});

describe('the place of a shared engine', () => {
  test('one process has it, until it is released or dead', () => {
    const place = sharedPlace('0123456789abcdef', path.join(folder, 'place'));
    assert.equal(claim(place), true);
    assert.equal(claim(place, process.ppid), false);
    release(place);
    const dead = 2 ** 22 - 3;
    assert.equal(claim(place, dead), true);
    assert.equal(claim(place), true);
    release(place);
    assert.deepEqual(fs.readdirSync(place.folder), []);
  });

  test('a folder of somebody else, or one that others can write to, is refused', () => {
    const open = path.join(folder, 'open');
    fs.mkdirSync(open);
    fs.chmodSync(open, 0o777);
    assert.throws(() => sharedPlace('0123456789abcdef', open), /palimpsest\.engine\.shared/);
    const link = path.join(folder, 'link');
    fs.symlinkSync(folder, link);
    assert.throws(() => sharedPlace('0123456789abcdef', link), /belongs to somebody else/);
  });
});
