// A file is often longer than a model's context: this chooses what of it the model sees, in work that depends on the
// context's length and never on the file's.
import { bomLength, isLineStart, splitsUnit } from './position';
import type { Piece } from './spans';

/** Above any real ratio in source text; a line with more characters than this per free token is not even tokenised. */
const CHARS_PER_TOKEN = 16;
/** The line next to a span's border, however long, is taken in steps of so many UTF-16 units. */
const CHUNK = 64;

export interface WindowRequest {
  readonly text: string;
  /** In text order, not overlapping. */
  readonly spans: readonly Piece[];
  /** Tokens that the text around the spans may take. */
  readonly budget: number;
  /** Of those, the text behind the last span may take. Absent: all. */
  readonly mostBehind?: number | undefined;
  /** Number of tokens of a piece of text. */
  count(text: string): number;
}

/** One edge of what is seen so far, with the tokens that it has won from the text beyond. */
interface Frontier {
  readonly direction: -1 | 1;
  position: number;
  tokens: number;
  open: boolean;
  /** Where it must stop: the facing frontier's position, or the text's own end. */
  readonly limit: () => number;
}

/**
 * The spans with their surroundings, in text order; more than one piece where spans lie too far apart to keep all
 * between them. Every span grows a frontier on each side; the frontier with the fewest tokens takes its next line,
 * so that both sides of every span get the same as long as there is text, and what one side cannot use goes to the others.
 * Pieces are cut at line starts, and inside a line only where that line is the nearest one and longer than what is left.
 */
export function growWindow(request: WindowRequest): readonly Piece[] {
  const { text, spans, count } = request;
  const frontiers = makeFrontiers(text, spans);
  let remaining = request.budget;
  for (;;) {
    const frontier = poorest(frontiers);
    if (frontier === undefined) break;
    const { mostBehind } = request;
    const isBound = mostBehind !== undefined && frontier === frontiers.at(-1);
    const room = isBound ? Math.min(remaining, mostBehind - frontier.tokens) : remaining;
    const step = nextStep(text, frontier, room, count);
    if (step === undefined) {
      frontier.open = false;
      continue;
    }
    frontier.position = step.position;
    frontier.tokens += step.tokens;
    remaining -= step.tokens;
  }
  return merge(spans.map((_, i) => pieceOf(frontiers, i)));
}

function makeFrontiers(text: string, spans: readonly Piece[]): readonly Frontier[] {
  const frontiers: Frontier[] = [];
  const floor = bomLength(text);
  for (const [i, span] of spans.entries()) {
    frontiers.push(
      {
        direction: -1,
        position: span.start,
        tokens: 0,
        open: true,
        limit: () => frontiers[2 * i - 1]?.position ?? floor,
      },
      {
        direction: 1,
        position: span.end,
        tokens: 0,
        open: true,
        limit: () => frontiers[2 * i + 2]?.position ?? text.length,
      },
    );
  }
  return frontiers;
}

function poorest(frontiers: readonly Frontier[]): Frontier | undefined {
  let best: Frontier | undefined;
  for (const frontier of frontiers) {
    if (frontier.position === frontier.limit()) frontier.open = false;
    if (frontier.open && (best === undefined || frontier.tokens < best.tokens)) best = frontier;
  }
  return best;
}

interface Step {
  readonly position: number;
  readonly tokens: number;
}

/** The frontier's next line, or of the nearest line the next chunk; undefined where it does not fit. */
function nextStep(
  text: string,
  frontier: Frontier,
  remaining: number,
  count: (text: string) => number,
): Step | undefined {
  const { direction, position } = frontier;
  const nearest = frontier.tokens === 0 || !isLineStart(text, position);
  if (remaining <= 0) return undefined;
  if (!nearest) {
    const target = lineBorder(text, frontier, remaining * CHARS_PER_TOKEN);
    return target === undefined ? undefined : measured(text, position, target, remaining, count);
  }
  for (let reach = CHUNK; reach >= 1; reach >>= 1) {
    const target =
      lineBorder(text, frontier, reach) ?? unitBorder(text, position + direction * reach, direction);
    const step = target === position ? undefined : measured(text, position, target, remaining, count);
    if (step !== undefined) return step;
  }
  return undefined;
}

function measured(
  text: string,
  position: number,
  target: number,
  remaining: number,
  count: (text: string) => number,
): Step | undefined {
  const tokens = count(text.slice(Math.min(position, target), Math.max(position, target)));
  return tokens <= remaining ? { position: target, tokens } : undefined;
}

/** The nearest line start beyond the frontier (or its limit), undefined where it lies further than `reach` units. */
function lineBorder(
  text: string,
  { direction, position, limit }: Frontier,
  reach: number,
): number | undefined {
  const end = limit();
  for (let i = 1; i <= reach; i++) {
    const at = position + direction * i;
    if (at === end || isLineStart(text, at)) return at;
  }
  return undefined;
}

/** The offset itself, or one nearer to the span where it would split a character or a line end. */
function unitBorder(text: string, offset: number, direction: -1 | 1): number {
  return splitsUnit(text, offset) === undefined ? offset : offset - direction;
}

/**
 * Moves a window's first border forward to a place that stays while a person types; else it would creep on every few
 * keys, and no K/V of the context could be kept. Marks stand in the file every `spacing` UTF-16 units, wherever the
 * window is; the border goes behind the next of them, to the first line that begins a part of the file (it stands at the
 * margin behind a blank one), or where none is near to the first line. At least half of the text up to `first`, where
 * the first span starts, is kept.
 */
export function steadyStart(text: string, start: number, first: number, spacing: number): number {
  if (start <= bomLength(text)) return start;
  const mark = Math.ceil(start / spacing) * spacing;
  const last = Math.min(mark + spacing, (start + first) / 2);
  for (let at = mark; at < Math.min(mark + spacing / 2, last); at++) if (beginsPart(text, at)) return at;
  for (let at = mark; at < last; at++) if (isLineStart(text, at)) return at;
  return start;
}

/**
 * The same for a window's last border, which goes back to a line start before a mark; the marks are counted from the
 * end of the text, for it is the distance to there that stays while a person types. `last` is where the last span ends.
 */
export function steadyEnd(text: string, end: number, last: number, spacing: number): number {
  if (end >= text.length) return end;
  const mark = text.length - Math.ceil((text.length - end) / spacing) * spacing;
  for (let at = mark; at > Math.max(mark - spacing, (end + last) / 2); at--)
    if (isLineStart(text, at)) return at;
  return end;
}

/** What closes or goes on with what a line at the same depth has begun. */
const GOES_ON =
  /^([{)\]}>]|<\/|(case|default|when|then|do|else|elif|elsif|elseif|except|rescue|ensure|finally|catch|end|fi|done|esac|while|and|or)\b)/;

/** Of what is behind the span, the part that stays at least: the beginning of a long class is worth more than nothing of it. */
const LEAST_BEHIND = 0.125;

/** UTF-16 units behind a border in which the next line that is not blank is looked for. */
const LONGEST_LOOK = 400;

/** At the end of what is left: more belongs to it. */
const OPENS = /[{([:,]$/;

/**
 * A window's last border, where it cuts the text, goes back to a line behind which nothing is open that was not open at the last span:
 * a model that reads what is behind a hole before it writes goes on with it where it breaks off. As it is where there is no such line.
 */
export function closedEnd(text: string, end: number, { start, end: last }: Piece): number {
  if (end >= text.length) return end;
  const depth = depthAt(text, start);
  const least = last + LEAST_BEHIND * (end - last);
  for (let at = end; at > least; at--) {
    if (!isLineStart(text, at)) continue;
    const left = text.slice(last, at).trimEnd();
    if (left === '' || OPENS.test(left)) continue;
    const next = /^(?:[ \t]*\r?\n)*([ \t]*)(\S[^\r\n]{0,9})/.exec(text.slice(at, at + LONGEST_LOOK));
    if (next === null) continue;
    const [, indent = '', begins = ''] = next;
    if (indent.length < depth || (indent.length === depth && !GOES_ON.test(begins))) return at;
  }
  return end;
}

/** White space in front of the line, or in front of the place where nothing else stands. */
function depthAt(text: string, at: number): number {
  let lineStart = at;
  while (lineStart > 0 && !isLineStart(text, lineStart)) lineStart--;
  return /^[ \t]*/.exec(text.slice(lineStart, lineStart + LONGEST_LOOK))?.[0].length ?? 0;
}

function beginsPart(text: string, at: number): boolean {
  if (!isLineStart(text, at) || !/[^\s)\]}]/.test(text.charAt(at))) return false;
  return isLineStart(text, at - lineEndLength(text, at));
}

function lineEndLength(text: string, offset: number): number {
  return splitsUnit(text, offset - 1) === 'line end' ? 2 : 1;
}

function pieceOf(frontiers: readonly Frontier[], span: number): Piece {
  return { start: frontiers[2 * span]?.position ?? 0, end: frontiers[2 * span + 1]?.position ?? 0 };
}

function merge(pieces: readonly Piece[]): readonly Piece[] {
  const merged: Piece[] = [];
  for (const piece of pieces) {
    const last = merged.at(-1);
    if (last !== undefined && last.end >= piece.start)
      merged[merged.length - 1] = { start: last.start, end: piece.end };
    else merged.push(piece);
  }
  return merged;
}
