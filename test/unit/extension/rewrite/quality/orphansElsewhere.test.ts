// Declarations that an answer takes away and that come in another way, as real grammars read them: those answers may be right.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { isOrphaning } from './judging';

/** Members, with a class around them and a method that asks for them. */
const py = (body: string, head = 'class A:') => `${head}\n${body}\n    def f(self):\n        return self.x\n`;
const js = (body: string, head = 'class A {') => `${head}\n${body}\n  f() { return this.x; }\n}\n`;
const init = '    def __init__(self, pair):\n        self.x = pair[0]\n        self.y = pair[1]\n';

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
    'int g(int a) { return a; }\nint f() { return g(1); }\n',
    'int g(int a) { return a; }',
    '#include "g.h"',
  ],
  ['cpp', '#include "g.h"\nint g(int);\nint f() { return g(1); }\n', 'int g(int);', ''],
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

describe('an answer that takes away what comes in another way', () => {
  for (const [languageId, text, old, fresh] of right)
    test(`${languageId}, ${JSON.stringify(fresh)} for ${JSON.stringify(old)}`, async () => {
      assert.equal(await isOrphaning(languageId, text, old, fresh), false, text);
    });
});
