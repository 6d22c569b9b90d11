// From a checkpoint folder to a model that answers: open, choose a provider and a precision, build the graph,
// start the session. What was chosen, and why, is in the description.

import { readCalibration } from './calibration/file';
import { defaultCopying, fitFor } from './calibration/fit';
import type { Calibration } from './calibration/types';
import { writesInOrder } from './checkpoint/family';
import { openCheckpoint } from './checkpoint/open';
import type { Checkpoint } from './checkpoint/types';
import { type ErrorCode, isEngineError, throwIfCancelled } from './errors';
import { buildGraph } from './graph/build';
import { headRowsFor } from './graph/memory';
import { stageCount } from './graph/stages';
import type { BuiltGraph, Precision } from './graph/types';
import { isPacked } from './graph/unpack';
import { requireBase } from './hub/adapterBase';
import { placeOf } from './hub/place';
import { memoryOf } from './infill/requestMemory';
import { localModel } from './localModel';
import type { LoadContext, LoadedModel, LoadModel } from './model';
import type { LoadModelParams, ModelDescription, ProviderName } from './protocol';
import { availableMemory, MODEL_SHARE, machineMemory } from './runtime/availableMemory';
import { cudaAdvice } from './runtime/deviceAdvice';
import { describeMachine } from './runtime/devices';
import { buildOrExact } from './runtime/exactFallback';
import { gpuMemory, gpuVendors, mayHaveGpu } from './runtime/hardware';
import { fastWeightBits, precisionHere } from './runtime/integerProducts';
import { Pace, probePace } from './runtime/pace';
import { type PlacementSources, placeModel, requireFits, weightBytesOf } from './runtime/placement';
import { forgetProbe, type ProbeResult, probeFor, probeInChild } from './runtime/probe';
import { type ProviderDecision, providerPlan } from './runtime/providers';
import { DecoderSession, keepsCacheOnDevice } from './runtime/session';
import { threadCount } from './runtime/threads';

/** Parameters up to which a model that cannot be quantised runs in fp32 without being asked: 4 GB. */
const SMALL = 1e9;
/** Parameters from which on a model may be slow, so that its pace is looked at when it is loaded. */
const PROBED_FROM = 1e8;
/** Best tokens that come back for each row: enough for nucleus sampling and for alternatives. */
const TOP_K = 24;

export const loadModel: LoadModel = async (params, context) => {
  const prepared = await prepareModel(params, context, true);
  const { decision } = prepared;
  try {
    return await startModel(prepared, params, context);
  } catch (error) {
    const mayRunOnCpu = (params.provider ?? 'auto') === 'auto' && decision.provider !== 'cpu';
    if (!mayRunOnCpu || !isEngineError(error) || !GPU_FAILURES.includes(error.code)) throw error;
    forgetProbe(decision.provider, context.cacheFolder);
    const onCpu = await prepareModel({ ...params, provider: 'cpu' }, context, true);
    const reason = `${decision.provider} was chosen, and failed: ${error.message}`;
    return startModel({ ...onCpu, decision: { ...onCpu.decision, reason } }, params, context);
  }
};

/** After which a model that may run anywhere runs on the CPU. */
const GPU_FAILURES: readonly ErrorCode[] = [
  ...(['provider-unavailable', 'device-lost', 'out-of-memory', 'runtime-failed'] as const),
];

async function startModel(
  { checkpoint, calibration, decision, graph, precision, remarks, advice }: PreparedModel,
  params: LoadModelParams,
  { cacheFolder, signal, onProgress, together = 1 }: LoadContext,
): Promise<LoadedModel> {
  throwIfCancelled(signal);
  const weightBytes = weightBytesOf(checkpoint, decision.provider, graph.options);
  const report = (fraction: number) =>
    onProgress?.({ folder: params.folder, stage: 'session', fraction, weightBytes });
  report(0);
  const session = await DecoderSession.create(graph, checkpoint.shape, {
    provider: decision.provider,
    threads: threadCount(),
  });
  report(0.7);
  const pace = new Pace(checkpoint.shape);
  const isLarge = checkpoint.parameters >= PROBED_FROM;
  if (isLarge || decision.provider !== 'cpu') {
    // On a GPU the first pass, which compiles its kernels and takes its memory, belongs to loading: here a failure loses nothing.
    const taught = isLarge ? pace : new Pace(checkpoint.shape);
    await probePace((request) => session.run(request), checkpoint.shape, taught).catch(async (error) => {
      await session.dispose();
      throw error;
    });
  }
  const seats = session.deviceCache ? 1 : together;
  const isCompared = fitFor(calibration, 'mixed', checkpoint.family).choice !== undefined;
  const memory = memoryOf(checkpoint, pace, weightBytes, isCompared);
  const description: ModelDescription = {
    folder: checkpoint.folder,
    name: checkpoint.name,
    family: checkpoint.family.id,
    familyTitle: checkpoint.family.title,
    parameters: checkpoint.parameters,
    contextLength: checkpoint.shape.contextLength,
    provider: decision.provider,
    providerReason: decision.reason,
    ...(advice.length > 0 ? { advice } : {}),
    attention: decision.attention,
    precision,
    storedPrecision: checkpoint.storedDtype,
    ...(calibration ? { gate: calibration.gate } : {}),
    copies: defaultCopying(calibration, checkpoint.family) !== 'off',
    takesInstruction: checkpoint.chat !== undefined,
    ...(seats > 1 ? { together: seats } : {}),
    ...(writesInOrder(checkpoint.family) ? { writesInOrder: true } : {}),
    memory,
    remarks,
  };
  // Its device is asked again at the next load: it answers otherwise than the probe had said.
  const onDeviceLost = () => forgetProbe(decision.provider, cacheFolder);
  return localModel({ checkpoint, description, session, calibration, pace, onDeviceLost });
}

/** A model up to its graph: opened, its provider and precision chosen, its quantised weights made. */
interface PreparedModel {
  readonly checkpoint: Checkpoint;
  readonly calibration: Calibration | undefined;
  readonly decision: ProviderDecision;
  readonly graph: BuiltGraph;
  readonly precision: Precision;
  readonly remarks: readonly string[];
  /** As in ModelDescription. */
  readonly advice: readonly string[];
}

/**
 * All of loading that is slow only once: for a model that was just installed. Takes no memory for weights; `mustFit`: they
 * are to be loaded next, so it throws `out-of-memory` where they cannot be.
 */
export async function prepareModel(
  params: LoadModelParams,
  { cacheFolder, signal, onProgress }: LoadContext,
  mustFit = false,
): Promise<PreparedModel> {
  const report = (stage: 'opening' | 'probing' | 'quantising', fraction?: number) =>
    onProgress?.({ folder: params.folder, stage, ...(fraction === undefined ? {} : { fraction }) });
  report('opening');
  const checkpoint = await openCheckpoint(placeOf(params.folder, process.env));
  await requireBase(checkpoint, cacheFolder, signal);
  // An adapter changes no answer.
  const calibration = await readCalibration({
    ...checkpoint,
    folder: checkpoint.adapter?.base ?? checkpoint.folder,
  });
  throwIfCancelled(signal);
  const probed = new Map<ProviderName, Promise<ProbeResult>>();
  const all = providerPlan(process.platform, process.arch).length;
  // Without a share nothing is tested yet: most of it is known already.
  report('probing');
  const ask = probeFor(params.provider ?? 'auto', cacheFolder, undefined, (provider) => {
    report('probing', Math.min(1, probed.size / all));
    return probeInChild(provider);
  });
  const probe = (provider: ProviderName) => {
    const known = probed.get(provider) ?? ask(provider);
    probed.set(provider, known);
    return known;
  };
  const choice = params.precision ?? 'auto';
  const sources: PlacementSources = {
    probe,
    gpuMemory,
    // For a model that is used later, what is free now says little.
    mainMemory: () =>
      mustFit
        ? { available: availableMemory(), held: process.memoryUsage.rss() }
        : { available: MODEL_SHARE * machineMemory(), held: 0 },
    weightBits: fastWeightBits,
  };
  const placement = await placeModel(
    checkpoint,
    { provider: params.provider, precision: choice, mustFit },
    sources,
  );
  const { decision, precision: chosen } = placement;
  const advice = await adviceOn(params, decision, probe);
  throwIfCancelled(signal);
  // Most weights were quantized before, which shows as soon as their files are read.
  report('opening');
  const build = async (precision: Precision) =>
    buildGraph(
      checkpoint,
      {
        ...(await precisionHere(precision)),
        attention: decision.attention,
        cacheOutput: keepsCacheOnDevice(decision.provider) ? 'joined' : 'new',
        topK: Math.min(TOP_K, checkpoint.shape.vocabSize),
        // Other providers would take the loop's rows to the CPU and back, and what goes from stage to stage.
        ...(decision.provider === 'cpu'
          ? { headRows: headRowsFor(checkpoint.shape.vocabSize), stages: stageCount(checkpoint.shape) }
          : {}),
      },
      {
        cacheFolder,
        ...(signal ? { signal } : {}),
        onProgress: ({ done, total }) => report('quantising', total > 0 ? done / total : 1),
      },
    );
  const { graph, precision, remark } = await buildOrExact(build, chosen, {
    isAllowed: choice === 'auto' && checkpoint.parameters <= SMALL && !isPacked(checkpoint),
    requireFits: () => {
      if (mustFit) requireFits(checkpoint, decision.provider, 'fp32', sources);
    },
  });
  const remarks = [...checkpoint.remarks, ...placement.remarks, ...(remark === undefined ? [] : [remark])];
  return { checkpoint, calibration, decision, graph, precision, remarks, advice };
}

/** What there is to do so that a GPU is used, or used better; nothing where the person has chosen the provider. */
async function adviceOn(
  { provider = 'auto' }: LoadModelParams,
  decision: ProviderDecision,
  probe: (provider: ProviderName) => Promise<ProbeResult>,
): Promise<readonly string[]> {
  if (provider !== 'auto') return [];
  // Without a GPU there is nothing to do about it, and the decision says why.
  if (decision.provider === 'cpu')
    return mayHaveGpu() || gpuVendors().length > 0 ? (await describeMachine(probe)).advice : [];
  // On Linux, CUDA is tried before it.
  if (decision.provider !== 'webgpu' || process.platform !== 'linux') return [];
  return cudaAdvice((await probe('cuda')).reason, gpuVendors(), process.platform);
}
