// What the server counts. Numbers only: no name of a client, no text.
import type { InfillResult } from '../protocol';
import type { EngineKeeper } from '../rpc/engineKeeper';
import type { ReadyEngine } from '../rpc/readyEngine';
import { Counter, exposition, Histogram, reading } from './metrics';
import type { WorkQueue } from './workQueue';

export interface Measured {
  readonly version: string;
  readonly keeper: EngineKeeper;
  readonly queue: WorkQueue;
  /** Bytes of bodies that are held. */
  readonly heldBytes: () => number;
}

export class ServeMetrics {
  readonly requests = new Counter('palimpsest_requests_total', 'Requests answered, by route and status.');
  readonly duration = new Histogram(
    'palimpsest_request_duration_seconds',
    'From the arrival of a request to the end of its answer, by route.',
  );
  readonly wait = new Histogram(
    'palimpsest_queue_seconds',
    'From the arrival of a request to its first turn, by route.',
  );
  readonly firstStep = new Histogram(
    'palimpsest_first_step_seconds',
    'From the arrival of a streamed request to its first denoise step.',
  );
  private readonly forwards = new Counter(
    'palimpsest_forwards_total',
    'Forward passes of answered infill requests.',
  );
  private readonly tokens = new Counter(
    'palimpsest_tokens_total',
    'Tokens filled in by answered infill requests.',
  );
  private engineMemory: number | undefined;
  private isAsking = false;

  constructor(private readonly measured: Measured) {}

  answered({ forwards, tokens }: InfillResult): void {
    this.forwards.add(forwards);
    this.tokens.add(tokens);
  }

  page(): string {
    const { keeper, queue, version, heldBytes } = this.measured;
    const { ready } = keeper;
    if (ready !== undefined && !this.isAsking) void this.ask(ready);
    const { name: model = '', provider = '', precision = '' } = ready?.model ?? {};
    return exposition([
      this.requests,
      this.duration,
      this.wait,
      this.firstStep,
      this.forwards,
      this.tokens,
      reading('gauge', 'palimpsest_requests_running', 'Requests that the engine works on.', queue.running),
      reading('gauge', 'palimpsest_requests_waiting', 'Requests that wait for their turn.', queue.waiting),
      reading('gauge', 'palimpsest_held_bytes', 'Bytes of the bodies of unanswered requests.', heldBytes()),
      reading('gauge', 'palimpsest_ready', 'Whether the model is loaded.', ready === undefined ? 0 : 1),
      reading(
        'counter',
        'palimpsest_engine_restarts_total',
        'How often the engine was started again.',
        keeper.restarts,
      ),
      reading(
        'gauge',
        'palimpsest_engine_resident_memory_bytes',
        'Of the engine process, when metrics were read the time before.',
        this.engineMemory,
      ),
      reading('gauge', 'process_resident_memory_bytes', 'Of the server process.', process.memoryUsage.rss()),
      reading('gauge', 'process_uptime_seconds', 'Since the server was started.', process.uptime()),
      reading('gauge', 'palimpsest_info', 'What runs.', 1, { version, model, provider, precision }),
    ]);
  }

  /** The engine answers between two passes, which is too late for this page. */
  private async ask({ client }: ReadyEngine): Promise<void> {
    this.isAsking = true;
    try {
      this.engineMemory = (await client.status()).residentMemory;
    } catch {
      this.engineMemory = undefined;
    } finally {
      this.isAsking = false;
    }
  }
}
