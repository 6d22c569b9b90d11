import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { type Analogy, analogiesFor } from '../../../engine/copying/analogies';
import { Exchange } from '../../../engine/copying/exchange';

const around = (left: string, right: string) => [
  { text: left, distance: 0, before: true },
  { text: right, distance: 0, before: false },
];
const best = (left: string, right = ''): Analogy | undefined =>
  analogiesFor(around(left, right), left, right)[0];

function exchange(theirs: string, ours: string): Exchange {
  const known = new Exchange();
  assert.ok(known.learn(theirs, ours));
  return known;
}

describe('names that stand for each other', () => {
  test('a word, and in other words its part, in their case', () => {
    const known = exchange('width', 'height');
    assert.equal(known.word('width'), 'height');
    assert.equal(known.text('minWidth + WIDTH_2 + self.width'), 'minHeight + HEIGHT_2 + self.height');
    assert.equal(known.word('depth'), 'depth');
  });

  test('of longer words what differs', () => {
    assert.equal(exchange('test_open_file', 'test_close_file').text('OpenError(file)'), 'CloseError(file)');
  });

  test('a contradiction is not learnt, and a copy is one of its own', () => {
    const known = exchange('width', 'height');
    assert.ok(!known.learn('width', 'depth'));
    assert.ok(known.learn('width', 'height'));
    assert.ok(known.copy().learn('left', 'top'));
    assert.ok(!known.knows('left') && known.knows('width'));
    assert.equal(known.text('width, left'), 'height, left');
  });

  test('a part of one letter is exchanged nowhere else', () => {
    assert.equal(exchange('x', 'y').text('max(x)'), 'max(y)');
  });
});

describe('analogies', () => {
  test('the line before with the other name', () => {
    const analogy = best('        self.width = width\n        self.height = ', '\n');
    assert.equal(analogy?.text, 'height');
    assert.equal(analogy?.exchanged, 1);
    assert.equal(analogy?.right, 1);
  });

  test('of two places the one with fewer names to exchange weighs more', () => {
    const left = 'log.warn(name, value)\nlog.info(path, total)\nlog.warn(name, ';
    const [first, second] = analogiesFor(around(left, ')\n'), left, ')\n');
    assert.deepEqual([first?.text, first?.exchanged], ['value', 0]);
    assert.deepEqual([second?.text, second?.exchanged], ['total', 3]);
    assert.ok((first?.share ?? 0) > 2 * (second?.share ?? 1));
  });

  test('a part of a name is exchanged within others', () => {
    const left = 'get width() { return this.minWidth; }\nget height() { return ';
    assert.equal(best(left, '; }\n')?.text, 'this.minHeight');
  });

  test('a begun word is completed', () => {
    assert.equal(best('if good:\n  pos.append(key)\nelse:\n  neg.app', '\n')?.text, 'end(key)');
  });

  test('what the right side tells of names', () => {
    const right = ' - area.bottom).filter(used)\n';
    assert.equal(best('a = (box.top - area.top).filter(used)\nb = (box.', right)?.text, 'bottom');
    const other = 'first = list(one.size, one.rank)\nsecond = list(';
    assert.equal(best(other, ', two.rank)\n')?.text, 'two.size');
  });

  test('what follows to the end of the line is told apart', () => {
    const analogy = best('x = call(alpha, alphas)\nrun()\nx = call(', ', more)\n');
    assert.deepEqual([analogy?.text, analogy?.onward], ['alpha', ', more)']);
  });

  test('one name does not stand for two', () => {
    const left = 'move(a, a)\nmove(b, c).then(';
    assert.ok(analogiesFor(around(left, ')\n'), left, ')\n').every(({ order }) => order <= 3));
  });

  test('indentation is the hole’s own', () => {
    assert.equal(best('if one:\n  go(one)\nif two:\n    ', '\n')?.text, 'go(two)');
  });

  test('nothing where less than two units agree', () => {
    assert.deepEqual(analogiesFor(around('', 'x = 1\n'), '', 'x = 1\n'), []);
    assert.deepEqual(analogiesFor(around('[', 'x'), '[', 'x'), []);
  });

  test('property: any text gives a few analogies, each with something in it', () => {
    const code = fc
      .array(fc.constantFrom('a', 'b', 'widthOf', ' ', '\n', '(', ')', '.', ' = ', '\u{1F600}', '\t'), {
        maxLength: 60,
      })
      .map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(code, code, (left, right) => {
        const found = analogiesFor(around(left, right), left, right);
        assert.ok(found.length <= 4);
        for (const { text, share, order, exchanged } of found) {
          assert.ok(text.length > 0 && order >= 2 && exchanged <= 3);
          assert.ok(share > 0 && share <= 1 + 1e-9);
        }
      }),
    );
  });
});
