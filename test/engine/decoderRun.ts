// Runs a built graph directly, so that parity is of the graph alone: any part of a sequence against the cached K/V of
// any other, with visibility given as a rule over places in the sequence.
import type { Checkpoint } from '../../engine/checkpoint/types';
import { buildGraph } from '../../engine/graph/build';
import type { GraphOptions } from '../../engine/graph/types';
import type { ProviderName } from '../../engine/protocol';
import { type HostKv, joinKv, kvTensors, voidKv } from '../../engine/runtime/kvState';
import { InferenceSession, Tensor } from '../../engine/runtime/onnxRuntime';
import type { Visibility } from './reference';

const UNSEEN = -1e9;

/** K/V of some tokens of a sequence, without the void. */
export interface Cached {
  readonly kv: HostKv;
  /** Places in the sequence. */
  readonly tokens: readonly number[];
}

export interface Sequence {
  readonly ids: Int32Array;
  readonly positions: Int32Array;
  readonly visible: Visibility;
}

export interface PartResult extends Cached {
  /** [tokens, V] */
  readonly logits: Float32Array;
  readonly outputs: InferenceSession.OnnxValueMapType;
}

export class DecoderRun {
  private constructor(
    readonly checkpoint: Checkpoint,
    private readonly session: InferenceSession,
    private readonly options: GraphOptions,
  ) {}

  static async create(
    checkpoint: Checkpoint,
    cacheFolder: string,
    options: Partial<GraphOptions> = {},
    provider: ProviderName = 'cpu',
  ): Promise<DecoderRun> {
    const graph = await buildGraph(
      checkpoint,
      { precision: 'fp32', attention: 'plain', cacheOutput: 'new', topK: 4, withLogits: true, ...options },
      { cacheFolder },
    );
    const session = await InferenceSession.create(graph.model, {
      executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
      intraOpNumThreads: 1,
      logSeverityLevel: 3,
      extra: {
        session: {
          intra_op: { allow_spinning: '0' },
          model_external_initializers_file_folder_path: graph.dataFolder,
        },
      },
    });
    return new DecoderRun(checkpoint, session, graph.options);
  }

  /** Logits and K/V of the tokens at `tokens`, which see of `past` and of themselves what the sequence's rule says. */
  async part(sequence: Sequence, tokens: readonly number[], past?: Cached): Promise<PartResult> {
    return (await this.parts([sequence], tokens, past))[0] as PartResult;
  }

  /**
   * The same for several sequences at once, a lane each; `past` has one lane for all, or one each. `oneRow`: the
   * bias has a single row, for tokens that all see the same.
   */
  async parts(
    sequences: readonly Sequence[],
    tokens: readonly number[],
    past?: Cached,
    oneRow = false,
  ): Promise<PartResult[]> {
    const { shape } = this.checkpoint;
    const lanes = sequences.length;
    const flat = (pick: (sequence: Sequence) => Int32Array) =>
      sequences.flatMap((sequence) => tokens.map((token) => pick(sequence)[token] ?? 0));
    const pastKv = past ? joinKv([{ kv: loudVoid(voidKv(shape)) }, past], shape) : loudVoid(voidKv(shape));
    const keys = [...(past?.tokens ?? []), ...tokens];
    const rows = oneRow ? tokens.slice(0, 1) : tokens;
    const bias = sequences.flatMap(({ visible }) =>
      rows.flatMap((query) => [UNSEEN, ...keys.map((key) => (visible(query, key) ? 0 : UNSEEN))]),
    );
    const count = lanes * tokens.length;
    const feeds: Record<string, Tensor> = {
      input_ids: new Tensor('int32', Int32Array.from(flat((s) => s.ids)), [lanes, tokens.length]),
      position_ids: new Tensor(
        'int64',
        BigInt64Array.from(
          flat((s) => s.positions),
          BigInt,
        ),
        [lanes, tokens.length],
      ),
      attn_bias: new Tensor('float32', Float32Array.from(bias), [lanes, 1, rows.length, 1 + keys.length]),
      rows: new Tensor(
        'int32',
        Int32Array.from({ length: count }, (_, row) => row),
        [count],
      ),
      logit_bias: new Tensor('float32', new Float32Array(shape.vocabSize), [1, shape.vocabSize]),
      logit_bias_row: new Tensor('int32', new Int32Array(count), [count]),
      inverse_temperature: new Tensor('float32', new Float32Array(count).fill(1), [count, 1]),
      targets: new Tensor('int32', new Int32Array(count).fill(1), [count, 1]),
    };
    for (let layer = 0; layer < shape.layers; layer++) {
      const { k, v } = kvTensors(pastKv, layer, shape);
      feeds[`past_k.${layer}`] = k;
      feeds[`past_v.${layer}`] = v;
    }
    const outputs = await this.session.run(feeds);
    const kv = this.newKv(outputs, lanes, tokens.length);
    const logits = floats(outputs, 'row_logits');
    const size = tokens.length * shape.vocabSize;
    return sequences.map((_, lane) => ({
      tokens,
      outputs,
      logits: logits.subarray(lane * size, (lane + 1) * size),
      kv: joinKv([{ kv, lanes: [lane] }], shape),
    }));
  }

  async release(): Promise<void> {
    await this.session.release();
  }

  private newKv(outputs: InferenceSession.OnnxValueMapType, lanes: number, fresh: number): HostKv {
    const { shape } = this.checkpoint;
    const cache = this.options.cacheOutput;
    const layers = Array.from({ length: shape.layers }, (_, layer) => ({
      k: floats(outputs, `${cache}_k.${layer}`),
      v: floats(outputs, `${cache}_v.${layer}`),
    }));
    const positions = (layers[0]?.k.length ?? 0) / (lanes * shape.kvHeads * shape.headSize);
    const kv: HostKv = { location: 'host', lanes, positions, layers };
    return joinKv([{ kv, from: positions - fresh }], shape);
  }

  /** K/V of several parts, in the order given. */
  join(parts: readonly Cached[]): Cached {
    return {
      kv: joinKv(
        parts.map(({ kv }) => ({ kv })),
        this.checkpoint.shape,
      ),
      tokens: parts.flatMap((part) => part.tokens),
    };
  }

  /** K/V of the same places in several sequences, a lane each. */
  stack(parts: readonly Cached[]): Cached {
    const first = parts[0];
    if (!first) throw new Error('nothing to stack');
    const layers = first.kv.layers.map((_, layer) => ({
      k: concat(parts.map(({ kv }) => kv.layers[layer]?.k ?? new Float32Array())),
      v: concat(parts.map(({ kv }) => kv.layers[layer]?.v ?? new Float32Array())),
    }));
    const stacked: HostKv = { ...first.kv, lanes: parts.length, layers };
    return { kv: stacked, tokens: first.tokens };
  }

  /** K/V of some of the tokens of a part. */
  only(part: Cached, tokens: readonly number[]): Cached {
    return this.join(
      tokens.map((token) => {
        const at = part.tokens.indexOf(token);
        return {
          kv: joinKv([{ kv: part.kv, from: at, to: at + 1 }], this.checkpoint.shape),
          tokens: [token],
        };
      }),
    );
  }
}

function concat(arrays: readonly Float32Array[]): Float32Array {
  return Float32Array.from(arrays.flatMap((array) => Array.from(array)));
}

/** A void that would be heard if the bias did not hide it. */
function loudVoid(kv: HostKv): HostKv {
  return { ...kv, layers: kv.layers.map(({ k, v }) => ({ k: k.map(() => 3), v: v.map(() => 50) })) };
}

export function floats(outputs: InferenceSession.OnnxValueMapType, name: string): Float32Array {
  const tensor = outputs[name];
  if (!(tensor?.data instanceof Float32Array)) throw new Error(`the graph gave no floats as ${name}`);
  return tensor.data;
}
