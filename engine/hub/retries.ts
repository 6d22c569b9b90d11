// Tries again what may pass: a busy server, a broken connection. Progress between two failures resets the count.
import { EngineError, throwIfCancelled } from '../errors';
import { LONGEST_WAIT, Passing } from './hubErrors';
import type { Network } from './network';

const TRIES = 5;
const FIRST_WAIT = 1000;

/**
 * @param attempt gives its result, throws `Passing` to be tried again, and calls `progressed` when it came further than before
 * @throws EngineError of the last try; `cancelled`
 */
export async function withRetries<T>(
  { pause }: Pick<Network, 'pause'>,
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
      if (failures >= TRIES) throw error.failure;
      const wait = error.after ?? FIRST_WAIT * 2 ** (failures - 1);
      if (wait > LONGEST_WAIT) throw error.failure;
      await pause(wait, signal).catch((reason: unknown) => {
        throwIfCancelled(signal);
        throw new EngineError('internal', 'A wait failed.', {}, { cause: reason });
      });
    }
  }
}
