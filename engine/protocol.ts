// Every request, notification and error that crosses the border between the editor and the engine process; what they carry is in
// protocol/. Plain data only: no import from the rest of the engine but types that are plain data themselves.
import type { ErrorCode } from './errors';
import type { ModelDescription } from './protocol/models';

export * from './protocol/infillParams';
export * from './protocol/infillResult';
export * from './protocol/memory';
export * from './protocol/models';
export * from './protocol/score';

export const PROTOCOL_VERSION = 1;

/** Requests have an answer; every error has ERROR_RPC_CODE and an ErrorData. `initialise` comes first. */
export const METHODS = {
  /** InitialiseParams → InitialiseResult. Once, before anything else. */
  initialise: 'palimpsest/initialise',
  /** LoadModelParams → ModelDescription. A model that is loaded already is described again. Sends `loadProgress`. */
  loadModel: 'palimpsest/loadModel',
  /** ModelParams → null, also for a model that is not loaded. Its requests are rejected with `model-not-loaded`. */
  unloadModel: 'palimpsest/unloadModel',
  /** ModelParams → ModelDescription. Rejects with `model-not-loaded`. */
  describeModel: 'palimpsest/describeModel',
  /**
   * InfillParams → InfillResult. `$/cancelRequest` gives it up between two steps. Sends `begun`, `scoring`, `reading` and
   * `denoiseStep` if `events` is set; a model of a server sends no `scoring` and no `reading`.
   */
  infill: 'palimpsest/infill',
  /** InfillParams → Estimate: how long such a request would take. Answered at once, between two passes of what runs. */
  estimate: 'palimpsest/estimate',
  /** ScoreParams → ScoreResult. `$/cancelRequest` gives it up between two passes. Sends `begun` and `scoring` if `events` is set. */
  score: 'palimpsest/score',
  /** MemoryUpdateParams → MemoryFacts, when the files are indexed. Work on it waits while a request runs. */
  memoryUpdate: 'palimpsest/memoryUpdate',
  /** MemoryClearParams → null at once, also for a memory that is not known. Updates of it that are under way are `cancelled`. */
  memoryClear: 'palimpsest/memoryClear',
  /** No params → StatusResult. Answered while a request runs. */
  status: 'palimpsest/status',
  /** No params → null, when the models are unloaded. The engine then ends. */
  shutdown: 'palimpsest/shutdown',
  /** Notification to the engine, EnoughParams: answer with the draft as soon as the current denoise step is done. */
  enough: 'palimpsest/enough',
  /** Notification from the engine, BegunEvent: it is the request's turn. Sent again where a request gave way to another one. */
  begun: 'palimpsest/begun',
  /** Notification from the engine, ScoringEvent. */
  scoring: 'palimpsest/scoring',
  /** Notification from the engine, ReadingEvent. */
  reading: 'palimpsest/reading',
  /** Notification from the engine, DenoiseStepEvent. */
  denoiseStep: 'palimpsest/denoiseStep',
  /** Notification from the engine, SpeedEvent: before the answer of a request after which a model is faster or slower than was said. */
  speed: 'palimpsest/speed',
  /** Notification from the engine, LoadProgress. */
  loadProgress: 'palimpsest/loadProgress',
} as const;

export interface InitialiseParams {
  /** PROTOCOL_VERSION of the client; another one is refused with `protocol-violation`. */
  readonly protocolVersion: number;
  /** The engine ends when this process is gone. */
  readonly parentPid: number;
  /** Absolute path of the folder for quantised weights and for what was found out about execution providers. */
  readonly cacheFolder: string;
}
export interface InitialiseResult {
  readonly protocolVersion: number;
  readonly engineVersion: string;
  readonly pid: number;
}

export interface StatusResult {
  readonly models: readonly ModelDescription[];
  /** Requests that run now; a model runs one at a time. */
  readonly running: number;
  /** Requests that wait for their turn. */
  readonly queued: number;
  /** Bytes, of the engine process. */
  readonly residentMemory: number;
  readonly uptimeMillis: number;
}

/** Of `enough`. Unknown and answered requests are ignored. */
export interface EnoughParams {
  readonly requestId: number;
}

/** `data` of a JSON-RPC error. The JSON-RPC code itself is always ERROR_RPC_CODE. */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly data: Readonly<Record<string, unknown>>;
}
export const ERROR_RPC_CODE = -32050;
