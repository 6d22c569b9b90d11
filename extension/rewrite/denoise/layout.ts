// One picture of the denoise: which texts stand on which of the span's old lines. The document keeps its lines, so the
// canvas is laid over them; what does not fit is told apart, never pushed over other code.
import type { CellEvent } from '../../../engine/protocol';
import { splitLines } from '../../text/lineEnds';

export type Role = 'masked' | 'draft' | 'revealed' | 'committed' | 'locked';

export interface Run {
  readonly role: Role;
  readonly text: string;
}

/** A line of the span as the document has it; columns in UTF-16 units, `end` exclusive. */
export interface OldLine {
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** A run with the old characters that it stands for; the old text of a line is hidden while runs are shown. */
export interface PlacedRun extends Run {
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** What is shown before the first step: the old text rubbed out, mask by mask. */
export function maskedCells(old: string): readonly CellEvent[] {
  const words = old.match(/[ \t]+|\r\n|\r|\n|\w+|[^\w\s]+|\s/g) ?? ['    '];
  return words.map((text) => ({
    text,
    state: /^\s+$/.test(text) && old !== '' ? 'locked' : 'masked',
    confidence: 0,
  }));
}

/** A mask fills up as the model grows surer of what stands there. */
export function maskGlyph(confidence: number): string {
  if (confidence < 0.25) return '░';
  return confidence < 0.6 ? '▒' : '▓';
}

const WIDEST_MASK = 8;
const NEWLINE_SIGN = ' ⏎ ';

/** Runs per canvas line; neighbours of one role are one run. */
export function canvasLines(
  cells: readonly CellEvent[],
  fresh: ReadonlySet<number>,
  tabSize: number,
): readonly (readonly Run[])[] {
  const lines: Run[][] = [[]];
  const push = (role: Role, text: string) => {
    const line = lines.at(-1);
    const last = line?.at(-1);
    if (line === undefined || text === '') return;
    if (last?.role === role) line[line.length - 1] = { role, text: last.text + text };
    else line.push({ role, text });
  };
  cells.forEach((cell, index) => {
    if (cell.state === 'masked') {
      const width = Math.min(WIDEST_MASK, cell.text.trim().length || 2);
      push('masked', maskGlyph(cell.confidence).repeat(width));
      return;
    }
    const role = cell.state === 'committed' && fresh.has(index) ? 'revealed' : cell.state;
    splitLines(cell.text).forEach((part, at) => {
      if (at > 0) lines.push([]);
      push(role, visible(part, tabSize));
    });
  });
  return lines;
}

/** Decorations swallow plain white space. */
function visible(text: string, tabSize: number): string {
  return text.replace(/\t/g, ' '.repeat(tabSize)).replace(/ /g, '\u00a0');
}

/** Each run gets characters of its own, in order, because equal places have no order in the editor. */
export function placeRuns(old: readonly OldLine[], lines: readonly (readonly Run[])[]): readonly PlacedRun[] {
  return old.flatMap((place, i) => {
    const isLast = i === old.length - 1;
    const runs = isLast ? joined(lines.slice(i)) : (lines[i] ?? []);
    const fitting = squeezed(runs, Math.max(1, place.end - place.start));
    return fitting.map((run, k) => {
      const start = place.start + k;
      const end = k === fitting.length - 1 ? place.end : start + 1;
      return { ...run, line: place.line, start, end: Math.max(start, end) };
    });
  });
}

/** Canvas lines beyond the span's own follow on its last line, with a sign between them. */
function joined(lines: readonly (readonly Run[])[]): readonly Run[] {
  return lines.flatMap((runs, i) =>
    i === 0 ? runs : [{ role: 'locked' as const, text: NEWLINE_SIGN }, ...runs],
  );
}

function squeezed(runs: readonly Run[], most: number): readonly Run[] {
  if (runs.length <= most) return runs;
  const kept = runs.slice(0, most - 1);
  const rest = runs.slice(most - 1);
  const role = rest.some((run) => run.role === 'masked') ? 'masked' : 'draft';
  return [...kept, { role, text: rest.map((run) => run.text).join('') }];
}
