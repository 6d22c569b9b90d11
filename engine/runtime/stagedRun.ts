// One pass of a decoder in stages (graph/stages.ts): one run of its session, or several, each of which takes what the one before gives.
import type { DecoderShape } from '../checkpoint/types';
import { EngineError, throwIfCancelled } from '../errors';
import { ranges } from '../graph/stages';
import type { BuiltGraph } from '../graph/types';
import { giveTurn } from '../turn';
import { type InferenceSession, Tensor } from './onnxRuntime';

export type Values = Readonly<Record<string, Tensor>>;

export interface StagedPass {
  readonly runs: number;
  /** What all runs read. */
  readonly feeds: Values;
  /** Names of the outputs that are wanted of a layer. */
  readonly ofLayer: (layer: number) => readonly string[];
  /** Of those that are wanted behind the last layer. */
  readonly predictions: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** Its outputs. @throws EngineError `cancelled` where the signal fires between two runs; the runtime's own errors */
export async function runStages(
  session: InferenceSession,
  { stages }: Pick<BuiltGraph, 'stages'>,
  { hiddenSize }: Pick<DecoderShape, 'hiddenSize'>,
  { runs, feeds, ofLayer, predictions, signal }: StagedPass,
): Promise<Values> {
  if (stages.length === 1) {
    const [{ first, end } = { first: 0, end: 0 }] = stages;
    return session.run(feeds, [...layersOf(first, end).flatMap(ofLayer), ...predictions]);
  }
  const outputs: Record<string, Tensor> = {};
  const nothing = new Tensor('float32', new Float32Array(hiddenSize), [1, hiddenSize]);
  let hidden: Values = { residual: nothing, normed: nothing };
  for (const { first, end } of ranges(stages.length, runs)) {
    if (first > 0) {
      await giveTurn();
      throwIfCancelled(signal);
    }
    const isLast = end === stages.length;
    const wanted = stages
      .slice(first, end)
      .flatMap((stage) => layersOf(stage.first, stage.end).flatMap(ofLayer));
    if (isLast) wanted.push(...predictions);
    const given = await session.run(
      { ...feeds, ...hidden, from: scalar(first), to: scalar(end) },
      isLast ? wanted : [...wanted, 'next_residual', 'next_normed'],
    );
    for (const name of wanted) outputs[name] = outputOf(given, name);
    if (!isLast)
      hidden = { residual: outputOf(given, 'next_residual'), normed: outputOf(given, 'next_normed') };
  }
  return outputs;
}

function layersOf(first: number, end: number): readonly number[] {
  return Array.from({ length: end - first }, (_, place) => first + place);
}

function scalar(value: number): Tensor {
  return new Tensor('int64', BigInt64Array.of(BigInt(value)), []);
}

export function outputOf(outputs: Values, name: string): Tensor {
  const tensor = outputs[name];
  if (!tensor)
    throw new EngineError('runtime-failed', `The graph has no output ${name}. Load the model again.`);
  return tensor;
}
