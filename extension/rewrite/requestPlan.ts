// What is asked of the engine: the spans as they stand, or a candidate of which some words are pinned and others are done
// again. Pure: the document's text in, the text and spans to send out, and the way back.
import type { InfillParams, ModelDescription } from '../../engine/protocol';
import { applyEdits, inOrder } from '../text/edits';
import type { OffsetRange, TextEdit } from '../text/types';
import { LATE_TRY } from './state/tries';
import type { Candidate, RewriteRequest, Span } from './state/types';

interface SentSpan extends OffsetRange {
  readonly locked?: readonly OffsetRange[];
  /** The span that it is in, and where in the span's text it begins. */
  readonly span: number;
  readonly offset: number;
}

export interface RequestPlan {
  /** The whole document as it would be with the sent texts in it. */
  readonly text: string;
  readonly sent: readonly SentSpan[];
  /** The sent text of each span. */
  readonly texts: readonly string[];
}

/** Another candidate of its own has to differ from the likeliest one, which is known already. */
const OTHER_TEMPERATURE = 0.4;

/**
 * How many candidates are made at once, from which seed. With others the first is the likeliest one, which is known already
 * when more is asked for; where the model is slow they are made one at a time, the next one when somebody asks for it.
 */
export function candidatesFor(
  wanted: number,
  seed: number,
  oneAtATime: boolean,
): { readonly candidates: number; readonly seed: number; readonly temperature?: number } {
  const first = seed * (wanted + 1);
  if (!oneAtATime) return { candidates: wanted + (seed > 0 ? 1 : 0), seed: first };
  return { candidates: 1, seed: first, ...(seed > 0 ? { temperature: OTHER_TEMPERATURE } : {}) };
}

/** Of what would be masked otherwise, this part is where more of what stood there is kept. */
const LESS = 0.5;

/** Words are filled in, whatever the whole was asked for by; and what an instruction changes is not for a strength to say. */
export function strengthOrInstruction(
  { instruction, problem, words, pinned, tries = 0 }: RewriteRequest,
  strength: number,
  { takesInstruction, writesInOrder = false }: Pick<ModelDescription, 'takesInstruction' | 'writesInOrder'>,
): Pick<InfillParams, 'strength' | 'instruction'> {
  const wanted = instruction ?? (takesInstruction ? problem : undefined);
  if (words !== undefined) return { strength: 1 };
  if (wanted !== undefined) return { strength: 1, instruction: wanted };
  // Between what is kept, such a model has room for as many tokens as stood there, whatever it writes.
  const isLess = tries >= LATE_TRY && !writesInOrder;
  return { strength: pinned !== undefined ? 1 : strength * (isLess ? LESS : 1) };
}

export function planRequest(text: string, spans: readonly Span[], request: RewriteRequest): RequestPlan {
  const texts = spans.map(({ old }, i) => request.texts?.[i] ?? old);
  const starts: number[] = [];
  const edits: TextEdit[] = [];
  let shift = 0;
  for (const { start, end, old, index } of inOrder(spans.map((span, index) => ({ ...span, index })))) {
    const own = texts[index] ?? old;
    starts[index] = start + shift;
    shift += own.length - old.length;
    edits.push({ start, end, text: own });
  }
  const sent = spans.flatMap((_, span): SentSpan[] => {
    const base = starts[span] ?? 0;
    const placed = ({ start, end }: OffsetRange) => ({ start: base + start, end: base + end });
    if (request.words !== undefined) {
      return (request.words[span] ?? []).map((word) => ({ ...placed(word), span, offset: word.start }));
    }
    const locked = (request.pinned?.[span] ?? []).map(placed);
    const all = placed({ start: 0, end: texts[span]?.length ?? 0 });
    return [{ ...all, span, offset: 0, ...(locked.length > 0 ? { locked } : {}) }];
  });
  return { text: applyEdits(text, edits), sent, texts };
}

/** The new text of each span from the new text of each span that was sent. */
export function candidateFrom({ sent, texts }: RequestPlan, candidates: readonly string[]): Candidate {
  return {
    texts: texts.map((text, span) => {
      const edits = sent.flatMap(({ span: own, offset, start, end }, i): TextEdit[] =>
        own === span ? [{ start: offset, end: offset + end - start, text: candidates[i] ?? '' }] : [],
      );
      return applyEdits(text, inOrder(edits));
    }),
  };
}
