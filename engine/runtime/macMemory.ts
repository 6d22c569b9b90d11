// What macOS would give a process without swapping. Node.js counts only pages that nobody ever used: the system keeps few of those,
// and gives others at once. The kernel itself says how much of its memory is free in that sense, as `memory_pressure` prints it.
import { spawnSync } from 'node:child_process';
import os from 'node:os';

/** Of all memory, what one process may have where the kernel says nothing, and at most. */
const SHARE_OF_TOTAL = 0.75;
const TOOL_MILLIS = 1000;
/** Milliseconds for which an answer counts: it is asked for before each large pass. */
const FRESH = 1000;

let known: { readonly at: number; readonly bytes: number } | undefined;

/** Bytes. Asks the system once a second at most. */
export function macAvailableMemory(): number {
  const now = performance.now();
  if (known === undefined || now - known.at > FRESH)
    known = { at: now, bytes: availableOf(os.totalmem(), level()) };
  return known.bytes;
}

/** `level`: percent of memory that is free, as `sysctl` prints it; anything else: it is not known. */
export function availableOf(total: number, level: string | undefined): number {
  const percent = /^\s*(\d{1,3})\s*$/.exec(level ?? '')?.[1];
  const share = percent === undefined ? 1 : Number(percent) / 100;
  return total * Math.min(SHARE_OF_TOTAL, share);
}

function level(): string | undefined {
  const { status, stdout } = spawnSync('/usr/sbin/sysctl', ['-n', 'kern.memorystatus_level'], {
    ...{ cwd: '/', env: {}, shell: false, encoding: 'utf8', timeout: TOOL_MILLIS },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status === 0 ? stdout : undefined;
}
