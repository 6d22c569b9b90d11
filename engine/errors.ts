// Every failure that can cross the engine's border has a code, a sentence that says what to do, and data to act on.

export type ErrorCode =
  // checkpoint folders
  | 'checkpoint-missing'
  | 'checkpoint-malformed'
  | 'tensor-missing'
  | 'tensor-malformed'
  | 'family-unknown'
  | 'tokenizer-malformed'
  | 'token-missing'
  | 'token-mismatch'
  // installing models
  | 'model-unknown'
  | 'model-busy'
  | 'model-changed'
  | 'license-not-accepted'
  | 'hub-unreachable'
  | 'hub-refused'
  | 'hub-answer-invalid'
  | 'checksum-mismatch'
  // servers of others
  | 'server-not-allowed'
  | 'server-unreachable'
  | 'server-refused'
  | 'server-answer-invalid'
  | 'text-withheld'
  | 'unsupported'
  // graphs and quantised files
  | 'precision-unsupported'
  | 'quantisation-failed'
  | 'disk-full'
  // runtime
  | 'provider-unavailable'
  | 'runtime-failed'
  | 'device-lost'
  | 'out-of-memory'
  // requests
  | 'span-invalid'
  | 'document-empty'
  | 'context-too-long'
  | 'option-invalid'
  | 'file-unreadable'
  | 'model-not-loaded'
  | 'cancelled'
  | 'superseded'
  | 'queue-full'
  | 'protocol-violation'
  // the engine process, as its client sees it
  | 'engine-not-started'
  | 'engine-exited'
  | 'engine-unresponsive'
  | 'internal';

/** An error with a code; `message` is one or two sentences for a person: what is wrong and what to do. */
export class EngineError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly data: Readonly<Record<string, unknown>> = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'EngineError';
  }
}

export function isEngineError(value: unknown): value is EngineError {
  return value instanceof EngineError;
}

/** What any thrown value looks like at the border; nothing reaches a person without a code. */
export function toEngineError(value: unknown): EngineError {
  if (isEngineError(value)) return value;
  const message = value instanceof Error ? value.message : String(value);
  if (saysOutOfMemory(message)) return outOfMemory({ detail: message }, value);
  const [, symbols] = /version [`'"]?((?:GLIBC|GLIBCXX)_[\d.]+)['"]? not found/.exec(message) ?? [];
  if (symbols !== undefined) {
    return new EngineError(
      'runtime-failed',
      `This system is too old for the engine: its C library lacks ${symbols}. Use a newer Linux: Debian 10, Ubuntu 20.04, RHEL 8, or later.`,
      { detail: message },
      { cause: value },
    );
  }
  return new EngineError('internal', `Something unexpected failed: ${message}`, {}, { cause: value });
}

/** Throws `cancelled` when the signal has fired: called between denoise steps and between chunks of long work. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled();
}

export function cancelled(): EngineError {
  return new EngineError('cancelled', 'The request was canceled.');
}

/** Whether a sentence of V8, Node, the system's loader or ONNX Runtime says that there was no memory left. */
export function saysOutOfMemory(message: string): boolean {
  return /out of memory|bad_alloc|failed to allocate|(allocation|allocate) failed|cannot allocate|AllocateRaw|ENOMEM|failed to map segment/i.test(
    message,
  );
}

/** Whether a sentence of Dawn, CUDA, DirectX or Vulkan says that the GPU is gone, or will not answer this process any more. */
export function saysDeviceLost(message: string): boolean {
  return /WebGPU device error|device (is |was )?lost|device_?lost|device (was |is )?(removed|hung|reset)|DXGI_ERROR_DEVICE|(CUDA|CUDNN|CUBLAS)_STATUS_(EXECUTION_FAILED|INTERNAL_ERROR)|CUDA (error|failure) (46|100|101|700|702|719|999)\b/i.test(
    message,
  );
}

/** The GPU does not compute for this process any more, or computed nothing that may be believed. `detail`: its driver's words. */
export function deviceLost(data: Readonly<Record<string, unknown>>, cause?: unknown): EngineError {
  const where = typeof data['provider'] === 'string' ? ` (${data['provider']})` : '';
  return new EngineError(
    'device-lost',
    `The GPU stopped responding${where}: its driver was reset, it ran out of memory, or it was removed. Your files were not changed. Try again: the model is loaded again, on the CPU if the GPU does not come back.`,
    data,
    { cause },
  );
}

export function outOfMemory(data: Readonly<Record<string, unknown>>, cause: unknown): EngineError {
  return new EngineError(
    'out-of-memory',
    'There is not enough memory for this model. Close other programs, or choose a lower precision (q8 or q4) or a smaller model.',
    data,
    { cause },
  );
}

/** `ENOENT` and its like, of an error of the system; undefined: it is none. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
