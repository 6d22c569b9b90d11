// Work that is over at once shows nothing; work that takes longer shows that it goes on and how to give it up.
import { ProgressLocation, window } from 'vscode';

const PATIENCE_MILLIS = 200;
/** As long as the editor shows the notification of a progress at least, with its button, however soon the work is over. */
export const LEAST_SHOWN_MILLIS = 800;

export interface PatienceOptions {
  readonly title: string;
  /** Gives the work up from outside, as the button of the progress does from inside. */
  readonly signal: AbortSignal;
  /** While this is false something else shows what is waited for (the model that is loaded); absent: nothing else does. */
  readonly isReady?: () => boolean;
  /** Milliseconds before it shows that it goes on (default 200). */
  readonly patience?: number;
}

export async function withPatience<T>(
  { title, signal, isReady, patience = PATIENCE_MILLIS }: PatienceOptions,
  work: (signal: AbortSignal, report: (message: string) => void) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  let report: ((message: string) => void) | undefined;
  let latest = '';
  const result = work(controller.signal, (message) => {
    latest = message;
    report?.(message);
  });
  const over = result.then(
    () => undefined,
    () => undefined,
  );
  const show = () => {
    if (isReady?.() === false) {
      timer = setTimeout(show, PATIENCE_MILLIS);
      return;
    }
    const options = { location: ProgressLocation.Notification, title, cancellable: true };
    void window.withProgress(options, (progress, token) => {
      const listening = token.onCancellationRequested(abort);
      report = (message) => progress.report({ message });
      if (latest !== '') report(latest);
      return over.then(() => listening.dispose());
    });
  };
  let timer = setTimeout(show, patience);
  try {
    return await result;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}
