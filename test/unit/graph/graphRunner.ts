// Feeds built graphs as the contract in engine/graph/types.ts says, with plain arrays.
import type { DecoderShape } from '../../../engine/checkpoint/types';
import type { BuiltGraph } from '../../../engine/graph/types';
import { InferenceSession, Tensor } from '../../../engine/runtime/onnxRuntime';

const UNSEEN = -1e9;

/** Keys and values by layer: [lanes, kvHeads, length, headSize]. */
export interface Cache {
  readonly lanes: number;
  readonly length: number;
  readonly keys: readonly Float32Array[];
  readonly values: readonly Float32Array[];
}

export interface Run {
  readonly ids: readonly (readonly number[])[];
  readonly positions: readonly (readonly number[])[];
  readonly past: Cache;
  /** Whether the query at an index of a lane sees a key, past first. */
  readonly sees: (lane: number, query: number, key: number) => boolean;
  /** Bias of one lane, or of one row, where all have the same. Default: lanes and rows. */
  readonly biasLanes?: 1;
  readonly biasRows?: 1;
  readonly rows: readonly number[];
  readonly logitBias?: readonly Float32Array[];
  readonly logitBiasRow?: readonly number[];
  readonly inverseTemperature?: number;
  readonly targets?: readonly number[];
  /** Of all lanes, in a row: which tokens are masks of the adapter's. */
  readonly adapted?: readonly boolean[];
}

export interface Output {
  readonly logits: readonly Float32Array[];
  readonly topIds: readonly Int32Array[];
  readonly topLogprobs: readonly Float32Array[];
  readonly entropy: Float32Array;
  readonly targetLogprobs: Float32Array;
  readonly cache: Cache;
}

export async function openSession(built: BuiltGraph): Promise<InferenceSession> {
  return InferenceSession.create(built.model, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 2,
    logSeverityLevel: 3,
    extra: {
      session: {
        intra_op: { allow_spinning: '0' },
        model_external_initializers_file_folder_path: built.dataFolder,
      },
    },
  });
}

/** A cache of one position that nothing sees, filled with what would be noticed. */
export function voidCache(shape: DecoderShape): Cache {
  const layer = () => new Float32Array(shape.kvHeads * shape.headSize).fill(3);
  return {
    lanes: 1,
    length: 1,
    keys: Array.from({ length: shape.layers }, layer),
    values: Array.from({ length: shape.layers }, layer),
  };
}

export async function run(session: InferenceSession, shape: DecoderShape, request: Run): Promise<Output> {
  const lanes = request.ids.length;
  const length = request.ids[0]?.length ?? 0;
  const total = request.past.length + length;
  const biasLanes = request.biasLanes ?? lanes;
  const biasRows = request.biasRows ?? length;
  const bias = Float32Array.from({ length: biasLanes * biasRows * total }, (_, index) => {
    const query = Math.floor(index / total);
    return request.sees(Math.floor(query / biasRows), query % biasRows, index % total) ? 0 : UNSEEN;
  });
  const count = request.rows.length;
  const logitBias = request.logitBias ?? [new Float32Array(shape.vocabSize)];
  const zeros = new Array<number>(count).fill(0);
  const cacheShape = [request.past.lanes, shape.kvHeads, request.past.length, shape.headSize];
  const feeds: Record<string, Tensor> = {
    input_ids: new Tensor('int32', Int32Array.from(request.ids.flat()), [lanes, length]),
    position_ids: new Tensor('int64', BigInt64Array.from(request.positions.flat(), BigInt), [lanes, length]),
    attn_bias: new Tensor('float32', bias, [biasLanes, 1, biasRows, total]),
    rows: new Tensor('int32', Int32Array.from(request.rows), [count]),
    logit_bias: new Tensor('float32', joined(logitBias), [logitBias.length, shape.vocabSize]),
    logit_bias_row: new Tensor('int32', Int32Array.from(request.logitBiasRow ?? zeros), [count]),
    inverse_temperature: new Tensor(
      'float32',
      new Float32Array(count).fill(request.inverseTemperature ?? 1),
      [count, 1],
    ),
    targets: new Tensor('int32', Int32Array.from(request.targets ?? zeros), [count, 1]),
  };
  if (request.adapted)
    feeds['adapted'] = new Tensor('float32', Float32Array.from(request.adapted, Number), [lanes, length]);
  for (let layer = 0; layer < shape.layers; layer++) {
    feeds[`past_k.${layer}`] = new Tensor('float32', item(request.past.keys, layer), cacheShape);
    feeds[`past_v.${layer}`] = new Tensor('float32', item(request.past.values, layer), cacheShape);
  }
  const results = await session.run(feeds);
  const floats = (name: string): Float32Array => {
    const data = results[name]?.data;
    if (!(data instanceof Float32Array)) throw new Error(`${name} is missing or not fp32`);
    return data;
  };
  const ids = results['top_ids']?.data;
  if (!(ids instanceof Int32Array)) throw new Error('top_ids is missing or not int32');
  const kind = session.outputNames.includes('new_k.0') ? 'new' : 'joined';
  const layers = Array.from({ length: shape.layers }, (_, layer) => layer);
  const k = count > 0 ? ids.length / count : 0;
  return {
    logits: session.outputNames.includes('row_logits') ? cut(floats('row_logits'), shape.vocabSize) : [],
    topIds: Array.from({ length: count }, (_, row) => ids.subarray(row * k, (row + 1) * k)),
    topLogprobs: k > 0 ? cut(floats('top_logprobs'), k) : [],
    entropy: floats('entropy'),
    targetLogprobs: floats('target_logprobs'),
    cache: {
      lanes,
      length: kind === 'new' ? length : total,
      keys: layers.map((layer) => floats(`${kind}_k.${layer}`)),
      values: layers.map((layer) => floats(`${kind}_v.${layer}`)),
    },
  };
}

function cut(data: Float32Array, width: number): Float32Array[] {
  return Array.from({ length: data.length / width }, (_, row) =>
    data.subarray(row * width, (row + 1) * width),
  );
}

function joined(rows: readonly Float32Array[]): Float32Array {
  return Float32Array.from(rows.flatMap((row) => [...row]));
}

function item<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new RangeError(`no element ${index}`);
  return value;
}
