// Server-sent events with back-pressure: a slow reader gets fewer steps, and what waits for it here is bounded.
import type { ServerResponse } from 'node:http';
import { CoalescingSender } from '../process/coalescingSender';
import type { DenoiseStepEvent } from '../protocol';
import { endAnswer } from './exchange';

/** Milliseconds without an event after which proxies would close the connection one day. */
const PING_MILLIS = 10_000;

export class EventStream {
  private readonly steps = new CoalescingSender<Omit<DenoiseStepEvent, 'requestId'>>((step) =>
    this.write('step', step),
  );
  private readonly pings: NodeJS.Timeout;

  constructor(private readonly response: ServerResponse) {
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      // nginx would keep events back until it has a buffer full of them.
      'X-Accel-Buffering': 'no',
    });
    this.pings = setInterval(() => {
      // Who does not read gets none: they would pile up.
      if (!response.writableNeedDrain) response.write(': ping\n\n');
    }, PING_MILLIS);
    response.once('close', () => clearInterval(this.pings));
  }

  send(event: string, data: object): void {
    // Whoever has gone is noticed by the exchange, and hears nothing more.
    this.write(event, data).catch(() => undefined);
  }

  /** `cells` is the whole span: of several steps that wait, the newest is enough. */
  step({ requestId: _, ...step }: DenoiseStepEvent): void {
    this.steps.push(`${step.candidate}/${step.span}`, step);
  }

  /** The last event; steps that wait go before it where they belong to an answer. */
  end(event: 'result' | 'error', data: object): void {
    clearInterval(this.pings);
    if (event === 'result') this.steps.flush('');
    else this.steps.drop('');
    endAnswer(this.response, format(event, data));
  }

  /** Without a name, as OpenAI's streams are. */
  endPlain(chunks: readonly string[]): void {
    clearInterval(this.pings);
    endAnswer(this.response, chunks.map((chunk) => `data: ${chunk}\n\n`).join(''));
  }

  private write(event: string, data: object): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.response.writableEnded) resolve();
      else this.response.write(format(event, data), (error) => (error ? reject(error) : resolve()));
    });
  }
}

/** JSON has no line breaks of its own, so an event is one line of data. */
function format(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
