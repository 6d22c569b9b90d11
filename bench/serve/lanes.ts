// What a pass over several lanes costs, each with K/V of its own: the most that joint passes could bring, when no request reads a text
// and none waits.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { prepareModel } from '../../engine/loadModel';
import { shapedBias } from '../../engine/runtime/forward';
import type { HostKv, KvShape } from '../../engine/runtime/kvState';
import { DecoderSession } from '../../engine/runtime/session';
import { threadCount } from '../../engine/runtime/threads';
import { figure, markdownTable, median, publish, runBench, STARTER } from '../harness';
import { alone, CACHE } from './served';

const LANES = [1, 2, 4, 8] as const;
const PASTS = [300, 1000] as const;
const TOKEN = 5;

function pastOf({ layers, kvHeads, headSize }: KvShape, lanes: number, positions: number): HostKv {
  const size = lanes * kvHeads * positions * headSize;
  const array = () => new Float32Array(size).fill(0.01);
  return {
    ...{ location: 'host', lanes, positions },
    layers: Array.from({ length: layers }, () => ({ k: array(), v: array() })),
  };
}

async function millisOf(
  session: DecoderSession,
  past: HostKv,
  tokens: number,
  rounds: number,
): Promise<number> {
  const { lanes, positions } = past;
  const times: number[] = [];
  for (let round = -2; round < rounds; round++) {
    const started = performance.now();
    await session.run({
      ...{ lanes, past, temperature: 0, keep: true, isApart: true },
      ids: new Int32Array(lanes * tokens).fill(TOKEN),
      positions: Int32Array.from({ length: lanes * tokens }, (_, at) => positions + (at % tokens)),
      bias: shapedBias(positions, tokens, () => true),
      asks: Array.from({ length: lanes * tokens }, (_, row) => ({ row })),
    });
    if (round >= 0) times.push(performance.now() - started);
  }
  return median(times);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string', default: STARTER },
      rounds: { type: 'string', default: '21' },
    },
  });
  const { checkpoint, graph } = await prepareModel(
    { folder: path.resolve(values.model), provider: 'cpu', precision: 'int8' },
    { cacheFolder: CACHE },
  );
  const { attention } = checkpoint.family;
  const tokens = attention.kind === 'full' ? 1 : attention.blockLength;
  const session = await DecoderSession.create(graph, checkpoint.shape, {
    provider: 'cpu',
    threads: threadCount(),
  });
  const rows = await alone(async () => {
    const found: string[][] = [];
    for (const past of PASTS) {
      let one = 0;
      for (const lanes of LANES) {
        const millis = await millisOf(
          session,
          pastOf(checkpoint.shape, lanes, past),
          tokens,
          Number(values.rounds),
        );
        if (lanes === 1) one = millis;
        found.push([
          String(past),
          String(lanes),
          ...[millis, millis / one, (lanes * one) / millis].map(figure),
        ]);
      }
    }
    return found;
  });
  await session.dispose();
  const isStarter = values.model === STARTER;
  publish({
    name: isStarter ? 'lanes' : `lanes-${path.parse(values.model).name}`,
    title: 'Passes over several lanes',
    facts: [
      `${isStarter ? 'the starter model' : path.basename(values.model)} on the CPU, int8; ${tokens} tokens a lane, all of them asked about; medians of ${values.rounds} passes`,
    ],
    sections: [
      markdownTable(
        ['tokens before', 'lanes', 'ms', 'times one lane', 'times as fast as one after the other'],
        rows,
      ),
    ],
  });
}

runBench(main);
