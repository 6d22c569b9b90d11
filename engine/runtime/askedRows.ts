// What is asked about rows, as the graph takes it: each row once, whatever number of tokens is asked about there. A row's
// logits over the vocabulary are most of what an ask costs.
import type { LogitBias, Prediction } from '../denoiser';
import type { RowAsk } from './forward';

/** Inputs of the graph (graph/types.ts): M rows, at least one. */
export interface AskedRows {
  /** [M] */
  readonly rows: Int32Array;
  /** [M, width] */
  readonly targets: Int32Array;
  readonly width: number;
  /** [M] */
  readonly inverseTemperatures: Float32Array;
  /** [biases, vocabulary]: distinct ones once each. */
  readonly biasTable: Float32Array;
  readonly biases: number;
  /** [M] */
  readonly biasRows: Int32Array;
  /** By ask: its row, and which of the row's targets is its own. */
  readonly places: readonly { readonly row: number; readonly target: number | undefined }[];
}

interface Row {
  readonly ask: RowAsk;
  readonly temperature: number;
  readonly targets: number[];
}

/** `temperature`: of asks that name none. `noBias`: [vocabulary] zeros. Where nothing is asked, row 0 stands in. */
export function askedRows(asks: readonly RowAsk[], temperature: number, noBias: LogitBias): AskedRows {
  const rows: Row[] = [];
  const known = new Map<number, number[]>();
  const places = asks.map((ask) => {
    const own = ask.temperature ?? temperature;
    const same = known.get(ask.row) ?? [];
    known.set(ask.row, same);
    const found = same.find((at) => rows[at]?.ask.bias === ask.bias && rows[at]?.temperature === own);
    const row = found ?? rows.push({ ask, temperature: own, targets: [] }) - 1;
    if (found === undefined) same.push(row);
    const targets = rows[row]?.targets ?? [];
    return { row, target: ask.target === undefined ? undefined : targets.push(ask.target) - 1 };
  });
  if (rows.length === 0) rows.push({ ask: { row: 0 }, temperature, targets: [] });
  const width = Math.max(1, ...rows.map(({ targets }) => targets.length));
  const targets = new Int32Array(rows.length * width);
  for (const [at, row] of rows.entries()) targets.set(row.targets, at * width);
  return {
    rows: Int32Array.from(rows, ({ ask }) => ask.row),
    targets,
    width,
    inverseTemperatures: Float32Array.from(rows, (row) => inverse(row.temperature)),
    ...biasesOf(
      rows.map(({ ask }) => ask.bias ?? noBias),
      noBias.length,
    ),
    places,
  };
}

/** The graph's outputs: [M, K], [M, K], [M], [M, width]. */
export interface RowOutputs {
  readonly ids: Int32Array;
  readonly logProbs: Float32Array;
  readonly entropy: Float32Array;
  readonly targetLogProbs: Float32Array;
}

/** One prediction an ask; those about the same row share their lists. */
export function predictionsOf(
  { ids, logProbs, entropy, targetLogProbs }: RowOutputs,
  { rows, width, places }: AskedRows,
): Prediction[] {
  const k = ids.length / rows.length;
  const lists = Array.from(rows, (_, row) => ({
    ids: ids.slice(row * k, (row + 1) * k),
    logProbs: logProbs.slice(row * k, (row + 1) * k),
    entropy: entropy[row] ?? 0,
  }));
  return places.map(({ row, target }) => ({
    ...(lists[row] ?? { ids: new Int32Array(0), logProbs: new Float32Array(0), entropy: 0 }),
    targetLogProb: target === undefined ? 0 : (targetLogProbs[row * width + target] ?? 0),
  }));
}

function inverse(temperature: number): number {
  return temperature > 0 ? 1 / temperature : 1;
}

function biasesOf(
  byRow: readonly LogitBias[],
  vocabulary: number,
): Pick<AskedRows, 'biasTable' | 'biases' | 'biasRows'> {
  const distinct = [...new Set(byRow)];
  const biasRows = Int32Array.from(byRow, (bias) => distinct.indexOf(bias));
  const [only] = distinct;
  if (distinct.length === 1 && only) return { biasTable: only, biases: 1, biasRows };
  const biasTable = new Float32Array(distinct.length * vocabulary);
  for (const [at, bias] of distinct.entries()) biasTable.set(bias, at * vocabulary);
  return { biasTable, biases: distinct.length, biasRows };
}
