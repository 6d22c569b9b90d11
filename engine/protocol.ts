// Every request, notification and error that crosses the border between the editor and the engine process.
// Plain data only: no import from the rest of the engine but types that are plain data themselves.
import type { RuleName } from './checkpoint/family';
import type { ErrorCode } from './errors';
import type { Precision } from './graph/types';

export const PROTOCOL_VERSION = 1;

export const METHODS = {
  initialise: 'palimpsest/initialise',
  loadModel: 'palimpsest/loadModel',
  unloadModel: 'palimpsest/unloadModel',
  describeModel: 'palimpsest/describeModel',
  infill: 'palimpsest/infill',
  score: 'palimpsest/score',
  status: 'palimpsest/status',
  shutdown: 'palimpsest/shutdown',
  /** Notification to the engine: give up a request by its `requestId`. */
  cancel: 'palimpsest/cancel',
  /** Notification to the engine: answer a request with its draft, once the denoise step that runs is done. */
  enough: 'palimpsest/enough',
  /** Notifications from the engine. */
  denoiseStep: 'palimpsest/denoiseStep',
  loadProgress: 'palimpsest/loadProgress',
} as const;

export const PROVIDERS = ['auto', 'cuda', 'dml', 'coreml', 'webgpu', 'cpu'] as const;
export type ProviderChoice = (typeof PROVIDERS)[number];
export type ProviderName = Exclude<ProviderChoice, 'auto'>;

export interface InitialiseParams {
  readonly protocolVersion: number;
  /** The engine ends when this process is gone. */
  readonly parentPid: number;
  /** Folder for quantised files. */
  readonly cacheFolder: string;
}
export interface InitialiseResult {
  readonly protocolVersion: number;
  readonly engineVersion: string;
  readonly pid: number;
}

export interface LoadModelParams {
  readonly folder: string;
  readonly provider?: ProviderChoice;
  readonly precision?: Precision | 'auto';
}
export interface LoadProgress {
  readonly folder: string;
  readonly stage: 'opening' | 'probing' | 'quantising' | 'session';
  /** 0…1 where it is known. */
  readonly fraction?: number;
}
/** What really runs, and why. */
export interface ModelDescription {
  readonly folder: string;
  readonly name: string;
  readonly family: string;
  readonly familyTitle: string;
  readonly parameters: number;
  readonly contextLength: number;
  readonly provider: ProviderName;
  /** Why this provider: what was tried before it and what it said. */
  readonly providerReason: string;
  readonly attention: 'plain' | 'fused';
  readonly precision: Precision;
  readonly storedPrecision: string;
  /** Whether `instruction` means anything to it. */
  readonly takesInstruction: boolean;
  readonly remarks: readonly string[];
}

/** Of `unloadModel` (which gives null, also for a model that is not loaded) and `describeModel`. */
export interface ModelParams {
  /** The folder that was loaded. */
  readonly model: string;
}

/** UTF-16 offsets into `text`; `end` is exclusive. */
export interface SpanParams {
  readonly start: number;
  readonly end: number;
  readonly locked?: readonly { readonly start: number; readonly end: number }[];
}

/** Whether what stands elsewhere in the text is copied: not, mixed into the model's predictions, or without the model. */
export const COPYING = ['off', 'mixed', 'alone'] as const;
export type CopyingChoice = (typeof COPYING)[number];

export type Priority = 'rewrite' | 'ghost' | 'background';

export interface InfillOptions {
  readonly seed?: number;
  readonly rule?: RuleName;
  readonly temperature?: number;
  readonly topP?: number;
  /** The rule's bound: least confidence (`threshold`), f (`factor`), nats (`entropy-bounded`). */
  readonly threshold?: number;
  /** Bound on denoise steps. */
  readonly steps?: number;
  readonly candidates?: number;
  /** 0…1: what fraction of each span is masked, the least likely tokens first. 1 masks all. */
  readonly strength?: number;
  /** Most tokens that the answer of a span may have. */
  readonly maxTokens?: number;
  /** `exact` re-encodes the whole window each step; `dual` reuses its K/V and refreshes now and then. */
  readonly cache?: 'dual' | 'exact';
  /** Absent: `mixed` for models that it was fitted to (the starter model), else `off` (docs/copying.md). */
  readonly copying?: CopyingChoice;
  /** 0…1: candidates whose `confidence` is below it are left out. */
  readonly gate?: number;
  /** What is wanted, in a person's words; an error for models that take none (`takesInstruction`). */
  readonly instruction?: string;
}

export interface InfillParams extends InfillOptions {
  /** The client's own number, unique among its unanswered requests (those of `score` included). */
  readonly requestId: number;
  /** The folder that was loaded. */
  readonly model: string;
  /** Requests of one document supersede each other within a priority; absent: they do not. */
  readonly document?: string;
  readonly priority: Priority;
  readonly text: string;
  /** VS Code's language id. */
  readonly language?: string;
  readonly fileName?: string;
  readonly spans: readonly SpanParams[];
  /** Texts of other open files, nearest (most recently seen) first: read by copying alone, never by the model. */
  readonly openTexts?: readonly string[];
  /** Send a `denoiseStep` notification for each step. */
  readonly events?: boolean;
}

export interface Position {
  /** Counts from 1. */
  readonly line: number;
  /** Counts from 1, in UTF-16 units. */
  readonly column: number;
}
export interface SpanRange {
  readonly start: Position;
  /** Exclusive. */
  readonly end: Position;
}
export interface CandidateSpan {
  /** Where the text goes, in the text that was sent. */
  readonly range: SpanRange;
  /** The same in UTF-16 offsets. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}
export interface Candidate {
  /** Mean natural-logarithm probability per token; higher is better. */
  readonly score: number;
  /**
   * Probability that the candidate is right to the letter, 0…1: calibrated for models that it was fitted to (the
   * starter model), for others the geometric mean of the tokens' probabilities.
   */
  readonly confidence?: number;
  readonly spans: readonly CandidateSpan[];
}
/** What `palimpsest infill --json` prints, too. */
export interface InfillResult {
  readonly model: string;
  readonly family: string;
  readonly provider: ProviderName;
  readonly precision: Precision;
  readonly forwards: number;
  readonly tokens: number;
  readonly tokensPerForward: number;
  readonly millis: number;
  /** Best first; none where the model came to no answer. */
  readonly candidates: readonly Candidate[];
}

/** One cell of the canvas as it is shown: text, not token ids. */
export interface CellEvent {
  readonly text: string;
  readonly state: 'masked' | 'draft' | 'committed' | 'locked';
  readonly confidence: number;
}
/**
 * `cells` is the whole span as it stands. When the reader is slow, steps are left out, never the last of a span and
 * candidate; `committed` and `remasked` tell of their own step alone.
 */
export interface DenoiseStepEvent {
  readonly requestId: number;
  readonly step: number;
  /** Index of the span in the request. */
  readonly span: number;
  readonly candidate: number;
  readonly cells: readonly CellEvent[];
  readonly committed: readonly number[];
  readonly remasked: readonly number[];
}

export interface ScoreParams {
  readonly requestId: number;
  readonly model: string;
  readonly text: string;
  readonly language?: string;
  readonly fileName?: string;
  /** Part of the text that is scored; absent: all of it. */
  readonly range?: { readonly start: number; readonly end: number };
  readonly priority: Priority;
}
export interface ScoredToken {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** −ln p(token | everything else the model sees), nats. */
  readonly surprise: number;
  /** Best other tokens with their probabilities. */
  readonly alternatives: readonly { readonly text: string; readonly probability: number }[];
}
export interface ScoreResult {
  readonly model: string;
  /** Whether both sides were seen (`masked`) or the left one only (`causal`). */
  readonly method: 'masked' | 'causal';
  readonly forwards: number;
  readonly millis: number;
  readonly tokens: readonly ScoredToken[];
}

export interface StatusResult {
  readonly models: readonly ModelDescription[];
  readonly running: number;
  readonly queued: number;
  /** Bytes. */
  readonly residentMemory: number;
  readonly uptimeMillis: number;
}

/** Of `cancel` and `enough`. */
export interface CancelParams {
  readonly requestId: number;
}

/** `data` of a JSON-RPC error. The JSON-RPC code itself is always ERROR_RPC_CODE. */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly data: Readonly<Record<string, unknown>>;
}
export const ERROR_RPC_CODE = -32050;
