// What it costs to divide a pass (engine/graph/stages.ts), and how long one cannot be given up: the same weights of real size in one piece
// and in stages, over so many new tokens, one after the other in one process. docs/decisions/stages.md rests on it.
import { parseArgs } from 'node:util';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { buildGraph } from '../../engine/graph/build';
import { headRowsFor } from '../../engine/graph/memory';
import { runCount, stageCount } from '../../engine/graph/stages';
import { type ForwardRequest, openBias } from '../../engine/runtime/forward';
import { precisionHere } from '../../engine/runtime/integerProducts';
import { voidKv } from '../../engine/runtime/kvState';
import { DecoderSession } from '../../engine/runtime/session';
import {
  benchFolder,
  figure,
  inTurns,
  markdownTable,
  medianRatio,
  medianWall,
  publish,
  ratio,
  runBench,
  timed,
} from '../harness';
import { lastRows, promptIds, TOP_K } from './engineSession';
import { DREAMON_HALF, randomDreamOn } from './randomDreamOn';
import { shapeText } from './randomModel';

const TOKENS = [1, 16, 64, 320, 1024];
const ROWS = 16;
const [WHOLE, DIVIDED] = ['in one piece', 'in stages'];

async function sessionOf(checkpoint: Checkpoint, stages: number, threads: number): Promise<DecoderSession> {
  const { shape } = checkpoint;
  const graph = await buildGraph(
    checkpoint,
    {
      ...(await precisionHere('int8')),
      ...{ attention: 'plain', cacheOutput: 'new', topK: TOP_K, stages },
      headRows: headRowsFor(shape.vocabSize),
    },
    { cacheFolder: benchFolder('side') },
  );
  return DecoderSession.create(graph, shape, { provider: 'cpu', threads });
}

function request({ shape }: Checkpoint, length: number): ForwardRequest {
  return {
    lanes: 1,
    ids: promptIds(length, shape.vocabSize),
    positions: Int32Array.from({ length }, (_, index) => index),
    past: voidKv(shape),
    bias: openBias(1, length),
    asks: Array.from(lastRows(length, Math.min(ROWS, length)), (row) => ({ row })),
    temperature: 0,
    keep: true,
  };
}

/** Milliseconds of the longest time in which nothing else has its turn. */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let isOver = false;
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await work();
  isOver = true;
  return longest;
}

runBench(async () => {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '15' }, threads: { type: 'string', default: '2' } },
  });
  const [rounds, threads] = [Number(values.rounds), Number(values.threads)];
  const checkpoint = await randomDreamOn();
  const { shape } = checkpoint;
  const stages = stageCount(shape);
  const [whole, divided] = [
    await sessionOf(checkpoint, 1, threads),
    await sessionOf(checkpoint, stages, threads),
  ];
  const rows = [];
  for (const tokens of TOKENS) {
    const asked = request(checkpoint, tokens);
    const samples = await inTurns(
      [
        { name: WHOLE, run: () => timed(() => whole.run(asked)) },
        { name: DIVIDED, run: () => timed(() => divided.run(asked)) },
      ],
      rounds,
    );
    const [one, other] = [samples.get(WHOLE), samples.get(DIVIDED)];
    const turns = [await longestTurn(() => whole.run(asked)), await longestTurn(() => divided.run(asked))];
    rows.push([
      `${tokens}`,
      figure(medianWall(one)),
      figure(medianWall(other)),
      ratio(medianRatio(other, one)),
      `${runCount(shape, tokens, stages)}`,
      ...turns.map((millis) => figure(millis)),
    ]);
  }
  await whole.dispose();
  await divided.dispose();
  publish({
    name: 'stages',
    title: 'What it costs to divide a pass',
    facts: [
      `${shapeText(DREAMON_HALF)}, int8, in ${stages} stages`,
      `${threads} threads, ${rounds} rounds in turns, ${ROWS} rows through the head; CPU time of both in the ratio`,
    ],
    sections: [
      markdownTable(
        [
          'new tokens',
          'in one piece, ms',
          'in stages, ms',
          'CPU, of one piece',
          'runs',
          'longest turn in one piece, ms',
          'longest turn in stages, ms',
        ],
        rows,
      ),
    ],
  });
});
