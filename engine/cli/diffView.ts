// What a candidate would change, as a unified diff that `git apply` takes.
import path from 'node:path';
import { structuredPatch } from 'diff';
import { hunkHeader, quotedName } from '../tools/patch';
import { printable } from './displayWidth';
import type { Paint } from './style';

/** How a path reads in a diff's header: relative to the folder where it can be, with forward slashes. */
export function headerName(file: string, folder: string): string {
  if (file === '-') return 'stdin';
  const absolute = path.resolve(folder, file);
  const relative = path.relative(folder, absolute);
  const outside = relative.startsWith('..') || path.isAbsolute(relative);
  return (outside ? absolute.replace(/^([A-Za-z]:)?[\\/]/, '') : relative).split(path.sep).join('/');
}

export interface DiffOptions {
  readonly name: string;
  readonly paint: Paint;
  /** For terminals only: control characters made visible and endless lines cut, where a patch needs them as they are. */
  readonly safe: boolean;
}

/** Longest line that a terminal is shown whole, in UTF-16 units: minified files have lines of megabytes. */
const LONGEST_LINE = 2000;
const BEFORE_CHANGE = 80;

function firstDifference(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return at;
}

/** The lines of a hunk (with their signs), long ones cut to where they change. */
function shortened(lines: readonly string[]): string[] {
  const bodies = (sign: string) => lines.filter((line) => line.startsWith(sign)).map((line) => line.slice(1));
  const others = { '-': bodies('+'), '+': bodies('-') };
  const seen = { '-': 0, '+': 0 };
  return lines.map((line) => {
    const sign = line[0];
    const other = sign === '-' || sign === '+' ? others[sign][seen[sign]++] : undefined;
    if (line.length <= LONGEST_LINE) return line;
    const body = line.slice(1);
    const from = other === undefined ? 0 : Math.max(0, firstDifference(body, other) - BEFORE_CHANGE);
    const to = from + LONGEST_LINE;
    return `${sign}${from > 0 ? '…' : ''}${body.slice(from, to)}${to < body.length ? '…' : ''}`;
  });
}

/** Unified diff with three lines of context, ending in a line break; empty where nothing changes. */
export function unifiedDiff(before: string, after: string, { name, paint, safe }: DiffOptions): string {
  if (before === after) return '';
  const { hunks } = structuredPatch(name, name, before, after, '', '', { context: 3 });
  const clean = (line: string) =>
    safe ? printable(line.replace(/\r$/, '')).replaceAll('\u2409', '\t') : line;
  const lines = [
    paint('heading', `--- ${quotedName(`a/${name}`)}`),
    paint('heading', `+++ ${quotedName(`b/${name}`)}`),
  ];
  for (const hunk of hunks) {
    lines.push(paint('hunk', hunkHeader(hunk)));
    for (const line of safe ? shortened(hunk.lines) : hunk.lines) {
      const shown = clean(line);
      if (line.startsWith('+')) lines.push(paint('added', shown));
      else if (line.startsWith('-')) lines.push(paint('removed', shown));
      else lines.push(shown);
    }
  }
  return `${lines.join('\n')}\n`;
}
