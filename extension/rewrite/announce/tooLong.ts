// A selection that is too long for the model, told in what a person selected: lines, or characters of a line, not tokens. Pure.
import type { EngineError } from '../../../engine/errors';

export interface TooLong {
  readonly unit: 'lines' | 'characters';
  readonly selected: number;
  /** About so many would fit; 0: not even one. */
  readonly most: number;
  /** Whether it is too long only because a part of it stays: all of it would fit. */
  readonly isPartial: boolean;
  /** Whether a model with a longer context would take no more. */
  readonly isWindow: boolean;
  /** Whether it is the machine's memory that has no room for more. */
  readonly isMemory?: true;
}

/** Undefined where the error is another one, or does not say how much was too much. */
export function tooLong({ code, data }: EngineError, texts: readonly string[]): TooLong | undefined {
  const lines = texts.reduce((sum, text) => sum + text.split(/\r\n|\r|\n/).length, 0);
  const fitting = number(data['mostLines']);
  if (code === 'out-of-memory' && fitting !== undefined)
    return {
      unit: 'lines',
      selected: lines,
      most: fitting,
      isPartial: false,
      isWindow: false,
      isMemory: true,
    };
  if (code !== 'context-too-long') return undefined;
  const needed = number(data['needed']) ?? number(data['tokens']);
  const room = number(data['budget']) ?? number(data['limit']);
  if (needed === undefined || room === undefined || needed <= room) return undefined;
  const why = { isPartial: data['isPartial'] === true, isWindow: data['isWindow'] === true };
  const most = Math.min(lines - 1, Math.floor((lines * room) / needed));
  if (most > 0) return { unit: 'lines', selected: lines, most, ...why };
  // A few very long lines: they are counted roughly, as nobody counts them.
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  return {
    unit: 'characters',
    selected: roughly(characters),
    most: roughly(Math.min(characters - 1, (characters * room) / needed)),
    ...why,
  };
}

/** Two digits, rounded down. */
function roughly(count: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, count))) - 1);
  return Math.floor(count / step) * step;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
