// How a failure crosses the border: one JSON-RPC code, a sentence, and the engine's own code with its data.
import { ResponseError } from 'vscode-jsonrpc/node';
import { toEngineError } from '../errors';
import { ERROR_RPC_CODE, type ErrorData } from '../protocol';

export function errorReply(thrown: unknown): ResponseError<ErrorData> {
  const error = toEngineError(thrown);
  return new ResponseError<ErrorData>(ERROR_RPC_CODE, error.message, {
    code: error.code,
    data: serialisable(error.data),
  });
}

/** An answer that cannot be written would leave its request without one: then it goes without the data. */
function serialisable(data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  try {
    JSON.stringify(data);
    return data;
  } catch {
    return {};
  }
}

/** Where it was thrown first. */
export function stackOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause === undefined ? (thrown.stack ?? thrown.message) : stackOf(thrown.cause);
}
