// Models that fill in the middle seldom know where to stop: behind the hole's own lines they write the rest of the function, and the
// next one. What leaves the block that the hole is in is not for the hole, and need not even be waited for. Pure.
import { wholeLineWhere } from '../candidates/wholeLines';
import type { Sides } from './holes';

/** A line that stands at the margin wherever it is: preprocessor directives, and what closes a text of several lines. */
const AT_MARGIN =
  /^(#\s*(if|ifdef|ifndef|else|elif|endif|define|undef|include|pragma|region|endregion)\b|"""|'''|`)/;

/**
 * Length of the answer's beginning that stays in the hole's block; undefined: all that is there so far. Only whole lines tell, so a
 * stream can be asked piece by piece. `sides` with line feeds.
 */
export function endOfBlock(answer: string, { before, selected }: Sides): number | undefined {
  const least = depthOfHole(before, selected);
  if (least === 0) return undefined;
  return wholeLineWhere(
    answer,
    (line) => line.trim() !== '' && depthOf(line) < least && !AT_MARGIN.test(line),
  );
}

/** Columns of the shallowest line that the hole has or stands on. */
function depthOfHole(before: string, selected: string): number {
  const standing = before.slice(before.lastIndexOf('\n') + 1);
  const [first = '', ...others] = selected.split('\n');
  const depths = [standing + first, ...others].filter((line) => line !== '').map(depthOf);
  return depths.length === 0 ? 0 : Math.min(...depths);
}

/** A tab counts as one: lines of one block begin alike. */
function depthOf(line: string): number {
  return /^[ \t]*/.exec(line)?.[0].length ?? 0;
}
