// Why a provider does not run here, put plainly where the words of ONNX Runtime and of the drivers are known.
import { isEngineError } from '../errors';
import type { missingVulkan } from './hardware';
import { detailOf } from './runtimeErrors';

export interface ReasonSources {
  readonly whyNoCuda: () => string;
  readonly missingVulkan: () => ReturnType<typeof missingVulkan>;
}

/** A sentence that goes on behind the name of the provider and a colon. */
export function probeReason(error: unknown, sources: ReasonSources): string {
  const known = isEngineError(error) ? error.data['detail'] : undefined;
  const detail = typeof known === 'string' ? known : detailOf(error);
  if (/failed to load (shared )?library/i.test(detail)) return sources.whyNoCuda();
  if (/no supported adapters|failed to get a(n)? (webgpu )?adapter/i.test(detail))
    return noAdapter(sources.missingVulkan());
  if (/CUDA (error|failure) 35\b|driver version is insufficient/i.test(detail))
    return 'the driver of the NVIDIA GPU is too old for CUDA 13, which needs version 580 or newer. Update it.';
  if (/CUDA (error|failure) 100\b|no CUDA-capable device/i.test(detail))
    return 'its driver finds no NVIDIA GPU.';
  return detail;
}

function noAdapter(missing: ReturnType<typeof missingVulkan>): string {
  switch (missing) {
    case 'loader':
      return 'the Vulkan loader (libvulkan.so.1) is not installed.';
    case 'driver':
      return 'no Vulkan driver is installed.';
    case undefined:
      return 'there is no such device here, or its driver is too old.';
  }
}
