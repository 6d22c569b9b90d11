// What other extensions and agents hand in may be anything: it is checked here, before any of it is used. Pure.
import { isEngineError } from '../../engine/errors';
import {
  checkSpans,
  checkWithin,
  integer,
  list,
  number,
  object,
  type Read,
  range,
  text,
} from '../../engine/rpc/fields';
import type { InfillRequest, ScoreRequest } from './palimpsest';

export type ApiErrorCode = 'invalid-request' | 'excluded';

/** A refusal before the engine was asked; errors of the engine have codes of the same kind. */
export class ApiError extends Error {
  constructor(
    readonly code: ApiErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'PalimpsestError';
  }
}

/** UTF-16 units. */
const LONGEST_TEXT = 20_000_000;
const MOST_SPANS = 256;
const MOST_LOCKED = 100_000;

export type CheckedInfill = Omit<InfillRequest, 'uri' | 'text' | 'language'>;
type CheckedScore = Pick<ScoreRequest, 'range'>;

const TEXT = text(LONGEST_TEXT);
const LANGUAGE = text(256);
const ANYTHING = object<object>({}, {});
const SPAN = object<InfillRequest['spans'][number]>(
  { start: integer(0, LONGEST_TEXT), end: integer(0, LONGEST_TEXT) },
  { locked: list(0, MOST_LOCKED, range) },
);
const INFILL = object<CheckedInfill>(
  { spans: list(1, MOST_SPANS, SPAN) },
  {
    candidates: integer(1, 8),
    seed: integer(0, Number.MAX_SAFE_INTEGER),
    strength: number(0.01, 1),
    maxTokens: integer(1, 4096),
    gate: number(0, 1),
  },
);
const SCORE = object<CheckedScore>({}, { range });

export function checkText(value: unknown): string {
  return checked(() => TEXT(value, 'text'));
}

export function checkLanguage(value: unknown): string | undefined {
  return value === undefined ? undefined : checked(() => LANGUAGE(value, 'language'));
}

/** `length` is the text's. */
export function checkInfill(request: unknown, length: number): CheckedInfill {
  return checked(() => {
    const known = INFILL(request, '');
    checkSpans(known.spans, length);
    return known;
  });
}

/** `length` is the text's. */
export function checkScore(request: unknown, length: number): CheckedScore {
  return checked(() => {
    const known = SCORE(request, '');
    if (known.range) checkWithin(known.range, 'range', 0, length);
    return known;
  });
}

export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  checkedAs(ANYTHING, value);
  return value as Readonly<Record<string, unknown>>;
}

export function checkedAs<T>(read: Read<T>, value: unknown): T {
  return checked(() => read(value, ''));
}

function checked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw isEngineError(error) ? invalid(error.message) : error;
  }
}

export function invalid(message: string): ApiError {
  return new ApiError('invalid-request', message);
}
