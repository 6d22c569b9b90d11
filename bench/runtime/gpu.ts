// A forward pass and a denoise step on a real GPU, through WebGPU and CUDA, beside PyTorch's on the same shapes in one
// run. Where something is missing (the GPU, a provider's libraries, PyTorch with CUDA) the table says so.
import os from 'node:os';
import { parseArgs } from 'node:util';
import type { Checkpoint } from '../../engine/checkpoint/types';
import type { Precision } from '../../engine/graph/types';
import type { ProviderName } from '../../engine/protocol';
import { type ForwardRequest, openBias } from '../../engine/runtime/forward';
import { disposeKv, type KvState } from '../../engine/runtime/kvState';
import { rememberedProbe } from '../../engine/runtime/probe';
import { SMALLEST_GAIN } from '../../engine/runtime/providers';
import type { DecoderSession } from '../../engine/runtime/session';
import { torchContender } from '../contenders/torch';
import {
  benchFolder,
  type Contender,
  figure,
  inTurns,
  markdownTable,
  medianWall,
  progress,
  publish,
  runBench,
  type Sample,
  timed,
} from '../harness';
import { engineSession, promptIds, promptRequest } from './engineSession';
import { HALF, randomModel, SMALL, shapeText } from './randomModel';

const TOKENS = 512;
const STEP = 32;

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

interface Party {
  readonly name: string;
  readonly forward: Contender;
  readonly step: Contender;
  dispose(): void | Promise<void>;
}
type Absent = readonly [name: string, reason: string];

interface Usable extends Side {
  readonly attention: 'plain' | 'fused';
}

/** Providers that give the CPU's numbers here, by the engine's own probe. */
async function usableSides(anyGain: boolean): Promise<{ usable: Usable[]; absent: Absent[] }> {
  const usable: Usable[] = [];
  const absent: Absent[] = [];
  for (const side of SIDES) {
    const { provider } = side;
    if (provider === 'cpu') {
      usable.push({ ...side, attention: 'plain' });
      continue;
    }
    const { ok, fusedAgrees, gain = 0, reason } = await rememberedProbe(provider, benchFolder('side'));
    if (!ok) absent.push([provider, reason]);
    else if (gain < SMALLEST_GAIN && !anyGain)
      absent.push([
        provider,
        `no gain over the CPU here, so hardly a GPU (${reason} --slow measures it all the same)`,
      ]);
    else usable.push({ ...side, attention: fusedAgrees ? 'fused' : 'plain' });
  }
  return { usable, absent };
}

function stepRequest(checkpoint: Checkpoint, past: KvState): ForwardRequest {
  return {
    lanes: 1,
    ids: promptIds(STEP, checkpoint.shape.vocabSize),
    positions: Int32Array.from({ length: STEP }, (_, row) => TOKENS + row),
    past,
    bias: openBias(past.positions, STEP),
    asks: Array.from({ length: STEP }, (_, row) => ({ row })),
    temperature: 0,
    keep: false,
  };
}

async function ourParty(
  checkpoint: Checkpoint,
  { provider, attention }: Usable,
  precision: Precision,
): Promise<Party> {
  const threads = os.availableParallelism();
  const { session } = await engineSession(checkpoint, { precision, threads, provider, attention });
  const prompt = promptRequest(checkpoint, promptIds(TOKENS, checkpoint.shape.vocabSize), STEP, 'causal');
  const { kv } = await session.run({ ...prompt, keep: true });
  if (!kv) throw new Error('the forward pass gave no K/V');
  const step = stepRequest(checkpoint, kv);
  const name = `Palimpsest ${provider} ${precision}, ${attention} attention`;
  return {
    name,
    forward: contender(name, session, prompt),
    step: contender(name, session, step),
    dispose: async () => {
      disposeKv(kv);
      await session.dispose();
    },
  };
}

function contender(name: string, session: DecoderSession, request: ForwardRequest): Contender {
  return { name, run: () => timed(() => session.run(request)) };
}

async function torchParty(
  checkpoint: Checkpoint,
  dtype: (typeof DTYPES)[number],
): Promise<(Party & { readonly version: string }) | string> {
  const work = { dtype, device: 'cuda', threads: os.availableParallelism() } as const;
  const forward = await torchContender(checkpoint, { ...work, tokens: TOKENS, rows: STEP, past: 0 });
  if (typeof forward === 'string') return forward;
  const step = await torchContender(checkpoint, { ...work, tokens: STEP, rows: STEP, past: TOKENS });
  if (typeof step === 'string') {
    forward.dispose();
    return step;
  }
  return {
    name: forward.name,
    version: `PyTorch ${forward.version} on ${forward.device}, eager`,
    forward,
    step,
    dispose: () => {
      forward.dispose();
      step.dispose();
    },
  };
}

async function parties(checkpoint: Checkpoint, usable: readonly Usable[]) {
  const found: Party[] = [];
  const absent: Absent[] = [];
  let version: string | undefined;
  for (const side of usable) {
    for (const precision of side.precisions) {
      try {
        found.push(await ourParty(checkpoint, side, precision));
      } catch (error) {
        // One precision that a provider refuses is a line of the table, not the end of the bench.
        absent.push([
          `${side.provider} ${precision}`,
          error instanceof Error ? error.message : String(error),
        ]);
      }
    }
  }
  for (const dtype of DTYPES) {
    const party = await torchParty(checkpoint, dtype);
    if (typeof party === 'string') absent.push([`PyTorch ${dtype} on a GPU`, party]);
    else {
      found.push(party);
      version = party.version;
    }
  }
  return { found, absent, version };
}

function table(
  found: readonly Party[],
  forwards: ReadonlyMap<string, readonly Sample[]>,
  steps: ReadonlyMap<string, readonly Sample[]>,
  absent: readonly Absent[],
): string {
  const rows = found.map(({ name }) => {
    const forward = medianWall(forwards.get(name));
    const step = medianWall(steps.get(name));
    return [name, figure(forward), figure(step), figure(forward / step)];
  });
  const gone = absent.map(([name, reason]) => [`${name}: not available (${reason})`, '–', '–', '–']);
  const header = [
    'wall ms',
    `forward of ${TOKENS} tokens`,
    `step of ${STEP} over ${TOKENS} cached`,
    'forward / step',
  ];
  return markdownTable(header, [...rows, ...gone]);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      shape: { type: 'string', multiple: true, default: ['small', 'half'] },
      rounds: { type: 'string', default: '15' },
      slow: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  const { usable, absent } = await usableSides(values.slow);
  const sections: string[] = [];
  let torchVersion: string | undefined;
  const hasGpu = usable.some(({ provider }) => provider !== 'cpu');
  for (const shape of [SMALL, HALF].filter(({ name }) => values.shape.includes(name))) {
    const checkpoint = await randomModel(shape);
    const all = await parties(checkpoint, usable);
    torchVersion ??= all.version;
    progress(`${shape.name}: forwards, then steps`);
    const forwards = await inTurns(
      all.found.map(({ forward }) => forward),
      rounds,
    );
    const steps = await inTurns(
      all.found.map(({ step }) => step),
      rounds,
    );
    for (const party of all.found) await party.dispose();
    sections.push(
      `## ${shape.name}: ${shapeText(shape)}`,
      table(all.found, forwards, steps, [...absent, ...all.absent]),
    );
    if (!hasGpu && torchVersion === undefined) break;
  }
  publish({
    name: 'gpu',
    title: 'A forward pass and a denoise step on the GPU',
    facts: [torchVersion ?? 'PyTorch with CUDA: not installed'],
    sections: [
      hasGpu
        ? `Medians of ${rounds} rounds in turns. Ours ends with the best tokens of ${STEP} rows in main memory; PyTorch's with the logits on the device.`
        : 'This machine has no GPU that the engine can use: the reasons are in the table, and nothing but the CPU was measured.',
      ...sections,
    ],
  });
}

runBench(main);
