// What is known of a token that stands there already, and who listens while that is found out.
import type { Prediction } from '../denoiser';

export interface TokenScore {
  /** −ln p of the token, or that nothing more comes, nats. */
  readonly surprise: number;
  /** The model's best tokens with their log-probabilities, best first. */
  readonly best: Prediction;
}

/** Told behind each pass, by who scores several texts also before the first one: the share that is scored, 0…1. */
export type OnPass = (done: number) => void;

/** Which tokens of a laid-out canvas. */
export interface Scored {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** In the order in which a hole in their place is filled: what stands behind them is read before them. Only where `readsFim`. */
  readonly inFim: boolean;
  /** Whether a score of the end comes behind those of the tokens. Only with `inFim`. */
  readonly withEnd?: boolean;
}

export interface Listening {
  readonly signal?: AbortSignal;
  readonly onPass?: OnPass;
  /** Most tokens of context that one pass reads. */
  readonly run: number;
}
