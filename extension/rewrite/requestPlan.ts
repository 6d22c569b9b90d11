// What is asked of the engine: the places as they stand, or a candidate of which some words are kept and others are done
// again. Pure: the document's text in, the text and spans to send out, and the way back.
import { applyEdits, inOrder } from '../text/edits';
import type { OffsetRange, TextEdit } from '../text/types';
import type { Answer, Ask, Place } from './state/types';

interface SentSpan extends OffsetRange {
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
