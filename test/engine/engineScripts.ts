// Real engine processes for tests: a scripted engine, a parent of one, and the engine itself, bundled as they are shipped.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { METHODS, PROTOCOL_VERSION } from '../../engine/protocol';
import { EngineClient, type EngineClientOptions } from '../../engine/rpc/engineClient';
import { bundle, isAlive } from './processes';

export const root = path.join(__dirname, '..', '..');
/** A folder that the scripted engine takes for a model. */
export const A = '/models/a';
/** Waiting ends some day; no test is about how long it takes. */
const LIMIT_MILLIS = 60_000;
export const onLinux = process.platform === 'linux';

// Inside node_modules, so that the bundle of the real engine finds its native runtime.
export const folder = path.join(root, 'node_modules', '.cache', `process-test-${process.pid}`);
export const scripts = {
  engine: path.join(folder, 'scriptedEngine.js'),
  parent: path.join(folder, 'scriptedParent.js'),
  real: path.join(folder, 'main.js'),
};
/** Ended after the tests. */
const children: ChildProcess[] = [];

/** Builds the scripts before the tests of this file and ends what is left of them after. */
export function useScripts(): void {
  before(async () => {
    await bundle(
      {
        scriptedEngine: 'test/unit/process/scriptedEngine.ts',
        scriptedParent: 'test/unit/process/scriptedParent.ts',
        main: 'engine/process/main.ts',
        template: 'engine/checkpoint/templateMain.ts',
      },
      folder,
    );
  });

  after(() => {
    for (const child of children) child.kill('SIGKILL');
    fs.rmSync(folder, { recursive: true, force: true });
  });
}

export function start(options: Partial<EngineClientOptions> = {}): Promise<EngineClient> {
  return EngineClient.start({
    node: process.execPath,
    script: scripts.engine,
    cacheFolder: path.join(os.tmpdir(), 'palimpsest-process-test'),
    ...options,
  });
}

/** An engine with a loaded model; stopped when `use` is over, whatever it does. */
export async function withEngine(
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

export function infill(
  client: EngineClient,
  text: string,
  context: Parameters<EngineClient['infill']>[1] = {},
) {
  return client.infill({ model: A, priority: 'rewrite', text, spans: [{ start: 0, end: 0 }] }, context);
}

export function script(name: string, source: string): string {
  const file = path.join(folder, `${name}.js`);
  fs.writeFileSync(file, source);
  return file;
}

export async function gone(pid: number): Promise<void> {
  const limit = performance.now() + LIMIT_MILLIS;
  while (isAlive(pid) && performance.now() < limit) await sleep(20);
  assert.ok(!isAlive(pid), `process ${pid} is still there after ${LIMIT_MILLIS / 1000} s`);
}

export function frame(message: object): string {
  const text = JSON.stringify({ jsonrpc: '2.0', ...message });
  return `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

export function initialise(parentPid: number): string {
  const params = { protocolVersion: PROTOCOL_VERSION, parentPid, cacheFolder: os.tmpdir() };
  return frame({ id: 1, method: METHODS.initialise, params });
}

/** An engine without a client: its raw streams. */
export function spawnRaw(args: readonly string[]): {
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

export async function printed(output: () => string, pattern: RegExp): Promise<string> {
  const limit = performance.now() + LIMIT_MILLIS;
  while (!pattern.test(output()) && performance.now() < limit) await sleep(10);
  assert.match(output(), pattern);
  return output();
}
