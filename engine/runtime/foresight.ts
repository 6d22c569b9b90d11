// What may well follow a token, by what stands elsewhere, is read in the same pass as the token itself. As long as that is what is
// written, the model's opinions are there already: speculative decoding with copies as drafts (arXiv:2304.04487).
import type { Lane, Prediction } from '../denoiser';
import type { RowAsk } from './forward';

/** Tokens that are read ahead at most: a pass over eight takes a quarter longer than one over one (CPU, 116M parameters). */
export const MOST_AHEAD = 7;
/** The same of what is sure to be written: none of it is read for nothing. */
export const MOST_SURE = 31;

/** What was read ahead of what is written. */
export interface Foresight {
  /** Tokens whose K/V is there although nothing has written them yet. */
  readonly tokens: readonly number[];
  /** What follows the token that was written last, and what follows each of `tokens`. [tokens.length + 1] */
  readonly found: readonly Prediction[];
  /** What was asked of each: only the same question has the same answer. */
  readonly asks: readonly Pick<RowAsk, 'bias' | 'target' | 'temperature'>[];
}

/**
 * What a pass reads ahead for these lanes and asks of each row, the token before first. Undefined but where one lane asks about one
 * place. `recall`: what may follow, where the question does not say it.
 */
export function readAhead(
  lanes: readonly Lane[],
  owners: number,
  recall: () => readonly number[] = () => [],
): { readonly tokens: readonly number[]; readonly asks: readonly RowAsk[] } | undefined {
  const [lane] = lanes;
  if (owners !== 1 || lanes.length !== 1 || lane?.asks.length !== 1) return undefined;
  const [ask] = lane.asks;
  if (ask === undefined) return undefined;
  const { bias, biasAhead = bias, target, isSure = false } = ask;
  const { temperature } = lane;
  const expected = ask.ahead === undefined || target === undefined ? recall() : [target, ...ask.ahead];
  const tokens = expected.slice(0, isSure ? MOST_SURE : MOST_AHEAD);
  if (tokens.length === 0) return undefined;
  // What is likely to be written there is what will be asked about there, if anything is.
  const targets = [target, ...tokens.slice(1), expected[tokens.length] ?? tokens.at(-1)];
  const asks = targets.map((wanted, row) => ({
    ...{ row, bias: row === 0 ? bias : biasAhead },
    ...{ target: wanted, temperature },
  }));
  return { tokens, asks };
}

/** The prediction that these lanes ask for, where it was read ahead. */
export function foreseen(
  { found, asks }: Foresight,
  lanes: readonly Lane[],
): readonly Prediction[] | undefined {
  const [lane] = lanes;
  const [ask] = lane?.asks ?? [];
  const [known] = found;
  const [asked] = asks;
  if (lanes.length !== 1 || lane?.asks.length !== 1 || !ask || !known || !asked) return undefined;
  if (ask.bias !== asked.bias || lane.temperature !== asked.temperature) return undefined;
  // A token that is among the best needs no question of its own.
  const isTold = ask.target === undefined || ask.target === asked.target || known.ids.includes(ask.target);
  return isTold ? [known] : undefined;
}

/** What is left once `token` is written. Undefined: another one was read. */
export function written({ tokens, found, asks }: Foresight, token: number): Foresight | undefined {
  if (tokens[0] !== token) return undefined;
  return { tokens: tokens.slice(1), found: found.slice(1), asks: asks.slice(1) };
}
