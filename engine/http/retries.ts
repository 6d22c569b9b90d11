// Tries again what may pass: a busy server, a broken connection. Progress between two failures resets the count.
import { EngineError, throwIfCancelled } from '../errors';
import type { Connection } from './connection';
import { Passing } from './passing';

export interface RetryRules {
  /** In all, the first one counts. */
  readonly tries: number;
  /** Milliseconds before the second try; doubled for each further one. */
  readonly firstWait: number;
  /** Longest wait that a server may ask for before we give up instead; milliseconds. */
  readonly longestWait: number;
}

/**
 * @param attempt gives its result, throws `Passing` to be tried again, and calls `progressed` when it came further than before
 * @throws EngineError of the last try; `cancelled`
 */
export async function withRetries<T>(
  { pause }: Pick<Connection, 'pause'>,
  { tries, firstWait, longestWait }: RetryRules,
  signal: AbortSignal | undefined,
  attempt: (progressed: () => void) => Promise<T>,
): Promise<T> {
  for (let failures = 0; ; ) {
    throwIfCancelled(signal);
    try {
      return await attempt(() => {
        failures = 0;
      });
    } catch (error) {
      throwIfCancelled(signal);
      if (!(error instanceof Passing)) throw error;
      failures++;
      if (failures >= tries) throw error.failure;
      const wait = error.after ?? firstWait * 2 ** (failures - 1);
      if (wait > longestWait) throw error.failure;
      await pause(wait, signal).catch((reason: unknown) => {
        throwIfCancelled(signal);
        throw new EngineError('internal', 'A wait failed.', {}, { cause: reason });
      });
    }
  }
}
