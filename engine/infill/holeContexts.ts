// What the model sees around each hole of a request, with the answers to the other ones in it.
import { fencedCode } from '../candidates/answer/fences';
import type { Canvas } from '../canvas/types';
import type { BlockRequest } from '../decoding/blockRun';
import { standingText } from '../decoding/request';
import { NO_BYTES } from '../decoding/tokenTable';
import { holeContext, sidesOf } from './layout';
import type { HolePlan, RequestPlan } from './plan';

/** `onRead`: the share that is read, 0…1. */
export function contextsOf(
  { checkpoint, params, fence, reach: { run } }: RequestPlan,
  { holes, maxTokens }: HolePlan,
  canvas: Canvas,
  onRead: ((done: number) => void) | undefined,
): BlockRequest['contextFor'] {
  const { language, instruction } = params;
  const { tokenizer, family } = checkpoint;
  const standing = (hole: number) => standingText(holes[hole]?.cells ?? [], tokenizer);
  // Of an answer to a prompt the others see the code. One that is no text makes no candidate, and would take more tokens.
  const codeOf = (ids: Int32Array, hole: number) => {
    const original = standing(hole);
    const text = tokenizer.decode(ids);
    const code = text.includes('\ufffd') ? original : fencedCode(text, { fence, language, original });
    return tokenizer.encode(code ?? original).ids;
  };
  return (hole, answers) => {
    const isAsked = family.infill.kind === 'prompt';
    const written = isAsked ? answers.map((ids, other) => ids && codeOf(ids, other)) : answers;
    const { before, after } = sidesOf(canvas, hole, written);
    const asked = { selected: standing(hole), instruction, fence };
    const { head, tail, cells = [] } = holes[hole] ?? {};
    const most = maxTokens[hole];
    return {
      ...holeContext(checkpoint, before, after, language, asked),
      sides: { before, after, head: wholeText(head), tail: wholeText(tail) },
      standing: cells.flatMap(({ original }) => (original < 0 ? [] : [original])),
      run,
      ...(most === undefined ? {} : { most }),
      ...(onRead ? { onRead } : {}),
    };
  };
}

/** Nothing of characters that are cut themselves. */
export function wholeText(bytes: Uint8Array = NO_BYTES): string {
  const text = Buffer.from(bytes).toString('utf8');
  return text.includes('\ufffd') ? '' : text;
}
