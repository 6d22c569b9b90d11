// What a denoiser is asked, seen as runs of masks between texts, and its predictions with the copies mixed in. The same
// for both kinds of denoisers, so that the loops know nothing of copying.
import type { MixtureWeight } from '../calibration/mixtureWeight';
import type { TextTokenizer } from '../checkpoint/types';
import { FORBIDDEN } from '../decoding/biasRows';
import type { Ask, Lane, Prediction } from '../denoiser';
import { type CellCopy, mixPrediction } from './mixture';
import type { CopyPrior, Run } from './prior';

export interface Copying {
  readonly prior: CopyPrior;
  readonly weight: MixtureWeight;
  readonly tokenizer: Pick<TextTokenizer, 'decode'>;
  readonly maskId: number;
  /** The model is not asked at all. */
  readonly alone: boolean;
}

/** What stands around a lane's tokens, outside of them. */
export interface Around {
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** Where the lane's own tokens begin (what is left of it is in `before` already). */
  readonly from: number;
  /** Whether what follows the last token is not known yet: the hole may go on there. */
  readonly goesOn: boolean;
  /** Characters of both sides that the hole's first token begins with and its last one ends with; absent: none. */
  readonly head?: string;
  readonly tail?: string;
}

/** Of what was found: what is said by less is not read ahead. */
const LEAST_SHARE = 0.5;

/** Tokens on either side that are looked at. */
export const SIDE_TOKENS = 96;

/** By ask: what copying says of its cell. Committed cells get nothing: their doubts are the model's. */
export function copiesFor(lane: Lane, around: Around, copying: Copying): (CellCopy | undefined)[] {
  const copies: (CellCopy | undefined)[] = lane.asks.map(() => undefined);
  for (const run of runsOf(lane, copying.maskId)) {
    const end = run.at + run.asks.length;
    const isOpen = copying.prior.end !== undefined && isLast(lane, end, around, copying.maskId);
    const biasOf = (cell: number): Ask | undefined => lane.asks[run.asks[cell] ?? -1];
    const allows = (cell: number, token: number): boolean => {
      const bias = biasOf(cell)?.bias;
      return bias === undefined || (bias[token] ?? FORBIDDEN) > FORBIDDEN / 2;
    };
    const mayBeEmpty = isOpen && copying.prior.end !== undefined && allows(0, copying.prior.end);
    // Where the hole may end, its tail is spelled already.
    const sides = sidesOf(lane, run.at, end, mayBeEmpty ? { ...around, tail: '' } : around, copying);
    const cells = copying.prior.cells({ ...sides, cells: run.asks.length, isOpen, mayBeEmpty }, allows);
    for (const [i, ask] of run.asks.entries()) copies[ask] = cells[i];
  }
  return copies;
}

/** The lane with the copied tokens as targets, so that the model gives its own probability of them. */
export function withTargets(lane: Lane, copies: readonly (CellCopy | undefined)[]): Lane {
  const asks = lane.asks.map((ask, i) => {
    const copy = copies[i];
    const target = ask.target ?? copy?.tokens[0]?.token;
    if (target === undefined) return ask;
    const isLikely = ask.target === undefined && target === copy?.likeliest;
    const ahead = isLikely && (copy.tokens[0]?.share ?? 0) >= LEAST_SHARE ? copy.onward : undefined;
    return { ...ask, target, ...(ahead === undefined ? {} : { ahead }) };
  });
  return { ...lane, asks };
}

export function mixLane(
  lane: Lane,
  copies: readonly (CellCopy | undefined)[],
  predictions: readonly Prediction[],
  weight: MixtureWeight,
): Prediction[] {
  return predictions.map((prediction, i) => {
    const copy = copies[i];
    return copy && lane.asks[i]?.target === undefined
      ? mixPrediction(prediction, copy, weight, prediction.targetLogProb)
      : prediction;
  });
}

/** What copying alone predicts; where nothing is found, an end that nobody is sure of. */
export function predictAlone(lane: Lane, copies: readonly (CellCopy | undefined)[], end: number | undefined) {
  return lane.asks.map((_, i): Prediction => {
    const tokens = copies[i]?.tokens ?? (end === undefined ? [] : [{ token: end, share: NOTHING_FOUND }]);
    return {
      ids: Int32Array.from(tokens, ({ token }) => token),
      logProbs: Float32Array.from(tokens, ({ share }) => Math.log(share)),
      entropy: entropyAlone(tokens.map(({ share }) => share)),
      targetLogProb: 0,
    };
  });
}
const NOTHING_FOUND = 1e-4;
/** What is not found could be anything: some thousand tokens. */
const REST = 8192;

function entropyAlone(shares: readonly number[]): number {
  const rest = Math.max(0, 1 - shares.reduce((sum, share) => sum + share, 0));
  const known = shares.reduce((sum, share) => sum - (share > 0 ? share * Math.log(share) : 0), 0);
  return known - (rest > 0 ? rest * Math.log(rest / REST) : 0);
}

interface MaskRun {
  readonly at: number;
  /** Indices of the lane's asks, one a cell. */
  readonly asks: readonly number[];
}

/** Masked cells side by side. */
function runsOf({ tokens, asks }: Lane, maskId: number): MaskRun[] {
  const masked = asks
    .map(({ position, target }, ask) => ({ position, ask, target }))
    .filter(({ position, target }) => target === undefined && tokens[position] === maskId)
    .sort((a, b) => a.position - b.position);
  const runs: { at: number; asks: number[] }[] = [];
  for (const { position, ask } of masked) {
    const last = runs.at(-1);
    if (last && last.at + last.asks.length === position) last.asks.push(ask);
    else runs.push({ at: position, asks: [ask] });
  }
  return runs;
}

/** Whether the run that ends at `end` decides about the hole's length; in place each one does where masks may be deleted. */
function isLast({ tokens }: Lane, end: number, { goesOn }: Around, maskId: number): boolean {
  return !goesOn || end >= tokens.length || tokens[end] === maskId;
}

/** The text on both sides of a run, and what of it the run's own tokens bring. */
function sidesOf(
  lane: Lane,
  at: number,
  end: number,
  around: Around,
  { tokenizer, maskId }: Copying,
): Pick<Run, 'left' | 'right' | 'head' | 'tail'> {
  const after = rightOf(lane, end, around, maskId);
  const head = at === around.from ? (around.head ?? '') : '';
  const tail = after.isOutside ? (around.tail ?? '') : '';
  return {
    left: tokenizer.decode(leftOf(lane, at, around, maskId)) + head,
    right: tail + tokenizer.decode(after.ids),
    head,
    tail,
  };
}

/** Tokens to the left as far as they are known without a gap. */
function leftOf({ tokens }: Lane, at: number, { before, from }: Around, maskId: number): number[] {
  const own = [...tokens.subarray(Math.max(from, at - SIDE_TOKENS), at)];
  const gap = own.lastIndexOf(maskId);
  if (gap >= 0) return own.slice(gap + 1);
  return [...before.slice(-SIDE_TOKENS), ...own].slice(-SIDE_TOKENS);
}

function rightOf(
  { tokens }: Lane,
  end: number,
  { after, goesOn }: Around,
  maskId: number,
): { readonly ids: readonly number[]; readonly isOutside: boolean } {
  const own = [...tokens.subarray(end, end + SIDE_TOKENS)];
  const gap = own.indexOf(maskId);
  const isWhole = gap < 0 || (goesOn && own.every((token) => token === maskId));
  if (!isWhole) return { ids: own.slice(0, gap), isOutside: false };
  const known = own.filter((token) => token !== maskId);
  return { ids: [...known, ...after].slice(0, SIDE_TOKENS), isOutside: known.length === 0 };
}
