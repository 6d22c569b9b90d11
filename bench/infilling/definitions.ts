// Definitions as context: the model alone, and with the definitions of the names around the hole in front of the text, as
// the family was trained to read other files. Both have the same number of tokens in all. A model that goes from left to right reads
// the right answer in one pass: a greedy one is right just where each token is the likeliest behind those before it.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readCalibration } from '../../engine/calibration/file';
import { buildCanvas } from '../../engine/canvas/build';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { denoiseBlocks } from '../../engine/decoding/blocks';
import type { BlockDenoiser, HoleContext } from '../../engine/denoiser';
import { EngineError } from '../../engine/errors';
import { samplingOf } from '../../engine/infill/bounds';
import { Denoisers } from '../../engine/infill/denoisers';
import { answerRoom, holeContext, languageToken, sidesOf, textBudget } from '../../engine/infill/layout';
import { shapedBias } from '../../engine/runtime/forward';
import { voidKv } from '../../engine/runtime/kvState';
import { markdownTable, progress, publish, runBench, STARTER } from '../harness';
import { type Definition, definitionsNear } from './definitionsNear';
import { type Evaluated, spanTokenizer, uncalibrated } from './engine';
import { mean, outcomeOf, percent } from './scores';
import { type Case, drawCases, HELD, heldFiles, KINDS, LANGUAGES } from './spans';
import { Workspaces } from './workspace';

const MOST_TOKENS = 48;
/** Part of the window that definitions may take. */
const SHARE = 0.25;

/** What is in front of the text, in the words that the family knows; `most` tokens of definitions. */
type Preamble = (
  checkpoint: Checkpoint,
  held: Case,
  definitions: readonly Definition[],
  most: number,
) => number[];

const METHODS: Readonly<Record<string, Preamble>> = {
  'the file alone': () => [],
  'its name': (checkpoint, held) => preambleOf(checkpoint, held, [], 0),
  'its name and definitions': preambleOf,
};

/**
 * Qwen2.5-Coder: the repository's name, then each file behind its name (Technical Report, arXiv:2409.12186, repository-level
 * FIM). The starter has seen one file at a time: definitions stand in front of the text as if they were part of it.
 */
function preambleOf(
  { tokenizer, family }: Checkpoint,
  held: Case,
  definitions: readonly Definition[],
  most: number,
): number[] {
  const encode = (text: string) => [...tokenizer.encode(text).ids];
  const isRepository = family.id === 'qwen2.5-coder';
  const special = (name: string): number[] => {
    const id = tokenizer.specialId(name);
    if (id === undefined) throw new Error(`The tokenizer has no ${name}.`);
    return [id];
  };
  const pieces: number[][] = [];
  let taken = 0;
  for (const { path: place, text } of definitions) {
    const piece = isRepository
      ? [...special('<|file_sep|>'), ...encode(`${place}\n${text}\n`)]
      : encode(`${text}\n\n`);
    if (taken + piece.length > most) continue;
    taken += piece.length;
    pieces.push(piece);
  }
  // The nearest name's definition is nearest to the hole.
  const body = pieces.reverse().flat();
  return isRepository
    ? [
        ...special('<|repo_name|>'),
        ...encode(`${held.source}\n`),
        ...body,
        ...special('<|file_sep|>'),
        ...encode(`${held.path}\n`),
      ]
    : body;
}

interface Verdict {
  /** To the letter; of a model that is read, all tokens but the end. */
  readonly exact: boolean;
  readonly first: boolean;
  /** Mean −ln p of a token that stood there, where the model was read. */
  readonly nats: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      held: { type: 'string', default: HELD },
      model: { type: 'string', default: STARTER },
      cases: { type: 'string', default: '40' },
      kind: { type: 'string', default: '4' },
      window: { type: 'string' },
      threads: { type: 'string', default: '2' },
    },
  });
  const window = values.window === undefined ? undefined : Number(values.window);
  const engine = await uncalibrated(path.resolve(values.model), Number(values.threads), window);
  const { checkpoint } = engine;
  const choice = (await readCalibration(checkpoint))?.choice.off;
  const files = heldFiles(values.held, 'measure');
  const workspaces = new Workspaces(files);
  const kinds = KINDS.filter((kind) => kind.startsWith(values.kind));
  const tokenizer = await spanTokenizer();
  const cases = LANGUAGES.flatMap((language) =>
    kinds.flatMap((kind) => drawCases(files, language, kind, tokenizer, Number(values.cases))),
  )
    .map((held) => ({ held, definitions: definitionsNear(workspaces.memory(held), held) }))
    .filter(({ definitions }) => definitions.length > 0);
  progress(`${cases.length} spans with definitions elsewhere`);
  const denoisers = new Denoisers(checkpoint, engine.session);
  const outcomes = new Map<string, Verdict[]>(Object.keys(METHODS).map((name) => [name, []]));
  try {
    for (const [index, { held, definitions }] of cases.entries()) {
      for (const [name, preamble] of Object.entries(METHODS)) {
        const most = Math.floor(SHARE * (checkpoint.family.window ?? 2048));
        const ids = preamble(checkpoint, held, definitions, most);
        const { attention } = checkpoint.family;
        const isRead = attention.kind === 'block-causal' && attention.blockLength === 1;
        const verdict = isRead
          ? await readOne(engine, held, ids)
          : await infillOne(checkpoint, denoisers.blockwise(), held, ids, choice);
        outcomes.get(name)?.push(verdict);
      }
      if (index % 5 === 4)
        progress(`${index + 1}: ${[...outcomes.values()].map((some) => cells(some).join(' ')).join(' | ')}`);
    }
    publish({
      name: `definitions-${checkpoint.family.id}`,
      title: 'Definitions as context',
      facts: [
        `${checkpoint.family.title}, ${(checkpoint.parameters / 1e6).toFixed(0)}M parameters, a window of ${checkpoint.family.window ?? 2048} tokens, at most ${100 * SHARE} % of them for definitions; greedy, nothing is copied`,
        `${cases.length} spans (${kinds.join(', ')}) of the half of the held-out packages that nothing was fitted on: those around which names are that other files of the package define`,
      ],
      sections: [
        markdownTable(
          ['in front of the text', 'exact %', 'first %', 'nats', ...LANGUAGES, 'gained', 'lost'],
          [...outcomes].map(([name, some]) => [
            name,
            ...cells(some),
            ...LANGUAGES.map((language) =>
              percent(
                share(some.filter((_, i) => cases[i]?.held.language === language).map(({ exact }) => exact)),
              ),
            ),
            ...changes(some, outcomes.get('the file alone') ?? []),
          ]),
        ),
      ],
    });
  } finally {
    denoisers.dispose();
    await engine.dispose();
  }
}

/** Spans that are right with it and not without, and the other way round. */
function changes(some: readonly Verdict[], alone: readonly Verdict[]): string[] {
  const gained = some.filter(({ exact }, i) => exact && alone[i]?.exact === false).length;
  const lost = some.filter(({ exact }, i) => !exact && alone[i]?.exact === true).length;
  return [String(gained), String(lost)];
}

function cells(some: readonly Verdict[]): string[] {
  const nats = mean(some.map((verdict) => verdict.nats));
  return [
    percent(share(some.map(({ exact }) => exact))),
    percent(share(some.map(({ first }) => first))),
    Number.isNaN(nats) ? '–' : nats.toFixed(3),
  ];
}

function share(values: readonly boolean[]): number {
  return mean(values.map(Number));
}

/** The right answer between its sides, in one pass; the preamble is taken from the text's budget. */
async function readOne(
  { checkpoint, session }: Evaluated,
  { text, at, answer, language }: Case,
  preamble: readonly number[],
): Promise<Verdict> {
  const { tokenizer, shape, family } = checkpoint;
  const truth = tokenizer.encode(answer).ids;
  const side = Math.floor(((family.window ?? 2048) - preamble.length) / 2);
  const prefix = tokenizer.encode(text.slice(Math.max(0, at - 8 * side), at)).ids.slice(-side);
  const suffix = tokenizer.encode(text.slice(at, at + 8 * side)).ids.slice(0, side);
  const before = [...preamble, ...holeContext(checkpoint, prefix, suffix, language).before];
  const ids = Int32Array.from([...before, ...truth.subarray(0, -1)]);
  const past = voidKv(shape);
  const { predictions } = await session.run({
    ...{ lanes: 1, ids, positions: ids.map((_, i) => i), past, temperature: 0, keep: false },
    bias: shapedBias(past.positions, ids.length, (query, key) => key <= query),
    asks: [...truth].map((target, i) => ({ row: before.length - 1 + i, target })),
  });
  const right = predictions.map((prediction, i) => prediction.ids[0] === truth[i]);
  return {
    exact: right.every(Boolean),
    first: right[0] === true,
    nats: mean(predictions.map(({ targetLogProb }) => -targetLogProb)),
  };
}

/** As the engine does it, with the preamble taken from the text's budget. */
async function infillOne(
  ...[checkpoint, denoiser, held, preamble, choice]: Parameters<typeof infill>
): Promise<Verdict> {
  const answer = await infill(checkpoint, denoiser, held, preamble, choice);
  const { exact, first } = outcomeOf(answer, held.answer, checkpoint.tokenizer);
  return { exact, first, nats: Number.NaN };
}

async function infill(
  checkpoint: Checkpoint,
  denoiser: BlockDenoiser,
  { text, at, language }: Case,
  preamble: readonly number[],
  choice: readonly number[] | undefined,
): Promise<string> {
  const { family, tokenizer, specials, shape } = checkpoint;
  const room = answerRoom(checkpoint, 1, MOST_TOKENS);
  const opening = languageToken(checkpoint, language);
  const canvas = buildCanvas({
    ...{ text, spans: [{ start: at, end: at }], tokenizer, specials },
    ...(opening === undefined ? {} : { languageToken: opening }),
    budget: textBudget(checkpoint, room) - preamble.length,
    holeTokens: room.tokens,
    heal: family.infill.kind !== 'cached-canvas',
    steady: true,
  });
  const contextFor = (hole: number, answers: readonly (Int32Array | undefined)[]): HoleContext => {
    const { before, after } = sidesOf(canvas, hole, answers);
    if (family.infill.kind === 'cached-canvas')
      return holeContext(checkpoint, [...preamble, ...before], after, language);
    const context = holeContext(checkpoint, before, after, language);
    return { ...context, before: Int32Array.from([...preamble, ...context.before]) };
  };
  const [lane] = await denoiseBlocks(denoiser, {
    ...{ canvas, family, tokenizer, contextFor, seeds: [0] },
    sampling: samplingOf(checkpoint, { temperature: 0 }),
    maxTokens: [MOST_TOKENS],
    minTokens: [0],
    maskCounts: [1],
    vocabSize: shape.vocabSize,
    contextLimit: shape.contextLength,
    ...(choice === undefined ? {} : { rescoring: { coefficients: choice } }),
  });
  const hole = canvas.segments.flatMap((segment) => (segment.kind === 'hole' ? [segment.hole] : []))[0];
  const answer = lane?.holes[0];
  if (hole === undefined || answer === undefined) throw new EngineError('internal', 'There is no answer.');
  const whole = tokenizer.decode([...answer.ids]);
  const [head, tail] = [hole.head, hole.tail].map((bytes) => Buffer.from(bytes).toString('utf8').length);
  return whole.slice(head, whole.length - (tail ?? 0));
}

runBench(main);
