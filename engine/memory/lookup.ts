// What a memory has for one hole: the places where the same stands on the left, most units first, those where the same stands
// behind the hole, and the files nearby as they are. Asked again at each denoise step, so it is quick and remembers.
import {
  type CopyIndex,
  type CopyOrigin,
  type CopyText,
  findSources,
  LEFT_REACH,
  type Source,
} from '../copying/sources';
import { isBlank, isWord, lastUnit } from '../copying/units';
import type { Memory } from './memory';
import { Nearness, type Vicinity } from './nearness';
import type { IndexedFile, IndexedPlace, Segment } from './segment';
import { hashesBefore, KEY_UNITS, skipBlanks, skipBlanksBack, unitEnd, unitStart } from './unitKeys';

/** Places that are looked at, by what led there, and sources that are given back. */
const MOST = { left: 128, begun: 96, right: 48, sources: 48, late: 12 };
/**
 * Full searches for one hole, one to two milliseconds each. One of many steps would ask fifty times; after the first one, what
 * stands around the places that were found is searched instead.
 */
const MOST_SEARCHES = 1;
const MOST_STRETCHES = 6;
/** Files named as near that are searched as a whole, and characters of each. */
const NEAR = { files: 8, characters: 100_000 };
/** Units behind the hole by which a place is looked for: fewer stand everywhere. */
const RIGHT_UNITS = { most: KEY_UNITS, least: 3 };
/** Characters that a hole may have where it is found by what follows it, and places that are taken for one. */
const HOLE_REACH = 160;
const MOST_STARTS = 3;
/** Places around which analogies are looked for, and how far around, in characters. */
const STRETCHES = 6;
const STRETCH = { before: 500, after: 300 };
/** Units that count when places are compared, as those of a draft do (copying/drafts.ts), and what a doubling of distance costs. */
const MOST_ORDER = 10;
const NEAR_UNITS = 0.2 / 1.5;

/** What a memory holds when this is made: what changes in it later is for the next request. */
export class MemoryLookup implements CopyIndex {
  private readonly segments: readonly Segment[];
  private readonly state: number;
  private readonly nearness: Nearness;
  private readonly nearTexts: readonly CopyText[];
  private readonly origins = new Map<IndexedFile, CopyOrigin>();
  /** By path: those that places were found in. */
  private readonly files = new Map<string, IndexedFile>();
  /** By both sides: a draft is asked for with several lengths, and the answer's own place once more at the end. */
  private readonly known = new Map<string, readonly Source[]>();
  /** Full searches that are left, and how many stretches there may be, before a turn. */
  private searches: number;
  private mostStretches: number;
  /** Around the places that were found so far. */
  private readonly found: CopyText[] = [];

  /**
   * `holes`: of the request, where they are denoised side by side; of those that are denoised one behind the other, each has
   * its `turn`. `searches`: full ones for a hole.
   */
  constructor(
    memory: Pick<Memory, 'segments' | 'state' | 'file'>,
    private readonly vicinity: Vicinity,
    holes = 1,
    private readonly mostSearches = MOST_SEARCHES,
  ) {
    this.searches = holes * mostSearches;
    this.mostStretches = holes * MOST_STRETCHES;
    this.segments = memory.segments;
    this.state = memory.state;
    this.nearness = new Nearness(vicinity);
    this.nearTexts = (vicinity.near ?? [])
      .filter((path) => path !== vicinity.path)
      .flatMap((path) => memory.file(path) ?? [])
      .slice(0, NEAR.files)
      .map((file) => ({
        text: file.text.slice(0, NEAR.characters),
        distance: this.nearness.distance(file),
        before: false,
        origin: this.originOf(file),
      }));
  }

  turn(): void {
    this.searches = Math.max(this.searches, this.mostSearches);
    this.mostStretches = Math.max(this.mostStretches, this.found.length + MOST_STRETCHES);
  }

  sources(left: string, right: string): readonly Source[] {
    const tail = left.slice(-LEFT_REACH);
    const head = right.slice(0, LEFT_REACH);
    const key = `${tail}\0${head}`;
    let sources = this.known.get(key);
    if (sources === undefined) {
      sources = this.search(tail, head);
      this.known.set(key, sources);
    }
    return sources;
  }

  private search(tail: string, head: string): readonly Source[] {
    const found = new Found(this.nearness, (file) => this.originOf(file));
    for (const source of findSources(this.nearTexts, tail)) found.addNear(source);
    if (this.searches <= 0) {
      this.byStretch(tail, found);
      return found.best(MOST.late);
    }
    this.searches--;
    this.byIndex(tail, head, found);
    const sources = found.best();
    for (const stretch of this.around(sources))
      if (this.found.length < this.mostStretches && !this.found.some((one) => overlaps(one, stretch)))
        this.found.push(stretch);
    return sources;
  }

  stretches(left: string, right: string): readonly CopyText[] {
    return [...this.nearTexts, ...this.around(this.sources(left, right))];
  }

  /** What stands around the best of them; the files named as near are there as a whole. */
  private around(sources: readonly Source[]): CopyText[] {
    const taken: CopyText[] = [];
    for (const { text, at, origin, distance } of sources) {
      if (taken.length >= STRETCHES) break;
      if (origin === undefined || this.nearTexts.some((near) => near.origin === origin)) continue;
      const start = Math.max(0, at - STRETCH.before);
      const stretch: CopyText = {
        text: text.slice(start, at + STRETCH.after),
        distance,
        before: false,
        origin: { ...origin, start: origin.start + start },
      };
      if (!taken.some((other) => overlaps(other, stretch))) taken.push(stretch);
    }
    return taken;
  }

  private byIndex(tail: string, head: string, found: Found): void {
    const key = lastUnit(tail);
    if (key.trim() === '' && !key.includes('\n')) return;
    this.byLeft(tail, found);
    this.byRight(tail, head, found);
  }

  /** Where they are found, the whole of their file goes on behind them: a stretch ends anywhere, in the middle of a word too. */
  private byStretch(tail: string, found: Found): void {
    for (const { at, origin } of findSources(this.found, tail)) {
      const file = this.files.get(origin?.path ?? '');
      if (file !== undefined) found.add(file, (origin?.start ?? 0) + at, tail);
    }
  }

  /** Behind the last whole unit, and, where that is a word, where a longer one begins so. */
  private byLeft(tail: string, found: Found): void {
    const end = skipBlanksBack(tail, tail.length);
    const blanks = tail.length - end;
    for (const { file, end: at } of this.placesOf(hashesBefore(tail, end), 1, MOST.left))
      found.add(file, blanks === 0 ? at : skipBlanks(file.text, at), tail);
    if (blanks > 0 || !isWord(tail.charCodeAt(end - 1))) return;
    const begun = tail.slice(unitStart(tail, end));
    for (const { file, end: at } of this.placesOf(hashesBefore(tail, end - begun.length), 1, MOST.begun)) {
      const start = skipBlanks(file.text, at);
      const behind = start + begun.length;
      if (file.text.startsWith(begun, start) && isWord(file.text.charCodeAt(behind)))
        found.add(file, behind, tail);
    }
  }

  /** In front of what follows the hole, wherever the last unit on its left is found. */
  private byRight(tail: string, head: string, found: Found): void {
    // A word that the hole may end in is none by itself.
    let from = 0;
    while (from < head.length && isWord(head.charCodeAt(from))) from++;
    let to = from;
    let units = 0;
    for (; units < RIGHT_UNITS.most && skipBlanks(head, to) < head.length; units++) to = unitEnd(head, to);
    if (units < RIGHT_UNITS.least) return;
    const hashes = hashesBefore(head, to).slice(0, units);
    const key = lastUnit(tail).trimEnd() || '\n';
    for (const { file, end } of this.placesOf(hashes, RIGHT_UNITS.least, MOST.right)) {
      const { text } = file;
      let start = end;
      for (let i = 0; i < units; i++) start = unitStart(text, skipBlanksBack(text, start));
      const isOpen = isBlank(tail.charCodeAt(tail.length - 1));
      // Only what is looked at is searched: a key that is not there would be sought to the file's beginning, at each place.
      const from = Math.max(0, start - HOLE_REACH);
      const reach = text.slice(from, start);
      let place = reach.lastIndexOf(key);
      for (let count = 0; count < MOST_STARTS && place >= 0; count++) {
        const at = from + place + key.length;
        found.add(file, isOpen ? skipBlanks(text, at) : at, tail);
        place = place === 0 ? -1 : reach.lastIndexOf(key, place - 1);
      }
    }
  }

  /** Places behind these units (nearest first), those of most units first, at most `most`; of fewer than `least` none. */
  private *placesOf(hashes: readonly number[], least: number, most: number): Generator<IndexedPlace> {
    const searched = this.segments.map((segment) => ({ segment, ranges: segment.ranges(hashes) }));
    let left = most;
    for (let units = hashes.length; units >= least && left > 0; units--) {
      const rings = searched.flatMap(({ segment, ranges }) => ringsOf(segment, ranges, units));
      const size = rings.reduce((sum, { from, to }) => sum + to - from, 0);
      // Where there are too many, some from everywhere.
      const step = Math.max(1, Math.ceil(size / left));
      let next = 0;
      for (const { segment, from, to } of rings) {
        for (let index = from + next; index < to; index += step) {
          const place = segment.place(index, this.state);
          if (place === undefined || place.file.path === this.vicinity.path) continue;
          left--;
          yield place;
        }
        next = (next + step - ((to - from) % step)) % step;
      }
    }
  }

  private originOf(file: IndexedFile): CopyOrigin {
    const known = this.origins.get(file);
    if (known) return known;
    const origin: CopyOrigin = { kind: 'memory', path: file.path, whole: file.text, start: 0 };
    this.origins.set(file, origin);
    this.files.set(file.path, file);
    return origin;
  }
}

/** Whether two stretches of the same file lie so near each other that one is enough. */
function overlaps(a: CopyText, b: CopyText): boolean {
  if (a.origin?.path !== b.origin?.path) return false;
  const [mine, theirs] = [a.origin?.start ?? 0, b.origin?.start ?? 0];
  const ends = mine + a.text.length - theirs - b.text.length;
  return Math.max(Math.abs(mine - theirs), Math.abs(ends)) < STRETCH.after;
}

interface Ring {
  readonly segment: Segment;
  readonly from: number;
  readonly to: number;
}

/** Places with just so many units: those with more stand in their middle, and were taken before. */
function ringsOf(segment: Segment, ranges: readonly { from: number; to: number }[], units: number): Ring[] {
  const outer = ranges[units - 1];
  const inner = ranges[units];
  if (outer === undefined) return [];
  if (inner === undefined || inner.from === inner.to) return [{ segment, ...outer }];
  return [
    { segment, from: outer.from, to: inner.from },
    { segment, from: inner.to, to: outer.to },
  ];
}

/** Sources as they are found, each once. */
class Found {
  private readonly sources: { readonly source: Source; readonly worth: number }[] = [];
  private readonly seen = new Map<string, Set<number>>();

  constructor(
    private readonly nearness: Nearness,
    private readonly originOf: (file: IndexedFile) => CopyOrigin,
  ) {}

  add(file: IndexedFile, at: number, tail: string): void {
    if (at >= file.text.length || !this.isNew(file.path, at)) return;
    const order = alikeUnits(file.text, at, tail);
    if (order === 0) return;
    const distance = this.nearness.distance(file) + at;
    this.push({ text: file.text, origin: this.originOf(file), at, order, distance });
  }

  /** Of the beginning of a file that is searched as a whole. */
  addNear(source: Source): void {
    const { text, origin, at } = source;
    if (this.isNew(origin?.path ?? '', at)) this.push({ ...source, text: origin?.whole ?? text });
  }

  best(most = MOST.sources): Source[] {
    return this.sources
      .sort((a, b) => b.worth - a.worth)
      .slice(0, most)
      .map(({ source }) => source);
  }

  private push(source: Source): void {
    const worth = Math.min(source.order, MOST_ORDER) - NEAR_UNITS * Math.log2(1 + source.distance);
    this.sources.push({ source, worth });
  }

  private isNew(path: string, at: number): boolean {
    const places = this.seen.get(path) ?? new Set();
    this.seen.set(path, places);
    if (places.has(at)) return false;
    places.add(at);
    return true;
  }
}

/** Whole units in front of `at` that are those at the end of `tail`, whatever blanks are between them. */
function alikeUnits(text: string, at: number, tail: string): number {
  let [theirs, ours] = [at, tail.length];
  // Between the last unit and the hole there are blanks in both or in none.
  let order = 0;
  for (;;) {
    theirs = skipBlanksBack(text, theirs);
    ours = skipBlanksBack(tail, ours);
    if (theirs === 0 || ours === 0) return order;
    const end = theirs;
    while (theirs > 0 && ours > 0 && text.charCodeAt(theirs - 1) === tail.charCodeAt(ours - 1)) {
      theirs--;
      ours--;
      if (!isWord(text.charCodeAt(theirs))) break;
      if (
        theirs > 0 &&
        ours > 0 &&
        !isWord(text.charCodeAt(theirs - 1)) &&
        !isWord(tail.charCodeAt(ours - 1))
      )
        break;
    }
    if (theirs === end) return order;
    const cutTheirs = isWord(text.charCodeAt(theirs)) && theirs > 0 && isWord(text.charCodeAt(theirs - 1));
    const cutOurs = isWord(text.charCodeAt(theirs)) && ours > 0 && isWord(tail.charCodeAt(ours - 1));
    if (cutTheirs || cutOurs) return order;
    order++;
  }
}
