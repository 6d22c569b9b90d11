// Declarations that an answer takes away while the file goes on using their names, as real grammars read them.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { judged } from '../../../../../extension/rewrite/judge';
import { isOrphaning, trees } from './judging';

type Case = readonly [old: string, fresh: string, isOrphaning: boolean];

const PYTHON = `import os
from json import loads as read

LIMIT = 3


class Order:
    rate = 2

    def __init__(self, items, placed):
        self.items = items
        self.placed: int = placed

    def total(self):
        return sum(self.items) * self.rate

    def due(self):
        return self.placed + self.total()


class Late(Order):
    def __init__(self, items):
        self.late = True

    def due(self):
        return self.late


def weigh(items, factor):
    heaviest = 0
    count = 0
    for item in items:
        if item > heaviest:
            heaviest = item * factor
        count += 1
    return heaviest, count


def other(rows):
    count = len(rows)
    return read(os.sep), count, LIMIT
`;

const TYPESCRIPT = `import { weigh } from './weigh';
import type { Row } from './row';

interface Size {
  width: number;
}

const limit = 3;

function scale(size: Size, factor: number): number {
  const { width } = size;
  let height = 0;
  for (const row of rows()) height += weigh(row) * factor;
  return width * height;
}

function rows(): Row[] {
  const width = limit;
  return Array(width).fill([]);
}

class Box {
  side = 1;
  private label: string;
  constructor(label: string) {
    this.label = label;
  }
  area(): number {
    return this.side ** 2;
  }
  text(): string {
    return this.label + this.area();
  }
}
`;

const cases: readonly (readonly [string, string, readonly Case[]])[] = [
  [
    'python',
    PYTHON,
    [
      ['import os\n', '', true],
      ['loads as read', 'loads', true],
      ['LIMIT = 3\n', '', true],
      ['LIMIT = 3\n', 'LIMIT: int = 4\n', false],
      ['    heaviest = 0\n    count = 0\n', '    heaviest = 0\n', true],
      ['    heaviest = 0\n    count = 0\n', '    heaviest, count = 0, 0\n', false],
      ['    heaviest = 0\n', '', false],
      ['items, factor):\n    heaviest', 'items):\n    heaviest', true],
      ['for item in items', 'for one in items', true],
      ['    count = len(rows)\n', '    del rows[0]\n', true],
      ['        self.items = items\n', '', true],
      [
        '        self.items = items\n        self.placed: int = placed\n',
        '        self.items = list(items)\n',
        true,
      ],
      ['        self.items = items\n', '        self.items = list(items)\n', false],
      ['    rate = 2\n', '    speed = 2\n', true],
      ['    def total(self):', '    def whole(self):', true],
      ['        self.late = True\n', '        pass\n', false],
      ['    return heaviest, count\n', '    return heaviest\n', false],
    ],
  ],
  [
    'typescript',
    TYPESCRIPT,
    [
      ["import { weigh } from './weigh';\n", '', true],
      ["import type { Row } from './row';\n", '', true],
      ['interface Size {', 'interface Extent {', true],
      ['const limit = 3;', 'const most = 3;', true],
      ['const limit = 3;', 'let limit = 4;', false],
      ['const { width } = size;', 'const { height: w } = size;', true],
      ['const { width } = size;', 'const width = size.width;', false],
      ['let height = 0;\n', '', true],
      ['size: Size, factor: number', 'size: Size', true],
      ['const width = limit;', 'const length = limit;', true],
      ['return width * height', 'return width', false],
      ['  side = 1;\n', '', true],
      ['    this.label = label;\n', '', false],
      ['  area(): number {', '  surface(): number {', true],
      ['  text(): string {', '  name(): string {', false],
      ['for (const row of rows())', 'for (const one of rows())', true],
    ],
  ],
  [
    'javascript',
    TYPESCRIPT.replace(/interface[^}]*}\n/, '')
      .replace(/import type.*\n/, '')
      .replace('  private label: string;\n', '')
      .replace(/: (Size|number|string|Row\[\])/g, ''),
    [
      ["import { weigh } from './weigh';\n", '', true],
      ['let height = 0;\n', '', true],
      ['    this.label = label;\n', '', true],
      ['  side = 1;\n', '', true],
      ['  area() {', '  surface() {', true],
      ['const limit = 3;', 'const most = 3;', true],
    ],
  ],
  [
    'go',
    'package a\n\nimport "fmt"\n\nconst limit = 3\n\ntype size struct{ width int }\n\nfunc scale(s size, factor int) int {\n\tamount := 0\n\tfor _, one := range ones() {\n\t\tamount += one * factor\n\t}\n\treturn amount\n}\n\nfunc ones() []int {\n\tfmt.Println(limit)\n\treturn nil\n}\n',
    [
      ['const limit = 3\n', '', true],
      ['type size struct', 'type extent struct', true],
      ['amount := 0\n', 'fmt.Println()\n', true],
      ['amount := 0\n', 'var amount int\n', false],
      ['func ones()', 'func all()', true],
      ['s size, factor int', 's size', true],
    ],
  ],
  [
    'rust',
    'use std::fmt;\n\nconst LIMIT: usize = 3;\n\nstruct Size { width: usize }\n\nimpl Size {\n    fn area(&self) -> usize { self.width * LIMIT }\n    fn twice(&self) -> usize { self.area() * 2 }\n}\n\nfn scale(size: &Size, factor: usize) -> usize {\n    let mut amount = 0;\n    amount += size.twice() * factor;\n    amount\n}\n',
    [
      ['const LIMIT: usize = 3;\n', '', true],
      ['let mut amount = 0;\n', '', true],
      ['fn area(', 'fn surface(', true],
      ['struct Size', 'struct Extent', true],
      ['size: &Size, factor: usize', 'size: &Size', true],
      ['    amount += size.twice() * factor;\n', '', false],
    ],
  ],
  [
    'java',
    'import java.util.Deque;\n\nclass A {\n    private int limit = 3;\n    int total(Deque<Integer> items, int factor) {\n        int amount = 0;\n        for (int item : items) amount += item * factor;\n        return amount + limit;\n    }\n    int due() { return total(null, 1); }\n}\n',
    [
      ['import java.util.Deque;\n', '', true],
      ['    private int limit = 3;\n', '', true],
      ['int amount = 0;\n', '', true],
      ['int total(', 'int whole(', true],
      ['Deque<Integer> items, int factor', 'Deque<Integer> items', true],
      ['int due()', 'int late()', false],
      ['int amount = 0;', 'long amount = 0;', false],
    ],
  ],
  [
    'csharp',
    'class A {\n    private int limit = 3;\n    int Total(int[] items, int factor) {\n        var amount = 0;\n        foreach (var item in items) amount += item * factor;\n        return amount + limit;\n    }\n    int Due() { return Total(null, 1); }\n}\n',
    [
      ['    private int limit = 3;\n', '', true],
      ['var amount = 0;\n', '', true],
      ['int Total(', 'int Whole(', true],
      ['int[] items, int factor', 'int[] items', true],
      ['var amount = 0;', 'int amount = 0;', false],
    ],
  ],
  [
    'cpp',
    '#include <vector>\nfloat peak(float a) { return a; }\nfloat norm(float a) { return a / peak(a); }\n',
    [
      ['float peak(float a)', 'float loudest(float a)', true],
      ['#include <vector>\n', '', false],
    ],
  ],
  [
    'cpp',
    'static int limit = 3;\n\nint weigh(int one) { return one; }\n\nint total(const std::vector<int>& items, int factor) {\n  int amount = 0;\n  for (int item : items) amount += weigh(item) * factor;\n  return amount + limit;\n}\n',
    [
      ['static int limit = 3;\n', '', true],
      ['int amount = 0;\n', '', true],
      ['int weigh(int one)', 'int heft(int one)', true],
      ['int amount = 0;', 'long amount = 0;', false],
    ],
  ],
];

const COMPONENTS = `import { Badge } from './badge';
import { div } from './math';

export function Row({ name }: { name: string }) {
  const Cell = styled(name);
  return (
    <div title={name}>
      <Badge name={name} />
      <Cell>{name}</Cell>
    </div>
  );
}
`;

const PRIVATE = `class Counter {
  #count = 0;
  #step;
  constructor(step) {
    this.#step = step;
  }
  next() {
    this.#count += this.#step;
    return this.#count;
  }
}
`;

const further: readonly (readonly [string, string, readonly Case[]])[] = [
  [
    'typescriptreact',
    COMPONENTS,
    [
      ["import { Badge } from './badge';\n", '', true],
      ["import { Badge } from './badge';", "import { Badge } from './badges';", false],
      ["import { Badge } from './badge';", "import { Tag as Badge } from './tag';", false],
      ["import { div } from './math';\n", '', false],
      ['  const Cell = styled(name);\n', '', true],
      ['  const Cell = styled(name);', '  const Cell = styled.div;', false],
    ],
  ],
  [
    'javascript',
    PRIVATE,
    [
      ['  #count = 0;\n', '', true],
      ['  #count = 0;', '  #count = 1;', false],
      ['  #count = 0;', '  count = 0;', false],
      ['    this.#step = step;\n', '', false],
    ],
  ],
  // A method whose name nothing else can have is used whoever has the object.
  [
    'python',
    'class Item:\n    def needs_order(self):\n        return True\n\n    def close(self):\n        return 1\n\n\ndef due(items):\n    items.close()\n    return [one for one in items if one.needs_order()]\n',
    [
      ['def needs_order(self):', '@property\n    def available(self):', true],
      ['def needs_order(self):', 'def needs_order(self, least=1):', false],
      ['def close(self):', 'def end(self):', false],
    ],
  ],
  [
    'typescript',
    'class Item {\n  needsOrder() {\n    return true;\n  }\n  readyNow() {\n    return true;\n  }\n}\ninterface Due {\n  readyNow(): boolean;\n}\nfunction due(items: Item[], all: Due[]) {\n  return all.some((one) => one.readyNow()) && items.filter((one) => one.needsOrder());\n}\n',
    [
      ['needsOrder() {', 'isAvailable() {', true],
      ['readyNow() {', 'isReady() {', false],
    ],
  ],
  [
    'python',
    'class Users:\n    def __init__(self, repo):\n        self.repo = repo\n\n    def find_by_id(self, one):\n        return self.repo.find_by_id(one)\n',
    [['def find_by_id(self, one):', 'def get_user(self, one):', false]],
  ],
  [
    'javascript',
    'class A {\n  toString() {\n    return 1;\n  }\n  addEventListener() {\n    window.addEventListener(1);\n  }\n}\nfunction f(list) {\n  return list.toString();\n}\n',
    [
      ['toString() {', 'text() {', false],
      ['addEventListener() {', 'listen() {', false],
    ],
  ],
  // What moves into another function is that function's alone.
  [
    'python',
    'def day(text):\n    return text[:2]\n\n\ndef month(text):\n    return text[3:]\n\n\nprint(day(1), month(2))\n',
    [
      [
        'def day(text):\n    return text[:2]\n',
        'def date(text):\n    def day(a):\n        return a\n\n    return day(text)\n',
        true,
      ],
      ['def day(text):\n    return text[:2]\n', 'def date(day):\n    return day\n', true],
      ['def day(text):\n    return text[:2]\n', 'def date(text):\n    day = text\n    return day\n', true],
      [
        'def day(text):\n    return text[:2]\n',
        'def first(text):\n    return text\n\n\ndef day(text):\n    return first(text)\n',
        false,
      ],
      ['def day(text):\n    return text[:2]\n', 'def first(text):\n    global day\n    day = text\n', false],
      ['def day(text):\n    return text[:2]\n', 'if True:\n    def day(text):\n        return text\n', false],
    ],
  ],
  [
    'typescript',
    'function day(a: string) {\n  return a;\n}\n\nconsole.log(day("1"));\n',
    [
      [
        'function day(a: string) {',
        'function date(b: string) {\n  function day(a: string) {\n    return a;\n  }',
        true,
      ],
      ['function day(a: string) {', 'const date = (day: string) => {\n  const a = day;', true],
      ['function day(a: string) {', 'export const day = (a: string) => {', false],
    ],
  ],
];

describe('an answer that takes away what is still used', () => {
  for (const [languageId, text, all] of [...cases, ...further])
    for (const [old, fresh, expected] of all)
      test(`${languageId}: ${JSON.stringify(old)} becomes ${JSON.stringify(fresh)}`, async () => {
        assert.equal(await isOrphaning(languageId, text, old, fresh), expected);
      });

  test('is unsure, for the rest may be about to follow', async () => {
    const text = 'const a = 1;\nconsole.log(a);\n';
    const spans = [{ start: 0, end: 12, old: 'const a = 1;' }];
    const [one] = await judged(trees, { text, languageId: 'javascript' }, spans, [
      { texts: ['const b = 1;'] },
    ]);
    assert.deepEqual(one?.quality, { mark: 'unsure', reasons: ['removes-used'] });
  });
});
