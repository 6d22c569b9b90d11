// Answers that come as text, for code that reads tokens: each byte of UTF-8 is one. So what comes from a server goes through the
// same trimming, ranking and gate as what comes from a model of this machine.
import { placeSpans } from '../canvas/spans';
import type { Canvas, Segment, Span } from '../canvas/types';
import type { HoleAnswer } from '../denoiser';

export const BYTES = { bytes: (id: number): Uint8Array => Uint8Array.of(id) };

/** A piece of what a span holds in the end. */
export interface AnswerPart {
  readonly text: string;
  readonly isLocked: boolean;
  /** Mean natural logarithm of its tokens' probabilities; 0: not known. */
  readonly logProb: number;
}

export function answerOf(parts: readonly AnswerPart[]): HoleAnswer {
  const all = parts.map((part) => ({ ...part, bytes: Buffer.from(part.text) }));
  const length = all.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const ids = new Int32Array(length);
  const logProbs = new Float32Array(length);
  const locked = new Uint8Array(length);
  let at = 0;
  for (const { bytes, isLocked, logProb } of all) {
    ids.set(bytes, at);
    if (isLocked) locked.fill(1, at, at + bytes.length);
    else logProbs.fill(logProb, at, at + bytes.length);
    at += bytes.length;
  }
  return { ids, logProbs, locked };
}

/** Only its holes count: their text is nowhere in tokens. */
export function canvasFor(text: string, spans: readonly Span[]): Canvas {
  const empty: Segment = { kind: 'text', ids: new Int32Array(0) };
  const none = new Uint8Array(0);
  const segments = placeSpans(text, spans).flatMap(({ index }): Segment[] => [
    { kind: 'hole', hole: { span: index, cells: [], head: none, tail: none } },
    empty,
  ]);
  return {
    segments: [empty, ...segments],
    specials: { mask: -1 },
    window: { start: 0, end: text.length },
  };
}
