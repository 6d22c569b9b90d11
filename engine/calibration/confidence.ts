// How likely a candidate is right to the letter, from what denoising left behind: nothing is better than rubbish, so a
// person is shown only what passes a gate on this number.
import type { AnswerChoice, CopyEvidence, HoleAnswer } from '../denoiser';
import { scoreOf, UNSCORED } from './score';

/** What copying says of one candidate's texts. */
export interface CopyAgreement {
  /** Whether every text is its hole's best draft. */
  readonly agrees: boolean;
  /** Least share of those drafts, and fewest units that agree to their left and right. */
  readonly share: number;
  readonly order: number;
  readonly right: number;
  /** Whether one of them stands in another file. */
  readonly isElsewhere: boolean;
}

export const CONFIDENCE_FEATURES = [
  'constant',
  'mean ln p of the tokens',
  'least ln p of a token',
  'ln(1 + tokens)',
  'no token at all',
  'is the copy',
  'share of the copy',
  'left units of the copy',
  'right units of the copy',
  'the copy is in another file',
  'was chosen among others',
  'ln of its share among them',
  'ln p of the suffix’s first tokens',
  'the canvas is so',
  'the causal head begins so',
  'an analogy is so: its share',
  'right units of that analogy',
] as const;

const NO_COPY = { share: 0, order: 0, right: 0, isElsewhere: false };
const LEAST = -12;
/** Features at the end that are about the choice. */
const CHOICE_EVIDENCE = CONFIDENCE_FEATURES.length - CONFIDENCE_FEATURES.indexOf('was chosen among others');

/** [CONFIDENCE_FEATURES.length], each of the order of 1. */
export function confidenceFeatures(
  lane: readonly Pick<HoleAnswer, 'logProbs' | 'locked' | 'choice'>[],
  copy: CopyAgreement | undefined,
): number[] {
  const own = ownLogProbs(lane);
  const mean = own.length === 0 ? 0 : Math.max(LEAST, scoreOf(lane));
  const least = own.reduce((lowest, logProb) => Math.min(lowest, logProb), 0);
  const { share, order, right, isElsewhere } = copy?.agrees ? copy : NO_COPY;
  return [
    1,
    mean,
    Math.max(LEAST, Number.isNaN(least) ? LEAST : least),
    Math.log1p(own.length),
    Number(own.length === 0),
    Number(copy?.agrees === true),
    share,
    Math.min(order, 10) / 10,
    Math.min(right, 6) / 6,
    Number(isElsewhere),
    ...choiceEvidence(lane),
  ];
}

/** Of the hole that was chosen least surely, number by number; nothing where one of them was not chosen. */
function choiceEvidence(lane: readonly Pick<HoleAnswer, 'choice'>[]): number[] {
  const choices = lane.flatMap(({ choice }) => choice ?? []);
  if (choices.length === 0 || choices.length < lane.length) return new Array<number>(CHOICE_EVIDENCE).fill(0);
  const least = (pick: (choice: AnswerChoice) => number): number => Math.min(...choices.map(pick));
  return [
    1,
    Math.max(
      LEAST,
      least(({ logShare }) => logShare),
    ) / 4,
    Math.max(-1, least(({ onward }) => sum(onward)) / 20),
    least(({ origins }) => Number(origins.some(({ source, isWhole }) => source === 'canvas' && isWhole))),
    least(({ origins }) => Number(origins.some(({ source }) => source === 'causal'))),
    least((choice) => Math.min(1, sum(analogiesOf(choice).map(({ share }) => share)))),
    least((choice) => Math.max(0, ...analogiesOf(choice).map(({ right }) => Math.min(right, 6) / 6))),
  ];
}

/** What speaks for the analogies that it is. */
function analogiesOf({ origins }: AnswerChoice): CopyEvidence[] {
  return origins.flatMap(({ source, isWhole, copy }) =>
    source === 'analogy' && isWhole && copy ? [copy] : [],
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** For a model that nothing was fitted to: the geometric mean of the tokens' probabilities, 0…1. */
export function plainConfidence(lane: readonly Pick<HoleAnswer, 'logProbs' | 'locked'>[]): number {
  return Math.exp(Math.min(0, scoreOf(lane)));
}

/** What the probability of a whole answer is raised to, so that 0.3 is a good gate (docs/copying.md): measured on Qwen2.5-Coder 0.5B. */
const WHOLE_POWER = 0.65;

/**
 * The same for a model that fills in the middle from left to right: a power of the probability of all tokens together. Each of them may be
 * likely where the answer as a whole is one of many. Never more than that of its unlikeliest token. `logProbs`: of the tokens that are not locked.
 */
export function wholeConfidence(logProbs: readonly number[]): number {
  const whole = logProbs.length === 0 ? UNSCORED : sum(logProbs);
  const least = Math.min(0, ...logProbs);
  return Number.isNaN(whole) ? 0 : Math.exp(Math.min(WHOLE_POWER * whole, least));
}

export function ownLogProbs(lane: readonly Pick<HoleAnswer, 'logProbs' | 'locked'>[]): number[] {
  return lane.flatMap(({ logProbs, locked }) => [...logProbs].filter((_, i) => locked[i] !== 1));
}
