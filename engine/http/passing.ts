// Failures that may pass by themselves, and how long a server asks to wait for that.
import type { IncomingHttpHeaders } from 'node:http';
import type { EngineError } from '../errors';

/** A failure that may be gone at the next try: whoever catches it tries again, and at last gives its error. */
export class Passing extends Error {
  constructor(
    readonly failure: EngineError,
    /** Milliseconds that the server asks to wait. */
    readonly after?: number,
  ) {
    super(failure.message);
  }
}

export function header(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

/** `Retry-After` in seconds or as a date; Hugging Face's own `RateLimit: "api";r=0;t=12`. */
export function waitOf(headers: IncomingHttpHeaders): number | undefined {
  const given = header(headers, 'retry-after').trim();
  if (/^\d+$/.test(given)) return Number(given) * 1000;
  const date = Date.parse(given);
  if (!Number.isNaN(date)) return Math.max(0, date - Date.now());
  const limit = /;\s*r=0;\s*t=(\d+)/.exec(header(headers, 'ratelimit'));
  return limit ? (Number(limit[1]) + 1) * 1000 : undefined;
}
