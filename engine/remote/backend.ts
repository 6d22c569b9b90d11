// What the servers of others have in common: a hole with its surroundings goes in, text comes out. How each is asked is in
// backends/; everything before and behind that is the same for all (generatedModel.ts).
import type { Priority, ServerGap } from '../protocol';
import type { Reach, Sides } from './holes';

export interface FillRequest extends Sides {
  /** VS Code's language id. */
  readonly language?: string | undefined;
  /** Name of the file without its folders: where a person keeps things is nobody's business. */
  readonly fileName?: string | undefined;
  readonly instruction?: string | undefined;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP?: number | undefined;
  readonly seed: number;
  /** Counts from 0. */
  readonly candidate: number;
}

export interface FillContext {
  readonly signal: AbortSignal;
  readonly priority: Priority;
  /** Called with the pieces so far as they come; they begin again where a request is repeated. */
  readonly onPieces?: ((pieces: readonly FilledPiece[]) => void) | undefined;
}

/** A token, or as much as comes at once. */
export interface FilledPiece {
  readonly text: string;
  /** Natural logarithms of the probabilities of its tokens; empty: the server gives none. */
  readonly logProbs: readonly number[];
}

export interface Filled {
  readonly pieces: readonly FilledPiece[];
  /** It ran into the bound on its length: its end is no end. */
  readonly isCut: boolean;
}

export interface BackendFacts {
  /** The server's own name of the model, for people. */
  readonly model: string;
  readonly title: string;
  /** Tokens; absent: not known. */
  readonly contextLength?: number;
  readonly takesInstruction: boolean;
  readonly gaps: readonly ServerGap[];
  readonly remarks: readonly string[];
}

export interface Backend {
  readonly facts: BackendFacts;
  /** How much of the text around a hole is sent. */
  readonly reach: Reach;
  /** It continues a text, and seldom knows where the hole ends. */
  readonly runsOn?: boolean;
  /** What of an answer is code, where the model may write more; undefined: nothing is. `isDraft`: somebody took what was there so far. */
  readonly codeOf?: (answer: string, request: FillRequest, isDraft: boolean) => string | undefined;
  /** Rejects with EngineError. */
  fill(request: FillRequest, context: FillContext): Promise<Filled>;
}

/** What no server of others can: there is no public protocol for it. */
export const COMMON_GAPS: readonly ServerGap[] = ['scores', 'steps', 'strength', 'jointly'];

/** What models that fill in the middle see: about two thousand tokens, as much as such servers take by default. */
export const FIM_REACH: Reach = { before: 6000, after: 2000 };
