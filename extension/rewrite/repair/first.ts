// Which rewrites begin with a repair. Pure.
import { isSteered } from '../state/noChange';
import type { RewriteRequest, Span } from '../state/types';

/** A word, or a sign. */
const UNIT = /[\p{L}\p{N}_$]+|[^\s\p{L}\p{N}_$]/gu;
/** UTF-16 units; in a longer line a word is not what is wrong. */
const LONGEST = 200;
/** The same of several lines, and how many. */
const LONGEST_LINES = 1000;
const MOST_LINES = 12;
/** Of fewer units, one is too large a part. */
const FEWEST_UNITS = 4;
/** What stands for code that is still to be written: nothing in it is to be mended. */
const PLACEHOLDER = /^(?:todo|unimplemented)!\s*\(|\bnot[ _-]?implemented/iu;

/** Of the first request for one place, a few lines at most, where nobody says what to change. `isMore`: a review is there already. */
export function repairsFirst(spans: readonly Span[], request: RewriteRequest, isMore: boolean): boolean {
  const [span, ...others] = spans;
  const { seed, tries, texts, isPiece, isWhole } = request;
  if (span === undefined || others.length > 0 || isMore || isSteered(request)) return false;
  if (seed !== 0 || tries !== undefined || texts !== undefined || isPiece || isWhole) return false;
  const { old } = span;
  const lines = old.split(/\r\n|[\r\n]/);
  if (lines.length > MOST_LINES || old.length > (lines.length > 1 ? LONGEST_LINES : LONGEST)) return false;
  if (PLACEHOLDER.test(old.trim())) return false;
  return (old.match(UNIT)?.length ?? 0) >= FEWEST_UNITS;
}
