// How likely a model finds tokens that stand there already: each is masked in turn, with its neighbours visible, so
// that no token can copy itself (pseudo-likelihood, as masked language models are scored). A model that writes token by token
// reads them as it would write them.
import type { Family } from '../checkpoint/family';
import type { Checkpoint } from '../checkpoint/types';
import type { BlockDenoiser, InPlaceDenoiser, Lane } from '../denoiser';
import { throwIfCancelled } from '../errors';
import type { CroppedDenoiser } from '../runtime/croppedDenoiser';
import { MOST_SURE } from '../runtime/foresight';
import type { Pace } from '../runtime/pace';
import type { Denoisers } from './denoisers';
import { holeContext } from './layout';
import { type Reach, UNBOUNDED } from './reach';
import { behind, inOrder, SUFFIX_TOKENS, scoreWritten, seesBothSides, WRITTEN_TOKENS } from './scoreWritten';
import type { Listening, OnPass, Scored, TokenScore } from './tokenScore';

/** Every n-th token is masked in one pass, so n passes score all. */
const STRIDE = 6;
/** Where somebody waits and the machine is slow: fewer neighbours are in sight, and fewer passes are made. */
const SLOW_STRIDE = 4;
/** Tokens of such a pass, around those that are scored. */
const SLOW_TOKENS = 384;

/** What scoring takes on a machine: so many passes over so many tokens. */
export function scoringReach({ tokens, isSlow }: Pick<Reach, 'tokens' | 'isSlow'>): {
  readonly passes: number;
  readonly tokens: number;
} {
  return isSlow ? { passes: SLOW_STRIDE, tokens: Math.min(tokens, SLOW_TOKENS) } : { passes: STRIDE, tokens };
}

/** Milliseconds to score once so many tokens that stand in a window of so many; undefined where the pace is not known. */
export function scoringMillis(
  pace: Pace,
  {
    family: { attention },
    reach,
    tokens,
    window,
  }: {
    readonly family: Pick<Family, 'attention'>;
    readonly reach: Pick<Reach, 'tokens' | 'run' | 'isSlow'>;
    readonly tokens: number;
    readonly window: number;
  },
): number | undefined {
  if (attention.kind === 'full') {
    const { passes, tokens: most } = scoringReach(reach);
    // A pass takes in all that it is asked about.
    const length = Math.min(window, Math.max(most, tokens));
    const pass = pace.millisOf({ length, past: 1, rows: Math.ceil(tokens / passes) });
    return pass && passes * pass;
  }
  // Token by token, what stands there is read ahead in one pass.
  const isWritten = attention.blockLength === 1;
  const [lanes, length] = isWritten ? [1, 1 + MOST_SURE] : [STRIDE, attention.blockLength];
  const blocks = Math.ceil(tokens / length);
  const block = pace.millisOf({ lanes, length, past: window, rows: length });
  const suffixes =
    attention.kind === 'cached-canvas' ? Math.ceil(tokens / (isWritten ? WRITTEN_TOKENS : length)) : 0;
  const suffix = pace.millisOf({ length: SUFFIX_TOKENS, past: window, rows: 0 });
  const run = Math.min(reach.run, window);
  const read = pace.millisOf({ length: run, past: window / 2, rows: 0 });
  if (block === undefined || suffix === undefined || read === undefined) return undefined;
  return blocks * block + suffixes * suffix + Math.ceil(window / run) * read;
}

/** Scores the tokens of one text, whichever way the family denoises. To be disposed of. */
export class TokenScorer {
  private inPlace: CroppedDenoiser | undefined;

  constructor(
    private readonly checkpoint: Checkpoint,
    private readonly denoisers: Denoisers,
    private readonly language: string | undefined,
    private readonly signal: AbortSignal | undefined,
    private readonly reach: Pick<Reach, 'tokens' | 'run' | 'isSlow'> = UNBOUNDED,
  ) {}

  /** Throws `cancelled` between passes. */
  score(tokens: Int32Array, place: Scored, onPass?: OnPass): Promise<TokenScore[]> {
    const { from, to } = place;
    const { checkpoint, denoisers, language } = this;
    const listening: Listening = {
      run: this.reach.run,
      ...(this.signal === undefined ? {} : { signal: this.signal }),
      ...(onPass === undefined ? {} : { onPass }),
    };
    if (!denoisers.areInPlace) {
      const denoiser = denoisers.blockwise();
      // Of a block of one, nothing is left for an end, nor for a neighbour.
      if (denoiser.blockLength === 1)
        return scoreWritten(denoiser, checkpoint, tokens, place, language, listening);
      return scoreBlocks(denoiser, checkpoint, tokens, from, to, language, listening);
    }
    const { passes, tokens: most } = scoringReach(this.reach);
    this.inPlace ??= denoisers.inPlace('exact', { ...UNBOUNDED, tokens: most });
    return scoreInPlace(
      this.inPlace,
      tokens,
      from,
      to,
      { mask: checkpoint.specials.mask, passes },
      listening,
    );
  }

  dispose(): void {
    this.inPlace?.dispose();
    this.inPlace = undefined;
    this.denoisers.close();
  }
}

/** Scores tokens `from` … `to` − 1 of a whole canvas. */
async function scoreInPlace(
  denoiser: InPlaceDenoiser,
  tokens: Int32Array,
  from: number,
  to: number,
  { mask, passes }: { readonly mask: number; readonly passes: number },
  { signal, onPass }: Listening,
): Promise<TokenScore[]> {
  const scores = new Array<TokenScore>(to - from);
  const all = Math.min(passes, to - from);
  for (let pass = 0; pass < all; pass++) {
    throwIfCancelled(signal);
    const masked = tokens.slice();
    const asks: { position: number; target: number }[] = [];
    for (let position = from + pass; position < to; position += passes) {
      asks.push({ position, target: tokens[position] ?? 0 });
      masked[position] = mask;
    }
    const [predictions = []] = await denoiser.predict([{ tokens: masked, asks }], {
      temperature: 0,
      ...(signal ? { signal } : {}),
    });
    asks.forEach((ask, index) => {
      const best = predictions[index];
      if (best) scores[ask.position - from] = { surprise: -best.targetLogProb, best };
    });
    onPass?.((pass + 1) / all);
  }
  return scores;
}

/**
 * Scores tokens block by block: the tokens before a block are its context, those behind it too where the family
 * reads both sides. One lane masks every n-th token of the block.
 */
async function scoreBlocks(
  denoiser: BlockDenoiser,
  facts: Checkpoint,
  tokens: Int32Array,
  from: number,
  to: number,
  language: string | undefined,
  { signal, onPass, run }: Listening,
): Promise<TokenScore[]> {
  const { blockLength } = denoiser;
  const bothSides = seesBothSides(facts);
  const { mask, end = mask } = facts.specials;
  const scores: TokenScore[] = [];
  for (let at = from; at < to; ) {
    const context = holeContext(
      inOrder(facts),
      tokens.subarray(0, at),
      bothSides ? behind(tokens, Math.min(at + blockLength - 1, to)) : [],
      language,
    );
    const { lead } = await denoiser.open({ ...context, run }, STRIDE, signal);
    // A canvas that has no end token goes on in a next block: the scored tokens are a whole answer with its end.
    const count = Math.min(blockLength - lead.length - (bothSides ? 1 : 0), to - at);
    const original = new Int32Array(blockLength).fill(bothSides ? end : mask);
    original.set(lead);
    original.set(tokens.subarray(at, at + count), lead.length);
    const lanes = Array.from({ length: Math.min(STRIDE, count) }, (_, pass): Lane => {
      const block = original.slice();
      const asks: { position: number; target: number }[] = [];
      for (let i = pass; i < count; i += STRIDE) {
        asks.push({ position: lead.length + i, target: tokens[at + i] ?? 0 });
        block[lead.length + i] = mask;
      }
      return { lane: pass, tokens: block, asks };
    });
    const predictions = await denoiser.predict(lanes, { temperature: 0, ...(signal ? { signal } : {}) });
    for (let i = 0; i < count; i++) {
      const best = predictions[i % STRIDE]?.[Math.floor(i / STRIDE)];
      if (best) scores.push({ surprise: -best.targetLogProb, best });
    }
    at += count;
    onPass?.((at - from) / (to - from));
  }
  return scores;
}
