// ONNX Runtime's failures, put plainly: no memory, a GPU that is gone, or something else.
import { deviceLost, EngineError, outOfMemory, saysDeviceLost, saysOutOfMemory } from '../errors';
import type { ProviderName } from '../protocol';

/** Of making a session: `out-of-memory`, `device-lost`, `provider-unavailable`, or on the CPU `runtime-failed`. */
export function startError(error: unknown, provider: ProviderName): EngineError {
  const known = knownError(error, provider);
  if (known !== undefined) return known;
  const detail = detailOf(error);
  if (provider === 'cpu') return failed(error, provider);
  return new EngineError(
    'provider-unavailable',
    `The execution provider ${provider} did not start: ${detail} Choose another provider, or "auto".`,
    { provider, detail },
    { cause: error },
  );
}

/** Of running one: `out-of-memory`, `device-lost` or `runtime-failed`. */
export function runError(error: unknown, provider: ProviderName): EngineError {
  return knownError(error, provider) ?? failed(error, provider);
}

function knownError(error: unknown, provider: ProviderName): EngineError | undefined {
  if (error instanceof EngineError) return error;
  const detail = detailOf(error);
  if (provider === 'cpu')
    return saysOutOfMemory(detail) ? outOfMemory({ provider, detail }, error) : undefined;
  // First: a device that is lost because its memory was full is lost all the same.
  if (saysDeviceLost(detail)) return deviceLost({ provider, detail }, error);
  if (/requires f16|does not support (f16|float16)|shader-f16/i.test(detail))
    return noHalves(provider, detail);
  if (!saysOutOfMemory(detail)) return undefined;
  return new EngineError(
    'out-of-memory',
    `The GPU does not have enough free memory (${provider}). Your files were not changed. Close other programs that use the GPU and try again, or choose a smaller model or the execution provider cpu.`,
    { provider, detail },
    { cause: error },
  );
}

/** Of a GPU that lacks 16-bit numbers, before or after it is tried. */
export function noHalves(provider: ProviderName, detail?: string): EngineError {
  return new EngineError(
    'precision-unsupported',
    `This GPU cannot compute with 16-bit numbers. On ${provider}, choose q8, q4, or fp32.`,
    { precision: 'fp16', provider, ...(detail === undefined ? {} : { detail }) },
  );
}

function failed(error: unknown, provider: ProviderName): EngineError {
  const detail = detailOf(error);
  return new EngineError(
    'runtime-failed',
    `The model could not be run: ${detail}`,
    { provider, detail },
    { cause: error },
  );
}

/** The runtime's words in one line. CUDA's name the machine, which is nobody's business. */
export function detailOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words
    .replace(/\s+/g, ' ')
    .replace(/; hostname=[^;]*/g, '')
    .slice(0, 400);
}
