// What the loops leave in the holes becomes what a person reads: text that fits the file, best first.
import { scoreOf } from '../calibration/score';
import { indexLines, rangeAt } from '../canvas/position';
import { type PlacedSpan, placeSpans } from '../canvas/spans';
import type { Canvas, Hole, Span } from '../canvas/types';
import type { HoleAnswer } from '../denoiser';
import { EngineError } from '../errors';
import type { Candidate } from '../protocol';
import { type AskedCode, fencedCode } from './answer/fences';
import { placedCode } from './answer/placed';
import { endsBefore } from './answer/surroundings';
import { fitBody, fitFirstLine, fitIndentUnit, type IndentUnit, indentUnitNear } from './indentation';
import { withoutLastComment } from './lineComment';
import {
  keepFinalNewline,
  keepLineEnds,
  type LineEnd,
  lineEndWithin,
  tailWithLineEnds,
  withLineEnds,
  withoutBlankEnd,
} from './lines';
import {
  withClosingLine,
  withinBracket,
  withinLine,
  withoutDoubledBlanks,
  withoutDoubledLead,
  withoutStop,
  withoutStrayBreaks,
} from './partOfLine';
import { FlawFinder } from './quality/flaws';
import { rankCandidates } from './rank';
import { answerText, type TokenBytes } from './text';
import { trimPrefix, trimSuffix } from './trim';
import { withoutDoubledPart } from './wordSeam';

export interface FinishContext {
  readonly canvas: Canvas;
  /** The text and the spans as they were requested. */
  readonly text: string;
  readonly spans: readonly Span[];
  readonly tokenizer: TokenBytes;
  /** How the code was asked for, where an answer may hold more than that; absent: all of it is code. */
  readonly codeOf?: Omit<AskedCode, 'original'>;
  /** Probability that a candidate is right, from its answers and its texts, both in text order; absent: none is given. */
  readonly confidence?: (lane: readonly HoleAnswer[], texts: readonly string[]) => number;
  /** An id of VS Code's. Absent: unknown. */
  readonly language?: string | undefined;
  /** 0…1: the confidence below which a candidate is improbable; absent: `DEFAULT_GATE`. */
  readonly gate?: number;
}

/** One hole with all that its answers are fitted to; the same for every lane. */
interface Place {
  readonly hole: Hole;
  readonly span: PlacedSpan;
  readonly original: string;
  /** UTF-16 offsets to which the text around the span is the file's own. */
  readonly from: number;
  readonly to: number;
  readonly lineEnd: LineEnd;
  readonly unit: IndentUnit | undefined;
}

/** How much of the text on each side of a span is looked at, in UTF-16 units. */
const SURROUNDINGS = 16_384;

/**
 * Candidates, best first, from `lanes`: for each candidate the answers of its holes in text order. A candidate's spans
 * stand in the order of the request. Answers with bytes that are no UTF-8 make no candidate.
 */
export function postprocess(
  lanes: readonly (readonly HoleAnswer[])[],
  context: FinishContext,
): readonly Candidate[] {
  const { text } = context;
  const places = placesOf(context);
  const index = indexLines(text);
  const finder = new FlawFinder(
    text,
    places.map(({ span }) => span),
    context.gate,
    context.language,
  );
  const candidates: Candidate[] = [];
  for (const lane of lanes) {
    if (lane.length !== places.length) {
      throw new EngineError('internal', `A candidate has ${lane.length} answers for ${places.length} holes.`);
    }
    const fitted = fitLane(lane, places, context);
    if (fitted === undefined) continue;
    const { texts } = fitted;
    const spans = places.map(({ span: { start, end } }, i) => {
      return { range: rangeAt(index, start, end), start, end, text: texts[i] ?? '' };
    });
    const inRequestOrder = places
      .map(({ hole }, i) => ({ order: hole.span, span: spans[i] }))
      .sort((a, b) => a.order - b.order)
      .flatMap(({ span }) => (span === undefined ? [] : [span]));
    const own = context.confidence?.(lane, texts);
    // What was not chosen is no likelier than what was: both were weighed by more than confidence knows.
    const isOther = lane.some(({ choice }) => choice?.isOther);
    const confidence = isOther && own !== undefined ? Math.min(own, candidates[0]?.confidence ?? own) : own;
    candidates.push({
      score: scoreOf(lane),
      ...(confidence === undefined ? {} : { confidence }),
      flaws: finder.flawsOf(texts, confidence, fitted.isCut),
      spans: inRequestOrder,
    });
  }
  return rankCandidates(text, candidates);
}

function placesOf({ text, spans, canvas }: FinishContext): readonly Place[] {
  const placed = placeSpans(text, spans);
  const holes = canvas.segments.flatMap((segment) => (segment.kind === 'hole' ? [segment.hole] : []));
  if (holes.length !== placed.length) {
    throw new EngineError('internal', `The canvas has ${holes.length} holes for ${placed.length} spans.`);
  }
  return placed.flatMap((span, i) => {
    const hole = holes[i];
    if (hole === undefined) return [];
    return {
      hole,
      span,
      original: text.slice(span.start, span.end),
      from: placed[i - 1]?.end ?? 0,
      to: placed[i + 1]?.start ?? text.length,
      lineEnd: lineEndWithin(text, span.start, span.end),
      unit: indentUnitNear(text, span.start),
    };
  });
}

/** Texts of one candidate in text order, and whether one of them breaks off; undefined where one of them is damaged. */
function fitLane(
  lane: readonly HoleAnswer[],
  places: readonly Place[],
  { text, tokenizer, codeOf, language }: FinishContext,
): { readonly texts: readonly string[]; readonly isCut: boolean } | undefined {
  const raw = places.map((place, i) => rawText(lane[i], place, tokenizer, codeOf));
  const texts: string[] = raw.map((answer) => answer.text);
  if (raw.some((answer) => answer.damaged)) return undefined;
  let isCut = false;
  for (const [i, place] of places.entries()) {
    const answer = raw[i];
    if (answer === undefined) continue;
    const sides = around(text, places, texts, i);
    const placed = answer.locked
      ? answer
      : {
          ...answer,
          text: placedText(answer.text, place, sides, { isAsked: codeOf !== undefined, language }),
        };
    // Of what goes on with the lines behind its place, only these break off.
    isCut ||= lane[i]?.isCut === true && !(codeOf !== undefined && endsBefore(placed.text, answer.text));
    texts[i] = fitAnswer(placed, place, sides, text);
  }
  return { texts, isCut };
}

/** `isAsked`: the code answers an instruction, which may want more than what stood there. */
function placedText(
  code: string,
  { original, lineEnd, unit }: Place,
  sides: { readonly before: string; readonly after: string },
  { isAsked, language }: { readonly isAsked: boolean; readonly language: string | undefined },
): string {
  if (isAsked) return withLineEnds(placedCode(code, { ...sides, original, unit }), lineEnd);
  const line = { ...sides, original };
  const withoutComment = (answer: string) => withoutLastComment(answer, line, language);
  const rules = [
    withinLine,
    withoutComment,
    withoutStop,
    withinBracket,
    withoutStrayBreaks,
    withoutDoubledBlanks,
  ];
  return rules.reduce((answer, rule) => rule(answer, line), code);
}

interface RawText {
  readonly text: string;
  readonly damaged: boolean;
  readonly locked: boolean;
  readonly freeHead: number;
  readonly freeTail: number;
}

function rawText(
  answer: HoleAnswer | undefined,
  place: Place,
  tokenizer: TokenBytes,
  codeOf: FinishContext['codeOf'],
): RawText {
  if (answer === undefined) return { text: '', damaged: false, locked: false, freeHead: 0, freeTail: 0 };
  const { damaged: isDamaged, ...all } = answerText(answer, place.hole, tokenizer);
  const code = codeOf === undefined ? all.text : codeIn(all.text, answer, place, codeOf);
  const damaged = isDamaged || code === undefined;
  const text = code ?? '';
  const freeHead = Math.min(all.freeHead, text.length);
  const freeTail = Math.max(0, all.freeTail - (all.text.length - text.length));
  const locked = answer.locked.includes(1);
  // Where the span itself mixed line ends, what is locked of it keeps its own, and the rest may be mixed as well.
  const isMixed = withLineEnds(place.original, place.lineEnd) !== place.original;
  if (locked && isMixed) return { text, damaged, locked, freeHead, freeTail };
  return {
    text: withLineEnds(text, place.lineEnd),
    damaged,
    locked,
    freeHead: withLineEnds(text.slice(0, freeHead), place.lineEnd).length,
    freeTail: tailWithLineEnds(text, freeTail, place.lineEnd),
  };
}

/** The code that was asked for; undefined where the answer has none. What breaks off ends with its last whole line. */
function codeIn(
  text: string,
  { isCut, locked }: HoleAnswer,
  { original }: Place,
  asked: NonNullable<FinishContext['codeOf']>,
): string | undefined {
  // What is locked stands where it stood, whatever the answer looks like.
  if (locked.includes(1)) return text;
  const code = fencedCode(text, { ...asked, original });
  if (code === undefined) return undefined;
  return isCut && code.includes('\n') ? code.slice(0, code.lastIndexOf('\n')) : code;
}

/** The text on both sides of a place with the other holes' answers in it, as far as it matters. */
function around(
  text: string,
  places: readonly Place[],
  texts: readonly string[],
  i: number,
): { readonly before: string; readonly after: string } {
  let before = '';
  for (let j = i; j >= 0 && before.length < SURROUNDINGS; j--) {
    const place = places[j];
    if (place === undefined) break;
    const from = Math.max(place.from, place.span.start - SURROUNDINGS);
    before = text.slice(from, place.span.start) + before;
    if (from > place.from) break;
    if (j > 0) before = (texts[j - 1] ?? '') + before;
  }
  let after = '';
  for (let j = i; j < places.length && after.length < SURROUNDINGS; j++) {
    const place = places[j];
    if (place === undefined) break;
    const to = Math.min(place.to, place.span.end + SURROUNDINGS);
    after += text.slice(place.span.end, to);
    if (to < place.to) break;
    after += texts[j + 1] ?? '';
  }
  return { before, after };
}

function fitAnswer(
  answer: RawText,
  place: Place,
  sides: { readonly before: string; readonly after: string },
  text: string,
): string {
  const { original, span, from, to, lineEnd, unit } = place;
  // The model wrote what stood there: then not even its line ends are news.
  if (answer.text === withLineEnds(original, lineEnd)) return original;
  const { before } = sides;
  const context = {
    ...sides,
    original,
    keptBefore: span.start - from,
    keptAfter: to - span.end,
    freeHead: answer.freeHead,
    freeTail: answer.freeTail,
  };
  const line = { ...sides, original };
  const own = answer.locked ? answer.text : withoutDoubledLead(withoutDoubledPart(answer.text, line), line);
  let fitted = trimPrefix(own, context);
  if (!answer.locked) {
    fitted = fitFirstLine(fitted, { before, original, unit });
    fitted = fitBody(fitIndentUnit(fitted, { before, original, unit }), { ...sides, original, unit });
  }
  const freeTail = answer.locked ? answer.freeTail : fitted.length;
  const trimmed = trimSuffix(fitted, { ...context, freeTail });
  const ended = keepFinalNewline(trimmed, { original, before, atEnd: span.end === text.length, lineEnd });
  const whole = ended.length < fitted.length - freeTail ? trimmed : ended;
  if (answer.locked) return whole;
  const closed = withClosingLine(withoutBlankEnd(whole, original, sides.after), { ...sides, original });
  return keepLineEnds(closed, original, lineEnd);
}
