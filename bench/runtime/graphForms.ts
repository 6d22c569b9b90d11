// What the forms of one graph cost: precisions and attention, in the two situations that decoding knows (a whole pass
// without a cache, a few new tokens over a long cache). docs/decisions/graph.md rests on it.
import { parseArgs } from 'node:util';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { buildGraph } from '../../engine/graph/build';
import type { GraphOptions } from '../../engine/graph/types';
import { type ForwardRequest, openBias } from '../../engine/runtime/forward';
import { precisionHere } from '../../engine/runtime/integerProducts';
import { type HostKv, joinKv, voidKv } from '../../engine/runtime/kvState';
import { DecoderSession } from '../../engine/runtime/session';
import {
  benchFolder,
  figure,
  inTurns,
  markdownTable,
  medianCpu,
  medianRatio,
  medianWall,
  publish,
  ratio,
  runBench,
  timed,
} from '../harness';
import { lastRows, promptIds } from './engineSession';
import { type ModelShape, randomModel, SMALL, shapeText } from './randomModel';

type Form = Pick<GraphOptions, 'precision' | 'attention' | 'cacheOutput'>;

const FORMS: readonly Form[] = [
  { precision: 'fp32', attention: 'plain', cacheOutput: 'new' },
  { precision: 'fp32', attention: 'plain', cacheOutput: 'joined' },
  { precision: 'fp32', attention: 'fused', cacheOutput: 'new' },
  { precision: 'q8', attention: 'plain', cacheOutput: 'new' },
  { precision: 'q4', attention: 'plain', cacheOutput: 'new' },
  { precision: 'int8', attention: 'plain', cacheOutput: 'new' },
  { precision: 'int8', attention: 'fused', cacheOutput: 'new' },
];

/** Lanes, new tokens, cached positions. */
const SITUATIONS = [
  [1, 256, 1],
  [1, 16, 1024],
  [4, 16, 1024],
] as const;

const ROWS = 16;
/** Four query heads to a K/V head, so that folding has something to fold. */
const GROUPED: ModelShape = { ...SMALL, name: 'grouped', kvHeads: 2 };

function randomCache(checkpoint: Checkpoint, positions: number): HostKv {
  const { shape } = checkpoint;
  const size = shape.kvHeads * positions * shape.headSize;
  const values = () => Float32Array.from({ length: size }, (_, index) => Math.sin(index));
  const layers = Array.from({ length: shape.layers }, () => ({ k: values(), v: values() }));
  return { location: 'host', lanes: 1, positions, layers };
}

function request(checkpoint: Checkpoint, lanes: number, length: number, past: number): ForwardRequest {
  const { shape } = checkpoint;
  const empty = voidKv(shape);
  return {
    lanes,
    ids: promptIds(lanes * length, shape.vocabSize),
    positions: Int32Array.from({ length: lanes * length }, (_, index) => past - 1 + (index % length)),
    past: past > 1 ? joinKv([{ kv: empty }, { kv: randomCache(checkpoint, past - 1) }], shape) : empty,
    bias: openBias(past, length),
    asks: Array.from(lastRows(lanes * length, ROWS * lanes), (row) => ({ row })),
    temperature: 0,
    keep: false,
  };
}

runBench(async () => {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '15' }, threads: { type: 'string', default: '2' } },
  });
  const checkpoint = await randomModel(GROUPED);
  const sessions: { name: string; session: DecoderSession }[] = [];
  for (const form of FORMS) {
    const graph = await buildGraph(
      checkpoint,
      { ...form, ...(await precisionHere(form.precision)), topK: 8 },
      { cacheFolder: benchFolder('side') },
    );
    const options = { provider: 'cpu', threads: Number(values.threads) } as const;
    const session = await DecoderSession.create(graph, checkpoint.shape, options);
    sessions.push({ name: `${form.precision}, ${form.attention}, ${form.cacheOutput}`, session });
  }
  const sections = [];
  for (const [lanes, length, past] of SITUATIONS) {
    const asked = request(checkpoint, lanes, length, past);
    const contenders = sessions.map(({ name, session }) => ({
      name,
      run: () => timed(() => session.run(asked)),
    }));
    const samples = await inTurns(contenders, Number(values.rounds));
    const base = samples.get(sessions[0]?.name ?? '');
    const rows = sessions.map(({ name }) => {
      const own = samples.get(name);
      return [name, figure(medianCpu(own)), figure(medianWall(own)), ratio(medianRatio(own, base))];
    });
    sections.push(
      `Lanes ${lanes}, new tokens ${length}, cached positions ${past}:`,
      markdownTable(['precision, attention, cache', 'CPU ms', 'wall ms', 'CPU, of the first'], rows),
    );
  }
  for (const { session } of sessions) await session.dispose();
  publish({
    name: 'graphForms',
    title: 'What the forms of a graph cost',
    facts: [
      shapeText(GROUPED),
      `${values.threads} threads, ${values.rounds} rounds, ${ROWS} rows a lane through the head`,
    ],
    sections,
  });
});
