// Knows when everything that was handed over is out: the engine ends behind its last answer.
import type { Writable } from 'node:stream';
import { type Message, type MessageWriter, StreamMessageWriter } from 'vscode-jsonrpc/node';

export class DrainableWriter implements MessageWriter {
  private readonly inner: StreamMessageWriter;
  /** Messages that the stream has not taken yet. */
  private pending = 0;
  private readonly drainWaiters: (() => void)[] = [];

  constructor(stream: Writable) {
    this.inner = new StreamMessageWriter(stream);
  }

  get onError(): MessageWriter['onError'] {
    return this.inner.onError;
  }

  get onClose(): MessageWriter['onClose'] {
    return this.inner.onClose;
  }

  async write(message: Message): Promise<void> {
    this.pending++;
    try {
      await this.inner.write(message);
    } finally {
      this.pending--;
      if (this.pending === 0) for (const resolve of this.drainWaiters.splice(0)) resolve();
    }
  }

  /** Resolves when everything handed over so far is out (or has failed). */
  drained(): Promise<void> {
    if (this.pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.drainWaiters.push(resolve));
  }

  end(): void {
    this.inner.end();
  }

  dispose(): void {
    this.inner.dispose();
  }
}
