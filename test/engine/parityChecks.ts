// What parity means for each kind of attention, as differences to be judged: the test holds them to a limit, the
// bench prints them.
import type { Checkpoint } from '../../engine/checkpoint/types';
import type { Cached, DecoderRun, PartResult, Sequence } from './decoderRun';
import {
  type Reference,
  readReference,
  relativeDifference,
  type Visibility,
  visibilityOf,
} from './reference';

export interface Subject {
  readonly name: string;
  readonly checkpoint: Checkpoint;
  readonly reference: Reference;
  readonly sequence: Sequence;
}

/** @throws Error where neither the family nor the reference says who sees whom */
export function subjectOf(name: string, checkpoint: Checkpoint): Subject {
  const reference = readReference(name);
  const visible = visibilityOf(checkpoint.family.attention) ?? reference.visible;
  if (!visible) throw new Error(`${name}: nobody says who sees whom`);
  const { ids, positions } = reference;
  return { name, checkpoint, reference, sequence: { ids, positions, visible } };
}

export function places(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

export function everything(sequence: Sequence): number[] {
  return places(0, sequence.ids.length);
}

/** Graph against PyTorch. */
export async function uncachedDifference(run: DecoderRun, subject: Subject): Promise<number> {
  const { logits } = await run.part(subject.sequence, everything(subject.sequence));
  return relativeDifference(logits, subject.reference.logits);
}

/** Cached against uncached, over every token that went through the cache. */
export async function cachedDifference(run: DecoderRun, subject: Subject): Promise<number> {
  const whole = await run.part(subject.sequence, everything(subject.sequence));
  const parts = await cachedParts(run, subject, whole);
  return Math.max(...parts.map((part) => relativeDifference(part.logits, rowsOf(run, whole, part.tokens))));
}

async function cachedParts(run: DecoderRun, subject: Subject, whole: PartResult): Promise<PartResult[]> {
  const { attention } = subject.checkpoint.family;
  switch (attention.kind) {
    case 'full':
      return windowAgainstRest(run, subject, whole);
    case 'block-causal':
      return blockByBlock(run, subject.sequence, attention.blockLength);
    case 'cached-canvas':
      return canvasAgainstContext(run, subject.sequence, subject.reference.layout, subject.sequence.visible);
  }
}

/** The masks recomputed against the K/V of everything else. */
async function windowAgainstRest(
  run: DecoderRun,
  subject: Subject,
  whole: PartResult,
): Promise<PartResult[]> {
  const { sequence, checkpoint, reference } = subject;
  const first = count(reference.layout, 'first_mask');
  // A dynamic base grows with the longest position of a run: only a window that has it is computed alike.
  const last =
    checkpoint.shape.ropeScaling.kind === 'dynamic'
      ? sequence.ids.length
      : first + count(reference.layout, 'masks');
  const window = places(first, last);
  const rest = everything(sequence).filter((token) => !window.includes(token));
  return [await run.part(sequence, window, run.only(whole, rest))];
}

/** Every block against the blocks before it, as decoding does it. */
async function blockByBlock(run: DecoderRun, sequence: Sequence, length: number): Promise<PartResult[]> {
  const parts: PartResult[] = [];
  for (let from = 0; from < sequence.ids.length; from += length) {
    const past = parts.length > 0 ? run.join(parts) : undefined;
    parts.push(await run.part(sequence, places(from, from + length), past));
  }
  return parts;
}

/** Prefix and suffix on their own, then each block of the canvas against both and the blocks before it. */
export async function canvasAgainstContext(
  run: DecoderRun,
  sequence: Sequence,
  layout: Readonly<Record<string, number>>,
  visible: Visibility,
): Promise<PartResult[]> {
  const prefixLength = count(layout, 'prefix_length');
  const contextLength = prefixLength + count(layout, 'suffix_length');
  const prefix = await run.part(sequence, places(0, prefixLength));
  const suffixTokens = places(prefixLength, contextLength);
  const suffix = await run.part(sequence, suffixTokens, visible(prefixLength, 0) ? prefix : undefined);
  const parts = [prefix, suffix];
  const block = count(layout, 'block_length');
  for (let from = contextLength; from < sequence.ids.length; from += block) {
    parts.push(await run.part(sequence, places(from, from + block), run.join(parts)));
  }
  return parts;
}

export function count(layout: Readonly<Record<string, number>>, name: string): number {
  const value = layout[name];
  if (value === undefined) throw new Error(`the layout says nothing of ${name}`);
  return value;
}

/** Logits of some tokens of a part. */
export function rowsOf(run: DecoderRun, part: PartResult, tokens: readonly number[]): Float32Array {
  const width = run.checkpoint.shape.vocabSize;
  const rows = new Float32Array(tokens.length * width);
  tokens.forEach((token, index) => {
    const at = part.tokens.indexOf(token) * width;
    rows.set(part.logits.subarray(at, at + width), index * width);
  });
  return rows;
}

/** How far the logits move under another visibility or other positions: what a check must be able to see. */
export async function movedBy(
  run: DecoderRun,
  subject: Subject,
  change: Partial<Sequence>,
  cached?: Cached,
): Promise<number> {
  const sequence = { ...subject.sequence, ...change };
  const { logits } = await run.part(sequence, everything(sequence), cached);
  return relativeDifference(logits, subject.reference.logits);
}

/** Mistakes that a check must notice, by what they are. */
export function wrongSequences(subject: Subject): [string, Partial<Sequence>][] {
  const { sequence, checkpoint, reference } = subject;
  const { attention } = checkpoint.family;
  const stretched = { positions: sequence.positions.map((position) => position * 2) };
  switch (attention.kind) {
    case 'full':
      return [
        ['a causal mask', { visible: (query, key) => key <= query }],
        ['positions twice as far apart', stretched],
      ];
    case 'block-causal':
      // Blocks of one token are causal: there is no other beginning to count them from.
      if (attention.blockLength === 1)
        return [
          ['no mask', { visible: () => true }],
          ['a token that sees the next one', { visible: (query, key) => key <= query + 1 }],
          ['positions twice as far apart', stretched],
        ];
      return [
        ['a causal mask', { visible: (query, key) => key <= query }],
        ['no mask', { visible: () => true }],
        ['blocks counted from elsewhere', { visible: (query, key) => sequence.visible(query + 1, key + 1) }],
        ['positions twice as far apart', stretched],
      ];
    case 'cached-canvas': {
      if (!reference.joined)
        throw new Error(`${subject.name} has no reference of a suffix that sees the prefix`);
      const prefix = count(reference.layout, 'prefix_length');
      const context = prefix + count(reference.layout, 'suffix_length');
      const isSuffix = (token: number) => token >= prefix && token < context;
      return [
        ['a suffix that sees the prefix', { visible: reference.joined.visible }],
        [
          'a canvas that does not see the suffix',
          {
            visible: (query, key) => sequence.visible(query, key) && (isSuffix(query) || !isSuffix(key)),
          },
        ],
        [
          'a hole of another size',
          {
            positions: sequence.positions.map((position, token) =>
              isSuffix(token) ? position + 9 : position,
            ),
          },
        ],
      ];
    }
  }
}
