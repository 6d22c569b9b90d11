// Functions that an answer leaves without anything to give back, as real grammars read them.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { reasonsBetween } from './judging';

const lost: readonly (readonly [string, string, string])[] = [
  ['python', 'def f(rows):\n    ¦n = len(rows)\n    return n\n¦', 'n = len(rows)\n'],
  ['python', 'def f(rows):\n    n = 1\n    ¦return n¦\n', 'n += len(rows)'],
  ['python', '¦def f(rows):\n    return rows\n¦', 'def f(rows):\n    print(rows)\n'],
  ['python', 'class A:\n    ¦def f(self):\n        return 1¦\n', 'def f(self):\n        self.n = 1'],
  ['python', 'def f(rows):\n    def g():\n        return 1\n    ¦return g()¦\n', 'rows.append(g())'],
  ['typescript', 'function f(a: number[]) {\n  ¦return a.length;¦\n}\n', 'a.push(1);'],
  ['typescript', 'const f = (a: number) => {\n  ¦return a;¦\n};\n', 'console.log(a);'],
  ['typescript', '¦const f = (a: number) => {\n  return a;\n};¦\n', 'const f = (a: number) => {\n  a++;\n};'],
  ['typescriptreact', 'function F() {\n  ¦return <div />;¦\n}\n', 'render(<div />);'],
  ['javascript', 'class A {\n  f() {\n    ¦return this.a;¦\n  }\n}\n', 'this.a = 1;'],
  ['go', 'package a\n\nfunc f(a int) int {\n\t¦return a¦\n}\n', 'a++'],
  ['java', 'class A {\n  int f(int a) {\n    ¦return a;¦\n  }\n}\n', 'a++;'],
  ['csharp', 'class A {\n  int F(int a) {\n    ¦return a;¦\n  }\n}\n', 'a++;'],
  ['cpp', 'int f(int a) {\n  ¦return a;¦\n}\n', 'a++;'],
  // It owes something, and said so in another way.
  ['go', 'package a\n\nfunc f(a int) error {\n\t¦panic("not implemented")¦\n}\n', 'lock()'],
  ['java', 'class A {\n  int f(int a) {\n    ¦throw new Error();¦\n  }\n}\n', 'a++;'],
  ['csharp', 'class A {\n  int F(int a) {\n    ¦throw new Exception();¦\n  }\n}\n', 'a++;'],
  ['typescript', 'function f(a: number): number {\n  ¦throw new Error();¦\n}\n', 'a++;'],
  ['python', 'def f(a) -> int:\n    ¦raise NotImplementedError¦\n', 'print(a)'],
  // Not at its end any more.
  [
    'csharp',
    'class A {\n  bool F(int a) {\n    if (a > 1) return true;\n    ¦return false;¦\n  }\n}\n',
    'Log(a);',
  ],
  ['csharp', 'class A {\n  bool F(int a) {\n    ¦return a > 1;¦\n  }\n}\n', 'if (a > 1) return true;'],
  ['java', 'class A {\n  int f(int a) {\n    ¦return a;¦\n  }\n}\n', 'if (a > 1) { return a; }'],
  ['go', 'package a\n\nfunc f(a int) int {\n\tif a > 1 {\n\t\treturn 1\n\t}\n\t¦return a¦\n}\n', 'a++'],
  ['go', 'package a\n\nfunc f(a int) int {\n\t¦return a¦\n}\n', 'if a > 1 {\n\t\treturn a\n\t}'],
  [
    'typescript',
    'function f(a: number): number {\n  if (a > 1) return 1;\n  ¦return a;¦\n}\n',
    'const b = a;',
  ],
  ['python', 'def f(a) -> int:\n    if a:\n        return 1\n    ¦return a¦\n', 'a.pop()'],
  ['php', '<?php\nfunction f($a): int {\n  if ($a) { return 1; }\n  ¦return $a;¦\n}\n', 'g($a);'],
];

const kept: typeof lost = [
  ['typescript', 'function f(a: number) {\n  if (a > 1) return 1;\n  ¦return a;¦\n}\n', 'log(a);'],
  ['typescript', 'function f(a: number): number | undefined {\n  ¦return a;¦\n}\n', 'if (a > 1) return a;'],
  ['java', 'class A {\n  int f(int a) {\n    ¦return a;¦\n  }\n}\n', 'if (a > 1) return a; else return 1;'],
  [
    'java',
    'class A {\n  int f(int a) {\n    if (a > 1) return 1;\n    ¦return a;¦\n  }\n}\n',
    'while (true) { g(); }',
  ],
  [
    'java',
    'class A {\n  int f(int a) {\n    if (a > 1) return 1;\n    ¦return a;¦\n  }\n}\n',
    'throw new Error();',
  ],
  [
    'java',
    'class A {\n  int f(int a) {\n    if (a > 1) return 1;\n    ¦return a;¦\n  }\n}\n',
    'synchronized (a) { b(); return 1; }',
  ],
  ['go', 'package a\n\nfunc f(a int) int {\n\tif a > 1 {\n\t\treturn 1\n\t}\n\t¦return a¦\n}\n', 'panic(a)'],
  [
    'go',
    'package a\n\nfunc f(a int) int {\n\t¦return a¦\n}\n',
    'switch a {\n\tcase 1:\n\t\treturn 1\n\tdefault:\n\t\treturn 2\n\t}',
  ],
  ['csharp', 'class A {\n  int F(int a) {\n    ¦return a;¦\n  }\n}\n', 'lock (this) { G(); return 1; }'],
  ['python', 'def f(a) -> int:\n    ¦return a¦\n', 'if a:\n        return 1\n    else:\n        return 2'],
  ['python', 'def f(a) -> int:\n    ¦return a¦\n', 'with a:\n        return 1'],
  [
    'csharp',
    'class A {\n  IEnumerable<int> F(int a) {\n    ¦return G(a);¦\n  }\n}\n',
    'yield return a;\n    H();',
  ],
  ['python', 'def f(rows):\n    if rows:\n        ¦return 1¦\n    return 0\n', 'rows.pop()'],
  ['python', 'def f(rows):\n    ¦return rows¦\n', 'yield from rows'],
  ['python', 'def f(rows):\n    ¦return rows¦\n', 'raise NotImplementedError'],
  ['python', 'def f(rows):\n    ¦return None¦\n', 'rows.clear()'],
  ['python', 'def f(rows):\n    ¦return¦\n', 'rows.clear()'],
  ['python', '¦def f(rows):\n    return rows\n¦', 'def f(rows) -> None:\n    print(rows)\n'],
  [
    'python',
    '¦def f():\n    return 1\n\n\ndef g():\n    print(2)¦\n',
    'def f():\n    return 2\n\n\ndef g():\n    print(1)',
  ],
  ['typescript', 'const f = ¦(a: number) => {\n  return a;\n}¦;\n', '(a: number) => a'],
  ['typescript', '¦const f = (a: number) => {\n  return a;\n};¦\n', 'const f = (a: number) => a;'],
  [
    'typescript',
    '¦function f(a: number) {\n  return a;\n}¦\n',
    'function f(a: number): void {\n  log(a);\n}',
  ],
  ['typescript', 'function f(a: number) {\n  ¦return a;¦\n}\n', 'throw new Error(String(a));'],
  ['typescript', 'function f(a: number) {\n  ¦return;¦\n}\n', 'a++;'],
  ['go', 'package a\n\nfunc f(a int) (n int) {\n\t¦return a¦\n}\n', 'n = a\n\treturn'],
  ['csharp', 'class A {\n  ¦int F(int a) {\n    return a;\n  }¦\n}\n', 'int F(int a) => a;'],
  ['go', 'package a\n\nfunc f(a int) {\n\t¦panic("not implemented")¦\n}\n', 'lock()'],
  ['go', 'package a\n\nfunc f(a int) error {\n\t¦panic("not implemented")¦\n}\n', 'return lock()'],
  ['java', 'class A {\n  void f(int a) {\n    ¦throw new Error();¦\n  }\n}\n', 'a++;'],
  ['java', 'class A {\n  A(int a) {\n    ¦throw new Error();¦\n  }\n}\n', 'a++;'],
  ['csharp', 'class A {\n  async Task F(int a) {\n    ¦throw new Exception();¦\n  }\n}\n', 'a++;'],
  ['typescript', 'function f(a: number): Promise<void> {\n  ¦throw new Error();¦\n}\n', 'a++;'],
  ['typescript', 'function f(a: number) {\n  ¦throw new Error();¦\n}\n', 'a++;'],
  ['python', 'def f(a) -> int | None:\n    ¦raise NotImplementedError¦\n', 'print(a)'],
  ['python', 'def f(a):\n    ¦raise NotImplementedError¦\n', 'print(a)'],
  [
    'python',
    '¦def total(xs):\n    return sum(xs)\n¦',
    'def show(xs):\n    print(xs)\n\n\ndef total(xs):\n    return sum(x for x in xs if x)\n',
  ],
  [
    'typescript',
    '¦function total(a: number) {\n  return a;\n}¦\n',
    'function check(a: number) {\n  log(a);\n}\nfunction total(a: number) {\n  return a + 1;\n}',
  ],
  [
    'go',
    'package a\n\nfunc (s *S) Close() error {\n\t¦return s.db.Close()¦\n}\n',
    's.db.Close()\n\treturn nil',
  ],
  ['java', 'class A {\n  B f(C a) {\n    ¦return b.get(a);¦\n  }\n}\n', 'log(a);\n    return null;'],
  ['typescript', 'function f(a: M): string | null {\n  ¦return a.get();¦\n}\n', 'return null;'],
  [
    'python',
    'class A(ABC):\n    @abstractmethod\n    def area(self) -> float:\n        ¦raise NotImplementedError¦\n',
    '...',
  ],
  [
    'python',
    'class A(ABC):\n    @abstractmethod\n    def area(self) -> float:\n        ¦raise NotImplementedError¦\n',
    '"""Square metres."""',
  ],
  ['javascript', 'app.get("/", (req, res) => {\n  ¦return res.send(1);¦\n});\n', 'res.send(1);'],
  [
    'javascript',
    'function f(req, res) {\n  ¦if (!req.q) return res.status(404).send();¦\n  res.send(1);\n}\n',
    'if (!req.q) {\n    res.status(404).send();\n    return;\n  }',
  ],
  ['cpp', 'int main() {\n  run();\n  ¦return 0;¦\n}\n', 'stop();'],
  ['rust', 'fn f(a: i32) -> i32 {\n    ¦return a;¦\n}\n', 'a'],
];

describe('a function that gave something back', () => {
  for (const [languageId, marked, fresh] of lost)
    test(`does so no longer: ${languageId}, ${JSON.stringify(fresh)} in ${JSON.stringify(marked)}`, async () => {
      assert.ok((await reasonsBetween(languageId, marked, fresh)).includes('no-return'));
    });

  for (const [languageId, marked, fresh] of kept)
    test(`still does, or need not: ${languageId}, ${JSON.stringify(fresh)} in ${JSON.stringify(marked)}`, async () => {
      assert.ok(!(await reasonsBetween(languageId, marked, fresh)).includes('no-return'));
    });

  test('leaves an answer unsure, for the rest may be about to follow', async () => {
    const [languageId, marked, fresh] = [
      'python',
      'def f(rows):\n    ¦return rows¦\n',
      'rows.clear()',
    ] as const;
    assert.deepEqual(await reasonsBetween(languageId, marked, fresh), ['no-return']);
  });
});
