// Local variables that an answer leaves with nobody who reads them: half a renaming, a sum that is not given back.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { reasonsBetween } from './judging';

const marked = async (language: string, text: string, fresh: string) =>
  (await reasonsBetween(language, text, fresh)).includes('never-read');

describe('a variable that nothing reads', () => {
  test('is told where the answer takes its only use, or brings it', async () => {
    const go =
      'package a\n\nfunc total(xs []int) int {\n\ttotal := 0\n\tfor _, x := range xs {\n\t\ttotal += x\n\t}\n¦\treturn total¦\n}\n';
    const ts =
      'export class A {\n  sum(): number {\n    let total = 0;\n¦    for (const x of this.xs) {\n      total += x.hits;\n    }\n¦    return total;\n  }\n}\n';
    const tsHalf = '    let hits = 0;\n    for (const x of this.xs) {\n      hits += x.hits;\n    }\n';
    const length =
      'function move(event: Event, start: number) {\n  const length = duration(event);\n  event.start = start;\n¦  event.end = start - length;\n¦}\n';
    const cases: readonly (readonly [string, string, string])[] = [
      ['go', go, '\treturn sum'],
      ['typescript', ts, tsHalf],
      ['typescript', length, '  event.end = start - duration(event);\n'],
      [
        'python',
        'def f(xs):\n    total = 0\n    for x in xs:\n        total += x\n¦    return total\n¦',
        '    return 0\n',
      ],
      ['python', 'def f(xs):\n¦    return len(xs)\n¦', '    count = len(xs)\n    return xs\n'],
      ['java', 'class A { int f(int x) { int y = x + 1;\n¦    return y;¦\n } }\n', '    return x;'],
      ['csharp', 'class A { int F(int x) { var y = x + 1;\n¦    return y;¦\n } }\n', '    return x;'],
      ['rust', 'fn f(x: i32) -> i32 {\n    let y = x + 1;\n¦    y * 2¦\n}\n', '    x * 2'],
      [
        'javascript',
        'function f(x) {\n  let n = 0;\n¦  for (;;) if (n > 3) break;\n¦}\n',
        '  n++;\n  n = 2;\n',
      ],
      [
        'javascript',
        'function f(x) {\n  const size = x.length;\n¦  return size;\n¦}\n',
        '  return x.size;\n',
      ],
    ];
    for (const [language, text, fresh] of cases)
      assert.equal(await marked(language, text, fresh), true, fresh);
  });

  test('is none where something may read it, in whatever way', async () => {
    const cases: readonly (readonly [string, string, string])[] = [
      // Read in a closure, a template, a shorthand, a string of a macro, a default, a dictionary’s key.
      [
        'typescript',
        'function f(x: number) {\n¦  return x;\n¦}\n',
        '  const y = x + 1;\n  return () => y;\n',
      ],
      [
        'typescript',
        'function f(x: number) {\n¦  return x;\n¦}\n',
        `  const y = x + 1;\n  return \`\${y}\`;\n`,
      ],
      ['typescript', 'function f(x: number) {\n¦  return x;\n¦}\n', '  const y = x + 1;\n  return { y };\n'],
      [
        'typescriptreact',
        'function F(x: number) {\n¦  return x;\n¦}\n',
        '  const y = x + 1;\n  return <A b={y} />;\n',
      ],
      ['rust', 'fn f(x: i32) {\n¦    g(x);\n¦}\n', '    let y = x + 1;\n    println!("{y}");\n'],
      ['python', 'def f(x):\n¦    return x\n¦', '    y = x + 1\n    return {y: 1}\n'],
      ['python', 'def f(x):\n¦    return x\n¦', '    y = x + 1\n    return f"{y}"\n'],
      [
        'python',
        'def f(x):\n¦    return x\n¦',
        '    y = x + 1\n    def g():\n        return y\n    return g\n',
      ],
      // Nobody is meant to read it, or it gives something back at the end of its block.
      ['rust', 'fn f(m: &Mutex<i32>) {\n¦    g();\n¦}\n', '    let _guard = m.lock();\n    g();\n'],
      ['csharp', 'class A { void F() {\n¦    G();\n¦ } }\n', '    using var scope = Open();\n    G();\n'],
      ['cpp', 'void f() {\n¦  g();\n¦}\n', '  std::lock_guard<std::mutex> lock(m);\n  g();\n'],
      ['go', 'package a\n\nfunc f() {\n¦\tg()\n¦}\n', '\ty := g()\n\t_ = y\n'],
      // Given to the code around the function, or to nobody knows whom.
      ['python', 'total = 0\ndef f(x):\n    global total\n¦    return x\n¦', '    total = x\n    return x\n'],
      ['python', 'def f(x):\n¦    return x\n¦', '    y = x\n    return locals()\n'],
      [
        'typescript',
        'let total = 0;\nfunction f(x: number) {\n¦  return x;\n¦}\n',
        '  total = x;\n  return x;\n',
      ],
      ['python', 'class A:\n¦    size = 1\n¦', '    count = 2\n'],
      // It was read by nobody before, or more code is to come.
      ['typescript', 'function f(x: number) {\n¦  const a = g(x);\n¦}\n', '  const b = h(x);\n'],
      ['typescript', 'function f(x: number) {\n¦¦\n}\n', '  const y = x + 1;'],
      ['python', 'def f(x):\n    y = 1\n¦    return x\n¦', '    return x + 1\n'],
      // At the top of a file others may import it.
      ['typescript', '¦const a = 1;\n¦', 'const b = 2;\n'],
      // A loop counts by it.
      ['javascript', 'function f(xs) {\n¦  return xs;\n¦}\n', '  for (let i = 0; i < 3; i++) g();\n'],
    ];
    for (const [language, text, fresh] of cases)
      assert.equal(await marked(language, text, fresh), false, fresh);
  });
});
