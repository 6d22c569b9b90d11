// The training's own commands, in the Python that `npm test` has set up.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';

export function runPython(module: string, ...options: readonly string[]): void {
  const python = process.env['PALIMPSEST_TRAINING_PYTHON'];
  assert.ok(python, 'Run this through `npm test -- training`, which sets Python up.');
  const cwd = path.resolve(__dirname, '..', '..');
  const { status, stderr } = spawnSync(python, ['-m', module, ...options], { cwd, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}
