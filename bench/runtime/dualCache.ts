// Denoising in place with the dual cache against a full forward pass at each step: what a span costs as a whole, and what
// one windowed step costs by length of file and of window. What the approximation costs in tokens needs a trained model.
import { parseArgs } from 'node:util';
import type { Checkpoint } from '../../engine/checkpoint/types';
import type { Precision } from '../../engine/graph/types';
import { choosePrecision } from '../../engine/runtime/precision';
import { LlamaCpp } from '../contenders/llamaCpp';
import {
  type Contender,
  figure,
  inTurns,
  markdownTable,
  medianCpu,
  medianRatio,
  medianWall,
  progress,
  publish,
  ratio,
  runBench,
  type Sample,
  timed,
} from '../harness';
import { engineSession, promptIds, promptRequest, windowRequest } from './engineSession';
import { denoise, maskedCanvases, REFRESHES } from './inPlaceLoop';
import { HALF, randomModel, SMALL, shapeText } from './randomModel';

const FILE = 1000;
const SPAN = 64;
const LENGTHS = [500, 1000, 2000, 4000] as const;
const WINDOWS = [16, 32, 64, 128] as const;

/** The whole loop at every refresh interval and without a cache, and llama.cpp's step where it is installed. */
async function totals(
  checkpoint: Checkpoint,
  precision: Precision,
  options: Options,
): Promise<readonly string[]> {
  const { session } = await engineSession(checkpoint, { precision, threads: options.threads });
  const [canvas] = maskedCanvases(checkpoint, FILE, SPAN, 1);
  if (canvas === undefined) throw new Error('There is no text to mask.');
  const contender = (name: string, refreshEvery?: number): Contender => ({
    name,
    run: () => timed(() => denoise(session, checkpoint, canvas, { refreshEvery })),
  });
  const exact = 'full forward each step';
  const dual = (every: number) => `dual cache, refreshed every ${every} steps`;
  const ours = [contender(exact), ...REFRESHES.map((every) => contender(dual(every), every))];
  const llama = await LlamaCpp.open();
  const theirs = await llamaSteps(checkpoint, llama, options.threads);
  progress(`${checkpoint.name}: a span of ${SPAN} in ${FILE} tokens`);
  const samples = await inTurns([...ours, ...theirs], options.rounds);
  await session.dispose();
  const rows = ours.map(({ name }) => row(name, samples.get(name), samples.get(exact), 1));
  const theirRows = theirs.map(({ name }) =>
    row(`${name}: ${SPAN} × one step of its diffusion program`, samples.get(name), samples.get(exact), SPAN),
  );
  for (const party of theirs) await party.dispose();
  const gone = typeof llama === 'string' ? [[`llama.cpp: not installed (${llama})`, '–', '–', '–']] : [];
  return [
    markdownTable(
      [`${SPAN} masks in ${FILE} tokens, ${precision}`, 'CPU ms', 'wall ms', 'full forward each step / this'],
      [...rows, ...theirRows, ...gone],
    ),
    typeof llama === 'string' ? '' : LLAMA_REMARK,
  ];
}

const LLAMA_REMARK = `llama.cpp's diffusion program (examples/diffusion) computes the whole sequence at each step, without
a cache and with every row through the head; here one such computation is timed and multiplied, its sampling left out.`;

function row(
  name: string,
  samples: readonly Sample[] | undefined,
  base: readonly Sample[] | undefined,
  times: number,
): string[] {
  return [
    name,
    figure(times * medianCpu(samples)),
    figure(times * medianWall(samples)),
    ratio(1 / (times * medianRatio(samples, base))),
  ];
}

async function llamaSteps(checkpoint: Checkpoint, llama: LlamaCpp | string, threads: number) {
  if (typeof llama === 'string') return [];
  const ids = promptIds(FILE, checkpoint.shape.vocabSize);
  const work = { ids, rows: Int32Array.from(ids.keys()), threads };
  return [
    await llama.contender(checkpoint, 'BF16', 'dream', work),
    await llama.contender(checkpoint, 'Q8_0', 'dream', work),
  ];
}

/** One windowed step by length of file and by length of window, and one full forward where it is affordable. */
async function steps(
  checkpoint: Checkpoint,
  precision: Precision,
  options: Options,
): Promise<readonly string[]> {
  const { session } = await engineSession(checkpoint, { precision, threads: options.threads });
  const step = (length: number, window: number) => {
    const request = windowRequest(checkpoint, length, window);
    return { name: `${length}/${window}`, run: () => timed(() => session.run(request)) };
  };
  const whole = promptRequest(checkpoint, promptIds(FILE, checkpoint.shape.vocabSize), SPAN, 'full');
  const full = { name: 'full', run: () => timed(() => session.run(whole)) };
  const byLength = LENGTHS.map((length) => step(length, SPAN));
  const byWindow = WINDOWS.map((window) => step(FILE, window));
  progress(`${checkpoint.name}: steps`);
  const samples = await inTurns(
    [full, ...new Map([...byLength, ...byWindow].map((one) => [one.name, one])).values()],
    options.rounds * 3,
  );
  await session.dispose();
  const cells = (parties: readonly Contender[], base: string) => [
    ['CPU ms', ...parties.map(({ name }) => figure(medianCpu(samples.get(name))))],
    ['ratio', ...parties.map(({ name }) => ratio(medianRatio(samples.get(name), samples.get(base))))],
  ];
  const fullCpu = medianCpu(samples.get('full'));
  const windowCpu = medianCpu(samples.get(`${FILE}/${SPAN}`));
  const fulls = Math.ceil(SPAN / (DEFAULT_REFRESH + 1));
  const total = fulls * fullCpu + (SPAN - fulls) * windowCpu;
  return [
    markdownTable(
      [`step of ${SPAN} tokens, by file`, ...LENGTHS.map((length) => `${length} tokens`)],
      cells(byLength, `${FILE}/${SPAN}`),
    ),
    markdownTable(
      [`step in ${FILE} tokens, by window`, ...WINDOWS.map((window) => `${window} tokens`)],
      cells(byWindow, `${FILE}/${SPAN}`),
    ),
    `A full forward of ${FILE} tokens with ${SPAN} rows through the head: ${figure(fullCpu)} ms. ${SPAN} steps with a refresh
every ${DEFAULT_REFRESH}, computed from these figures: ${fulls} × ${figure(fullCpu)} + ${SPAN - fulls} × ${figure(windowCpu)} = ${figure(total)} ms against
${SPAN} × ${figure(fullCpu)} = ${figure(SPAN * fullCpu)} ms: ${ratio((SPAN * fullCpu) / total)} times fewer.`,
  ];
}

/** infiller.ts's. */
const DEFAULT_REFRESH = 16;

interface Options {
  readonly threads: number;
  readonly rounds: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      precision: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      threads: { type: 'string', default: '1' },
    },
  });
  const options = {
    threads: Number(values.threads),
    rounds: Number(values.rounds),
  };
  const small = await randomModel(SMALL);
  const half = await randomModel(HALF);
  const precision = choosePrecision((values.precision ?? 'auto') as Precision | 'auto', 'cpu', small);
  publish({
    name: 'dualCache',
    title: 'Denoising in place: the dual cache against a full forward each step',
    facts: [
      `${options.threads} ${options.threads === 1 ? 'thread' : 'threads'}, ${precision}, random weights`,
    ],
    sections: [
      `Medians of ${options.rounds} rounds in turns. One token a step, so ${SPAN} steps. With the dual cache a full forward writes the K/V of everything; the
steps until the next one run the span alone against it. What of a step grows with the file is attention over its K/V: the engine
gives a model its window of a file (2,048 tokens where its family names none), so a longer file costs no more.`,
      `## small: ${shapeText(SMALL)}`,
      ...(await totals(small, precision, options)),
      ...(await steps(small, precision, options)),
      `## half: ${shapeText(HALF)}`,
      ...(await steps(half, precision, options)),
      '## What the approximation costs',
      'Tokens, not time: `npm run bench -- dualCacheAgreement` measures them on a trained model, in a table of its own.',
    ].filter((section) => section !== ''),
  });
}

runBench(main);
