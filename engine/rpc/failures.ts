// What ends a request or an engine, in words.
import { ResponseError } from 'vscode-jsonrpc/node';
import { EngineError, type ErrorCode, toEngineError } from '../errors';
import { ERROR_RPC_CODE, type ErrorData } from '../protocol';

/** Of whatever an engine is asked for that was told to end. */
export const STOPPED = 'The engine was stopped: start another one.';

const CRASHES: readonly ErrorCode[] = ['engine-exited', 'engine-unresponsive', 'protocol-violation'];

/** The engine is gone or useless, whatever was asked of it: another one may answer. */
export function isCrash(error: EngineError): boolean {
  return CRASHES.includes(error.code);
}

/** What a sudden end tells, as far as it tells anything. */
export function suddenEnd(
  code: number | null,
  signal: NodeJS.Signals | null,
  foundNoMemory: boolean,
): string {
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  const isByForce = signal === 'SIGKILL' || code === 137;
  const cause = foundNoMemory
    ? ' because it ran out of memory (close other programs, or choose a smaller model or a lower precision)'
    : isByForce
      ? ' (the system does this when memory runs out)'
      : '';
  return `The engine terminated unexpectedly ${how}${cause}: start it again, and see its log if that does not help.`;
}

/** The pipe to the engine failed, not the request. */
export function isTransportError(error: unknown): boolean {
  return !(error instanceof ResponseError) || (error.code !== ERROR_RPC_CODE && error.code <= -32090);
}

/** The error that the engine named, as far as it named one. */
export function fromReply(error: unknown): EngineError {
  if (error instanceof ResponseError && error.code === ERROR_RPC_CODE && isErrorData(error.data)) {
    return new EngineError(error.data.code, error.message, error.data.data);
  }
  return toEngineError(error);
}

function isErrorData(data: unknown): data is ErrorData {
  return (
    typeof data === 'object' &&
    data !== null &&
    'code' in data &&
    typeof data.code === 'string' &&
    'data' in data &&
    typeof data.data === 'object'
  );
}
