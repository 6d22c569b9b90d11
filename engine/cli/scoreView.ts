// How surprised the model is by each token, as a table and as the most suspicious lines with their heat.
import type { ScoredToken, SpanRange } from '../protocol';
import { clip, displayWidth, glyphs, pad, printable } from './displayWidth';
import type { Paint, Role } from './style';
import { table } from './table';

export interface PlacedToken extends ScoredToken {
  readonly range: SpanRange;
}

/** Most suspicious first; what is equally suspicious stays in the text's order. */
export function bySuspicion(tokens: readonly PlacedToken[]): PlacedToken[] {
  return [...tokens].sort((a, b) => b.surprise - a.surprise || a.start - b.start);
}

function quoted(text: string, width: number): string {
  return clip(printable(JSON.stringify(text)), width);
}

function percent(probability: number): string {
  const share = probability * 100;
  // From 9.5 on one digit is not enough: `toPrecision(1)` would write 1e+1.
  return `${share >= 9.5 ? share.toFixed(0) : share.toPrecision(1)} %`;
}

/** `line:column  token  nats  bits  instead`, one row a token, under a heading. */
export function scoreTable(tokens: readonly PlacedToken[], paint: Paint): string[] {
  const rows = tokens.map((token) => [
    `${token.range.start.line}:${token.range.start.column}`,
    quoted(token.text, 28),
    token.surprise.toFixed(2),
    (token.surprise / Math.LN2).toFixed(2),
    token.alternatives
      .slice(0, 3)
      .map(({ text, probability }) => `${quoted(text, 20)} ${percent(probability)}`)
      .join(', '),
  ]);
  const [heading = '', ...lines] = table(
    [['place', 'token', 'nats', 'bits', 'the model expects'], ...rows],
    ['left', 'left', 'right', 'right', 'left'],
  );
  return [paint('heading', heading), ...lines];
}

/** Nats: 2 is one in seven, 4 one in fifty, 7 one in a thousand. */
function heat(surprise: number): Role | undefined {
  if (surprise >= 7) return 'burning';
  if (surprise >= 4) return 'hot';
  return surprise >= 2 ? 'warm' : undefined;
}

/** The `count` lines with the most surprising token each, in the text's order, every token in its heat. */
export function heatLines(
  text: string,
  tokens: readonly PlacedToken[],
  options: { readonly count: number; readonly width: number },
  paint: Paint,
): string[] {
  const lines: number[] = [];
  for (const token of bySuspicion(tokens)) {
    if (lines.length >= options.count || heat(token.surprise) === undefined) break;
    if (!lines.includes(token.range.start.line)) lines.push(token.range.start.line);
  }
  lines.sort((a, b) => a - b);
  const gutter = Math.max(3, String(lines.at(-1) ?? 0).length);
  return lines.map((line) => {
    const own = tokens.filter((token) => token.range.start.line === line);
    const first = own[0];
    const start = first ? first.start - (first.range.start.column - 1) : 0;
    const rest = text.slice(start, start + 4 * options.width);
    const shown = rest.slice(0, /\r|\n|$/.exec(rest)?.index ?? 0);
    const edge = paint('faint', `${pad(String(line), gutter, 'right')} │ `);
    return edge + paintHeat(shown, start, own, options.width - gutter - 3, paint);
  });
}

function paintHeat(
  line: string,
  start: number,
  tokens: readonly PlacedToken[],
  width: number,
  paint: Paint,
): string {
  let painted = '';
  let run = '';
  let role: Role | undefined;
  let used = 0;
  let at = start;
  const flush = () => {
    painted += role ? paint(role, run) : run;
    run = '';
  };
  for (const glyph of glyphs(line)) {
    const offset = at;
    const shown = glyph.text === '\t' ? '  ' : printable(glyph.text);
    const token = tokens.find((candidate) => candidate.start <= offset && offset < candidate.end);
    const next = token && heat(token.surprise);
    if (next !== role) flush();
    role = next;
    if (used + displayWidth(shown) > width - 1) {
      flush();
      return `${painted}…`;
    }
    run += shown;
    used += displayWidth(shown);
    at += glyph.text.length;
  }
  flush();
  return painted;
}
