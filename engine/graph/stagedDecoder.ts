// A decoder of which a run goes through some stages (stages.ts). The stages are branches of one graph: its weights, its memory for passes and
// its threads are one session's, however many stages there are.
import { EngineError } from '../errors';
import {
  addCacheOutputs,
  addLayers,
  addPast,
  addPredictions,
  type DecoderContext,
  embedded,
  type Hidden,
} from './layers';
import { DataType, type LoopOutput } from './onnxWriter';
import type { Range } from './types';

/** Of K/V: lanes, heads, positions, sizes. */
const CACHE_RANK = 4;

export function addStages(context: DecoderContext, stages: readonly Range[]): void {
  const { graph, shape, options } = context;
  if (options.headRows === undefined) throw new EngineError('internal', 'In stages, the head needs slices.');
  const dimensions = ['tokens', shape.hiddenSize];
  const from = graph.input('from', DataType.INT64, []);
  const to = graph.input('to', DataType.INT64, []);
  let hidden: Hidden = {
    residual: graph.input('residual', DataType.FLOAT, dimensions),
    normed: graph.input('normed', DataType.FLOAT, dimensions),
  };
  stages.forEach((range, index) => {
    const before = hidden;
    const behind: Hidden =
      index === stages.length - 1
        ? { residual: 'next_residual', normed: 'next_normed' }
        : { residual: graph.freshName('residual'), normed: graph.freshName('normed') };
    const caches = Array.from({ length: range.end - range.first }, (_, place) => ({
      past: addPast(context, range.first + place),
      names: addCacheOutputs(context, range.first + place),
    }));
    const kvOutputs = caches.flatMap(({ names }) => names.map((name) => ofAnySize(name, CACHE_RANK)));
    const hiddenOutputs = [behind.residual, behind.normed].map((name) => ofAnySize(name, dimensions.length));
    // Branches beside one another: in a branch of a branch the runtime packs no weights.
    graph.choose(
      isBetween(context, from, index, to),
      [...hiddenOutputs, ...kvOutputs],
      [
        () => {
          const pasts = caches.map(({ past }) => ({ past }));
          const done = addLayers(context, range, pasts, index === 0 ? embedded(context) : before);
          return [done.hidden.residual, done.hidden.normed, ...done.kv.flat()];
        },
        () => [
          ...[before.residual, before.normed].map((value) => graph.op('Identity', [value])),
          ...kvOutputs.map(() => nothing(context)),
        ],
      ],
    );
    hidden = behind;
  });
  for (const name of [hidden.residual, hidden.normed]) graph.output(name, DataType.FLOAT, dimensions);
  addPredictions(context, hidden, graph.op('Equal', [to, graph.int64(stages.length)]));
}

/** from ≤ index < to */
function isBetween({ graph }: DecoderContext, from: string, index: number, to: string): string {
  const begun = graph.op('LessOrEqual', [from, graph.int64(index)]);
  return graph.op('And', [begun, graph.op('Less', [graph.int64(index), to])]);
}

/** The branches give different sizes. */
function ofAnySize(value: string, rank: number): LoopOutput {
  return {
    ...{ value, type: DataType.FLOAT },
    shape: Array.from({ length: rank }, (_, axis) => `${value}_${axis}`),
  };
}

/** The K/V of a layer that the run does not go through. */
function nothing({ graph }: DecoderContext): string {
  return graph.op('Expand', [graph.float32(0), graph.int64(Array.from({ length: CACHE_RANK }, () => 1))]);
}
