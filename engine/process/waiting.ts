// What the server waits for, and for how long at most.
import type { CancellationToken } from 'vscode-jsonrpc/node';
import type { Disposable } from '../rpc/emitter';
import { giveTurn } from '../turn';

/** So many turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await giveTurn();
}

/** At once where it was canceled before. */
export function onCancelled(token: CancellationToken, listener: () => void): Disposable {
  if (token.isCancellationRequested) listener();
  return token.onCancellationRequested(listener);
}

/** Waits for `work`, but no longer than that; its failure is told and does not stop the end. */
export async function within(
  millis: number,
  work: Promise<unknown>,
  onError?: (error: unknown) => void,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, millis);
  });
  try {
    await Promise.race([work, late]);
  } catch (error) {
    onError?.(error);
  } finally {
    clearTimeout(timer);
  }
}
