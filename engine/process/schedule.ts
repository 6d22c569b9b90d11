// Decides which request has the device, and which gives way. No promises, no clocks, no I/O: every rule is testable alone.
import type { Priority } from '../protocol';

/*
 * The rules
 *  - One job runs at a time: a forward pass blocks the process anyway.
 *  - rewrite before ghost before background; first come, first served within a priority.
 *  - Newest wins: a job supersedes older ones of the same client, document *and* priority, queued or running.
 *  - A rewrite that arrives stops a running ghost job of the same client (`superseded`): a person waits for the one, not for
 *    the other.
 *  - A background job gives way to whatever ranks higher: it is stopped and starts again later, at most `yields` times.
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
  /** The job has the device from now on, until `finished`. */
  | { readonly kind: 'start'; readonly id: number }
  /** A job that does not run gets this answer and is forgotten. */
  | { readonly kind: 'refuse'; readonly id: number; readonly code: Refusal; readonly by?: number }
  /** The running job gets this answer now and is aborted; it keeps the device until `finished`. */
  | { readonly kind: 'stop'; readonly id: number; readonly code: Refusal; readonly by?: number }
  /** The running job is aborted without an answer: it goes back to the queue when it has `finished`. */
  | { readonly kind: 'give-way'; readonly id: number };

export interface ScheduleLimits {
  readonly capacity: number;
  readonly passes: number;
  readonly yields: number;
}
export const SCHEDULE_LIMITS: ScheduleLimits = { capacity: 32, passes: 8, yields: 3 };

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
  private device: { readonly entry: Entry; state: 'working' | 'stopping' | 'giving-way' } | undefined;
  private arrivals = 0;
  private passed = 0;

  constructor(private readonly limits: ScheduleLimits = SCHEDULE_LIMITS) {}

  /** Jobs that wait, incl. one that is giving way. */
  get queued(): number {
    return this.queue.length + (this.device?.state === 'giving-way' ? 1 : 0);
  }

  /** The job that has the device, whether or not it was answered already. */
  get occupant(): number | undefined {
    return this.device?.entry.job.id;
  }

  submit(job: Job): Decision[] {
    const decisions: Decision[] = [];
    const entry: Entry = { job, rank: RANKS[job.priority], arrival: this.arrivals++, yields: 0 };

    for (const older of this.queue.filter((waiting) => supersedes(job, waiting.job))) {
      this.remove(older);
      decisions.push({ kind: 'refuse', id: older.job.id, code: 'superseded', by: job.id });
    }
    const onDevice = this.device;
    const replacesRunning =
      onDevice !== undefined && onDevice.state !== 'stopping' && supersedes(job, onDevice.entry.job);
    // A job that was giving way and is superseded leaves the queue as well.
    const freed = replacesRunning && onDevice.state === 'giving-way' ? 1 : 0;
    if (onDevice !== undefined && this.queued - freed >= this.limits.capacity) {
      const evicted = this.lowestBelow(entry.rank);
      if (evicted === undefined) {
        decisions.push({ kind: 'refuse', id: job.id, code: 'queue-full' });
        return decisions;
      }
      this.remove(evicted);
      decisions.push({ kind: 'refuse', id: evicted.job.id, code: 'queue-full', by: job.id });
    }
    this.insert(entry);

    if (onDevice !== undefined) {
      if (replacesRunning) {
        decisions.push(this.stop('superseded', job.id));
      } else if (onDevice.state === 'working') {
        const running = onDevice.entry;
        if (
          job.priority === 'rewrite' &&
          running.job.priority === 'ghost' &&
          job.client === running.job.client
        ) {
          decisions.push(this.stop('superseded', job.id));
        } else if (this.mustGiveWay(running, entry)) {
          running.yields++;
          onDevice.state = 'giving-way';
          decisions.push({ kind: 'give-way', id: running.job.id });
        }
      }
    }
    decisions.push(...this.next());
    return decisions;
  }

  /** Does nothing for a job that is unknown, finished or answered. */
  cancel(id: number): Decision[] {
    if (this.device?.entry.job.id === id) {
      return this.device.state === 'stopping' ? [] : [this.stop('cancelled')];
    }
    const waiting = this.queue.find((entry) => entry.job.id === id);
    if (waiting === undefined) return [];
    this.remove(waiting);
    return [{ kind: 'refuse', id, code: 'cancelled' }];
  }

  /** The job has left the device; `unfinished`: it gave way before it had an answer. */
  finished(id: number, unfinished: boolean): Decision[] {
    const left = this.device;
    if (left === undefined || left.entry.job.id !== id) return [];
    this.device = undefined;
    if (unfinished && left.state === 'giving-way') this.insert(left.entry);
    return this.next();
  }

  private next(): Decision[] {
    if (this.device !== undefined) return [];
    const first = this.queue[0];
    const background = this.queue.find((entry) => entry.job.priority === 'background');
    const chosen =
      background !== undefined && this.passed >= this.limits.passes ? background : (first ?? background);
    if (chosen === undefined) return [];
    if (chosen.job.priority === 'background' || background === undefined) this.passed = 0;
    else this.passed++;
    this.remove(chosen);
    this.device = { entry: chosen, state: 'working' };
    return [{ kind: 'start', id: chosen.job.id }];
  }

  private stop(code: Refusal, by?: number): Decision {
    if (this.device === undefined) throw new Error('Nothing is running.');
    this.device.state = 'stopping';
    const id = this.device.entry.job.id;
    return by === undefined ? { kind: 'stop', id, code } : { kind: 'stop', id, code, by };
  }

  private mustGiveWay(running: Entry, arrived: Entry): boolean {
    return (
      running.job.priority === 'background' &&
      arrived.rank < running.rank &&
      running.yields < this.limits.yields &&
      this.queue.length + 1 <= this.limits.capacity
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

function supersedes(newer: Job, older: Job): boolean {
  return (
    newer.document !== undefined &&
    newer.document === older.document &&
    newer.client === older.client &&
    newer.priority === older.priority
  );
}
