// Requests that wait for an answer of the engine. None waits for ever: each is given up with its signal, and all of them are when
// the engine dies or gives no sign of life.
import { type CancellationToken, CancellationTokenSource } from 'vscode-jsonrpc/node';
import { cancelled, type EngineError } from '../errors';
import { Heartbeat } from './heartbeat';

interface Pending {
  readonly candidates: number;
  readonly reject: (error: unknown) => void;
}

/** Its heart beats while any request is pending. */
export class PendingRequests extends Heartbeat {
  private readonly all = new Set<Pending>();

  /** How many candidates the largest request asks for; at least one. */
  get candidates(): number {
    return Math.max(1, ...[...this.all].map((one) => one.candidates));
  }

  /** An aborted signal rejects at once; the token is cancelled then, and a late answer is dropped. */
  add<R>(
    candidates: number,
    send: (token: CancellationToken) => Promise<R>,
    signal: AbortSignal | undefined,
  ): Promise<R> {
    if (signal?.aborted) return Promise.reject(cancelled());
    return new Promise<R>((resolve, reject) => {
      const source = new CancellationTokenSource();
      const abort = () => {
        source.cancel();
        entry.reject(cancelled());
      };
      const settle = () => {
        this.all.delete(entry);
        signal?.removeEventListener('abort', abort);
        if (this.all.size === 0) this.stop();
      };
      const entry: Pending = {
        candidates,
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.all.add(entry);
      this.start();
      send(source.token).then((result) => {
        settle();
        resolve(result);
      }, entry.reject);
    });
  }

  rejectAll(error: EngineError): void {
    this.stop();
    for (const entry of [...this.all]) entry.reject(error);
  }
}
