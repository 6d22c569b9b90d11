import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { type IndexedFile, Segment } from '../../../engine/memory/segment';
import { compareBefore, digitsOf, hashesBefore, KEY_UNITS } from '../../../engine/memory/unitKeys';
import { drive } from './drive';

function fileOf(text: string, index: number): IndexedFile {
  const path = `src/${index}.ts`;
  return {
    path,
    text,
    language: undefined,
    modified: 0,
    rank: 0,
    textBytes: text.length,
    indexBytes: 0,
    goneSince: Number.POSITIVE_INFINITY,
  };
}

const UNITS = /[A-Za-z0-9_$\u0080-\uffff]+|\n|[^ \t\r]/g;

function lastUnits(text: string, count: number): string[] {
  return (text.match(UNITS) ?? []).slice(-count);
}

/** Ends of all places with these units in front, by reading everything. */
function placesByReading(files: readonly IndexedFile[], units: readonly string[]): string[] {
  return files.flatMap(({ path, text }) => {
    const all = [...text.matchAll(UNITS)];
    return all.flatMap(({ 0: unit, index }, i) => {
      const isSo = units.every((one, k) => all[i + 1 - units.length + k]?.[0] === one);
      return isSo ? [`${path}:${index + unit.length}`] : [];
    });
  });
}

function placesByIndex(segment: Segment, left: string, units: number): string[] {
  const range = segment.ranges(hashesBefore(left, left.length))[units - 1];
  assert.ok(range);
  return Array.from({ length: range.to - range.from }, (_, i) => segment.place(range.from + i)).flatMap(
    (place) => (place ? [`${place.file.path}:${place.end}`] : []),
  );
}

/** Whether the keys cannot tell the place from `left`: two words may have the same 16 bits. */
function isAlike(files: readonly IndexedFile[], place: string, left: string, units: number): boolean {
  const [path, end] = place.split(':');
  const digits = digitsOf(hashesBefore(left, left.length));
  return (
    compareBefore(files.find((file) => file.path === path)?.text ?? '', Number(end), digits, units) === 0
  );
}

const CODE = fc
  .array(fc.constantFrom('a', 'bc', '(', ')', ' ', '\n', '    ', '.', 'ünï', '\t', 'a1_$'), { maxLength: 40 })
  .map((pieces) => pieces.join(''));

describe('a segment', () => {
  test('has every place with the same units in front, and no other but by equal hashes', () => {
    fc.assert(
      fc.property(fc.array(CODE, { minLength: 1, maxLength: 8 }), CODE, (texts, left) => {
        const files = texts.map(fileOf);
        const segment = drive(Segment.build(files));
        for (let units = 1; units <= Math.min(KEY_UNITS, lastUnits(left, KEY_UNITS).length); units++) {
          const wanted = new Set(placesByReading(files, lastUnits(left, units)));
          const found = placesByIndex(segment, left, units);
          assert.equal(new Set(found).size, found.length);
          assert.equal(
            found.filter((place) => wanted.delete(place) || isAlike(files, place, left, units)).length,
            found.length,
          );
          assert.equal(wanted.size, 0);
        }
      }),
    );
  });

  test('finds places among many, whatever the part of them whose keys are kept', () => {
    const text = Array.from({ length: 3000 }, (_, i) => `call(x${i % 7}, y${i % 11}); z${i}\n`).join('');
    const files = [fileOf(text, 0), fileOf(`${text}call(x3, y4`, 1)];
    const segment = drive(Segment.build(files));
    for (const left of ['call(x3, y4', 'z17', '\n', 'call(', 'nowhere(', `y4); z${3 * 77 + 70}`])
      for (let units = 1; units <= Math.min(KEY_UNITS, lastUnits(left, KEY_UNITS).length); units++)
        assert.deepEqual(
          placesByIndex(segment, left, units).sort(),
          placesByReading(files, lastUnits(left, units)).sort(),
          `${left} by ${units} units`,
        );
  });

  test('says nothing of files that are taken out', () => {
    const files = ['a.b(c)', 'a.b(d)'].map(fileOf);
    const segment = drive(Segment.build(files));
    if (files[0]) files[0].goneSince = 1;
    assert.deepEqual(placesByIndex(segment, 'a.b(', 3), ['src/1.ts:4']);
    assert.equal(segment.liveCharacters, 6);
  });
});
