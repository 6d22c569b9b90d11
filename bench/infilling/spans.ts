// Held-out spans: files of packages that no model was trained on, and pieces cut out of them, the same for everyone.
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import type { TextTokenizer } from '../../engine/checkpoint/types';
import { cacheFolder } from '../../engine/cli/modelOptions';
import { type Random, seededRandom } from '../../engine/decoding/random';

/** Where training/data/corpus.py leaves the held-out packages. */
export const HELD = path.join(cacheFolder(process.env), 'corpus', 'held.jsonl.gz');

export const LANGUAGES = ['python', 'typescript', 'javascript'] as const;
export type Language = (typeof LANGUAGES)[number];
/** More, of which a corpus that was built with other repositories holds some back, too. */
export const FURTHER_LANGUAGES = ['go', 'rust', 'java', 'cpp', 'csharp'] as const;

export const KINDS = ['4–12 tokens in a line', 'rest of line', 'whole line', 'several lines'] as const;
export type Kind = (typeof KINDS)[number];

export interface HeldFile {
  /** Package or repository. */
  readonly source: string;
  readonly path: string;
  /** One of LANGUAGES, or another of the corpus. */
  readonly language: string;
  readonly text: string;
}

/** One hole: `text` without `answer`, which stood at `at`. */
export interface Case<L extends string = Language> {
  readonly language: L;
  readonly kind: Kind;
  readonly source: string;
  /** Of the file, in its package. */
  readonly path: string;
  readonly text: string;
  /** UTF-16 offset of the hole. */
  readonly at: number;
  readonly answer: string;
  /** Texts of three other files of the package, those beside it in its list. */
  readonly beside: readonly string[];
}

/** Which half of the packages: one is for fitting, the other for measuring, so that no figure is of its own fit. */
export type Half = 'fit' | 'measure';

/**
 * Files that are long enough to have a context, of one half of the packages by their names' order. Packages in
 * other languages are halved apart, each language by itself, so that a new one moves no package to the other half.
 */
export function heldFiles(file: string, half: Half): HeldFile[] {
  const lines = zlib.gunzipSync(fs.readFileSync(file)).toString('utf8').split('\n');
  const files = lines.flatMap((line): HeldFile[] => (line === '' ? [] : [JSON.parse(line) as HeldFile]));
  const group = ({ language }: HeldFile) =>
    (LANGUAGES as readonly string[]).includes(language) ? 'main' : language;
  const groups = [...new Set(files.map(group))].map((name) => files.filter((file) => group(file) === name));
  const chosen = new Set(groups.flatMap((members) => halfOf(members, half)));
  return files.filter((file) => chosen.has(file.source) && file.text.split('\n').length >= 12);
}

/** Names of every other package. */
function halfOf(files: readonly HeldFile[], half: Half): string[] {
  const sources = [...new Set(files.map(({ source }) => source))].sort();
  return sources.filter((_, index) => index % 2 === (half === 'measure' ? 0 : 1));
}

/** `count` cases of one language and kind, from files drawn at random; the same for the same arguments. */
export function drawCases<L extends string>(
  files: readonly HeldFile[],
  language: L,
  kind: Kind,
  tokenizer: TextTokenizer,
  count: number,
): Case<L>[] {
  const chosen = files.filter((file) => file.language === language);
  const random = seededRandom(7 + KINDS.indexOf(kind));
  const cases: Case<L>[] = [];
  for (let tries = 0; cases.length < count && tries < count * 60 && chosen.length > 0; tries++) {
    const file = pick(chosen, random);
    const span = cut(file.text, kind, tokenizer, random);
    if (!span) continue;
    cases.push({
      language,
      kind,
      source: file.source,
      path: file.path,
      text: file.text.slice(0, span.start) + file.text.slice(span.end),
      at: span.start,
      answer: file.text.slice(span.start, span.end),
      beside: besideOf(file, files),
    });
  }
  return cases;
}

function besideOf(file: HeldFile, files: readonly HeldFile[]): string[] {
  const others = files.filter(({ source, language }) => source === file.source && language === file.language);
  const at = others.indexOf(file);
  return [1, -1, 2].flatMap((step) => others[at + step]?.text ?? []);
}

function pick<T>(values: readonly T[], random: Random): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error('There is nothing to choose from.');
  return value;
}

interface Cut {
  readonly start: number;
  readonly end: number;
}

const LONGEST = 160;
const WORD = /[\p{L}\p{N}_]/u;

function cut(text: string, kind: Kind, tokenizer: TextTokenizer, random: Random): Cut | undefined {
  const line = lineOf(text, random);
  if (!line || line.end - line.begin > LONGEST) return undefined;
  const words = text.slice(line.begin, line.end).match(/[\p{L}\p{N}_]+/gu) ?? [];
  if (words.length < 2) return undefined;
  if (kind === 'several lines') return severalLines(text, line, tokenizer, random);
  if (kind === 'whole line') return { start: line.begin, end: line.end };
  if (kind === 'rest of line') {
    const borders = bordersOf(text, line.begin + 1, line.end - 1);
    const start = borders[Math.floor(random() * borders.length)];
    return start === undefined ? undefined : { start, end: line.end };
  }
  return tokensInLine(text, line, tokenizer, random);
}

/** A line of the text without its indentation and its end; neither the first two nor the last. */
function lineOf(text: string, random: Random): { readonly begin: number; readonly end: number } | undefined {
  const place = Math.floor(random() * text.length);
  const start = text.lastIndexOf('\n', place - 1) + 1;
  const stop = text.indexOf('\n', place);
  if (stop < 0 || text.slice(0, start).split('\n').length < 3) return undefined;
  const line = text.slice(start, stop);
  const begin = start + line.length - line.trimStart().length;
  const end = start + line.trimEnd().length;
  return end > begin ? { begin, end } : undefined;
}

const MOST_LINES_MORE = 3;
/** As many tokens as an evaluated answer may have (bench/infilling/engine.ts). */
const MOST_TOKENS = 48;

/** The line and one to three that follow it, without the first one's indentation and the last one's end. */
function severalLines(
  text: string,
  line: { readonly begin: number; readonly end: number },
  tokenizer: TextTokenizer,
  random: Random,
): Cut | undefined {
  const more = 1 + Math.floor(random() * MOST_LINES_MORE);
  let stop = line.end;
  for (let count = 0; count < more; count++) {
    const next = text.indexOf('\n', stop);
    if (next < 0) return undefined;
    const after = text.indexOf('\n', next + 1);
    stop = after < 0 ? text.length : after;
  }
  const answer = text.slice(line.begin, stop).trimEnd();
  if (!answer.includes('\n') || tokenizer.encode(answer).ids.length > MOST_TOKENS) return undefined;
  return { start: line.begin, end: line.begin + answer.length };
}

/** Places between two words or a word and a sign. */
function bordersOf(text: string, from: number, to: number): number[] {
  const places: number[] = [];
  for (let at = from; at <= to; at++)
    if (!(WORD.test(text.charAt(at - 1)) && WORD.test(text.charAt(at)))) places.push(at);
  return places;
}

/** 4 to 12 tokens of the line as the file's own tokens, two of them with a letter or digit (training.md's spans). */
function tokensInLine(
  text: string,
  line: { readonly begin: number; readonly end: number },
  tokenizer: TextTokenizer,
  random: Random,
): Cut | undefined {
  const from = text.lastIndexOf('\n', line.begin) + 1;
  const { starts } = tokenizer.encode(text.slice(from, line.end));
  const places = [...starts].map((start) => from + start).filter((start) => start >= line.begin);
  places.push(line.end);
  const tokens = places.length - 1;
  if (tokens < 6) return undefined;
  const length = Math.min(4 + Math.floor(random() * 9), tokens);
  const first = Math.floor(random() * (tokens - length + 1));
  const start = places[first];
  const end = places[first + length];
  if (start === undefined || end === undefined || end <= start) return undefined;
  const worded = places.slice(first, first + length).filter((place, index) => {
    return WORD.test(text.slice(place, places[first + index + 1]));
  });
  return worded.length >= 2 ? { start, end } : undefined;
}
