// A model that was asked for a part of a file may write the file again, or the function around that part. What of its answer
// is the part is found by the lines that stand around the span, so that nothing comes to stand there twice. Pure.

export interface AroundAnswer {
  /** Text before and behind the span. */
  readonly before: string;
  readonly original: string;
  readonly after: string;
}

/** Lines on each side that are looked at. */
const REACH = 400;
/** Most lines by which a place is recognised. */
const LONGEST_ANCHOR = 6;

/**
 * The answer without the lines that stand before and behind the span already. Where the span begins or ends inside a line,
 * that line's other part goes as well.
 */
export function withoutSurroundings(answer: string, { before, original, after }: AroundAnswer): string {
  const lines = answer.split('\n');
  const own = keysOf(original.split(/\r\n|\r|\n/));
  const above = linesOf(before).slice(-REACH - 1);
  const below = linesOf(after).slice(0, REACH + 1);
  // The last piece before the span, and the first one behind it, are parts of its own lines.
  const openLine = above.pop() ?? '';
  const restOfLine = below.shift() ?? '';
  const isOpen = key(openLine) !== '';
  const certain = headLength(lines, keysOf(above), own, { isOpen, isSure: false });
  const tail = tailLength(lines.slice(certain), keysOf(below), own, certain > 0);
  const rest = lines.slice(0, lines.length - tail);
  const head = certain || (tail > 0 ? headLength(rest, keysOf(above), own, { isOpen, isSure: true }) : 0);
  const left = lines.slice(head, lines.length - tail);
  // Blank lines at a cut belong to what is cut off.
  while (head > 0 && left.length > 0 && key(left[0] ?? '') === '') left.shift();
  while (tail > 0 && left.length > 0 && key(left.at(-1) ?? '') === '') left.pop();
  const [first] = left;
  if (head > 0 && isOpen && first !== undefined) left[0] = withoutStart(first, openLine);
  const last = left.at(-1);
  if (tail > 0 && key(restOfLine) !== '' && last !== undefined)
    left[left.length - 1] = withoutEnd(last, restOfLine);
  return left.join('\n');
}

/** Whether `all` has the lines of `text` one after the other, and others behind them; blank ones do not count. */
export function endsBefore(text: string, all: string): boolean {
  const own = keysOf(linesOf(text));
  const lines = keysOf(linesOf(all));
  const at = lines.findIndex((_, i) => own.every((line, j) => lines[i + j] === line));
  return own.length > 0 && at >= 0 && at + own.length < lines.length;
}

function linesOf(text: string): string[] {
  return text.split(/\r\n|\r|\n/);
}

function key(line: string): string {
  return line.trim().replace(/\s+/g, ' ');
}

function keysOf(lines: readonly string[]): readonly string[] {
  return lines.map(key).filter((one) => one !== '');
}

/** Whether a line says enough to recognise a place by: not only brackets, and not a word that many lines consist of. */
function says(one: string): boolean {
  return (
    (one.match(/[\p{L}\p{N}_]/gu)?.length ?? 0) >= 4 &&
    !/^(?:else|try|finally|pass|break|return|continue|end)\W*$/.test(one)
  );
}

/**
 * The lines nearest to the span by which its border is recognised, from the border outwards; `isSure`: the other border is
 * recognised already, so one line is enough.
 */
function anchorOf(outwards: readonly string[], isSure: boolean): readonly string[] | undefined {
  for (let length = isSure ? 1 : 2; length <= Math.min(LONGEST_ANCHOR, outwards.length); length++) {
    const anchor = outwards.slice(0, length);
    if (anchor.some(says)) return anchor;
  }
  return undefined;
}

/** Lines at the answer's start that stand before the span. */
function headLength(
  lines: readonly string[],
  above: readonly string[],
  own: readonly string[],
  { isOpen, isSure }: { readonly isOpen: boolean; readonly isSure: boolean },
): number {
  const outwards = above.toReversed();
  const anchor = anchorOf(outwards, isSure)?.toReversed();
  const at = anchor && !has(own, anchor) ? lastPlace(lines, anchor) : undefined;
  if (at !== undefined) return at;
  const [nearest] = outwards;
  const first = lines.findIndex((line) => key(line) !== '');
  if (nearest === undefined || first < 0) return 0;
  const isRepeated = key(lines[first] ?? '') === nearest && says(nearest) && own[0] !== nearest;
  // Inside a line, the line above may well be what the answer begins with by chance.
  return isRepeated && !isOpen ? first + 1 : 0;
}

/** Lines at the answer's end that stand behind the span. */
function tailLength(
  lines: readonly string[],
  below: readonly string[],
  own: readonly string[],
  isSure: boolean,
): number {
  const anchor = anchorOf(below, isSure);
  const at = anchor && !has(own, anchor) ? firstPlace(lines, anchor) : undefined;
  if (at !== undefined) return lines.length - at;
  const [nearest] = below;
  const last = lines.findLastIndex((line) => key(line) !== '');
  if (nearest === undefined || last < 1) return 0;
  const isRepeated = key(lines[last] ?? '') === nearest && says(nearest) && own.at(-1) !== nearest;
  return isRepeated ? lines.length - last : 0;
}

function has(keys: readonly string[], wanted: readonly string[]): boolean {
  return keys.some((_, i) => wanted.every((one, j) => keys[i + j] === one));
}

/** Index behind the last place at which these lines stand, blank ones between them not counted. */
function lastPlace(lines: readonly string[], wanted: readonly string[]): number | undefined {
  const written = writtenLines(lines);
  for (let i = written.length - wanted.length; i >= 0; i--) {
    if (wanted.every((one, j) => written[i + j]?.key === one))
      return (written[i + wanted.length - 1]?.index ?? 0) + 1;
  }
  return undefined;
}

/** Index of the first line of the first such place. */
function firstPlace(lines: readonly string[], wanted: readonly string[]): number | undefined {
  const written = writtenLines(lines);
  const at = written.findIndex((_, i) => wanted.every((one, j) => written[i + j]?.key === one));
  return at < 0 ? undefined : written[at]?.index;
}

function writtenLines(lines: readonly string[]) {
  return lines.flatMap((line, index) => (key(line) === '' ? [] : [{ key: key(line), index }]));
}

function withoutStart(line: string, start: string): string {
  const trimmed = line.trimStart();
  const wanted = start.trimStart();
  return trimmed.startsWith(wanted) ? trimmed.slice(wanted.length) : line;
}

function withoutEnd(line: string, end: string): string {
  const trimmed = line.trimEnd();
  const wanted = end.trimEnd();
  return trimmed.endsWith(wanted) ? trimmed.slice(0, trimmed.length - wanted.length) : line;
}
