// Surprise of a text's tokens: windows that fit the model, each scored with context on both sides.
import { placeSpans } from '../canvas/spans';
import type { Checkpoint } from '../checkpoint/types';
import { flatten } from '../decoding/flatten';
import type { ScoredToken, ScoreParams, ScoreResult } from '../protocol';
import { endsOf, textBudget } from './layout';
import type { TokenScore } from './scoring';

/** Other tokens told with each one. */
const ALTERNATIVES = 4;

export interface Scorer {
  /** Scores tokens `from` … `to` − 1 of a laid-out canvas. */
  score(tokens: Int32Array, from: number, to: number): Promise<TokenScore[]>;
  forwards(): number;
}

export async function scoreText(
  params: ScoreParams,
  checkpoint: Checkpoint,
  model: string,
  scorer: Scorer,
): Promise<ScoreResult> {
  const started = performance.now();
  const { text } = params;
  const range = params.range ?? { start: 0, end: text.length };
  if (text.length > 0) placeSpans(text, [range]);
  const { ids, starts } = checkpoint.tokenizer.encode(text);
  const endOf = (index: number) => starts[index + 1] ?? text.length;
  const first = ids.findIndex((_, index) => endOf(index) > range.start);
  const last = ids.findLastIndex((_, index) => (starts[index] ?? 0) < range.end);
  const { attention } = checkpoint.family;
  const ends = endsOf(checkpoint.family);
  const scores: TokenScore[] = [];
  for (const window of windows(Math.max(first, 0), last + 1, ids.length, textBudget(checkpoint))) {
    const canvas = { segments: [{ kind: 'text' as const, ids: ids.slice(window.from, window.to) }] };
    const { tokens } = flatten(
      { ...canvas, specials: checkpoint.specials, window: { start: 0, end: 0 } },
      [],
      ends,
    );
    const offset = (ends.bos ? 1 : 0) - window.from;
    scores.push(...(await scorer.score(tokens, window.first + offset, window.last + offset)));
  }
  return {
    model,
    method: attention.kind === 'block-causal' ? 'causal' : 'masked',
    forwards: scorer.forwards(),
    millis: performance.now() - started,
    tokens: merge(scores, checkpoint, first, starts, text),
  };
}

interface Window {
  /** Tokens that are seen. */
  readonly from: number;
  readonly to: number;
  /** Tokens that are scored. */
  readonly first: number;
  readonly last: number;
}

/** Tokens `first` … `last` − 1 in stretches of half a budget, each with a quarter of it on either side. */
export function windows(first: number, last: number, count: number, budget: number): Window[] {
  if (first >= last) return [];
  if (count <= budget) return [{ from: 0, to: count, first, last }];
  const side = Math.floor(budget / 4);
  const stretch = Math.max(1, budget - 2 * side);
  const result: Window[] = [];
  for (let at = first; at < last; at += stretch) {
    const end = Math.min(last, at + stretch);
    result.push({ from: Math.max(0, at - side), to: Math.min(count, end + side), first: at, last: end });
  }
  return result;
}

/** Byte-level pieces of one character become one token: nobody can point at half a character. */
function merge(
  scores: readonly TokenScore[],
  { tokenizer }: Checkpoint,
  first: number,
  starts: Int32Array,
  text: string,
): ScoredToken[] {
  const result: ScoredToken[] = [];
  scores.forEach(({ surprise, best }, index) => {
    const start = starts[first + index] ?? 0;
    const end = starts[first + index + 1] ?? text.length;
    const previous = result.at(-1);
    if (previous && (previous.start === start || previous.start === previous.end)) {
      result[result.length - 1] = {
        ...previous,
        end,
        text: text.slice(previous.start, end),
        surprise: previous.surprise + surprise,
      };
      return;
    }
    const own = text.slice(start, end);
    const alternatives = Array.from(best.ids, (id, k) => ({
      text: tokenizer.decode([id]),
      probability: Math.exp(best.logProbs[k] ?? Number.NEGATIVE_INFINITY),
    })).filter((other) => other.text !== '' && other.text !== own);
    result.push({ start, end, text: own, surprise, alternatives: alternatives.slice(0, ALTERNATIVES) });
  });
  return result;
}
