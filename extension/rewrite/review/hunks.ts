// What a candidate changes, as hunks of whole lines of the document; each can be taken or left by itself.
import { applyEdits } from '../../text/edits';
import { lineEdits } from '../../text/lineEdits';
import { splitLines } from '../../text/lineEnds';
import { lineStarts } from '../../text/offsets';
import { spansInOrder } from '../state/acceptance';
import type { Candidate, Side, Span, SpanEdit } from '../state/types';
import { type ChangedLines, lineChange } from './lineChange';

export interface Hunk extends ChangedLines {
  /** What taking it does, in text order. */
  readonly edits: readonly SpanEdit[];
}

/** An edit with where it stands in the document. */
interface Placed {
  readonly edit: SpanEdit;
  /** In the document. */
  readonly start: number;
  readonly end: number;
}

interface Group {
  readonly startLine: number;
  readonly endLine: number;
  readonly members: readonly Placed[];
  /** Undefined where they have to be worked out from all members. */
  readonly newLines?: readonly string[];
}

/** In text order; their edits together are the whole change. Line ends are no difference. */
export function hunksOf(text: string, spans: readonly Span[], candidate: Candidate): readonly Hunk[] {
  const map = new LineMap(text);
  const placed = spansInOrder(spans).flatMap(({ start, old, index }) =>
    lineEdits(old, candidate.texts[index] ?? old).map((edit) => ({
      edit: { ...edit, span: index },
      start: start + edit.start,
      end: start + edit.end,
    })),
  );
  const groups = readTogether(
    apart(
      placed.map((one) => groupOf(map, one)),
      map,
    ),
    map,
  );
  return groups.map((group) => hunkOf(map, group));
}

/** The smallest whole lines around one edit: lines that only come or go do not touch their neighbours. */
function groupOf(map: LineMap, placed: Placed): Group {
  const { start, end } = placed;
  const { text } = placed.edit;
  const first = map.lineAt(start);
  const last = map.lineAt(end);
  const members = [placed];
  const atStarts = start === map.startOf(first) && end === map.startOf(last);
  const atEnds = start === map.endOf(first) && end === map.endOf(last);
  if (text === '' && start < end && atStarts) {
    return { startLine: first, endLine: last, members, newLines: [] };
  }
  if (text === '' && start < end && atEnds) {
    return { startLine: first + 1, endLine: last + 1, members, newLines: [] };
  }
  const lines = splitLines(text);
  if (start === end && lines.length > 1 && atStarts && lines.at(-1) === '') {
    return { startLine: first, endLine: first, members, newLines: lines.slice(0, -1) };
  }
  if (start === end && lines.length > 1 && atEnds && lines[0] === '') {
    return { startLine: first + 1, endLine: first + 1, members, newLines: lines.slice(1) };
  }
  return around(map, members);
}

function around(map: LineMap, members: readonly Placed[]): Group {
  const startLine = Math.min(...members.map(({ start }) => map.lineAt(start)));
  const endLine = Math.max(...members.map(({ end }) => map.lineAt(end))) + 1;
  return { startLine, endLine, members };
}

/** Groups that share a line become one; that may make them share lines with others. */
function apart(groups: readonly Group[], map: LineMap): readonly Group[] {
  const done: Group[] = [];
  for (let group of groups) {
    for (let last = done.at(-1); last !== undefined && overlap(last, group); last = done.at(-1)) {
      done.pop();
      group = around(map, [...last.members, ...group.members]);
    }
    done.push(group);
  }
  return done;
}

function overlap(one: Group, next: Group): boolean {
  return next.startLine < one.endLine;
}

/** Blocks that have but a line or a bracket between them are read better as one than as pieces. */
function readTogether(groups: readonly Group[], map: LineMap): readonly Group[] {
  const done: Group[] = [];
  for (const group of groups) {
    const last = done.at(-1);
    if (last === undefined || !belongTogether(last, group, map)) {
      done.push(group);
      continue;
    }
    const newLines = [
      ...newLinesOf(map, last),
      ...map.lines(last.endLine, group.startLine),
      ...newLinesOf(map, group),
    ];
    const members = [...last.members, ...group.members];
    done[done.length - 1] = { startLine: last.startLine, endLine: group.endLine, members, newLines };
  }
  return done;
}

function belongTogether(one: Group, next: Group, map: LineMap): boolean {
  const between = map.lines(one.endLine, next.startLine);
  const areInLine = [one, next].every((group) =>
    isInLine({ oldLines: map.lines(group.startLine, group.endLine), newLines: newLinesOf(map, group) }),
  );
  if (areInLine) return false;
  return (
    between.length <= 1 || (between.length <= 3 && between.every((line) => /^[\s()[\]{};,]*$/.test(line)))
  );
}

function hunkOf(map: LineMap, group: Group): Hunk {
  const { startLine, endLine, members } = group;
  return {
    startLine,
    endLine,
    oldLines: map.lines(startLine, endLine),
    newLines: newLinesOf(map, group),
    edits: members.map(({ edit }) => edit),
  };
}

function newLinesOf(map: LineMap, { startLine, endLine, members, newLines }: Group): readonly string[] {
  if (newLines !== undefined) return newLines;
  const from = map.startOf(startLine);
  const edits = members.map(({ edit, start, end }) => ({
    start: start - from,
    end: end - from,
    text: edit.text,
  }));
  return splitLines(applyEdits(map.text.slice(from, map.endOf(endLine - 1)), edits));
}

/** First line of each hunk on a side. */
export function startLines(hunks: readonly Hunk[], side: Side): readonly number[] {
  let shift = 0;
  return hunks.map(({ startLine, endLine, newLines }) => {
    const start = startLine + (side === 'new' ? shift : 0);
    shift += newLines.length - (endLine - startLine);
    return start;
  });
}

/** The hunk that somebody at a line means: the one around it, else the next, else the last. */
export function hunkAt(hunks: readonly Hunk[], line: number, side: Side): number | undefined {
  const found = linesOn(hunks, side).findIndex(({ end }) => line < end);
  if (found >= 0) return found;
  return hunks.length === 0 ? undefined : hunks.length - 1;
}

/** Whether a line of one side belongs to one of the hunks. */
export function isInHunk(hunks: readonly Hunk[], line: number, side: Side): boolean {
  return linesOn(hunks, side).some(({ start, end }) => start <= line && line < end);
}

/** By hunk: its lines of one side, at least the one in front of which something is missing there. */
function linesOn(hunks: readonly Hunk[], side: Side): { readonly start: number; readonly end: number }[] {
  return startLines(hunks, side).map((start, i) => {
    const { oldLines = [], newLines = [] } = hunks[i] ?? {};
    return { start, end: start + Math.max(1, (side === 'old' ? oldLines : newLines).length) };
  });
}

/**
 * Whether it can be shown where it stands: lines that only go, or one line for one, where what comes, which stands behind what goes, does not
 * leave the screen on its right.
 */
export function isInLine({ oldLines, newLines }: Pick<Hunk, 'oldLines' | 'newLines'>): boolean {
  const [old, fresh] = [oldLines[0], newLines[0]];
  if (fresh === undefined) return true;
  if (old === undefined || oldLines.length !== 1 || newLines.length !== 1 || old.trim() === '') return false;
  const { start, oldText, newText } = lineChange(0, old, fresh);
  return newText === '' || columnsOf(old.slice(0, start + oldText.length) + newText) <= WIDEST;
}

/** Columns that an editor shows beside a side bar on a small screen. */
const WIDEST = 100;
const TAB = 4;

function columnsOf(text: string): number {
  return text.length + (TAB - 1) * (text.split('\t').length - 1);
}

/** Lines of a document by their offsets, as the editor counts them. */
class LineMap {
  private readonly starts: readonly number[];

  constructor(readonly text: string) {
    this.starts = lineStarts(text);
  }

  lineAt(offset: number): number {
    let low = 0;
    let high = this.starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low;
  }

  startOf(line: number): number {
    return this.starts[line] ?? this.text.length;
  }

  /** Without its line end. */
  endOf(line: number): number {
    const next = this.starts[line + 1];
    if (next === undefined) return this.text.length;
    return this.text.slice(next - 2, next) === '\r\n' ? next - 2 : next - 1;
  }

  lines(from: number, to: number): readonly string[] {
    return Array.from({ length: Math.max(0, to - from) }, (_, i) =>
      this.text.slice(this.startOf(from + i), this.endOf(from + i)),
    );
  }
}
