import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { draftsFor } from '../../../engine/copying/drafts';
import { MemoryLookup } from '../../../engine/memory/lookup';
import { Memory, type MemoryLimits } from '../../../engine/memory/memory';
import { digitsOf, hashesBefore } from '../../../engine/memory/unitKeys';
import type { MemoryFile } from '../../../engine/protocol';
import { drive } from './drive';

const LIMITS: MemoryLimits = { bytes: 400_000, files: 200, segment: 20_000 };
const code = (seed: number, lines = 100): string =>
  Array.from({ length: lines }, (_, i) => `  const value${seed}_${i} = make(${seed}, ${i});\n`).join('');

/** What the memory would continue `left` with, where two units agree at least. */
function continuations(memory: Memory, left: string, path?: string): string[] {
  const found = new MemoryLookup(memory, path === undefined ? {} : { path }).sources(left, '\n');
  return found
    .filter(({ order }) => order >= 2)
    .map(({ text, at, origin }) => `${origin?.path}: ${text.slice(at, text.indexOf('\n', at))}`);
}

/** Every place behind the last two units of `left`. */
function placesBehind(memory: Memory, left: string): string[] {
  return memory.segments
    .flatMap((segment) => {
      const { from = 0, to = 0 } = segment.ranges(hashesBefore(left, left.length))[1] ?? {};
      return Array.from({ length: to - from }, (_, i) => segment.place(from + i));
    })
    .flatMap((place) => (place ? [`${place.file.path}:${place.end}`] : []))
    .sort();
}

describe('a memory', () => {
  test('takes files in, replaces them, takes them out', () => {
    const memory = new Memory(LIMITS);
    const first = drive(
      memory.update(
        [
          { path: 'a.ts', text: 'open(door);\n' },
          { path: 'b.ts', text: 'shut(gate);\n' },
        ],
        [],
      ),
    );
    assert.deepEqual({ ...first, bytes: 0 }, { files: 2, characters: 24, bytes: 0, skipped: [] });
    assert.deepEqual(continuations(memory, 'open('), ['a.ts: door);']);
    drive(memory.update([{ path: 'a.ts', text: 'open(window);\n' }], ['b.ts', 'unknown.ts']));
    assert.deepEqual(continuations(memory, 'open('), ['a.ts: window);']);
    assert.deepEqual(continuations(memory, 'shut('), []);
    assert.deepEqual(memory.facts().files, 1);
  });

  test('answers from the old text until the new one is indexed', () => {
    const memory = new Memory(LIMITS);
    drive(memory.update([{ path: 'a.ts', text: 'open(door);\n' }], []));
    const work = memory.update([{ path: 'a.ts', text: `open(window);\n${code(1, 200)}` }], []);
    const seen = new Set<string>();
    while (!work.next().done) for (const found of continuations(memory, 'open(')) seen.add(found);
    assert.deepEqual([...seen], ['a.ts: door);']);
    assert.deepEqual(continuations(memory, 'open('), ['a.ts: window);']);
  });

  test('answers a request as it was when that came, whatever changes meanwhile', () => {
    const memory = new Memory(LIMITS);
    const fileOf = (name: string) => ({ path: `${name}.ts`, text: `open(${name});\nshut(${name});\n` });
    drive(memory.update(['a', 'b', 'c'].map(fileOf), []));
    const request = new MemoryLookup(memory, {});
    const found = (left: string, lookup: MemoryLookup) =>
      lookup
        .sources(left, '\n')
        .flatMap(({ text, at, order }) => (order >= 2 ? [text.slice(at, text.indexOf('\n', at))] : []))
        .sort();
    assert.deepEqual(found('open(', request), ['a);', 'b);', 'c);']);
    drive(memory.update([{ path: 'a.ts', text: 'shut(door);\n' }], ['b.ts']));
    // Enough for segments to be joined and written again.
    for (let i = 0; i < 12; i++) drive(memory.update([fileOf(`more${i}`)], []));
    assert.deepEqual(found('shut(', request), ['a);', 'b);', 'c);']);
    const now = found('shut(', new MemoryLookup(memory, {}));
    assert.ok(now.includes('door);') && now.includes('more11);') && now.includes('c);'), now.join());
    assert.ok(!now.includes('a);') && !now.includes('b);'), now.join());
  });

  test('takes no place whose units only have the same hash', () => {
    // The line feed and this word have 16 bits in common.
    const left = 'a1_$bcaa';
    const same = [left, '\n'].map((text) => digitsOf(hashesBefore(text, text.length)).join());
    assert.equal(same[0], same[1]);
    const memory = new Memory(LIMITS);
    drive(memory.update([{ path: 'a.ts', text: '\nopen(door);\n' }], []));
    assert.deepEqual(new MemoryLookup(memory, {}).sources(left, ')'), []);
    drive(memory.update([{ path: 'b.ts', text: `${left} = 1;\n` }], []));
    assert.deepEqual(
      new MemoryLookup(memory, {}).sources(left, ')').map(({ origin }) => origin?.path),
      ['b.ts'],
    );
  });

  test('leaves the file out that is edited', () => {
    const memory = new Memory(LIMITS);
    drive(
      memory.update(
        [
          { path: 'a.ts', text: 'open(door);\n' },
          { path: 'b.ts', text: 'open(gate);\n' },
        ],
        [],
      ),
    );
    assert.deepEqual(continuations(memory, 'open(', 'a.ts'), ['b.ts: gate);']);
  });

  test('says why a file stays out, and then has no earlier version of it either', () => {
    const memory = new Memory(LIMITS);
    drive(memory.update([{ path: 'a.ts', text: 'open(door);\n' }], []));
    const { skipped, files } = drive(
      memory.update(
        [
          { path: 'a.ts', text: 'open(\0door);\n' },
          { path: 'b.ts', text: 'shut(gate);\n' },
        ],
        [],
      ),
    );
    assert.deepEqual(skipped, [{ path: 'a.ts', reason: 'binary' }]);
    assert.equal(files, 1);
  });

  test('without room for all, keeps lower ranks, then newer files, and names what went', () => {
    const memory = new Memory(LIMITS);
    const files = Array.from(
      { length: 60 },
      (_, i): MemoryFile => ({
        path: `${i}.ts`,
        text: code(i),
        rank: i < 10 ? 0 : 1,
        modified: i,
      }),
    );
    const { skipped, bytes } = drive(memory.update(files, []));
    assert.ok(bytes <= LIMITS.bytes, `${bytes}`);
    assert.ok(skipped.length > 10 && skipped.every(({ reason }) => reason === 'no-room'));
    const kept = files.filter(({ path }) => memory.file(path)).map(({ path }) => Number.parseInt(path, 10));
    assert.deepEqual(kept.slice(0, 10), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.equal(kept.at(-1), 59);
    assert.deepEqual(
      kept.slice(10),
      Array.from({ length: kept.length - 10 }, (_, i) => 60 - kept.length + 10 + i),
    );
    const later = drive(memory.update([{ path: 'new.ts', text: code(99), rank: 0, modified: 99 }], []));
    assert.ok(memory.file('new.ts'));
    assert.deepEqual(later.skipped, [{ path: `${kept[10]}.ts`, reason: 'no-room' }]);
    const worse = drive(memory.update([{ path: 'worse.ts', text: code(98), rank: 2 }], []));
    assert.deepEqual(worse.skipped, [{ path: 'worse.ts', reason: 'no-room' }]);
  });

  test('stays within its bound with text whose units are a character long', () => {
    const memory = new Memory(LIMITS);
    const table = (i: number): MemoryFile => ({
      path: `${i}.json`,
      text: '[[0,1],[1,0]],\n'.repeat(400),
      rank: i,
    });
    const first = drive(
      memory.update(
        Array.from({ length: 30 }, (_, i) => table(i)),
        [],
      ),
    );
    assert.ok(first.bytes <= LIMITS.bytes, `${first.bytes}`);
    const kept = Array.from({ length: 30 }, (_, i) => i).filter((i) => memory.file(`${i}.json`));
    assert.deepEqual(
      kept,
      kept.map((_, i) => i),
    );
    assert.ok(kept.length > 5);
    assert.deepEqual(
      first.skipped.map(({ path }) => path).sort(),
      Array.from({ length: 30 - kept.length }, (_, i) => `${kept.length + i}.json`).sort(),
    );
    for (let i = 30; i < 60; i++) {
      const { bytes } = drive(memory.update([{ ...table(i), rank: 0 }], []));
      assert.ok(bytes <= LIMITS.bytes, `${bytes}`);
    }
  });

  test('is the same as one that is filled at once, and within its bound, whatever is done to it', () => {
    const change = fc.record({
      files: fc.array(
        fc.record({
          path: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
          seed: fc.nat(9),
          lines: fc.nat(60),
        }),
        { maxLength: 4 },
      ),
      removed: fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const memory = new Memory({ ...LIMITS, segment: 5000 });
        const truth = new Map<string, string>();
        for (const { files, removed } of changes) {
          const sent = files.map(({ path, seed, lines }) => ({ path, text: code(seed, lines) }));
          const { bytes } = drive(memory.update(sent, removed));
          assert.ok(bytes <= LIMITS.bytes);
          for (const path of removed) truth.delete(path);
          for (const { path, text } of sent) truth.set(path, text);
        }
        const fresh = new Memory(LIMITS);
        drive(
          fresh.update(
            [...truth].map(([path, text]) => ({ path, text })),
            [],
          ),
        );
        assert.equal(memory.facts().files, truth.size);
        assert.deepEqual(placesBehind(memory, 'make('), placesBehind(fresh, 'make('));
        const dead = memory.segments.reduce((sum, one) => sum + one.characters - one.liveCharacters, 0);
        assert.ok(dead <= 0.25 * memory.segments.reduce((sum, one) => sum + one.characters, 0));
        assert.ok(memory.segments.length < 20, `${memory.segments.length} segments`);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a lookup for a hole of many steps', () => {
  const far = Array.from({ length: 60 }, (_, i) => `far${i}(one, two);\n`).join('');

  test('searches the whole memory first, and then what stands around the places that it found', () => {
    const memory = new Memory(LIMITS);
    const near = `open(door);\n  close(door);\n${code(9)}`;
    drive(
      memory.update(
        [
          { path: 'near.ts', text: near },
          { path: 'far.ts', text: far },
        ],
        [],
      ),
    );
    let searches = 0;
    const [segment] = memory.segments;
    assert.ok(segment && memory.segments.length === 1);
    const counted = new Proxy(segment, {
      get: (target, key) => {
        if (key === 'ranges') searches++;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const lookup = new MemoryLookup(
      { segments: [counted], state: memory.state, file: (path) => memory.file(path) },
      {},
    );
    const after = (left: string) =>
      lookup
        .sources(left, '\n')
        .filter(({ order }) => order >= 2)
        .map(({ text, at, origin }) => ({
          says: text.slice(at, text.indexOf('\n', at)),
          whole: origin?.whole.slice((origin?.start ?? 0) + at).split('\n')[0],
          path: origin?.path,
        }));
    assert.deepEqual(after('open(')[0], { says: 'door);', whole: 'door);', path: 'near.ts' });
    for (let i = 0; i < 15; i++) after(`nothing${i}(`);
    const full = searches;
    // What stands beside places that were found before is still found, and once.
    assert.deepEqual(after('  close('), [{ says: 'door);', whole: 'door);', path: 'near.ts' }]);
    assert.equal(searches, full);
  });

  /** After so many searches that the rest goes by what was found. */
  const tired = (lookup: MemoryLookup, searches = 16): MemoryLookup => {
    for (let i = 0; i < searches; i++) lookup.sources(`nothing${i}(`, '\n');
    return lookup;
  };

  test('finds no place that its stretch cuts short, whether its end is near or the file’s', () => {
    const memory = new Memory(LIMITS);
    // What is around the first place ends, 300 characters behind it, in the middle of `gamma_delta`.
    const text = `open(door);\n${'// ------\n'.repeat(28)}alpha.beta(gamma_delta, epsilon_zeta);\n`;
    assert.ok(text.indexOf('gamma_delta') < 305 && text.indexOf(', epsilon') > 305);
    drive(memory.update([{ path: 'a.ts', text }], []));
    const early = new MemoryLookup(memory, {});
    assert.ok(early.sources('open(', ')').length > 0);
    for (const right of ['', ')']) {
      const late = draftsFor([], 'alpha.beta(', right, { index: tired(early) });
      const first = draftsFor([], 'alpha.beta(', right, { index: new MemoryLookup(memory, {}) });
      assert.deepEqual(
        late.map((draft) => draft.text),
        first.map((draft) => draft.text),
      );
      assert.ok(late.some((draft) => draft.text.startsWith('gamma_delta, epsilon_zeta')));
    }
  });

  test('gives the same again for what was asked before', () => {
    const memory = new Memory(LIMITS);
    drive(memory.update([{ path: 'far.ts', text: far }], []));
    const lookup = new MemoryLookup(memory, {});
    const before = lookup.sources('far40(', '\n');
    assert.ok(before.length > 0);
    assert.equal(tired(lookup).sources('far40(', '\n'), before);
  });

  describe('of several holes', () => {
    const farther = Array.from({ length: 600 }, (_, i) => `far${i}(one, two);\n`).join('');
    const lookupFor = (holes?: number) => {
      const memory = new Memory(LIMITS);
      drive(memory.update([{ path: 'far.ts', text: farther }], []));
      return new MemoryLookup(memory, {}, holes);
    };
    const finds = (lookup: MemoryLookup) => lookup.sources('far400(', '\n').some(({ order }) => order >= 2);

    test('searches for three that are denoised side by side three times as often', () => {
      assert.deepEqual([finds(tired(lookupFor(), 2)), finds(tired(lookupFor(3), 2))], [false, true]);
    });

    test('searches for the next one as for the first, however often that one was asked about', () => {
      const lookup = tired(lookupFor(3));
      assert.equal(finds(lookup), false);
      const next = tired(lookupFor(3));
      next.turn();
      assert.equal(finds(next), true);
    });
  });
});
