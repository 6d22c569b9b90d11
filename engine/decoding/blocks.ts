// The block-by-block loop over an exact K/V cache: block-causal families, and canvases whose context on both sides is
// cached (models.md, Stable-DiffCoder). A hole grows by blocks of masks until its end token or its bound.

import type { BlockDenoiser, HoleAnswer, HoleContext } from '../denoiser';
import { EngineError, throwIfCancelled } from '../errors';
import {
  appendMasks,
  type BlockPlace,
  type BlockRequest,
  blockOf,
  blockTokens,
  type Candidate,
  type HoleRun,
  placeOf,
  type Row,
  stepsFor,
  stretchOf,
  widthOf,
} from './blockRun';
import { chooseAnswer, isChosenAmongOthers, rewrite } from './chooseAnswer';
import { HoleState, initialCells } from './holeState';
import {
  checkRequest,
  distinctSeeds,
  forAllSeeds,
  holesOf,
  type LaneResult,
  leastCells,
  lengthTokensOf,
  stepRules,
} from './request';
import { askedTemperature, laneDrawer } from './sampling';
import {
  askedCells,
  emit,
  fillStretch,
  isOpen,
  NO_ROOM,
  rulesAt,
  type StepChange,
  type StepRules,
  stepEvent,
  takeStep,
} from './step';
import { TokenTable } from './tokenTable';

/**
 * Denoises the holes of a canvas in turn, one lane for each seed. `steps` of the sampling is shared out over the
 * blocks, at least one each. Throws `context-too-long` where no token of an answer fits, `cancelled` between steps.
 */
export async function denoiseBlocks(denoiser: BlockDenoiser, request: BlockRequest): Promise<LaneResult[]> {
  checkRequest(request);
  throwIfCancelled(request.signal);
  if (request.family.length.kind === 'expand-delete')
    throw new EngineError(
      'option-invalid',
      'A family with expand and delete tokens is denoised in place: a block cannot grow.',
    );
  const rules = stepRules(request);
  const holes = holesOf(request.canvas);
  const candidates = distinctSeeds(request).map(
    (seed, lane): Candidate => ({
      lane,
      draw: laneDrawer(request.sampling, seed, lane),
      temperature: askedTemperature(request.sampling, lane),
      answers: holes.map(() => undefined),
      steps: 0,
      shown: 0,
    }),
  );
  for (const hole of holes.keys())
    for (const group of sameAround(candidates)) await denoiseGroup(denoiser, request, rules, hole, group);
  const results = candidates.map(({ answers, steps }) => ({
    holes: answers.flatMap((answer) => answer ?? []),
    steps,
  }));
  return forAllSeeds(results, request.seeds);
}

/** Candidates share a batch, and its context, as long as their answers are the same. */
function sameAround(candidates: readonly Candidate[]): Candidate[][] {
  const groups = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const key = candidate.answers.map((answer) => answer?.ids.join() ?? '-').join('|');
    groups.set(key, [...(groups.get(key) ?? []), candidate]);
  }
  return [...groups.values()];
}

/**
 * Where the first candidate's answer is chosen among others, the next best of them are the further candidates: they are right more
 * often than what is drawn, and take no pass. Those that are left over are denoised.
 */
async function denoiseGroup(
  denoiser: BlockDenoiser,
  request: BlockRequest,
  rules: StepRules,
  hole: number,
  group: readonly Candidate[],
): Promise<void> {
  const [first, ...further] = group;
  // Of several holes, the next best of each need not go together. Who names a temperature or a seed wants draws.
  const { canvas, sampling, seeds } = request;
  const isPlain = holesOf(canvas).length === 1 && sampling.firstTemperature !== undefined && seeds[0] === 0;
  const mayOffer = isPlain && isChosenAmongOthers(request, hole);
  if (!mayOffer || first?.lane !== 0 || further.length === 0) {
    await denoiseHole(denoiser, request, rules, hole, group);
    return;
  }
  const left = await denoiseHole(denoiser, request, rules, hole, [first], further);
  if (left.length > 0) await denoiseHole(denoiser, request, rules, hole, left);
}

/** `waiting` take what the first one of the group could have been instead; returns those for whom there is nothing. */
async function denoiseHole(
  denoiser: BlockDenoiser,
  request: BlockRequest,
  rules: StepRules,
  hole: number,
  group: readonly Candidate[],
  waiting: readonly Candidate[] = [],
): Promise<readonly Candidate[]> {
  const answers = group[0]?.answers.map((answer) => answer?.ids) ?? [];
  const context = request.contextFor(hole, answers);
  throwIfCancelled(request.signal);
  const { lead } = await denoiser.open(context, group.length, request.signal);
  const makeState = planHole(denoiser, request, hole, context, lead.length);
  const rows = group.map((candidate, number): Row => ({ candidate, number, state: makeState() }));
  const first = rows[0]?.state;
  const run: HoleRun = {
    ...{ denoiser, request, rules, hole, lead },
    planned: first?.cells.length ?? 0,
    filler: fillerOf(request, rules, first?.cells.at(-1)?.state === 'locked'),
    partLength: partLengthOf(request),
  };
  let growing = rows.filter(({ state }) => state.bound > 0);
  for (let block = 0; growing.length > 0; block++) {
    const place = placeOf(block, denoiser.blockLength, lead.length);
    await denoiseBlock(run, growing, place);
    const { isWhole, wholeAt } = request;
    if (isWhole) for (const { state } of growing) state.endWhere(isWhole);
    if (wholeAt)
      for (const { state } of growing) {
        // A draft that somebody takes is taken whole.
        const isBound = state.bound <= place.to && request.enough?.() !== true;
        state.endBehind((tokens) => wholeAt(hole, tokens, isBound));
      }
    growing = growing.filter(({ state }) => !state.ended && state.bound > place.to);
    if (growing.length === 0) break;
    await denoiser.commit(
      growing.map(({ state }) => blockTokens(run, state, place, denoiser.blockLength)),
      growing.map(({ number }) => number),
      request.signal,
    );
  }
  const settle = async (candidate: Candidate, answer: HoleAnswer, change: StepChange | undefined) => {
    candidate.answers[hole] = answer;
    if (change === undefined) return;
    candidate.shown++;
    await emit(stepEvent(change, candidate.lane, candidate.shown), request);
  };
  let offered: readonly HoleAnswer[] = [];
  for (const { candidate, state } of rows) {
    const { answer, change, others = [] } = await chooseAnswer(run, state, candidate.lane === 0);
    await settle(candidate, answer, change);
    offered = others;
  }
  for (const [i, candidate] of waiting.entries()) {
    const answer = offered[i];
    if (answer) await settle(candidate, answer, rewrite(run, makeState(), answer));
  }
  return waiting.slice(offered.length);
}

/** Behind a hole that ends with a locked token stands its end; behind a bound nobody knows. */
function fillerOf({ canvas, family }: BlockRequest, rules: StepRules, isClosed: boolean): number | undefined {
  if (isClosed && rules.lengthTokens.end !== undefined) return rules.lengthTokens.end;
  return family.attention?.kind === 'block-causal' ? undefined : canvas.specials.mask;
}

/** A budget of steps is for whole blocks: shared out over parts, it would leave most of them to the last step. */
function partLengthOf({ family, sampling }: BlockRequest): number | undefined {
  const { attention } = family;
  return attention?.kind === 'block-causal' && sampling.steps === undefined
    ? attention.partLength
    : undefined;
}

/** How a hole begins, and how long it may become. */
function planHole(
  denoiser: BlockDenoiser,
  request: BlockRequest,
  hole: number,
  context: HoleContext,
  lead: number,
): () => HoleState {
  const { canvas, family, tokenizer, contextLimit } = request;
  const spec = holesOf(canvas)[hole];
  if (!spec) throw new EngineError('internal', `The canvas has no hole ${hole}.`);
  const maskId = canvas.specials.mask;
  const isFixed = family.length.kind === 'fixed';
  const table = TokenTable.of(tokenizer);
  const asked = Math.min(
    request.maxTokens[hole] ?? 0,
    isFixed ? (request.maskCounts[hole] ?? 0) : Number.POSITIVE_INFINITY,
  );
  const most = Math.max(asked, leastCells(spec, table));
  const free = contextLimit - context.before.length - context.after.length;
  const fits = Math.min(free, denoiser.maxBlocks * denoiser.blockLength - lead);
  const planned = initialCells(spec, 0, maskId);
  const isClosed = planned.at(-1)?.state === 'locked';
  const wanted = isClosed ? planned.length : Math.max(most, planned.length);
  const bound = Math.min(wanted, Math.max(0, fits));
  if (planned.length > Math.max(0, fits) && fits > 0)
    throw new EngineError(
      'context-too-long',
      `The span has ${planned.length} tokens, some of which stay as they are, and there is room for ${fits}. Select ` +
        'less, or let all of it be masked (strength 1, nothing pinned).',
      { needed: planned.length, budget: fits, isPartial: true },
    );
  if (bound < Math.min(1, wanted) || bound < planned.length)
    throw new EngineError(
      'context-too-long',
      `The code around the span has ${context.before.length + context.after.length} tokens and the model takes ` +
        `${contextLimit}: no room is left for an answer. Choose a shorter span or less context.`,
      { limit: contextLimit, room: Math.max(0, fits) },
    );
  const { head, tail } = spec;
  const least = request.minTokens?.[hole] ?? 0;
  // What the borders of a span and locked tokens ask for, an end has to wait for.
  const isPlain = head.length === 0 && tail.length === 0 && planned.length === 0;
  const isCell = family.length.kind === 'end-token' && family.length.asCell === true && isPlain;
  const endCells = isCell ? lengthTokensOf(family.length, canvas.specials).ends : [];
  const frame = { head, tail, length: family.length.kind, maskId, grows: true, least, endCells, bound };
  return () => new HoleState(frame, table, initialCells(spec, 0, maskId));
}

/** Denoises one block of every row until none of them has a mask in it. */
async function denoiseBlock(run: HoleRun, rows: readonly Row[], place: BlockPlace): Promise<void> {
  const { request } = run;
  for (const { state } of rows) appendMasks(state, place.to);
  for (let step = 1; ; step++) {
    throwIfCancelled(request.signal);
    const open = rows.filter((row) => isOpen(stretchOf(run, row, place)));
    const isEnough = request.enough?.() === true;
    if (open.length > 0 && !(isEnough && step > 1)) {
      await denoiseStep(run, open, place, step);
      continue;
    }
    if (!isEnough) return;
    for (const row of rows) await takeDraft(run, row, place);
    return;
  }
}

async function denoiseStep(
  run: HoleRun,
  open: readonly Row[],
  place: BlockPlace,
  step: number,
): Promise<void> {
  const { request, rules } = run;
  const width = widthOf(run, open, place);
  const turns = open.map((row) => {
    const stretch = stretchOf(run, row, place);
    const asked = askedCells([stretch], rules, NO_ROOM);
    const goesOn = run.denoiser.blockLength === 1;
    const asks = asked.map(({ index, bias, target }) => ({
      position: place.offset + index - place.from,
      bias,
      ...(goesOn && { biasAhead: rules.rows.row(row.state.ruleBehind(index)) }),
      ...(target !== undefined && { target }),
    }));
    return { row, stretch, asked, asks };
  });
  const predictions = await run.denoiser.predict(
    turns.map(({ row, asks }) => ({
      lane: row.number,
      tokens: blockTokens(run, row.state, place, width),
      asks,
      temperature: row.candidate.temperature,
    })),
    { temperature: request.sampling.temperature, ...(request.signal && { signal: request.signal }) },
  );
  throwIfCancelled(request.signal);
  for (const [index, { row, stretch, asked }] of turns.entries()) {
    const { candidate } = row;
    const steps = stepsFor(request, row.state, place);
    const turn = { draw: candidate.draw, step, last: steps !== undefined && step >= steps, steps };
    candidate.steps++;
    candidate.shown++;
    const own = rulesAt(rules, candidate.temperature);
    for (const change of takeStep([stretch], asked, predictions[index] ?? [], turn, own, NO_ROOM))
      await emit(stepEvent(change, candidate.lane, candidate.shown), request);
  }
}

/**
 * "Take what there is": the open block is filled with its best guesses and the hole ends. Where locked tokens are still
 * to come, or the characters behind the span are not there yet, it goes on for just as many cells as that takes.
 */
async function takeDraft(run: HoleRun, row: Row, place: BlockPlace): Promise<void> {
  const { state, candidate } = row;
  // The end may have been found in the step that took a token in front of it back.
  const stretch = blockOf(run, row, place);
  if (isOpen(stretch)) {
    const change = fillStretch(stretch, run.rules);
    candidate.shown++;
    await emit(stepEvent(change, candidate.lane, candidate.shown), run.request);
  }
  if (state.ended) return;
  const done = Math.min(place.to, state.cells.length);
  const least = state.endsWithTail(done) ? done : done + 1;
  state.bound = Math.min(state.bound, Math.max(run.planned, least));
}
