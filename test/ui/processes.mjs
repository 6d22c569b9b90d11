// Processes as the system lists them, and waiting for what they do.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

const LIMIT_MILLIS = 60_000;

export function processes() {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((found) => found !== null && !found[3].startsWith('Z'))
    .map(([, pid, parent, , args]) => ({ pid: Number(pid), parent: Number(parent), args }));
}

export async function until(look, what, millis = LIMIT_MILLIS) {
  for (const start = Date.now(); Date.now() - start < millis; ) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return assert.fail(`Not seen within ${millis / 1000} s: ${what}.`);
}
