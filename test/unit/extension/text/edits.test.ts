import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { editsOf } from '../../../../extension/rewrite/state/acceptance';
import { applyEdits, joined, leastEdit, rebased } from '../../../../extension/text/edits';

describe('edits of a rewrite', () => {
  test('an insertion at the start of another place goes before it, in whatever order they come', () => {
    const text = 'one two three';
    const insertion = { start: 4, end: 4, old: '' };
    const word = { start: 4, end: 7, old: 'two' };
    const forward = editsOf([insertion, word], { texts: ['new ', 'TWO'] });
    const backward = editsOf([word, insertion], { texts: ['TWO', 'new '] });
    assert.equal(applyEdits(text, forward), 'one new TWO three');
    assert.equal(applyEdits(text, backward), 'one new TWO three');
  });

  test('an edit keeps its place in a text that was edited elsewhere meanwhile', () => {
    const string = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r\n', '🎈'), maxLength: 8 });
    fc.assert(
      fc.property(string, string, string, string, string, (first, old, middle, mine, theirs) => {
        const head = `head.${first}`;
        const text = `${head}${old}${middle}.tail`;
        const edit = { start: head.length, end: head.length + old.length, text: mine };
        const behind = { start: text.length - 5, end: text.length, text: theirs };
        const before = { start: 0, end: head.length, text: theirs };
        for (const both of [
          [before, edit],
          [edit, behind],
        ]) {
          const [other] = both.filter((one) => one !== edit);
          assert.ok(other);
          const moved = rebased(edit, other);
          assert.ok(moved);
          assert.equal(applyEdits(applyEdits(text, [other]), [moved]), applyEdits(text, both));
        }
      }),
    );
    const edit = { start: 2, end: 6, text: 'x' };
    assert.equal(rebased(edit, { start: 5, end: 7, text: '' }), undefined);
    assert.equal(rebased(edit, { start: 1, end: 3, text: '' }), undefined);
    assert.equal(rebased(edit, { start: 4, end: 4, text: 'y' }), undefined);
  });

  test('the least edit leads from one text to the other and tears nothing apart', () => {
    const string = fc.string({
      unit: fc.constantFrom('a', 'b', '\r', '\n', '\r\n', '🎈', '🎉'),
      maxLength: 12,
    });
    const isTorn = (text: string, at: number) =>
      /^(?:[\ud800-\udbff][\udc00-\udfff]|\r\n)$/.test(text.slice(at - 1, at + 1));
    fc.assert(
      fc.property(string, string, (old, fresh) => {
        const edit = leastEdit(old, fresh);
        assert.equal(applyEdits(old, [edit]), fresh);
        assert.ok(!isTorn(old, edit.start) && !isTorn(old, edit.end));
        assert.ok(!isTorn(fresh, edit.start) && !isTorn(fresh, edit.start + edit.text.length));
      }),
    );
    assert.deepEqual(leastEdit('one two', 'one 2 two'), { start: 4, end: 4, text: '2 ' });
    assert.deepEqual(leastEdit('aaa', 'aa'), { start: 2, end: 3, text: '' });
  });

  test('edits that touch are one, others stay', () => {
    const edits = [
      { start: 0, end: 2, text: 'a' },
      { start: 2, end: 2, text: 'b' },
      { start: 3, end: 4, text: 'c' },
    ];
    assert.deepEqual(joined(edits), [{ start: 0, end: 2, text: 'ab' }, edits[2]]);
  });

  test('what does not change is no edit', () => {
    assert.deepEqual(editsOf([{ start: 0, end: 3, old: 'one' }], { texts: ['one'] }), []);
  });
});
