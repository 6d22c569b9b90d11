// A selection that is too long for the model, told in what a person selected: lines, not tokens. Pure.
import type { EngineError } from '../../../engine/errors';

export interface TooLong {
  readonly lines: number;
  /** About so many would fit; 0: not even one. */
  readonly most: number;
}

/** Undefined where the error is another one, or does not say how much was too much. */
export function tooLong({ code, data }: EngineError, texts: readonly string[]): TooLong | undefined {
  if (code !== 'context-too-long') return undefined;
  const needed = number(data['needed']) ?? number(data['tokens']);
  const room = number(data['budget']) ?? number(data['limit']);
  if (needed === undefined || room === undefined || needed <= room) return undefined;
  const lines = texts.reduce((sum, text) => sum + text.split(/\r\n|\r|\n/).length, 0);
  return { lines, most: Math.min(lines - 1, Math.floor((lines * room) / needed)) };
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
