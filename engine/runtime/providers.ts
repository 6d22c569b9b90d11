// Which execution provider runs a model: a plan by platform, each candidate proved in a throw-away process, and
// the reason kept for the person. Nothing falls back silently.
import { EngineError } from '../errors';
import type { ProviderChoice, ProviderName } from '../protocol';
import type { ProbeResult } from './probe';

export interface ProviderDecision {
  readonly provider: ProviderName;
  readonly attention: 'plain' | 'fused';
  /** Whether it runs 16-bit weights; absent where that was not tried. */
  readonly halves?: boolean;
  /** A sentence: what was tried and what it said. */
  readonly reason: string;
}

/** What probing said of one provider. */
export interface DeviceReport {
  readonly provider: ProviderName;
  readonly usable: boolean;
  /** Whether `auto` would take it. */
  readonly chosen: boolean;
  readonly attention: 'plain' | 'fused';
  /** Whether it runs 16-bit weights; absent where that was not tried. */
  readonly halves?: boolean;
  /** As in ProbeResult. */
  readonly gain?: number;
  readonly reason: string;
}

/** Providers that onnxruntime-node can have on this platform, best first. */
export function providerPlan(platform: NodeJS.Platform, arch: string): readonly ProviderName[] {
  const x64 = arch === 'x64';
  switch (platform) {
    case 'linux':
      return x64 ? ['cuda', 'webgpu', 'cpu'] : ['cpu'];
    case 'win32':
      return x64 ? ['cuda', 'dml', 'webgpu', 'cpu'] : ['dml', 'webgpu', 'cpu'];
    case 'darwin':
      return arch === 'arm64' ? ['coreml', 'webgpu', 'cpu'] : ['cpu'];
    default:
      return ['cpu'];
  }
}

/**
 * A GPU must be this much faster than the CPU in the probe to be taken by itself: software devices (llvmpipe,
 * SwiftShader) answer rightly, and slower.
 */
export const SMALLEST_GAIN = 1.5;

/**
 * Picks the provider. With a choice of the person's own, that one or an error `provider-unavailable`; with `auto`
 * the first of the plan that is right and faster than the CPU.
 */
export async function decideProvider(
  choice: ProviderChoice,
  probe: (provider: ProviderName) => Promise<ProbeResult>,
  plan: readonly ProviderName[] = providerPlan(process.platform, process.arch),
): Promise<ProviderDecision> {
  if (choice === 'cpu') return { provider: 'cpu', attention: 'plain', reason: 'selected explicitly.' };
  if (choice !== 'auto') {
    // The runtime leaves out a provider that its binary has not, and would run on the CPU under the other's name.
    const result = plan.includes(choice) ? await probe(choice) : absent(choice);
    if (!result.ok) {
      throw new EngineError(
        'provider-unavailable',
        `The execution provider ${choice} cannot be used here: ${result.reason} Choose "auto" or "cpu".`,
        { provider: choice, reason: result.reason },
      );
    }
    return {
      provider: choice,
      ...kernelsOf(result),
      reason: `selected explicitly. ${result.reason}`,
    };
  }
  const tried: ProbeResult[] = [];
  for (const provider of plan) {
    if (provider === 'cpu') break;
    const result = await probe(provider);
    if (result.ok && (result.gain ?? 0) >= SMALLEST_GAIN) {
      return { provider, ...kernelsOf(result), reason: [...tried.map(sayTried), result.reason].join(' ') };
    }
    tried.push(result);
  }
  return { provider: 'cpu', attention: 'plain', reason: whyCpu(tried) };
}

function whyCpu(tried: readonly ProbeResult[]): string {
  const [first, ...others] = tried;
  if (first === undefined) return 'no other execution provider exists for this platform';
  // What is wrong with all of them is not said of each.
  return !first.ok && others.length > 0 && others.every(({ reason }) => reason === first.reason)
    ? first.reason
    : tried.map(sayTried).join(' ');
}

function sayTried({ provider, ok, reason }: ProbeResult): string {
  return ok ? `${provider} works but is not faster here: ${reason}` : `${provider}: ${reason}`;
}

export function absent(provider: ProviderName): ProbeResult {
  return { provider, ok: false, fusedAgrees: false, reason: 'the runtime has none for this platform.' };
}

function kernelsOf({ fusedAgrees, halves }: ProbeResult): Pick<ProviderDecision, 'attention' | 'halves'> {
  return { attention: fusedAgrees ? 'fused' : 'plain', ...(halves === undefined ? {} : { halves }) };
}
