// A try behind others ends when all of them have taken as long as they may.
import { timeLeft } from './state/tries';
import type { RewriteRequest } from './state/types';

/** Calls `late` then, unless `signal` was aborted or what it returns disposed of; undefined for a first try, which takes what it takes. */
export function afterTimeLeft(
  request: RewriteRequest,
  signal: AbortSignal,
  late: () => void,
): { dispose(): void } | undefined {
  const left = timeLeft(request);
  if (left === undefined) return undefined;
  const timer = setTimeout(() => {
    if (!signal.aborted) late();
  }, left);
  return { dispose: () => clearTimeout(timer) };
}
