// What the engine could have answered, and what each way to choose among it gets right.

import { CHOICE_FEATURES, choose, fittedWorth, plainWorth, STAY } from '../../engine/calibration/choice';
import type { RescoredChoice } from '../../engine/decoding/chooseAnswer';
import type { Hypothesis } from '../../engine/denoiser';
import { markdownTable, progress, type Report } from '../harness';
import { FEATURE_GROUPS, without } from './ablation';
import { type ChoiceExample, type ChoiceFitOptions, fitChoice } from './choiceFit';
import { type Evaluated, infillCase } from './engine';
import { FOLDS } from './logisticFit';
import { editSimilarity, mean, percent } from './scores';
import type { Case } from './spans';
import type { Workspaces } from './workspace';

/** What the right answer gains beside its similarity, which is 1. */
const RIGHT = 2;

/** With the copies as hypotheses and without. */
type ByCopying<T> = Readonly<Record<'off' | 'mixed', T>>;

/** One span and the answers that it was chosen from. */
export interface ChoiceCase extends ChoiceExample {
  readonly choices: readonly RescoredChoice[];
  /** The part that it is in: one span is seen with its workspace and without, and both are in the same. */
  readonly fold: number;
  readonly hasWorkspace: boolean;
}

/** `workspaces`: where what is copied from includes the other files of the package. */
export async function choiceExamples(
  engine: Evaluated,
  cases: readonly Case[],
  copying: keyof ByCopying<unknown>,
  workspaces?: Workspaces,
): Promise<ChoiceCase[]> {
  const examples: ChoiceCase[] = [];
  for (const [index, held] of cases.entries()) {
    const onChoices = (choices: readonly RescoredChoice[]): void => {
      const features = choices.map((one) => one.features);
      const gain = (text: string) => RIGHT * Number(text === held.answer) + editSimilarity(text, held.answer);
      const gains = choices.map(({ text }) => gain(text));
      const facts = { fold: index % FOLDS, hasWorkspace: workspaces !== undefined };
      if (choices.length > 0) examples.push({ ...facts, choices, features, gains });
    };
    await infillCase(engine, held, { copying }, 'unknown', { onChoices, index: workspaces?.index(held) });
    if (index % 100 === 99) progress(`choice, ${copying}: ${index + 1} of ${cases.length}`);
  }
  return examples;
}

export function choiceReport(
  { off, mixed }: ByCopying<readonly ChoiceCase[]>,
  coefficients: ByCopying<readonly number[]>,
  facts: readonly string[],
  options: ChoiceFitOptions,
): Report {
  const number = mean(mixed.map(({ choices }) => choices.length)).toFixed(0);
  const spans = mixed.filter(({ hasWorkspace }) => !hasWorkspace).length;
  return {
    name: 'rescoring',
    title: 'Which answer is chosen',
    facts: [
      ...facts,
      `${mixed.length} answers, each chosen among ${number}; ${spans} of them with the file alone to copy from, the others with all files of the package`,
    ],
    sections: [
      `_Fitted_: in ${FOLDS} parts, each judged by coefficients that were fitted on the others, with the workspace and without. _Oracle_: if the right one were always chosen.`,
      comparison(mixed, off, options),
      'All, fitted without one group of features after the other:',
      ablation(mixed, options),
      'The worth of a rescored answer is linear, with these coefficients:',
      markdownTable(
        ['feature', 'coefficient', 'without copying'],
        CHOICE_FEATURES.map((name, i) => [
          name,
          (coefficients.mixed[i] ?? 0).toFixed(2),
          (coefficients.off[i] ?? 0).toFixed(2),
        ]),
      ),
    ],
  };
}

function comparison(
  examples: readonly ChoiceCase[],
  modelAlone: readonly ChoiceCase[],
  options: ChoiceFitOptions,
): string {
  const from = (...sources: Hypothesis['source'][]) =>
    examples.map((example) =>
      subset(example, (choice) => choice.rescored.origins.some(({ source }) => sources.includes(source))),
    );
  const denoised = examples.map((example) =>
    subset(example, ({ rescored }) =>
      rescored.origins.some(({ source, isWhole }) => source === 'canvas' && isWhole),
    ),
  );
  const all = from('canvas', 'causal', 'copy', 'analogy');
  const likelihood = ({ rescored }: RescoredChoice) => plainWorth(rescored) - STAY * rescored.ids.length;
  const byWorth = (worth: (choice: RescoredChoice) => number) => (example: ChoiceCase) =>
    choose(example.choices.map(worth))?.index ?? -1;
  const plain = (name: string, list: readonly ChoiceCase[], worth: (choice: RescoredChoice) => number) =>
    row(name, list, list.map(byWorth(worth)));
  const fitted = (name: string, list: readonly ChoiceCase[]) =>
    row(name, list, crossValidated(list, options));
  return markdownTable(
    [
      'chosen',
      'file alone: exact %',
      'similar %',
      'oracle, exact %',
      'workspace: exact %',
      'similar %',
      'oracle, exact %',
    ],
    [
      plain('what was denoised', denoised, likelihood),
      plain('all, by ln p', all, likelihood),
      plain('all, by ln p and half a nat a token', all, ({ rescored }) => plainWorth(rescored)),
      fitted('what begins as the canvas does, fitted', from('canvas')),
      fitted('what begins as the canvas or the causal head does, fitted', from('canvas', 'causal')),
      fitted('what begins as the canvas or a copy does, fitted', from('canvas', 'copy')),
      fitted('all but analogies, fitted', from('canvas', 'causal', 'copy')),
      fitted('all, fitted', all),
      fitted('without copying from the start, fitted', modelAlone),
    ],
  );
}

/** Exact, similar, and exact if the right one were always chosen: of the examples without a workspace, and of those with one. */
function row(name: string, list: readonly ChoiceCase[], picks: readonly number[]): string[] {
  const isRight = (gain: number) => Number(gain > RIGHT);
  const cells = [false, true].flatMap((withWorkspace) => {
    const chosen = list.flatMap(({ gains, hasWorkspace }, i) =>
      hasWorkspace === withWorkspace ? [{ gain: gains[picks[i] ?? -1] ?? 0, gains }] : [],
    );
    if (chosen.length === 0) return ['–', '–', '–'];
    return [
      percent(mean(chosen.map(({ gain }) => isRight(gain)))),
      percent(mean(chosen.map(({ gain }) => gain - RIGHT * isRight(gain)))),
      percent(mean(chosen.map(({ gains }) => Number(gains.some((gain) => gain > RIGHT))))),
    ];
  });
  return [name, ...cells];
}

function ablation(examples: readonly ChoiceCase[], options: ChoiceFitOptions): string {
  const line = (name: string, list: readonly ChoiceCase[]): string[] => {
    const isOracle = (i: number) => i === 3 || i === 6;
    return row(name, list, crossValidated(list, options)).filter((_, i) => !isOracle(i));
  };
  return markdownTable(
    ['without', 'file alone: exact %', 'similar %', 'workspace: exact %', 'similar %'],
    [
      line('nothing left out', examples),
      ...Object.entries(FEATURE_GROUPS).map(([name, features]) =>
        line(
          name,
          examples.map((example) => without(example, features)),
        ),
      ),
    ],
  );
}

function subset(
  { choices, features, gains, ...facts }: ChoiceCase,
  isWanted: (choice: RescoredChoice) => boolean,
): ChoiceCase {
  const kept = [...choices.keys()].filter((i) => choices[i] !== undefined && isWanted(choices[i]));
  return {
    ...facts,
    choices: kept.flatMap((i) => choices[i] ?? []),
    features: kept.flatMap((i) => (features[i] ? [features[i]] : [])),
    gains: kept.map((i) => gains[i] ?? 0),
  };
}

/** By example: the choice by coefficients that were fitted on the other folds. */
function crossValidated(examples: readonly ChoiceCase[], options: ChoiceFitOptions): number[] {
  const picks = new Array<number>(examples.length).fill(-1);
  for (let fold = 0; fold < FOLDS; fold++) {
    const coefficients = fitChoice(
      examples.filter((example) => example.fold !== fold && example.gains.length > 0),
      options,
    );
    for (const [i, { features, fold: own }] of examples.entries())
      if (own === fold) picks[i] = choose(fittedWorth(coefficients, features))?.index ?? -1;
  }
  return picks;
}
