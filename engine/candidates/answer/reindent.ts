// A model that answers in a block of its own begins it at the margin, at the depth of the file, or with its first line at the
// margin and the others at their depth. The answer's lines get the depth that they have in their place. Pure.
import { type IndentUnit, opensBlock } from '../indentation';

export interface IndentedPlace {
  /** Text before the span. */
  readonly before: string;
  readonly original: string;
  /** What the text around is indented by; undefined: nothing near is indented. */
  readonly unit: IndentUnit | undefined;
}

/** Lines of the answer, `\n` between them. Blank lines around them go. */
export function reindented(answer: string, { before, original, unit }: IndentedPlace): string {
  const lines = withoutBlankEnds(answer.split('\n'));
  const standing = /(?:^|[\r\n])([ \t]*)$/.exec(before)?.[1];
  const kept = /^[ \t]*(?=\S)/.exec(original)?.[0] ?? '';
  // Behind other text of its line the answer's first line has no depth, and the others follow the file's.
  if (standing === undefined || lines.length === 0) return lines.join('\n');
  const own = inUnit(lines, unit);
  const target = standing + kept;
  const all = [shifted(own, target), [target + (own[0] ?? '').trimStart(), ...own.slice(1)]] as const;
  const placed = better(all, own, target, (standing + original).split(/\r\n|\r|\n/));
  return [(placed[0] ?? '').slice(standing.length), ...placed.slice(1)].join('\n');
}

function withoutBlankEnds(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line.trim() !== '');
  const last = lines.findLastIndex((line) => line.trim() !== '');
  return first < 0 ? [] : lines.slice(first, last + 1);
}

function depthOf(line: string): string {
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

/** Tabs for spaces, or spaces for tabs, as the file has them. */
function inUnit(lines: readonly string[], unit: IndentUnit | undefined): readonly string[] {
  if (unit === undefined) return lines;
  if (unit.kind === 'space')
    return lines.map((line) =>
      line.replace(/^[ \t]+/, (depth) => depth.replaceAll('\t', ' '.repeat(unit.size))),
    );
  const widths = lines.map((line) => /^ */.exec(line)?.[0].length ?? 0).filter((width) => width > 1);
  const size = widths.every((width) => width % 4 === 0) ? 4 : 2;
  return lines.map((line) =>
    line.replace(
      /^ +/,
      (depth) => '\t'.repeat(Math.floor(depth.length / size)) + ' '.repeat(depth.length % size),
    ),
  );
}

/** All lines deeper or less deep by what the first one lacks. */
function shifted(lines: readonly string[], target: string): readonly string[] {
  const first = depthOf(lines[0] ?? '');
  if (target.startsWith(first)) {
    const more = target.slice(first.length);
    return lines.map((line) => (line.trim() === '' ? line : more + line));
  }
  const less = first.length - target.length;
  return lines.map((line) => line.slice(Math.min(Math.max(0, less), depthOf(line).length)));
}

/**
 * All lines shifted, or the first one alone: what leaves no line less deep than all that stood there, else what leaves the second line
 * where it can stand, else what has more lines of the old text, else what has the smaller step from the first line to the second.
 */
function better(
  [moved, kept]: readonly [readonly string[], readonly string[]],
  lines: readonly string[],
  target: string,
  old: readonly string[],
): readonly string[] {
  const second = lines.findIndex((line, i) => i > 0 && line.trim() !== '');
  if (second < 0 || depthOf(lines[0] ?? '') === target) return moved;
  const isDeeper = opensBlock(lines[0] ?? '');
  const [ofMoved, ofKept] = [shared(moved, old), shared(kept, old)];
  // Nothing that stood there was less deep than its first line.
  const leaves = (all: readonly string[]) => leastDepth(all) < Math.min(target.length, leastDepth(old));
  if (ofKept <= ofMoved && leaves(kept) && !leaves(moved)) return moved;
  const canStand = (all: readonly string[]) => isDeeper === depthOf(all[second] ?? '').length > target.length;
  if (canStand(moved) !== canStand(kept)) return canStand(moved) ? moved : kept;
  if (ofMoved !== ofKept) return ofKept > ofMoved ? kept : moved;
  const step = (all: readonly string[]) => Math.abs(depthOf(all[second] ?? '').length - target.length);
  return step(kept) < step(moved) ? kept : moved;
}

function leastDepth(lines: readonly string[]): number {
  return Math.min(...lines.filter((line) => line.trim() !== '').map((line) => depthOf(line).length));
}

function shared(lines: readonly string[], old: readonly string[]): number {
  const left = new Map<string, number>();
  for (const line of old) left.set(line.trimEnd(), (left.get(line.trimEnd()) ?? 0) + 1);
  let count = 0;
  for (const line of lines) {
    const times = left.get(line.trimEnd()) ?? 0;
    if (line.trim() === '' || times === 0) continue;
    left.set(line.trimEnd(), times - 1);
    count++;
  }
  return count;
}
