// Where a model runs and in which precision, decided together: a GPU that has too little memory for one precision may have enough for
// another, and where `auto` was asked for there is always the CPU.
import type { Checkpoint } from '../checkpoint/types';
import { EngineError, isEngineError } from '../errors';
import {
  GPU_SLACK,
  LEAST_TOKENS,
  type MemoryNeed,
  memoryNeeds,
  processBytes,
  requestBytes,
} from '../graph/memory';
import type { GraphOptions, Precision, WeightBits } from '../graph/types';
import type { ProviderChoice, ProviderName } from '../protocol';
import { checkFits, gigabytes } from './availableMemory';
import type { GpuMemory } from './hardware';
import { choosePrecision } from './precision';
import type { ProbeResult } from './probe';
import { decideProvider, type ProviderDecision } from './providers';
import { noHalves } from './runtimeErrors';

type Sized = Pick<Checkpoint, 'name' | 'shape' | 'family' | 'tensors' | 'storedDtype' | 'parameters'>;

export interface Placement {
  readonly decision: ProviderDecision;
  readonly precision: Precision;
  /** For people: what was chosen otherwise than usual. */
  readonly remarks: readonly string[];
}

export interface PlacementSources {
  readonly probe: (provider: ProviderName) => Promise<ProbeResult>;
  /** Of the GPU that would be used; undefined where nothing says it. */
  readonly gpuMemory: () => GpuMemory | undefined;
  readonly mainMemory: () => MainMemory;
  /** Of int8's weights, which this CPU multiplies exactly; undefined where int8 is not to be taken by itself. */
  readonly weightBits: () => Promise<WeightBits | undefined>;
}

/** Bytes. */
export interface MainMemory {
  /** That this process may still take. */
  readonly available: number;
  /** That it has already. */
  readonly held: number;
}

export interface PlacementChoice {
  readonly provider?: ProviderChoice | undefined;
  readonly precision?: Precision | 'auto' | undefined;
  /** Whether the weights are loaded next: then what does not fit is refused. */
  readonly mustFit: boolean;
}

/** What takes the place of a precision on the CPU that nobody has chosen, the largest first. */
const CPU_SMALLER = ['q8', 'q4'] as const;
/** What runs on GPUs, the largest first. */
const GPU_PRECISIONS = ['fp32', 'fp16', 'q8', 'q4'] as const;

/**
 * @throws EngineError `provider-unavailable`, `precision-unsupported`, or `out-of-memory` where the model does not fit: before any
 * of it is loaded
 */
export async function placeModel(
  checkpoint: Sized,
  { provider = 'auto', precision = 'auto', mustFit }: PlacementChoice,
  sources: PlacementSources,
): Promise<Placement> {
  const onCpu = async (decision: ProviderDecision): Promise<Placement> => {
    const bits = precision === 'auto' || precision === 'int8' ? await sources.weightBits() : undefined;
    const chosen = choosePrecision(precision, 'cpu', checkpoint, bits !== undefined);
    const memory = sources.mainMemory();
    const bytesIn = (one: Precision) =>
      mainBytes(checkpoint, needOf(checkpoint, one, one === chosen ? bits : undefined), memory);
    const needed = bytesIn(chosen);
    if (needed <= memory.available) return { decision, precision: chosen, remarks: [] };
    const smaller = precision === 'auto' ? CPU_SMALLER.filter((one) => bytesIn(one) < needed) : [];
    const fitting = smaller.find((one) => bytesIn(one) <= memory.available);
    if (fitting !== undefined) {
      const remark = `It runs in ${fitting}, which is less exact: in ${chosen} it needs about ${gigabytes(needed)} of memory, and ${gigabytes(memory.available)} are available.`;
      return { decision, precision: fitting, remarks: [remark] };
    }
    const last = smaller.at(-1);
    if (mustFit) checkFits(checkpoint.name, bytesIn(last ?? chosen), memory.available, last);
    return { decision, precision: chosen, remarks: [] };
  };
  const decision = await decideProvider(provider, sources.probe);
  if (decision.provider === 'cpu') return onCpu(decision);
  try {
    return onGpu(checkpoint, decision, precision, mustFit ? sources.gpuMemory() : undefined);
  } catch (error) {
    const isTooLarge = isEngineError(error) && error.code === 'out-of-memory';
    if (!isTooLarge || provider !== 'auto') throw error;
    return onCpu({ provider: 'cpu', attention: 'plain', reason: error.message });
  }
}

function onGpu(
  checkpoint: Sized,
  decision: ProviderDecision,
  choice: Precision | 'auto',
  memory: GpuMemory | undefined,
): Placement {
  const usual = choosePrecision(choice, decision.provider, checkpoint);
  if (usual === 'fp16' && decision.halves === false && choice !== 'auto') throw noHalves(decision.provider);
  const wanted = usual === 'fp16' && decision.halves === false ? 'q8' : usual;
  const remarks =
    wanted === usual ? [] : ['It runs in q8, because this GPU cannot compute with 16-bit numbers.'];
  if (memory === undefined || fits(checkpoint, wanted, memory))
    return { decision, precision: wanted, remarks };
  const smaller = GPU_PRECISIONS.filter(
    (precision) =>
      gpuBytes(checkpoint, precision) < gpuBytes(checkpoint, wanted) &&
      (precision !== 'fp16' || decision.halves !== false),
  );
  const fitting = smaller.find((precision) => fits(checkpoint, precision, memory));
  if (choice !== 'auto' || fitting === undefined) throw tooLarge(checkpoint, wanted, fitting, memory);
  const needed = gigabytes(gpuBytes(checkpoint, wanted));
  return {
    decision,
    precision: fitting,
    remarks: [
      `It runs in ${fitting}, which is less exact: in ${wanted} it needs about ${needed} of GPU memory, and ${gigabytes(memory.free)} are free.`,
    ],
  };
}

function fits(checkpoint: Sized, precision: Precision, memory: GpuMemory): boolean {
  return gpuBytes(checkpoint, precision) <= memory.free;
}

/** Weights and the largest request: an estimate made for the CPU, which no GPU has been measured against yet (docs/gpu.md). */
export function gpuBytes(checkpoint: Sized, precision: Precision): number {
  return needOf(checkpoint, precision).deviceBytes + GPU_SLACK * requestBytes(checkpoint);
}

/** @throws EngineError `out-of-memory` where a model does not fit in this precision, which another one has to give way to */
export function requireFits(
  checkpoint: Sized,
  provider: ProviderName,
  precision: Precision,
  sources: Pick<PlacementSources, 'gpuMemory' | 'mainMemory'>,
): void {
  if (provider === 'cpu') {
    const memory = sources.mainMemory();
    checkFits(
      checkpoint.name,
      mainBytes(checkpoint, needOf(checkpoint, precision), memory),
      memory.available,
    );
    return;
  }
  const memory = sources.gpuMemory();
  if (memory !== undefined && !fits(checkpoint, precision, memory))
    throw tooLarge(checkpoint, precision, undefined, memory);
}

/** A model that could be loaded and would then have no room for its first request does not fit either. */
function mainBytes(
  checkpoint: Sized,
  { loadingBytes, weightBytes }: MemoryNeed,
  { held }: Pick<MainMemory, 'held'>,
): number {
  // Where other models are loaded, the process has more than it takes by itself.
  const process = Math.max(0, processBytes(checkpoint.shape) - held);
  const answering = weightBytes + requestBytes(checkpoint, { tokens: LEAST_TOKENS });
  return process + Math.max(loadingBytes, answering);
}

/** Bytes of the weights where they run. */
export function weightBytesOf(
  checkpoint: Sized,
  provider: ProviderName,
  { precision, weightBits }: Pick<GraphOptions, 'precision' | 'weightBits'>,
): number {
  const { weightBytes, deviceBytes } = needOf(checkpoint, precision, weightBits);
  return provider === 'cpu' ? weightBytes : deviceBytes;
}

function needOf(
  checkpoint: Pick<Checkpoint, 'shape' | 'tensors' | 'adapter'>,
  precision: Precision,
  weightBits?: WeightBits,
): MemoryNeed {
  const need = memoryNeeds(checkpoint, weightBits).find((one) => one.precision === precision);
  if (need === undefined) throw new EngineError('internal', `Nothing is known of ${precision}.`);
  return need;
}

function tooLarge(
  checkpoint: Sized,
  precision: Precision,
  fitting: Precision | undefined,
  { name, free, total, isShared }: GpuMemory,
): EngineError {
  const needed = gpuBytes(checkpoint, precision);
  const have = isShared
    ? `${gigabytes(free)} are available to the GPU`
    : `${gigabytes(free)} of ${gigabytes(total)} are free on ${name ?? 'the GPU'}`;
  const advice =
    fitting === undefined
      ? 'Close other programs that use the GPU, choose a smaller model, or run it on the CPU.'
      : `It would fit in ${fitting}: choose that precision, close other programs that use the GPU, or run it on the CPU.`;
  return new EngineError(
    'out-of-memory',
    `${checkpoint.name} needs about ${gigabytes(needed)} of GPU memory in ${precision}, and ${have}. ${advice}`,
    { needed: Math.round(needed), available: Math.round(free), ...(fitting ? { fitting } : {}) },
  );
}
