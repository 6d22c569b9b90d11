// The parts in the order in which they run: what shows whether the engine is right comes before what shows how fast it is.
import type { Part } from './part';
import { cachesPart } from './parts/caches';
import { devicesPart } from './parts/devices';
import { lossPart } from './parts/loss';
import { memoryPart } from './parts/memory';
import { parityPart } from './parts/parity';
import { refusalsPart } from './parts/refusals';
import { rewritePart } from './parts/rewrite';
import { soakPart } from './parts/soak';
import { speedPart } from './parts/speed';
import { tokensPart } from './parts/tokens';
import { trainingPart } from './parts/training';

export const PARTS: readonly Part[] = [
  ...[devicesPart, tokensPart, parityPart, cachesPart, refusalsPart, memoryPart, soakPart, lossPart],
  ...[rewritePart, speedPart],
];

/** Every part, those among them that run only where they are named. */
export const ALL_PARTS: readonly Part[] = [...PARTS, trainingPart];
