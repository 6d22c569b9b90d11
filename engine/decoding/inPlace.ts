// The in-place loop: every hole of the canvas is masked where it stands, and the whole is denoised jointly; a
// candidate is a lane of the batch (LLaDA, Dream; with expand and delete tokens, DreamOn: models.md).

import type { InPlaceDenoiser, Lane } from '../denoiser';
import { EngineError, throwIfCancelled } from '../errors';
import { type FlatCanvas, flatten } from './flatten';
import { HoleState, initialCells, type WorkCell } from './holeState';
import { calLengthBias, chooseLength, type LengthSearch, ladder } from './lengths';
import {
  checkRequest,
  type DecodeRequest,
  distinctSeeds,
  forAllSeeds,
  holesOf,
  type LaneResult,
  leastCells,
  stepRules,
} from './request';
import { askedTemperature, type Drawer, laneDrawer } from './sampling';
import {
  type AskedCell,
  askedCells,
  draftCells,
  emit,
  fillStretch,
  isOpen,
  NO_ROOM,
  type Room,
  rulesAt,
  type StepRules,
  type Stretch,
  stepEvent,
  takeStep,
} from './step';
import { TokenTable } from './tokenTable';

export interface InPlaceRequest extends DecodeRequest {
  /** Most expansions of a hole (families with an expand token); absent: as many as it may have tokens. */
  readonly expansionBudget?: number;
  /** Scores several lengths of each hole first (families of fixed length); absent: the mask counts stand. */
  readonly lengths?: LengthSearch;
  /** Most masks that are denoised at once, from the left; absent: all. Rules that look at the whole are not held to it. */
  readonly masksAtOnce?: number;
}

/** Masks in one forward pass of the length search: some 150 MB of logits at a vocabulary of 150,000. */
export const DEFAULT_ROWS = 256;

interface Candidate {
  /** Its place among the seeds. */
  readonly lane: number;
  readonly draw: Drawer;
  readonly temperature: number;
  readonly stretches: readonly Stretch[];
  /** The first mask that waits for the next turn; undefined: none does. `none`: no turn has begun. */
  waiting: WorkCell | undefined | 'none';
  steps: number;
}

/**
 * Denoises all holes of a canvas at once, one lane for each seed. Holes are [text order] in every answer.
 * Throws `context-too-long` where the canvas does not fit, `cancelled` between steps.
 */
export async function denoiseInPlace(
  denoiser: InPlaceDenoiser,
  request: InPlaceRequest,
): Promise<LaneResult[]> {
  checkRequest(request);
  throwIfCancelled(request.signal);
  const rules = stepRules(request);
  const counts = await chosenCounts(denoiser, request, rules);
  const candidates = distinctSeeds(request).map(
    (seed, lane): Candidate => ({
      lane,
      draw: laneDrawer(request.sampling, seed, lane),
      temperature: askedTemperature(request.sampling, lane),
      stretches: stretchesOf(request, counts),
      waiting: 'none',
      steps: 0,
    }),
  );
  checkFits(request, candidates);
  for (let step = 1; ; step++) {
    throwIfCancelled(request.signal);
    const open = candidates.filter(({ stretches }) => stretches.some(isOpen));
    if (open.length === 0) break;
    if (step > 1 && request.enough?.()) await takeDrafts(denoiser, open, step, request, rules);
    else await denoise(denoiser, open, step, request, rules);
    const { isWhole } = request;
    if (isWhole) for (const { stretches } of open) for (const { state } of stretches) state.endWhere(isWhole);
  }
  const results = candidates.map(({ stretches, steps }) => ({
    holes: stretches.map(({ state }) => state.answer(request.isWhole !== undefined)),
    steps,
  }));
  return forAllSeeds(results, request.seeds);
}

async function denoise(
  denoiser: InPlaceDenoiser,
  open: readonly Candidate[],
  step: number,
  request: InPlaceRequest,
  rules: StepRules,
): Promise<void> {
  const { steps, temperature } = request.sampling;
  const isLast = steps !== undefined && step >= steps;
  const most = steps === undefined && !rules.rule.needsCommitted ? request.masksAtOnce : undefined;
  const turns = open.map((candidate) => {
    const room = isLast ? NO_ROOM : roomOf(request, candidate.stretches);
    const asked = turnOf(candidate, askedCells(candidate.stretches, rules, room), isLast ? undefined : most);
    const lane = laneOf(request, candidate.stretches, asked, candidate.lane);
    return { candidate, room, asked, lane: { ...lane, temperature: candidate.temperature } };
  });
  const predictions = await denoiser.predict(
    turns.map(({ lane }) => lane),
    { temperature, ...(request.signal && { signal: request.signal }) },
  );
  throwIfCancelled(request.signal);
  for (const [index, { candidate, room, asked }] of turns.entries()) {
    const { draw, stretches, lane, temperature } = candidate;
    candidate.steps++;
    const wereOpen = new Set(asked.map(({ stretch }) => stretch));
    const turn = { draw, step, last: isLast, steps };
    const own = rulesAt(rules, temperature);
    for (const change of takeStep(stretches, asked, predictions[index] ?? [], turn, own, room))
      if (wereOpen.has(change.stretch)) await emit(stepEvent(change, lane, step), request);
  }
}

/**
 * The masks that are denoised now: those that were, and what came between them by expansion, until none of them is left;
 * then the next ones from the left.
 */
function turnOf(
  candidate: Candidate,
  asked: readonly AskedCell[],
  most: number | undefined,
): readonly AskedCell[] {
  if (most === undefined) return asked;
  const { waiting } = candidate;
  const end = asked.findIndex(({ cell }) => cell === waiting);
  // A deletion takes what waits away, too: then all that is left is of this turn.
  if (waiting !== 'none' && end < 0) return asked;
  if (end > 0) return asked.slice(0, end);
  candidate.waiting = asked[most]?.cell;
  return asked.slice(0, most);
}

/** What was guessed last is what stands; masks that nobody has asked about yet are asked about once, in their turns. */
async function takeDrafts(
  denoiser: InPlaceDenoiser,
  open: readonly Candidate[],
  step: number,
  request: InPlaceRequest,
  rules: StepRules,
): Promise<void> {
  for (const candidate of open) await draftRest(denoiser, candidate, step, request, rules);
  for (const { stretches, lane } of open)
    for (const stretch of stretches)
      if (isOpen(stretch)) await emit(stepEvent(fillStretch(stretch, rules), lane, step), request);
}

async function draftRest(
  denoiser: InPlaceDenoiser,
  candidate: Candidate,
  step: number,
  request: InPlaceRequest,
  rules: StepRules,
): Promise<void> {
  const { masksAtOnce } = request;
  if (masksAtOnce === undefined) return;
  const { stretches, lane, draw, temperature } = candidate;
  const rest = askedCells(stretches, rules, NO_ROOM).filter(({ cell }) => cell.draft === undefined);
  for (let at = 0; at < rest.length; at += masksAtOnce) {
    const asked = rest.slice(at, at + masksAtOnce);
    const predictions = await denoiser.predict(
      [{ ...laneOf(request, stretches, asked, lane), temperature }],
      {
        temperature,
        ...(request.signal && { signal: request.signal }),
      },
    );
    throwIfCancelled(request.signal);
    draftCells(asked, predictions[0] ?? [], draw, rulesAt(rules, temperature));
    // Nothing is committed yet, but whoever waits for it sees how far it is.
    const nothing = { committed: new Set<WorkCell>(), remasked: new Set<WorkCell>() };
    for (const stretch of new Set(asked.map((one) => one.stretch)))
      await emit(stepEvent({ stretch, ...nothing }, lane, step), request);
  }
}

function stretchesOf(request: InPlaceRequest, counts: readonly number[]): Stretch[] {
  const { canvas, tokenizer, family } = request;
  const maskId = canvas.specials.mask;
  const table = TokenTable.of(tokenizer);
  return holesOf(canvas).map((hole, index) => {
    const { head, tail } = hole;
    const least = request.minTokens?.[index] ?? 0;
    const length = family.length.kind;
    const frame = { ...{ head, tail, length, maskId, least }, grows: false, endCells: [], bound: 0 };
    const wanted = Math.min(counts[index] ?? 0, request.maxTokens[index] ?? 0);
    const cells = initialCells(hole, Math.max(wanted, leastCells(hole, table)), maskId);
    return { hole: index, state: new HoleState(frame, table, cells), from: 0, to: Number.POSITIVE_INFINITY };
  });
}

/** Expansion ends where the window, the hole's own length or its budget is full (DreamOn). */
function roomOf(request: InPlaceRequest, stretches: readonly Stretch[]): Room {
  const cells = (): number => stretches.reduce((sum, { state }) => sum + state.cells.length, 0);
  const around = flat(request, stretches).tokens.length - cells();
  return (state) => {
    const hole = stretches.find((stretch) => stretch.state === state)?.hole ?? 0;
    const most = request.maxTokens[hole] ?? 0;
    const budget = (request.expansionBudget ?? most) - state.expansions;
    return Math.min(most - state.cells.length, budget, request.contextLimit - around - cells());
  };
}

function flat(request: InPlaceRequest, stretches: readonly Stretch[]): FlatCanvas {
  const { infill } = request.family;
  return flatten(
    request.canvas,
    stretches.map(({ state }) => state.tokens()),
    infill.kind === 'in-place' ? infill : { bos: false, eos: false },
  );
}

function laneOf(
  request: InPlaceRequest,
  stretches: readonly Stretch[],
  asked: readonly AskedCell[],
  lane?: number,
): Lane {
  const { tokens, holeStarts } = flat(request, stretches);
  const asks = asked.map(({ stretch, index, bias, target }) => ({
    position: (holeStarts[stretch.hole] ?? 0) + index,
    bias,
    ...(target !== undefined && { target }),
  }));
  return { ...(lane !== undefined && { lane }), tokens, asks };
}

function checkFits(request: InPlaceRequest, candidates: readonly Candidate[]): void {
  const first = candidates[0];
  if (!first) return;
  const { length } = flat(request, first.stretches).tokens;
  if (length <= request.contextLimit) return;
  throw new EngineError(
    'context-too-long',
    `The canvas has ${length} tokens and the model takes ${request.contextLimit}: choose a shorter span.`,
    { tokens: length, limit: request.contextLimit },
  );
}

/** The mask counts as given, or the best of several lengths, hole by hole. */
async function chosenCounts(
  denoiser: InPlaceDenoiser,
  request: InPlaceRequest,
  rules: StepRules,
): Promise<readonly number[]> {
  const counts = [...request.maskCounts];
  const search = request.lengths;
  if (!search || request.family.length.kind !== 'fixed') return counts;
  for (const [index, hole] of holesOf(request.canvas).entries()) {
    const most = Math.min(request.maxTokens[index] ?? 0, spareTokens(request, counts, index));
    const standing = counts[index] ?? 0;
    const wanted = search.candidates?.[index] ?? ladder(standing, most);
    const lengths = wanted.filter((length) => length >= 1 && length <= most);
    if (hole.cells.some((cell) => cell.locked) || lengths.length === 0) continue;
    const laneWith = (masks: number): Lane => {
      const stretches = stretchesOf(request, counts.with(index, masks));
      const asked = askedCells(stretches, rules, NO_ROOM).filter(({ stretch }) => stretch.hole === index);
      return laneOf(request, stretches, asked);
    };
    counts[index] = await chooseLength(denoiser, lengths, laneWith, {
      bias: search.bias ?? calLengthBias,
      rows: search.rows ?? DEFAULT_ROWS,
      signal: request.signal,
    });
  }
  return counts;
}

/** Tokens that are left for one hole when everything else has its place. */
function spareTokens(request: InPlaceRequest, counts: readonly number[], hole: number): number {
  return request.contextLimit - flat(request, stretchesOf(request, counts.with(hole, 0))).tokens.length;
}
