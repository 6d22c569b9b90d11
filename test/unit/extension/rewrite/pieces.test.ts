// A long selection in pieces: whole lines, nothing lost, one after the other.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import {
  firstPieceOf,
  isLongWait,
  isNewWait,
  linesOfPiece,
  piecesOf,
  WaitingPieces,
} from '../../../../extension/rewrite/pieces';
import type { OffsetRange } from '../../../../extension/text/types';

const numbered = (count: number, empty: readonly number[] = []) =>
  Array.from({ length: count }, (_, index) => (empty.includes(index) ? '' : `line ${index}`)).join('\n');
const texts = (text: string, lines: number) =>
  piecesOf(text, [{ start: 0, end: text.length }], lines).map(({ start, end }) => text.slice(start, end));

describe('pieces of a selection', () => {
  test('have so many lines, and begin and end with whole ones', () => {
    const pieces = texts(numbered(25), 10);
    assert.deepEqual(
      pieces.map((piece) => piece.split('\n').length),
      [10, 10, 5],
    );
    assert.equal(pieces[1]?.split('\n')[0], 'line 10');
  });

  test('rather end where a line is empty, and leave that out', () => {
    const pieces = texts(numbered(30, [11]), 10);
    assert.equal(pieces[1]?.split('\n')[0], 'line 12');
    assert.ok(pieces[0]?.trimEnd().endsWith('line 10'));
  });

  test('a selection of fewer lines is one piece, and several are cut each for itself', () => {
    assert.equal(texts(numbered(8), 10).length, 1);
    const text = numbered(30);
    const half = text.indexOf('line 15');
    const ranges = [
      { start: 0, end: half - 1 },
      { start: half, end: text.length },
    ];
    assert.equal(piecesOf(text, ranges, 20).length, 2);
  });

  test('nothing but white space is left out, whatever the text', () => {
    const line = fc.stringMatching(/^[ a-z]{0,6}\r?$/);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), fc.integer({ min: 1, max: 12 }), (lines, each) => {
        const text = lines.join('\n');
        const pieces = piecesOf(text, [{ start: 0, end: text.length }], each);
        assert.equal(
          pieces
            .map(({ start, end }) => text.slice(start, end))
            .join('')
            .replace(/\s/g, ''),
          text.replace(/\s/g, ''),
        );
        for (const [index, { start }] of pieces.entries()) assert.ok(start >= (pieces[index - 1]?.end ?? 0));
      }),
    );
  });
});

describe('a long wait', () => {
  test('is one of more than a minute, where that is known', () => {
    assert.equal(isLongWait(undefined), false);
    assert.equal(isLongWait(60_000), false);
    assert.equal(isLongWait(61_000), true);
  });

  test('is asked about where a person has neither agreed to one like it, nor had one', () => {
    assert.equal(isNewWait(61_000, 0), true);
    assert.equal(isNewWait(50_000, 0), false);
    assert.equal(isNewWait(undefined, 0), false);
    assert.equal(isNewWait(100_000, 100_000), false);
    assert.equal(isNewWait(140_000, 100_000), false, 'about as long');
    assert.equal(isNewWait(160_000, 100_000), true);
    assert.equal(isNewWait(61_000, 20_000), true, 'it took a third of that');
  });

  test('is cut into pieces of some 20 seconds, of five lines at least', () => {
    assert.equal(linesOfPiece(60, 80_000), 15);
    assert.equal(linesOfPiece(58, 70 * 60_000), 5);
    assert.equal(linesOfPiece(3, 70 * 60_000), 3);
  });
});

describe('the first piece', () => {
  const line = 'total = total + 1';
  const text = Array.from({ length: 60 }, () => line).join('\n');
  const all = [{ start: 0, end: text.length }];

  test('is told with what it takes itself, not with its share of the whole', async () => {
    const asked: OffsetRange[] = [];
    const piece = await firstPieceOf(text, all, { lines: 60, millis: 360_000 }, async (range) => {
      asked.push(range);
      return 55_000;
    });
    assert.deepEqual(piece, { lines: 5, millis: 55_000 });
    assert.deepEqual(asked, [{ start: 0, end: 5 * (line.length + 1) - 1 }]);
  });

  test('is none where it would not come much sooner, or nobody knows when', async () => {
    for (const own of [300_000, undefined])
      assert.equal(await firstPieceOf(text, all, { lines: 60, millis: 360_000 }, async () => own), undefined);
    const few = { lines: 5, millis: 90_000 };
    assert.equal(await firstPieceOf(text, all, few, () => assert.fail('it is no part')), undefined);
  });
});

describe('pieces that wait', () => {
  const wanted = { instruction: 'shorter' };
  const two = [
    { start: 10, end: 20 },
    { start: 30, end: 40 },
  ];

  test('come one after the other, where they are by then', () => {
    const waiting = new WaitingPieces();
    waiting.put('a', two, wanted);
    assert.deepEqual(waiting.next('a'), { range: two[0], wanted });
    waiting.changed('a', [{ offset: 10, length: 10, text: 'four' }]);
    assert.deepEqual(waiting.next('a'), { range: { start: 24, end: 34 }, wanted });
    assert.equal(waiting.next('a'), undefined);
  });

  test('one that was edited is not waited for, and another document has none of them', () => {
    const waiting = new WaitingPieces();
    waiting.put('a', two, wanted);
    waiting.changed('a', [{ offset: 15, length: 0, text: 'x' }]);
    assert.equal(waiting.next('b'), undefined);
    assert.deepEqual(waiting.next('a')?.range, { start: 31, end: 41 });
    waiting.put('a', two, wanted);
    waiting.drop('a');
    assert.equal(waiting.next('a'), undefined);
  });
});
