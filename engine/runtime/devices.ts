// What this machine can run a model on, told with reasons: `palimpsest devices` and the editor's device list.
import type { ProviderName } from '../protocol';
import { adviceFor } from './deviceAdvice';
import { type GpuMemory, gpuMemory, gpuVendors, type HardwareSources, thisMachine } from './hardware';
import type { ProbeResult } from './probe';
import { type DeviceReport, providerPlan, SMALLEST_GAIN } from './providers';

type Probe = (provider: ProviderName) => Promise<ProbeResult>;

export interface MachineReport {
  readonly devices: readonly DeviceReport[];
  /** Of the GPU that a model would run on; absent where nothing says it. */
  readonly memory?: GpuMemory;
  /** Sentences for the person: what there is to do, if anything. */
  readonly advice: readonly string[];
}

/** Probes every provider of this platform; the CPU, always there, comes last. */
export async function describeDevices(
  probe: Probe,
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
      ...(result.halves === undefined ? {} : { halves: result.halves }),
      ...(result.gain === undefined ? {} : { gain: result.gain }),
    });
  }
  return reports;
}

/** The devices, the GPU's memory, and the next step for the person. */
export async function describeMachine(
  probe: Probe,
  sources: HardwareSources = thisMachine,
): Promise<MachineReport> {
  const devices = await describeDevices(probe);
  const memory = devices.some(({ provider, usable }) => usable && provider !== 'cpu')
    ? gpuMemory(sources)
    : undefined;
  const vendors = gpuVendors(sources);
  return { devices, ...(memory ? { memory } : {}), advice: adviceFor(devices, vendors, sources) };
}
