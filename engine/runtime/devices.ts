// What this machine can run a model on, told with reasons: `palimpsest devices` and the editor's device list.
import type { ProviderName } from '../protocol';
import { type ProbeResult, rememberedProbe } from './probe';
import { providerPlan, SMALLEST_GAIN } from './providers';

export interface DeviceReport {
  readonly provider: ProviderName;
  readonly usable: boolean;
  /** Whether `auto` would take it. */
  readonly chosen: boolean;
  readonly attention: 'plain' | 'fused';
  readonly gain?: number;
  readonly reason: string;
}

/** Probes every provider of this platform; the CPU, always there, comes last. */
export async function describeDevices(
  cacheFolder: string,
  probe: (provider: ProviderName) => Promise<ProbeResult> = (provider) =>
    rememberedProbe(provider, cacheFolder),
  plan: readonly ProviderName[] = providerPlan(process.platform, process.arch),
): Promise<DeviceReport[]> {
  const reports: DeviceReport[] = [];
  for (const provider of plan) {
    const taken = reports.some((report) => report.chosen);
    if (provider === 'cpu') {
      reports.push({
        provider,
        usable: true,
        chosen: !taken,
        attention: 'plain',
        gain: 1,
        reason: taken ? 'always available' : 'always available, and nothing faster was found',
      });
      continue;
    }
    const result = await probe(provider);
    reports.push({
      provider,
      usable: result.ok,
      chosen: !taken && result.ok && (result.gain ?? 0) >= SMALLEST_GAIN,
      attention: result.fusedAgrees ? 'fused' : 'plain',
      reason: result.reason,
      ...(result.gain === undefined ? {} : { gain: result.gain }),
    });
  }
  return reports;
}
