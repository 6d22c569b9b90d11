// What the tests of real engine processes ask of them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import esbuild, { type BuildOptions } from 'esbuild';
import { EngineError, type ErrorCode } from '../../engine/errors';
import type { EngineClient } from '../../engine/rpc/engineClient';
import { BLOCKED } from '../unit/process/scriptedModel';

const { common }: { common: BuildOptions } = require('../../esbuild.js');

const root = path.join(__dirname, '..', '..');

/** Bundles sources, given by their paths in the project, as the engine is shipped: `names` are those of the scripts in `folder`. */
export async function bundle(names: Readonly<Record<string, string>>, folder: string): Promise<void> {
  await esbuild.build({
    entryPoints: Object.fromEntries(
      Object.entries(names).map(([name, file]) => [name, path.join(root, file)]),
    ),
    outdir: folder,
    ...common,
    external: ['onnxruntime-node'],
    logLevel: 'error',
  });
}

export async function rejects(promise: Promise<unknown>, code: ErrorCode): Promise<EngineError> {
  const error = await promise.then(
    () => assert.fail(`expected ${code}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof EngineError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

/** Resolves when a pass has taken the event loop of a scripted engine; to be asked before the request. */
export function blocked(client: EngineClient): Promise<void> {
  return new Promise((resolve) => {
    client.onLog(({ message }) => message === BLOCKED && resolve());
  });
}

/** One that is dead, and only waiting for whoever adopted it to notice, is gone. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return (
      process.platform !== 'linux' || !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))
    );
  } catch {
    return false;
  }
}
