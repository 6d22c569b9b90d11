// Fits to a model how much a copy is believed (λ of the mixture), which rescored answer is chosen, and how sure a candidate
// is: on one half of the held-out packages; infilling.ts measures on the other. Writes calibration.json beside the
// checkpoint. Each stage is kept, so that a run that is cut off goes on where it was.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { CHOICE_FEATURES } from '../../engine/calibration/choice';
import { CONFIDENCE_FEATURES } from '../../engine/calibration/confidence';
import { calibrationFile, calibrationText } from '../../engine/calibration/file';
import { logistic } from '../../engine/calibration/logistic';
import { MIXTURE_FEATURES } from '../../engine/calibration/mixtureWeight';
import type { Calibration } from '../../engine/calibration/types';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { COPYING, type CopyingChoice } from '../../engine/protocol';
import { markdownTable, progress, publish, type Report, runBench, STARTER } from '../harness';
import { fitChoice } from './choiceFit';
import { choiceExamples, choiceReport } from './choices';
import { bestText, type Evaluated, infillCase, spanTokenizer, uncalibrated } from './engine';
import { FOLDS, fitLogit, fitOutcomes, mixtureGradient } from './logisticFit';
import { type MixtureExample, mixtureExamples } from './mixtureExamples';
import { type Case, drawCases, HELD, heldFiles, KINDS, LANGUAGES } from './spans';
import { Stages } from './stages';
import { Workspaces } from './workspace';

/** What is not fitted: of several lines the starter is too fond of an early end; half of what passes the gate is right. */
const BY_HAND = { leastShare: 0.25, gate: 0.3 };

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      held: { type: 'string', default: HELD },
      model: { type: 'string', default: STARTER },
      cases: { type: 'string', default: '60' },
      threads: { type: 'string', default: '2' },
      // Most tokens of context; absent: what the product takes.
      window: { type: 'string' },
      'least-share': { type: 'string', default: String(BY_HAND.leastShare) },
      gate: { type: 'string', default: String(BY_HAND.gate) },
      // What the choice is drawn to (choiceFit.ts): 0 for the starter, 0.5 for coder.
      plain: { type: 'string', default: '0' },
    },
  });
  const options = { plain: Number(values.plain) };
  const byHand = { leastShare: Number(values['least-share']), gate: Number(values.gate) };
  const window = values.window === undefined ? undefined : Number(values.window);
  const engine = await uncalibrated(path.resolve(values.model), Number(values.threads), window);
  const files = heldFiles(values.held, 'fit');
  const tokenizer = await spanTokenizer();
  const draw = (count: number): Case[] =>
    LANGUAGES.flatMap((language) =>
      KINDS.flatMap((kind) => drawCases(files, language, kind, tokenizer, count)),
    );
  const cases = draw(Number(values.cases));
  // Copying alone costs nothing: four times as many.
  const many = draw(4 * Number(values.cases));
  const facts = [`${engine.checkpoint.name}, ${cases.length} spans of one half of the held-out packages`];
  progress(facts.join());

  // Half of what is fitted on has the package's other files to copy from, so that the numbers are good with a workspace and without.
  const workspaces = new Workspaces(files);
  const both = [undefined, workspaces];
  const stages = await Stages.open(
    engine.checkpoint,
    [values.held, values.cases, values.plain, values.window, ...Object.values(byHand)].join(),
  );
  // Each stage is about what the numbers of the stages before it make of an answer.
  const mixture = await stages.once('mixture', async () => {
    const examples = await mixtureExamples(engine, cases, both);
    const fitted = fitLogit(
      examples.map(({ features }) => features),
      mixtureGradient(examples),
      { steps: 600 },
    );
    publish({ ...mixtureReport(examples, fitted, facts), model: values.model });
    return fitted;
  });

  const unchosen = { off: zeros(CHOICE_FEATURES.length), mixed: zeros(CHOICE_FEATURES.length) };
  const unsure = zeros(CONFIDENCE_FEATURES.length);
  const confidenceLater = { off: unsure, mixed: unsure, alone: unsure };
  const mixing = engine.under({ ...byHand, mixture, choice: unchosen, confidence: confidenceLater });
  const choice = await stages.once('choice', async () => {
    // Others have no head that compares answers.
    if (engine.checkpoint.family.attention.kind !== 'cached-canvas') return unchosen;
    const choices = {
      off: await choiceExamples(mixing, cases, 'off'),
      mixed: (await inTurn(both, (beside) => choiceExamples(mixing, cases, 'mixed', beside))).flat(),
    };
    const fitted = { off: fitChoice(choices.off, options), mixed: fitChoice(choices.mixed, options) };
    publish({ ...choiceReport(choices, fitted, facts, options), model: values.model });
    return fitted;
  });

  const choosing = engine.under({ ...byHand, mixture, choice, confidence: confidenceLater });
  const sure = (
    copying: CopyingChoice,
    held: readonly Case[],
    besides: readonly (Workspaces | undefined)[],
  ) => stages.once(`confidence, ${copying}`, () => confidenceFit(choosing, held, copying, besides));
  const confidence = {
    off: await sure('off', cases, [undefined]),
    mixed: await sure('mixed', cases, both),
    alone: await sure('alone', many, both),
  };
  publish({ ...confidenceReport(confidence, facts), model: values.model });
  await write(engine.checkpoint, { ...byHand, mixture, choice, confidence });
  stages.dispose();
  await engine.dispose();
}

/** One after the other: there is one session. */
async function inTurn<A, B>(values: readonly A[], work: (value: A) => Promise<B>): Promise<B[]> {
  const results: B[] = [];
  for (const value of values) results.push(await work(value));
  return results;
}

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}

/** The file that the engine reads, beside the checkpoint. */
async function write(checkpoint: Checkpoint, calibration: Calibration): Promise<void> {
  const file = calibrationFile(checkpoint);
  fs.writeFileSync(`${file}.partial`, await calibrationText(checkpoint, calibration));
  fs.renameSync(`${file}.partial`, file);
  progress(`written: ${file}`);
}

function confidenceReport(confidence: Calibration['confidence'], facts: readonly string[]): Report {
  return {
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
  };
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
        MIXTURE_FEATURES.map((name, i) => [name, (mixture[i] ?? 0).toFixed(2)]),
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

/** From every candidate of every case: what spoke for it, and whether it was right. */
async function confidenceFit(
  engine: Evaluated,
  cases: readonly Case[],
  copying: CopyingChoice,
  besides: readonly (Workspaces | undefined)[],
): Promise<number[]> {
  const features: (readonly number[])[] = [];
  const outcomes: boolean[] = [];
  const folds: number[] = [];
  for (const [index, held] of cases.entries()) {
    for (const beside of besides) {
      const result = await infillCase(engine, held, { copying }, 'unknown', {
        onEvidence: (evidence) => features.push(evidence),
        index: beside?.index(held),
      });
      if (features.length === outcomes.length) continue;
      outcomes.push(bestText(result) === held.answer);
      folds.push(index % FOLDS);
    }
    if (index % 100 === 99) progress(`${copying}: ${index + 1} of ${cases.length}`);
  }
  return fitOutcomes(features, outcomes, folds);
}

runBench(main);
