// Where a model runs, why, and what there is to do so that a GPU is used.
import type { ModelDescription } from '../../engine/protocol';

export const PROVIDER_NAMES = {
  cpu: 'CPU',
  cuda: 'CUDA',
  dml: 'DirectML',
  coreml: 'Core ML',
  webgpu: 'WebGPU',
} as const;

/** For people, a line each. */
export function deviceLines({
  provider,
  providerReason,
  advice = [],
}: Pick<ModelDescription, 'provider' | 'providerReason' | 'advice'>): string[] {
  const name = provider === 'server' ? [] : [PROVIDER_NAMES[provider]];
  return [[...name, providerReason].join(': '), ...advice];
}
