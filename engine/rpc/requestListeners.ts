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

export function requestListeners(connection: MessageConnection): Map<number, RequestListener> {
  const listeners = new Map<number, RequestListener>();
  const on = <E extends BegunEvent>(method: string, tell: (listener: RequestListener, event: E) => void) =>
    connection.onNotification(method, (event: E) => {
      const listener = listeners.get(event.requestId);
      if (listener !== undefined) tell(listener, event);
    });
  on(METHODS.begun, (listener) => listener.onBegun?.());
  on<ScoringEvent>(METHODS.scoring, (listener, { done }) => listener.onScored?.(done));
  on<ReadingEvent>(METHODS.reading, (listener, { done, remainingMillis }) =>
    listener.onRead?.(done, remainingMillis),
  );
  on<DenoiseStepEvent>(METHODS.denoiseStep, (listener, event) => listener.onStep?.(event));
  return listeners;
}
