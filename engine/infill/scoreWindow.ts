// What a model reads around tokens that it scores as it would write them: the text that it would read to fill a hole there, so that
// scoring a line and then rewriting it reads its surroundings once.
import type { Canvas } from '../canvas/types';
import type { Checkpoint } from '../checkpoint/types';
import { EngineError } from '../errors';
import type { ScoreParams } from '../protocol';
import { planCanvas } from './plan';
import type { Reach } from './reach';
import { unmaskedCanvas } from './requestCanvas';
import { readsFim } from './scoreWritten';

/** `reach`: of an answer in place of the range. Undefined where nothing is read behind the range, or it is too long for one hole. */
export function scoreWindow(
  checkpoint: Checkpoint,
  { text, range, language }: Pick<ScoreParams, 'text' | 'range' | 'language'>,
  reach: () => Reach,
): Canvas['window'] | undefined {
  if (!readsFim(checkpoint) || range === undefined || range.end >= text.length) return undefined;
  const params = { text, spans: [range], ...(language === undefined ? {} : { language }) };
  try {
    return unmaskedCanvas(planCanvas(checkpoint, params, reach())).window;
  } catch (error) {
    if (error instanceof EngineError && error.code === 'context-too-long') return undefined;
    throw error;
  }
}
