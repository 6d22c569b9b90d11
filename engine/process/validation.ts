// What comes over the border is plain data of unknown shape. These functions give back fresh objects with the known
// fields alone, so that nothing behind them has to doubt a type, a range or a size.
import path from 'node:path';
import { RULE_NAMES } from '../checkpoint/family';
import { EngineError } from '../errors';
import { PRECISIONS } from '../graph/types';
import { isModelId } from '../hub/catalogue';
import {
  CACHES,
  COPYING,
  type EnoughParams,
  type InfillOptions,
  type InfillParams,
  type InitialiseParams,
  type LoadModelParams,
  type MemoryClearParams,
  type MemoryFile,
  type MemoryUpdateParams,
  type MemoryUse,
  type ModelParams,
  PRIORITIES,
  PROTOCOL_VERSION,
  PROVIDERS,
  type ScoreParams,
  SERVER_KINDS,
  type ServerParams,
  type SpanParams,
} from '../protocol';
import {
  checkSpans,
  checkWithin,
  flag,
  integer,
  list,
  number,
  type Optional,
  object,
  oneOf,
  range,
  text,
  textThat,
} from '../rpc/fields';

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
  memoryFiles: 256,
  /** UTF-16 units of all files in one update. */
  memoryText: 8_000_000,
  removed: 100_000,
  near: 256,
  url: 2048,
  key: 4096,
} as const;

const anyInteger = integer(0, Number.MAX_SAFE_INTEGER);
const modelName = text(LIMITS.path, 1);
const folder = textThat(
  'an absolute path',
  (name) => path.isAbsolute(name) && !name.includes('\0'),
  LIMITS.path,
);

const modelPlace = textThat(
  'an absolute path or the name of an installed model',
  (name) => isModelId(name) || (path.isAbsolute(name) && !name.includes('\0')),
  LIMITS.path,
);

const INITIALISE = object<InitialiseParams>(
  {
    protocolVersion: anyInteger,
    parentPid: integer(1, Number.MAX_SAFE_INTEGER),
    cacheFolder: folder,
  },
  {},
);

const SERVER = object<ServerParams>(
  { kind: oneOf(SERVER_KINDS), url: text(LIMITS.url, 1) },
  { model: text(LIMITS.name, 1), key: text(LIMITS.key, 1), allowsUnencrypted: flag },
);

const LOAD_MODEL = object<LoadModelParams>(
  { folder: modelName },
  { provider: oneOf(PROVIDERS), precision: oneOf(['auto', ...PRECISIONS]), server: SERVER },
);

const MODEL = object<ModelParams>({ model: modelName }, {});
const ENOUGH = object<EnoughParams>({ requestId: anyInteger }, {});

const SPAN = object<SpanParams>(
  { start: anyInteger, end: anyInteger },
  { locked: list(0, LIMITS.locked, range) },
);

const OPTIONS: Optional<InfillOptions> = {
  seed: anyInteger,
  rule: oneOf(RULE_NAMES),
  temperature: number(0, 100),
  topP: number(0, 1, true),
  // A probability for some rules, nats or a factor for others.
  threshold: number(0, 1000),
  steps: integer(1, LIMITS.steps),
  candidates: integer(1, LIMITS.candidates),
  strength: number(0, 1),
  maxTokens: integer(1, LIMITS.tokens),
  cache: oneOf(CACHES),
  interactive: flag,
  window: integer(64, LIMITS.tokens),
  copying: oneOf(COPYING),
  gate: number(0, 1),
  instruction: text(LIMITS.instruction),
};

/** What `infill` and `score` have in common. */
const REQUEST = {
  requestId: anyInteger,
  model: modelName,
  priority: oneOf(PRIORITIES),
  text: text(LIMITS.text),
};
const FILE = { language: text(LIMITS.name), fileName: text(LIMITS.path) };

const memoryName = text(LIMITS.path, 1);
const memoryPath = text(LIMITS.path, 1);

const MEMORY_USE = object<MemoryUse>(
  { id: memoryName },
  { path: memoryPath, near: list(0, LIMITS.near, memoryPath) },
);

const MEMORY_FILE = object<MemoryFile>(
  { path: memoryPath, text: text(LIMITS.memoryText) },
  {
    language: text(LIMITS.name),
    modified: number(0, Number.MAX_SAFE_INTEGER),
    rank: number(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  },
);

const MEMORY_UPDATE = object<MemoryUpdateParams>(
  {
    memory: memoryName,
    files: list(0, LIMITS.memoryFiles, MEMORY_FILE),
    removed: list(0, LIMITS.removed, memoryPath),
  },
  {},
);

const MEMORY_CLEAR = object<MemoryClearParams>({ memory: memoryName }, {});

const INFILL = object<InfillParams>(
  { ...REQUEST, spans: list(1, LIMITS.spans, SPAN) },
  {
    ...FILE,
    ...OPTIONS,
    document: text(LIMITS.document),
    openTexts: list(0, LIMITS.openTexts, text(LIMITS.openText)),
    memory: MEMORY_USE,
    events: flag,
  },
);

const SCORE = object<ScoreParams>(REQUEST, {
  ...FILE,
  range,
  interactive: flag,
  withEnd: flag,
  events: flag,
});

export function initialiseParams(params: unknown): InitialiseParams {
  const known = INITIALISE(params, '');
  if (known.protocolVersion !== PROTOCOL_VERSION) {
    throw new EngineError(
      'protocol-violation',
      `The engine uses protocol version ${PROTOCOL_VERSION}, but the client uses version ${known.protocolVersion}: install both from the same release.`,
      { engine: PROTOCOL_VERSION, client: known.protocolVersion },
    );
  }
  return known;
}

export function loadModelParams(params: unknown): LoadModelParams {
  const known = LOAD_MODEL(params, '');
  if (known.server === undefined) modelPlace(known.folder, 'folder');
  return known;
}

export function modelParams(params: unknown): ModelParams {
  return MODEL(params, '');
}

export function enoughParams(params: unknown): EnoughParams {
  return ENOUGH(params, '');
}

export function infillParams(params: unknown): InfillParams {
  const known = INFILL(params, '');
  checkSpans(known.spans, known.text.length);
  return known;
}

export function scoreParams(params: unknown): ScoreParams {
  const known = SCORE(params, '');
  if (known.range) checkWithin(known.range, 'range', 0, known.text.length);
  return known;
}

export function memoryUpdateParams(params: unknown): MemoryUpdateParams {
  const known = MEMORY_UPDATE(params, '');
  const length = known.files.reduce((sum, file) => sum + file.text.length, 0);
  if (length <= LIMITS.memoryText) return known;
  throw new EngineError(
    'option-invalid',
    `The texts of \`files\` have ${length} characters together: up to ${LIMITS.memoryText} are allowed. Send them in several updates.`,
    { path: 'files', length },
  );
}

export function memoryClearParams(params: unknown): MemoryClearParams {
  return MEMORY_CLEAR(params, '');
}
