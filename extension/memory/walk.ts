// Finds the files of a workspace, nearest first, and stops when it has seen enough: a workspace of a hundred thousand files
// costs no more than one of ten thousand. Works in small rounds and rests between them. Knows nothing of vscode.

export interface Entry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link';
}

export interface WalkLimits {
  readonly folders: number;
  readonly files: number;
  /** Milliseconds in all; resting does not count. */
  readonly millis: number;
}

/** Twice as many files as are kept; the cost is in bench/results/memoryChoice.md. */
const WALK_LIMITS: WalkLimits = { folders: 5000, files: 10_000, millis: 10_000 };

export interface WalkOptions {
  /** Folders to begin with; empty for the top. */
  readonly roots: readonly string[];
  /** What lies in a folder; undefined where it cannot be read in time. Never rejects. */
  readonly list: (folder: string) => Promise<readonly Entry[] | undefined>;
  /** Which of the folders are not to be entered. */
  readonly closed: (folders: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Lower is nearer. */
  readonly distance: (folder: string) => number;
  readonly isWanted: (file: string) => boolean;
  /** Called between two rounds, gives others their turn; false: give up. */
  readonly rest: () => Promise<boolean>;
  readonly limits?: WalkLimits;
  readonly now?: () => number;
}

export interface Found {
  readonly files: readonly string[];
  readonly folders: number;
  /** Folders that could not be read. */
  readonly unread: number;
  /** Folders that were not entered: a tool's own, and closed ones. */
  readonly closed: number;
  /** Links, which are not followed: what they lead to is in the workspace by another name, or outside it. */
  readonly links: number;
  /** Why it ended: everything was seen, enough was, too much could not be read, the time was up, or nobody wants it any more. */
  readonly end: 'all' | 'limit' | 'unread' | 'time' | 'given-up';
}

/** Folders of one round: they are read side by side, and git is asked about their folders once. */
const ROUND = 32;
const SIDE_BY_SIDE = 8;
/** Folders whose reading failed before the rest is left: a drive that is gone fails every time. */
const MOST_UNREAD = 50;
/** Tools keep their own files in such folders. */
const OWN_FOLDERS = /^(\.|node_modules$|bower_components$|__pycache__$)/;

export async function walk(options: WalkOptions): Promise<Found> {
  const { limits = WALK_LIMITS, now = () => performance.now() } = options;
  const waiting = new Queue(options.distance);
  for (const root of options.roots) waiting.add(root);
  const files: string[] = [];
  let folders = 0;
  let [unread, closed, links] = [0, 0, 0];
  let worked = 0;
  const ended = (end: Found['end']): Found => ({ files, folders, unread, closed, links, end });
  for (let round = waiting.take(ROUND); round.length > 0; round = waiting.take(ROUND)) {
    if (!(await options.rest())) return ended('given-up');
    const started = now();
    const inner: string[] = [];
    for (const [folder, entries] of await listed(round, options.list)) {
      folders++;
      if (entries === undefined) {
        unread++;
        continue;
      }
      for (const { name, kind } of entries) {
        const path = folder === '' ? name : `${folder}/${name}`;
        if (kind === 'link') links++;
        else if (kind === 'folder') {
          if (OWN_FOLDERS.test(name)) closed++;
          else inner.push(path);
        } else if (files.length < limits.files && options.isWanted(path)) files.push(path);
      }
    }
    if (inner.length > 0) {
      const shut = await options.closed(inner);
      for (const folder of inner) if (!shut.has(folder)) waiting.add(folder);
      closed += shut.size;
    }
    worked += now() - started;
    if (unread >= MOST_UNREAD) return ended('unread');
    if (files.length >= limits.files || folders >= limits.folders) return ended('limit');
    if (worked >= limits.millis) return ended('time');
  }
  return ended('all');
}

async function listed(
  round: readonly string[],
  list: WalkOptions['list'],
): Promise<readonly (readonly [string, readonly Entry[] | undefined])[]> {
  const found: (readonly [string, readonly Entry[] | undefined])[] = [];
  for (let from = 0; from < round.length; from += SIDE_BY_SIDE) {
    const some = round.slice(from, from + SIDE_BY_SIDE);
    found.push(...(await Promise.all(some.map(async (folder) => [folder, await list(folder)] as const))));
  }
  return found;
}

/** Nearest first, and in the order in which they came where they are as near. */
class Queue {
  private readonly byDistance = new Map<number, string[]>();

  constructor(private readonly distance: (folder: string) => number) {}

  add(folder: string): void {
    const distance = this.distance(folder);
    const own = this.byDistance.get(distance);
    if (own === undefined) this.byDistance.set(distance, [folder]);
    else own.push(folder);
  }

  /** Of the nearest only: what they hold may be nearer than what is next. */
  take(most: number): readonly string[] {
    if (this.byDistance.size === 0) return [];
    const nearest = Math.min(...this.byDistance.keys());
    const own = this.byDistance.get(nearest) ?? [];
    const some = own.splice(0, most);
    if (own.length === 0) this.byDistance.delete(nearest);
    return some;
  }
}
