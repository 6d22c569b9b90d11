// What of a workspace goes into the memory where not everything does: the nearest files first, and of those as near the
// newest. Pure.
import { LARGEST_FILE, type Skip } from './contents';

export interface Measured {
  readonly path: string;
  /** Of Ranking: lower is nearer. */
  readonly rank: number;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

export interface ChoiceLimits {
  readonly files: number;
  /** Bytes of all. */
  readonly bytes: number;
}
export const CHOICE_LIMITS: ChoiceLimits = { files: 5000, bytes: 20_000_000 };
/** Files whose size is asked for: more than are chosen, for those that are too large. */
const MOST_MEASURED = 6000;

const DAY = 86_400_000;
/** What was changed within so many days moves up by so many steps. */
const FRESH: readonly (readonly [number, number])[] = [
  [1, 3],
  [7, 2],
  [30, 1],
];

export interface Choice {
  /** In the order in which they are read. */
  readonly files: readonly Measured[];
  readonly skipped: ReadonlyMap<string, Skip>;
  /** Files for which there was no room. */
  readonly left: number;
}

/** The nearest of many paths, which may be added a few at a time. */
export class Nearest {
  private readonly byRank = new Map<number, string[]>();

  add(path: string, rank: number): void {
    const own = this.byRank.get(rank);
    if (own === undefined) this.byRank.set(rank, [path]);
    else own.push(path);
  }

  /** Nearest first, in the order in which they came where they are as near. */
  take(most = MOST_MEASURED): readonly string[] {
    const ranks = [...this.byRank.keys()].sort((a, b) => a - b);
    return ranks.flatMap((rank) => this.byRank.get(rank) ?? []).slice(0, most);
  }
}

export function choose(files: readonly Measured[], now: number, limits = CHOICE_LIMITS): Choice {
  const skipped = new Map<string, Skip>();
  const ranked = files
    .map((file) => ({ ...file, rank: Math.max(Math.min(file.rank, 2), file.rank - freshness(file, now)) }))
    .sort((a, b) => a.rank - b.rank || b.modified - a.modified || (a.path < b.path ? -1 : 1));
  const chosen: Measured[] = [];
  let room = limits.bytes;
  let left = 0;
  for (const file of ranked) {
    if (file.size > LARGEST_FILE) skipped.set(file.path, 'large');
    else if (chosen.length >= limits.files || file.size > room) left++;
    else {
      chosen.push(file);
      room -= file.size;
    }
  }
  return { files: chosen, skipped, left };
}

function freshness({ modified }: Measured, now: number): number {
  return FRESH.find(([days]) => now - modified < days * DAY)?.[1] ?? 0;
}
