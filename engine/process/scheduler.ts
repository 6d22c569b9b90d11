// Carries out what the schedule decides: one promise a request, one abort signal a run.
import { EngineError, throwIfCancelled, toEngineError } from '../errors';
import type { Priority } from '../protocol';
import { giveTurn } from '../turn';
import { type Decision, type Refusal, SCHEDULE_LIMITS, Schedule, type ScheduleLimits } from './schedule';

export interface Work<T> {
  /** The client's own number; unique among its own unanswered requests. */
  readonly requestId: number;
  readonly model: string;
  readonly priority: Priority;
  readonly document?: string | undefined;
  /** Who asks, where several do. */
  readonly client?: string | undefined;
  /** Called again from the beginning after a background job gave way. Looks at `signal` between denoise steps. */
  run(signal: AbortSignal): Promise<T>;
}

/** Which requests are meant: those of a model, of a client, or of both; of anybody where neither is given. */
export interface Whose {
  readonly model?: string | undefined;
  readonly client?: string | undefined;
}

interface Ticket {
  readonly id: number;
  readonly work: Work<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: EngineError) => void;
  controller: AbortController | undefined;
  answered: boolean;
}

export class Scheduler {
  private readonly schedule: Schedule;
  private readonly tickets = new Map<number, Ticket>();
  private readonly waiters: { readonly whose: Whose; readonly resolve: () => void }[] = [];
  private lastId = 0;

  constructor(private readonly limits: ScheduleLimits = SCHEDULE_LIMITS) {
    this.schedule = new Schedule(limits);
  }

  get running(): number {
    return this.schedule.occupants.length;
  }

  get queued(): number {
    return this.schedule.queued;
  }

  /** So many run at a time from now on (ScheduleLimits.places). */
  allow(places: number): void {
    this.carryOut(this.schedule.allow(places));
  }

  /**
   * Resolves with what `run` gives. Rejects with `superseded`, `cancelled` or `queue-full` as soon as that is decided, even
   * while the run itself still needs a moment to stop; with `protocol-violation` for a requestId that is in use.
   */
  submit<T>(work: Work<T>): Promise<T> {
    if (this.find(work.requestId, work.client) !== undefined) {
      return Promise.reject(
        new EngineError(
          'protocol-violation',
          `The requestId ${work.requestId} belongs to a request that has not been answered yet: use a new number for each request.`,
          { requestId: work.requestId },
        ),
      );
    }
    return new Promise<T>((resolve, reject) => {
      const id = ++this.lastId;
      this.tickets.set(id, {
        id,
        work,
        resolve: (value) => resolve(value as T),
        reject,
        controller: undefined,
        answered: false,
      });
      const { priority, document, client } = work;
      this.carryOut(this.schedule.submit({ id, priority, document, client }));
    });
  }

  /** Whether an unanswered request of the client has this number. */
  has(requestId: number, client?: string): boolean {
    return this.find(requestId, client) !== undefined;
  }

  /** False where no unanswered request of the client has this number. */
  cancel(requestId: number, client?: string): boolean {
    const ticket = this.find(requestId, client);
    if (ticket === undefined) return false;
    this.carryOut(this.schedule.cancel(ticket.id));
    return true;
  }

  /** Rejects every unanswered request, or those of one model or client, with `error`. */
  cancelAll(error: EngineError, whose: Whose = {}): void {
    for (const ticket of [...this.tickets.values()]) {
      if (belongs(ticket.work, whose)) this.carryOut(this.schedule.cancel(ticket.id), error);
    }
  }

  /** Resolves when nothing (of this model or client) has the device any more. */
  idle(whose: Whose = {}): Promise<void> {
    if (!this.occupied(whose)) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push({ whose, resolve }));
  }

  private occupied(whose: Whose): boolean {
    return this.schedule.occupants.some((id) => {
      const work = this.tickets.get(id)?.work;
      return work !== undefined && belongs(work, whose);
    });
  }

  private find(requestId: number, client: string | undefined): Ticket | undefined {
    for (const ticket of this.tickets.values()) {
      const { work, answered } = ticket;
      if (work.requestId === requestId && work.client === client && !answered) return ticket;
    }
    return undefined;
  }

  private carryOut(decisions: readonly Decision[], error?: EngineError): void {
    for (const decision of decisions) {
      const ticket = this.tickets.get(decision.id);
      if (ticket === undefined) continue;
      switch (decision.kind) {
        case 'start':
          void this.execute(ticket);
          break;
        case 'refuse':
          this.refuse(ticket, error ?? this.refusal(decision.code, decision.by));
          this.tickets.delete(ticket.id);
          break;
        case 'stop':
          this.refuse(ticket, error ?? this.refusal(decision.code, decision.by));
          ticket.controller?.abort();
          break;
        case 'give-way':
          ticket.controller?.abort();
          break;
      }
    }
  }

  private async execute(ticket: Ticket): Promise<void> {
    const controller = new AbortController();
    ticket.controller = controller;
    let unfinished = false;
    try {
      // What came together with this request may cancel or supersede it before any work is done. Messages are handed
      // out one a turn, so two turns let at least the next one through.
      await giveTurn();
      await giveTurn();
      throwIfCancelled(controller.signal);
      const value = await ticket.work.run(controller.signal);
      if (!ticket.answered) ticket.resolve(value);
      ticket.answered = true;
    } catch (thrown) {
      // Aborted without an answer: it gave way, and what it threw is only the echo of that.
      unfinished = !ticket.answered && controller.signal.aborted;
      if (!unfinished) this.refuse(ticket, toEngineError(thrown));
    }
    ticket.controller = undefined;
    if (!unfinished) this.tickets.delete(ticket.id);
    this.carryOut(this.schedule.finished(ticket.id, unfinished));
    for (const waiter of this.waiters.splice(0)) {
      if (this.occupied(waiter.whose)) this.waiters.push(waiter);
      else waiter.resolve();
    }
  }

  private refuse(ticket: Ticket, error: EngineError): void {
    if (ticket.answered) return;
    ticket.answered = true;
    ticket.reject(error);
  }

  private refusal(code: Refusal, by: number | undefined): EngineError {
    const requestId = by === undefined ? undefined : this.tickets.get(by)?.work.requestId;
    const data = requestId === undefined ? {} : { by: requestId };
    switch (code) {
      case 'cancelled':
        return new EngineError('cancelled', 'The request was canceled.', data);
      case 'superseded':
        return new EngineError('superseded', 'A newer request replaced this one.', data);
      case 'queue-full':
        return new EngineError(
          'queue-full',
          `${this.limits.capacity} requests are already waiting: cancel those that are no longer needed, or try again when some have been answered.`,
          { ...data, capacity: this.limits.capacity },
        );
    }
  }
}

function belongs(work: Work<unknown>, { model, client }: Whose): boolean {
  return (model === undefined || work.model === model) && (client === undefined || work.client === client);
}
