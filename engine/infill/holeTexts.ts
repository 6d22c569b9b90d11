// The text around each hole and in it. Pure.
import { type HoleText, isInString } from '../candidates/blockEnd';
import { withLineEnds } from '../candidates/lines';
import { placeSpans } from '../canvas/spans';
import type { Span } from '../canvas/types';
import type { InfillParams } from '../protocol';

/** Of each span, in text order. */
export function holeTexts(text: string, spans: InfillParams['spans']): readonly HoleText[] {
  return placeSpans(text, spans).map((span, i, placed) => holeTextOf(text, span, placed[i + 1]?.start));
}

/** With line feeds, so that a file's line ends and the model's need not be the same. */
export function holeTextOf(text: string, { start, end }: Span, until = text.length): HoleText {
  const lines = (from: number, to: number) => withLineEnds(text.slice(from, to), '\n');
  const sides = { before: lines(0, start), selected: lines(start, end), after: lines(end, until) };
  return { ...sides, isInString: isInString(text, { start, end }) };
}
