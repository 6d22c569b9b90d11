// Knows how far the other side is behind: messages handed over and not yet taken by the stream.
import type { Writable } from 'node:stream';
import { type Message, type MessageWriter, StreamMessageWriter } from 'vscode-jsonrpc/node';

export class DrainableWriter implements MessageWriter {
  private readonly inner: StreamMessageWriter;
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

  /** Messages that the stream has not taken yet. */
  get behind(): number {
    return this.pending;
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
