// Sequences of real source text with masks in them, laid out as a model's family is run, and which of their rows a
// denoise loop would read: what precision.ts compares precisions on.
import fs from 'node:fs';
import path from 'node:path';
import { writesInOrder } from '../../engine/checkpoint/family';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { holeContext, textBudget } from '../../engine/infill/layout';
import type { Sequence } from '../../test/engine/decoderRun';
import { ROOT } from '../harness';

export const ROW_KINDS = ['context', 'all masked', 'half masked', 'first', 'next'] as const;
export type RowKind = (typeof ROW_KINDS)[number];

export interface MaskedSequence extends Sequence {
  /** By place in the sequence; absent where nothing reads the row. */
  readonly kinds: readonly (RowKind | undefined)[];
}

const LANGUAGES: Readonly<Record<string, string>> = { '.ts': 'typescript', '.py': 'python' };
/** Tokens on each side of a span, and in it where the family has no block length. */
const SIDE = 192;
const SPAN = 32;
/** Tokens that one pass after the other would write. */
const WRITTEN = 12;

/** This repository's own TypeScript and Python, a few files of each folder, in a fixed order. */
export function sourceTexts(): { readonly text: string; readonly language: string }[] {
  const found: { text: string; language: string }[] = [];
  for (const folder of ['engine', 'training', 'test', 'extension']) {
    for (const file of filesUnder(path.join(ROOT, folder)).sort()) {
      const language = LANGUAGES[path.extname(file)];
      if (language && !file.includes('fixtures'))
        found.push({ text: fs.readFileSync(file, 'utf8'), language });
    }
  }
  return found;
}

function filesUnder(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  return fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => path.join(folder, file));
}

/** Two sequences from each of `count` places spread over the texts: a span masked wholly, and by half. */
export function maskedSequences(checkpoint: Checkpoint, count: number): MaskedSequence[] {
  const side = Math.min(SIDE, Math.floor((textBudget(checkpoint) - SPAN) / 2));
  const places = sourceTexts().flatMap(({ text, language }) => {
    const { ids } = checkpoint.tokenizer.encode(text);
    const fit = Math.floor((ids.length - SPAN) / side) - 1;
    return Array.from({ length: Math.max(0, fit) }, (_, index) => ({
      ids,
      language,
      from: (index + 1) * side,
    }));
  });
  const step = Math.max(1, Math.floor(places.length / count));
  const chosen = places.filter((_, index) => index % step === 0).slice(0, count);
  return chosen.flatMap(({ ids, language, from }, index) => {
    const span = ids.subarray(from, from + spanLength(checkpoint));
    const before = ids.subarray(Math.max(0, from - side), from);
    const after = ids.subarray(from + span.length, from + span.length + side);
    // What writes token by token reads no masks.
    if (writesInOrder(checkpoint.family)) return [inOrder(checkpoint, before, span, after, language)];
    const half = span.map((_, place) => (noise(index, place) < 0.5 ? 1 : 0));
    return [
      layOut(checkpoint, before, span, after, language, span.slice().fill(1), 'all masked'),
      layOut(checkpoint, before, span, after, language, half, 'half masked'),
    ];
  });
}

function spanLength({ family }: Checkpoint): number {
  if (writesInOrder(family)) return WRITTEN;
  return family.attention.kind === 'full' ? SPAN : family.attention.blockLength;
}

/** The prompt, whose last row gives the answer's first token, and then what stood there. */
function inOrder(
  checkpoint: Checkpoint,
  before: Int32Array,
  span: Int32Array,
  after: Int32Array,
  language: string,
): MaskedSequence {
  const { before: prompt } = holeContext(checkpoint, before, after, language);
  const ids = Int32Array.of(...prompt, ...span);
  const first = prompt.length - 1;
  return {
    ids,
    positions: Int32Array.from(ids.keys()),
    visible: (query, key) => key <= query,
    kinds: Array.from(ids, (_, place) =>
      place < first || place === ids.length - 1 ? undefined : place === first ? 'first' : 'next',
    ),
  };
}

function layOut(
  checkpoint: Checkpoint,
  before: Int32Array,
  span: Int32Array,
  after: Int32Array,
  language: string,
  masked: Int32Array,
  kind: RowKind,
): MaskedSequence {
  const { family, specials } = checkpoint;
  const { attention } = family;
  const cells = span.map((id, place) => (masked[place] ? specials.mask : id));
  const cellKinds = Array.from(masked, (mask) => (mask ? kind : undefined));
  if (attention.kind === 'full') {
    const none = (ids: Int32Array) => Array.from(ids, () => undefined);
    const shifted = family.shifted ? 1 : 0;
    const kinds = [...none(before), ...cellKinds, ...none(after)];
    return {
      ids: Int32Array.of(...before, ...cells, ...after),
      positions: Int32Array.from({ length: kinds.length }, (_, place) => place),
      visible: () => true,
      kinds: [...kinds.slice(shifted), ...none(before.subarray(0, shifted))],
    };
  }
  const context = holeContext(checkpoint, before, after, language);
  const [prefix, suffix] = [context.before.length, context.after.length];
  const gap = attention.kind === 'cached-canvas' ? attention.holeGap : 0;
  const block = attention.blockLength;
  // Context rows predict the next token, which is how such a model reads its prompt; only its K/V matters later.
  const context0 = attention.kind === 'cached-canvas' && kind === 'all masked' ? 'context' : undefined;
  const isCell = (place: number) => place >= prefix + suffix;
  return {
    ids: Int32Array.of(...context.before, ...context.after, ...cells),
    positions: Int32Array.from({ length: prefix + suffix + cells.length }, (_, place) =>
      place < prefix ? place : isCell(place) ? place - suffix : place + gap,
    ),
    visible: (query, key) => {
      if (attention.kind === 'block-causal') return Math.floor(key / block) <= Math.floor(query / block);
      if (isCell(query)) return true;
      if (isCell(key) || key > query) return false;
      return attention.suffixSeesPrefix || query < prefix || key >= prefix;
    },
    kinds: [...Array.from({ length: prefix + suffix }, () => context0), ...cellKinds],
  };
}

/** 0 … 1, the same for the same two numbers. */
function noise(a: number, b: number): number {
  let state = (a * 0x9e3779b1 + b * 0x85ebca6b + 1) | 0;
  state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
  state = Math.imul(state ^ (state >>> 12), 0x297a2d39);
  return ((state ^ (state >>> 15)) >>> 0) / 2 ** 32;
}
