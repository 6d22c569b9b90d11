// Held-out lines with one planted fault each, the same for everyone.
import { seededRandom } from '../../engine/decoding/random';
import { type HeldFile, LANGUAGES, type Language } from '../infilling/spans';
import { FAULTS, type Fault, plant } from './faults';

export interface FaultyCase {
  readonly fault: Fault;
  readonly language: Language;
  readonly source: string;
  /** The file with the fault in it. */
  readonly text: string;
  /** The faulty line without its indentation, UTF-16 offsets of `text`. */
  readonly line: { readonly start: number; readonly end: number };
  /** What was put in; empty where something was left out. */
  readonly planted: { readonly start: number; readonly end: number };
  /** The line as it was. */
  readonly right: string;
}

const LONGEST_LINE = 120;
/** UTF-16 units; a longer file is another bench's affair. */
const LONGEST_FILE = 20_000;
const MOST_TRIES = 4000;

/** `count` of each fault and language. */
export function faultyCases(files: readonly HeldFile[], count: number): FaultyCase[] {
  return LANGUAGES.flatMap((language) => {
    const own = files.filter((file) => file.language === language && file.text.length <= LONGEST_FILE);
    return FAULTS.flatMap((fault, index) => ofKind(own, language, fault, count, 31 + index));
  });
}

function ofKind(
  files: readonly HeldFile[],
  language: Language,
  fault: Fault,
  count: number,
  seed: number,
): FaultyCase[] {
  const random = seededRandom(seed);
  const cases: FaultyCase[] = [];
  for (let tries = 0; cases.length < count && tries < MOST_TRIES && files.length > 0; tries++) {
    const file = files[Math.floor(random() * files.length)];
    if (file === undefined) break;
    const line = lineAt(file.text, Math.floor(random() * file.text.length));
    if (line === undefined) continue;
    const edit = plant(fault, file.text, line, random);
    if (edit === undefined) continue;
    const text = file.text.slice(0, edit.start) + edit.text + file.text.slice(edit.end);
    const grown = edit.text.length - (edit.end - edit.start);
    cases.push({
      fault,
      language,
      source: file.source,
      text,
      line: { start: line.start, end: line.end + grown },
      planted: { start: edit.start, end: edit.start + edit.text.length },
      right: file.text.slice(line.start, line.end),
    });
  }
  return cases;
}

/** A line of code without its indentation; none of comments, docstrings and imports. */
export function lineAt(
  text: string,
  place: number,
): { readonly start: number; readonly end: number } | undefined {
  const from = text.lastIndexOf('\n', place - 1) + 1;
  const to = text.indexOf('\n', place);
  if (to < 0) return undefined;
  const line = text.slice(from, to);
  const start = from + line.length - line.trimStart().length;
  const end = from + line.trimEnd().length;
  const own = text.slice(start, end);
  if (own.length < 8 || own.length > LONGEST_LINE) return undefined;
  return /^(?:#|\/\/|\/?\*|import\b|from\b|["']{3}|[\w ,.'"-]+$)/.test(own) ? undefined : { start, end };
}
