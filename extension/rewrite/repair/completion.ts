// What is missing at the end of a line that is half written. Pure.
import { NAME } from '../../text/nearNames';
import type { OffsetRange } from '../../text/types';

const LAST_NAME = /[\p{L}_$][\p{L}\p{N}_$]*$/u;
/** UTF-16 units. */
const LONGEST_NAME = 100;
const SHORTEST_CUT = 2;

/** Tokens. */
export const LONGEST_END = 32;

/** Whether nothing but blanks stands behind the range in its line. */
export function endsItsLine(text: string, { end }: OffsetRange): boolean {
  return /^[^\S\r\n]*(?:[\r\n]|$)/.test(text.slice(end));
}

/**
 * Whether the range ends within a name: nothing else in the text is called so, and other names begin like that. Such a line may
 * parse, and is half written all the same.
 */
export function endsInCutName(text: string, { end }: OffsetRange): boolean {
  const [name = ''] = LAST_NAME.exec(text.slice(Math.max(0, end - LONGEST_NAME), end)) ?? [];
  if (name.length < SHORTEST_CUT) return false;
  const names: readonly string[] = text.match(NAME) ?? [];
  return names.filter((one) => one === name).length === 1 && names.some((one) => isBeginning(name, one));
}

function isBeginning(name: string, other: string): boolean {
  return other.length > name.length && other.startsWith(name);
}

/** Texts that begin with `base`, from one that a model has gone on with: what it wrote in the same line, and all of it. */
export function completionsOf(base: string, whole: string): readonly string[] {
  if (!whole.startsWith(base) || whole.trimEnd() === base) return [];
  const more = whole.slice(base.length);
  const [line = ''] = more.split(/[\r\n]/, 1);
  return [...new Set([base + line.trimEnd(), base + more.trimEnd()])].filter((text) => text !== base);
}
