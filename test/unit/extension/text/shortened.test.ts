import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { shortened } from '../../../../extension/text/shortened';

describe('a text of somebody else', () => {
  test('fits one line of a menu', () => {
    assert.equal(shortened('Cannot find name.\nMore.'), 'Cannot find name.');
    assert.equal(shortened('\n\n second '), 'second');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (message) => {
        const line = shortened(message);
        assert.ok([...line].length <= 60 && !/[\r\n]/.test(line));
        assert.doesNotThrow(() => encodeURIComponent(line));
      }),
    );
  });
});
