// Methods that an answer takes away while objects of their type are asked for them, as real grammars read them.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { isOrphaning } from './judging';

type Case = readonly [old: string, fresh: string, isOrphaning: boolean];

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

const cases: readonly (readonly [string, string, readonly Case[]])[] = [
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

describe('a method that objects of its type are asked for', () => {
  for (const [languageId, text, all] of cases)
    for (const [old, fresh, wanted] of all)
      test(`${languageId}: ${wanted ? '' : 'not '}${JSON.stringify(old)} → ${JSON.stringify(fresh)}`, async () => {
        assert.equal(await isOrphaning(languageId, text, old, fresh), wanted);
      });
});
