import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { applyEdits } from '../../../../extension/text/edits';
import { lineEdits } from '../../../../extension/text/lineEdits';

describe('edits of whole lines', () => {
  test('take one line end with them where lines only come or go', () => {
    assert.deepEqual(lineEdits('a\nb\nc', 'a\nc'), [{ start: 2, end: 4, text: '' }]);
    assert.deepEqual(lineEdits('a\nb', 'a'), [{ start: 1, end: 3, text: '' }]);
    assert.deepEqual(lineEdits('a\r\nc', 'a\r\nb\r\nc'), [{ start: 3, end: 3, text: 'b\r\n' }]);
    assert.deepEqual(lineEdits('a', 'a\r\nb'), [{ start: 1, end: 1, text: '\r\nb' }]);
    assert.deepEqual(lineEdits('a\nb\nc', 'a\nB\nc'), [{ start: 2, end: 3, text: 'B' }]);
    assert.deepEqual(lineEdits('', 'x'), [{ start: 0, end: 0, text: 'x' }]);
    assert.deepEqual(lineEdits('same\n', 'same\n'), []);
  });

  test('lead to the new text, in order and apart, all at once or one by one from the last', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '🎈'), maxLength: 16 });
    fc.assert(
      fc.property(text, text, (old, fresh) => {
        const edits = lineEdits(old, fresh);
        assert.equal(applyEdits(old, edits), fresh);
        assert.equal(
          edits.reduceRight((result, edit) => applyEdits(result, [edit]), old),
          fresh,
        );
        for (const [i, { start, end, text: added }] of edits.entries()) {
          const before = edits[i - 1];
          assert.ok((before?.end ?? 0) <= start && start <= end, 'in order and apart');
          assert.ok(start < end || added !== '', 'each changes something');
        }
      }),
    );
  });

  test('are all that is between two texts with other line ends', () => {
    assert.deepEqual(lineEdits('a\r\nb', 'a\nb'), []);
  });
});
