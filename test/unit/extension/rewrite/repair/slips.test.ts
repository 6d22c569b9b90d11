// Which texts undo a slip.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { withoutSlips } from '../../../../../extension/rewrite/repair/slips';

/** Of the marked selection; words that are named are unlikely, the first one most of all. */
function respelt(marked: string, ...unlikely: readonly string[]): readonly string[] {
  const start = marked.indexOf('|');
  const end = marked.lastIndexOf('|') - 1;
  const text = marked.replaceAll('|', '');
  const tokens = [...text.slice(start, end).matchAll(/\s*\.?\w+|\s*[^\w\s]+/g)].map((found) => {
    const rank = unlikely.indexOf(found[0].trim());
    const at = start + found.index;
    const surprise = rank < 0 ? 1 : 20 - rank;
    return { start: at, end: at + found[0].length, text: found[0], surprise, expected: 2, alternatives: [] };
  });
  return withoutSlips(text, { start, end }, tokens).map((one) => one.text);
}

describe('a word of a line is spelt anew', () => {
  const LINE = 'let weight = 1;\nlet height = 2;\n|total.add(item.wieght);|\n';

  test('as a name that stands there and is near', () => {
    assert.deepEqual(respelt(LINE, '.wieght'), ['total.add(item.weight);']);
    assert.deepEqual(respelt('count = 1\n|print(cuont); cuont_of|', 'cuont'), ['print(count); cuont_of']);
  });

  test('as one that languages have', () => {
    assert.deepEqual(respelt('|raise KeyrEror(key)|', 'KeyrEror'), ['raise KeyError(key)']);
    assert.deepEqual(respelt('|return rows.fliter(isOpen)|', '.fliter'), ['return rows.filter(isOpen)']);
  });

  test('not where the model expects it, where it stands elsewhere, or where it is a word of languages', () => {
    assert.deepEqual(respelt(LINE), []);
    assert.deepEqual(respelt(`wieght();\n${LINE}`, '.wieght'), []);
    assert.deepEqual(respelt('let sizes = 1;\n|return rows.size;|', '.size'), []);
    assert.deepEqual(respelt('let total = 1;\n|let totals = [];|', 'totals'), [], 'it is declared there');
  });

  test('not where a part of it is selected', () => {
    assert.deepEqual(respelt('let weight = 1;\nprint(|wieg|ht)', 'wieg'), []);
  });

  test('one word at a time, the least likely first, and not without end', () => {
    const code = 'height(); weight();\n|f(wieght, hieght, x);|';
    assert.deepEqual(respelt(code, 'hieght', 'wieght').slice(0, 1), ['f(wieght, height, x);']);
    assert.ok(respelt(code, 'wieght', 'hieght').includes('f(weight, hieght, x);'));
    const near = ['aaaab', 'aaaac', 'aaaad', 'aaaae', 'bbbbc', 'bbbbd', 'bbbbe', 'bbbbf'].join(' ');
    assert.equal(respelt(`${near}\n|aaaaa + bbbbb|`, 'aaaaa', 'bbbbb').length, 8);
  });
});

describe('in a line is undone', () => {
  const cases: readonly [string, readonly string[]][] = [
    ['f(a, b)', ['f(b, a)']],
    ['f(a, b, c)', ['f(b, a, c)']],
    ['f(a, a)', []],
    ['if (a.b <= c && d)', ['if (a.b < c && d)', 'if (a.b >= c && d)', 'if (a.b <= c || d)']],
    ['x not in y', ['x in y']],
    ['x is not None', ['x is None']],
    ['total += a - b', ['total -= a - b', 'total += a + b']],
    ['return True', ['return False']],
    ['Math.min(a)', ['Math.max(a)']],
    ['if (!isOpen)', ['if (isOpen)']],
    ['if not ready:', ['if ready:']],
    ['if (a !== b)', ['if (a === b)']],
    ['take(12)', ['take(11)', 'take(13)']],
    ['take(0)', ['take(1)']],
    ['x1 = 2.5 + y.3', ['x1 = 2.5 - y.3']],
    ['log("a, b == 1", \'f(x, y)\') # a < b', []],
    ['call(x) // 1 + 2', []],
    ['List<String> names', []],
  ];
  for (const [line, texts] of cases)
    test(line, () => assert.deepEqual(respelt(`${line.replaceAll(/\w+/g, '$& ')}\n|${line}|\n`), texts));

  test('also of several lines, one slip at a time, and where the least likely word is first', () => {
    const edits = ['a = 0\nb = true', 'a = 2\nb = true', 'a = 1\nb = false'];
    assert.deepEqual(respelt('|a = 1\nb = true|'), edits);
    assert.deepEqual(respelt('|a = 1\nb = true|', 'true'), [edits[2], edits[0], edits[1]]);
  });

  test('and the line is told in which it is', () => {
    const text = 'let x;\na = 1\nb = true;\n';
    const { start, end } = { start: 7, end: text.length - 1 };
    const lines = withoutSlips(text, { start, end }, []).map((one) =>
      text.slice(one.line.start, one.line.end),
    );
    assert.deepEqual(lines, ['a = 1', 'a = 1', 'b = true;']);
  });
});
