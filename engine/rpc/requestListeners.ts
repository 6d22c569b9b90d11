// Who is told what the engine says of a request while it runs, by the request's number.
import type { MessageConnection } from 'vscode-jsonrpc/node';
import {
  type BegunEvent,
  type DenoiseStepEvent,
  METHODS,
  type ReadingEvent,
  type ScoringEvent,
} from '../protocol';

export interface RequestListener {
  readonly onBegun?: () => void;
  readonly onScored?: (done: number) => void;
  readonly onRead?: (done: number, remainingMillis?: number) => void;
  readonly onStep?: (event: DenoiseStepEvent) => void;
}

export class RequestListeners {
  private readonly listeners = new Map<number, RequestListener>();

  constructor(connection: MessageConnection) {
    connection.onNotification(METHODS.denoiseStep, (event: DenoiseStepEvent) => {
      this.listeners.get(event.requestId)?.onStep?.(event);
    });
    connection.onNotification(METHODS.begun, ({ requestId }: BegunEvent) => {
      this.listeners.get(requestId)?.onBegun?.();
    });
    connection.onNotification(METHODS.scoring, ({ requestId, done }: ScoringEvent) => {
      this.listeners.get(requestId)?.onScored?.(done);
    });
    connection.onNotification(METHODS.reading, ({ requestId, done, remainingMillis }: ReadingEvent) => {
      this.listeners.get(requestId)?.onRead?.(done, remainingMillis);
    });
  }

  set(requestId: number, listener: RequestListener): void {
    this.listeners.set(requestId, listener);
  }

  delete(requestId: number): void {
    this.listeners.delete(requestId);
  }
}
