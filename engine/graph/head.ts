// From hidden states of the asked-for rows to what decoding needs of them. Logits stay in the graph: a row of a
// 152k vocabulary is 600 KB, its best tokens and its entropy are a few bytes.
import type { DecoderShape, TensorLocation } from '../checkpoint/types';
import type { LinearLayers } from './linear';
import { DataType, type GraphWriter } from './onnxWriter';
import type { GraphOptions } from './types';

/** This far below the best logit a probability is 0 in fp32; it keeps 0 · −∞ from being NaN. */
const LOWEST_LOGIT = -1e4;

/** What decoding is told of some rows. */
interface RowFacts {
  readonly topIds: string;
  readonly topLogprobs: string;
  readonly entropy: string;
  readonly targetLogprobs: string;
}

/** Inputs that are there once a row. */
interface RowInputs {
  readonly normed: string;
  readonly biasRow: string;
  readonly inverseTemperature: string;
  readonly targets: string;
}

/** The graph's inputs that the head alone reads. */
export interface HeadInputs extends Omit<RowInputs, 'normed'> {
  readonly biasTable: string;
}

export function addHeadInputs(graph: GraphWriter, { vocabSize }: DecoderShape): HeadInputs {
  return {
    biasTable: graph.input('logit_bias', DataType.FLOAT, ['bias_rows', vocabSize]),
    biasRow: graph.input('logit_bias_row', DataType.INT32, ['rows']),
    inverseTemperature: graph.input('inverse_temperature', DataType.FLOAT, ['rows', 1]),
    targets: graph.input('targets', DataType.INT32, ['rows', 'targets']),
  };
}

/**
 * Adds it with the graph's outputs.
 * @param inputs with the hidden states [M, H] after the final norm
 * @param isWanted a boolean scalar; where it is false, what comes out is empty. Only in slices
 */
export function addHead(
  graph: GraphWriter,
  linear: LinearLayers,
  weight: TensorLocation,
  shape: DecoderShape,
  options: GraphOptions,
  { biasTable, ...rows }: HeadInputs & RowInputs,
  isWanted?: string,
): void {
  const k = Math.min(options.topK, shape.vocabSize);
  const facts = (some: RowInputs): RowFacts => {
    const logits = linear.leave(linear.project(linear.enter(some.normed), weight));
    if (options.withLogits) {
      graph.node('Identity', [logits], ['row_logits']);
      graph.output('row_logits', DataType.FLOAT, ['rows', shape.vocabSize]);
    }
    return rowFacts(graph, logits, biasTable, some, k);
  };
  const { headRows } = options;
  linear.prepare(weight);
  const all =
    headRows === undefined || options.withLogits
      ? facts(rows)
      : inSlices(graph, rows, headRows, facts, k, isWanted);
  for (const [value, name, type, more] of [
    [all.topIds, 'top_ids', DataType.INT32, [k]],
    [all.topLogprobs, 'top_logprobs', DataType.FLOAT, [k]],
    [all.entropy, 'entropy', DataType.FLOAT, []],
    [all.targetLogprobs, 'target_logprobs', DataType.FLOAT, ['targets']],
  ] as const) {
    graph.op('Identity', [value], {}, name);
    graph.output(name, type, ['rows', ...more]);
  }
}

/**
 * The same, some rows after the other: of a vocabulary of 152k, the logits of 700 rows would be 430 MB, and there are
 * several such tensors on the way to the few numbers that are wanted. A row's numbers do not depend on the slice it is in.
 */
function inSlices(
  graph: GraphWriter,
  rows: RowInputs,
  most: number,
  facts: (some: RowInputs) => RowFacts,
  k: number,
  isWanted?: string,
): RowFacts {
  const one = graph.int64(1);
  const size = (axis: number) =>
    graph.op('Gather', [graph.op('Shape', [rows.targets]), graph.int64(axis)], { axis: 0 });
  const count = size(0);
  // Slices of equal size, so that what each gives can be stacked; the last one repeats the last row.
  const slices = ceilDivided(graph, count, graph.int64(most));
  const each = ceilDivided(graph, count, slices);
  const last = graph.op('Sub', [count, one]);
  const within = graph.op('Range', [graph.int64(0), each, one]);
  const turns = isWanted === undefined ? slices : graph.op('Where', [isWanted, slices, graph.int64(0)]);
  const stacked = graph.loop(turns, (slice) => {
    const indices = graph.op('Min', [graph.op('Add', [graph.op('Mul', [slice, each]), within]), last]);
    const of = (input: string) => graph.op('Gather', [input, indices], { axis: 0 });
    const some = facts({
      normed: of(rows.normed),
      biasRow: of(rows.biasRow),
      inverseTemperature: of(rows.inverseTemperature),
      targets: of(rows.targets),
    });
    return [
      { value: some.topIds, type: DataType.INT32, shape: ['slice', k] },
      { value: some.topLogprobs, type: DataType.FLOAT, shape: ['slice', k] },
      { value: some.entropy, type: DataType.FLOAT, shape: ['slice'] },
      { value: some.targetLogprobs, type: DataType.FLOAT, shape: ['slice', 'targets'] },
    ];
  });
  const end = graph.op('Unsqueeze', [count, graph.int64([0])]);
  const flat = (values: string | undefined, shape: string) => {
    const joined = graph.op('Reshape', [values ?? '', shape]);
    return graph.op('Slice', [joined, graph.int64([0]), end, graph.int64([0])]);
  };
  const targets = graph.op('Unsqueeze', [size(1), graph.int64([0])]);
  return {
    topIds: flat(stacked[0], graph.int64([-1, k])),
    topLogprobs: flat(stacked[1], graph.int64([-1, k])),
    entropy: flat(stacked[2], graph.int64([-1])),
    targetLogprobs: flat(stacked[3], graph.op('Concat', [graph.int64([-1]), targets], { axis: 0 })),
  };
}

function ceilDivided(graph: GraphWriter, value: string, by: string): string {
  const more = graph.op('Sub', [graph.op('Add', [value, by]), graph.int64(1)]);
  return graph.op('Div', [more, by]);
}

function rowFacts(
  graph: GraphWriter,
  logits: string,
  biasTable: string,
  { biasRow, inverseTemperature, targets }: RowInputs,
  k: number,
): RowFacts {
  const biased = graph.op('Add', [logits, graph.op('Gather', [biasTable, biasRow], { axis: 0 })]);
  const scaled = graph.op('Mul', [biased, inverseTemperature]);

  // Log-softmax by hand: WebGPU has no LogSoftmax, and the logits would go to the CPU and back. So it is taken of the
  // best tokens and the targets only: logprob = shifted − log Σ exp(shifted).
  const axis = graph.int64([1]);
  const shifted = graph.op('Sub', [scaled, graph.op('ReduceMax', [scaled, axis], { keepdims: 1 })]);
  const exponents = graph.op('Exp', [shifted]);
  const total = graph.op('ReduceSum', [exponents, axis], { keepdims: 1 });
  const logTotal = graph.op('Log', [total]);

  const best = graph.freshName('best');
  const bestIds = graph.freshName('best_ids');
  graph.node('TopK', [shifted, graph.int64([k])], [best, bestIds], { axis: -1, largest: 1, sorted: 1 });
  const topLogprobs = graph.op('Sub', [best, logTotal]);
  const topIds = graph.op('Cast', [bestIds], { to: DataType.INT32 });

  // Entropy = log Σ exp(shifted) − Σ p · shifted.
  const terms = graph.op('Mul', [exponents, graph.op('Max', [shifted, graph.float32(LOWEST_LOGIT)])]);
  const mean = graph.op('Div', [graph.op('ReduceSum', [terms, axis], { keepdims: 1 }), total]);
  const entropy = graph.op('Squeeze', [graph.op('Sub', [logTotal, mean]), axis]);

  const wanted = graph.op('GatherElements', [shifted, targets], { axis: 1 });
  const targetLogprobs = graph.op('Sub', [wanted, logTotal]);
  return { topIds, topLogprobs, entropy, targetLogprobs };
}
