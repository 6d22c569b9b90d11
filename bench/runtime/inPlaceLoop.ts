// The loop of a family that is denoised in place, over text of this repository: with the dual cache or without.
import type { Canvas } from '../../engine/canvas/types';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { denoiseInPlace } from '../../engine/decoding/inPlace';
import { rotaryFrequencies } from '../../engine/graph/rotary';
import { CachedInPlaceDenoiser } from '../../engine/runtime/inPlaceDenoiser';
import type { DecoderSession } from '../../engine/runtime/session';
import { sourceTexts } from '../precision/rows';

/** Steps between two passes over everything that are compared. */
export const REFRESHES = [4, 8, 16, 32, 64] as const;

/** `count` source texts of `length` tokens, taken one after the other, each with a span of masks in its middle. */
export function maskedCanvases(
  checkpoint: Checkpoint,
  length: number,
  span: number,
  count: number,
): readonly Canvas[] {
  const ids: number[] = [];
  for (const { text } of sourceTexts()) {
    if (ids.length >= length * count) break;
    ids.push(...checkpoint.tokenizer.encode(text).ids);
  }
  if (ids.length < length * count)
    throw new Error(`The sources have ${ids.length} tokens of ${length * count} that are wanted.`);
  return Array.from({ length: count }, (_, place) =>
    maskedCanvas(checkpoint, Int32Array.from(ids.slice(length * place, length * (place + 1))), span),
  );
}

function maskedCanvas(checkpoint: Checkpoint, window: Int32Array, span: number): Canvas {
  const from = Math.floor((window.length - span) / 2);
  const cells = Array.from(window.subarray(from, from + span), (original) => ({ original, locked: false }));
  const nothing = new Uint8Array(0);
  return {
    segments: [
      { kind: 'text', ids: window.slice(0, from) },
      { kind: 'hole', hole: { span: 0, cells, head: nothing, tail: nothing } },
      { kind: 'text', ids: window.slice(from + span) },
    ],
    specials: checkpoint.specials,
    window: { start: 0, end: 0 },
  };
}

export interface Loop {
  /** Steps between two passes over everything; undefined: each step is one, without a cache. */
  readonly refreshEvery?: number | undefined;
  /** As on a slow machine: the window moves to what is asked about, and keeps its K/V where cells come or go. */
  readonly movesOn?: boolean;
  /** Masks to begin with, of which a model that can makes more or fewer; absent: one for each token that stood there, and no others. */
  readonly masks?: number;
}

/** One token a step (top-k by confidence), greedy. */
export async function denoise(
  session: DecoderSession,
  checkpoint: Checkpoint,
  canvas: Canvas,
  { refreshEvery, movesOn = false, masks }: Loop,
): Promise<Int32Array> {
  const { family, shape, specials, tokenizer } = checkpoint;
  const denoiser = new CachedInPlaceDenoiser(session, shape, {
    shifted: family.shifted,
    cache: refreshEvery === undefined ? 'exact' : 'dual',
    refreshEvery: refreshEvery ?? 0,
    movesOn,
    ...(movesOn ? { inverseFrequencies: rotaryFrequencies(shape).inverse } : {}),
    padToken: specials.pad ?? specials.mask,
  });
  const span = canvas.segments.reduce(
    (sum, part) => sum + (part.kind === 'hole' ? part.hole.cells.length : 0),
    0,
  );
  const [lane] = await denoiseInPlace(denoiser, {
    canvas,
    family: {
      // A model with random weights has only the shape of such a family.
      infill:
        family.infill.kind === 'in-place' ? family.infill : { kind: 'in-place', bos: false, eos: false },
      length: masks === undefined ? { kind: 'fixed' } : family.length,
    },
    tokenizer,
    vocabSize: shape.vocabSize,
    sampling: { rule: 'top-k', temperature: 0, topP: 1 },
    seeds: [0],
    maxTokens: [masks === undefined ? span : 2 * span],
    maskCounts: [masks ?? span],
    contextLimit: shape.contextLength,
  });
  denoiser.dispose();
  return lane?.holes[0]?.ids ?? new Int32Array(0);
}
