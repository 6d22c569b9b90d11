// What a grammar lets pass and a compiler would not, and what a language allows although it looks like that.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { judged } from '../../../../../extension/rewrite/judge';
import { trees } from './judging';

/** By a line that goes: what stands there instead, and why that is not worth showing. */
const WORSE: readonly (readonly [string, string, string, string, string])[] = [
  ['python', 'def f(a):\n    for b in a:\n        g(b)\n', 'for b in a:', 'b = a', 'does-not-parse'],
  [
    'python',
    'def f(a):\n    for b in a:\n        g(b)\n    return a\n',
    '    g(b)',
    'g(b)',
    'does-not-parse',
  ],
  ['python', 'x = 1\ny = 2\n', 'y = 2', '  y = 2', 'does-not-parse'],
  [
    'python',
    'class A:\n    def f(s):\n        pass\n\n    def g(s):\n        pass\n',
    'def g(s):',
    'def f(s):',
    'declares-again',
  ],
  [
    'typescript',
    'interface A {\n  a: string;\n  b: number;\n}\n',
    'b: number;',
    'a: string;',
    'declares-again',
  ],
  [
    'javascript',
    'export function f() {}\nfunction g() {}\n',
    'function g',
    'export function f',
    'declares-again',
  ],
  [
    'python',
    'class A:\n    @property\n    def f(s):\n        return 1\n\n    def g(s):\n        return 2\n',
    'def g(s):',
    '@property\n    def f(s):',
    'declares-again',
  ],
  [
    'python',
    '@dataclass\nclass A:\n    x: int\n\n\n@dataclass\nclass B:\n    x: int\n',
    'class B',
    'class A',
    'declares-again',
  ],
  ['python', 'x = 1\ny = 2\n', 'y = 2', 'return x', 'does-not-parse'],
  ['shellscript', 'log "a"\nlog "b"\n', 'log "b"', 'log("b")', 'does-not-parse'],
  ['go', 'package p\n\nvar x = 1\n', 'var x = 1', 'x := 1', 'does-not-parse'],
  ['rust', 'fn a() {}\nconst B: u8 = 1;\n', 'const B: u8 = 1;', 'let b = 1;', 'does-not-parse'],
  ['rust', 'fn a() {}\nconst B: u8 = 1;\n', 'const B: u8 = 1;', 'a();', 'does-not-parse'],
  ['cpp', 'int a();\nint b();\n', 'int b();', 'return 3;', 'does-not-parse'],
  ['typescript', 'class A {\n  f(): void {}\n  g(): void {}\n}\n', 'g():', 'f():', 'declares-again'],
  [
    'cpp',
    'class A {\n  int b() const { return n; }\n  int c() const { return 3; }\n  int n;\n};\n',
    'int c() const { return 3; }',
    'int b() const { return 3; }',
    'declares-again',
  ],
  ['typescript', 'const a = 1;\nconst b = 2;\n', 'const b', 'const a', 'declares-again'],
  ['typescript', 'const a = 1;\nlet b = 2;\nb = 3;\n', 'b = 3', 'a = 3', 'does-not-parse'],
  [
    'javascript',
    'function f(c) {\n  const a = 1;\n  if (c) {\n    c++;\n  }\n}\n',
    'c++',
    'a++',
    'does-not-parse',
  ],
  ['javascript', 'export const { a } = use();\nlet b = 2;\nb += 3;\n', 'b +=', 'a +=', 'does-not-parse'],
  ['rust', 'enum Voice { A }\n\nstruct Part;\n', 'struct Part;', 'struct Voice;', 'declares-again'],
  ['go', 'package p\n\nfunc (q *Q) A() {}\n\nfunc (q *Q) B() {}\n', 'B()', 'A()', 'declares-again'],
  ...[
    'const [a, setA] = use();\nX;\n',
    'const { b, c: [a = 1] } = use();\nX;\n',
    'const { ...a } = use();\nX;\n',
    'function f(...a) {\n  X;\n}\n',
    'const f = ({ a = 1 }) => {\n  X;\n};\n',
    'const f = a => {\n  X;\n};\n',
    'try {\n  b();\n} catch (a) {\n  X;\n}\n',
  ].flatMap((text) =>
    ['javascript', 'typescript'].map(
      (languageId) => [languageId, text, 'X;', 'const a = 2; use(a);', 'declares-again'] as const,
    ),
  ),
  // Code that goes on with the next function.
  [
    'python',
    'def f(a):\n    b = g(a)\n    return b\n\n\nf(1)\n',
    'return b',
    "return b\n\n\nif __name__ == '__main__':\n    f(2)",
    'leaves-block',
  ],
  [
    'rust',
    'impl M {\n    fn a(&self) -> u8 {\n        self.x\n    }\n}\n',
    'self.x',
    'self.x\n    }\n\n    fn b(&self) -> u8 {\n        self.y',
    'leaves-block',
  ],
  [
    'java',
    'class A {\n  int a() {\n    return 1;\n  }\n}\n',
    'return 1;',
    'return 2;\n  }\n\n  int b() {\n    return 3;',
    'leaves-block',
  ],
  [
    'java',
    'class A {\n  int x;\n  A(int x) {\n    this.x = x;\n  }\n}\n',
    'this.x = x;',
    'private final int y;',
    'does-not-parse',
  ],
  [
    'java',
    'class A {\n  int a(int x) { return 1; }\n  int b(String y) { return 2; }\n}\n',
    'int b(String y)',
    'int a(int y)',
    'declares-again',
  ],
  [
    'csharp',
    'class A {\n  void F(Order o) {\n    Save(o.Id);\n  }\n}\n',
    'Save(o.Id)',
    'Save(Order order)',
    'does-not-parse',
  ],
  [
    'typescript',
    'class A {\n  f(a: string, b?: number) {\n    X;\n  }\n}\n',
    'X;',
    'let b = 2;',
    'declares-again',
  ],
];

describe('beyond the grammar', () => {
  for (const [languageId, text, old, fresh, reason] of WORSE) {
    test(`sees what the grammar lets pass: ${languageId}, ${JSON.stringify(fresh)} for ${JSON.stringify(old)}`, async () => {
      const start = text.indexOf(old);
      const spans = [{ start, end: start + old.length, old }];
      const [one] = await judged(trees, { text, languageId }, spans, [{ texts: [fresh] }]);
      assert.deepEqual(one?.quality, { mark: 'poor', reasons: [reason] });
    });
  }

  test('lets pass what a language allows to stand twice', async () => {
    for (const [languageId, text, old, fresh] of [
      [
        'python',
        'class A:\n    @property\n    def f(s):\n        pass\n\n    @f.setter\n    def f(s, v):\n        x\n',
        'x',
        'v',
      ],
      ['python', 'if a:\n    def f(): pass\nelse:\n    x = 1\n', 'x = 1', 'def f(): pass'],
      [
        'python',
        'def f():\n    a = 1; b = 2\n    # note\n        # deeper\n    return a\n',
        'b = 2',
        'b = 3',
      ],
      ['typescript', 'class A {\n  get f() { return 1; }\n  x() {}\n}\n', 'x() {}', 'x() {}\n  set f(v) {}'],
      [
        'typescript',
        'class A {\n  f(a: string): void;\n  f(a: number): void;\n  f(a: unknown) { b; }\n}\n',
        'b;',
        'a;',
      ],
      ['javascript', 'function f(a) {\n  X;\n}\n', 'X;', 'var a = 2;'],
      ['javascript', 'const a = 1;\nfunction f(a) {\n  X;\n}\n', 'X;', 'a = 2;'],
      ['javascript', 'const a = {};\nX;\n', 'X;', 'a.b = 2;'],
      ['javascript', 'for (const a of b) {\n  let c = a;\n  X;\n}\n', 'X;', 'c = a;'],
      ['javascript', 'function f(a) {\n  if (b) {\n    X;\n  }\n}\n', 'X;', 'const a = 2;'],
      ['javascript', 'const { a: b } = use();\nX;\n', 'X;', 'const a = 2;'],
      ['javascript', 'const [a = b] = use();\nX;\n', 'X;', 'const b = 2;'],
      ['typescript', 'const f = (g: (a: string) => void) => {\n  X;\n};\n', 'X;', 'const a = 2;'],
      ['typescript', 'interface A {}\ntype B = 1;\nconst C = 2;\n', 'const C', 'const B'],
      ['go', 'package p\n\nfunc (q *Q) A() {}\n\nfunc (r *R) B() {}\n', 'B()', 'A()'],
      [
        'python',
        'class A:\n    @property\n    def x(self):\n        return 1\n\n    def y(self):\n        return 2\n',
        'def y(self)',
        '@x.setter\n    def x(self, value)',
      ],
      [
        'java',
        'class A {\n  int a(int x) { return 1; }\n  int b(String y) { return 2; }\n}\n',
        'int b',
        'int a',
      ],
      ['csharp', 'class A {\n  void F(string s) {\n    P(s);\n  }\n}\n', 'P(s)', 'P(s, out int n)'],
      // Who selects a whole function may get two; and a statement may be several.
      [
        'python',
        'def f(a):\n    return a\n',
        'def f(a):\n    return a',
        'def f(a):\n    return g(a)\n\n\ndef g(a):\n    return a',
      ],
      [
        'java',
        'class A {\n  int a() {\n    return 1;\n  }\n}\n',
        'return 1;',
        'if (x) {\n      return 2;\n    }\n    return 3;',
      ],
      ['shellscript', 'log "a"\nlog "b"\n', 'log "b"', '(log "b")'],
      ['rust', 'fn a() {}\nconst B: u8 = 1;\n', 'const B: u8 = 1;', 'make!(a);\nmake! { a }'],
      [
        'rust',
        '#[cfg(unix)]\nstruct A;\n\nfn b() {}\n',
        'fn b() {}',
        '#[cfg(windows)]\n/// Of Windows.\nstruct A;',
      ],
      [
        'cpp',
        'int f() {\n  FOR_EACH(int x, a) { g(x); }\n  h();\n}\n',
        'h();',
        'FOR_EACH(int x, a) { h(x); }',
      ],
      ['cpp', 'int a();\nint b();\n', 'int b();', 'DECLARE(b);'],
    ] as const) {
      const start = text.indexOf(old);
      const spans = [{ start, end: start + old.length, old }];
      const [one] = await judged(trees, { text, languageId }, spans, [{ texts: [fresh] }]);
      // These texts are too short to know every name.
      const faults = one?.quality?.reasons.filter((reason) => reason !== 'unknown-names');
      assert.deepEqual(faults, [], text);
    }
  });
});
