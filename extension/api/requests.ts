// What other extensions and agents hand in may be anything: it is checked here, before any of it is used. Pure.
import type { InfillRequest, Range, ScoreRequest } from './palimpsest';

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

type Fields = Readonly<Record<string, unknown>>;
export type CheckedInfill = Omit<InfillRequest, 'uri' | 'text' | 'language'>;

export function checkText(text: unknown): string {
  if (typeof text !== 'string') throw invalid('`text` is a string.');
  if (text.length > LONGEST_TEXT) throw invalid(`\`text\` has at most ${LONGEST_TEXT} characters.`);
  return text;
}

export function checkLanguage(language: unknown): string | undefined {
  if (language === undefined) return undefined;
  if (typeof language !== 'string' || language.length > 256) throw invalid('`language` is a language id.');
  return language;
}

/** `length` is the text's. */
export function checkInfill(request: unknown, length: number): CheckedInfill {
  const fields = fieldsOf(request, 'The request');
  const { spans } = fields;
  if (!Array.isArray(spans) || spans.length === 0 || spans.length > MOST_SPANS) {
    throw invalid(`\`spans\` is a list of 1 to ${MOST_SPANS} ranges.`);
  }
  return {
    spans: spans.map((span: unknown, i) => {
      const place = `spans[${i}]`;
      const range = checkRange(span, place, 0, length);
      const { locked } = fieldsOf(span, place);
      if (locked === undefined) return range;
      if (!Array.isArray(locked)) throw invalid(`\`${place}.locked\` is a list of ranges.`);
      const { start, end } = range;
      return {
        ...range,
        locked: locked.map((one: unknown, j) => checkRange(one, `${place}.locked[${j}]`, start, end)),
      };
    }),
    ...numberOf(fields, 'candidates', 1, 8, true),
    ...numberOf(fields, 'seed', 0, Number.MAX_SAFE_INTEGER, true),
    ...numberOf(fields, 'strength', 0.01, 1),
    ...numberOf(fields, 'maxTokens', 1, 4096, true),
    ...numberOf(fields, 'gate', 0, 1),
  };
}

/** `length` is the text's. */
export function checkScore(request: unknown, length: number): Pick<ScoreRequest, 'range'> {
  const { range } = fieldsOf(request, 'The request');
  return range === undefined ? {} : { range: checkRange(range, 'range', 0, length) };
}

export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`${what} is an object.`);
  }
  return value as Fields;
}

function checkRange(value: unknown, place: string, least: number, most: number): Range {
  const { start, end } = fieldsOf(value, `\`${place}\``);
  if (!isOffset(start) || !isOffset(end) || start < least || end < start || end > most) {
    throw invalid(`\`${place}\` has whole numbers \`start\` and \`end\`, ${least} ≤ start ≤ end ≤ ${most}.`);
  }
  return { start, end };
}

function isOffset(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}

function numberOf<K extends string>(
  fields: Fields,
  name: K,
  least: number,
  most: number,
  isWhole = false,
): { readonly [name in K]?: number } {
  const value = fields[name];
  if (value === undefined) return {};
  const fits = typeof value === 'number' && value >= least && value <= most;
  if (!fits || (isWhole && !Number.isInteger(value))) {
    throw invalid(`\`${name}\` is a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}.`);
  }
  return { [name]: value } as { readonly [name in K]?: number };
}

export function invalid(message: string): ApiError {
  return new ApiError('invalid-request', message);
}
