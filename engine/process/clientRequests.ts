// What a client has computed: infills and scores, each in its turn, and what the client hears of them before their answers.
import type { CancellationToken } from 'vscode-jsonrpc/node';
import { cancelled } from '../errors';
import type { Memories } from '../memory/memories';
import type { Model } from '../model';
import {
  type DenoiseStepEvent,
  type Estimate,
  type InfillParams,
  METHODS,
  type ReadingEvent,
  type ScoreParams,
  type ScoringEvent,
} from '../protocol';
import { CoalescingSender } from './coalescingSender';
import type { ModelRegistry } from './modelRegistry';
import type { Scheduler } from './scheduler';
import type { SpeedTeller } from './speedTeller';
import { onCancelled, turns } from './waiting';

export interface ClientRequestsOptions {
  /** Who asks, where several share the scheduler. */
  readonly client: string;
  readonly scheduler: Scheduler;
  readonly registry: ModelRegistry;
  readonly memories: Memories;
  readonly speeds: SpeedTeller;
  /** Resolves when the notification is written. */
  readonly notify: (method: string, params: object) => Promise<void>;
}

/** More than the connection needs for one message. */
const TURNS_TO_WRITE = 10;

export class ClientRequests {
  private readonly steps: CoalescingSender<DenoiseStepEvent>;
  private readonly scorings: CoalescingSender<ScoringEvent>;
  private readonly readings: CoalescingSender<ReadingEvent>;
  /** Requests whose draft will do. */
  private readonly satisfied = new Set<number>();

  constructor(private readonly options: ClientRequestsOptions) {
    const { notify } = options;
    this.steps = new CoalescingSender((event) => notify(METHODS.denoiseStep, event));
    this.scorings = new CoalescingSender((event) => notify(METHODS.scoring, event));
    this.readings = new CoalescingSender((event) => notify(METHODS.reading, event));
  }

  /** The draft of a request will do. Does nothing where that does not run or wait. */
  takeDraft(requestId: number): void {
    const { scheduler, client } = this.options;
    if (scheduler.has(requestId, client)) this.satisfied.add(requestId);
  }

  async infill(params: InfillParams, token: CancellationToken): Promise<unknown> {
    const model = this.options.registry.get(params.model);
    const { requestId } = params;
    return this.schedule(params, model, token, params.document, (signal) =>
      model.infill(params, {
        signal,
        enough: () => this.satisfied.has(params.requestId),
        index: this.options.memories.index(params.memory, params.language, params.spans.length),
        ...(params.events
          ? {
              onScored: this.shareTo(requestId, signal),
              onRead: (done, remainingMillis) => {
                const left = remainingMillis === undefined ? {} : { remainingMillis };
                if (!signal.aborted) this.readings.push(`${requestId}/`, { requestId, done, ...left });
              },
              onStep: (event) => {
                // What is answered has no more steps; what gave way begins again.
                if (signal.aborted) return;
                // What is read by then is no news any more.
                this.readings.drop(`${requestId}/`);
                this.steps.push(stepKey(event), { ...event, requestId });
              },
            }
          : {}),
      }),
    );
  }

  async estimate(params: InfillParams): Promise<Estimate> {
    const model = this.options.registry.get(params.model);
    const estimate = await model.estimate(params);
    this.options.speeds.tell(model.description);
    return estimate;
  }

  async score(params: ScoreParams, token: CancellationToken): Promise<unknown> {
    const model = this.options.registry.get(params.model);
    return this.schedule(params, model, token, undefined, (signal) =>
      model.score(params, {
        signal,
        ...(params.events ? { onScored: this.shareTo(params.requestId, signal) } : {}),
      }),
    );
  }

  private shareTo(requestId: number, signal: AbortSignal): (done: number) => void {
    return (done) => {
      if (!signal.aborted) this.scorings.push(`${requestId}/`, { requestId, done });
    };
  }

  private dropShares(requestId: number): void {
    this.scorings.drop(`${requestId}/`);
    this.readings.drop(`${requestId}/`);
  }

  private async schedule(
    params: InfillParams | ScoreParams,
    model: Model,
    token: CancellationToken,
    document: string | undefined,
    run: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<unknown> {
    if (token.isCancellationRequested) throw cancelled();
    const { client, scheduler, registry, speeds } = this.options;
    const { requestId, priority, events } = params;
    const answer = scheduler.submit({
      requestId,
      priority,
      document,
      model: registry.folderOf(params.model),
      client,
      run: async (signal) => {
        // It may begin again: what it said before would stand for this time.
        this.dropShares(requestId);
        if (events) await this.tellBegun(requestId);
        return run(signal);
      },
    });
    const listening = onCancelled(token, () => scheduler.cancel(requestId, client));
    try {
      const result = await answer;
      this.steps.flush(`${requestId}/`);
      speeds.tell(model.description);
      return result;
    } catch (error) {
      this.steps.drop(`${requestId}/`);
      throw error;
    } finally {
      this.dropShares(requestId);
      listening.dispose();
      this.satisfied.delete(requestId);
    }
  }

  /** Written before the work begins, for a pass takes the whole turn; but nobody waits for a client that does not read. */
  private async tellBegun(requestId: number): Promise<void> {
    const written = this.options.notify(METHODS.begun, { requestId }).catch(() => undefined);
    await Promise.race([written, turns(TURNS_TO_WRITE)]);
  }
}

function stepKey(event: DenoiseStepEvent): string {
  return `${event.requestId}/${event.candidate}/${event.span}`;
}
