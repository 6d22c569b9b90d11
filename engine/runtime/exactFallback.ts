// A small model whose quantised weights cannot be written runs from the checkpoint’s own, which need no file beside them: in fp32,
// where the memory has room for so much.
import { EngineError, isEngineError, toEngineError } from '../errors';
import type { Precision } from '../graph/types';
import { gigabytes } from './availableMemory';

export interface ExactFallback {
  /** Whether nobody chose the precision, and the model may run in fp32 without being asked. */
  readonly isAllowed: boolean;
  /** Throws EngineError `out-of-memory` where fp32 does not fit. */
  readonly requireFits: () => void;
}

/**
 * `remark`: for people, where it is fp32 that was built instead.
 * @throws EngineError as `build` does; where fp32 does not fit, that the weights could not be written, with what fp32 would need
 */
export async function buildOrExact<T>(
  build: (precision: Precision) => Promise<T>,
  chosen: Precision,
  { isAllowed, requireFits }: ExactFallback,
): Promise<{ readonly graph: T; readonly precision: Precision; readonly remark?: string }> {
  try {
    return { graph: await build(chosen), precision: chosen };
  } catch (error) {
    if (!isAllowed || !cannotKeep(error)) throw error;
    try {
      requireFits();
    } catch (lack) {
      throw new EngineError(error.code, `${error.message} ${shortage(toEngineError(lack))}`, error.data, {
        cause: error,
      });
    }
    const remark = `It runs in fp32, which is slower: ${error.message}`;
    return { graph: await build('fp32'), precision: 'fp32', remark };
  }
}

/** Without its advice: a lower precision could not be written either. */
function shortage({ data: { needed, available } }: EngineError): string {
  return `But fp32 needs about ${gigabytes(Number(needed))} of memory, and ${gigabytes(Number(available))} are available.`;
}

/** Quantised weights found no room; as they are in the checkpoint they need none. */
function cannotKeep(error: unknown): error is EngineError {
  return isEngineError(error) && (error.code === 'disk-full' || error.code === 'quantisation-failed');
}
