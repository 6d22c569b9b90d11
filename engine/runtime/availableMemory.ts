// How much memory this process may still take, and the sentences for what does not fit: said before the machine swaps or the
// process is killed.
import fs from 'node:fs';
import os from 'node:os';
import { EngineError } from '../errors';
import type { Precision } from '../graph/types';
import { cgroupAvailableMemory } from './cgroupMemory';
import { macAvailableMemory } from './macMemory';

/** More bytes than the runtime holds already, from which on their room is looked at: what is available changes by as much by itself. */
export const LOOKED_AFTER = 2 ** 27;
/** Left to the editor and everything else. */
const SHARE_OF_FREE = 0.95;

/** Of the machine's memory that a model may take; the rest is for the editor, the browser and the system. */
export const MODEL_SHARE = 0.75;

/** Bytes: the least of what is free, what the container leaves, and what the process's own limits leave. */
export function availableMemory(): number {
  if (process.platform === 'darwin') return macAvailableMemory();
  if (process.platform !== 'linux') return SHARE_OF_FREE * os.freemem();
  // Node's own figure for containers takes cached files for used.
  const free = Math.min(os.freemem(), cgroupAvailableMemory() ?? Number.POSITIVE_INFINITY);
  return Math.max(0, Math.min(SHARE_OF_FREE * free, ...ownLimits()));
}

/** Bytes of the machine's memory, or of what a container may have. */
export function machineMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < os.totalmem() ? limit : os.totalmem();
}

/** What `ulimit` leaves of address space and of data. */
function ownLimits(): number[] {
  try {
    const limits = fs.readFileSync('/proc/self/limits', 'utf8');
    const status = fs.readFileSync('/proc/self/status', 'utf8');
    return (
      [
        ['Max address space', 'VmSize'],
        ['Max data size', 'VmData'],
      ] as const
    ).flatMap(([name, used]) => {
      const limit = new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(limits)?.[1];
      const taken = new RegExp(`^${used}:\\s*(\\d+) kB`, 'm').exec(status)?.[1];
      return limit === undefined || taken === undefined ? [] : [Number(limit) - 1024 * Number(taken)];
    });
  } catch {
    return [];
  }
}

/**
 * `smallest`: the precision that takes least, where it is the one that does not fit either.
 * @throws EngineError `out-of-memory` where a model cannot be loaded: before it is tried
 */
export function checkFits(name: string, bytes: number, available: number, smallest?: Precision): void {
  if (bytes <= available) return;
  const even = smallest === undefined ? '' : ` even in ${smallest}`;
  const lower = smallest === undefined ? 'a lower precision (q4 needs the least) or ' : '';
  throw new EngineError(
    'out-of-memory',
    `${name} needs about ${gigabytes(bytes)} of memory${even}, and ${gigabytes(available)} are available. Close other programs, or choose ${lower}a smaller model.`,
    { needed: Math.round(bytes), available: Math.round(available) },
  );
}

/** @throws EngineError `out-of-memory` where a pass of a request cannot be computed */
export function checkPassFits(
  bytes: number,
  available = availableMemory(),
  what: 'memory' | 'GPU memory' = 'memory',
): void {
  if (bytes > available) throw tooLarge(bytes, available, what);
}

/** Of a request. `fitting`: how much of what is selected would fit. */
export function tooLarge(
  bytes: number,
  available: number,
  what: 'memory' | 'GPU memory' = 'memory',
  fitting?: { readonly lines: number; readonly mostLines: number },
): EngineError {
  const fit = fitting === undefined ? '' : `About ${fitting.mostLines} of the ${fitting.lines} lines fit. `;
  return new EngineError(
    'out-of-memory',
    `This request needs about ${gigabytes(bytes)} more ${what}, and ${gigabytes(available)} are available. ${fit}Close other programs, select fewer lines, or choose a smaller model.`,
    {
      ...{ needed: Math.round(bytes), available: Math.round(available) },
      ...(fitting === undefined ? {} : { mostLines: fitting.mostLines }),
    },
  );
}

/** For people: "1.4 GB", as task managers show it. */
export function gigabytes(bytes: number): string {
  return bytes < 1e8 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
