// What models get that nothing was fitted to: λ of the mixture, fitted to one of them that goes from left to right on one half of
// the held-out packages, and what it is worth on the other. A greedy answer is right just where each of its tokens is the likeliest
// behind those before it, so one forward pass over the right answer tells how every λ would do.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { MIXTURE_FEATURES, type MixtureWeight, mixtureWeight } from '../../engine/calibration/mixtureWeight';
import { type CellCopy, mixPrediction } from '../../engine/copying/mixture';
import { CopyPrior } from '../../engine/copying/prior';
import { LEFT_REACH } from '../../engine/copying/sources';
import { BiasRows, FORBIDDEN } from '../../engine/decoding/biasRows';
import { lengthTokensOf } from '../../engine/decoding/request';
import { NO_BYTES, TokenTable } from '../../engine/decoding/tokenTable';
import type { Prediction } from '../../engine/denoiser';
import { holeContext } from '../../engine/infill/layout';
import { shapedBias } from '../../engine/runtime/forward';
import { voidKv } from '../../engine/runtime/kvState';
import { markdownTable, progress, publish, runBench } from '../harness';
import { type Evaluated, spanTokenizer, uncalibrated } from './engine';
import { fitLogit, mixtureGradient } from './logisticFit';
import { exampleOf } from './mixtureExamples';
import { mean, percent } from './scores';
import { type Case, drawCases, type Half, HELD, heldFiles, KINDS, LANGUAGES } from './spans';
import { Workspaces } from './workspace';

/** Tokens of context on each side. */
const DEFAULT_SIDE = 240;
/** How much less a copy is believed than the fit says, as a logit. */
const CAUTION = [0, 0.5, 1, 2];

const BESIDE = ['file', 'workspace'] as const;
type Beside = (typeof BESIDE)[number];

/** One token of an answer, or its end: what stood there, and what is said of it. */
interface Step {
  readonly token: number;
  readonly prediction: Readonly<Record<Beside, Prediction>>;
  readonly copy: Readonly<Record<Beside, CellCopy | undefined>>;
}
interface Answer {
  readonly language: string;
  readonly steps: readonly Step[];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      held: { type: 'string', default: HELD },
      model: { type: 'string' },
      fit: { type: 'string', default: '20' },
      cases: { type: 'string', default: '30' },
      kind: { type: 'string', default: '4' },
      side: { type: 'string', default: String(DEFAULT_SIDE) },
      threads: { type: 'string', default: '2' },
    },
  });
  if (values.model === undefined) throw new Error('Name the model: --model FOLDER or --model FILE.gguf.');
  const engine = await uncalibrated(path.resolve(values.model), Number(values.threads));
  const { checkpoint } = engine;
  const { attention } = checkpoint.family;
  if (attention.kind !== 'block-causal' || attention.blockLength !== 1)
    throw new Error(`${checkpoint.family.title} does not go from left to right.`);
  const kinds = KINDS.filter((kind) => kind.startsWith(values.kind));
  const tokenizer = await spanTokenizer();
  const answersOf = async (half: Half, count: number): Promise<Answer[]> => {
    const files = heldFiles(values.held, half);
    const workspaces = new Workspaces(files);
    const cases = LANGUAGES.flatMap((language) =>
      kinds.flatMap((kind) => drawCases(files, language, kind, tokenizer, count)),
    );
    const answers: Answer[] = [];
    for (const held of shuffled(cases)) {
      answers.push(await answerOf(engine, held, workspaces, Number(values.side)));
      if (answers.length % 5 === 0) {
        progress(`${half}: ${answers.length} of ${cases.length}`);
        if (half === 'measure') progress(table(answers, mixture));
      }
    }
    return answers;
  };
  let mixture: readonly number[] = [];
  const fitted = await answersOf('fit', Number(values.fit));
  const examples = fitted.flatMap(({ steps }) =>
    BESIDE.flatMap((beside) =>
      steps.flatMap(({ copy, prediction, token }) => exampleOf(copy[beside], prediction[beside], token)),
    ),
  );
  mixture = fitLogit(
    examples.map(({ features }) => features),
    mixtureGradient(examples),
    { steps: 1500, ridge: 3e-3 },
  );
  progress(JSON.stringify(mixture));
  const measured = await answersOf('measure', Number(values.cases));
  publish({
    name: 'copyPrior',
    title: 'What copying is believed by a model that nothing was fitted to',
    facts: [
      `${checkpoint.family.title}, ${(checkpoint.parameters / 1e6).toFixed(0)}M parameters; ${values.side} tokens on each side of the hole; greedy, length unknown`,
      `λ fitted to ${examples.length} tokens of ${fitted.length} spans (${kinds.join(', ')}) of one half of the held-out packages; measured on ${measured.length} of the other`,
    ],
    sections: [
      'λ of the mixture is a logistic function with these coefficients.',
      markdownTable(
        ['feature', 'coefficient'],
        MIXTURE_FEATURES.map((name, i) => [name, (mixture[i] ?? 0).toFixed(2)]),
      ),
      '_Gained_ and _lost_: spans that are right with it and not by the model alone, and the other way round. _Nats_: mean −ln p of a token that stood there. _Told the length_: all tokens but the end.',
      table(measured, mixture),
    ],
  });
  await engine.dispose();
}

/** Languages in turn, so that a part of them is as the whole. */
function shuffled(cases: readonly Case[]): Case[] {
  const by = LANGUAGES.map((language) => cases.filter((held) => held.language === language));
  const longest = Math.max(...by.map(({ length }) => length));
  return Array.from({ length: longest }, (_, i) => by.flatMap((some) => some[i] ?? [])).flat();
}

async function answerOf(
  { checkpoint, session }: Evaluated,
  { text, at, answer, language, ...held }: Case,
  workspaces: Workspaces,
  side: number,
): Promise<Answer> {
  const { tokenizer, specials, family, shape } = checkpoint;
  const lengthTokens = lengthTokensOf(family.length, specials);
  const end = lengthTokens.end ?? -1;
  const rows = new BiasRows(TokenTable.of(tokenizer), shape.vocabSize, specials, lengthTokens, 0);
  const borders = { head: NO_BYTES, nextTail: NO_BYTES, tail: NO_BYTES };
  const bias = rows.row({ expand: false, delete: false, end: true, carry: false, ...borders });
  const [left, right] = [text.slice(0, at), text.slice(at)];
  const own = [
    { text: left, distance: 0, before: true },
    { text: right, distance: 0, before: false },
  ];
  const index = workspaces.index({ text, at, answer, language, ...held });
  const priors = {
    file: new CopyPrior(own, tokenizer, end),
    workspace: new CopyPrior(own, tokenizer, end, undefined, index),
  };
  const truth = [...tokenizer.encode(answer).ids, end];
  const copies = truth.map((_, count) => {
    const behind = left.slice(-LEFT_REACH) + tokenizer.decode(truth.slice(0, count));
    const run = { left: behind, right, cells: 1, isOpen: true, mayBeEmpty: true };
    const allows = (_cell: number, token: number) => (bias[token] ?? FORBIDDEN) > FORBIDDEN / 2;
    return { file: priors.file.cells(run, allows)[0], workspace: priors.workspace.cells(run, allows)[0] };
  });
  const prefix = tokenizer.encode(left.slice(-8 * side)).ids.slice(-side);
  const suffix = tokenizer.encode(right.slice(0, 8 * side)).ids.slice(0, side);
  const { before } = holeContext(checkpoint, prefix, suffix, language);
  const ids = Int32Array.from([...before, ...truth.slice(0, -1)]);
  const past = voidKv(shape);
  const { predictions } = await session.run({
    ...{ lanes: 1, ids, positions: ids.map((_, i) => i), past, temperature: 0, keep: false },
    bias: shapedBias(past.positions, ids.length, (query, key) => key <= query),
    asks: copies.flatMap((copy, count) =>
      BESIDE.map((beside) => ({
        row: before.length - 1 + count,
        bias,
        target: copy[beside]?.tokens[0]?.token ?? 0,
      })),
    ),
  });
  const steps = truth.flatMap((token, count): Step[] => {
    const [file, workspace] = [predictions[2 * count], predictions[2 * count + 1]];
    const copy = copies[count];
    return file && workspace && copy ? [{ token, prediction: { file, workspace }, copy }] : [];
  });
  return { language, steps };
}

/** What a step says under a weight; without one, the model alone. */
function said({ prediction, copy }: Step, beside: Beside, weight?: MixtureWeight): Prediction {
  const found = copy[beside];
  return weight && found
    ? mixPrediction(prediction[beside], found, weight, prediction[beside].targetLogProb)
    : prediction[beside];
}

function table(answers: readonly Answer[], mixture: readonly number[]): string {
  const isRight = (steps: readonly Step[], beside: Beside, weight?: MixtureWeight) =>
    steps.every((step) => said(step, beside, weight).ids[0] === step.token);
  const whole = (beside: Beside, weight?: MixtureWeight) =>
    answers.map(({ steps }) => isRight(steps, beside, weight));
  const told = (beside: Beside, weight?: MixtureWeight) =>
    answers.map(({ steps }) => isRight(steps.slice(0, -1), beside, weight));
  const changes = (now: readonly boolean[], alone: readonly boolean[]) => [
    String(now.filter((is, i) => is && alone[i] === false).length),
    String(now.filter((is, i) => !is && alone[i] === true).length),
  ];
  const shares = (right: readonly boolean[]) => [
    percent(mean(right.map(Number))),
    ...LANGUAGES.map((language) =>
      percent(mean(right.filter((_, i) => answers[i]?.language === language).map(Number))),
    ),
  ];
  const row = (name: string, beside: Beside, weight?: MixtureWeight): string[] => {
    const right = whole(beside, weight);
    const rightTold = told(beside, weight);
    const first = answers.map(
      ({ steps: [step] }) => step && said(step, beside, weight).ids[0] === step.token,
    );
    const nats = answers.flatMap(({ steps }) => steps.map((step) => nat(said(step, beside, weight), step)));
    return [
      name,
      ...shares(right),
      percent(mean(first.map(Number))),
      nats.length === 0 ? '–' : mean(nats).toFixed(2),
      ...changes(right, whole('file')),
      percent(mean(rightTold.map(Number))),
      ...changes(rightTold, told('file')),
    ];
  };
  const weights = CAUTION.map((less): [string, MixtureWeight] => {
    const [constant = 0, ...others] = mixture;
    return [less === 0 ? 'fitted' : `fitted, ${less} less`, mixtureWeight([constant - less, ...others])];
  });
  return markdownTable(
    ['', 'exact %', ...LANGUAGES, 'first %', 'nats', 'gained', 'lost', 'told the length %', 'gained', 'lost'],
    [
      row('model alone', 'file'),
      ...weights.flatMap(([name, weight]) =>
        BESIDE.map((beside) => row(`${beside}: ${name}`, beside, weight)),
      ),
    ],
  );
}

/** −ln p of the token that stood there; what is not listed has what the least of the list has. */
function nat({ ids, logProbs }: Prediction, { token }: Step): number {
  const at = ids.indexOf(token);
  return -Math.max(-20, logProbs[at < 0 ? logProbs.length - 1 : at] ?? -20);
}

runBench(main);
