// Which model runs, where, and what is known of it.
import type { Precision } from '../graph/types';

/** `auto` takes the fastest that computes correctly (docs/engine.md, "What really runs"). */
export const PROVIDERS = ['auto', 'cuda', 'dml', 'coreml', 'webgpu', 'cpu'] as const;
export type ProviderChoice = (typeof PROVIDERS)[number];
export type ProviderName = Exclude<ProviderChoice, 'auto'>;

/**
 * 0…1: the gate of models that bring none (docs/copying.md). Of those that fill in the middle from left to right it lets half of the
 * answers pass, with most of the right ones.
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
  /** Bytes of the weights that are loaded next, in one go: the engine says nothing until they are. Sent with `session`. */
  readonly weightBytes?: number;
}
/** Bytes. */
export interface MemoryEstimate {
  readonly weights: number;
  /** What the engine's process takes besides. Absent: not known, or the weights are on a GPU. */
  readonly process?: number;
  /** On top at most, by a request for one candidate that fills the model's window. */
  readonly request: number;
  /** The same of a request that is adapted to the pace of this machine (`interactive`); absent: it is no smaller. */
  readonly adapted?: number;
  /** What each window takes besides, where several share the engine: a process that passes on what is said. Absent: nothing. */
  readonly relay?: number;
}
/** By its newest passes. */
export interface ModelSpeed {
  /** Milliseconds that its longest pass takes here, for one candidate; absent: not known. */
  readonly passMillis?: number;
  /** Whether denoising a few lines is a long wait on this machine: several candidates at once would be a longer one. */
  readonly isSlow?: boolean;
}
/** A model is faster or slower than was said of it before. */
export interface SpeedEvent extends ModelSpeed {
  /** The `folder` of its description. */
  readonly model: string;
  readonly isSlow: boolean;
}
/** What really runs, and why; its speed is that of the moment. */
export interface ModelDescription extends ModelSpeed {
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
  /** Sentences for people: what there is to do so that a GPU is used, or that CUDA is an option. Absent where the provider was chosen. */
  readonly advice?: readonly string[];
  /** How the graph computes attention: by single operators, or by the provider's fused one. Absent: not known. */
  readonly attention?: 'plain' | 'fused';
  /** Of the weights as they run. */
  readonly precision: Precision | 'unknown';
  /** Of the weights as they are stored. */
  readonly storedPrecision: string;
  /** Estimated; absent: not known. */
  readonly memory?: MemoryEstimate;
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
  /** Whether it writes from left to right, token by token: between tokens that are kept it cannot choose a length. Absent: no. */
  readonly writesInOrder?: boolean;
  /** Requests that it works on at a time, each in memory of its own, whose denoise steps are joint passes. Absent: one. */
  readonly together?: number;
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
