// Every request, notification and error that crosses the border between the editor and the engine process.
// Plain data only: no import from the rest of the engine but types that are plain data themselves.
import type { RuleName } from './checkpoint/family';
import type { ErrorCode } from './errors';
import type { Precision } from './graph/types';

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
  /** InfillParams → InfillResult. `$/cancelRequest` gives it up between two steps. Sends `denoiseStep` if `events` is set. */
  infill: 'palimpsest/infill',
  /** InfillParams → Estimate: how long such a request would take. Answered at once, between two passes of what runs. */
  estimate: 'palimpsest/estimate',
  /** ScoreParams → ScoreResult. `$/cancelRequest` gives it up between two passes. */
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
  /** Notification from the engine, DenoiseStepEvent. */
  denoiseStep: 'palimpsest/denoiseStep',
  /** Notification from the engine, LoadProgress. */
  loadProgress: 'palimpsest/loadProgress',
} as const;

/** `auto` takes the fastest that computes correctly (docs/engine.md, "What really runs"). */
export const PROVIDERS = ['auto', 'cuda', 'dml', 'coreml', 'webgpu', 'cpu'] as const;
export type ProviderChoice = (typeof PROVIDERS)[number];
export type ProviderName = Exclude<ProviderChoice, 'auto'>;

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

/**
 * 0…1: the gate of models that bring none. Their confidence is the geometric mean of the tokens' probabilities, which nobody
 * fitted: below 0.3 the model itself finds most of its tokens unlikely.
 */
export const DEFAULT_GATE = 0.3;

export interface LoadModelParams {
  /**
   * Absolute path of a Hugging Face checkpoint folder or a GGUF file, or the name of an installed model (docs/models.md). It is
   * the model's name in every other request.
   */
  readonly folder: string;
  /** Default `auto`. Any other is used or is the error `provider-unavailable`; there is no fallback. */
  readonly provider?: ProviderChoice;
  /** Of the weights. Default `auto`: by the provider, the processor and the model's size. */
  readonly precision?: Precision | 'auto';
  /** Where given, this server answers in place of a model of this machine; `folder` is then any name for it. */
  readonly server?: ServerParams;
}

/** Servers that can answer in place of a model of this machine, by the protocol that they speak (docs/remote.md). */
export const SERVER_KINDS = [
  'palimpsest',
  'llama-server',
  'openai-completions',
  'openai-chat',
  'mercury',
] as const;
export type ServerKind = (typeof SERVER_KINDS)[number];

export interface ServerParams {
  readonly kind: ServerKind;
  /** Base URL, http or https, without user name and query. One without a path gets the protocol's own, `/v1` for instance. */
  readonly url: string;
  /** The server's name of the model. Default: the only one that it has. */
  readonly model?: string;
  /** Sent as a bearer token, to this URL's origin alone. Default: none. */
  readonly key?: string;
  /** A person knows that the connection to another machine is not encrypted. Default false: that is `server-not-allowed`. */
  readonly allowsUnencrypted?: boolean;
}

/**
 * What a server cannot do that the engine can: give `scores` (and with them find suspicious tokens), show denoise `steps`, keep
 * the likeliest tokens of a span (`strength`), fill several spans `jointly`, see the code `behind` a span.
 */
export type ServerGap = 'scores' | 'steps' | 'strength' | 'jointly' | 'behind';

/** Of a model that runs on a server. */
interface ServerFacts {
  readonly kind: ServerKind;
  /** Host, and the port where it is not the scheme's own. */
  readonly host: string;
  readonly gaps: readonly ServerGap[];
}
export interface LoadProgress {
  /** As it was given. */
  readonly folder: string;
  readonly stage: 'opening' | 'probing' | 'quantising' | 'session';
  /** 0…1 where it is known. */
  readonly fraction?: number;
}
/** What really runs, and why. */
export interface ModelDescription {
  readonly folder: string;
  /** For people: the folder's name, or the repository's where it is a snapshot in the Hugging Face cache. */
  readonly name: string;
  /** Short name of the family, for instance `dreamon`. */
  readonly family: string;
  /** For people, for instance `DreamOn`. */
  readonly familyTitle: string;
  /** A tied head counts once. 0: not known. */
  readonly parameters: number;
  /** Tokens. 0: not known. */
  readonly contextLength: number;
  /** `server`: whichever the server uses. */
  readonly provider: ProviderName | 'server';
  /** Why this provider: what was tried before it and what it said. */
  readonly providerReason: string;
  /** Sentences for people: what there is to do so that a GPU is used. Absent where one is, or where the provider was chosen. */
  readonly advice?: readonly string[];
  /** How the graph computes attention: by single operators, or by the provider's fused one. Absent: not known. */
  readonly attention?: 'plain' | 'fused';
  /** Of the weights as they run. */
  readonly precision: Precision | 'unknown';
  /** Of the weights as they are stored. */
  readonly storedPrecision: string;
  /** Bytes, estimated: what the weights take in memory, and what a request takes on top at most. */
  readonly memory?: { readonly weights: number; readonly request: number };
  /** Milliseconds that its longest pass takes here, for one candidate; absent: not known. */
  readonly passMillis?: number;
  /** Whether denoising a few lines is a long wait on this machine: several candidates at once would be a longer one. */
  readonly isSlow?: boolean;
  /**
   * 0…1: the confidence from which on an answer that nobody asked for is worth showing, where that was fitted to the model
   * (calibration.json). Without one `DEFAULT_GATE` counts.
   */
  readonly gate?: number;
  /**
   * Whether it copies where a request does not say (`copying`): without that, a memory is of no use to it. Absent: it does not.
   */
  readonly copies?: boolean;
  /** Whether `instruction` means anything to it. */
  readonly takesInstruction: boolean;
  /** Sentences for people about what is unusual but not wrong. */
  readonly remarks: readonly string[];
  /** Where it runs on a server: text of a request leaves this process. Absent: it runs here. */
  readonly server?: ServerFacts;
}

/** Of `unloadModel` (which gives null, also for a model that is not loaded) and `describeModel`. */
export interface ModelParams {
  /** The folder that was loaded. */
  readonly model: string;
}

/** UTF-16 offsets into `text`; `end` is exclusive. An empty span is a place where text is inserted. */
export interface SpanParams {
  readonly start: number;
  readonly end: number;
  /** Pieces of the span that stay as they are. */
  readonly locked?: readonly { readonly start: number; readonly end: number }[];
}

/** Whether text from elsewhere in the file is copied: not at all, mixed into the model's predictions, or without the model. */
export const COPYING = ['off', 'mixed', 'alone'] as const;
export type CopyingChoice = (typeof COPYING)[number];

/** In this order: a person waits for a rewrite, types on over ghost text, and does not see the background. */
export const PRIORITIES = ['rewrite', 'ghost', 'background'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** How the K/V of the canvas is kept while it is denoised in place. */
export const CACHES = ['dual', 'exact'] as const;
type CacheChoice = (typeof CACHES)[number];

/** How a span is filled. Every option may be left out; the ranges are what the engine accepts. */
export interface InfillOptions {
  /**
   * Seed of the random draws; a whole number from 0, default 0. The same seed, model, provider and precision give the same
   * answer. Candidate n has the seed + n. Without a temperature it changes nothing.
   */
  readonly seed?: number;
  /** Commit rule: which proposals of a denoise step are written (docs/decoding.md). Default: the family's. */
  readonly rule?: RuleName;
  /**
   * 0 to 100; 0 always takes the most likely token. Default: the family's; where there are several candidates, at least 0.4
   * for all but the first.
   */
  readonly temperature?: number;
  /** Nucleus sampling: draw from the most likely tokens that add up to this much. Above 0, up to 1. Default: the family's. */
  readonly topP?: number;
  /**
   * The rule's bound, 0 to 1000: least confidence (`threshold`), f (`factor`), or entropy in nats (`entropy-bounded`). Default:
   * the family's, else 0.9, 1, and 0.1. Other rules have none.
   */
  readonly threshold?: number;
  /** Most denoise steps, 1 to 100,000; shared out where a span has several blocks. Default: as many as there are masks. */
  readonly steps?: number;
  /** How many answers are made, 1 to 64, default 1. Equal ones come back as one. */
  readonly candidates?: number;
  /** Part of each span's tokens that is masked, the least likely first; 0 to 1, default 1: all. At least one is. */
  readonly strength?: number;
  /**
   * Most tokens in the answer of a span, 1 to 1,000,000. Default: 128, or half again as many as the span has, whichever is
   * more. The model's context can set a lower bound.
   */
  readonly maxTokens?: number;
  /**
   * For families that are denoised in place. `exact` encodes the whole window each step; `dual`, the default, reuses its K/V
   * and refreshes it every 16 steps.
   */
  readonly cache?: CacheChoice;
  /**
   * Whether a person waits for it. A model that is slow on this machine then takes in less of the canvas at once, denoises it
   * from left to right, and writes all tokens that are sure in one step. Default false: the same answer on every machine.
   */
  readonly interactive?: boolean;
  /** For families that are denoised in place: most tokens of the canvas in one pass, 64 to 1,000,000. Default: the family's window. */
  readonly window?: number;
  /**
   * Whether text from elsewhere in the same file, from `openTexts`, and from the `memory` is copied. Default: `mixed`, but `off`
   * for models that answer prompts and have no calibration.json (docs/copying.md).
   */
  readonly copying?: CopyingChoice;
  /** Candidates of less `confidence` are left out; 0 to 1, default 0: none. */
  readonly gate?: number;
  /**
   * What is wanted, in a person's words; up to 4000 characters, default none. The error `option-invalid` for models that take
   * none (`takesInstruction`).
   */
  readonly instruction?: string;
}

export interface InfillParams extends InfillOptions {
  /** The client's own number, unique among its unanswered requests (those of `score` included); a whole number from 0. */
  readonly requestId: number;
  /** The folder that was loaded. */
  readonly model: string;
  /** Up to 8192 characters. A request supersedes an older one of the same document and priority. Default: none does. */
  readonly document?: string;
  readonly priority: Priority;
  /** Up to 20,000,000 UTF-16 units. Only the window around the spans is read by the model; copying searches further. */
  readonly text: string;
  /** VS Code's language id. Default: none; the starter model reads it, prompts name it. */
  readonly language?: string;
  /** Up to 4096 characters. No family reads it yet. */
  readonly fileName?: string;
  /** 1 to 1024, apart from each other, in any order. */
  readonly spans: readonly SpanParams[];
  /**
   * Texts of other open files, most recently seen first: read by copying alone, never by the model. Up to 64, each of up to
   * 2,000,000 UTF-16 units. Default: none.
   */
  readonly openTexts?: readonly string[];
  /** What else may be copied from (docs/memory.md). Default: none. */
  readonly memory?: MemoryUse;
  /** Whether a `denoiseStep` notification is sent for each step. Default false. */
  readonly events?: boolean;
}

/** One file of a memory. */
export interface MemoryFile {
  /** Up to 4096 characters, unique in the memory, with forward slashes: `folder/src/a.ts`. A known one is replaced. */
  readonly path: string;
  readonly text: string;
  /** VS Code's language id. Default: not known. */
  readonly language?: string;
  /** Milliseconds since 1970. Where there is no room for all, older files go first. Default 0. */
  readonly modified?: number;
  /** Comes before `modified`: files of a higher rank go first. Default 0. */
  readonly rank?: number;
}

/** Files that copying may read beside the one that is edited. They stay in the engine's memory, and go with its process. */
export interface MemoryUpdateParams {
  /** Up to 4096 characters, the client's own name for it; a new one begins an empty memory. */
  readonly memory: string;
  /**
   * Up to 256, of up to 8,000,000 UTF-16 units in all. Reading a message takes the engine a few milliseconds for a million
   * units, so small ones leave it more responsive.
   */
  readonly files: readonly MemoryFile[];
  /** Up to 100,000 paths. Unknown ones are ignored. */
  readonly removed: readonly string[];
}

/** `no-room`: files of a lower rank, or newer ones, take all the room that there is. */
export type SkipReason = 'binary' | 'generated' | 'minified' | 'too-long' | 'no-room';

/** A memory as it is after an update. */
export interface MemoryFacts {
  readonly files: number;
  /** UTF-16 units of their texts. */
  readonly characters: number;
  /** Of texts and index together. */
  readonly bytes: number;
  /** Files of this update that were not taken in, and earlier ones that made room for it (`no-room`). */
  readonly skipped: readonly { readonly path: string; readonly reason: SkipReason }[];
}

export interface MemoryClearParams {
  readonly memory: string;
}

/** The memory that a request copies from. */
export interface MemoryUse {
  /** As in MemoryUpdateParams. One that is not known is empty. */
  readonly id: string;
  /** Path of the text that is sent: this file of the memory is left out, and files near it go before others. */
  readonly path?: string;
  /** Up to 256 paths whose files go before all others, nearest first: what the text imports, what was edited recently. */
  readonly near?: readonly string[];
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
/** Where a text stands that an answer copies. */
export interface CopySource {
  /** As the memory was given it; absent: the text that was sent. */
  readonly path?: string;
  /** Counts from 1. */
  readonly line: number;
}
export interface CandidateSpan {
  /** Where the text goes, in the text that was sent. */
  readonly range: SpanRange;
  /** The same in UTF-16 offsets. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /**
   * Where the text is copied from, letter by letter or with other names: the place that weighed most. Absent where it stands
   * nowhere else, and where it stands in one of the `openTexts`.
   */
  readonly source?: CopySource;
}
/**
 * What is wrong with a candidate as its text tells: an answer to an instruction breaks off before its end (`unfinished`); it
 * writes the same over and over (`loops`) or three times in a row (`repeats`); most of what stood there is gone (`deletes`),
 * or half of it (`shortens`); brackets or quotes lose their partners; a third of its names stand nowhere else in the text; its
 * confidence is low.
 */
export type Flaw =
  | 'unfinished'
  | 'loops'
  | 'deletes'
  | 'unbalanced'
  | 'repeats'
  | 'shortens'
  | 'unknown-names'
  | 'improbable';

export interface Candidate {
  /** Mean natural-logarithm probability per token; higher is better. Locked tokens do not count. 0 from servers that give none. */
  readonly score: number;
  /**
   * Probability that the candidate is right to the letter, 0…1: calibrated for models with a calibration.json, for others
   * the geometric mean of the tokens' probabilities. Absent from servers that give none.
   */
  readonly confidence?: number;
  /** Gravest first; absent: not looked at. */
  readonly flaws?: readonly Flaw[];
  /** In the order of the request. */
  readonly spans: readonly CandidateSpan[];
}
/** What `palimpsest infill --json` prints, too. */
export interface InfillResult {
  readonly model: string;
  readonly family: string;
  readonly provider: ProviderName | 'server';
  readonly precision: Precision | 'unknown';
  /** Forward passes of the model, those that encode the context included; a batch counts once. */
  readonly forwards: number;
  /** Tokens that were filled in, over all candidates. */
  readonly tokens: number;
  readonly tokensPerForward: number;
  /** In the engine, without waiting for its turn. */
  readonly millis: number;
  /** Best first; none where the model came to no answer. */
  readonly candidates: readonly Candidate[];
}

/** Of a request that was not made. */
export interface Estimate {
  /** Tokens that it would begin with, over all spans. */
  readonly masks: number;
  /** Until its first denoise step and until its answer, without waiting for its turn; absent: the model's pace is not known yet. */
  readonly firstMillis?: number;
  readonly millis?: number;
}

/** One cell of the canvas as it is shown: text, not token ids. */
export interface CellEvent {
  /** Of its token; of a masked cell its best guess, where there is one. */
  readonly text: string;
  readonly state: 'masked' | 'draft' | 'committed' | 'locked';
  /** Probability of the token, 0…1; of a masked cell that of its best guess. */
  readonly confidence: number;
}
/**
 * `cells` is the whole span as it stands. When the reader is slow, steps are left out, never the last of a span and
 * candidate; `committed` and `remasked` tell of their own step alone.
 */
export interface DenoiseStepEvent {
  readonly requestId: number;
  /** Counts from 1 over the whole request. */
  readonly step: number;
  /** Index of the span in the request. */
  readonly span: number;
  /** Counts from 0. */
  readonly candidate: number;
  readonly cells: readonly CellEvent[];
  /** Indices into `cells` that were written in this step. */
  readonly committed: readonly number[];
  /** Indices into `cells` that were masked again in this step. */
  readonly remasked: readonly number[];
  /** Of the whole request, 0…1. */
  readonly fraction?: number;
  /** Until its answer, where that can be said. */
  readonly remainingMillis?: number;
}

export interface ScoreParams {
  /** As in InfillParams, and unique among those, too. */
  readonly requestId: number;
  /** The folder that was loaded. */
  readonly model: string;
  /** Up to 20,000,000 UTF-16 units. */
  readonly text: string;
  /** VS Code's language id. Default: none. */
  readonly language?: string;
  /** Up to 4096 characters. No family reads it yet. */
  readonly fileName?: string;
  /** Part of the text that is scored, UTF-16 offsets, the end exclusive. Default: all of it. */
  readonly range?: { readonly start: number; readonly end: number };
  readonly priority: Priority;
}
export interface ScoredToken {
  /** UTF-16 offsets into the text, the end exclusive. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** −ln p(token | everything else the model sees), nats. */
  readonly surprise: number;
  /** How surprised the model expects to be in this place, whatever stands there: the entropy of its prediction, nats. */
  readonly expected: number;
  /** Best other tokens with their probabilities, best first; up to 4. */
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
