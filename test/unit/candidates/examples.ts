// Worked examples are written as code with ⟦the span⟧ in it.
import { type FinishContext, postprocess } from '../../../engine/candidates/postprocess';
import { buildCanvas } from '../../../engine/canvas/build';
import type { Canvas, Span } from '../../../engine/canvas/types';
import type { HoleAnswer } from '../../../engine/denoiser';
import type { Candidate } from '../../../engine/protocol';
import { TOY_BOS, TOY_MASK, type ToyTokenizer, toyTokenizer } from '../canvas/toyTokenizer';

/** Statements that take several lines. */
export const LONG_STATEMENTS: readonly string[] = [
  'sum(\n  a,\n  b,\n)',
  'a +\n  b',
  'a\n  + b',
  'items\n  .map(double)\n  .filter(Boolean)',
  '(x) => {\n  const y = x;\n  return y;\n}',
  'isReady\n  ? first\n  : second',
  '`one\ntwo`',
  'a \\\n  - b',
];

const tokenizer: ToyTokenizer = toyTokenizer();

export function marked(source: string): { readonly text: string; readonly spans: readonly Span[] } {
  const spans: Span[] = [];
  let text = '';
  for (const [i, part] of source.split(/[⟦⟧]/).entries()) {
    if (i % 2 === 1) spans.push({ start: text.length, end: text.length + part.length });
    text += part;
  }
  return { text, spans };
}

export function canvasOf(text: string, spans: readonly Span[]): Canvas {
  return buildCanvas({
    text,
    spans,
    tokenizer,
    specials: { mask: TOY_MASK, bos: TOY_BOS },
    budget: 100_000,
    heal: true,
  });
}

export function holesOf(canvas: Canvas) {
  return canvas.segments.flatMap((segment) => (segment.kind === 'hole' ? [segment.hole] : []));
}

/** An answer of the given bytes, each token as likely as `probability`. */
export function answerOf(bytes: Uint8Array, probability = 0.5): HoleAnswer {
  const ids = Int32Array.from(bytes);
  return {
    ids,
    logProbs: new Float32Array(ids.length).fill(Math.log(probability)),
    locked: new Uint8Array(ids.length),
  };
}

/** What a model writes into each span, kept head and tail included, as one lane. */
export function laneOf(canvas: Canvas, answers: readonly string[], probability = 0.5): readonly HoleAnswer[] {
  return holesOf(canvas).map((hole, i) =>
    answerOf(Buffer.concat([hole.head, Buffer.from(answers[i] ?? ''), hole.tail]), probability),
  );
}

export function finish(
  text: string,
  spans: readonly Span[],
  lanes: readonly (readonly HoleAnswer[])[],
  more: Pick<FinishContext, 'codeOf' | 'language'> = {},
): readonly Candidate[] {
  return postprocess(lanes, { canvas: canvasOf(text, spans), text, spans, tokenizer, ...more });
}
