// What the control groups of Linux leave to this process: a container's limit, or a service's.
import fs from 'node:fs';
import path from 'node:path';

const ROOT = '/sys/fs/cgroup';
/** Bytes: a limit of no more than address space is none. */
const UNLIMITED = 2 ** 60;

/** The files of one version: of limits, of what is used, and the fields of `memory.stat` that are cached files. */
interface Version {
  readonly root: string;
  readonly limits: readonly string[];
  readonly used: string;
  readonly cached: readonly string[];
}

const FIRST: Version = {
  root: path.posix.join(ROOT, 'memory'),
  limits: ['memory.limit_in_bytes'],
  used: 'memory.usage_in_bytes',
  cached: ['total_active_file', 'total_inactive_file'],
};
const SECOND: Version = {
  root: ROOT,
  limits: ['memory.max', 'memory.high'],
  used: 'memory.current',
  cached: ['active_file', 'inactive_file'],
};

/**
 * Bytes; undefined where no group has a limit. Cached files count as free, as they do for the whole machine: the kernel drops them before anything
 * else, and a model that was just downloaded fills what a container may have with them. `read`: a file's text; undefined where it cannot be read.
 */
export function cgroupAvailableMemory(read = readText): number | undefined {
  const found = (read('/proc/self/cgroup') ?? '').split('\n').flatMap((line) => {
    const [, , controllers, place = '/'] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined) return [];
    if (controllers === '') return leftIn(SECOND, place, read);
    return controllers.split(',').includes('memory') ? leftIn(FIRST, place, read) : [];
  });
  return found.length === 0 ? undefined : Math.min(...found);
}

/** Of a group, and of all that it is in. In a container, its place is often told as the machine sees it, and is not there: the root is its own. */
function leftIn(version: Version, place: string, read: typeof readText): number[] {
  const parts = place.split('/').filter((part) => part !== '' && part !== '..');
  return Array.from({ length: parts.length + 1 }, (_, depth) =>
    path.posix.join(version.root, ...parts.slice(0, depth)),
  ).flatMap((folder) => {
    const number = (file: string) => Number.parseInt(read(path.posix.join(folder, file)) ?? '', 10);
    const limit = Math.min(...version.limits.map(number).filter((bytes) => bytes < UNLIMITED));
    const used = number(version.used);
    if (!Number.isFinite(limit) || Number.isNaN(used)) return [];
    const stat = read(path.posix.join(folder, 'memory.stat')) ?? '';
    const cached = version.cached.map((field) =>
      Number(new RegExp(`^${field} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0),
    );
    return [Math.max(0, limit - used + cached.reduce((sum, bytes) => sum + bytes, 0))];
  });
}

function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
