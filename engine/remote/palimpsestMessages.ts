// What a Palimpsest server sends, read as anything that comes over a border: the known fields alone, each checked.
import { isEngineError } from '../errors';
import { PRECISIONS } from '../graph/types';
import type {
  Candidate,
  CandidateSpan,
  CellEvent,
  CopySource,
  DenoiseStepEvent,
  Estimate,
  InfillResult,
  MemoryEstimate,
  ModelDescription,
  ScoredEnd,
  ScoredToken,
  ScoreResult,
} from '../protocol';
import { PROVIDERS } from '../protocol';
import { flag, integer, list, number, object, oneOf, type Read, text } from '../rpc/fields';
import { invalidAnswer, type Party } from './serverErrors';

const LONGEST_TEXT = 2_000_000;
const MOST = 1_000_000;
const count = integer(0, Number.MAX_SAFE_INTEGER);
const any = number(-Number.MAX_VALUE, Number.MAX_VALUE);
const share = number(0, 1);
const word = text(256);
const sentence = text(4000);
const provider = oneOf([...PROVIDERS.filter((name) => name !== 'auto'), 'server'] as const);
const precision = oneOf([...PRECISIONS, 'unknown'] as const);

/** Without what only this side knows, and what there is to do on the other. */
type Described = Omit<ModelDescription, 'folder' | 'server' | 'advice'>;

export const descriptionOf = whole(
  object<Described>(
    {
      name: word,
      family: word,
      familyTitle: word,
      parameters: count,
      contextLength: count,
      provider,
      providerReason: sentence,
      precision,
      storedPrecision: word,
      takesInstruction: flag,
      remarks: list(0, 100, sentence),
    },
    {
      attention: oneOf(['plain', 'fused'] as const),
      memory: object<MemoryEstimate>(
        { weights: count, request: count },
        { process: count, adapted: count, relay: count },
      ),
      passMillis: any,
      isSlow: flag,
      gate: share,
      copies: flag,
      writesInOrder: flag,
      together: count,
    },
  ),
);

const POSITION = object<CandidateSpan['range']['start']>({ line: count, column: count }, {});
const SPAN = object<CandidateSpan>(
  {
    range: object<CandidateSpan['range']>({ start: POSITION, end: POSITION }, {}),
    start: count,
    end: count,
    text: text(LONGEST_TEXT),
  },
  { source: object<CopySource>({ line: count }, { path: text(4096) }) },
);
/** Flaws are looked for on this side. */
const CANDIDATE = object<Omit<Candidate, 'flaws'>>(
  { score: any, spans: list(1, 1024, SPAN) },
  { confidence: share, isUnfitted: flag },
);

export const infillOf = whole(
  object<InfillResult>(
    {
      model: word,
      family: word,
      provider,
      precision,
      forwards: count,
      tokens: count,
      tokensPerForward: any,
      millis: any,
      candidates: list(0, 64, CANDIDATE),
    },
    {},
  ),
);

export const acceptedOf = whole(object<{ readonly id: string }>({ id: word }, {}));

export const estimateOf = whole(
  object<Estimate>(
    { masks: count },
    { firstMillis: any, millis: any, readingMillis: any, scoringMillis: any, bytes: count },
  ),
);

const CELL = object<CellEvent>(
  {
    text: text(4096),
    state: oneOf(['masked', 'draft', 'committed', 'locked'] as const),
    confidence: share,
  },
  {},
);
export const stepOf = whole(
  object<Omit<DenoiseStepEvent, 'requestId'>>(
    {
      step: count,
      span: count,
      candidate: count,
      cells: list(0, MOST, CELL),
      committed: list(0, MOST, count),
      remasked: list(0, MOST, count),
    },
    { fraction: share, remainingMillis: any },
  ),
);

const ALTERNATIVES = list(
  0,
  64,
  object<ScoredToken['alternatives'][number]>({ text: text(4096), probability: share }, {}),
);
const TOKEN = object<ScoredToken>(
  {
    start: count,
    end: count,
    text: text(4096),
    surprise: any,
    expected: any,
    alternatives: ALTERNATIVES,
  },
  {},
);
export const scoreOf = whole(
  object<ScoreResult>(
    {
      model: word,
      method: oneOf(['masked', 'causal'] as const),
      forwards: count,
      millis: any,
      tokens: list(0, MOST, TOKEN),
    },
    { end: object<ScoredEnd>({ surprise: any, expected: any, alternatives: ALTERNATIVES }, {}) },
  ),
);

function whole<T>(read: Read<T>): (value: unknown) => T {
  return (value) => read(value, '');
}

/** @throws EngineError `server-answer-invalid` where the message has another form */
export function reading<T>(party: Party, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isEngineError(error)) throw error;
    throw invalidAnswer(
      party,
      `sends a message that this version does not understand (${error.message}) Install the same version on both sides.`,
    );
  }
}
