// Work that is over at once shows nothing; work that takes longer shows that it goes on and how to give it up.
import { ProgressLocation, window } from 'vscode';

const PATIENCE_MILLIS = 400;

/** `signal` is aborted by the button of the progress, or by `outer`. */
export async function withPatience<T>(
  title: string,
  work: (signal: AbortSignal, report: (message: string) => void) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  outer?.addEventListener('abort', abort, { once: true });
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
  const timer = setTimeout(() => {
    const options = { location: ProgressLocation.Notification, title, cancellable: true };
    void window.withProgress(options, (progress, token) => {
      token.onCancellationRequested(abort);
      report = (message) => progress.report({ message });
      if (latest !== '') report(latest);
      return over;
    });
  }, PATIENCE_MILLIS);
  try {
    return await result;
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', abort);
  }
}
