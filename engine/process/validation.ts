// What comes over the border is plain data of unknown shape. These functions give back fresh objects with the known
// fields alone, so that nothing behind them has to doubt a type, a range or a size.
import path from 'node:path';
import { RULE_NAMES } from '../checkpoint/family';
import { EngineError } from '../errors';
import { PRECISIONS, type Precision } from '../graph/types';
import {
  type CancelParams,
  COPYING,
  type InfillParams,
  type InitialiseParams,
  type LoadModelParams,
  type ModelParams,
  PROTOCOL_VERSION,
  PROVIDERS,
  type Priority,
  type ScoreParams,
  type SpanParams,
} from '../protocol';
import { type Fields, fieldsOf, flag, integer, invalid, list, number, oneOf, optional, text } from './fields';

export const LIMITS = {
  /** UTF-16 units. */
  text: 20_000_000,
  path: 4096,
  name: 256,
  document: 8192,
  spans: 1024,
  locked: 100_000,
  candidates: 64,
  steps: 100_000,
  tokens: 1_000_000,
  instruction: 4000,
  openTexts: 64,
  /** UTF-16 units of one. */
  openText: 2_000_000,
} as const;

const PRIORITIES: readonly Priority[] = ['rewrite', 'ghost', 'background'];
const PRECISION_CHOICES: readonly (Precision | 'auto')[] = ['auto', ...PRECISIONS];
const CACHES = ['dual', 'exact'] as const;
const anyInteger = integer(0, Number.MAX_SAFE_INTEGER);

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function initialiseParams(params: unknown): InitialiseParams {
  const fields = fieldsOf(params, 'params');
  const protocolVersion = anyInteger(fields['protocolVersion'], 'protocolVersion');
  if (protocolVersion !== PROTOCOL_VERSION) {
    throw new EngineError(
      'protocol-violation',
      `This engine speaks version ${PROTOCOL_VERSION} of the protocol, the client version ${protocolVersion}: install both from the same release.`,
      { engine: PROTOCOL_VERSION, client: protocolVersion },
    );
  }
  return {
    protocolVersion,
    parentPid: integer(1, Number.MAX_SAFE_INTEGER)(fields['parentPid'], 'parentPid'),
    cacheFolder: folder(fields['cacheFolder'], 'cacheFolder'),
  };
}

export function loadModelParams(params: unknown): LoadModelParams {
  const fields = fieldsOf(params, 'params');
  const result: Mutable<LoadModelParams> = { folder: folder(fields['folder'], 'folder') };
  const provider = optional(fields, 'provider', '', oneOf(PROVIDERS));
  if (provider !== undefined) result.provider = provider;
  const precision = optional(fields, 'precision', '', oneOf(PRECISION_CHOICES));
  if (precision !== undefined) result.precision = precision;
  return result;
}

export function modelParams(params: unknown): ModelParams {
  return { model: modelName(fieldsOf(params, 'params')) };
}

export function cancelParams(params: unknown): CancelParams {
  return { requestId: anyInteger(fieldsOf(params, 'params')['requestId'], 'requestId') };
}

export function infillParams(params: unknown): InfillParams {
  const fields = fieldsOf(params, 'params');
  const result: Mutable<InfillParams> = {
    requestId: anyInteger(fields['requestId'], 'requestId'),
    model: modelName(fields),
    priority: oneOf(PRIORITIES)(fields['priority'], 'priority'),
    text: text(LIMITS.text)(fields['text'], 'text'),
    spans: [],
  };
  result.spans = list(1, LIMITS.spans, (value, at) => span(value, at, result.text.length))(
    fields['spans'],
    'spans',
  );
  const document = optional(fields, 'document', '', text(LIMITS.document));
  if (document !== undefined) result.document = document;
  Object.assign(result, textFacts(fields), infillOptions(fields));
  const openTexts = optional(fields, 'openTexts', '', list(0, LIMITS.openTexts, text(LIMITS.openText)));
  if (openTexts !== undefined) result.openTexts = openTexts;
  const events = optional(fields, 'events', '', flag);
  if (events !== undefined) result.events = events;
  return result;
}

export function scoreParams(params: unknown): ScoreParams {
  const fields = fieldsOf(params, 'params');
  const result: Mutable<ScoreParams> = {
    requestId: anyInteger(fields['requestId'], 'requestId'),
    model: modelName(fields),
    priority: oneOf(PRIORITIES)(fields['priority'], 'priority'),
    text: text(LIMITS.text)(fields['text'], 'text'),
  };
  Object.assign(result, textFacts(fields));
  const scored = optional(fields, 'range', '', (value, at) => range(value, at, 0, result.text.length));
  if (scored !== undefined) result.range = scored;
  return result;
}

/** Only what was given: the family's own sampling fills the rest. */
function infillOptions(fields: Fields): Partial<InfillParams> {
  const options: Record<string, unknown> = {
    seed: optional(fields, 'seed', '', anyInteger),
    rule: optional(fields, 'rule', '', oneOf(RULE_NAMES)),
    temperature: optional(fields, 'temperature', '', number(0, 100)),
    topP: optional(fields, 'topP', '', number(0, 1, true)),
    // A probability for some rules, nats or a factor for others.
    threshold: optional(fields, 'threshold', '', number(0, 1000)),
    steps: optional(fields, 'steps', '', integer(1, LIMITS.steps)),
    candidates: optional(fields, 'candidates', '', integer(1, LIMITS.candidates)),
    strength: optional(fields, 'strength', '', number(0, 1)),
    maxTokens: optional(fields, 'maxTokens', '', integer(1, LIMITS.tokens)),
    cache: optional(fields, 'cache', '', oneOf(CACHES)),
    copying: optional(fields, 'copying', '', oneOf(COPYING)),
    gate: optional(fields, 'gate', '', number(0, 1)),
    instruction: optional(fields, 'instruction', '', text(LIMITS.instruction)),
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function textFacts(fields: Fields): Partial<Pick<InfillParams, 'language' | 'fileName'>> {
  const facts: Mutable<Partial<Pick<InfillParams, 'language' | 'fileName'>>> = {};
  const language = optional(fields, 'language', '', text(LIMITS.name));
  if (language !== undefined) facts.language = language;
  const fileName = optional(fields, 'fileName', '', text(LIMITS.path));
  if (fileName !== undefined) facts.fileName = fileName;
  return facts;
}

function span(value: unknown, at: string, length: number): SpanParams {
  const ends = range(value, at, 0, length);
  const locked = optional(
    fieldsOf(value, at),
    'locked',
    `${at}.`,
    list(0, LIMITS.locked, (piece, where) => range(piece, where, ends.start, ends.end)),
  );
  return locked === undefined ? ends : { ...ends, locked };
}

/** UTF-16 offsets from `least` to `most`, in order. */
function range(value: unknown, at: string, least: number, most: number): { start: number; end: number } {
  const fields = fieldsOf(value, at);
  const start = anyInteger(fields['start'], `${at}.start`);
  const end = anyInteger(fields['end'], `${at}.end`);
  if (start > end || start < least || end > most) {
    throw new EngineError(
      'span-invalid',
      `\`${at}\` goes from ${start} to ${end}, but must lie in order between ${least} and ${most} (UTF-16 units).`,
      { path: at, start, end, least, most },
    );
  }
  return { start, end };
}

function modelName(fields: Fields): string {
  return text(LIMITS.path, 1)(fields['model'], 'model');
}

function folder(value: unknown, at: string): string {
  const name = text(LIMITS.path, 1)(value, at);
  if (!path.isAbsolute(name) || name.includes('\0')) throw invalid(at, 'an absolute path', name);
  return name;
}
