// One denoise step of one candidate, the same for both loops: which cells to ask about, what the model's answers
// propose, what the rule makes of them, and how the holes change.

import type { LogitBias, Prediction } from '../denoiser';
import { throwIfCancelled } from '../errors';
import type { BiasRows, LengthTokens } from './biasRows';
import type { Draft, HoleState, WorkCell } from './holeState';
import { withCopied } from './rules/copied';
import type { Proposal, RuleState } from './rules/proposal';
import type { RuleEntry } from './rules/registry';
import { best, type DecodeSampling, type Draw, type Drawer, LEAST_LOG_PROB, saneLogProb } from './sampling';
import type { DenoiseStep } from './types';

/** What stays the same over a request's steps. */
export interface StepRules {
  readonly rule: RuleEntry;
  readonly sampling: DecodeSampling;
  readonly rows: BiasRows;
  readonly lengthTokens: LengthTokens;
}

/** A part of a hole that is denoised now: all of it in place, one block of it block by block. */
export interface Stretch {
  /** Index of the hole in text order. */
  readonly hole: number;
  readonly state: HoleState;
  /** Cells before this index are done. */
  readonly from: number;
  /** Cells from this index on are not looked at yet. */
  readonly to: number;
}

/** A cell that the model is asked about, with the bias it is asked under. */
export interface AskedCell {
  readonly stretch: Stretch;
  readonly cell: WorkCell;
  /** Index of the cell in its hole. */
  readonly index: number;
  readonly bias: LogitBias;
  /** Token whose probability is wanted, at a committed cell. */
  readonly target: number | undefined;
}

/** How many more cells a hole may come to have by expansion. */
export type Room = (state: HoleState) => number;

export const NO_ROOM: Room = () => 0;

/** Whether a stretch has something left to denoise. */
export function isOpen({ state, to }: Stretch): boolean {
  const { frontier } = state;
  return frontier >= 0 && frontier < to;
}

/** The masked cells, and the committed ones where the rule may take them back. */
export function askedCells(stretches: readonly Stretch[], rules: StepRules, room: Room): AskedCell[] {
  return stretches.flatMap((stretch) =>
    stretch.state.cells.flatMap((cell, index) => {
      const isWanted = cell.state === 'masked' || (cell.state === 'committed' && rules.rule.needsCommitted);
      if (index < stretch.from || index >= stretch.to || !isWanted) return [];
      const bias = rules.rows.row(stretch.state.ruleAt(index, room(stretch.state)));
      return [{ stretch, cell, index, bias, target: cell.state === 'committed' ? cell.token : undefined }];
    }),
  );
}

/** The same for a lane with a temperature of its own. */
export function rulesAt(rules: StepRules, temperature: number): StepRules {
  return { ...rules, sampling: { ...rules.sampling, temperature } };
}

/** What a step did to one hole. */
export interface StepChange {
  readonly stretch: Stretch;
  readonly committed: ReadonlySet<WorkCell>;
  readonly remasked: ReadonlySet<WorkCell>;
}

/** Takes in what the model said and changes the holes; `last`: nothing may stay masked. */
export function takeStep(
  stretches: readonly Stretch[],
  asked: readonly AskedCell[],
  predictions: readonly Prediction[],
  lane: {
    readonly draw: Drawer;
    readonly step: number;
    readonly last: boolean;
    readonly steps?: number | undefined;
  },
  rules: StepRules,
  room: Room,
): StepChange[] {
  const proposals = asked.flatMap((ask, index) => {
    const prediction = predictions[index];
    return prediction ? [propose(ask, index, prediction, lane.draw, rules)] : [];
  });
  if (lane.last) return stretches.map((stretch) => fillStretch(stretch, rules));
  const open = proposals.filter((proposal) => {
    const ask = asked[proposal.cell];
    return ask !== undefined && !mustWait(ask, proposal, rules);
  });
  const decision = rules.rule.decide(open, ruleState(stretches, rules.sampling, lane));
  const { leastCopied } = rules.sampling;
  const isNext = (left: number, right: number) => areNeighbors(asked[left], asked[right]);
  const chosen = withCopied(decision.commit, open, isNext, leastCopied);
  const commit = new Set(chosen.map((index) => asked[index]?.cell));
  const remask = new Set(decision.remask.map((index) => asked[index]?.cell));
  const changes = stretches.map((stretch) => applyCommits(stretch, commit, rules, room));
  // Where a commit came to nothing, taking back as well could turn in circles.
  const isWhole = changes.every((change) => !change.skipped);
  return changes.map(({ committed, stretch }) => {
    const remasked = isWhole ? applyRemasks(stretch, remask) : new Set<WorkCell>();
    stretch.state.settleEnd();
    return { stretch, committed, remasked };
  });
}

/** Takes in what the model said and changes nothing but the guesses. */
export function draftCells(
  asked: readonly AskedCell[],
  predictions: readonly Prediction[],
  draw: Drawer,
  rules: StepRules,
): void {
  asked.forEach((ask, index) => {
    const prediction = predictions[index];
    if (prediction) propose(ask, index, prediction, draw, rules);
  });
}

/** Fills every masked cell with the model's best guess so far, from the left, so that no mask is left. */
export function fillStretch(stretch: Stretch, rules: StepRules): StepChange {
  const { state } = stretch;
  const committed = new Set<WorkCell>();
  for (let index = state.frontier; index >= 0 && index < stretch.to; index = state.frontier) {
    const cell = state.cells[index];
    if (!cell) break;
    const rule = state.ruleAt(index, 0);
    const draw = settle(cell.draft, rules.rows.row(rule), rules);
    // A cell that nothing is known about (it came by expansion just now) goes, unless a border needs it.
    if (draw === undefined || (!cell.draft && rule.head.length === 0 && rule.tail.length === 0))
      state.remove(cell);
    else write(state, cell, draw, rules.lengthTokens, committed);
  }
  state.settleEnd();
  return { stretch, committed, remasked: new Set() };
}

/** What is shown of a change. */
export function stepEvent(change: StepChange, lane: number, step: number): DenoiseStep {
  const { cells } = change.stretch.state;
  const indices = (chosen: ReadonlySet<WorkCell>, wanted: WorkCell['state']): number[] =>
    cells.flatMap((cell, index) => (chosen.has(cell) && cell.state === wanted ? [index] : []));
  return {
    lane,
    hole: change.stretch.hole,
    step,
    cells: change.stretch.state.view(),
    committed: indices(change.committed, 'committed'),
    remasked: indices(change.remasked, 'masked'),
  };
}

/** Tells the listener, if there is one, and looks whether the request still stands. */
export async function emit(
  step: DenoiseStep,
  request: {
    readonly onStep?: ((step: DenoiseStep) => void | Promise<void>) | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<void> {
  await request.onStep?.(step);
  throwIfCancelled(request.signal);
}

function propose(
  { cell, bias, target }: AskedCell,
  index: number,
  prediction: Prediction,
  draw: Drawer,
  { rows, sampling }: StepRules,
): Proposal {
  const allows = (token: number): boolean => rows.allows(bias, token);
  const drawn: Draw =
    target !== undefined
      ? { token: target, logProb: saneLogProb(prediction.targetLogProb) }
      : (draw(prediction, allows) ?? { token: rows.fallback(bias) ?? cell.token, logProb: LEAST_LOG_PROB });
  const confidence = Math.exp(drawn.logProb);
  const previousConfidence = cell.previous;
  cell.previous = confidence;
  cell.confidence = confidence;
  cell.draft = { prediction, ...drawn };
  const [first, second] = [prediction.logProbs[0], prediction.logProbs[1]].map(saneLogProb);
  const lead = prediction.ids.length < 2 ? 0 : (first ?? 0) - (second ?? 0);
  return {
    cell: index,
    token: drawn.token,
    confidence,
    margin: Math.exp(first ?? 0) - (prediction.ids.length < 2 ? 0 : Math.exp(second ?? 0)),
    logitGap: lead * (sampling.temperature > 0 ? sampling.temperature : 1),
    entropy: prediction.entropy,
    committed: target !== undefined,
    follows: prediction.follows === true && drawn.token === prediction.ids[0],
    previousConfidence,
  };
}

/**
 * An end token waits until everything to its left is committed: in order of confidence alone it would come too early. So the
 * first masked cell of a hole never waits; nor does an end that is a cell like any other.
 */
function mustWait({ stretch, index }: AskedCell, proposal: Proposal, { lengthTokens }: StepRules): boolean {
  const { state } = stretch;
  const isEnd = !proposal.committed && lengthTokens.ends.includes(proposal.token);
  return isEnd && !state.frame.endCells.includes(proposal.token) && !state.isFrontier(index);
}

/** Whether the second is the cell behind the first. */
function areNeighbors(left: AskedCell | undefined, right: AskedCell | undefined): boolean {
  return left !== undefined && left.stretch === right?.stretch && left.index + 1 === right.index;
}

function ruleState(
  stretches: readonly Stretch[],
  sampling: DecodeSampling,
  lane: { readonly step: number; readonly steps?: number | undefined },
): RuleState {
  const cells = stretches.flatMap(({ state, from, to }) => state.cells.slice(from, to));
  const committed = cells.filter((cell) => cell.state === 'committed');
  const sum = committed.reduce((total, cell) => total + Math.exp(cell.logProb), 0);
  return {
    step: lane.step,
    steps: lane.steps,
    total: cells.filter((cell) => cell.state !== 'locked').length,
    committedMean: committed.length > 0 ? sum / committed.length : undefined,
    threshold: sampling.threshold,
    factor: sampling.factor,
    entropyBound: sampling.entropyBound,
    boundsAll: sampling.boundsAll,
  };
}

/**
 * From the left, and only what still stands and may: a deletion or an end takes the cells behind it away, a piece of
 * the head binds the next cell, an expansion may use up the room.
 */
function applyCommits(
  stretch: Stretch,
  commit: ReadonlySet<WorkCell | undefined>,
  rules: StepRules,
  room: Room,
): { readonly stretch: Stretch; readonly committed: Set<WorkCell>; readonly skipped: boolean } {
  const { state } = stretch;
  const committed = new Set<WorkCell>();
  let skipped = false;
  for (const cell of [...state.cells]) {
    const index = state.cells.indexOf(cell);
    if (index < 0 || cell.state !== 'masked' || !cell.draft || !commit.has(cell)) continue;
    const row = rules.rows.row(state.ruleAt(index, room(state)));
    if (rules.rows.allows(row, cell.draft.token))
      write(state, cell, cell.draft, rules.lengthTokens, committed);
    else skipped = true;
  }
  return { stretch, committed, skipped };
}

function applyRemasks({ state }: Stretch, remask: ReadonlySet<WorkCell | undefined>): Set<WorkCell> {
  const remasked = new Set(state.cells.filter((cell) => remask.has(cell) && cell.state === 'committed'));
  for (const cell of remasked) state.remask(cell);
  return remasked;
}

/** Writes one token, whatever it means for the length. */
function write(
  state: HoleState,
  cell: WorkCell,
  { token, logProb }: Draw,
  { expand, delete: remove, ends }: LengthTokens,
  committed: Set<WorkCell>,
): void {
  if (token === expand) state.expand(cell);
  else if (token === remove) state.deleteFrom(cell);
  else if (ends.includes(token) && !state.frame.endCells.includes(token)) state.endAt(cell);
  else {
    state.commit(cell, token, logProb);
    committed.add(cell);
  }
}

/** The draft's token where it may stand, else the best that may. */
function settle(draft: Draft | undefined, row: LogitBias, { rows }: StepRules): Draw | undefined {
  const allows = (token: number): boolean => rows.allows(row, token);
  if (draft && allows(draft.token)) return draft;
  const known = draft && best(draft.prediction, allows);
  if (known) return known;
  const token = rows.fallback(row);
  return token === undefined ? undefined : { token, logProb: LEAST_LOG_PROB };
}
