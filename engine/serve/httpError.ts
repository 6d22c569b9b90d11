// Failures as HTTP says them: a status, OpenAI's shape of an error, and our own code with its data.
import { type EngineError, type ErrorCode, toEngineError } from '../errors';

/** What only a server can answer. */
export type HttpErrorCode =
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'method-not-allowed'
  | 'timeout'
  | 'too-large'
  | 'unsupported-media-type'
  | 'stopping';

const STATUSES: Readonly<Partial<Record<ErrorCode | HttpErrorCode, number>>> = {
  'option-invalid': 400,
  'span-invalid': 400,
  'document-empty': 400,
  'context-too-long': 400,
  'protocol-violation': 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  'model-unknown': 404,
  'method-not-allowed': 405,
  superseded: 409,
  'too-large': 413,
  'unsupported-media-type': 415,
  'queue-full': 429,
  // Nobody is there to read it: the client has closed its connection.
  cancelled: 499,
  'model-not-loaded': 503,
  'engine-exited': 503,
  'engine-unresponsive': 503,
  'engine-not-started': 503,
  stopping: 503,
  timeout: 504,
};

export interface HttpErrorOptions {
  readonly data?: Readonly<Record<string, unknown>>;
  /** Where it is not the one of the code. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export class HttpError extends Error {
  readonly status: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: ErrorCode | HttpErrorCode,
    message: string,
    { data = {}, status = STATUSES[code] ?? 500, headers = {} }: HttpErrorOptions = {},
  ) {
    super(message);
    this.name = 'HttpError';
    this.status = status;
    this.data = data;
    this.headers = headers;
  }
}

/** `retrySeconds`: when those that may be tried again are worth another try. */
export function toHttpError(thrown: unknown, retrySeconds: number): HttpError {
  if (thrown instanceof HttpError) return thrown;
  const error: EngineError = toEngineError(thrown);
  const status = STATUSES[error.code] ?? 500;
  const headers = status === 429 || status === 503 ? { 'Retry-After': String(retrySeconds) } : {};
  return new HttpError(error.code, error.message, { data: withoutPlaces(error.data), status, headers });
}

/** Of a request, `data` says where it is wrong; of a failure, it may say where things lie on this machine. */
function withoutPlaces(data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const {
    log: _log,
    folder: _folder,
    file: _file,
    node: _node,
    script: _script,
    model: _model,
    ...rest
  } = data;
  return rest;
}

/** The body of an answer, and the data of the event `error`. */
export function errorBody({ code, message, status, data }: HttpError): object {
  const type = status < 500 && status !== 429 ? 'invalid_request_error' : 'server_error';
  return { error: { message, type, param: null, code, data } };
}
