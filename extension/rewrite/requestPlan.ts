// What is asked of the engine: the places as they stand, or a candidate of which some words are kept and others are done
// again. Pure: the document's text in, the text and spans to send out, and the way back.
import { applyEdits, inOrder, type TextEdit } from '../text/edits';
import type { OffsetRange } from '../text/spans';
import type { Answer, Place } from './state/acceptance';

/** Ranges within each place's text, in text order. */
export type PlaceRanges = readonly (readonly OffsetRange[])[];

export interface Ask {
  readonly seed: number;
  /** What is wanted, in a person's words, for models that take an instruction. */
  readonly instruction?: string;
  /** The text of each place as it is sent; absent: the document's own. */
  readonly texts?: readonly string[];
  /** What stays as it is in those texts. */
  readonly kept?: PlaceRanges;
  /** Only these words are masked, all of them at once; everything else stays. */
  readonly words?: PlaceRanges;
}

export interface SentSpan extends OffsetRange {
  readonly locked?: readonly OffsetRange[];
  /** The place that it is in, and where in the place's text it begins. */
  readonly place: number;
  readonly offset: number;
}

export interface AskPlan {
  /** The whole document as it would be with the sent texts in it. */
  readonly text: string;
  readonly spans: readonly SentSpan[];
  /** The sent text of each place. */
  readonly texts: readonly string[];
}

export function planAsk(text: string, places: readonly Place[], ask: Ask): AskPlan {
  const texts = places.map(({ old }, i) => ask.texts?.[i] ?? old);
  const starts: number[] = [];
  const edits: TextEdit[] = [];
  let shift = 0;
  for (const { start, end, old, index } of inOrder(places.map((place, index) => ({ ...place, index })))) {
    const own = texts[index] ?? old;
    starts[index] = start + shift;
    shift += own.length - old.length;
    edits.push({ start, end, text: own });
  }
  const spans = places.flatMap((_, place): SentSpan[] => {
    const base = starts[place] ?? 0;
    const placed = ({ start, end }: OffsetRange) => ({ start: base + start, end: base + end });
    if (ask.words !== undefined) {
      return (ask.words[place] ?? []).map((word) => ({ ...placed(word), place, offset: word.start }));
    }
    const locked = (ask.kept?.[place] ?? []).map(placed);
    const all = placed({ start: 0, end: texts[place]?.length ?? 0 });
    return [{ ...all, place, offset: 0, ...(locked.length > 0 ? { locked } : {}) }];
  });
  return { text: applyEdits(text, edits), spans, texts };
}

/** The new text of each place from the new text of each span that was sent. */
export function answerFrom({ spans, texts }: AskPlan, answers: readonly string[]): Answer {
  return {
    texts: texts.map((text, place) => {
      const edits = spans.flatMap((span, i): TextEdit[] =>
        span.place === place
          ? [{ start: span.offset, end: span.offset + span.end - span.start, text: answers[i] ?? '' }]
          : [],
      );
      return applyEdits(text, inOrder(edits));
    }),
  };
}

/** Apart and in text order; what touches becomes one. */
export function union(ranges: readonly OffsetRange[]): readonly OffsetRange[] {
  const result: OffsetRange[] = [];
  for (const range of inOrder(ranges)) {
    const last = result.at(-1);
    if (range.start === range.end) continue;
    if (last !== undefined && range.start <= last.end) {
      result[result.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
    } else {
      result.push({ start: range.start, end: range.end });
    }
  }
  return result;
}

/** Taken out where it is in already, put in where it is not. */
export function toggled(ranges: readonly OffsetRange[], one: OffsetRange): readonly OffsetRange[] {
  const isIn = ranges.some(({ start, end }) => start <= one.start && one.end <= end);
  if (!isIn) return union([...ranges, one]);
  return union(
    ranges.flatMap(({ start, end }) => [
      { start, end: Math.max(start, Math.min(end, one.start)) },
      { start: Math.min(end, Math.max(start, one.end)), end },
    ]),
  );
}

/** Where kept words stand in a new text: in the same order, each behind the one before it. */
export function found(ranges: readonly OffsetRange[], old: string, fresh: string): readonly OffsetRange[] {
  const result: OffsetRange[] = [];
  let from = 0;
  for (const { start, end } of ranges) {
    const word = old.slice(start, end);
    const at = fresh.indexOf(word, from);
    if (at < 0) continue;
    result.push({ start: at, end: at + word.length });
    from = at + word.length;
  }
  return result;
}
