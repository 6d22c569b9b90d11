// A forward pass and a denoise step of one shape on every device and in every precision that it has, beside PyTorch's in the same
// turns: what the bench gpu and the run on a bare machine both print.
import os from 'node:os';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { linearWeights, memoryNeeds } from '../../engine/graph/memory';
import type { Precision } from '../../engine/graph/types';
import type { ProviderName } from '../../engine/protocol';
import { type ForwardRequest, openBias } from '../../engine/runtime/forward';
import { disposeKv, type KvState } from '../../engine/runtime/kvState';
import { type ProbeResult, probeInChild, rememberedProbe } from '../../engine/runtime/probe';
import { providerPlan, SMALLEST_GAIN } from '../../engine/runtime/providers';
import type { DecoderSession } from '../../engine/runtime/session';
import { torchContender } from '../contenders/torch';
import { benchFolder, type Contender, figure, median, progress, ratio, timed } from '../harness';
import { engineSession, promptIds, promptRequest } from './engineSession';

interface Side {
  readonly provider: ProviderName;
  readonly precisions: readonly Precision[];
}
const SIDES: readonly Side[] = [
  { provider: 'cuda', precisions: ['fp16', 'fp32', 'q8', 'q4'] },
  { provider: 'webgpu', precisions: ['fp16', 'fp32', 'q8', 'q4'] },
  { provider: 'dml', precisions: ['fp16', 'fp32'] },
  { provider: 'coreml', precisions: ['fp32'] },
  { provider: 'cpu', precisions: ['int8', 'fp32'] },
];
const DTYPES = ['bf16', 'fp16', 'fp32'] as const;

export type Absent = readonly [name: string, reason: string];

export interface UsableSide extends Side {
  readonly attention: 'plain' | 'fused';
  /** Whether it is hardly faster than the CPU, or slower: a software device, or an old GPU. */
  readonly isSlow: boolean;
}

export interface SpeedSize {
  /** New tokens of the forward pass, and cached ones of the step. */
  readonly tokens: number;
  /** Masks of a step. */
  readonly step: number;
  readonly rounds: number;
  /** Seconds after which no further round begins, once there are three (default: none). */
  readonly patience?: number;
  /** Whether fp32 is left out: large models are never run in it. */
  readonly withoutFp32?: boolean;
  /** Bytes a second by provider, as a device copy moves them: the step's share of it is told where this is known. */
  readonly copyRates?: ReadonlyMap<ProviderName, number>;
  /** Called with each row as soon as it is measured. */
  readonly onRow?: (header: readonly string[], row: readonly string[]) => void;
}

export interface Speeds {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly absent: readonly Absent[];
  /** PyTorch's version and device, where it ran. */
  readonly torch?: string;
  /** Milliseconds of the slowest forward pass. */
  readonly slowest: number;
}

/** Milliseconds: a device that computes in software on a busy machine takes long, and is not broken. */
const PATIENCE = 150_000;

/** The engine's own probe, which waits longer here than a person would; its memory is that of the engines of the bench. */
export function patientProbe(provider: ProviderName): Promise<ProbeResult> {
  return rememberedProbe(provider, benchFolder('side'), (one) => probeInChild(one, undefined, PATIENCE));
}

/** Providers that give the CPU's numbers here, by the engine's own probe; `anyGain`: software devices, too. */
export async function usableSides(anyGain: boolean): Promise<{ usable: UsableSide[]; absent: Absent[] }> {
  const usable: UsableSide[] = [];
  const absent: Absent[] = [];
  const plan = providerPlan(process.platform, process.arch);
  for (const side of SIDES.filter(({ provider }) => plan.includes(provider))) {
    const { provider } = side;
    if (provider === 'cpu') {
      usable.push({ ...side, attention: 'plain', isSlow: false });
      continue;
    }
    const { ok, fusedAgrees, halves, gain = 0, reason } = await patientProbe(provider);
    const precisions = side.precisions.filter((precision) => precision !== 'fp16' || halves !== false);
    if (!ok) absent.push([provider, reason]);
    else if (gain < SMALLEST_GAIN && !anyGain)
      absent.push([
        provider,
        `no gain over the CPU here, so hardly a GPU (${reason} --slow measures it all the same)`,
      ]);
    else {
      const attention = fusedAgrees ? 'fused' : 'plain';
      usable.push({ provider, precisions, attention, isSlow: gain < SMALLEST_GAIN });
    }
  }
  return { usable, absent };
}

interface Party {
  readonly name: string;
  readonly forward: Contender;
  readonly step: Contender;
  /** Milliseconds that the step's reading of weights and cache takes at the speed of a copy. */
  readonly floor?: number;
  dispose(): void | Promise<void>;
}

function stepRequest(checkpoint: Checkpoint, past: KvState, { tokens, step }: SpeedSize): ForwardRequest {
  return {
    lanes: 1,
    ids: promptIds(step, checkpoint.shape.vocabSize),
    positions: Int32Array.from({ length: step }, (_, row) => tokens + row),
    past,
    bias: openBias(past.positions, step),
    asks: Array.from({ length: step }, (_, row) => ({ row })),
    temperature: 0,
    keep: false,
  };
}

/** Bytes that a step reads at the least: every weight of the linear layers and of the head, and the K/V. */
function stepBytes(checkpoint: Checkpoint, precision: Precision, { tokens }: SpeedSize): number {
  const need = memoryNeeds(checkpoint).find((one) => one.precision === precision);
  const width = precision === 'fp32' ? 4 : 2;
  const weights = need?.quantisedBytes || linearWeights(checkpoint.shape) * width;
  return weights + ((need?.cacheBytes ?? 0) * tokens) / 1000;
}

async function ourParty(
  checkpoint: Checkpoint,
  { provider, attention }: UsableSide,
  precision: Precision,
  size: SpeedSize,
): Promise<Party> {
  const threads = os.availableParallelism();
  const { session } = await engineSession(checkpoint, { precision, threads, provider, attention });
  const ids = promptIds(size.tokens, checkpoint.shape.vocabSize);
  const prompt = promptRequest(checkpoint, ids, size.step, 'causal');
  const { kv } = await session.run({ ...prompt, keep: true });
  if (!kv) throw new Error('the forward pass gave no K/V');
  const step = stepRequest(checkpoint, kv, size);
  const name = `Palimpsest ${provider} ${precision}, ${attention} attention`;
  const rate = size.copyRates?.get(provider);
  return {
    name,
    forward: contender(name, session, prompt),
    step: contender(name, session, step),
    // A copy reads and writes: reading alone moves as many bytes in the same time.
    ...(rate === undefined ? {} : { floor: (1000 * stepBytes(checkpoint, precision, size)) / rate }),
    dispose: async () => {
      disposeKv(kv);
      await session.dispose();
    },
  };
}

/** Milliseconds of a forward pass in q8, behind one that is not counted; its answer is read for a single row. */
export async function forwardMillis(
  checkpoint: Checkpoint,
  { provider, attention }: UsableSide,
  tokens: number,
): Promise<number> {
  const threads = os.availableParallelism();
  const { session } = await engineSession(checkpoint, { precision: 'q8', threads, provider, attention });
  try {
    const request = promptRequest(checkpoint, promptIds(tokens, checkpoint.shape.vocabSize), 1, 'causal');
    await session.run(request);
    return (await timed(() => session.run(request))).wall;
  } finally {
    await session.dispose();
  }
}

function contender(name: string, session: DecoderSession, request: ForwardRequest): Contender {
  return { name, run: () => timed(() => session.run(request)) };
}

async function torchParty(
  checkpoint: Checkpoint,
  dtype: (typeof DTYPES)[number],
  size: SpeedSize,
): Promise<(Party & { readonly version: string }) | string> {
  const { tokens, step: rows } = size;
  const threads = os.availableParallelism();
  const open = (device: 'cuda' | 'cpu') =>
    torchContender(checkpoint, { dtype, device, threads, tokens, rows, past: 0 });
  const onGpu = await open('cuda');
  // Where PyTorch has no GPU (a software device beside it, say), it is still somebody to be compared with; fp16 and large shapes
  // would take it minutes.
  const isWorthIt = dtype !== 'fp16' && !size.withoutFp32;
  const forward = typeof onGpu === 'string' && isWorthIt ? await open('cpu') : onGpu;
  if (typeof forward === 'string') return onGpu === forward ? forward : `${onGpu} ${forward}`;
  const device = forward === onGpu ? 'cuda' : 'cpu';
  const work = { dtype, device, threads } as const;
  const step = await torchContender(checkpoint, { ...work, tokens: rows, rows, past: tokens });
  if (typeof step === 'string') {
    forward.dispose();
    return step;
  }
  return {
    name: device === 'cuda' ? forward.name : `${forward.name}, on the CPU`,
    version: `PyTorch ${forward.version} on ${forward.device}, eager, scaled_dot_product_attention`,
    forward,
    step,
    dispose: () => {
      forward.dispose();
      step.dispose();
    },
  };
}

/** One party at a time is on the device: a large shape would not fit beside itself in another precision. */
export async function speedsOf(
  checkpoint: Checkpoint,
  usable: readonly UsableSide[],
  size: SpeedSize,
): Promise<Speeds> {
  const absent: Absent[] = [];
  const rows: string[][] = [];
  let slowest = 0;
  const header = [
    'wall ms',
    `forward of ${size.tokens} tokens`,
    `step of ${size.step} over ${size.tokens} cached`,
    'forward / step',
    'step: share of the memory roofline',
  ];
  let torch: string | undefined;
  const measure = async (open: () => Promise<Party | string>, name: string) => {
    let party: Party | string | undefined;
    try {
      party = await open();
      if (typeof party === 'string') {
        absent.push([name, party]);
        return;
      }
      const [forward, step] = [await medianMillis(party.forward, size), await medianMillis(party.step, size)];
      const share = party.floor === undefined ? '–' : ratio(party.floor / step);
      const row = [party.name, figure(forward), figure(step), figure(forward / step), share];
      rows.push(row);
      size.onRow?.(header, row);
      slowest = Math.max(slowest, forward);
    } catch (error) {
      // One precision that a provider refuses is a line of the table, not the end of the bench.
      absent.push([name, error instanceof Error ? error.message : String(error)]);
    } finally {
      if (typeof party === 'object') await party.dispose();
    }
  };
  const isWanted = (name: string) => name !== 'fp32' || !size.withoutFp32;
  for (const side of usable) {
    for (const precision of side.precisions.filter(isWanted)) {
      progress(`${checkpoint.name}: ${side.provider} ${precision}`);
      await measure(() => ourParty(checkpoint, side, precision, size), `${side.provider} ${precision}`);
    }
  }
  for (const dtype of DTYPES.filter(isWanted)) {
    await measure(async () => {
      const party = await torchParty(checkpoint, dtype, size);
      if (typeof party !== 'string') torch = party.version;
      return party;
    }, `PyTorch ${dtype}`);
  }
  return { header, rows, absent, slowest, ...(torch === undefined ? {} : { torch }) };
}

const FEWEST_ROUNDS = 3;

/** Of `rounds` runs behind one that is not counted; of fewer where they take longer than `patience`. */
async function medianMillis(contender: Contender, { rounds, patience }: SpeedSize): Promise<number> {
  const begun = performance.now();
  const isLate = () => patience !== undefined && performance.now() - begun > 1000 * patience;
  await contender.run();
  const millis: number[] = [];
  while (millis.length < rounds && !(isLate() && millis.length >= FEWEST_ROUNDS))
    millis.push((await contender.run()).wall);
  return median(millis);
}
