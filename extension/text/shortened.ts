// Texts that other people wrote, in places that have little room.
import { splitLines } from './lineEnds';

/** The first line that says something, in one line of a menu. */
export function shortened(text: string, most = 60): string {
  const line = (splitLines(text).find((one) => one.trim() !== '') ?? '').trim();
  const characters = [...line];
  return characters.length <= most
    ? line
    : `${characters
        .slice(0, most - 1)
        .join('')
        .trimEnd()}…`;
}
