// Decides which requests have the device, and which gives way. No promises, no clocks, no I/O: every rule is testable alone.
import type { Priority } from '../protocol';

/*
 * The rules
 *  - As many jobs run at a time as there are `places`: one, unless their forward passes can be joined (runtime/jointForward.ts).
 *  - rewrite before ghost before background; first come, first served within a priority.
 *  - Newest wins: a job supersedes older ones of the same client, document *and* priority, queued or running.
 *  - A rewrite that arrives stops a running ghost job of the same client (`superseded`): a person waits for the one, not for
 *    the other. Not where clients are not told apart (`stopsGhosts`).
 *  - A background job gives way to whatever ranks higher and has no place: it is stopped and starts again later, at most `yields`
 *    times.
 *  - Background does not starve: when `passes` other jobs have gone before a waiting one, it is next.
 *  - At most `capacity` jobs wait (one that gave way counts). When full, an arriving job takes the place of the newest
 *    waiting job of the lowest priority below its own; if there is none, it is refused itself.
 */

export interface Job {
  /** Unique among all jobs ever submitted to a schedule. */
  readonly id: number;
  readonly priority: Priority;
  readonly document?: string | undefined;
  /** Who asks, where several do: nobody's job is superseded by another's. */
  readonly client?: string | undefined;
}

export type Refusal = 'superseded' | 'cancelled' | 'queue-full';

export type Decision =
  /** The job has a place on the device from now on, until `finished`. */
  | { readonly kind: 'start'; readonly id: number }
  /** A job that does not run gets this answer and is forgotten. */
  | { readonly kind: 'refuse'; readonly id: number; readonly code: Refusal; readonly by?: number }
  /** The running job gets this answer now and is aborted; it keeps its place until `finished`. */
  | { readonly kind: 'stop'; readonly id: number; readonly code: Refusal; readonly by?: number }
  /** The running job is aborted without an answer: it goes back to the queue when it has `finished`. */
  | { readonly kind: 'give-way'; readonly id: number };

export interface ScheduleLimits {
  /** Jobs that run at a time. Default: 1 */
  readonly places?: number;
  /** Whether a rewrite stops ghost text of its client. Default: it does. */
  readonly stopsGhosts?: boolean;
  readonly capacity: number;
  readonly passes: number;
  readonly yields: number;
}
export const SCHEDULE_LIMITS: ScheduleLimits = { capacity: 32, passes: 8, yields: 3 };

/** A job on the device. */
interface Place {
  readonly entry: Entry;
  state: 'working' | 'stopping' | 'giving-way';
}

interface Entry {
  readonly job: Job;
  readonly rank: number;
  /** Ascends with arrival. */
  readonly arrival: number;
  yields: number;
}

const RANKS: Readonly<Record<Priority, number>> = { rewrite: 0, ghost: 1, background: 2 };

export class Schedule {
  /** In the order in which they run, but for the starvation rule. */
  private readonly queue: Entry[] = [];
  private device: readonly Place[] = [];
  private arrivals = 0;
  private passed = 0;
  private places: number;

  constructor(private readonly limits: ScheduleLimits = SCHEDULE_LIMITS) {
    this.places = limits.places ?? 1;
  }

  /** Jobs that wait, incl. those that are giving way. */
  get queued(): number {
    return this.queue.length + this.device.filter(({ state }) => state === 'giving-way').length;
  }

  /** The jobs that have the device, whether or not they were answered already. */
  get occupants(): readonly number[] {
    return this.device.map(({ entry }) => entry.job.id);
  }

  /** So many run at a time from now on; what runs already stays. */
  allow(places: number): Decision[] {
    this.places = places;
    return this.next();
  }

  submit(job: Job): Decision[] {
    const decisions: Decision[] = [];
    const entry: Entry = { job, rank: RANKS[job.priority], arrival: this.arrivals++, yields: 0 };

    for (const older of this.queue.filter((waiting) => supersedes(job, waiting.job))) {
      this.remove(older);
      decisions.push({ kind: 'refuse', id: older.job.id, code: 'superseded', by: job.id });
    }
    const isFull = this.device.length >= this.places;
    const replaced = this.device.find(
      ({ entry, state }) => state !== 'stopping' && supersedes(job, entry.job),
    );
    // A job that was giving way and is superseded leaves the queue as well.
    const freed = replaced?.state === 'giving-way' ? 1 : 0;
    if (isFull && this.queued - freed >= this.limits.capacity) {
      const evicted = this.lowestBelow(entry.rank);
      if (evicted === undefined) {
        decisions.push({ kind: 'refuse', id: job.id, code: 'queue-full' });
        return decisions;
      }
      this.remove(evicted);
      decisions.push({ kind: 'refuse', id: evicted.job.id, code: 'queue-full', by: job.id });
    }
    this.insert(entry);
    const stopped = [...(replaced === undefined ? [] : [replaced]), ...this.ghostsBefore(job)];
    decisions.push(...stopped.map((place) => stop(place, 'superseded', job.id)));
    const leaving = isFull ? this.yielding(entry) : undefined;
    if (leaving !== undefined) {
      leaving.entry.yields++;
      leaving.state = 'giving-way';
      decisions.push({ kind: 'give-way', id: leaving.entry.job.id });
    }
    decisions.push(...this.next());
    return decisions;
  }

  /** Does nothing for a job that is unknown, finished or answered. */
  cancel(id: number): Decision[] {
    const place = this.placeOf(id);
    if (place !== undefined) return place.state === 'stopping' ? [] : [stop(place, 'cancelled')];
    const waiting = this.queue.find((entry) => entry.job.id === id);
    if (waiting === undefined) return [];
    this.remove(waiting);
    return [{ kind: 'refuse', id, code: 'cancelled' }];
  }

  /** The job has left the device; `unfinished`: it gave way before it had an answer. */
  finished(id: number, unfinished: boolean): Decision[] {
    const left = this.placeOf(id);
    if (left === undefined) return [];
    this.device = this.device.filter((place) => place !== left);
    if (unfinished && left.state === 'giving-way') this.insert(left.entry);
    return this.next();
  }

  private placeOf(id: number): Place | undefined {
    return this.device.find(({ entry }) => entry.job.id === id);
  }

  /** What waits takes the places that are free. */
  private next(): Decision[] {
    const decisions: Decision[] = [];
    while (this.device.length < this.places) {
      const chosen = this.chosen();
      if (chosen === undefined) break;
      this.remove(chosen);
      this.device = [...this.device, { entry: chosen, state: 'working' }];
      decisions.push({ kind: 'start', id: chosen.job.id });
    }
    return decisions;
  }

  private chosen(): Entry | undefined {
    const first = this.queue[0];
    const background = this.queue.find((entry) => entry.job.priority === 'background');
    const chosen =
      background !== undefined && this.passed >= this.limits.passes ? background : (first ?? background);
    if (chosen === undefined) return undefined;
    if (chosen.job.priority === 'background' || background === undefined) this.passed = 0;
    else this.passed++;
    return chosen;
  }

  /** Ghost text of the same client that runs while a rewrite arrives. */
  private ghostsBefore({ priority, client }: Job): readonly Place[] {
    if (priority !== 'rewrite' || this.limits.stopsGhosts === false) return [];
    return this.device.filter(
      ({ entry: { job }, state }) => state === 'working' && job.priority === 'ghost' && job.client === client,
    );
  }

  /** The newest background job that may give its place to the one that arrived, where no place is on its way to it. */
  private yielding({ rank }: Entry): Place | undefined {
    if (this.queued + 1 > this.limits.capacity) return undefined;
    const onTheirWay = this.device.filter(({ state }) => state !== 'working').length;
    const before = this.queue.filter((entry) => entry.rank <= rank).length;
    if (onTheirWay >= before) return undefined;
    return this.device.findLast(
      ({ entry, state }) =>
        state === 'working' &&
        entry.job.priority === 'background' &&
        rank < entry.rank &&
        entry.yields < this.limits.yields,
    );
  }

  private lowestBelow(rank: number): Entry | undefined {
    const last = this.queue.reduce<Entry | undefined>(
      (lowest, entry) =>
        lowest === undefined ||
        entry.rank > lowest.rank ||
        (entry.rank === lowest.rank && entry.arrival > lowest.arrival)
          ? entry
          : lowest,
      undefined,
    );
    return last !== undefined && last.rank > rank ? last : undefined;
  }

  private insert(entry: Entry): void {
    const place = this.queue.findIndex(
      (waiting) =>
        waiting.rank > entry.rank || (waiting.rank === entry.rank && waiting.arrival > entry.arrival),
    );
    this.queue.splice(place === -1 ? this.queue.length : place, 0, entry);
  }

  private remove(entry: Entry): void {
    this.queue.splice(this.queue.indexOf(entry), 1);
  }
}

function stop(place: Place, code: Refusal, by?: number): Decision {
  place.state = 'stopping';
  const { id } = place.entry.job;
  return by === undefined ? { kind: 'stop', id, code } : { kind: 'stop', id, code, by };
}

function supersedes(newer: Job, older: Job): boolean {
  return (
    newer.document !== undefined &&
    newer.document === older.document &&
    newer.client === older.client &&
    newer.priority === older.priority
  );
}
