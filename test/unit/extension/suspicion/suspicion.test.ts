// What decides about marks: how suspicious a token is, where marks go when the text is edited, what is looked at next.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import type { TextDocument } from 'vscode';
import type { ScoredToken } from '../../../../engine/protocol';
import { chunksOf } from '../../../../extension/suspicion/chunks';
import { MarkedDocument } from '../../../../extension/suspicion/markedDocument';
import {
  likelierThan,
  type Mark,
  marksOf,
  oddsAgainst,
  STEPS,
  stepOf,
  unseen,
  withSlips,
  wordAround,
  worstOf,
} from '../../../../extension/suspicion/marks';
import {
  followMarks,
  followRanges,
  markAt,
  nextMark,
  uncovered,
} from '../../../../extension/suspicion/markTracking';
import { cellSpan, codeSpan, percent, visible } from '../../../../extension/suspicion/markup';
import type { Piece } from '../../../../extension/suspicion/scoring';
import type { OffsetRange, TextChange } from '../../../../extension/text/types';

const token = (start: number, text: string, own: number, ...others: readonly number[]): ScoredToken => ({
  start,
  end: start + text.length,
  text,
  surprise: -Math.log(own),
  expected: 0,
  alternatives: others.map((probability, i) => ({ text: `other${i}`, probability })),
});
const range = (start: number, end: number): OffsetRange => ({ start, end });

describe('marks', () => {
  test('is how many times likelier the favourite is', () => {
    assert.ok(Math.abs(oddsAgainst(token(0, 'a', 0.001, 0.9, 0.05)) - 900) < 1e-6);
    assert.equal(oddsAgainst(token(0, 'a', 0.001)), 0, 'nothing is likelier');
  });

  test('has a shade for each power of ten, and no more than there are', () => {
    assert.deepEqual(
      [1, 99, 100, 999, 1000, 1e4, 1e5, 1e9].map((odds) => stepOf(odds, 100)),
      [0, 0, 1, 1, 2, 3, 4, 4],
    );
    assert.equal(stepOf(Number.NaN, 100), 0);
    assert.equal(stepOf(Number.POSITIVE_INFINITY, 100), STEPS);
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e12, noNaN: true }),
        fc.double({ min: 1, max: 1e6, noNaN: true }),
        (odds, least) => {
          const step = stepOf(odds, least);
          assert.ok(Number.isInteger(step) && step >= 0 && step <= STEPS);
          assert.equal(step === 0, odds < least);
        },
      ),
    );
  });

  test('marks what is suspicious, without white space, in offsets of the document', () => {
    const tokens = [
      token(0, 'for', 0.5, 0.3),
      token(3, '  x', 0.0005, 0.9),
      token(6, '\n\n', 0.00001, 0.9),
      token(8, '🎈', 0.001, 0.9),
    ];
    const marks = marksOf(tokens, 100, 100);
    assert.deepEqual(
      marks.map(({ start, end, step }) => [start, end, step]),
      [
        [105, 106, 2],
        [108, 110, 1],
      ],
    );
    assert.ok(Math.abs((marks[0]?.probability ?? 0) - 0.0005) < 1e-9);
  });

  test('passes by what is written for people', () => {
    const tokens = [token(0, 'a', 0.001, 0.9), token(1, ' word', 0.001, 0.9), token(6, 'b', 0.001, 0.9)];
    const starts = marksOf(tokens, 100, 100, { free: [range(102, 106)] }).map(({ start }) => start);
    assert.deepEqual(starts, [100, 106]);
  });

  test('are none at the first sign of a text, where nothing is seen that stands behind', () => {
    const text = '\n  import os';
    const tokens = [token(3, 'import', 0.00001, 0.9), token(9, ' os', 0.00001, 0.9)];
    const marked = (method: 'masked' | 'causal') =>
      marksOf(tokens, 0, 100, { free: unseen(text, method), method }).map(({ start }) => start);
    assert.deepEqual(marked('causal'), [10]);
    assert.deepEqual(marked('masked'), [3, 10]);
    assert.deepEqual(unseen('', 'causal'), [range(0, 1)]);
  });

  test('has in its place what is likelier and likely at all, without the blank in front', () => {
    const likelier = (probability: number, ...others: readonly (readonly [string, number])[]) => {
      const alternatives = others.map(([text, likely]) => ({ text, probability: likely }));
      const mark: Mark = {
        start: 0,
        end: 4,
        probability,
        alternatives,
        excess: 5,
        step: 1,
        method: 'masked',
      };
      return likelierThan('Lock', mark).map(({ text }) => text);
    };
    assert.deepEqual(likelier(0.001, [' Unlock', 0.8], ['Do', 0.01], ['Wait', 0.00999]), ['Unlock', 'Do']);
    assert.deepEqual(likelier(0.02, [' Unlock', 0.02], ['Do', 0.01]), [], 'no likelier than what is there');
    assert.deepEqual(
      likelier(0.001, [' Unlock', 0.5], ['Unlock', 0.3], [' Lock', 0.1], ['\n  x', 0.05], [' ', 0.02]),
      ['Unlock', '\n  x', ' '],
    );
  });

  test('is shown where it is worst, so many times a screen', () => {
    const marks = marksOf(
      [0.0001, 0.001, 0.00001, 0.0005].map((own, i) => token(i * 2, 'x', own, 0.9)),
      0,
      100,
    );
    const inLines = (lines: readonly number[]) => (offset: number) => lines[offset / 2] ?? 0;
    const starts = (most: number, ...lines: number[]) =>
      worstOf(marks, most, inLines(lines)).map(({ start }) => start);
    assert.deepEqual(starts(1, 0, 1, 39, 39), [4]);
    assert.deepEqual(starts(2, 0, 1, 39, 39), [0, 4]);
    assert.deepEqual(starts(1, 0, 1, 40, 40), [0, 4], 'no screen has both');
    assert.deepEqual(starts(0, 0, 0, 0, 0), [0, 2, 4, 6]);
    // Side by side they would be on one screen, wherever the lines are counted from.
    assert.deepEqual(starts(1, 39, 40, 41, 42), [4]);
    assert.deepEqual(starts(2, 0, 20, 30, 50), [0, 4, 6], 'the one in between would be a third');
    // A place where anything may stand is not suspicious, however unlikely each thing is.
    const open = marksOf([{ ...token(8, 'y', 0.00001, 0.9), expected: 9 }], 0, 100);
    assert.deepEqual(
      worstOf([...marks, ...open], 4, () => 0).map(({ start }) => start),
      [0, 2, 4, 6],
    );
  });

  test('is a slip before anything else, in the place of the tokens that it is made of', () => {
    const marks = marksOf(
      [0.00001, 0.001, 0.0001].map((own, i) => token(i * 2, 'x', own, 0.9)),
      0,
      100,
    );
    const slip = (start: number, gain: number): Mark => ({
      ...{ start, end: start + 1, probability: 0.1, alternatives: [], excess: 0, step: 1 },
      slip: { instead: 'y', gain },
      method: 'masked',
    });
    const all = withSlips(marks, [slip(2, 3), slip(9, 5)]);
    assert.deepEqual(
      all.map(({ start, slip }) => [start, slip?.gain]),
      [
        [2, 3],
        [9, 5],
        [0, undefined],
        [4, undefined],
      ],
    );
    const starts = (most: number) => worstOf(all, most, () => 0).map(({ start }) => start);
    assert.deepEqual([starts(1), starts(2), starts(3)], [[9], [2, 9], [0, 2, 9]]);
  });

  test('is taken away by the word', () => {
    const text = 'const fooBar = x + "a🎈b";';
    assert.deepEqual(wordAround(text, range(9, 12)), range(6, 12));
    assert.deepEqual(wordAround(text, range(6, 9)), range(6, 12));
    assert.deepEqual(wordAround(text, range(13, 14)), range(13, 14));
    const balloon = text.indexOf('🎈');
    assert.deepEqual(wordAround(text, range(balloon, balloon + 2)), range(balloon - 1, balloon + 3));
    assert.deepEqual(wordAround(text, range(6, 6)), range(6, 12), 'a cursor in front of a word');
    assert.deepEqual(wordAround(text, range(12, 12)), range(6, 12), 'a cursor behind a word');
    assert.deepEqual(wordAround('  ', range(1, 1)), range(1, 1));
  });
});

describe('marks', () => {
  const change = (offset: number, length: number, text: string): TextChange => ({ offset, length, text });

  test('move with edits elsewhere, and go when they or their word are touched', () => {
    const marks = [range(4, 7), range(10, 12)];
    assert.deepEqual(followMarks(marks, [change(0, 0, 'ab')]), [range(6, 9), range(12, 14)]);
    assert.deepEqual(followMarks(marks, [change(5, 1, '')]), [range(9, 11)]);
    assert.deepEqual(followMarks(marks, [change(7, 0, 'x')]), [range(11, 13)], 'the word grows');
    assert.deepEqual(followMarks(marks, [change(4, 0, 'x')]), [range(11, 13)], 'at its beginning, too');
    assert.deepEqual(followMarks(marks, [change(2, 2, '')]), [range(8, 10)], 'and up to it');
    assert.deepEqual(followMarks(marks, [change(20, 3, '')]), marks);
    assert.deepEqual(followMarks(marks, [change(0, 30, '')]), []);
  });

  test('stand on the text that they stood on, whatever is edited', () => {
    const edits = fc.array(fc.tuple(fc.nat(40), fc.nat(6), fc.string({ maxLength: 4 })), { maxLength: 5 });
    fc.assert(
      fc.property(fc.string({ minLength: 20, maxLength: 40 }), edits, (start, all) => {
        let text = start;
        const before = [range(2, 5), range(9, 10), range(15, 19)];
        const changes = all.map(([at, length, insert]) => {
          const offset = Math.min(at, text.length);
          const gone = Math.min(length, text.length - offset);
          text = text.slice(0, offset) + insert + text.slice(offset + gone);
          return change(offset, gone, insert);
        });
        const old = before.map((mark) => start.slice(mark.start, mark.end));
        for (const mark of followMarks(before, changes)) {
          assert.ok(mark.start < mark.end && mark.end <= text.length);
          assert.ok(old.includes(text.slice(mark.start, mark.end)));
        }
        for (const one of followRanges(before, changes)) {
          assert.ok(0 <= one.start && one.start < one.end && one.end <= text.length);
        }
      }),
    );
  });

  test('of a stretch that is edited inside: it grows and shrinks', () => {
    assert.deepEqual(followRanges([range(4, 8)], [change(5, 1, 'abc')]), [range(4, 10)]);
    assert.deepEqual(followRanges([range(4, 8)], [change(2, 4, '')]), [range(2, 4)]);
    assert.deepEqual(followRanges([range(4, 8)], [change(6, 9, 'x')]), [range(4, 6)]);
    assert.deepEqual(followRanges([range(4, 8)], [change(3, 9, 'x')]), []);
    assert.deepEqual(followRanges([range(4, 8)], [change(0, 0, 'ab')]), [range(6, 10)]);
    assert.deepEqual(followRanges([range(4, 8)], [change(4, 0, 'ab')]), [range(4, 10)]);
    assert.deepEqual(followRanges([range(4, 8)], [change(8, 0, 'ab')]), [range(4, 8)]);
  });

  test('are gone round, in the order of the text', () => {
    const marks = [range(10, 12), range(2, 3)];
    assert.equal(nextMark(marks, 0, true)?.start, 2);
    assert.equal(nextMark(marks, 2, true)?.start, 10);
    assert.equal(nextMark(marks, 10, true)?.start, 2);
    assert.equal(nextMark(marks, 10, false)?.start, 2);
    assert.equal(nextMark(marks, 2, false)?.start, 10);
    assert.equal(nextMark([], 2, false), undefined);
  });

  test('are found at a place, the one behind it first', () => {
    const marks = [range(2, 4), range(4, 6)];
    assert.deepEqual(
      [1, 2, 3, 4, 6, 7].map((at) => markAt(marks, at)?.start),
      [undefined, 2, 2, 4, 4, undefined],
    );
  });
});

describe('what is looked at', () => {
  test('is what nobody looked at yet', () => {
    assert.deepEqual(uncovered(range(0, 10), [range(2, 4), range(6, 20)]), [range(0, 2), range(4, 6)]);
    assert.deepEqual(uncovered(range(5, 5), []), []);
    const ranges = fc.array(
      fc.tuple(fc.nat(30), fc.nat(10)).map(([start, length]) => range(start, start + length)),
    );
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), ranges, (start, length, covered) => {
        const left = uncovered(range(start, start + length), covered);
        const inside = (at: number, all: readonly OffsetRange[]) =>
          all.some((one) => one.start <= at && at < one.end);
        for (let at = 0; at < 60; at++) {
          const wanted = at >= start && at < start + length && !inside(at, covered);
          assert.equal(inside(at, left), wanted, `${at}`);
        }
      }),
    );
  });

  test('comes in pieces of whole lines that make up the stretch, none of them endless', () => {
    const line = fc.oneof(
      { weight: 20, arbitrary: fc.string({ maxLength: 30, unit: 'binary' }) },
      { weight: 1, arbitrary: fc.nat(9000).map((n) => '🎈'.repeat(n / 2)) },
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 90 }), fc.nat(), fc.nat(), (lines, a, b) => {
        const text = lines.join('\r\n');
        const [start = 0, end = 0] = [a, b].map((n) => n % (text.length + 1)).sort((x, y) => x - y);
        const chunks = chunksOf(text, range(start, end));
        let at = start;
        for (const chunk of chunks) {
          assert.equal(chunk.start, at);
          assert.ok(chunk.end > chunk.start && chunk.end - chunk.start <= 4001);
          assert.ok(text.slice(chunk.start, chunk.end).split('\n').length <= 25);
          at = chunk.end;
        }
        assert.equal(at, end);
      }),
    );
    assert.deepEqual(chunksOf('', range(0, 0)), []);
    assert.equal(chunksOf('a\n'.repeat(48), range(0, 96)).length, 2);
  });
});

describe('a marked document', () => {
  /** Only its identity is looked at. */
  const document = {} as TextDocument;
  const mark = (start: number, end: number): Mark => ({
    start,
    end,
    probability: 0,
    alternatives: [],
    excess: start,
    step: 1,
    method: 'masked',
  });
  const piece = (start: number, end: number, ...marks: readonly Mark[]): Piece => ({
    range: range(start, end),
    marks,
    done: 1,
  });
  const insertion = (offset: number, text: string): TextChange => ({ offset, length: 0, text });
  const places = (one: MarkedDocument) => one.marks.map(({ start, end }) => [start, end]);

  test('knows what was looked at, and replaces what is looked at again', () => {
    const one = new MarkedDocument(document, false, 0);
    const look = one.begin();
    look.take(piece(0, 10, mark(2, 4)));
    look.take(piece(10, 20, mark(12, 14)));
    assert.deepEqual(one.missing([range(5, 30)]), [range(20, 30)]);
    look.take(piece(0, 10, mark(6, 8)));
    assert.deepEqual(places(one), [
      [6, 8],
      [12, 14],
    ]);
  });

  test('moves what comes late to where its text is now', () => {
    const one = new MarkedDocument(document, false, 0);
    const early = one.begin();
    one.changed([insertion(0, 'abc')]);
    const late = one.begin();
    early.take(piece(0, 10, mark(2, 4)));
    late.take(piece(13, 20, mark(15, 16)));
    assert.deepEqual(places(one), [
      [5, 7],
      [15, 16],
    ]);
    assert.deepEqual(one.missing([range(3, 20)]), []);
    one.changed([insertion(6, 'x')]);
    early.end();
    late.end();
    assert.deepEqual(places(one), [[16, 17]], 'what was edited inside is gone');
  });

  test('says where stands what was to be looked at', () => {
    const one = new MarkedDocument(document, false, 0);
    const look = one.begin();
    one.changed([insertion(0, 'abc'), insertion(8, 'x')]);
    assert.deepEqual(look.now([range(1, 4), range(4, 10)]), [range(4, 7), range(7, 14)]);
    look.end();
    one.changed([insertion(0, 'abc')]);
    assert.deepEqual(look.now([range(1, 4)]), [range(4, 7)], 'until it has ended');
  });

  test('shows the worst, and keeps them when one of them is edited away', () => {
    const lines = { positionAt: (offset: number) => ({ line: Math.floor(offset / 10) }) } as TextDocument;
    const one = new MarkedDocument(lines, false, 1);
    const look = one.begin();
    look.take(piece(0, 100, mark(2, 4), mark(12, 14)));
    assert.deepEqual(places(one), [[12, 14]]);
    look.take(piece(100, 900, mark(600, 604)));
    assert.deepEqual(places(one), [
      [12, 14],
      [600, 604],
    ]);
    assert.equal(one.count, 3);
    one.changed([insertion(13, 'x')]);
    assert.deepEqual(places(one), [[601, 605]], 'nothing new lights up while somebody types');
  });
});

describe('what a hover says', () => {
  test('numbers as a person reads them', () => {
    assert.deepEqual([0.994, 0.12, 0.0964, 0.095, 0.094, 0.034, 0.0051, 0.00012, 0.000001, 0].map(percent), [
      '99%',
      '12%',
      '10%',
      '10%',
      '9%',
      '3%',
      '0.5%',
      '0.01%',
      '< 0.01%',
      '< 0.01%',
    ]);
  });

  test('white space as signs', () => {
    assert.equal(visible('  a b '), '␣␣a b␣');
    assert.equal(visible('\r\n\t'), '↵⇥');
  });

  test('no text becomes markup', () => {
    assert.equal(codeSpan('a'), '`a`');
    assert.equal(codeSpan('`'), '`` ` ``');
    assert.equal(codeSpan('a|b'), '`a|b`');
    assert.equal(cellSpan('a|b'), '`a\\|b`');
    assert.equal(cellSpan('|`|'), '``\\|`\\|``');
    fc.assert(
      fc.property(fc.string(), (text) => {
        const span = cellSpan(text);
        const fence = /^`+/.exec(span)?.[0] ?? '';
        assert.ok(span.endsWith(fence));
        assert.ok(!span.slice(fence.length, -fence.length).includes(fence));
      }),
    );
  });
});
