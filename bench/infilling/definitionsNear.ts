// The definitions of the names around a hole, as a memory has them: found by the two units that a definition begins with (`def
// name`, `class Name`), cut to a few lines.
import type { Memory } from '../../engine/memory/memory';
import { Nearness } from '../../engine/memory/nearness';
import type { IndexedPlace } from '../../engine/memory/segment';
import { hashesBefore } from '../../engine/memory/unitKeys';
import type { Case, Language } from './spans';

export interface Definition {
  readonly path: string;
  readonly text: string;
}

const SCRIPT = ['function', 'class', 'interface', 'type', 'enum', 'const'];
const DEFINING: Readonly<Record<Language, readonly string[]>> = {
  python: ['def', 'class'],
  typescript: SCRIPT,
  javascript: SCRIPT,
};
/** Characters around the hole in which names count, and how many of the nearest do. */
const REACH = { left: 600, right: 300 };
const MOST_NAMES = 16;
/** A name that is defined more often says nothing. */
const MOST_PLACES = 3;
/** Lines of a definition, and characters of a line. */
const MOST_LINES = 8;
const LONGEST_LINE = 160;
const NAME = /[A-Za-z_$][\w$]{2,}/g;

/** Of the names nearest to the hole first; nothing that the file defines itself. */
export function definitionsNear(memory: Memory, { text, at, path, language }: Case): Definition[] {
  const nearness = new Nearness({ path, language });
  const found: Definition[] = [];
  for (const name of namesAround(text, at)) {
    const words = DEFINING[language];
    if (words.some((word) => text.includes(`${word} ${name}`))) continue;
    const places = words
      .flatMap((word) => placesBehind(memory, `${word} ${name}`))
      .filter(({ file }) => file.path !== path);
    if (places.length === 0 || places.length > MOST_PLACES) continue;
    const [best] = places.sort((a, b) => nearness.distance(a.file) - nearness.distance(b.file));
    if (best !== undefined) found.push({ path: best.file.path, text: excerpt(best) });
  }
  return found;
}

function namesAround(text: string, at: number): readonly string[] {
  const left = text.slice(Math.max(0, at - REACH.left), at).match(NAME) ?? [];
  const right = text.slice(at, at + REACH.right).match(NAME) ?? [];
  return [...new Set([...left.reverse(), ...right])].slice(0, MOST_NAMES);
}

function placesBehind({ segments }: Memory, query: string): IndexedPlace[] {
  const hashes = hashesBefore(query, query.length).slice(0, 2);
  return segments.flatMap((segment) => {
    const { from = 0, to = 0 } = segment.ranges(hashes)[1] ?? {};
    return Array.from({ length: Math.min(to - from, MOST_PLACES + 1) }, (_, i) => segment.place(from + i))
      .flatMap((place) => place ?? [])
      .filter(({ file, end }) => file.text.slice(0, end).endsWith(query));
  });
}

/** From the line that it begins in, as long as lines are indented further or close what it opened. */
function excerpt({ file: { text }, end }: IndexedPlace): string {
  const lines = text.slice(text.lastIndexOf('\n', end - 1) + 1).split('\n', MOST_LINES + 1);
  const [first = ''] = lines;
  const depth = indentOf(first);
  const stop = lines.findIndex((line, i) => {
    return i > 0 && line.trim() !== '' && indentOf(line) <= depth && !/^\s*[)\]}]/.test(line);
  });
  const most = Math.min(MOST_LINES, stop < 0 ? MOST_LINES : stop);
  return lines
    .slice(0, most)
    .map((line) => line.slice(depth, depth + LONGEST_LINE))
    .join('\n')
    .trimEnd();
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
