// Spans become holes that can be filled one at a time.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { holesOf, sidesOf } from '../../../engine/remote/holes';

const FAR = { before: 1000, after: 1000 };

describe('holes', () => {
  test('are the spans in text order', () => {
    const spans = [
      { start: 6, end: 8 },
      { start: 1, end: 1 },
    ];
    assert.deepEqual(holesOf('0123456789', spans), [
      { span: 0, start: 1, end: 1 },
      { span: 1, start: 6, end: 8 },
    ]);
  });

  test('leave locked pieces out, and the white space between them', () => {
    const text = 'a + b * c';
    const locked = [
      { start: 0, end: 1 },
      { start: 4, end: 5 },
      { start: 6, end: 7 },
    ];
    assert.deepEqual(holesOf(text, [{ start: 0, end: 9, locked }]), [
      { span: 0, start: 1, end: 4 },
      { span: 0, start: 7, end: 9 },
    ]);
    assert.deepEqual(holesOf(text, [{ start: 0, end: 1, locked: [{ start: 0, end: 1 }] }]), []);
  });

  test('see earlier answers on their left and the file on their right', () => {
    const text = 'a=1\r\nb=2\r\nc=3';
    const holes = holesOf(text, [
      { start: 2, end: 3 },
      { start: 7, end: 8 },
    ]);
    assert.deepEqual(sidesOf(text, holes, 1, ['one'], FAR), {
      before: 'a=one\nb=',
      selected: '2',
      after: '\nc=3',
    });
    assert.deepEqual(sidesOf(text, holes, 0, [], FAR).after, '\nb=2\nc=3');
  });

  test('are cut off at lines, and never in the middle of a character', () => {
    const text = 'first line\nsecond XX third\nlast line';
    const [at] = [text.indexOf('XX')];
    const holes = holesOf(text, [{ start: at, end: at + 2 }]);
    const near = sidesOf(text, holes, 0, [], { before: 9, after: 10 });
    assert.deepEqual([near.before, near.after], ['second ', ' third\n']);
    const wide = '😀'.repeat(20);
    const middle = holesOf(wide, [{ start: 20, end: 20 }]);
    const cut = sidesOf(wide, middle, 0, [], { before: 5, after: 5 });
    assert.deepEqual([cut.before, cut.after], ['😀😀', '😀😀']);
  });
});
