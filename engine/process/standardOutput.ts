// Standard output that is a protocol's alone: whatever else prints would break its messages.
import { Console } from 'node:console';
import type { Writable } from 'node:stream';

/** Gives the protocol the real standard output and everybody else, console included, the standard error. */
export function takeStdout(): Writable {
  const output = process.stdout;
  Object.defineProperty(process, 'stdout', {
    configurable: true,
    enumerable: true,
    get: () => process.stderr,
  });
  globalThis.console = new Console(process.stderr, process.stderr);
  return output;
}
