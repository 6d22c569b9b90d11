// What `vscode.extensions.getExtension('palimpsest.palimpsest').activate()` gives to other extensions. This file stands by
// itself: copy it into an extension that uses it. docs/api.md has examples.
import type { CancellationToken, Uri } from 'vscode';

export interface PalimpsestApi {
  /** Of the extension. */
  readonly version: string;
  /** Grows when something changes that a caller would notice. */
  readonly apiVersion: 1;

  /**
   * Denoises spans of a text, all of them jointly where the model can, and gives back candidates. Nothing is edited and
   * nothing is shown. Starts the engine where it does not run.
   *
   * Rejects with an `Error` that has a `code`: `invalid-request` (what is wrong with it is in the message), `excluded` (the
   * text holds secrets, is ignored by git or hidden), `cancelled`, or one of the engine's own (`engine-not-started`,
   * `context-too-long`, …).
   */
  infill(request: InfillRequest, token?: CancellationToken): Promise<InfillAnswer>;

  /** How surprised the model is by each token of a text. Rejects as `infill` does. */
  score(request: ScoreRequest, token?: CancellationToken): Promise<ScoreAnswer>;
}

/** UTF-16 offsets into the text; `end` is exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** One of `uri` and `text` at least. */
export interface TextRequest {
  /**
   * Where the text stands. Without `text` it is the text of this document, unsaved changes included. Whether it may be read
   * is decided by it.
   */
  readonly uri?: Uri;
  readonly text?: string;
  /** VS Code's language id; the document's own where it is left out. */
  readonly language?: string;
}

export interface InfillRequest extends TextRequest {
  /** Apart from each other. An empty one is a place where text is put in. */
  readonly spans: readonly (Range & {
    /** Pieces of the span that stay as they are. */
    readonly locked?: readonly Range[];
  })[];
  /** 1 to 8; 1 where it is left out. */
  readonly candidates?: number;
  /** The same seed, model and execution provider give the same answer, as long as the files of the workspace are the same. */
  readonly seed?: number;
  /** How much of the spans is masked, above 0 up to 1: the least likely tokens first. 1 where it is left out. */
  readonly strength?: number;
  /** Most tokens of each span's answer. */
  readonly maxTokens?: number;
  /** 0 to 1: candidates of less confidence are left out. */
  readonly gate?: number;
}

export interface InfillAnswer {
  /** Name of the model. */
  readonly model: string;
  /** The execution provider that really ran: `cpu`, `cuda`, `dml`, `coreml` or `webgpu`. */
  readonly provider: string;
  readonly millis: number;
  /** Best first; none where the model came to no answer. */
  readonly candidates: readonly Candidate[];
}

export interface Candidate {
  /** Mean natural-logarithm probability per token. */
  readonly score: number;
  /** Probability, 0 to 1, that it is right to the letter. */
  readonly confidence?: number;
  /** What the editor's own reviews say of it. They show what is `poor` only to those who ask. */
  readonly quality?: Quality;
  /** What takes the place of which range, in the order of the request. */
  readonly spans: readonly (Range & { readonly text: string })[];
  /** The whole text with it. */
  readonly text: string;
}

export interface Quality {
  readonly mark: 'likely' | 'unsure' | 'poor';
  /** Gravest first; other reasons may be added. */
  readonly reasons: readonly (
    | 'does-not-parse'
    | 'declares-again'
    | 'leaves-block'
    | 'removes-used'
    | 'renames'
    | 'no-return'
    | 'never-reached'
    | 'no-effect'
    | 'never-read'
    | 'out-of-scope'
    | 'not-parsed'
    | 'unfinished'
    | 'loops'
    | 'deletes'
    | 'unbalanced'
    | 'repeats'
    | 'shortens'
    | 'duplicate'
    | 'unknown-names'
    | 'improbable'
  )[];
  /** Nothing was fitted to the model, or not to how it was asked: how often an answer without flaws is right is not known. */
  readonly isUnfitted?: true;
  /** 0 to 1: how likely it is right to the letter, where something was fitted to the model. */
  readonly confidence?: number;
}

export interface ScoreRequest extends TextRequest {
  /** Part of the text that is scored; all of it where it is left out. */
  readonly range?: Range;
}

export interface ScoreAnswer {
  readonly model: string;
  /** Whether both sides of a token were seen, or only what stands before it. */
  readonly method: 'masked' | 'causal';
  readonly millis: number;
  readonly tokens: readonly ScoredToken[];
}

export interface ScoredToken extends Range {
  readonly text: string;
  /** −ln p(token | what the model sees), nats. */
  readonly surprise: number;
  /** The most likely other tokens. */
  readonly alternatives: readonly { readonly text: string; readonly probability: number }[];
}
