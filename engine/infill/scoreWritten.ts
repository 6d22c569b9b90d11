// Scores of a model that goes token by token: each token is scored as the model would write it, behind those before it.
import type { Checkpoint } from '../checkpoint/types';
import { lengthTokensOf } from '../decoding/request';
import type { BlockDenoiser, PredictOptions } from '../denoiser';
import { holeContext } from './layout';
import type { Listening, Scored, TokenScore } from './tokenScore';

/** Tokens that are scored before one suffix, which no token among them sees otherwise. */
export const WRITTEN_TOKENS = 64;
/** Tokens of the suffix that a block is scored against: a suffix is encoded again behind each block. */
export const SUFFIX_TOKENS = 192;

/** Share of the work that reading both sides is, where they are not known yet. */
const READING = 0.8;

/**
 * Scores tokens `from` … `to` − 1 of a text. What stands behind them is in sight where the family sees both sides: of a cached canvas
 * a part of it behind each stretch, and `inFim` all of it, as around a hole in their place.
 */
export async function scoreWritten(
  denoiser: BlockDenoiser,
  facts: Checkpoint,
  tokens: Int32Array,
  { from, to, inFim, withEnd }: Scored,
  language: string | undefined,
  { signal, onPass, run }: Listening,
): Promise<TokenScore[]> {
  const scores: TokenScore[] = [];
  let read = 0;
  const options = { temperature: 0, ...(signal ? { signal } : {}) };
  // In FIM order the sides stay what they are, so all is one stretch.
  const stretch = inFim ? to - from : WRITTEN_TOKENS;
  for (let start = from; start < to; start += stretch) {
    const stop = Math.min(to, start + stretch);
    const after = inFim ? tokens.subarray(to) : seesBothSides(facts) ? behind(tokens, stop) : [];
    const context = holeContext(inFim ? facts : inOrder(facts), tokens.subarray(0, start), after, language);
    const onRead = (done: number) => {
      read = READING;
      onPass?.(read * done);
    };
    await denoiser.open({ ...context, run, most: stop - start + 1, ...(inFim && { onRead }) }, 1, signal);
    for (let at = start; at < stop; at++) {
      const [target = 0, ...ahead] = tokens.subarray(at, Math.min(stop, at + WRITTEN_TOKENS));
      const asks = [{ position: 0, target, ahead, isSure: true as const }];
      const [[best] = []] = await denoiser.predict(
        [{ tokens: Int32Array.of(facts.specials.mask), asks }],
        options,
      );
      if (best) scores.push({ surprise: -best.targetLogProb, best });
      await denoiser.commit([Int32Array.of(target)], [0], signal);
      onPass?.(read + ((1 - read) * (at + 1 - from)) / (to - from));
    }
  }
  if (inFim && withEnd && to > from) scores.push(...(await scoreEnd(denoiser, facts, options)));
  return scores;
}

/** How likely it is that nothing more comes, behind what was committed last; none where the family has no sign for that. */
async function scoreEnd(
  denoiser: BlockDenoiser,
  { family, specials }: Checkpoint,
  options: PredictOptions,
): Promise<TokenScore[]> {
  const [target, ...others] = lengthTokensOf(family.length, specials).ends;
  if (target === undefined) return [];
  const asks = [{ position: 0, target }];
  const [[best] = []] = await denoiser.predict([{ tokens: Int32Array.of(specials.mask), asks }], options);
  if (best === undefined) return [];
  const isOther = (index: number) => others.includes(best.ids[index] ?? target);
  const logProbs = [best.targetLogProb, ...best.logProbs.filter((_, index) => isOther(index))];
  return [{ surprise: -Math.log(logProbs.reduce((sum, one) => sum + Math.exp(one), 0)), best }];
}

/** Whether tokens are scored one by one, with what stands behind them read before them. */
export function readsFim({ family: { attention, infill } }: Pick<Checkpoint, 'family'>): boolean {
  return infill.kind === 'fim-order' && attention.kind === 'block-causal' && attention.blockLength === 1;
}

export function behind(tokens: Int32Array, at: number): Int32Array {
  return tokens.subarray(at, at + SUFFIX_TOKENS);
}

export function seesBothSides({ family }: Checkpoint): boolean {
  return family.attention.kind === 'cached-canvas';
}

/** Plain text from its start: no FIM order, the left side alone. */
export function inOrder(facts: Checkpoint): Checkpoint {
  if (facts.family.infill.kind === 'cached-canvas') return facts;
  return {
    ...facts,
    family: { ...facts.family, infill: { kind: 'cached-canvas', bos: true } },
    languageTokens: {},
  };
}
