// One ONNX Runtime session of one built graph: plain arrays in, predictions and K/V out.
import type { DecoderShape } from '../checkpoint/types';
import type { Prediction } from '../denoiser';
import { deviceLost, EngineError } from '../errors';
import { GPU_SLACK, type PassSize, passBytes } from '../graph/memory';
import { runCount } from '../graph/stages';
import type { BuiltGraph } from '../graph/types';
import type { ProviderName } from '../protocol';
import { giveTurn } from '../turn';
import { type AskedRows, askedRows, predictionsOf } from './askedRows';
import { checkPassFits, LOOKED_AFTER } from './availableMemory';
import type { Forward, ForwardRequest, ForwardResult } from './forward';
import { gpuMemory } from './hardware';
import { KvMemory } from './kvMemory';
import { disposeKv, type HostKv, joinKv, type KvState, kvTensors } from './kvState';
import { LoadedFiles } from './loadedFiles';
import { InferenceSession, Tensor } from './onnxRuntime';
import { runError, startError } from './runtimeErrors';
import { outputOf, runStages, type Values } from './stagedRun';

export interface SessionOptions {
  readonly provider: ProviderName;
  /** Threads of the CPU provider. */
  readonly threads: number;
  /** Multiplications of a run, between two of which a pass is given up. Default: `RUN_WORK` (graph/stages.ts). */
  readonly runWork?: number;
}

const PREDICTIONS = ['top_ids', 'top_logprobs', 'entropy', 'target_logprobs'] as const;

/** Providers whose K/V stays in device memory between runs (CUDA's outputs come back to the host all the same). */
const DEVICE_CACHE: ReadonlySet<ProviderName> = new Set<ProviderName>(['webgpu']);

export function keepsCacheOnDevice(provider: ProviderName): boolean {
  return DEVICE_CACHE.has(provider);
}

export class DecoderSession implements Forward {
  private readonly noBias: Float32Array;
  /** Of the K/V that it gives. */
  readonly memory = new KvMemory();
  private largestPass = 0;

  private constructor(
    private session: InferenceSession | undefined,
    private readonly shape: DecoderShape,
    private readonly graph: BuiltGraph,
    private readonly options: SessionOptions,
    readonly deviceCache: boolean,
    /** What it is made of. */
    readonly files: LoadedFiles,
  ) {
    this.noBias = new Float32Array(shape.vocabSize);
  }

  /** Throws `provider-unavailable`, `out-of-memory`, `device-lost` or `runtime-failed`. */
  static async create(
    graph: BuiltGraph,
    shape: DecoderShape,
    options: SessionOptions,
  ): Promise<DecoderSession> {
    const deviceCache = keepsCacheOnDevice(options.provider) && graph.options.cacheOutput === 'joined';
    const files = await LoadedFiles.of(graph.originalFiles, graph.madeFiles);
    const session = await startSession(graph, shape, options, deviceCache);
    return new DecoderSession(session, shape, graph, options, deviceCache, files);
  }

  /** Bytes that the runtime may hold for passes beside the weights: it keeps what the largest one needed. */
  get passMemory(): number {
    return this.options.provider === 'cpu' ? this.largestPass : 0;
  }

  /**
   * Gives the memory of past passes back. The CPU allocator never shrinks, and its switch for that is out of reach of
   * onnxruntime-node's run options: so the session is made again, from weights that the system still has in its cache. K/V
   * stays what it is. Where the weights are not there any more as they were, it goes on as it is. No run may be under way.
   * Throws as `create`; the next run then tries again.
   */
  async renew(): Promise<void> {
    if ((await this.files.state()) !== 'same') return;
    this.largestPass = 0;
    this.memory.clear();
    await this.dispose();
    await this.started();
  }

  async run(request: ForwardRequest): Promise<ForwardResult> {
    const { lanes, ids, positions, past, bias, asks, keep, adapted = new Uint8Array(ids.length) } = request;
    const length = ids.length / lanes;
    const asked = askedRows(asks, request.temperature, this.noBias);
    const count = asked.rows.length;
    const feeds: Record<string, Tensor> = {
      input_ids: new Tensor('int32', ids, [lanes, length]),
      position_ids: new Tensor('int64', BigInt64Array.from(positions, BigInt), [lanes, length]),
      attn_bias: new Tensor('float32', bias.data, [bias.lanes, 1, bias.rows, past.positions + length]),
      rows: new Tensor('int32', asked.rows, [count]),
      logit_bias: new Tensor('float32', asked.biasTable, [asked.biases, this.shape.vocabSize]),
      logit_bias_row: new Tensor('int32', asked.biasRows, [count]),
      inverse_temperature: new Tensor('float32', asked.inverseTemperatures, [count, 1]),
      targets: new Tensor('int32', asked.targets, [count, asked.width]),
      ...(this.graph.isAdapted
        ? { adapted: new Tensor('float32', Float32Array.from(adapted), [lanes, length]) }
        : {}),
    };
    for (let layer = 0; layer < this.shape.layers; layer++) {
      const { k, v } = kvTensors(past, layer, this.shape);
      feeds[`past_k.${layer}`] = k;
      feeds[`past_v.${layer}`] = v;
    }
    // With outputs bound to the device, one that is left out keeps its last run's shape: then all are fetched.
    const wantKv = keep || this.deviceCache;
    const predictions = asks.length > 0 || !wantKv || this.deviceCache ? PREDICTIONS : [];
    this.makeRoom({
      ...{ lanes, length, past: past.positions, pastLanes: past.lanes, rows: count, keep: wantKv },
    });
    let kv: KvState | undefined;
    try {
      const session = await this.started();
      const outputs = await runStages(session, this.graph, this.shape, {
        ...{ feeds, predictions, signal: request.signal },
        runs: runCount(this.shape, ids.length, this.graph.stages.length, this.options.runWork),
        ofLayer: (layer) => (wantKv ? this.kvNames(layer) : []),
      });
      kv = wantKv ? this.readKv(outputs, request, length) : undefined;
      const predicted = asks.length > 0 ? readPredictions(outputs, asked) : [];
      if (this.options.provider !== 'cpu' && predicted.some(({ ids }) => !areDistinct(ids)))
        throw deviceLost({ provider: this.options.provider, detail: 'Its results are empty.' });
      if (!keep) disposeKv(kv);
      // A run takes the whole turn: a cancellation that came meanwhile is heard before another one begins.
      await giveTurn();
      return { predictions: predicted, kv: keep ? kv : undefined };
    } catch (error) {
      disposeKv(kv);
      throw runError(error, this.options.provider);
    }
  }

  async dispose(): Promise<void> {
    const { session } = this;
    this.session = undefined;
    await session?.release();
  }

  private async started(): Promise<InferenceSession> {
    this.session ??= await startSession(this.graph, this.shape, this.options, this.deviceCache);
    return this.session;
  }

  /** @throws EngineError `out-of-memory` where the pass needs more than there is: before it is tried */
  private makeRoom(pass: PassSize): void {
    const bytes = passBytes(this.shape, pass);
    const more = bytes - this.largestPass;
    if (more > LOOKED_AFTER) {
      const gpu = this.options.provider === 'cpu' ? undefined : gpuMemory();
      if (this.options.provider === 'cpu') checkPassFits(more);
      else if (gpu !== undefined) checkPassFits(GPU_SLACK * more, gpu.free, 'GPU memory');
    }
    this.largestPass = Math.max(this.largestPass, bytes);
  }

  private readKv(outputs: Values, request: ForwardRequest, length: number): KvState {
    const { past, lanes, kept = length, room, isApart = false } = request;
    const joined = this.graph.options.cacheOutput === 'joined';
    const tensors = Array.from({ length: this.shape.layers }, (_, layer) => {
      const [k, v] = this.kvNames(layer);
      return { k: outputOf(outputs, k), v: outputOf(outputs, v) };
    });
    if (this.deviceCache) {
      return { location: 'device', lanes, positions: past.positions + length, layers: tensors };
    }
    const host: HostKv = {
      location: 'host',
      lanes,
      positions: joined ? past.positions + length : length,
      layers: tensors.map(({ k, v }) => ({ k: k.data as Float32Array, v: v.data as Float32Array })),
    };
    if (isApart) return host;
    const to = host.positions - (length - kept);
    if (joined) return kept === length ? host : joinKv([{ kv: host, to }], this.shape, this.memory);
    if (past.location !== 'host') throw new EngineError('internal', 'A device cache met a host session.');
    return joinKv([{ kv: past }, { kv: host, to }], this.shape, this.memory, [], room);
  }

  private kvNames(layer: number): [string, string] {
    const kind = this.graph.options.cacheOutput;
    return [`${kind}_k.${layer}`, `${kind}_v.${layer}`];
  }
}

async function startSession(
  graph: BuiltGraph,
  shape: DecoderShape,
  { provider, threads }: SessionOptions,
  deviceCache: boolean,
): Promise<InferenceSession> {
  const locations: Record<string, 'cpu' | 'gpu-buffer'> = {};
  if (deviceCache) {
    for (const name of PREDICTIONS) locations[name] = 'cpu';
    for (let layer = 0; layer < shape.layers; layer++) {
      locations[`joined_k.${layer}`] = 'gpu-buffer';
      locations[`joined_v.${layer}`] = 'gpu-buffer';
    }
  }
  try {
    return await InferenceSession.create(graph.model, {
      executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // It keeps a plan for each shape that ever ran; without it the peak of a long pass is a sixth lower, at the same speed.
      enableMemPattern: false,
      logSeverityLevel: 3,
      ...(deviceCache ? { preferredOutputLocation: locations } : {}),
      extra: {
        session: {
          // Threads that wait for each other sleep and are woken hundreds of times a pass, which costs a quarter of a short
          // one. They spin instead, but only while a pass runs: nothing burns a core while a person reads.
          intra_op: { allow_spinning: '1' },
          force_spinning_stop: '1',
          model_external_initializers_file_folder_path: graph.dataFolder,
        },
      },
    });
  } catch (error) {
    throw startError(error, provider);
  }
}

function readPredictions(outputs: Values, asked: AskedRows): Prediction[] {
  const entropy = outputOf(outputs, 'entropy').data as Float32Array;
  if (entropy.some(Number.isNaN)) throw notNumbers();
  return predictionsOf(
    {
      ids: outputOf(outputs, 'top_ids').data as Int32Array,
      logProbs: outputOf(outputs, 'top_logprobs').data as Float32Array,
      entropy,
      targetLogProbs: outputOf(outputs, 'target_logprobs').data as Float32Array,
    },
    asked,
  );
}

/**
 * Best tokens are different tokens. Where a GPU could not take the memory that a run needed, WebGPU drops the work, says so in
 * its log alone, and what is read back is zeros.
 */
export function areDistinct(ids: Int32Array): boolean {
  return ids.length < 2 || ids[0] !== ids[1];
}

/** Damaged weights, or a precision that overflows: an answer would be made of nothing. */
function notNumbers(): EngineError {
  return new EngineError(
    'runtime-failed',
    'The model’s probabilities are not numbers. Load it in another precision or on the CPU; if that does not help, download its weights again.',
  );
}
