// Runs what was written by somebody else (a pattern, above all) and may take for ever: V8 can be stopped in the middle of a
// regular expression, and that is the only way to do it without another thread or process.
import { type Context, createContext, Script } from 'node:vm';

let runner: { readonly context: Context; readonly script: Script } | undefined;

/** What `withDeadline` throws when the time is over. */
export class DeadlineError extends Error {
  constructor(readonly millis: number) {
    super(`It was not done within ${millis} ms.`);
    this.name = 'DeadlineError';
  }
}

/**
 * The result of `work`, which is synchronous and runs here and now.
 * @param millis whole milliseconds from 1; a call costs about 0.15 ms
 * @throws DeadlineError where it took longer: `work` was stopped wherever it was; else whatever `work` throws
 */
export function withDeadline<T>(millis: number, work: () => T): T {
  runner ??= { context: createContext({}), script: new Script('work()') };
  const { context, script } = runner;
  const outer: unknown = context['work'];
  context['work'] = work;
  try {
    return script.runInContext(context, { timeout: millis });
  } catch (error) {
    // It may be an error of the other context, which is no instance of this one's `Error`.
    const { code }: { code?: unknown } = Object(error);
    throw code === 'ERR_SCRIPT_EXECUTION_TIMEOUT' ? new DeadlineError(millis) : error;
  } finally {
    context['work'] = outer;
  }
}
