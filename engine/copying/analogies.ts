// What stands elsewhere in a context that is the hole's but for some names, with those names exchanged: behind
// `self.width = width` and `self.height = ` comes `height` (docs/copying.md).

import type { CopyEvidence } from '../denoiser';
import {
  continuation,
  LEFT_UNITS,
  MOST_EXCHANGED,
  matchLeft,
  RIGHT_UNITS,
  TELLING,
  type Unit,
  unitsIn,
} from './alignment';
import { type CopyPlace, placeOf } from './origin';
import type { CopyText } from './sources';

export interface Analogy extends CopyEvidence {
  readonly text: string;
  /** What follows it at its place, to the end of the line. */
  readonly onward: string;
  /** Names that differ on the left at the best of its places. */
  readonly exchanged: number;
  /** The place that weighs most. */
  readonly place: CopyPlace;
}

/** Units on the left that agree at least. */
const LEAST_ORDER = 2;
/** Places looked at in one text, nearest first, and how much of it, in UTF-16 units. */
const MOST_PLACES = 1000;
const MOST_TEXT = 60_000;
/** Analogies that are given back. */
const MOST = 4;
/** What a place weighs, as a logarithm: chosen by hand on held-out packages, as that of copies to the letter. */
const WEIGHTS = { left: 1.2, right: 1, exchanged: -1, near: 0.2 };

/** The word that a text breaks off in. */
export const BEGUN_WORD = /[\p{L}\p{N}_$]+$/u;
const BLANKS = /^[^\S\n]*/;

/** Best first; those in which no name had to be exchanged are among them. */
export function analogiesFor(texts: readonly CopyText[], left: string, right: string): Analogy[] {
  // A word that the hole goes on with is a part of the analogy, which then has to begin so.
  const begun = BEGUN_WORD.exec(left)?.[0] ?? '';
  const ours = unitsIn(left.slice(0, left.length - begun.length)).slice(-LEFT_UNITS);
  const last = ours.at(-1);
  if (!last) return [];
  const head = left.slice(last.at + last.text.length);
  const behind = unitsIn(right).slice(0, RIGHT_UNITS);
  const groups = new Map<string, Group>();
  let total = 0;
  for (const stretch of texts) {
    const { text, distance, before, origin } = stretch;
    const near = before ? text.slice(-MOST_TEXT) : text.slice(0, MOST_TEXT);
    const cut = before ? text.length - near.length : 0;
    const theirs = unitsNear(stretch, near);
    for (const { at, ...found } of analogiesIn(near, theirs, before, ours, behind)) {
      const whole = behindHead(found.text, head);
      if (whole === undefined) continue;
      // Blanks in front of what follows the hole belong to that.
      const draft = found.right > 0 && BLANKS.exec(right)?.[0] ? whole.trimEnd() || whole : whole;
      const weight = weightOf(found, distance + (before ? near.length - at : at));
      total += weight;
      const known = groups.get(draft);
      const isBest = known === undefined || weight > known.most;
      groups.set(draft, {
        text: draft,
        onward: known?.onward ?? whole.slice(draft.length) + found.onward,
        order: Math.max(known?.order ?? 0, found.order),
        right: Math.max(known?.right ?? 0, found.right),
        exchanged: Math.min(known?.exchanged ?? MOST_EXCHANGED, found.exchanged),
        most: isBest ? weight : known.most,
        place: isBest ? placeOf({ origin, at: cut + at + 1 }) : known.place,
        weight: (known?.weight ?? 0) + weight,
      });
    }
  }
  return [...groups.values()]
    .sort((a, b) => b.weight - a.weight)
    .slice(0, MOST)
    .map(({ weight, most, ...analogy }) => ({
      ...analogy,
      share: weight / total,
    }));
}

/** `most`: what its best place weighs. */
type Group = Omit<Analogy, 'share'> & { readonly weight: number; readonly most: number };

/** An analogy at one place: where that is, and what follows its last unit there. */
type Found = Omit<Analogy, 'share' | 'place'> & { readonly at: number };

/** A request asks about the same stretches for each of its holes, and again for what was answered. */
const units = new WeakMap<CopyText, readonly Unit[]>();

function unitsNear(stretch: CopyText, near: string): readonly Unit[] {
  const known = units.get(stretch) ?? unitsIn(near);
  units.set(stretch, known);
  return known;
}

function* analogiesIn(
  text: string,
  theirs: readonly Unit[],
  fromEnd: boolean,
  ours: readonly Unit[],
  behind: readonly Unit[],
): Generator<Found> {
  for (const place of places(theirs, ours, fromEnd)) {
    const { order, exchanged, exchange } = matchLeft(theirs, place, ours);
    const unit = theirs[place];
    if (order < LEAST_ORDER || !unit) continue;
    const next = continuation(text, theirs, place, exchange, behind);
    yield {
      at: unit.at,
      text: next.exchange.text(text.slice(unit.at + unit.text.length, next.end)),
      onward: next.exchange.text(text.slice(next.end, next.lineEnd)),
      order,
      right: next.right,
      exchanged,
    };
  }
}

/** What of a continuation follows `head`: blanks are the hole's own affair, a begun word has to go on. */
function behindHead(whole: string, head: string): string | undefined {
  const blanks = BLANKS.exec(head)?.[0] ?? '';
  const full = blanks === '' ? whole : blanks + whole.replace(BLANKS, '');
  return full.startsWith(head) && full.length > head.length ? full.slice(head.length) : undefined;
}

function weightOf({ order, right, exchanged }: Omit<Found, 'at'>, distance: number): number {
  return Math.exp(
    WEIGHTS.left * Math.min(order, TELLING.left) +
      WEIGHTS.right * Math.min(right, TELLING.right) +
      WEIGHTS.exchanged * exchanged -
      WEIGHTS.near * Math.log2(1 + distance),
  );
}

/** Units behind which a continuation may begin: the last unit of ours, or another name behind the same neighbour. */
function* places(theirs: readonly Unit[], ours: readonly Unit[], fromEnd: boolean): Generator<number> {
  const last = ours.at(-1);
  const neighbour = ours.at(-2)?.text;
  let count = 0;
  for (let i = 0; i < theirs.length - 1 && count < MOST_PLACES; i++) {
    const place = fromEnd ? theirs.length - 2 - i : i;
    const unit = theirs[place];
    const isSame = unit?.text === last?.text;
    if (!isSame && !(unit?.isWord && last?.isWord && theirs[place - 1]?.text === neighbour)) continue;
    count++;
    yield place;
  }
}
