// Some files of a memory, with every place behind a unit sorted by the units in front of it: where the hole's left side stands is
// one run of neighbours, found by halving. Four bytes a place: keys are not kept but read from the text again. A segment
// never changes but for files that are taken out of it; what is new makes segments of its own, and small ones are joined
// (log-structured merging: O'Neil et al. 1996).
import { compareBefore, digitsOf, keyRange, type UnitKey, UnitScanner } from './unitKeys';

/** A file as it is kept. */
export interface IndexedFile {
  readonly path: string;
  readonly text: string;
  readonly language: string | undefined;
  readonly modified: number;
  readonly rank: number;
  /** Of the text, as the JavaScript engine keeps it. */
  readonly textBytes: number;
  /** Of its places in the index: an estimate, until a segment with it is built. */
  indexBytes: number;
  /**
   * The memory's state since which it is replaced or taken out, and kept only until its segment is written again; Infinity:
   * it is held.
   */
  goneSince: number;
}

export interface IndexedPlace {
  readonly file: IndexedFile;
  /** UTF-16 offset behind the unit. */
  readonly end: number;
}

/** Whether it is in the memory, or was in an earlier state of it. */
export function isHeld({ goneSince }: IndexedFile, state = Number.MAX_VALUE): boolean {
  return goneSince > state;
}

/** A stretch of a segment's sorted places; `to` is exclusive. */
export interface PlaceRange {
  readonly from: number;
  readonly to: number;
}

/** Of so many places one has its key kept: the rest is found from there by reading texts. */
const SAMPLED = 16;
/** Bytes of a place, with its part of the keys. */
const PLACE_BYTES = 4 + 8 / SAMPLED;
/** Characters that are read, and places that are sorted, between two breaks. */
const AT_ONCE = 16_384;

export class Segment {
  /** Characters of all files, the dead ones included. */
  readonly characters: number;

  private constructor(
    readonly files: readonly IndexedFile[],
    /** [files] where each begins, as if they stood one behind the other. */
    private readonly bases: Uint32Array,
    /** Sorted by key, then in text order. */
    private readonly places: Uint32Array,
    /** Keys of every SAMPLED-th place, by halves. */
    private readonly upper: Uint32Array,
    private readonly lower: Uint32Array,
  ) {
    this.characters = files.reduce((sum, { text }) => sum + text.length, 0);
  }

  /** Yields whenever it has worked for about a millisecond. The files have less than 2³² characters together. */
  static *build(files: readonly IndexedFile[]): Generator<void, Segment> {
    const bases = new Uint32Array(files.length);
    let base = 0;
    const keys = new GrowingKeys(files.reduce((sum, { text }) => sum + text.length, 0) / 4);
    for (const [i, file] of files.entries()) {
      const { text } = file;
      bases[i] = base;
      const start = base;
      const before = keys.count;
      const scanner = new UnitScanner(text);
      while (scanner.read(AT_ONCE, (end, upper, lower) => keys.add(start + end, upper, lower))) yield;
      base += text.length;
      file.indexBytes = PLACE_BYTES * (keys.count - before);
      if (i % 8 === 7) yield;
    }
    yield* keys.sort();
    const { count } = keys;
    const sample = (from: Uint32Array) =>
      Uint32Array.from({ length: Math.ceil(count / SAMPLED) }, (_, i) => from[i * SAMPLED] ?? 0);
    return new Segment(files, bases, keys.places.slice(0, count), sample(keys.upper), sample(keys.lower));
  }

  /** Of the index; the texts are their files' own. */
  get indexBytes(): number {
    return 4 * (this.bases.length + this.places.length + this.upper.length + this.lower.length);
  }

  get liveCharacters(): number {
    return this.files.reduce((sum, file) => sum + (isHeld(file) ? file.text.length : 0), 0);
  }

  /** Undefined where its file was gone in that state of the memory, by default the present one. */
  place(index: number, state = Number.MAX_VALUE): IndexedPlace | undefined {
    const address = this.places[index];
    if (address === undefined) return undefined;
    const at = this.fileIndex(address);
    const file = this.files[at];
    return file !== undefined && isHeld(file, state)
      ? { file, end: address - (this.bases[at] ?? 0) }
      : undefined;
  }

  /** By the number of units that agree, from 1 to KEY_UNITS: the places where they stand. `hashes`: nearest first. */
  ranges(hashes: readonly number[]): PlaceRange[] {
    const digits = digitsOf(hashes);
    let range: PlaceRange = { from: 0, to: this.places.length };
    const ranges: PlaceRange[] = [];
    for (let units = 1; units <= digits.length; units++) {
      if (range.from < range.to) {
        const { least, largest } = keyRange(hashes, units);
        const from = this.firstWhere(this.near(least, 0, range), digits, units, 0);
        range = { from, to: this.firstWhere(this.near(largest, 1, range), digits, units, 1) };
      }
      ranges.push(range);
    }
    return ranges;
  }

  /** A short part of `range` in which the first key is that is at least `key`, or above it. */
  private near({ upper, lower }: UnitKey, above: 0 | 1, range: PlaceRange): PlaceRange {
    let [low, high] = [Math.ceil(range.from / SAMPLED), Math.ceil(range.to / SAMPLED)];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = (this.upper[middle] ?? 0) - upper || (this.lower[middle] ?? 0) - lower;
      if (order >= above) high = middle;
      else low = middle + 1;
    }
    return {
      from: Math.max(range.from, (low - 1) * SAMPLED + 1),
      to: Math.min(range.to, low * SAMPLED),
    };
  }

  /** The first place of a range whose units come behind the `digits`, or with `above` 0 are those. */
  private firstWhere(
    { from, to }: PlaceRange,
    digits: readonly number[],
    units: number,
    above: 0 | 1,
  ): number {
    let [low, high] = [from, to];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const address = this.places[middle] ?? 0;
      const at = this.fileIndex(address);
      const order = compareBefore(this.files[at]?.text ?? '', address - (this.bases[at] ?? 0), digits, units);
      if (order >= above) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The file in which the unit ends: its base is less than the address. */
  private fileIndex(address: number): number {
    let [low, high] = [0, this.bases.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.bases[middle] ?? 0) < address) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Bits of a digit: more of them would spread writes over more memory than the processor keeps close. */
const RADIX_BITS = 11;
const RADIX = 2 ** RADIX_BITS;

const DIGITS = (['lower', 'upper'] as const).flatMap((half) =>
  [0, RADIX_BITS, 2 * RADIX_BITS].map((shift) => [half, shift] as const),
);

/** Places with their keys while a segment is built. */
class GrowingKeys {
  count = 0;
  places: Uint32Array;
  upper: Uint32Array;
  lower: Uint32Array;

  constructor(capacity: number) {
    const size = Math.max(64, Math.ceil(capacity));
    [this.places, this.upper, this.lower] = [
      new Uint32Array(size),
      new Uint32Array(size),
      new Uint32Array(size),
    ];
  }

  add(place: number, upper: number, lower: number): void {
    if (this.count === this.places.length) this.grow();
    this.places[this.count] = place;
    this.upper[this.count] = upper;
    this.lower[this.count] = lower;
    this.count++;
  }

  /** By key; equal ones stay in their order (radix sort, least digit first). */
  *sort(): Generator<void, void> {
    const { count } = this;
    const spare: Record<'places' | 'upper' | 'lower', Uint32Array> = {
      places: new Uint32Array(count),
      upper: new Uint32Array(count),
      lower: new Uint32Array(count),
    };
    for (const [half, shift] of DIGITS) {
      const digits = this[half];
      const next = new Uint32Array(RADIX + 1);
      for (let i = 0; i < count; i++) {
        const slot = (((digits[i] ?? 0) >>> shift) & (RADIX - 1)) + 1;
        next[slot] = (next[slot] ?? 0) + 1;
        if (i % AT_ONCE === AT_ONCE - 1) yield;
      }
      for (let digit = 0; digit < RADIX; digit++)
        next[digit + 1] = (next[digit + 1] ?? 0) + (next[digit] ?? 0);
      for (let i = 0; i < count; i++) {
        const digit = ((digits[i] ?? 0) >>> shift) & (RADIX - 1);
        const to = next[digit] ?? 0;
        next[digit] = to + 1;
        spare.places[to] = this.places[i] ?? 0;
        spare.upper[to] = this.upper[i] ?? 0;
        spare.lower[to] = this.lower[i] ?? 0;
        if (i % AT_ONCE === AT_ONCE - 1) yield;
      }
      [this.places, spare.places] = [spare.places, this.places];
      [this.upper, spare.upper] = [spare.upper, this.upper];
      [this.lower, spare.lower] = [spare.lower, this.lower];
      yield;
    }
  }

  private grow(): void {
    const wider = (old: Uint32Array): Uint32Array => {
      const next = new Uint32Array(2 * old.length);
      next.set(old);
      return next;
    };
    [this.places, this.upper, this.lower] = [wider(this.places), wider(this.upper), wider(this.lower)];
  }
}
