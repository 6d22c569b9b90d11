// From a checkpoint folder to a model that answers: open, choose a provider and a precision, build the graph,
// start the session. What was chosen, and why, is in the description.

import os from 'node:os';
import { readCalibration } from './calibration/file';
import { defaultCopying } from './calibration/fit';
import type { Calibration } from './calibration/types';
import { openCheckpoint } from './checkpoint/open';
import type { Checkpoint } from './checkpoint/types';
import { type EngineError, isEngineError, throwIfCancelled } from './errors';
import { buildGraph } from './graph/build';
import { headRowsFor, largestPass, memoryNeeds, PROCESS_BYTES, requestBytes } from './graph/memory';
import type { BuiltGraph, Precision } from './graph/types';
import { isPacked } from './graph/unpack';
import { placeOf } from './hub/place';
import { Infiller } from './infill/infiller';
import { isSlow } from './infill/reach';
import type { LoadContext, LoadedModel, LoadModel } from './model';
import type { LoadModelParams, ModelDescription } from './protocol';
import { checkFits } from './runtime/availableMemory';
import { IdleTrim } from './runtime/idleTrim';
import { integerProductsAreExact } from './runtime/integerProducts';

import { Pace, probePace } from './runtime/pace';
import { choosePrecision } from './runtime/precision';
import { rememberedProbe } from './runtime/probe';
import { decideProvider, type ProviderDecision } from './runtime/providers';
import { DecoderSession, keepsCacheOnDevice } from './runtime/session';

/** Parameters up to which a model that cannot be quantised runs in fp32 without being asked: 4 GB. */
const SMALL = 1e9;
/** Parameters from which on a model may be slow, so that its pace is looked at when it is loaded. */
const PROBED_FROM = 1e8;
/** Best tokens that come back for each row: enough for nucleus sampling and for alternatives. */
const TOP_K = 24;

export const loadModel: LoadModel = async (params, context) => {
  const { checkpoint, calibration, decision, graph, precision, remarks } = await prepareModel(
    params,
    context,
    true,
  );
  throwIfCancelled(context.signal);
  context.onProgress?.({ folder: params.folder, stage: 'session' });
  const session = await DecoderSession.create(graph, checkpoint.shape, {
    provider: decision.provider,
    threads: threadCount(),
  });
  const pace = new Pace(checkpoint.shape);
  if (checkpoint.parameters >= PROBED_FROM) {
    await probePace((request) => session.run(request), checkpoint.shape, pace);
  }
  const description: ModelDescription = {
    folder: checkpoint.folder,
    name: checkpoint.name,
    family: checkpoint.family.id,
    familyTitle: checkpoint.family.title,
    parameters: checkpoint.parameters,
    contextLength: checkpoint.shape.contextLength,
    provider: decision.provider,
    providerReason: decision.reason,
    attention: decision.attention,
    precision,
    storedPrecision: checkpoint.storedDtype,
    ...(calibration ? { gate: calibration.gate } : {}),
    copies: defaultCopying(calibration) !== 'off',
    takesInstruction: checkpoint.chat !== undefined,
    ...(isSlow(pace) ? { isSlow: true } : {}),
    ...passMillisOf(pace, checkpoint),
    memory: { weights: weightBytesOf(checkpoint, precision), request: requestBytes(checkpoint) },
    remarks,
  };
  return modelOf(checkpoint, description, session, calibration, pace);
};

/** A model up to its graph: opened, its provider and precision chosen, its quantised weights made. */
interface PreparedModel {
  readonly checkpoint: Checkpoint;
  readonly calibration: Calibration | undefined;
  readonly decision: ProviderDecision;
  readonly graph: BuiltGraph;
  readonly precision: Precision;
  readonly remarks: readonly string[];
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
  const calibration = await readCalibration(checkpoint);
  throwIfCancelled(signal);
  report('probing');
  const decision = await decideProvider(params.provider ?? 'auto', (provider) =>
    rememberedProbe(provider, cacheFolder),
  );
  const choice = params.precision ?? 'auto';
  const fastIntegers =
    choice === 'auto' &&
    decision.provider === 'cpu' &&
    process.arch === 'x64' &&
    (await integerProductsAreExact());
  const chosen = choosePrecision(choice, decision.provider, checkpoint, fastIntegers);
  throwIfCancelled(signal);
  if (mustFit && decision.provider === 'cpu') {
    checkFits(checkpoint.name, weightBytesOf(checkpoint, chosen));
  }
  report('quantising', 0);
  const build = (precision: Precision) =>
    buildGraph(
      checkpoint,
      {
        precision,
        attention: decision.attention,
        cacheOutput: keepsCacheOnDevice(decision.provider) ? 'joined' : 'new',
        topK: Math.min(TOP_K, checkpoint.shape.vocabSize),
        // Other providers would take the loop's rows to the CPU and back.
        ...(decision.provider === 'cpu' ? { headRows: headRowsFor(checkpoint.shape.vocabSize) } : {}),
      },
      {
        cacheFolder,
        ...(signal ? { signal } : {}),
        onProgress: ({ done, total }) => report('quantising', total > 0 ? done / total : 1),
      },
    );
  let remarks = checkpoint.remarks;
  let precision = chosen;
  const graph = await build(chosen).catch((error: unknown) => {
    const mayFallBack = choice === 'auto' && checkpoint.parameters <= SMALL && !isPacked(checkpoint);
    if (!mayFallBack || !cannotKeep(error)) throw error;
    precision = 'fp32';
    remarks = [...remarks, `It runs in fp32, which is slower: ${error.message}`];
    return build('fp32');
  });
  return { checkpoint, calibration, decision, graph, precision, remarks };
}

function passMillisOf(pace: Pace, checkpoint: Checkpoint): Pick<ModelDescription, 'passMillis'> {
  const passMillis = pace.millisOf(largestPass(checkpoint));
  return passMillis === undefined ? {} : { passMillis: Math.ceil(passMillis) };
}

function weightBytesOf(checkpoint: Checkpoint, precision: Precision): number {
  return memoryNeeds(checkpoint).find((need) => need.precision === precision)?.weightBytes ?? 0;
}

/** Quantised weights found no room; as they are in the checkpoint they need none. */
function cannotKeep(error: unknown): error is EngineError {
  return isEngineError(error) && (error.code === 'disk-full' || error.code === 'quantisation-failed');
}

function modelOf(
  checkpoint: Checkpoint,
  description: ModelDescription,
  session: DecoderSession,
  calibration: Calibration | undefined,
  pace: Pace,
): LoadedModel {
  const infiller = new Infiller(checkpoint, description, session, calibration, pace);
  // The caches belong to one request at a time.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  };
  const ownBytes = PROCESS_BYTES + (description.memory?.weights ?? 0);
  const trim = new IdleTrim(session, ownBytes, inTurn);
  const working = async <T>(work: () => Promise<T>): Promise<T> => {
    trim.begun();
    try {
      return await inTurn(work);
    } finally {
      trim.ended();
    }
  };
  return {
    checkpoint,
    description,
    infill: (params, context = {}) => working(() => infiller.infill(params, context)),
    estimate: (params) => infiller.estimate(params),
    score: (params, context = {}) => working(() => infiller.score(params, context)),
    dispose: () =>
      inTurn(async () => {
        trim.dispose();
        infiller.dispose();
        await session.dispose();
      }),
  };
}

/** All cores up to eight: small models gain nothing from more, and the editor needs some. */
function threadCount(): number {
  return Math.max(1, Math.min(8, os.availableParallelism()));
}
