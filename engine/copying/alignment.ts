// How far two places of code are alike when names may stand for each other: unit by unit, away from the place.
import { Exchange } from './exchange';

/** A word, a line feed, or any other visible character. */
export interface Unit {
  readonly text: string;
  /** UTF-16 offset. */
  readonly at: number;
  readonly isWord: boolean;
}

/** Units on the left and on the right that are compared. */
export const LEFT_UNITS = 30;
export const RIGHT_UNITS = 12;
/** Units that agree from which on more of them tell nothing more. */
export const TELLING = { left: 12, right: 6 };
/** Names that may differ on the left, and behind the end. */
export const MOST_EXCHANGED = 3;
const MOST_EXCHANGED_RIGHT = 1;
/** Units that agree on the right before the names there are believed. */
const LEAST_TELLING = 3;
/** UTF-16 units that a continuation may have. */
const REACH = 160;

const UNITS = /[\p{L}\p{N}_$]+|\n|\S/gu;
const IS_WORD = /^[\p{L}\p{N}_$]/u;

export function unitsIn(text: string): Unit[] {
  return Array.from(text.matchAll(UNITS), ({ 0: unit, index }) => ({
    text: unit,
    at: index,
    isWord: IS_WORD.test(unit),
  }));
}

export interface LeftMatch {
  readonly order: number;
  readonly exchanged: number;
  readonly exchange: Exchange;
}

/** How far ours and theirs agree to the left of a place, names aside that can stand for each other. */
export function matchLeft(theirs: readonly Unit[], place: number, ours: readonly Unit[]): LeftMatch {
  const exchange = new Exchange();
  let [order, exchanged] = [0, 0];
  for (let i = 0; i < ours.length; i++) {
    const [a, b] = [ours[ours.length - 1 - i], theirs[place - i]];
    if (!a || !b) break;
    if (a.text === b.text) {
      // What is the same in both stays the same, as far as nothing else is known.
      if (a.isWord) exchange.learn(b.text, a.text);
      order++;
      continue;
    }
    if (!(a.isWord && b.isWord && exchanged < MOST_EXCHANGED)) break;
    const isNew = !exchange.knows(b.text);
    if (!exchange.learn(b.text, a.text)) break;
    if (isNew) exchanged++;
  }
  return { order, exchanged, exchange };
}

export interface Continuation {
  readonly end: number;
  readonly lineEnd: number;
  readonly right: number;
  /** With what the right side tells of names. */
  readonly exchange: Exchange;
}

/** Where the text goes on as ours does behind the hole (most units, then nearest), else the line's end. */
export function continuation(
  text: string,
  theirs: readonly Unit[],
  place: number,
  exchange: Exchange,
  behind: readonly Unit[],
): Continuation {
  const begin = theirs[place];
  const start = (begin?.at ?? 0) + (begin?.text.length ?? 0);
  const stop = Math.min(text.length, start + REACH);
  let [end, best] = [-1, { agreed: 0, exchange }];
  for (let i = place + 1; i < theirs.length && (theirs[i]?.at ?? stop) < stop; i++) {
    const match = matchRight(theirs, i, exchange, behind);
    if (match.agreed > best.agreed) [end, best] = [theirs[i]?.at ?? -1, match];
  }
  const line = text.indexOf('\n', start + 1);
  const lineEnd = line < 0 ? stop : Math.min(line, stop);
  const right = best.agreed;
  if (right === 0) return { end: lineEnd, lineEnd, right, exchange };
  return {
    end,
    lineEnd: Math.max(end, lineEnd),
    right,
    exchange: right < LEAST_TELLING ? exchange : best.exchange,
  };
}

function matchRight(
  theirs: readonly Unit[],
  from: number,
  exchange: Exchange,
  behind: readonly Unit[],
): { readonly agreed: number; readonly exchange: Exchange } {
  let known = exchange;
  let [agreed, exchanged] = [0, 0];
  for (const [i, a] of behind.entries()) {
    const b = theirs[from + i];
    if (!b) break;
    if (a.text === known.word(b.text)) {
      agreed++;
      continue;
    }
    if (!(a.isWord && b.isWord && exchanged < MOST_EXCHANGED_RIGHT)) break;
    if (known === exchange) known = exchange.copy();
    if (!known.learn(b.text, a.text)) break;
    exchanged++;
  }
  return { agreed, exchange: known };
}
