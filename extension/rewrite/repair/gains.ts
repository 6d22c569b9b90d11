// By how much a line has to become likelier to be taken for mended (docs/decisions/repair-first.md). Pure.
import { WORD_GAIN } from './likelierWords';
import { SLIP_GAIN } from './slips';

/** Nats. Without `word`, no other words are tried. */
export interface Gains {
  readonly slip: number;
  readonly word?: number;
}

export const LINE_GAINS: Gains = { slip: SLIP_GAIN, word: WORD_GAIN };
/** Of several lines, more is selected than what may be wrong. */
export const LINES_GAINS: Gains = { slip: 3, word: 15 };
/** Of a name whose end is missing, no other word is what is meant. */
export const CUT_GAINS: Gains = { slip: SLIP_GAIN };
/** A language server tells whether it helps. */
export const CHECKED_GAINS: Gains = { slip: 1, word: 1 };
