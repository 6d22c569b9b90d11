// Whether a request fits the memory that there is, asked before its first pass: half of an answer is of no use to anybody.

import type { DecoderShape } from '../checkpoint/types';
import { LOOKED_AFTER, tooLarge } from '../runtime/availableMemory';
import { type MemoryFacts, memoryOfRequest } from './requestMemory';

/** Halvings by which the share of a selection that fits is found. */
const HALVINGS = 10;

/** Bytes for requests: what the runtime holds for passes already, and what it may still take. */
export interface RequestRoom {
  readonly held: number;
  readonly available: () => number;
  /** Told what the request may take, before it does. */
  readonly promise?: (bytes: number) => void;
}

/**
 * `selected`: the texts of the spans; `room`: absent where passes take none of this memory.
 * @throws EngineError `out-of-memory` where it needs more than there is; its data have `mostLines`, where fewer would fit
 */
export function checkRequestFits(
  shape: DecoderShape,
  facts: MemoryFacts,
  selected: readonly string[],
  room: RequestRoom | undefined,
): void {
  if (room === undefined) return;
  const { held, available, promise } = room;
  const bytes = memoryOfRequest(shape, facts);
  promise?.(bytes);
  const more = bytes - held;
  if (more <= LOOKED_AFTER) return;
  const free = available();
  if (more <= free) return;
  const share = shareThatFits((part) => memoryOfRequest(shape, partOf(facts, part)), held + free);
  const lines = selected.reduce((sum, text) => sum + text.split(/\r\n|\r|\n/).length, 0);
  const mostLines = Math.min(lines - 1, Math.floor(share * lines));
  throw tooLarge(more, free, 'memory', mostLines > 0 ? { lines, mostLines } : undefined);
}

/** The largest part, 0…1, of which `bytesOf` is no more than `room`; what is found is no more than a thousandth below it. */
function shareThatFits(bytesOf: (share: number) => number, room: number): number {
  let most = 0;
  for (let step = 1 / 2, i = 0; i < HALVINGS; step /= 2, i++) if (bytesOf(most + step) <= room) most += step;
  return most;
}

/** The same request about a part of what is selected. */
function partOf(facts: MemoryFacts, share: number): MemoryFacts {
  const part = (count: number) => Math.max(1, Math.ceil(share * count));
  const { lengths } = facts;
  return {
    ...facts,
    window: facts.window - facts.masks + part(facts.masks),
    masks: part(facts.masks),
    answer: part(facts.answer),
    ...(lengths === undefined ? {} : { lengths: lengths.map((wanted) => wanted.map(part)) }),
  };
}
