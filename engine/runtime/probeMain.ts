// The throw-away process of a probe: a small random decoder on the CPU, then on the provider, plain and fused.
// Prints one line of JSON (ProbeResult); a crash or a hang is the parent's affair.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildGraph } from '../graph/build';
import type { Precision } from '../graph/types';
import { PROVIDERS, type ProviderName } from '../protocol';
import { whyNoCuda } from './cudaProvider';
import { type ForwardRequest, openBias } from './forward';
import { missingVulkan } from './hardware';
import { voidKv } from './kvState';
import type { ProbeResult } from './probe';
import { probeReason } from './probeReason';
import { absent, providerPlan } from './providers';
import { randomCheckpoint } from './randomCheckpoint';
import { DecoderSession } from './session';
import { threadCount } from './threads';

/** Largest difference of log-probabilities that passes: provider kernels sum in other orders. */
const TOLERANCE = 5e-3;
/** The same for 16-bit weights, whose own rounding comes on top. */
const HALF_TOLERANCE = 5e-2;
/** Wrong kernels have been seen from 32 tokens on (docs/decisions/graph.md). */
const TOKENS = 96;
const TIMED_RUNS = 3;
const HOPELESS_MILLIS = 1000;

async function probe(provider: ProviderName, folder: string): Promise<ProbeResult> {
  const checkpoint = randomCheckpoint(folder, {
    hiddenSize: 512,
    layers: 2,
    heads: 8,
    kvHeads: 2,
    ffnSize: 1536,
  });
  const ids = Int32Array.from({ length: TOKENS }, (_, i) => (i * 37) % checkpoint.shape.vocabSize);
  const request: ForwardRequest = {
    lanes: 1,
    ids,
    positions: Int32Array.from(ids, (_, i) => i),
    past: voidKv(checkpoint.shape),
    bias: openBias(1, TOKENS),
    asks: Array.from(ids, (target, row) => ({ row, target })),
    temperature: 0,
    keep: false,
  };
  const run = async (on: ProviderName, attention: 'plain' | 'fused', precision: Precision = 'fp32') => {
    const graph = await buildGraph(
      checkpoint,
      { precision, attention, cacheOutput: 'new', topK: 4 },
      { cacheFolder: folder },
    );
    const session = await DecoderSession.create(graph, checkpoint.shape, {
      provider: on,
      threads: threadCount(),
    });
    const first = performance.now();
    const { predictions } = await session.run(request);
    let millis = performance.now() - first;
    // The first run compiles; where even that takes long the device is no gain, and waiting for more proves nothing.
    for (let i = 0; i < TIMED_RUNS && millis < HOPELESS_MILLIS; i++) {
      const start = performance.now();
      await session.run(request);
      millis = Math.min(millis, performance.now() - start);
    }
    await session.dispose();
    return { logProbs: predictions.map((prediction) => prediction.targetLogProb), millis };
  };
  const reference = await run('cpu', 'plain');
  const plain = await run(provider, 'plain');
  const error = largestDifference(plain.logProbs, reference.logProbs);
  if (!(error <= TOLERANCE)) {
    return {
      provider,
      ok: false,
      fusedAgrees: false,
      reason: `its results are wrong (off by ${error.toPrecision(2)}).`,
    };
  }
  const plainGain = reference.millis / plain.millis;
  const fused = plainGain < 1 ? undefined : await run(provider, 'fused').catch(() => undefined);
  const fusedAgrees =
    fused !== undefined && largestDifference(fused.logProbs, reference.logProbs) <= TOLERANCE;
  // A device that is slower than the CPU is taken only where a person insists: that is no reason to let everybody wait.
  const half =
    plainGain < 1 ? undefined : await run(provider, 'plain', 'fp16').catch(() => 'refused' as const);
  const halves =
    half === undefined
      ? undefined
      : half !== 'refused' && largestDifference(half.logProbs, reference.logProbs) <= HALF_TOLERANCE;
  const gain = fusedAgrees ? Math.max(plainGain, reference.millis / fused.millis) : plainGain;
  return {
    provider,
    ok: true,
    fusedAgrees: fusedAgrees && fused.millis <= plain.millis,
    ...(halves === undefined ? {} : { halves }),
    gain,
    reason: `its results match the CPU's, at ${gain.toPrecision(2)} times the speed.`,
  };
}

function largestDifference(a: readonly number[], b: readonly number[]): number {
  return a.reduce((worst, value, index) => {
    const difference = Math.abs(value - (b[index] ?? Number.NaN));
    return Math.max(difference, worst);
  }, 0);
}

async function main(): Promise<void> {
  const provider = PROVIDERS.find(
    (name): name is ProviderName => name !== 'auto' && name === process.argv.at(-1),
  );
  if (!provider) throw new Error('probe: name an execution provider');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-probe-'));
  let result: ProbeResult;
  try {
    // The runtime leaves out a provider that its binary has not, and would run on the CPU under the other's name.
    result = providerPlan(process.platform, process.arch).includes(provider)
      ? await probe(provider, folder)
      : absent(provider);
  } catch (error) {
    result = {
      provider,
      ok: false,
      fusedAgrees: false,
      reason: probeReason(error, { whyNoCuda, missingVulkan }),
    };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

main().catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
});
