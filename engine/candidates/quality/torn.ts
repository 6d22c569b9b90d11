// Words that a selection cuts: whatever comes in its place makes one word with the part that stands.
import type { Span } from '../../canvas/types';
import { atEnd, atStart } from '../wordSeam';

/** UTF-16 units of a word that are looked at. */
const LONGEST = 200;
/** In front of a word, what tells a member from a name. */
const BEFORE = 2;

/** An answer, and the words that it makes with parts that stand. */
export interface Joined {
  /** With those parts. */
  readonly answer: string;
  /** Words that are partly of the answer, or what is left of them, each with what stands in front of it. */
  readonly words: readonly string[];
}

/** Where nothing stood, a word is being written, and the answer is what it is. */
export function joinedAnswer(
  text: string,
  { start, end }: Pick<Span, 'start' | 'end'>,
  answer: string,
): Joined {
  const isTorn = (at: number) => atEnd(text.slice(0, at)) !== '' && atStart(text.slice(at)) !== '';
  if (start === end) return { answer, words: [] };
  const lead = text.slice(Math.max(0, start - LONGEST), start);
  const whole = lead + answer + text.slice(end, end + LONGEST);
  const first = { place: lead.length, isTorn: isTorn(start) };
  const last = { place: lead.length + answer.length, isTorn: isTorn(end) };
  const words = [first, last].flatMap(({ place, isTorn }) => (isTorn ? [wordAt(whole, place)] : []));
  const from = first.isTorn ? wordAt(whole, first.place).from : first.place;
  const to = last.isTorn ? wordAt(whole, last.place).to : last.place;
  return {
    answer: whole.slice(from, to),
    words: words.map(({ from, to }) => whole.slice(Math.max(0, from - BEFORE), to)),
  };
}

/** The word that a place is in, or beside. */
function wordAt(text: string, place: number): { readonly from: number; readonly to: number } {
  return {
    from: place - atEnd(text.slice(0, place)).length,
    to: place + atStart(text.slice(place)).length,
  };
}
