// A model ready to work, as the process and the command see it. `loadModel` (engine/loadModel.ts) makes one of this machine,
// `connectServer` (engine/remote/) one that runs elsewhere.
import type { Checkpoint } from './checkpoint/types';
import type { CopyIndex } from './copying/sources';
import type {
  DenoiseStepEvent,
  Estimate,
  InfillParams,
  InfillResult,
  LoadModelParams,
  LoadProgress,
  ModelDescription,
  ScoreParams,
  ScoreResult,
} from './protocol';

export interface Model {
  /** With its speed as it is now. */
  readonly description: ModelDescription;
  /**
   * Rejects with EngineError; between denoise steps it looks at `signal`, after at least one turn of the event loop
   * (a forward pass gives one), so that a cancellation that has come in is seen.
   */
  infill(
    params: InfillParams,
    context?: {
      readonly signal?: AbortSignal;
      readonly onStep?: (event: DenoiseStepEvent) => void;
      /** As in `score`: where less than all of a span is masked, it is scored before the first step. */
      readonly onScored?: (done: number) => void;
      /** Behind each pass over what is around a span, where there are several: the share that is read, 0…1, and what `ReadingEvent` says. */
      readonly onRead?: (done: number, remainingMillis?: number) => void;
      /** Asked between denoise steps: true takes the draft as it is, every mask filled with its best guess. */
      readonly enough?: () => boolean;
      /** What can be copied from beside the request's own texts: `memory` of the params is for the caller to look up. */
      readonly index?: CopyIndex | undefined;
    },
  ): Promise<InfillResult>;
  /** How long such a request would take; nothing is computed for it. Throws or rejects with EngineError as `infill` does. */
  estimate(params: InfillParams): Estimate | Promise<Estimate>;
  score(
    params: ScoreParams,
    context?: {
      readonly signal?: AbortSignal;
      /** Behind each pass: the share that is scored, 0…1. */
      readonly onScored?: (done: number) => void;
    },
  ): Promise<ScoreResult>;
  dispose(): Promise<void>;
}

/** One whose weights are on this machine. */
export interface LoadedModel extends Model {
  readonly checkpoint: Checkpoint;
}

export interface LoadContext {
  readonly cacheFolder: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Most requests that it works on at a time. Default: 1 */
  readonly together?: number;
}

export type LoadModel = (params: LoadModelParams, context: LoadContext) => Promise<LoadedModel>;

/** Gives a model of this machine, or a server's. */
export type OpenModel = (params: LoadModelParams, context: LoadContext) => Promise<Model>;
