// A model of a server that fills one hole at a time: candidates and holes around its answers, as a model of this machine has them.
import path from 'node:path';
import { wholeConfidence } from '../calibration/confidence';
import { scoreOf } from '../calibration/score';
import { endOfBlock, isInString } from '../candidates/blockEnd';
import { withLineEnds } from '../candidates/lines';
import { postprocess } from '../candidates/postprocess';
import { endOfStatement, isOneStatement } from '../candidates/statementEnd';
import { placeSpans } from '../canvas/spans';
import type { HoleAnswer } from '../denoiser';
import { EngineError, throwIfCancelled, toEngineError } from '../errors';
import { CANDIDATE_TEMPERATURE, DEFAULT_MAX_TOKENS, seedsOf } from '../infill/bounds';
import { rawLength } from '../infill/passing';
import type { Model } from '../model';
import type {
  CellEvent,
  DenoiseStepEvent,
  Estimate,
  InfillParams,
  InfillResult,
  ModelDescription,
  ScoreResult,
} from '../protocol';
import type { Backend, Filled, FilledPiece } from './backend';
import { type AnswerPart, answerOf, BYTES, canvasFor } from './bytes';
import { Draft } from './draft';
import { type Hole, holesOf, sidesOf } from './holes';
import type { ServerClient } from './serverClient';
import { withholdSecrets } from './withheld';

/** A token of code has at least so many UTF-16 units. */
const UNITS_PER_TOKEN = 3;
/** Tokens of an answer to an instruction, besides what stood there twice: it ends by itself, and this only bounds one that does not. */
const LEAST_ASKED = 1024;
/** What stands for bytes that are no UTF-8. */
const DAMAGED = '\ufffd';
/** Candidates that are asked for at once. */
const AT_ONCE = 4;

type Context = NonNullable<Parameters<Model['infill']>[1]>;

/** A hole as a candidate fills it. */
interface FilledHole {
  readonly text: string;
  readonly logProbs: readonly number[];
  readonly tokens: number;
}

interface Lane {
  readonly candidate: number;
  readonly seed: number;
  readonly filled: FilledHole[];
}

export class GeneratedModel implements Model {
  constructor(
    readonly description: ModelDescription,
    private readonly backend: Backend,
    private readonly client: ServerClient,
  ) {}

  async infill(params: InfillParams, context: Context = {}): Promise<InfillResult> {
    const started = performance.now();
    const { backend, description } = this;
    if (params.instruction !== undefined && !backend.facts.takesInstruction)
      throw new EngineError(
        'option-invalid',
        `${description.name} takes no instruction; it fills in what fits the code around it.`,
      );
    const { text, fileName, language } = params;
    await withholdSecrets({ text, fileName, language, host: this.client.party.host });
    const holes = holesOf(text, params.spans);
    const lanes = seedsOf(params).map((seed, candidate): Lane => ({ candidate, seed, filled: [] }));
    const draft = new Draft(context.signal, context.enough);
    try {
      await this.fillAll(lanes, holes, params, draft, context);
    } finally {
      draft.dispose();
    }
    const whole = lanes.filter(({ filled }) => filled.length === holes.length);
    const tokens = whole.reduce(
      (sum, lane) => sum + lane.filled.reduce((all, one) => all + one.tokens, 0),
      0,
    );
    return {
      model: description.name,
      family: description.family,
      provider: 'server',
      precision: 'unknown',
      forwards: 0,
      tokens,
      tokensPerForward: 0,
      millis: performance.now() - started,
      candidates: candidatesOf(params, holes, whole, this.backend.runsOn === true),
    };
  }

  estimate({ text, spans, maxTokens = DEFAULT_MAX_TOKENS }: InfillParams): Estimate {
    const masks = placeSpans(text, spans).reduce(
      (sum, { start, end }) => sum + (start === end ? maxTokens : Math.ceil((end - start) / UNITS_PER_TOKEN)),
      0,
    );
    return { masks };
  }

  async score(): Promise<ScoreResult> {
    throw new EngineError(
      'unsupported',
      `${this.description.name} runs on a server that gives no scores. Use a model on this machine, or a Palimpsest server.`,
      { gap: 'scores' },
    );
  }

  async dispose(): Promise<void> {
    this.client.close();
  }

  /** What some candidates fail at, others may have done; where none has, the first failure counts. */
  private async fillAll(
    lanes: readonly Lane[],
    holes: readonly Hole[],
    params: InfillParams,
    draft: Draft,
    context: Context,
  ): Promise<void> {
    const steps = { count: 0 };
    const failures: unknown[] = [];
    const waiting = [...lanes];
    const worker = async () => {
      for (let lane = waiting.shift(); lane !== undefined; lane = waiting.shift()) {
        if (draft.isTaken || failures.length > 0) return;
        await this.fillLane(lane, holes, params, draft, context, steps).catch((error: unknown) =>
          failures.push(error),
        );
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, lanes.length) }, worker));
    throwIfCancelled(context.signal);
    const [first] = failures;
    if (first === undefined || lanes.some(({ filled }) => filled.length === holes.length)) return;
    throw toEngineError(first);
  }

  private async fillLane(
    { candidate, seed, filled }: Lane,
    holes: readonly Hole[],
    params: InfillParams,
    draft: Draft,
    { onStep }: Context,
    steps: { count: number },
  ): Promise<void> {
    const { backend } = this;
    const { text, language, fileName, temperature, topP, maxTokens, priority } = params;
    for (const [index, hole] of holes.entries()) {
      const answers = filled.map((one) => one.text);
      const sides = sidesOf(text, holes, index, answers, backend.reach);
      const place = { ...sides, isInString: backend.runsOn === true && isInString(text, hole) };
      const isStatement = isOneStatement(place, priority === 'ghost');
      /** Where it leaves what it is for, of a server that does not see to that itself. */
      const endOf = (written: string, isOver: boolean): number | undefined => {
        if (!backend.runsOn) return undefined;
        const plain = withLineEnds(written, '\n');
        const statement = isStatement ? endOfStatement(plain, place, isOver) : undefined;
        const end = statement ?? endOfBlock(isOver ? `${plain}\n` : plain, place);
        return end === undefined ? undefined : rawLength(written, end);
      };
      const request = {
        ...sides,
        language,
        fileName: fileName === undefined ? undefined : path.win32.basename(fileName),
        instruction: params.instruction,
        maxTokens: maxTokens ?? lengthFor(hole, params.instruction !== undefined),
        temperature: temperature ?? (candidate === 0 ? 0 : CANDIDATE_TEMPERATURE),
        topP,
        seed,
        candidate,
      };
      let heard: readonly FilledPiece[] = [];
      let hasLeft = false;
      const whole = await draft.until(async (signal) => {
        const controller = new AbortController();
        const abort = () => controller.abort();
        signal.addEventListener('abort', abort, { once: true });
        if (signal.aborted) abort();
        const onPieces = (pieces: readonly FilledPiece[]) => {
          heard = [...pieces];
          onStep?.(stepOf(params, holes, index, answers, heard, { candidate, step: ++steps.count }));
          // Nobody waits for what is not for this hole.
          hasLeft = endOf(textOf(heard), false) !== undefined;
          if (hasLeft) abort();
        };
        try {
          return await backend.fill(request, { signal: controller.signal, priority, onPieces });
        } catch (error) {
          if (!hasLeft) throw error;
          return { pieces: heard, isCut: false };
        } finally {
          signal.removeEventListener('abort', abort);
        }
      });
      // Enough of it: what came until then is the draft.
      const answer: Filled = whole ?? { pieces: heard, isCut: true };
      const all = textOf(answer.pieces);
      const raw = all.slice(0, endOf(all, true));
      const isDraft = whole === undefined;
      const code = backend.codeOf === undefined ? raw : backend.codeOf(raw, request, isDraft);
      if (code === undefined && answer.isCut && !isDraft) throw cutOff(this.description, request.maxTokens);
      if (code === undefined || (code.includes(DAMAGED) && !text.includes(DAMAGED))) return;
      filled.push({
        text: answer.isCut ? wholeLines(code) : code,
        logProbs: upTo(raw.length, answer.pieces).flatMap((piece) => piece.logProbs),
        tokens: answer.pieces.length,
      });
    }
  }
}

function textOf(pieces: readonly FilledPiece[]): string {
  return pieces.map((piece) => piece.text).join('');
}

/** The pieces that the first `length` UTF-16 units of their text are of. */
function upTo(length: number, pieces: readonly FilledPiece[]): readonly FilledPiece[] {
  let at = 0;
  return pieces.filter(({ text }) => {
    const isIn = at < length;
    at += text.length;
    return isIn;
  });
}

/** Tokens: half again of what stood there. Where an instruction may ask for anything, enough for a function in place of a line. */
function lengthFor({ start, end }: Hole, isAsked: boolean): number {
  const standing = (end - start) / UNITS_PER_TOKEN;
  return isAsked
    ? Math.ceil(LEAST_ASKED + 2 * standing)
    : Math.max(DEFAULT_MAX_TOKENS, Math.ceil(1.5 * standing));
}

function cutOff({ name }: ModelDescription, tokens: number): EngineError {
  return new EngineError(
    'server-answer-invalid',
    `The answer of ${name} was longer than ${tokens} tokens, and broke off before its code was complete. Ask for less, or select fewer lines.`,
    { tokens },
  );
}

/** Without a last line that breaks off, where others are before it. */
function wholeLines(text: string): string {
  const whole = text.slice(0, Math.max(0, text.lastIndexOf('\n')));
  return whole.trim() === '' ? text : whole;
}

/** `fillsIn`: an answer is one of the middle, and not of a chat. */
function candidatesOf(
  params: InfillParams,
  holes: readonly Hole[],
  lanes: readonly Lane[],
  fillsIn: boolean,
) {
  const { text, spans, gate = 0 } = params;
  const placed = placeSpans(text, spans);
  const isScored = lanes.every(({ filled }) =>
    filled.every(({ logProbs, tokens }) => tokens === 0 || logProbs.length > 0),
  );
  const answers: readonly (readonly HoleAnswer[])[] = lanes.map(({ filled }) =>
    placed.map((span, index) => {
      const parts: AnswerPart[] = [];
      let at = span.start;
      const keep = (to: number) => {
        if (to > at) parts.push({ text: text.slice(at, to), isLocked: true, logProb: 0 });
      };
      for (const [i, hole] of holes.entries()) {
        if (hole.span !== index) continue;
        keep(hole.start);
        const { text: own = '', logProbs = [] } = filled[i] ?? {};
        parts.push({ text: own, isLocked: false, logProb: meanOf(logProbs) });
        at = hole.end;
      }
      keep(span.end);
      return answerOf(parts);
    }),
  );
  return postprocess(answers, {
    canvas: canvasFor(text, spans),
    text,
    spans,
    tokenizer: BYTES,
    ...(isScored
      ? {
          confidence: (lane) => {
            const logProbs = lanes[answers.indexOf(lane)]?.filled.flatMap((one) => one.logProbs) ?? [];
            return fillsIn ? wholeConfidence(logProbs) : Math.exp(scoreOf(lane));
          },
        }
      : {}),
  }).filter(({ confidence = 1 }) => confidence >= gate);
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The span that is filled, from left to right: what came, and masks for about as much as is to come. */
function stepOf(
  { text, spans, requestId }: InfillParams,
  holes: readonly Hole[],
  index: number,
  answers: readonly string[],
  pieces: readonly FilledPiece[],
  { candidate, step }: { readonly candidate: number; readonly step: number },
): DenoiseStepEvent {
  const hole = holes[index] ?? { span: 0, start: 0, end: 0 };
  const placed = placeSpans(text, spans)[hole.span] ?? { index: 0, start: 0, end: 0 };
  const cells: CellEvent[] = [];
  let at = placed.start;
  const keep = (to: number) => {
    if (to > at) cells.push({ text: text.slice(at, to), state: 'locked', confidence: 1 });
  };
  for (const [i, { span, start, end }] of holes.slice(0, index).entries()) {
    if (span !== hole.span) continue;
    keep(start);
    cells.push({ text: answers[i] ?? '', state: 'committed', confidence: 1 });
    at = end;
  }
  keep(hole.start);
  const first = cells.length;
  for (const { text: own, logProbs } of pieces)
    cells.push({ text: own, state: 'committed', confidence: Math.exp(meanOf(logProbs)) });
  const expected = Math.max(1, Math.ceil((hole.end - hole.start) / UNITS_PER_TOKEN)) - pieces.length;
  for (let i = 0; i < Math.min(expected, 256); i++) cells.push({ text: ' ', state: 'masked', confidence: 0 });
  return {
    requestId,
    step,
    span: placed.index,
    candidate,
    cells,
    committed: pieces.length === 0 ? [] : [first + pieces.length - 1],
    remasked: [],
  };
}
