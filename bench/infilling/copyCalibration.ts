// Fits to the starter model what copying is believed (λ of the mixture), which rescored answer is chosen, and how sure a
// candidate is: on one half of the held-out packages; infilling.ts measures on the other. Writes
// engine/copying/coefficients.ts.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { CONFIDENCE_FEATURES } from '../../engine/candidates/confidence';
import { logistic } from '../../engine/candidates/logistic';
import {
  CHOICE_COEFFICIENTS,
  CONFIDENCE_COEFFICIENTS,
  MIXTURE_COEFFICIENTS,
} from '../../engine/copying/coefficients';
import { type CellCopy, logProbOf } from '../../engine/copying/mixture';
import { CopyPrior } from '../../engine/copying/prior';
import { LEFT_REACH } from '../../engine/copying/sources';
import { WEIGHT_FEATURES, weightFeatures } from '../../engine/copying/weight';
import { BiasRows, FORBIDDEN } from '../../engine/decoding/biasRows';
import { lengthTokensOf } from '../../engine/decoding/request';
import { NO_BYTES, TokenTable } from '../../engine/decoding/tokenTable';
import { Denoisers } from '../../engine/infill/denoisers';
import { holeContext } from '../../engine/infill/layout';
import { COPYING, type CopyingChoice } from '../../engine/protocol';
import { markdownTable, progress, publish, type Report, ROOT, runBench, STARTER } from '../harness';
import { fitChoice } from './choiceFit';
import { choiceExamples, choiceReport } from './choices';
import { bestText, type Evaluated, evaluated, infillCase } from './engine';
import { fitLogit, fitOutcomes, mixtureGradient } from './logisticFit';
import { type Case, drawCases, HELD, heldFiles, KINDS, LANGUAGES } from './spans';

/** The numbers as they stand; each stage writes its own anew. */
const FITTED = {
  mixture: MIXTURE_COEFFICIENTS,
  choice: CHOICE_COEFFICIENTS,
  confidence: CONFIDENCE_COEFFICIENTS,
};

interface MixtureExample {
  readonly features: number[];
  readonly model: number;
  readonly copy: number;
  readonly mass: number;
}

/** Tokens of context on each side while λ is fitted. */
const SIDE = 240;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      held: { type: 'string', default: HELD },
      model: { type: 'string', default: STARTER },
      cases: { type: 'string', default: '60' },
      threads: { type: 'string', default: '2' },
      stage: { type: 'string', default: 'mixture' },
    },
  });
  const engine = await evaluated(path.resolve(values.model), Number(values.threads));
  const files = heldFiles(values.held, 'fit');
  const draw = (count: number): Case[] =>
    LANGUAGES.flatMap((language) =>
      KINDS.flatMap((kind) => drawCases(files, language, kind, engine.checkpoint.tokenizer, count)),
    );
  const cases = draw(Number(values.cases));
  const facts = [`${engine.checkpoint.name}, ${cases.length} spans of one half of the held-out packages`];
  progress(facts.join());
  if (values.stage === 'mixture') {
    const examples = await mixtureExamples(engine, cases);
    await engine.dispose();
    const mixture = fitLogit(
      examples.map(({ features }) => features),
      mixtureGradient(examples),
      { steps: 600 },
    );
    write({ ...FITTED, mixture });
    publish(mixtureReport(examples, mixture, facts));
    goOnWith('choice');
    return;
  }
  if (values.stage === 'choice') {
    const examples = {
      off: await choiceExamples(engine, cases, 'off'),
      mixed: await choiceExamples(engine, cases, 'mixed'),
    };
    await engine.dispose();
    const choice = { off: fitChoice(examples.off), mixed: fitChoice(examples.mixed) };
    write({ ...FITTED, choice });
    publish(choiceReport(examples, choice, facts));
    goOnWith('confidence');
    return;
  }
  const confidence = { ...CONFIDENCE_COEFFICIENTS };
  for (const copying of COPYING) {
    // Copying alone costs nothing: four times as many.
    const drawn = copying === 'alone' ? draw(4 * Number(values.cases)) : cases;
    confidence[copying] = await confidenceFit(engine, drawn, copying);
  }
  await engine.dispose();
  write({ ...FITTED, confidence });
  publish({
    name: 'copyConfidence',
    title: 'How sure a candidate is',
    facts,
    sections: [
      'Logistic coefficients by kind of copying.',
      markdownTable(
        ['feature', ...COPYING],
        CONFIDENCE_FEATURES.map((name, i) => [
          name,
          ...COPYING.map((copying) => (confidence[copying][i] ?? 0).toFixed(2)),
        ]),
      ),
    ],
  });
}

/** The next stage is about what the numbers of this one make of an answer: a process that reads them as the engine does. */
function goOnWith(stage: string): void {
  const again = ['--import', 'tsx', process.argv[1] ?? '', ...process.argv.slice(2), '--stage', stage];
  execFileSync(process.execPath, again, { stdio: 'inherit', cwd: ROOT });
}

function mixtureReport(
  examples: readonly MixtureExample[],
  mixture: readonly number[],
  facts: readonly string[],
): Report {
  const alone = loss(examples, () => 0);
  const mixed = loss(examples, (features) => logistic(mixture, features));
  return {
    name: 'copyCalibration',
    title: 'What copying is believed',
    facts: [...facts, `${examples.length} masked cells with something to copy`],
    sections: [
      'λ of the mixture is a logistic function with these coefficients.',
      markdownTable(
        ['feature', 'coefficient'],
        WEIGHT_FEATURES.map((name, i) => [name, (mixture[i] ?? 0).toFixed(2)]),
      ),
      `Mean −ln p of the token that stood there: ${alone} by the model alone, ${mixed} mixed.`,
    ],
  };
}

function loss(examples: readonly MixtureExample[], lambda: (features: readonly number[]) => number): string {
  const sum = examples.reduce((total, { features, model, copy, mass }) => {
    const weight = mass * lambda(features);
    return total - Math.log(Math.max(1e-9, (1 - weight) * model + weight * copy));
  }, 0);
  return (sum / examples.length).toFixed(3);
}

/** Every masked cell of the first block with 0, 1, 2, 4 and 8 of the answer's tokens written, where copying says something. */
async function mixtureExamples(
  { checkpoint, session }: Evaluated,
  cases: readonly Case[],
): Promise<MixtureExample[]> {
  const { tokenizer, specials, family } = checkpoint;
  const lengthTokens = lengthTokensOf(family.length.kind, specials);
  const end = lengthTokens.end ?? -1;
  const denoiser = new Denoisers(checkpoint, session).blockwise();
  const rows = new BiasRows(TokenTable.of(tokenizer), checkpoint.shape.vocabSize, specials, lengthTokens, 0);
  const bias = rows.row({
    ...{ expand: false, delete: false, end: true, carry: false },
    ...{ head: NO_BYTES, nextTail: NO_BYTES, tail: NO_BYTES },
  });
  const examples: MixtureExample[] = [];
  for (const [index, { text, at, answer, language }] of cases.entries()) {
    const left = text.slice(0, at);
    const right = text.slice(at);
    const truth = [...tokenizer.encode(answer).ids, end];
    const prefix = tokenizer.encode(left.slice(-8 * SIDE)).ids.slice(-SIDE);
    const suffix = tokenizer.encode(right.slice(0, 8 * SIDE)).ids.slice(0, SIDE);
    const prior = new CopyPrior(
      [
        { text: left, distance: 0, before: true },
        { text: right, distance: 0, before: false },
      ],
      tokenizer,
      end,
    );
    const written = [0, 1, 2, 4, 8].filter((count) => count < Math.min(truth.length, denoiser.blockLength));
    const states = written.map((count) => {
      const cells = denoiser.blockLength - count;
      const copies = prior.cells(
        {
          left: left.slice(-LEFT_REACH) + tokenizer.decode(truth.slice(0, count)),
          right,
          cells,
          isOpen: true,
          mayBeEmpty: true,
        },
        (_, token) => (bias[token] ?? FORBIDDEN) > FORBIDDEN / 2,
      );
      return { count, copies };
    });
    await denoiser.open(holeContext(checkpoint, prefix, suffix, language), states.length);
    const predictions = await denoiser.predict(
      states.map(({ count, copies }, lane) => {
        const tokens = new Int32Array(denoiser.blockLength).fill(specials.mask);
        tokens.set(truth.slice(0, count));
        const asks = copies.map((copy, cell) => ({
          position: count + cell,
          bias,
          target: copy?.tokens[0]?.token ?? 0,
        }));
        return { lane, tokens, asks };
      }),
      { temperature: 0 },
    );
    for (const [lane, { count, copies }] of states.entries())
      for (const [cell, copy] of copies.entries()) {
        const token = truth[count + cell];
        const prediction = predictions[lane]?.[cell];
        if (copy && prediction && token !== undefined) examples.push(exampleOf(copy, prediction, token));
      }
    if (index % 50 === 49) progress(`${index + 1} of ${cases.length}`);
  }
  return examples;
}

function exampleOf(
  copy: CellCopy,
  prediction: Parameters<typeof logProbOf>[0],
  token: number,
): MixtureExample {
  const [first] = copy.tokens;
  if (!first) throw new Error('A copy without tokens.');
  const total = copy.tokens.reduce((sum, { share }) => sum + share, 0);
  const opinion = {
    logProb: logProbOf(prediction, first.token, prediction.targetLogProb),
    best: Math.exp(prediction.logProbs[0] ?? -Infinity),
  };
  const asked = token === first.token ? prediction.targetLogProb : undefined;
  return {
    features: weightFeatures(first.evidence, opinion),
    model: Math.exp(logProbOf(prediction, token, asked)),
    copy: (copy.tokens.find((other) => other.token === token)?.share ?? 0) / total,
    mass: copy.mass,
  };
}

/** From every candidate of every case: what spoke for it, and whether it was right. */
async function confidenceFit(
  engine: Evaluated,
  cases: readonly Case[],
  copying: CopyingChoice,
): Promise<number[]> {
  const features: (readonly number[])[] = [];
  const outcomes: boolean[] = [];
  for (const [index, held] of cases.entries()) {
    const result = await infillCase(engine, held, { copying }, 'unknown', {
      onEvidence: (evidence) => features.push(evidence),
    });
    if (features.length > outcomes.length) outcomes.push(bestText(result) === held.answer);
    if (index % 100 === 99) progress(`${copying}: ${index + 1} of ${cases.length}`);
  }
  return fitOutcomes(features, outcomes);
}

function listed(values: readonly number[]): string {
  return `[${values.map((value) => Number(value.toFixed(3))).join(', ')}]`;
}

/** The file that the engine reads. */
function write({ mixture, choice, confidence }: typeof FITTED): void {
  const text = `// biome-ignore-all lint/suspicious/noApproximativeNumericConstant: a fitted number that looks like a constant is none.
// Fitted numbers, written by \`npm run bench -- copyCalibration\`: to be written anew with every new starter model.

/** λ, in the order of WEIGHT_FEATURES (weight.ts). */
export const MIXTURE_COEFFICIENTS: readonly number[] = ${listed(mixture)};

/** Worth of a rescored answer, in the order of CHOICE_FEATURES (engine/rescoring/choice.ts), by kind of copying. */
export const CHOICE_COEFFICIENTS: Readonly<Record<'off' | 'mixed', readonly number[]>> = {
  off: ${listed(choice.off)},
  mixed: ${listed(choice.mixed)},
};

/** Confidence of a candidate, in the order of CONFIDENCE_FEATURES (engine/candidates/confidence.ts), by kind of copying. */
export const CONFIDENCE_COEFFICIENTS: Readonly<Record<'off' | 'mixed' | 'alone', readonly number[]>> = {
${COPYING.map((copying) => `  ${copying}: ${listed(confidence[copying])},`).join('\n')}
};
`;
  const file = path.join(ROOT, 'engine', 'copying', 'coefficients.ts');
  fs.writeFileSync(`${file}.partial`, text);
  fs.renameSync(`${file}.partial`, file);
}

runBench(main);
