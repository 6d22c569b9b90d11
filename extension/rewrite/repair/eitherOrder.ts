// What says the same in either order: to exchange it mends nothing. Pure.
import type { OffsetRange } from '../../text/types';

const EQUALS = /^\s*[=!]==?\s*$/;
const SUM = /^\s*[+*]\s*$/;
/** Of a sum, what is in front of it and behind it: nothing that binds one of the two to something else. */
const BEFORE_SUM = /(?:^|[([{,;=<>?:]|\b(?:return|and|or|not)|&&|\|\|)\s*$/;
const BEHIND_SUM = /^\s*(?:$|[)\]},;:?<>=!]|&&|\|\||(?:and|or|if|else)\b)/;
const COMMA = /^\s*,\s*$/;
/** A call whose arguments have no order. */
const SYMMETRIC_CALL = /(?:^|[^\p{L}\p{N}_$])(?:min|max|gcd|lcm|hypot|isclose|eq|equals|equal|ne)\s*\($/iu;

/** Whether two names or arguments are the same in either order: `line` with where the first and the second stand in it. */
export function isSameInEitherOrder(
  line: string,
  [first, second]: readonly [OffsetRange, OffsetRange],
): boolean {
  const between = line.slice(first.end, second.start);
  if (EQUALS.test(between)) return true;
  const before = line.slice(0, first.start);
  if (SUM.test(between)) return BEFORE_SUM.test(before) && BEHIND_SUM.test(line.slice(second.end));
  return COMMA.test(between) && SYMMETRIC_CALL.test(before);
}
