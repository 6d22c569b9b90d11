// Declarations that an answer takes away while the file goes on using their names, as real grammars read them.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { judged } from '../../../../../extension/rewrite/judge';
import { reasonsInPlace, trees } from './judging';

/** Whether it is said of an answer in place of `old` that it removes names that are still used. */
async function isOrphaning(...asked: Parameters<typeof reasonsInPlace>): Promise<boolean> {
  return (await reasonsInPlace(...asked)).includes('removes-used');
}

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

const JAVA = `class Auction {
  private final List<Lot> lots = new ArrayList<>();

  static final class Lot {
    private final String title;
    Lot(String title) { this.title = title; }
    String title() { return title; }
    long best() { return bids().size(); }
    List<Bid> bids() { return List.of(); }
    String label() { return this.title() + best(); }
  }

  record Bid(String who, long cents) {
    long cents() { return cents; }
  }

  List<String> titles() {
    List<String> all = new ArrayList<>();
    for (Lot lot : lots) all.add(lot.title());
    return all;
  }

  List<String> names() { return lots.stream().map(Lot::label).toList(); }

  long sum(Bid bid, Other other) { return bid.cents() + other.best(); }
}
`;

const RUST = `pub struct Matrix { rows: usize, data: Vec<f64>, shape: usize }

impl Matrix {
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.data.len())
    }

    pub fn order(&self) -> usize {
        self.shape
    }

    pub fn same(&self, other: &Matrix) -> bool {
        self.shape() == other.shape() && self.rows > 0
    }
}

impl Clone for Matrix {
    fn clone(&self) -> Self { self.copied() }
}

pub fn show(matrix: &Matrix, other: &Grid) -> usize {
    matrix.order() + other.order()
}
`;

const GO_METHODS = `package p

type Bucket struct{ tokens float64 }

func (b *Bucket) rest() float64 { return b.tokens }

func (b *Bucket) draw(n float64) bool { return n < b.rest() }

func (b Bucket) full() bool { return true }

func empty(b *Bucket, other Store) bool { return b.draw(1) || other.full() }
`;

const METHOD_CASES: readonly (readonly [string, string, readonly Case[]])[] = [
  [
    'java',
    JAVA,
    [
      ['String title() { return title; }', 'String name() { return title; }', true],
      ['String title() { return title; }', 'String title() { return "" + title; }', false],
      ['long best() { return bids().size(); }', 'long most() { return 1; }', true],
      ['List<Bid> bids() { return List.of(); }', '', true],
      ['String label() { return this.title() + best(); }', '', true],
      ['long cents() { return cents; }', '', false],
      ['List<String> names() {', 'List<String> labels() {', false],
    ],
  ],
  [
    'csharp',
    'class A {\n  int Size() { return 1; }\n  int Twice() { return 2 * Size(); }\n}\nclass B : A {\n  int Half() { return 1; }\n  int F(A a, C c) { return a.Twice() + c.Half(); }\n}\n',
    [
      ['int Size() { return 1; }', '', true],
      ['int Twice() { return 2 * Size(); }', 'int Double() { return 2 * Size(); }', true],
      ['int Half() { return 1; }', '', false],
    ],
  ],
  [
    'rust',
    RUST,
    [
      ['pub fn shape(&self) -> (usize, usize) {', 'pub fn is_square(&self) -> (usize, usize) {', true],
      ['pub fn order(&self) -> usize {', 'pub fn rank(&self) -> usize {', true],
      [
        'pub fn same(&self, other: &Matrix) -> bool {',
        'pub fn equal(&self, other: &Matrix) -> bool {',
        false,
      ],
      ['    fn clone(&self) -> Self { self.copied() }\n', '', false],
    ],
  ],
  [
    'go',
    GO_METHODS,
    [
      [
        'func (b *Bucket) rest() float64 { return b.tokens }',
        'func (b *Bucket) left() float64 { return 1 }',
        true,
      ],
      ['func (b *Bucket) draw(n float64)', 'func (b *Bucket) give(n float64)', true],
      ['func (b Bucket) full() bool { return true }\n', '', false],
    ],
  ],
  [
    'go',
    'package p\n\ntype Lock struct {\n\tsync.Mutex\n\tcount int\n}\n\nfunc (l *Lock) Hold() { l.count++ }\n\nfunc use(l *Lock) { l.Hold() }\n',
    [['func (l *Lock) Hold() { l.count++ }\n', '', false]],
  ],
  [
    'go',
    'package p\n\nfunc (b *Bucket) Reset() {}\n\nfunc use(store Store) { b := store.Open(); b.Reset() }\n',
    [['func (b *Bucket) Reset() {}\n', '', false]],
  ],
  [
    'java',
    'class Lot {\n  long best() { return 1; }\n  public String toString() { return "" + best(); }\n  void show(List<Bid> bids) { bids.forEach(lot -> lot.best()); print(toString()); var lot = bids.get(0); }\n}\nclass Shop {\n  long sum() { return new Lot().best(); }\n}\n',
    [
      ['  public String toString() { return "" + best(); }\n', '', false],
      ['  long best() { return 1; }\n', '', true],
    ],
  ],
  [
    'rust',
    'impl Grid {\n    fn copied(&self) -> Grid { Grid }\n    fn clone(&self) -> Grid { self.copied() }\n    fn twice(&self) -> (Grid, Grid) { (self.clone(), self.copied()) }\n}\n\nfn show() { let grid = open(); grid.twice(); }\n',
    [
      ['    fn clone(&self) -> Grid { self.copied() }\n', '', false],
      ['    fn copied(&self) -> Grid { Grid }\n', '', true],
      ['    fn twice(&self) -> (Grid, Grid) { (self.clone(), self.copied()) }\n', '', false],
    ],
  ],
  [
    'cpp',
    'class Clip {\n public:\n  float duration() const { return 1; }\n  float norm() const { return 2; }\n  bool done(float t) const { return t > duration(); }\n};\n\nfloat sum(const Clip& clip, const Other& other) { return clip.norm() + other.norm(); }\n',
    [
      ['float duration() const', 'float totalSeconds() const', true],
      ['float norm() const', 'float size() const', true],
      ['bool done(float t) const', 'bool over(float t) const', false],
    ],
  ],
  [
    'php',
    '<?php\nclass Cart {\n  public function subtotal(): int { return 1; }\n  public function discount(): int { return $this->subtotal() / 2; }\n}\nfunction pay(Cart $cart, Other $other) { return $cart->discount() + $other->subtotal(); }\n',
    [
      ['function subtotal()', 'function sum()', true],
      ['function discount()', 'function rebate()', true],
    ],
  ],
  [
    'ruby',
    'class Recipe\n  def add_step(text)\n    @steps << text\n  end\n\n  def scale(people)\n    scaled = Recipe.new\n    scaled.add_step("a")\n    scaled\n  end\n\n  def half\n    self.scale(2)\n  end\nend\n',
    [
      ['def add_step(text)', 'def instruction(text)', true],
      ['def scale(people)', 'def sized(people)', true],
      ['def half', 'def halved', false],
    ],
  ],
];

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
    'static int limit = 3;\n\nint weigh(int one) { return one; }\n\nint total(const std::vector<int>& items, int factor) {\n  int amount = 0;\n  for (int item : items) amount += weigh(item) * factor;\n  return amount + limit;\n}\n',
    [
      ['static int limit = 3;\n', '', true],
      ['int amount = 0;\n', '', true],
      ['int weigh(int one)', 'int heft(int one)', true],
      ['int amount = 0;', 'long amount = 0;', false],
    ],
  ],
];

/** Members, with a class around them and a method that asks for them. */
const py = (body: string, head = 'class A:') => `${head}\n${body}\n    def f(self):\n        return self.x\n`;
const js = (body: string, head = 'class A {') => `${head}\n${body}\n  f() { return this.x; }\n}\n`;
const init = '    def __init__(self, pair):\n        self.x = pair[0]\n        self.y = pair[1]\n';

/** Answers that are right, or may be: what they take away comes from elsewhere, or in another way. */
const right: readonly (readonly [languageId: string, text: string, old: string, fresh: string])[] = [
  ...[
    '        self.x, self.y = pair\n',
    '        for self.x in pair: pass\n',
    '        setattr(self, "x", 1)\n',
  ].map(
    (fresh) => ['python', py(init), '        self.x = pair[0]\n        self.y = pair[1]\n', fresh] as const,
  ),
  ...['    x: int\n', '    __slots__ = ("x",)\n', '    @property\n    def x(self):\n        return 1\n'].map(
    (fresh) => ['python', py(init), init, fresh] as const,
  ),
  ['python', py(init), `class A:\n${init}`, 'class A(Base):\n    pass\n'],
  ['python', py('    x = 1\n'), '    x = 1\n', '    def __init__(self):\n        self.x = 1\n'],
  ['python', py('    x = 1\n', 'class A(Base):'), '    x = 1\n', '    pass\n'],
  ['python', py('    x = 1\n'), '    x = 1\n', '    def __getattr__(self, name):\n        return 1\n'],
  ['python', 'from a import b\n\nprint(b)\n', 'from a import b', 'from a import *'],
  [
    'python',
    'def f(xs):\n    id = g(xs)\n    return id\n',
    '    id = g(xs)\n    return id\n',
    '    return id(xs)\n',
  ],
  [
    'python',
    'count = 0\n\ndef f():\n    global count\n    count = 1\n\ndef g():\n    return count\n',
    'count = 0\n',
    '',
  ],
  ['javascript', js('  constructor(p) { this.x = p[0]; }'), 'this.x = p[0];', '[this.x] = p;'],
  ['javascript', js('  constructor(x) { this.x = x; }'), 'this.x = x;', 'Object.assign(this, { x });'],
  ['javascript', js('  x = 1;'), '  x = 1;', '  constructor() { this.x = 1; }'],
  ['javascript', js('  x() { return 1; }'), '  x() { return 1; }', '  x = () => 1;'],
  ['javascript', js('  x = 1;'), 'class A {\n  x = 1;', 'class A extends B {'],
  ['javascript', 'const size = 1;\nexport { size } from "x";\n', 'const size = 1;\n', ''],
  ['javascript', 'const size = 1;\nexport { other as size };\n', 'const size = 1;\n', ''],
  [
    'javascript',
    'const counter = { n: 0, step() { this.n = this.n + 1; return this.n; } };\n',
    'this.n = this.n + 1;',
    'this.n++;',
  ],
  [
    'javascript',
    'import { Buffer } from "buffer";\nBuffer.from("a");\n',
    'import { Buffer } from "buffer";\n',
    '',
  ],
  [
    'go',
    'package a\n\nvar one = 1\nvar two = 2\n\nfunc f() int { return one + two }\n',
    'var one = 1\nvar two = 2',
    'var one, two = 1, 2',
  ],
  [
    'go',
    'package a\n\nfunc f(v any) any {\n\tt := v\n\tswitch t.(type) {\n\tcase string:\n\t\treturn t\n\t}\n\treturn nil\n}\n',
    '\tt := v\n\tswitch t.(type) {',
    '\tswitch t := v.(type) {',
  ],
  [
    'rust',
    'fn f(p: P) -> u8 {\n    let width = p.width;\n    width\n}\n',
    'let width = p.width;',
    'let P { width } = p;',
  ],
  ['rust', 'use a::Size;\nfn f(s: Size) {}\n', 'use a::Size;', 'use a::*;'],
  [
    'rust',
    'struct S { w: u8 }\nimpl S {\n    fn add(&mut self) { self.w = self.w + 1; }\n    fn get(&self) -> u8 { self.w }\n}\n',
    'self.w = self.w + 1;',
    'self.w += 1;',
  ],
  ['java', 'import a.Deque;\nclass A { Deque x; }\n', 'import a.Deque;', 'import a.*;'],
  [
    'java',
    'class A extends B {\n  int weigh() { return 1; }\n  int f() { return weigh(); }\n}\n',
    '  int weigh() { return 1; }\n',
    '',
  ],
  [
    'java',
    'class A {\n  int f(Object o) {\n    C c = (C) o;\n    return c.r();\n  }\n}\n',
    '    C c = (C) o;\n',
    '    if (!(o instanceof C c)) return 0;\n',
  ],
  [
    'csharp',
    'partial class A {\n  int limit = 1;\n  int F() { return limit; }\n}\n',
    '  int limit = 1;\n',
    '',
  ],
  [
    'cpp',
    'int f() {\n  int lo = 0;\n  int hi = 9;\n  return lo + hi;\n}\n',
    '  int lo = 0;\n  int hi = 9;\n',
    '  int lo, hi;\n',
  ],
  ['cpp', 'int g(int);\nint f() { return g(1); }\n', 'int g(int);', '#include "g.h"'],
  [
    'cpp',
    'class A {\n  int size;\n  A(int size) { this->size = size; }\n  int f() { return this->size; }\n};\n',
    'A(int size) { this->size = size; }',
    'A(int size) : size(size) {}',
  ],
  [
    'php',
    '<?php\nclass A {\n  private $n = 0;\n  function f() { $this->n = $this->n + 1; return $this->n; }\n}\n',
    '$this->n = $this->n + 1;',
    '$this->n++;',
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
  for (const [languageId, text, old, fresh] of right)
    test(`is not one where it comes in another way: ${languageId}, ${JSON.stringify(fresh)} for ${JSON.stringify(old)}`, async () => {
      assert.equal(await isOrphaning(languageId, text, old, fresh), false, text);
    });

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

describe('a method that objects of its type are asked for', () => {
  for (const [languageId, text, all] of METHOD_CASES)
    for (const [old, fresh, wanted] of all)
      test(`${languageId}: ${wanted ? '' : 'not '}${JSON.stringify(old)} → ${JSON.stringify(fresh)}`, async () => {
        assert.equal(await isOrphaning(languageId, text, old, fresh), wanted);
      });
});
