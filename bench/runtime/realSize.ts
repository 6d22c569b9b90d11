// A model of real size in the real engine process, before a change and after it, in one run: memory of a request at its peak and
// five seconds later, how long until something is to be seen, how long until Escape has left the engine idle, what a second
// window takes, what ghost text costs that never comes, and a model of seven billion parameters where the machine has room for
// it. Random weights: one token a step, which is the worst case; what the same steps would come to at more is computed.
import { parseArgs } from 'node:util';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { TOKENS_A_STEP } from '../../engine/ghost/backOff';
import { linearWeights } from '../../engine/graph/memory';
import { availableMemory } from '../../engine/runtime/availableMemory';
import { figure, markdownTable, progress, publish, ROOT, ratio, runBench } from '../harness';
import { DREAMON_HALF, DREAMON_SEVEN, randomDreamOn } from './randomDreamOn';
import { shapeText } from './randomModel';
import {
  bundle,
  type Contender,
  FILE_LINES,
  LONGEST_FIRST,
  type Loadable,
  loadedMemory,
  type Measured,
  MOST_BYTES,
  measure,
  REST_MILLIS,
  sampleText,
  sourcesOf,
  windowsMemory,
} from './realSizeEngine';
import { KEY_MILLIS, KEYS, typeGhost } from './realSizeGhost';

/** The last revision before memory, time and work were fitted to the machine. */
const BEFORE = '261282b';
const LINES = ['1', '10', '60'];
/** A request is given up after so many steps, unless it is run to its end. */
const STEPS = 5;
/** Bytes that have to be free for seven billion parameters in four bits. */
const ROOM_FOR_SEVEN = 10e9;

const COLUMNS = [
  'said',
  'peak',
  `${REST_MILLIS / 1000} s later`,
  'first frame, s',
  'a step, s',
  'masks',
  'first review, s',
  `first review at ${TOKENS_A_STEP} tokens a step, s`,
  'Escape at a step to idle, s',
  'Escape before the first step to idle, s',
];

function megabytesOf(bytes: number | undefined): string {
  if (bytes === undefined) return '–';
  return Number.isFinite(bytes) ? figure(bytes / 1e6) : `over ${figure(MOST_BYTES / 1e6)}, stopped`;
}

function seconds(millis: number | undefined): string {
  return millis === undefined ? '–' : figure(millis / 1000);
}

function cellsOf({ said, peak, after, first, step, masks, whole, toIdle, toIdleEarly }: Measured): string[] {
  const isShown = first !== undefined && Number.isFinite(first);
  const isKnown = isShown && masks !== undefined && step !== undefined;
  const projected = isKnown ? first + (masks - 1) * step : undefined;
  const trained = isKnown ? first + (masks / TOKENS_A_STEP) * step : undefined;
  return [
    said === undefined
      ? '–'
      : `${megabytesOf(said.weights + (said.process ?? 0))} + ${megabytesOf(said.adapted ?? said.request)}`,
    megabytesOf(peak),
    megabytesOf(after),
    first === undefined || isShown ? seconds(first) : `over ${seconds(LONGEST_FIRST)}`,
    isShown ? seconds(step) : '–',
    isShown ? `${masks ?? '–'}` : '–',
    whole === undefined
      ? `${seconds(projected)}${projected === undefined ? '' : ' (projected)'}`
      : seconds(whole),
    seconds(trained),
    seconds(toIdle),
    seconds(toIdleEarly),
  ];
}

async function requests(
  contenders: readonly Contender[],
  model: Loadable,
  text: string,
  { lines, isWhole }: { readonly lines: readonly number[]; readonly isWhole: boolean },
): Promise<string[][]> {
  const rows: string[][] = [];
  for (const contender of contenders) {
    const loaded = megabytesOf(await loadedMemory(contender, model));
    progress(`${contender.name}: loaded ${loaded} MB`);
    for (const count of lines) {
      const toTheEnd = isWhole && contender.options.interactive === true;
      const one = await measure(contender, model, text, count, { isWhole: toTheEnd, mostSteps: STEPS });
      // What runs to its end has no Escape: that is another request's.
      const { toIdle, toIdleEarly } = toTheEnd
        ? await measure(contender, model, text, count, { isWhole: false, mostSteps: STEPS })
        : one;
      rows.push([contender.name, `${count}`, loaded, ...cellsOf({ ...one, toIdle, toIdleEarly })]);
      progress(rows.at(-1)?.join(' | ') ?? '');
    }
  }
  return rows;
}

async function seven(contender: Contender, text: string): Promise<readonly string[]> {
  if (availableMemory() < ROOM_FOR_SEVEN) {
    progress('There is no room for seven billion parameters.');
    return [];
  }
  const checkpoint = await randomDreamOn(DREAMON_SEVEN);
  const one = await measure(contender, { folder: checkpoint.folder, precision: 'q4' }, text, 1, {
    isWhole: false,
    mostSteps: STEPS,
  });
  return [
    `Seven billion parameters (${sizeText(checkpoint)}; ${shapeText(DREAMON_SEVEN)}), most of them zero, in q4, one line.`,
    markdownTable(COLUMNS, [cellsOf(one)]),
  ];
}

function sizeText({ parameters, shape }: Checkpoint): string {
  return `${figure(parameters / 1e6)} million parameters, of them ${figure(linearWeights(shape) / 1e6)} million in linear layers`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      before: { type: 'string', default: BEFORE },
      now: { type: 'boolean', default: false },
      whole: { type: 'boolean', default: true },
      requests: { type: 'boolean', default: true },
      windows: { type: 'boolean', default: true },
      ghost: { type: 'boolean', default: true },
      seven: { type: 'boolean', default: true },
      lines: { type: 'string', multiple: true, default: LINES },
    },
    allowNegative: true,
  });
  const checkpoint = await randomDreamOn();
  const model: Loadable = { folder: checkpoint.folder, precision: 'int8' };
  const text = sampleText();
  const now = await bundle('now', ROOT, {
    ...{ candidates: 1, isShared: true, options: { interactive: true } },
  });
  const { before } = values;
  const contenders = values.now
    ? [now]
    : [
        await bundle(`before ${before}`, sourcesOf(before), {
          ...{ candidates: 2, isShared: false, options: {} },
        }),
        now,
      ];
  const sections: string[] = [];
  if (values.requests) {
    const lines = values.lines.map(Number);
    const rows = await requests(contenders, model, text, { lines, isWhole: values.whole });
    sections.push(
      'Memory is what the engine process has in main memory, mapped files included, in MB. *Said*: what is loaded, and on top of it the largest request at this machine’s speed, as the engine estimates both. *First frame*: from the request to its first denoise step. *First review*: the first candidate; random weights write one token a step. *Escape before the first step*: the longest of five, at different moments.' +
        ` *First review at ${TOKENS_A_STEP} tokens a step*: of a trained model, with the yield that ghost text is estimated by; not measured, but computed: the first frame, and a step for every ${TOKENS_A_STEP} masks.`,
      markdownTable(['engine', 'lines', 'loaded', ...COLUMNS], rows),
    );
  }
  if (values.windows) {
    const rows: string[][] = [];
    for (const contender of contenders) {
      const [one = Number.NaN, two = Number.NaN] = await windowsMemory(contender, model, text);
      rows.push([contender.name, megabytesOf(one), megabytesOf(two), ratio(two / one)]);
      progress(rows.at(-1)?.join(' | ') ?? '');
    }
    sections.push(
      'A second window with the same model: the processes of both windows together, in MB, where a page that several have counts once (PSS), half a minute after a request of each window.',
      markdownTable(['engine', 'one window', 'two windows', 'ratio'], rows),
    );
  }
  if (values.ghost) {
    const rows: string[][] = [];
    for (const contender of contenders) {
      const { offers, cores } = await typeGhost(contender, model, text);
      rows.push([contender.name, `${KEYS}`, `${offers}`, figure(cores)]);
      progress(rows.at(-1)?.join(' | ') ?? '');
    }
    sections.push(
      `Ghost text: ${KEYS} keys, one every ${KEY_MILLIS} ms.`,
      markdownTable(['engine', 'keys', 'offers', 'cores busy'], rows),
    );
  }
  if (values.seven) sections.push(...(await seven(now, text)));
  publish({
    name: 'realSize',
    title: 'A model of real size on an ordinary machine',
    facts: [
      `Random weights with DreamOn's tokens (${shapeText(DREAMON_HALF)}; ${sizeText(checkpoint)}), int8, a file of ${FILE_LINES} lines`,
    ],
    sections,
  });
}

runBench(main);
