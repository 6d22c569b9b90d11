// Raw logits of a whole sequence: for parity checks alone, since nothing else lets them cross the border.
import type { DecoderShape } from '../checkpoint/types';
import { EngineError, toEngineError } from '../errors';
import type { BuiltGraph } from '../graph/types';
import { shapedBias } from '../runtime/forward';
import { voidKv } from '../runtime/kvState';
import { InferenceSession, Tensor } from '../runtime/onnxRuntime';
import type { LogitsRequest } from './context';

/** [S, V] fp32, unshifted, on the CPU; the graph must have been built with `withLogits`. Throws `runtime-failed`. */
export async function sequenceLogits(
  graph: BuiltGraph,
  shape: DecoderShape,
  { ids, positions, sees }: LogitsRequest,
): Promise<Float32Array> {
  const length = ids.length;
  const bias = shapedBias(1, length, sees);
  const feeds: Record<string, Tensor> = {
    input_ids: new Tensor('int32', ids, [1, length]),
    position_ids: new Tensor('int64', BigInt64Array.from(positions, BigInt), [1, length]),
    attn_bias: new Tensor('float32', bias.data, [1, 1, length, 1 + length]),
    rows: new Tensor(
      'int32',
      ids.map((_, row) => row),
      [length],
    ),
    logit_bias: new Tensor('float32', new Float32Array(shape.vocabSize), [1, shape.vocabSize]),
    logit_bias_row: new Tensor('int32', new Int32Array(length), [length]),
    inverse_temperature: new Tensor('float32', new Float32Array(length).fill(1), [length, 1]),
    targets: new Tensor('int32', new Int32Array(length), [length, 1]),
  };
  const cacheShape = [1, shape.kvHeads, 1, shape.headSize];
  voidKv(shape).layers.forEach(({ k, v }, layer) => {
    feeds[`past_k.${layer}`] = new Tensor('float32', k, cacheShape);
    feeds[`past_v.${layer}`] = new Tensor('float32', v, cacheShape);
  });
  let session: InferenceSession | undefined;
  try {
    session = await InferenceSession.create(graph.model, {
      executionProviders: ['cpu'],
      logSeverityLevel: 3,
      extra: {
        session: {
          intra_op: { allow_spinning: '0' },
          model_external_initializers_file_folder_path: graph.dataFolder,
        },
      },
    });
    const { row_logits: logits } = await session.run(feeds, ['row_logits']);
    if (!(logits?.data instanceof Float32Array)) {
      throw new EngineError('runtime-failed', 'The graph gave no logits.');
    }
    return logits.data;
  } catch (error) {
    if (error instanceof EngineError) throw error;
    const { message } = toEngineError(error);
    throw new EngineError('runtime-failed', `The model could not be run: ${message}`, {}, { cause: error });
  } finally {
    await session?.release();
  }
}
