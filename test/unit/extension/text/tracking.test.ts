import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { follow, followAll } from '../../../../extension/text/tracking';

const span = { start: 10, end: 20 };
const change = (offset: number, length: number, text: string) => ({ offset, length, text });

describe('a span while its document is edited', () => {
  test('edits before it move it, edits behind it do not', () => {
    assert.deepEqual(follow(span, change(0, 3, 'x')), { start: 8, end: 18 });
    assert.deepEqual(follow(span, change(10, 0, 'ab')), { start: 12, end: 22 }, 'at its start is before it');
    assert.deepEqual(follow(span, change(20, 0, 'ab')), span, 'at its end is behind it');
    assert.deepEqual(follow(span, change(25, 5, '')), span);
  });

  test('edits inside it are told', () => {
    for (const inside of [change(15, 0, 'x'), change(9, 2, ''), change(19, 5, 'y'), change(0, 30, '')]) {
      assert.equal(follow(span, inside), undefined);
    }
  });

  test('typing at an empty span is typing in it', () => {
    const place = { start: 10, end: 10 };
    assert.equal(follow(place, change(10, 0, 'x')), undefined);
    assert.deepEqual(follow(place, change(9, 1, '')), { start: 9, end: 9 });
    assert.deepEqual(follow(place, change(10, 1, '')), place);
  });

  test('a span that is followed holds the text that it held', () => {
    const edits = fc.array(fc.tuple(fc.nat(40), fc.nat(5), fc.string({ maxLength: 4 })), { maxLength: 6 });
    fc.assert(
      fc.property(
        fc.string({ minLength: 12, maxLength: 40 }),
        fc.nat(10),
        fc.nat(8),
        edits,
        (text, from, length, raw) => {
          const start = Math.min(from, text.length);
          const end = Math.min(start + length, text.length);
          let current = text;
          const changes = raw.map(([offset, count, inserted]) => {
            const at = Math.min(offset, current.length);
            const gone = Math.min(count, current.length - at);
            current = current.slice(0, at) + inserted + current.slice(at + gone);
            return change(at, gone, inserted);
          });
          const [moved] = followAll([{ start, end }], changes) ?? [];
          if (moved !== undefined)
            assert.equal(current.slice(moved.start, moved.end), text.slice(start, end));
        },
      ),
    );
  });
});
