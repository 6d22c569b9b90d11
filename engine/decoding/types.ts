// What a listener sees of a denoise loop.

/** One denoise step, as it is shown: what changed and what stands now. */
export interface DenoiseStep {
  readonly lane: number;
  /** Index of the hole in text order. */
  readonly hole: number;
  /** Counts from 1 over the whole request. */
  readonly step: number;
  /** Cells of the hole after the step; `token` is the mask id where nothing is committed. */
  readonly cells: readonly CellView[];
  /** Indices into `cells` written in this step. */
  readonly committed: readonly number[];
  /** Indices into `cells` taken back in this step. */
  readonly remasked: readonly number[];
}
export interface CellView {
  readonly token: number;
  readonly state: 'masked' | 'draft' | 'committed' | 'locked';
  /** Probability of the token, 0…1; for a masked cell that of its best guess. */
  readonly confidence: number;
  /** Best guess at a masked cell. */
  readonly guess?: number;
}
