// A hole that is denoised, before its answer is given away: where the model has a causal head that reads plain text, the
// answer, copies, and what that head goes on with are rescored, and the best of them is taken (docs/decisions/rescoring.md).

import {
  type Choice,
  choiceFeatures,
  choose,
  fittedWorth,
  plainWorth,
  rankedChoices,
} from '../calibration/choice';
import type { Cell } from '../canvas/types';
import type { BlockDenoiser, HoleAnswer, Rescored, RescoreRequest } from '../denoiser';
import { type HoleState, maskedCell } from './holeState';
import { type DecodeRequest, holesOf, standingText } from './request';
import type { StepChange, StepRules } from './step';
import { NO_BYTES } from './tokenTable';

export interface RescoringChoice {
  /** In the order of CHOICE_FEATURES. */
  readonly coefficients: readonly number[];
  /** Told what could have been chosen, for fitting the coefficients. */
  readonly onChoices?: (choices: readonly RescoredChoice[]) => void;
  /** As in RescoreRequest. */
  readonly leastContinuation?: number;
}
export interface RescoredChoice {
  readonly rescored: Rescored;
  readonly features: readonly number[];
  readonly text: string;
}

interface AnswerRun {
  readonly denoiser: BlockDenoiser;
  readonly request: DecodeRequest & { readonly rescoring?: RescoringChoice };
  readonly rules: StepRules;
  readonly hole: number;
}

export interface ChosenAnswer {
  readonly answer: HoleAnswer;
  /** What a listener has to be told; absent where the answer stays as it was denoised. */
  readonly change?: StepChange;
  /** What could have been taken instead, the best first, each with another text. */
  readonly others?: readonly HoleAnswer[];
}

/** Tokens of the causal head's own continuation. */
const CONTINUATION = 16;
/** Answers of up to this length were looked at when the weights were fitted. */
const LONGEST_FITTED = 48;

/** Whether a hole's answer is chosen among others, so that the next best of them can be further candidates. */
export function isChosenAmongOthers(
  { canvas, rescoring, tokenizer }: AnswerRun['request'],
  hole: number,
): boolean {
  const { cells = [], head = NO_BYTES, tail = NO_BYTES } = holesOf(canvas)[hole] ?? {};
  const isFree = head.length + tail.length === 0 && !cells.some(({ locked }) => locked);
  return rescoring !== undefined && isFree && !hasSeveralLines(cells, { tokenizer });
}

/**
 * An empty answer stays empty (that is for the end token to say), and one whose borders are given stays as it is. Of several
 * candidates the `first` is chosen among all that can be thought of; the others stay what they are, but for their ends.
 */
export async function chooseAnswer(run: AnswerRun, state: HoleState, first: boolean): Promise<ChosenAnswer> {
  const { request, hole } = run;
  const answer = state.answer(request.isWhole !== undefined);
  const { cells = [], head = NO_BYTES, tail = NO_BYTES } = holesOf(request.canvas)[hole] ?? {};
  const hasBorders = head.length + tail.length > 0;
  const isOver = answer.isCut || request.enough?.() === true;
  if (hasBorders || answer.ids.length === 0 || isOver) return { answer };
  const isFitted = !answer.locked.includes(1) && answer.ids.length <= LONGEST_FITTED;
  return request.rescoring && isFitted && !hasSeveralLines(cells, request)
    ? chosen(run, state, answer, request.rescoring, first ? CONTINUATION : 0, cells.length)
    : { answer: await cutAtBestEnd(run, state, answer) };
}

/** Of several lines the causal head knows no better than the canvas (docs/decisions/rescoring.md). */
function hasSeveralLines(cells: readonly Cell[], { tokenizer }: Pick<DecodeRequest, 'tokenizer'>): boolean {
  return standingText(cells, tokenizer).includes('\n');
}

/**
 * The best of what the answer's own cuts, and with a `continuation` copies and the causal head, have to offer; `standing`:
 * tokens that stood in the hole.
 */
async function chosen(
  run: AnswerRun,
  state: HoleState,
  answer: HoleAnswer,
  { coefficients, onChoices, leastContinuation }: RescoringChoice,
  continuation: number,
  standing: number,
): Promise<ChosenAnswer> {
  const { request, hole } = run;
  const isFixed = request.family.length.kind === 'fixed';
  const least = isFixed ? answer.ids.length : Math.max(1, request.minTokens?.[hole] ?? 0);
  const most = isFixed ? answer.ids.length : Math.min(state.frame.bound, LONGEST_FITTED);
  // Who selects some lines expects some: a piece of an answer is at least half as long as what stood there.
  const leastCut = Math.min(most, Math.max(least, Math.ceil(standing / 2)));
  const rescored = await rescore(run, answer, continuation, { least, leastCut, most, leastContinuation });
  const choices = rescored.map((one) => {
    const text = request.tokenizer.decode(one.ids);
    return { text, rescored: one, features: choiceFeatures(one, text) };
  });
  onChoices?.(choices);
  const features = choices.map((one) => one.features);
  const [choice, ...others] = rankedChoices(
    fittedWorth(coefficients, features),
    choices.map(({ text }) => text),
  );
  const best = choice && rescored[choice.index];
  if (!best) return { answer };
  return {
    answer: answerOf(best, choice),
    others: others.flatMap((other) => {
      const one = rescored[other.index];
      return one ? answerOf(one, other, true) : [];
    }),
    ...(best.ids.join() === answer.ids.join() ? {} : { change: rewrite(run, state, best) }),
  };
}

function answerOf(
  { ids, logProbs, onward, origins }: Rescored,
  { logShare }: Choice,
  isOther = false,
): HoleAnswer {
  const choice = { logShare, onward, origins, ...(isOther ? { isOther } : {}) };
  return { ids, logProbs, locked: new Uint8Array(ids.length), choice };
}

/** The hole with another answer in it; what of the first tokens stays the same stays as it is. */
export function rewrite(
  { hole }: Pick<AnswerRun, 'hole'>,
  state: HoleState,
  { ids, logProbs }: Pick<HoleAnswer, 'ids' | 'logProbs'>,
): StepChange {
  const old = state.cells;
  const firstNew = [...ids].findIndex((token, i) => old[i]?.token !== token);
  const kept = firstNew < 0 ? ids.length : firstNew;
  state.cells = [
    ...old.slice(0, kept),
    ...Array.from(ids.subarray(kept), () => maskedCell(state.frame.maskId)),
  ];
  const fresh = state.cells.slice(kept);
  for (const [i, cell] of fresh.entries()) state.commit(cell, ids[kept + i] ?? 0, logProbs[kept + i] ?? 0);
  return {
    stretch: { hole, state, from: 0, to: state.cells.length },
    committed: new Set(fresh),
    remasked: new Set(),
  };
}

/** An answer that ran to its bound is cut where the text goes on best, after what is locked. */
async function cutAtBestEnd(run: AnswerRun, state: HoleState, answer: HoleAnswer): Promise<HoleAnswer> {
  const { ids, logProbs, locked } = answer;
  if (state.ended || run.request.family.length.kind === 'fixed' || ids.length < 2) return answer;
  const least = Math.max(1, locked.lastIndexOf(1) + 1);
  const rescored = await rescore(run, answer, 0, { least, most: ids.length });
  const choice = choose(rescored.map(plainWorth));
  const end = (choice && rescored[choice.index]?.ids.length) ?? ids.length;
  return { ids: ids.slice(0, end), logProbs: logProbs.slice(0, end), locked: locked.slice(0, end) };
}

async function rescore(
  { denoiser, request, rules }: AnswerRun,
  { ids }: HoleAnswer,
  continuation: number,
  limits: Pick<RescoreRequest, 'least' | 'leastCut' | 'most' | 'leastContinuation'>,
): Promise<readonly Rescored[]> {
  const { attention } = request.family;
  const closes = attention?.kind === 'cached-canvas' && attention.suffixFirst;
  const end = closes ? rules.lengthTokens.end : undefined;
  const bias = rules.rows.row({
    ...{ expand: false, delete: false, end: end !== undefined, carry: false },
    ...{ head: NO_BYTES, nextTail: NO_BYTES, tail: NO_BYTES },
  });
  const { signal } = request;
  const hypotheses = [{ ids, source: 'canvas' as const }];
  return (await denoiser.rescore?.({ hypotheses, continuation, ...limits, bias, end, signal })) ?? [];
}
