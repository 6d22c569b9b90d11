// Which texts undo a slip.
import assert from 'node:assert/strict';
import path from 'node:path';
import test, { after, describe } from 'node:test';
import { SyntaxTrees } from '../../../../../engine/syntax/syntaxTrees';
import { mayBeMisspelt, withoutSlips } from '../../../../../extension/rewrite/repair/slips';

const folder = path.join(path.dirname(require.resolve('@vscode/tree-sitter-wasm/package.json')), 'wasm');
const trees = new SyntaxTrees({ folder, warn: assert.fail, limitMillis: 60_000 });
after(() => trees.dispose());

interface Told {
  /** Words that are unlikely, the first one most of all. */
  readonly unlikely?: readonly string[];
  /** Of whose grammar a slip is none in what is settled; absent: nothing is. */
  readonly language?: string;
  readonly isPart?: boolean;
}

/** Of the marked selection. */
async function slipsOf(marked: string, { unlikely = [], language, isPart = false }: Told = {}) {
  const start = marked.indexOf('|');
  const end = marked.lastIndexOf('|') - 1;
  const text = marked.replaceAll('|', '');
  const tokens = [...text.slice(start, end).matchAll(/\s*\.?\w+|\s*[^\w\s]+/g)].map((found) => {
    const rank = unlikely.indexOf(found[0].trim());
    const at = start + found.index;
    const surprise = rank < 0 ? 1 : 20 - rank;
    return { start: at, end: at + found[0].length, text: found[0], surprise, expected: 2, alternatives: [] };
  });
  const range = { start, end };
  const settled = language && (await trees.ask(text, language, (tree) => tree.settled(range)));
  const slips = withoutSlips(text, range, tokens, { settled: settled || [], isPart });
  return slips.map((slip) => ({ ...slip, line: text.slice(slip.line.start, slip.line.end) }));
}

const respelt = async (marked: string, ...unlikely: readonly string[]) =>
  (await slipsOf(marked, { unlikely })).map(({ text }) => text);

describe('a word of a line is spelt anew', () => {
  const LINE = 'let weight = 1;\nlet height = 2;\n|total.add(item.wieght);|\n';

  test('as a name that stands there and is near', async () => {
    assert.deepEqual(await respelt(LINE, '.wieght'), ['total.add(item.weight);']);
    const other = 'count = 1\n|print(cuont); cuont_of()|';
    assert.deepEqual(await respelt(other, 'cuont'), ['print(count); cuont_of()']);
  });

  test('as a member, where only what is no member is called so', async () => {
    const code = 'n.events = [];\nfunction add(event) { |n.event.push(event);| }';
    assert.deepEqual(await respelt(code, '.event'), ['n.events.push(event);']);
    assert.deepEqual(await respelt(`n.event = 1;\n${code}`, '.event'), []);
  });

  test('where what comes behind it comes too soon', async () => {
    const code = 'let waitMinutes = 1;\n|fare += waitMinute;|\n';
    assert.deepEqual((await respelt(code, ';')).slice(0, 1), ['fare += waitMinutes;']);
  });

  test('as one that languages have', async () => {
    assert.deepEqual(await respelt('|raise KeyrEror(key)|', 'KeyrEror'), ['raise KeyError(key)']);
    const filtered = ['return rows.filter(isOpen)'];
    assert.deepEqual(await respelt('|return rows.fliter(isOpen)|', '.fliter'), filtered);
  });

  test('not where the model expects it, where it stands elsewhere, or where it is a word of languages', async () => {
    assert.deepEqual(await respelt(LINE), []);
    assert.deepEqual(await respelt(`x.wieght();\n${LINE}`, '.wieght'), []);
    assert.deepEqual(await respelt('let sizes = 1;\n|return rows.size;|', '.size'), []);
    assert.deepEqual(
      await respelt('let total = 1;\n|let totals = [];|', 'totals'),
      [],
      'it is declared there',
    );
  });

  test('not where a part of it is selected, in prose, or where more of the text is elsewhere', async () => {
    assert.deepEqual(await respelt('let weight = 1;\nprint(|wieg|ht)', 'wieg'), []);
    const prose = "color = 1\n|print('the colour is')|\n";
    assert.deepEqual(await slipsOf(prose, { unlikely: ['colour'], language: 'python' }), []);
    assert.deepEqual(await slipsOf(LINE, { unlikely: ['.wieght'], isPart: true }), []);
  });

  test('not where it is declared', async () => {
    for (const [language, code] of [
      ['python', 'height = 1\n|def f(hieght):|\n    return 2\n'],
      ['go', 'package a\nfunc f() {\n\theight := 1\n\t|hieght, ok := g(height)|\n}\n'],
      ['typescript', 'const height = 1;\n|const { hieght } = f(height);|\n'],
      ['java', 'class A {\n  int height;\n  void f() {\n    |int hieght;|\n  }\n}\n'],
    ] as const)
      assert.deepEqual(await slipsOf(code, { unlikely: ['hieght'], language }), [], language);
  });

  test('one word at a time, the least likely first, and not without end', async () => {
    const code = 'height(); weight();\n|f(wieght, hieght, x);|';
    const [first, ...more] = await respelt(code, 'hieght', 'wieght');
    assert.equal(first, 'f(wieght, height, x);');
    assert.ok(more.includes('f(weight, hieght, x);'));
    assert.ok(!more.some((text) => text.includes('weight, height')), 'both at once');
    const near = ['aaaab', 'aaaac', 'aaaad', 'aaaae', 'bbbbc', 'bbbbd', 'bbbbe', 'bbbbf'].join(' ');
    assert.equal((await respelt(`${near}\n|aaaaa + bbbbb|`, 'aaaaa', 'bbbbb')).length, 8);
  });
});

test('a name that stands nowhere else, and is near to one that does, may be misspelt', () => {
  const at = (text: string, line: string) => {
    const start = text.indexOf(line);
    return mayBeMisspelt(text, { start, end: start + line.length });
  };
  const code = 'two.overlaps(other);\nif (one.overlap(other)) stop();\nif (one.overlaps(other)) stop();\n';
  assert.equal(at(code, 'if (one.overlap(other)) stop();'), true);
  assert.equal(at(code, 'if (one.overlaps(other)) stop();'), false);
  assert.equal(at(code, 'stop();'), false);
});

describe('two names change places', () => {
  const cases: readonly [string, readonly string[], readonly string[]][] = [
    ['waiting[member].append(code)', ['member'], ['waiting[code].append(member)']],
    ['left = width - offset', ['offset'], ['left = offset - width']],
    ['return isOpen ? shut : open_;', ['shut'], ['return isOpen ? open_ : shut;']],
    ['p = { x: point.y, y: point.x }', ['.y'], ['p = { x: point.x, y: point.y }']],
    ['p = Point(self.y - self.x)', ['.y'], ['p = Point(self.x - self.y)']],
    ['missing = done - habit.timesPerWeek', ['done'], ['missing = habit.timesPerWeek - done']],
    ['scores[title][student] = score', ['title'], ['scores[student][title] = score']],
    ['draw(p->x % p->y)', ['x'], ['draw(p->y % p->x)']],
    ['f(a, b)', ['b'], ['f(b, a)']],
  ];
  for (const [line, unlikely, texts] of cases)
    test(line, async () => {
      const found = await respelt(`|${line}|\n`, ...unlikely);
      for (const text of texts) assert.ok(found.includes(text), found.join('\n'));
      assert.equal(new Set(found).size, found.length);
    });

  test('not what is called, set, a key, or of a language, and not where the model expects both', async () => {
    for (const line of ['f(a)', '{ a: b }', 'a = b', 'return this.f(x)', 'list.map(x)'])
      assert.deepEqual(await respelt(`|${line}|\n`, ...(line.match(/\w+/g) ?? [])), [], line);
    assert.deepEqual(await respelt('|waiting[member].append(code)|\n'), []);
  });

  test('the sides of a comparison, and an index, but not where both orders say the same', async () => {
    assert.ok((await respelt('|if high < low:|\n', 'high')).includes('if low < high:'));
    assert.ok((await respelt('|return rows[until:begin]|\n', 'until')).includes('return rows[begin:until]'));
    assert.ok(!(await respelt('|return high == low|\n', 'high')).includes('return low == high'));
  });

  test('by what stands in the whole line, of which a part is selected', async () => {
    assert.deepEqual(await respelt('x = |total + compute|(y)', 'total', 'compute'), ['total - compute']);
    assert.deepEqual(await respelt('y = pri|ces + total|', 'ces', 'total'), ['ces - total']);
  });

  test('in a long line without trying all pairs', async () => {
    const names = Array.from({ length: 800 }, (_, i) => `n${i}`);
    const found = await slipsOf(`|[${names.join(', ')}]|\n`, { unlikely: ['n7', 'n400'] });
    assert.equal(found[0]?.text.split(', ')[7], 'n400');
  });

  test('the least likely pair first, and not every pair', async () => {
    const found = await slipsOf('|a[b][c][d][e][g]|\n', { unlikely: ['c', 'e'] });
    assert.equal(found[0]?.text, 'a[b][e][d][c][g]');
    assert.ok((found[0]?.least ?? 0) > 3, 'it has to be much likelier');
    assert.equal(found.length, 4);
    const [first] = await slipsOf('|a[b][c]|\n', { unlikely: ['c'] });
    assert.deepEqual(
      first?.parts?.map(({ start, end }) => [start, end]),
      [
        [0, 1],
        [5, 6],
      ],
    );
  });

  test('not in strings, and not where one is declared', async () => {
    const prose = await slipsOf("|print('a b', key[other])|\n", {
      unlikely: ['a', 'b', 'key'],
      language: 'python',
    });
    assert.deepEqual(
      prose.map(({ text }) => text).filter((text) => !text.includes("'a b'")),
      [],
    );
    assert.ok(
      prose.some(({ text }) => text === "print('a b', other[key])"),
      'behind them, the names of code',
    );
    const declared = await slipsOf('|def add(first, second): return first|\n', {
      ...{ unlikely: ['first', 'second'], language: 'python' },
    });
    assert.deepEqual(declared, []);
  });
});

describe('in a line is undone', () => {
  const cases: readonly [string, readonly string[]][] = [
    ['f(a, b)', ['f(b, a)']],
    ['f(a, b, c)', ['f(b, a, c)', 'f(a, c, b)']],
    ['g(x[i], h(a , b), c)', ['g(h(a , b), x[i], c)', 'g(x[i], c, h(a , b))', 'g(x[i], h(b , a), c)']],
    ['Map::new("a, b", k)', ['Map::new(k, "a, b")']],
    ['if (a, b) [c, d] (e, f', []],
    ['f(,) g(a, ) h()', []],
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
    ['x = 010 + 1_000', ['x = 010 - 1_000']],
    ["x = 1'000'000", []],
    ['y[-1]', []],
    ['größö1 = 2', ['größö1 = 1', 'größö1 = 3']],
    ['color: red !important', []],
    ['List<String> names', []],
  ];
  for (const [line, texts] of cases)
    test(line, async () => assert.deepEqual((await respelt(`|${line}|\n`)).toSorted(), texts.toSorted()));

  test('also of several lines, one slip at a time, and where the least likely word is first', async () => {
    const edits = ['a = 0\nb = true', 'a = 2\nb = true', 'a = 1\nb = false'];
    assert.deepEqual(await respelt('|a = 1\nb = true|'), edits);
    assert.deepEqual(await respelt('|a = 1\nb = true|', 'true'), [edits[2], edits[0], edits[1]]);
  });

  test('and the line is told in which it is, as far as it is selected', async () => {
    const lines = (await slipsOf('let x;\r\na |= 1\r\nb = true|;\r\n')).map(({ line }) => line);
    assert.deepEqual(lines, ['= 1', '= 1', 'b = true']);
  });

  test('by what stands in the whole line, of which a part is selected', async () => {
    for (const marked of ['ad|min(a)|', '1|23 + y|', 'println|!("x")|', 'x.|5|', 'f(a, |b)|'])
      assert.deepEqual(
        (await respelt(marked)).filter((text) => !/-/.test(text)),
        [],
        marked,
      );
    assert.deepEqual(await respelt('f(|a, b|)'), ['b, a']);
  });

  const settled: readonly [string, string][] = [
    ['python', '|def area(self, width):|\n    return 1\n'],
    ['python', '|def area(width, height):|\n    return 1\n'],
    ['python', '|f(self, x)|\n'],
    ['python', "|print('a == b and 3')  # 1 or 2|\n"],
    ['python', '|from a import b as c|\n'],
    ['javascript', '|x = g /* 1 or 2 */;|\n'],
    ['javascript', '|const a = /["]/, b = "a == b";|\n'],
    ['javascript', "|import * as a from 'b';|\n"],
    ['typescriptreact', '|const a = <p>this and that</p>;|\n'],
    ['cpp', 'void f() {\n  |int * p;|\n}\n'],
    ['rust', 'fn f() {\n  |println!("x");|\n}\n'],
  ];
  for (const [language, marked] of settled)
    test(`not in ${language}: ${marked.replaceAll('|', '').trim()}`, async () =>
      assert.deepEqual(await slipsOf(marked, { language }), []));

  test('also of arguments that are strings', async () => {
    const swapped = await slipsOf("|put('a', key)|\n", { language: 'python' });
    assert.deepEqual(
      swapped.map(({ text }) => text),
      ["put(key, 'a')"],
    );
  });

  test('behind what is a comment elsewhere', async () => {
    const halves = await slipsOf('|x = a // b + c|\n', { language: 'python' });
    assert.deepEqual(
      halves.map(({ text }) => text),
      ['x = a // b - c'],
    );
    const own = await slipsOf('class A { #a; f() { |return this.#a + 1;| } }', { language: 'javascript' });
    assert.ok(own.some(({ text }) => text === 'return this.#a - 1;'));
  });
});
