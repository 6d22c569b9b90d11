// An engine whose editor was killed must not stay behind. The closed standard input tells it in most cases; this
// covers the rest (the pipe's other end inherited by a third process).

import { Worker } from 'node:worker_threads';
import { isAlive } from '../living';

/** Milliseconds between two looks. Well below the grace of a guard: it kills what does not end by itself, and only that. */
const PARENT_POLL = 1000;

/** Calls `onGone` once when process `pid` is gone. The timer keeps nothing alive. Returns what stops it. */
export function watchParent(pid: number, onGone: () => void, every = PARENT_POLL): () => void {
  // A killed parent that nobody waits for is still there as a zombie; but its children have got another parent.
  const isOurParent = process.ppid === pid;
  const timer = setInterval(() => {
    if (isAlive(pid) && (!isOurParent || process.ppid === pid)) return;
    clearInterval(timer);
    onGone();
  }, every);
  timer.unref();
  return () => clearInterval(timer);
}

/**
 * The same from a thread of its own: a native call can hold the event loop for longer than an orphan may live. Leaves the
 * process `grace` milliseconds to end by itself, then kills it and its group.
 */
export function guardParent(pid: number, every = 1000, grace = 4000): void {
  guardOf({ every, grace, parent: pid });
}

/** Processes that keep this one alive. */
export interface Guard {
  add(pid: number): void;
  /** It ended as it should: what is left of the others decides. */
  remove(pid: number): void;
}

/** For a process that several keep alive: the same, `grace` milliseconds after the last of them is gone. */
export function guardAny(every = 1000, grace = 5000): Guard {
  const guard = guardOf({ every, grace });
  return {
    add: (pid) => guard.postMessage({ add: pid }),
    remove: (pid) => guard.postMessage({ remove: pid }),
  };
}

/** `parent`: the only process that counts. */
interface GuardData {
  readonly every: number;
  readonly grace: number;
  readonly parent?: number;
}

function guardOf(data: GuardData): Worker {
  const guard = new Worker(`(${guardThread.toString()})()`, {
    eval: true,
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
    stdout: true,
    stderr: true,
  });
  // Without it there is still the watch above.
  guard.on('error', () => undefined);
  guard.unref();
  return guard;
}

/** Runs as text in another thread: it sees nothing of this file. */
function guardThread(): void {
  const { workerData, parentPort } = require('node:worker_threads') as typeof import('node:worker_threads');
  const { every, grace, parent } = workerData as GuardData;
  const known = parent === undefined ? [] : [parent];
  const isOurParent = process.ppid === parent;
  parentPort?.on('message', ({ add, remove }: { readonly add?: number; readonly remove?: number }) => {
    if (add !== undefined) known.push(add);
    else if (remove !== undefined && known.includes(remove)) known.splice(known.indexOf(remove), 1);
  });
  const isThere = (pid: number) => {
    // As above: a zombie's children have got another parent.
    if (isOurParent && process.ppid !== pid) return false;
    try {
      process.kill(pid, 0);
      return true;
    } catch (error) {
      return (error as { code?: string }).code === 'EPERM';
    }
  };
  let misses = 0;
  let hadAny = false;
  setInterval(() => {
    hadAny ||= known.length > 0;
    if (!hadAny || known.some(isThere)) {
      misses = 0;
      return;
    }
    if (misses++ * every < grace) return;
    try {
      process.kill(-process.pid, 'SIGKILL');
    } catch {
      process.kill(process.pid, 'SIGKILL');
    }
  }, every);
}
