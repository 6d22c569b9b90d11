// Names that an answer uses and that can hardly mean anything where it stands, in nine languages, as real grammars read them.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { judged } from '../../../../../extension/rewrite/judge';
import { reasonsBetween, reasonsInPlace, trees } from './judging';

describe('names that mean nothing where they stand', () => {
  const texts: readonly (readonly [
    string,
    string,
    readonly string[],
    readonly string[],
    readonly string[],
  ])[] = [
    [
      'typescript',
      "import { sum } from './sum';\nconst rate = 2;\nclass A { total = 1; }\nfunction a(orders: number[]) {\n  const size = orders.length;\n  return size;\n}\nfunction b(items: number[], { limit }: O) {\n  const first = items[0];\n  return X;\n}\n",
      [
        'sum(items)',
        'first * rate',
        'limit',
        'b(items, o => o)',
        'items.map((size) => size + 1)',
        'items.size',
        '{ size: 1 }',
        'Number(first)',
        'new A().total',
      ],
      ['orders.length', 'size + 1', 'sum(size)', 'items.map((it) => it + size)', '{ size }', 'size * size'],
      ['totalAmount', 'computeTotal(items)'],
    ],
    [
      'javascript',
      'const rate = 2;\nfunction a(orders) {\n  const size = orders.length;\n  return size;\n}\nconst b = (items, n = 1) => {\n  return X;\n};\nfor (const key of b) a(key);\n',
      ['items.length * n', 'a(items)', 'items.reduce((size, it) => size + it, 0)', 'rate'],
      ['size', 'orders.map((n) => n)'],
      ['totalAmount'],
    ],
    [
      'python',
      'import os\nRATE = 2\n\n\ndef a(orders):\n    size = len(orders)\n    for one in orders:\n        size += one\n    return size\n\n\nclass B:\n    def __init__(self, items, *, limit=1):\n        self.size = items\n\n    def c(self, items, *rest):\n        first = items[0]\n        return X\n',
      [
        'self.size',
        'first * RATE',
        'a(items)',
        'a(orders=items)',
        '[one for one in items]',
        '[size + size for size in items]',
        '(lambda size: size * size)(1)',
        'os.path.join(first)',
        'rest',
        'B(items, limit=2)',
        'str(first)',
      ],
      ['size', 'sum(orders)', 'one + first', 'limit', 'size + size', '[orders, len(orders)]'],
      ['totalAmount', 'computeTotal(items)'],
    ],
    [
      'go',
      'package p\n\nimport "fmt"\n\nvar rate = 2\n\ntype T struct{ Size int }\n\nfunc a(orders []int) int {\n\tsize := len(orders)\n\treturn size\n}\n\nfunc (t *T) b(items []int) int {\n\tfor i, it := range items {\n\t\tfmt.Println(i, it)\n\t}\n\treturn X\n}\n',
      ['t.Size * rate', 'a(items)', 'len(items)', 'T{Size: 1}.Size'],
      ['size', 'len(orders)'],
      ['totalAmount'],
    ],
    [
      'java',
      'class A {\n  private int rate = 2;\n  int a(List<Integer> orders) {\n    int size = orders.size();\n    return size;\n  }\n  int b(List<Integer> items) {\n    for (int it : items) { log(it); }\n    return X;\n  }\n}\n',
      ['rate * items.size()', 'a(items)', 'this.rate'],
      ['size', 'orders.size()'],
      ['totalAmount'],
    ],
    [
      'csharp',
      'class A {\n  private int rate = 2;\n  int First(List<int> orders) {\n    var size = orders.Count;\n    return size;\n  }\n  int Second(List<int> items) {\n    foreach (var it in items) { Log(it); }\n    return X;\n  }\n}\n',
      ['rate * items.Count', 'First(items)', 'items.Sum(n => n)'],
      ['size', 'orders.Count'],
      ['totalAmount'],
    ],
    [
      'rust',
      'const RATE: u32 = 2;\nstruct T { size: u32 }\nimpl T {\n    fn a(&self, orders: &[u32]) -> u32 {\n        let count = orders.len() as u32;\n        count\n    }\n    fn b(&self, items: &[u32]) -> u32 {\n        for it in items { println!("{}", it); }\n        return X;\n    }\n}\n',
      ['self.size * RATE', 'self.a(items)', 'items.iter().map(|n| n + 1).sum()', 'T::new(items)'],
      ['count', 'orders[0]'],
      ['totalAmount'],
    ],
    [
      'cpp',
      'const int rate = 2;\nint a(const std::vector<int>& orders) {\n  int size = orders.size();\n  return size;\n}\nint b(const std::vector<int>& items) {\n  for (auto it : items) { use(it); }\n  return X;\n}\n',
      ['rate * items.size()', 'a(items)'],
      ['size', 'orders.size()'],
      ['totalAmount'],
    ],
    [
      'ruby',
      "RATE = 2\nshow = Show.new\nlabel = 'x'\n$size = 3\n\nclass Show\n  attr_reader :title\n  title = 'y'\n  def a(orders)\n    count = orders.length\n    count\n  end\n\n  def b(items)\n    first = items[0]\n    X\n  end\nend\n\ndef top(show) = show\n\nputs label, show.b([1])\n",
      [
        'first * RATE',
        'a(items)',
        '$size',
        'title',
        'self.label',
        'top(first)',
        'items.map { |label| label }',
        'items.sum { |it| it + first }',
      ],
      ['label', 'label * 2', 'show.title', 'count', 'orders[0]'],
      [],
    ],
  ];
  for (const [languageId, text, right, outOfScope, unknown] of texts) {
    const start = text.indexOf('X');
    const spans = [{ start, end: start + 1, old: 'X' }];
    const reasonsOf = async (answers: readonly string[]) => {
      const found = await judged(
        trees,
        { text, languageId },
        spans,
        answers.map((one) => ({ texts: [one] })),
      );
      return answers.map((one) => [one, found.find(({ texts: [its] }) => its === one)?.quality?.reasons]);
    };
    test(`in ${languageId}`, async () => {
      assert.deepEqual(
        await reasonsOf(right),
        right.map((one) => [one, []]),
      );
      assert.deepEqual(
        await reasonsOf(outOfScope),
        outOfScope.map((one) => [one, ['out-of-scope']]),
      );
      assert.deepEqual(
        await reasonsOf(unknown),
        unknown.map((one) => [one, ['unknown-names']]),
      );
    });
  }

  /** What is said of an answer in place of the `X`. */
  const reasonsOf = (languageId: string, text: string, fresh: string, old = 'X') =>
    reasonsInPlace(languageId, text, old, fresh);

  // Where no assignment declares a name, one without a declaration assigns to nothing.
  const assigned: readonly (readonly [string, string])[] = [
    [
      'typescript',
      '// The size.\nfunction a() {\n  let size = 1;\n  return size;\n}\nfunction b() {\n  X;\n}\n',
    ],
    ['javascript', 'function a() {\n  let size = 1;\n  return size;\n}\nfunction b() {\n  X;\n}\n'],
    ['java', 'class A {\n  int a() { int size = 1; return size; }\n  void b() { X; }\n}\n'],
    ['csharp', 'class A {\n  int F() { int size = 1; return size; }\n  void G() { X; }\n}\n'],
    ['rust', 'fn a() -> u8 {\n    let mut size = 1;\n    size\n}\nfn b() {\n    X;\n}\n'],
    ['cpp', 'int a() {\n  int size = 1;\n  return size;\n}\nvoid b() {\n  X;\n}\n'],
    [
      'go',
      'package p\n\n// a counts: size is what it has.\nfunc a() int {\n\tsize := 1\n\treturn size\n}\n\nfunc b() {\n\tX\n}\n',
    ],
  ];
  for (const [languageId, text] of assigned) {
    test(`an assignment to another function's name, in ${languageId}`, async () => {
      assert.deepEqual(await reasonsOf(languageId, text, 'size = 2'), ['out-of-scope']);
    });
  }

  // What binds names in ways that nobody lists, and what languages and other files bring along.
  const known: readonly (readonly [string, string, string])[] = [
    ['java', 'class A extends B {\n  A(int size) { super(size); }\n  void b() { X; }\n}\n', 'size = 0'],
    ['csharp', 'class A : B {\n  A(int Width) : base(Width) {}\n  void G() { X; }\n}\n', 'Width = 0'],
    ['cpp', '#include "a.h"\nA::A(int size) { this->size = size; }\nvoid A::clear() { X; }\n', 'size = 0'],
    ['javascript', 'function a(location) { use(location); }\nfunction b() { X; }\n', 'location = "/x"'],
    [
      'javascript',
      '/* global counter */\nfunction a(counter) { use(counter); }\nfunction b() { X; }\n',
      'f(counter)',
    ],
    [
      'csharp',
      'class A {\n  int p;\n  int P { set { X; } }\n  int G(int value) { return value; }\n}\n',
      'p = value',
    ],
    ['python', 'def a():\n    size = 1\n    return size\n\n\ndef b():\n    X\n', 'size = 2\n    return size'],
    ['python', 'def a():\n    size = 1\n    return size\n\n\ndef b():\n    X\n', 'make(size=2)'],
    [
      'typescript',
      'let size;\nfunction a() {\n  let size = 1;\n  return size;\n}\nfunction b() {\n  X;\n}\n',
      'size = 2',
    ],
    [
      'typescript',
      'function a() {\n  let size = 1;\n  return size;\n}\nconst b = X;\n',
      '({ size = 2 } = {}) => size',
    ],
    [
      'java',
      'class A {\n  int a() { int size = 1; return size; }\n  X\n  void b() {}\n}\n',
      '@Max(size = 2)',
    ],
    [
      'csharp',
      'class A {\n  int F() { int Size = 1; return Size; }\n  void G() { X; }\n}\n',
      'Use(new B { Size = 2 })',
    ],
    [
      'rust',
      'fn a() { let val = 1; g(val); }\nfn f(x: Option<i32>) -> i32 {\n  X\n}\n',
      'match x { Some(val) => val, None => 0 }',
    ],
    [
      'rust',
      'fn a() { let v = 1; g(v); }\nfn b(x: Option<i32>) -> i32 { match x { Some(v) => X, None => 0 } }\n',
      'v + 1',
    ],
    [
      'go',
      'package p\n\nimport (\n\t"strings"\n)\n\nfunc f(x string) string {\n\treturn X\n}\n',
      'strings.TrimSpace(x)',
    ],
    [
      'python',
      'from a import first, second\ndef g(second):\n    return second\ndef f(x):\n    return X\n',
      'second(x)',
    ],
    ['python', 'def g():\n    global cache\n    cache = 1\ndef f(x):\n    return X\n', 'cache'],
    ['python', 'def f(x):\n    return X\n', 'ord(x)'],
    ['python', 'from a import *\ndef g(x=LIMIT):\n    return x\ndef f(x):\n    return X\n', 'LIMIT'],
    [
      'python',
      'class A:\n    def total(self):\n        return self.total()\n    def f(self, a):\n        X\n',
      'from b import total; total(a)',
    ],
    ['python', 'def g(last):\n    return last\ndef f(x):\n    return x. \\\n        X\n', 'last'],
    ['typescript', 'function g(x = limit) { return x; }\nfunction f(a: string) { return X; }\n', 'limit'],
    ['cpp', 'int g(int x = limit) { return x; }\nint f(int a) { return X; }\n', 'limit'],
    ['javascript', 'function g({ x = limit }) { return x; }\nfunction f(a) { return X; }\n', 'limit'],
    [
      'typescript',
      "import path from 'node:path';\nfunction g(path: string) { return path; }\nfunction f(a: string) { return X; }\n",
      'path.join(a)',
    ],
    [
      'typescript',
      'function g() { const fetch = 2; return fetch; }\nfunction f(a: string) { return X; }\n',
      'fetch(a)',
    ],
    ['typescriptreact', 'function f() { return X; }\n', '<section><h1>Hi</h1></section>'],
    [
      'cpp',
      'class A { int width; void set(int width) { this->width = width; } int area() { return X; } };\n',
      'width * 2',
    ],
    [
      'java',
      'class A { void g(String s) { s.trim(); } void b(Object o) { if (o instanceof String s) { X; } } }\n',
      'g(s)',
    ],
    [
      'csharp',
      'class A { void G() { var n = 1; H(n); } void B((int, int) x) { var (n, m) = x; X; } }\n',
      'H(n)',
    ],
  ];
  for (const [languageId, text, fresh] of known) {
    test(`not in ${languageId}: ${fresh} in ${JSON.stringify(text)}`, async () => {
      assert.deepEqual(await reasonsOf(languageId, text, fresh), []);
    });
  }

  test('an answer that is another place of the file is said to be one', async () => {
    const twin = 'if key(a) < key(x):\n        low = mid + 1\n    else:\n        high = mid';
    const text = `def f(a, x, low, high, mid, key):\n    X\n\n\ndef g(a, x, low, high, mid, key):\n    ${twin}\n`;
    assert.deepEqual(await reasonsOf('python', text, twin), ['duplicate']);
    assert.deepEqual(await reasonsOf('python', text, twin.replace('low = mid + 1', 'low = mid')), []);
  });

  test('what a method calls its object, in a function of Python that has none', async () => {
    const method = 'class A:\n    def size(self):\n        return self.items\n\n\n';
    const asked: readonly (readonly [string, string, readonly string[]])[] = [
      [`${method}def f(items):\n    return X\n`, 'len(self.items)', ['out-of-scope']],
      [`"""Has self.items."""\n${method}def f(items):\n    return X\n`, 'len(self.items)', ['out-of-scope']],
      [`${method}    @staticmethod\n    def f(items):\n        return X\n`, 'self.items', ['out-of-scope']],
      ['def f(items):\n    return X\n', 'self.items + self.more', ['unknown-names']],
      [`${method}    def f(self):\n        return X\n`, 'self.items', []],
      [`${method}    def f(self):\n        return [X for one in self.items]\n`, '(lambda: self)()', []],
      [`${method}    X\n`, 'def f(self):\n        return self.items', []],
      [`${method}    @classmethod\n    def f(cls):\n        return X\n`, 'cls()', []],
    ];
    for (const [text, fresh, reasons] of asked)
      assert.deepEqual(await reasonsOf('python', text, fresh), reasons, `${text}: ${fresh}`);
    // Elsewhere it is a name like any other.
    assert.deepEqual(await reasonsOf('javascript', 'function f() {\n  return X;\n}\n', 'self.items'), []);
  });

  test('what a class of Python has, in its methods without the object', async () => {
    const text =
      'from b import near, timedelta\n\n\nclass Order:\n    placed: date = None\n    near = 2\n\n    def total(self):\n        return self.placed + self.near + self.total()\n\n    def next(self, at=near):\n        return X\n\n    last = Y\n\n\ndef due(placed, days=5):\n    return placed\n';
    const asked: readonly (readonly [string, readonly string[], string?])[] = [
      ['placed + 1', ['out-of-scope']],
      ['total() + 1', ['out-of-scope']],
      ['placed + timedelta(days=days)', ['out-of-scope']],
      ['timedelta(days=days)', ['out-of-scope']],
      ['self.placed + self.total()', []],
      ['self.total() + total()', ['out-of-scope']],
      ['timedelta(days=self.total())', []],
      ['due(self.placed, days=3)', []],
      ['near * at', []],
      ['next(self.items)', []],
      ['[placed for placed in self.items]', []],
      ['placed', [], 'Y'],
      ['total', [], 'Y'],
      ['lambda: placed', ['out-of-scope'], 'Y'],
    ];
    for (const [fresh, reasons, hole] of asked)
      assert.deepEqual(await reasonsOf('python', text, fresh, hole), reasons, fresh);
    assert.deepEqual(await reasonsOf('python', `from c import *\n${text}`, 'placed + 1'), []);
    const held = text.replace('at=near', 'at=X').replace('return X', 'return 1');
    assert.deepEqual(await reasonsOf('python', held, 'placed'), [], 'a default');
  });

  test('what a class of JavaScript, or an impl of Rust, has, without the object', async () => {
    const ts =
      'import { near } from "./near";\nclass Order {\n  placed = 1;\n  near = 2;\n  total() { return this.placed + this.total() + this.find(); }\n  find() { return this.near; }\n  only() {}\n  last(due: number) { return X; }\n}\n';
    const rust =
      'use a::near;\nstruct Order { placed: u32 }\nimpl Order {\n    fn total(&self) -> u32 { self.total() + self.near() + self.drop() + self.debug() }\n    fn debug(&self) {}\n    fn near(&self) -> u32 { 2 }\n    fn drop(&self) {}\n    fn last(&self) -> u32 { X }\n}\n';
    const asked: readonly (readonly [string, string, string, readonly string[]])[] = [
      ['typescript', ts, 'placed + 1', ['out-of-scope']],
      ['typescript', ts, 'total() + due', ['out-of-scope']],
      ['typescript', ts, '[1].map((total) => total)', []],
      ['typescript', ts, 'this.placed + this.total()', []],
      ['typescript', ts, 'near(due)', []],
      ['typescript', ts, 'find(due)', []],
      ['typescript', ts, 'only(due)', []],
      ['javascript', ts.replace(': number', ''), 'placed + 1', ['out-of-scope']],
      ['javascriptreact', ts.replace(': number', ''), '<total>a</total>', []],
      ['rust', rust, 'debug!("{}", 1)', []],
      ['rust', rust.replace('a::near', 'a::*'), 'total()', []],
      ['rust', rust, 'match a { Some(total) => 1, None => 0 }', []],
      ['javascript', ts.replace(': number', ''), 'total()', ['out-of-scope']],
      ['rust', rust, 'total()', ['out-of-scope']],
      ['rust', rust, 'self.total() + Self::total(self)', []],
      ['rust', rust, 'near(self.placed)', []],
      ['rust', rust, 'drop(self)', []],
      [
        'java',
        'class A {\n  int placed = 1;\n  int total() { return 1; }\n  int b() { return X; }\n}\n',
        'total() + placed',
        [],
      ],
    ];
    for (const [languageId, text, fresh, reasons] of asked)
      assert.deepEqual(await reasonsOf(languageId, text, fresh), reasons, `${languageId}: ${fresh}`);
  });

  test('a name that a colon only ends is used', async () => {
    const python = 'def g(last):\n    return last\n\n\ndef f(items):\n    X\n';
    for (const fresh of [
      'if last:\n        return 1',
      'if not last:\n        return 1',
      'for one in last:\n        f(one)',
    ])
      assert.deepEqual(await reasonsOf('python', python, fresh), ['out-of-scope'], fresh);
    for (const fresh of [
      'last: int = 1\n    return last',
      'return {last: 1 for last in items}',
      'return lambda last: 1',
    ])
      assert.deepEqual(await reasonsOf('python', python, fresh), [], fresh);
    const script = 'function g(last) {\n  return last;\n}\nfunction f(items) {\n  return X;\n}\n';
    assert.deepEqual(await reasonsOf('javascript', script, 'items ? last : 0'), ['out-of-scope']);
    assert.deepEqual(await reasonsOf('javascript', script, '{ last: items }'), []);
  });

  test('a key that stands for its own value has to be a name of the code around it', async () => {
    const text = 'function f(net: number) {\n  return X;\n}\n';
    assert.deepEqual(await reasonsOf('typescript', text, '{ net, gross }'), ['unknown-names']);
    assert.deepEqual(await reasonsOf('typescript', text, '{ net, gross: 1 }'), []);
    assert.deepEqual(await reasonsOf('typescript', text, '{ net, fetch }'), []);
  });

  test('the key of an argument or of an object is no declaration', async () => {
    const text =
      'function a(size: number) {\n  return size;\n}\nfunction b(items: number[]) {\n  return X;\n}\n';
    assert.deepEqual(await reasonsOf('typescript', text, 'a({ size: size })'), ['out-of-scope']);
    assert.deepEqual(await reasonsOf('typescript', text, 'a({ size: items })'), []);
  });

  test('what C++ has in a header has to be included, unless another header may bring it', async () => {
    const file = '#include <vector>\n\ndouble range(double height) {\n  return ¦height * 2¦;\n}\n';
    const isMarked = async (text: string, answer: string) =>
      (await reasonsBetween('cpp', text, answer)).includes('unknown-names');
    assert.ok(await isMarked(file, 'std::sqrt(height)'));
    assert.ok(!(await isMarked(file.replace('<vector>', '<cmath>'), 'std::sqrt(height)')));
    for (const other of ['"range.h"', '<gtest/gtest.h>', '<math.h>'])
      assert.ok(!(await isMarked(`#include ${other}\n${file}`, 'std::sqrt(height)')), other);
    assert.ok(!(await isMarked(file.replace('<vector>', '<cstdlib>'), 'std::abs(height)')));
    assert.ok(!(await isMarked(`${file}double one() { return std::sqrt(1); }\n`, 'std::sqrt(height)')));
    assert.ok(!(await isMarked(file, 'std::size(height)')), 'of many headers');
  });

  test('a name of which the answer is a part has to be one that the file has', async () => {
    const source = 'function needs(threshold: number, load: number) {\n  return load ¦< thresho¦ld;\n}\n';
    const unknown = ['unknown-names'];
    assert.deepEqual(await reasonsBetween('typescript', source, '< threshold'), unknown);
    assert.deepEqual(await reasonsBetween('typescript', source, '>= thresho'), []);
    assert.deepEqual(await reasonsBetween('python', 'x = ¦foo¦ut()\n', 'inp'), [], 'a word of the language');
    const python = 'def total(items):\n    result = sum(items)\n    return ¦resu¦lt\n';
    assert.deepEqual(await reasonsBetween('python', python, 'result'), [...unknown, 'never-read']);
    assert.deepEqual(await reasonsBetween('python', python, 'items or resu'), []);
    assert.deepEqual(await reasonsBetween('python', `from a import *\n${python}`, 'result'), ['never-read']);
    assert.deepEqual(
      await reasonsBetween('python', python, 'result + items.resu'),
      [],
      'a member is of a library',
    );
  });

  test('a name is looked at as a whole where only its end is another one', async () => {
    const text = 'function a(width: number) {\n  return width;\n}\n';
    const start = text.lastIndexOf('width');
    const spans = [{ start, end: start + 5, old: 'width' }];
    const [one] = await judged(trees, { text, languageId: 'typescript' }, spans, [
      { texts: ['widthInPixels'] },
    ]);
    assert.deepEqual(one?.quality?.reasons, ['unknown-names']);
  });

  test('words of a comment or a string are no names, even where the answer has no quotes of its own', async () => {
    const text = 'def f(rows):\n    """Old words."""\n    return len(rows)\n';
    const said = async (old: string, fresh: string) => {
      const start = text.indexOf(old);
      const spans = [{ start, end: start + old.length, old }];
      const candidates = [{ texts: [fresh], flaws: ['unknown-names' as const] }];
      return (await judged(trees, { text, languageId: 'python' }, spans, candidates))[0]?.quality?.reasons;
    };
    assert.deepEqual(await said('Old words', 'Counts what a table holds'), []);
    assert.deepEqual(await said('return', '# it is counted\n    return'), []);
    assert.deepEqual(await said('return', '# it is counted\n    countedLater(); return'), ['unknown-names']);
    assert.deepEqual(await said('len(rows)', 'countedLater(rows)'), ['unknown-names']);
  });

  test('a name that stood there already is none of the answer’s', async () => {
    const text = 'function a() {\n  return totalAmount + X;\n}\n';
    const start = text.indexOf('totalAmount');
    const spans = [{ start, end: text.indexOf(';'), old: 'totalAmount + X' }];
    const [one] = await judged(trees, { text, languageId: 'typescript' }, spans, [
      { texts: ['totalAmount - X'] },
    ]);
    assert.deepEqual(one?.quality?.reasons, []);
  });

  test('a word of half a million characters in front of it takes no time to speak of', async () => {
    const text = `const key = '${'a'.repeat(500_000)}';\nconst size = X;\n`;
    const start = text.indexOf('X');
    const spans = [{ start, end: start + 1, old: 'X' }];
    const [one] = await judged(trees, { text, languageId: 'typescript' }, spans, [{ texts: ['key.length'] }]);
    assert.deepEqual(one?.quality?.reasons, []);
  });
});
