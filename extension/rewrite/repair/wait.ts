// What a repair takes, from what is estimated of its parts. Pure.
import type { Estimate } from '../../../engine/protocol';
import type { OffsetRange } from '../../text/types';
import type { Span } from '../state/types';

/** Milliseconds behind reading what is around the line: where a look takes longer, the line is what is waited for. */
export const LONGEST_LOOK = 5000;
/** In which there is to be an answer for one line. */
const FIRST_ANSWER = 4000;
/** The same for several lines. */
const FIRST_LINES = 15_000;

/** Milliseconds. */
export interface LookEstimate {
  /** What is around the line, for the two others. */
  readonly reading: number;
  readonly looking: number;
  /** The first answer where all of the line is masked. */
  readonly writing: number;
}

/**
 * Whether a line is looked at before all of it is masked: not where it would be written anew in less time, and both together are a wait. Of several
 * lines there is more to mend: they are looked at where there is time for all of that.
 */
export function isLookWorth(
  { looking, writing }: Pick<LookEstimate, 'looking' | 'writing'>,
  isLine = true,
): boolean {
  if (looking > LONGEST_LOOK) return false;
  if (looking + writing <= FIRST_ANSWER) return true;
  return looking <= writing && (isLine || looking + LONGEST_LOOK + writing <= FIRST_LINES);
}

/** Whether a span is a line or a part of one. */
export function isWithinLine({ old }: Pick<Span, 'old'>): boolean {
  return !/[\r\n]/.test(old);
}

/** Of looking for a slip, the share of scoring what stands there. */
export const SCORING = 0.7;

/**
 * The share of a look that is done behind that, 0…1: by the mendings that are scored, `counted` 0…1, or by the time that there is for all of
 * them, of which `elapsedMillis` have gone: a slow model does not come to the second one.
 */
export function lookedShare(counted: number, elapsedMillis: number): number {
  return SCORING + (1 - SCORING) * Math.min(1, Math.max(counted, elapsedMillis / LONGEST_LOOK));
}

/** UTF-16 units of which every model can say how long it scores them; of more, the rest takes its share. */
const LONGEST_PART = 2000;

/** The beginning of a span. */
export function partToEstimate(span: Span): Span {
  const { start, old } = span;
  if (old.length <= LONGEST_PART) return span;
  const line = old.lastIndexOf('\n', LONGEST_PART);
  const end = line > 0 ? line : LONGEST_PART;
  // Neither a line end nor a character is cut in two.
  const isCut = line > 0 ? old[end - 1] === '\r' : /[\ud800-\udbff]/.test(old[end - 1] ?? '');
  const own = old.slice(0, isCut ? end - 1 : end);
  return { start, end: start + own.length, old: own };
}

/** Which word is the least likely is not known yet: the longest one takes longest. Empty: there is none. */
export function wordToEstimate(old: string): readonly OffsetRange[] {
  const words = [...old.slice(0, LONGEST_PART).matchAll(/[\p{L}\p{N}_$]+/gu)];
  const [first, ...rest] = words.map(({ index, 0: word }) => ({ start: index, end: index + word.length }));
  if (first === undefined) return [];
  return [rest.reduce((longest, one) => (lengthOf(one) > lengthOf(longest) ? one : longest), first)];
}

/** What is around the spans is read once. `part`: of the `parts` of the spans; `word`: of a word in each, and how many answers it asks for. Undefined: nobody knows. */
export function repairMillis(
  spans: readonly Span[],
  parts: readonly Span[],
  part: Pick<Estimate, 'scoringMillis' | 'readingMillis'>,
  word: Pick<Estimate, 'millis' | 'readingMillis'> & { readonly candidates: number },
): { readonly millis: number; readonly readingMillis: number } | undefined {
  if (part.scoringMillis === undefined || word.millis === undefined) return undefined;
  const { readingMillis = 0 } = part;
  const sum = (all: readonly Span[]) => all.reduce((total, one) => total + lengthOf(one), 0);
  const scoring = ((part.scoringMillis - readingMillis) * sum(spans)) / Math.max(1, sum(parts));
  // What stands there, each answer in its place, and one line without a slip (more of those are looked at while that is quick), for which a line
  // of several is scored by itself.
  const scores =
    1 +
    word.candidates +
    ((spans.every(isWithinLine) ? 1 : 2) * longestLine(spans)) / Math.max(1, sum(spans));
  const denoising = word.millis - (word.readingMillis ?? 0);
  return { millis: readingMillis + scoring * scores + denoising, readingMillis };
}

function longestLine(spans: readonly Span[]): number {
  return Math.max(...spans.flatMap(({ old }) => old.split(/[\r\n]+/).map((line) => line.length)));
}

function lengthOf({ start, end }: OffsetRange): number {
  return end - start;
}
