// What was fitted to one model on held-out code. It belongs to that model's weights and comes with them
// (calibration.json, file.ts); a model that nothing was fitted to has none.

/** By how copying takes part. `alone` never asks the model, so nothing is rescored and nothing chosen. */
export interface Calibration {
  /** λ of the mixture, in the order of MIXTURE_FEATURES (mixtureWeight.ts). */
  readonly mixture: readonly number[];
  /** Worth of a rescored answer, in the order of CHOICE_FEATURES (choice.ts). */
  readonly choice: Readonly<Record<'off' | 'mixed', readonly number[]>>;
  /** Confidence of a candidate, in the order of CONFIDENCE_FEATURES (confidence.ts). */
  readonly confidence: Readonly<Record<'off' | 'mixed' | 'alone', readonly number[]>>;
  /** 0…1: the part of several selected lines that an answer has at least, in tokens; 0: no bound. */
  readonly leastShare: number;
  /** 0…1: the minimum confidence of a suggestion that is shown without being requested. */
  readonly gate: number;
}
