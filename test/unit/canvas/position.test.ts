import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import {
  indexLines,
  isLineStart,
  offsetAt,
  parseSpan,
  positionAt,
  rangeAt,
  spanAt,
  splitsUnit,
} from '../../../engine/canvas/position';
import { isEngineError } from '../../../engine/errors';
import { sourceText } from './arbitraries';

const invalid = (pattern: RegExp) => (error: unknown) =>
  isEngineError(error) && error.code === 'span-invalid' && pattern.test(error.message);

describe('lines and columns', () => {
  test('every kind of line end begins a line once', () => {
    assert.deepEqual([...indexLines('a\nb\r\nc\rd\n\re').starts], [0, 2, 5, 7, 9, 10]);
    assert.deepEqual([...indexLines('').starts], [0]);
    assert.deepEqual([...indexLines('a\u2028b\u0085c\fd').starts], [0]);
    assert.deepEqual([...indexLines('\ufeffa\n').starts], [1, 3]);
  });

  test('columns count UTF-16 units and end before the line end', () => {
    const index = indexLines('x = "😀"\r\n\ty\r\n');
    assert.equal(offsetAt(index, { line: 1, column: 8 }), 7);
    assert.deepEqual(positionAt(index, 8), { line: 1, column: 9 });
    assert.deepEqual(positionAt(index, 9), { line: 1, column: 9 }, 'between \\r and \\n');
    assert.deepEqual(positionAt(index, 10), { line: 2, column: 1 });
    assert.deepEqual(positionAt(index, 14), { line: 3, column: 1 });
    assert.deepEqual(spanAt(index, parseSpan('2:2-3:1')), { start: 11, end: 14 });
    assert.deepEqual(rangeAt(index, 11, 14), parseSpan('2:2-3:1'));
  });

  test('a byte order mark stands on no column', () => {
    const index = indexLines('\ufeffab');
    assert.equal(offsetAt(index, { line: 1, column: 1 }), 1);
    assert.deepEqual(positionAt(index, 0), { line: 1, column: 1 });
    assert.deepEqual(positionAt(index, 1), { line: 1, column: 1 });
    assert.equal(offsetAt(index, { line: 1, column: 3 }), 3);
  });

  test('what is not there is refused with what is there', () => {
    const index = indexLines('ab\ncde');
    assert.throws(() => offsetAt(index, { line: 3, column: 1 }), invalid(/no line 3.*2 lines/));
    assert.throws(() => offsetAt(index, { line: 0, column: 1 }), invalid(/no line 0/));
    assert.throws(
      () => offsetAt(index, { line: 1, column: 4 }),
      invalid(/no column 4 on line 1, which is 2 long.*1 and 3/),
    );
    assert.throws(() => offsetAt(index, { line: 2, column: 0 }), invalid(/no column 0/));
    for (const source of [
      '',
      '1:2',
      '1:2-3',
      '1:2-3:4:5',
      'a:1-2:3',
      '1:-2-3:4',
      '1.5:2-3:4',
      '9999999999:1-1:1',
    ]) {
      assert.throws(() => parseSpan(source), invalid(/LINE:COLUMN-LINE:COLUMN/), source);
    }
    for (const source of ['48:17-40:1', '48:17-48:16']) {
      assert.throws(
        () => parseSpan(source),
        invalid(/before it starts.*: 4\d:1-48:17|: 48:16-48:17/),
        source,
      );
    }
  });

  test('offset → position → offset is the identity wherever a cursor can stand', () => {
    fc.assert(
      fc.property(sourceText, (text) => {
        const index = indexLines(text);
        const floor = text.startsWith('\ufeff') ? 1 : 0;
        for (let offset = floor; offset <= text.length; offset++) {
          const position = positionAt(index, offset);
          if (splitsUnit(text, offset) === 'line end') continue;
          assert.equal(offsetAt(index, position), offset);
          assert.equal(isLineStart(text, offset), position.column === 1);
        }
      }),
    );
  });

  test('agrees with splitting the text into lines', () => {
    fc.assert(
      fc.property(sourceText, (text) => {
        const body = text.startsWith('\ufeff') ? text.slice(1) : text;
        const lines = body.split(/\r\n|\r|\n/);
        const index = indexLines(text);
        assert.equal(index.starts.length, lines.length);
        for (const [i, line] of lines.entries()) {
          const start = offsetAt(index, { line: i + 1, column: 1 });
          const end = offsetAt(index, { line: i + 1, column: line.length + 1 });
          assert.equal(text.slice(start, end), line);
        }
      }),
    );
  });
});
