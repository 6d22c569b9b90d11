// From places to drafts: what could be copied into the hole, where it ends, and how much speaks for it.
import type { CopyEvidence } from '../denoiser';
import { type CopyPlace, placeOf } from './origin';
import { type CopyIndex, type CopyText, findSources, type Source } from './sources';
import { isWord, unitsAfter } from './units';

export interface Draft extends CopyEvidence {
  readonly text: string;
  /** The place that weighs most. */
  readonly place: CopyPlace;
}

export interface DraftOptions {
  /** Most characters of a draft. */
  readonly reach?: number;
  /** Drafts that are given back, best first. */
  readonly most?: number;
  /** Whether the hole may come to nothing. */
  readonly mayBeEmpty?: boolean;
  /** More places than those in the texts. */
  readonly index?: CopyIndex | undefined;
  /** Characters that a continuation has in this hole, where its length is known; undefined where it does not fit. */
  readonly lengthIn?: (continuation: string) => number | undefined;
}

/**
 * What a place weighs, as a logarithm: for each unit that agrees on the left and on the right, for each doubling of the
 * distance, and for each character of the draft. Chosen by hand on held-out packages; all are flat around here.
 */
const WEIGHTS = { left: 1.5, right: 1.2, near: 0.2, mostLeft: 10, mostRight: 6, long: 0.02 };

const REACH = 240;
const MOST = 8;
/** Characters behind a draft that are compared with those behind the hole. */
const RIGHT_REACH = 80;

/** What stands elsewhere in the same two-sided context, best first; empty where nothing does. */
export function draftsFor(
  texts: readonly CopyText[],
  left: string,
  right: string,
  { reach = REACH, most = MOST, mayBeEmpty = false, index, lengthIn }: DraftOptions = {},
): Draft[] {
  const units = unitsAfter(right, RIGHT_REACH);
  const end: FindEnd = lengthIn
    ? (source) => endByLength(source, right, units, reach, lengthIn)
    : (source) => endByText(source, right, units, reach, mayBeEmpty ? 0 : 1);
  const groups = new Map<string, Group>();
  let total = 0;
  const sources = [...findSources(texts, left), ...(index?.sources(left, right) ?? [])];
  for (const source of lengthIn ? likeliest(sources) : sources) {
    const found = end(source);
    if (found === undefined) continue;
    const text = source.text.slice(source.at, found.end);
    const weight = weightOf(source, found.right, text.length);
    total += weight;
    const known = groups.get(text);
    const isBest = weight > (known?.most ?? 0);
    groups.set(text, {
      weight: (known?.weight ?? 0) + weight,
      order: Math.max(known?.order ?? 0, source.order),
      right: Math.max(known?.right ?? 0, found.right),
      most: isBest ? weight : (known?.most ?? 0),
      source: isBest || known === undefined ? source : known.source,
    });
  }
  return [...groups]
    .map(
      ([text, { order, right, weight, source }]): Draft => ({
        text,
        order,
        right,
        share: weight / total,
        place: placeOf(source),
      }),
    )
    .sort((a, b) => b.share - a.share)
    .slice(0, most);
}

interface Group {
  readonly weight: number;
  readonly order: number;
  readonly right: number;
  /** What its best place weighs, and which that is. */
  readonly most: number;
  readonly source: Source;
}

function weightOf({ order, distance }: Source, right: number, length: number): number {
  const agreement =
    WEIGHTS.left * Math.min(order, WEIGHTS.mostLeft) + WEIGHTS.right * Math.min(right, WEIGHTS.mostRight);
  return Math.exp(agreement - WEIGHTS.near * Math.log2(1 + distance) - WEIGHTS.long * length);
}

/** Where a draft ends in its source's text, and how many units agree behind it. */
type FindEnd = (source: Source) => { readonly end: number; readonly right: number } | undefined;

/** Tokenising is dear: where it has to be done at every place, only these are looked at. */
const MOST_TOKENISED = 24;

function likeliest(sources: readonly Source[]): Source[] {
  return [...sources].sort((a, b) => b.order - a.order || a.distance - b.distance).slice(0, MOST_TOKENISED);
}

function endByLength(
  { text, at }: Source,
  right: string,
  units: Uint16Array,
  reach: number,
  lengthIn: (continuation: string) => number | undefined,
): ReturnType<FindEnd> {
  const length = lengthIn(text.slice(at, at + reach));
  return length === undefined
    ? undefined
    : { end: at + length, right: agreement(text, at + length, right, units) };
}

/** Where the text goes on as the text behind the hole does (the longest such, then the nearest), else its line's end. */
function endByText(
  { text, at }: Source,
  right: string,
  units: Uint16Array,
  reach: number,
  least: number,
): ReturnType<FindEnd> {
  const stop = Math.min(text.length, at + reach);
  const first = right.charAt(0);
  if (first === '' && stop === text.length) return { end: stop, right: 1 };
  let best = -1;
  let agreed = 0;
  // Only what is looked at is searched: a character that is not there would be sought to the file's end, at each place.
  const near = text.slice(at, stop + 1);
  let place = first === '' ? -1 : near.indexOf(first, least);
  for (; place >= 0; place = near.indexOf(first, place + 1)) {
    const value = agreement(text, at + place, right, units);
    if (value > agreed) [best, agreed] = [at + place, value];
  }
  if (best >= 0) return { end: best, right: agreed };
  const line = text.indexOf('\n', at + 1);
  const lineEnd = line < 0 ? stop : Math.min(line, stop);
  return lineEnd > at ? { end: lineEnd, right: 0 } : undefined;
}

/** Whole units of `right` that stand at `end`. */
function agreement(text: string, end: number, right: string, units: Uint16Array): number {
  const most = Math.min(text.length - end, units.length - 1);
  let length = 0;
  while (length < most && text.charCodeAt(end + length) === right.charCodeAt(length)) length++;
  const counted = units[length] ?? 0;
  const isLonger =
    end + length < text.length &&
    length > 0 &&
    isWord(right.charCodeAt(length - 1)) &&
    isWord(text.charCodeAt(end + length));
  return isLonger && counted > (units[length - 1] ?? 0) ? counted - 1 : counted;
}
