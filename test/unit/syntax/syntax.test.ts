// The real parser and the real grammars: which piece of syntax is meant, exact offsets, and memory that is given back.
import assert from 'node:assert/strict';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import fc from 'fast-check';
import { bracketRest } from '../../../engine/syntax/brackets';
import { grammarFile, grammarOf } from '../../../engine/syntax/grammars';
import { SyntaxTrees } from '../../../engine/syntax/syntaxTrees';
import { isNoWorse } from '../../../engine/syntax/tree';

const folder = path.join(path.dirname(require.resolve('@vscode/tree-sitter-wasm/package.json')), 'wasm');

type MemoryClass = new (descriptor: object) => { readonly buffer: ArrayBuffer };
/** Emscripten makes one memory for the parser and all grammars; this is how it can be weighed. */
const memories: InstanceType<MemoryClass>[] = [];
const webAssembly: { Memory: MemoryClass } = Reflect.get(globalThis, 'WebAssembly');
const { Memory } = webAssembly;
before(() => {
  webAssembly.Memory = class extends Memory {
    constructor(descriptor: object) {
      super(descriptor);
      memories.push(this);
    }
  };
});
after(() => {
  webAssembly.Memory = Memory;
  trees.dispose();
});
const bytes = () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);

const warnings: string[] = [];
const trees = new SyntaxTrees({ folder, warn: (message) => warnings.push(message), limitMillis: 60_000 });

/** `marked` has one `|` where the cursor is, or two around the range. */
async function enclosing(languageId: string, marked: string): Promise<string | undefined> {
  const [head = '', middle = '', ...tail] = marked.split('|');
  const text = head + middle + tail.join('|');
  const at = tail.length > 0 ? { start: head.length, end: head.length + middle.length } : head.length;
  const range = await trees.enclosingNode(text, languageId, at);
  return range && text.slice(range.start, range.end);
}

describe('what is written for people', () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    [
      'python',
      'a = "one" # two\n"three"\nb = f"four {five} six"\n',
      ['one', '# two', 'three', 'four ', ' six'],
    ],
    ['typescript', "const a = 'one'; // two\n/* three */ f(a);\n", ['one', '// two', '/* three */']],
    ['typescript', `f(\`four $\{five} six\`, /x/);\n`, ['four ', ' six']],
    ['javascript', 'f("", 1);\n', []],
    ['go', 'a := "one" // two\n', ['one', '// two']],
    ['rust', 'let a = "one"; // two\n', ['one', '// two']],
  ];
  for (const [languageId, text, prose] of cases) {
    test(`${languageId}: ${JSON.stringify(text)}`, async () => {
      const found = await trees.ask(text, languageId, (tree) => tree.prose({ start: 0, end: text.length }));
      const texts = (found ?? []).map(({ start, end }) => text.slice(start, end).replace(/^"|"$/g, ''));
      assert.deepEqual(
        texts.filter((one) => one !== ''),
        prose,
      );
    });
  }

  test('of a region only', async () => {
    const text = '// one\nf();\n// two\n';
    const found = await trees.ask(text, 'typescript', (tree) => tree.prose({ start: 7, end: text.length }));
    assert.deepEqual(found, [{ start: 12, end: 18 }]);
  });
});

describe('what a cursor points at', () => {
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ['typescript', 'const total = price * (1 + ra|te);', '1 + rate'],
    ['typescript', 'const total = |price * 2 * 3;', 'price * 2 * 3'],
    ['typescript', 'const to|tal = price * 2;', 'const total = price * 2;'],
    ['typescript', 'console.lo|g(a, b);', 'console.log(a, b)'],
    ['typescript', 'f(a, "some t|ext");', 'f(a, "some text")'],
    ['typescript', 'f({ a: 1, b: gre|en });', 'b: green'],
    ['typescript', 'if (x) {\n  ret|urn 5;\n}', 'return 5;'],
    ['typescript', 'if (x) {\n|  return 5;\n}', 'return 5;'],
    ['typescript', 'if (x) {\n  return 5;  |\n}', 'return 5;'],
    ['typescript', 'class A {\n  na|me = 1;\n}', 'name = 1'],
    ['typescript', '// a wo|rd\nf();', '// a word'],
    ['typescript', 'f();\n|\ng();', undefined],
    ['typescript', '', undefined],
    ['typescriptreact', 'const a = <b>{x + |1}</b>;', 'x + 1'],
    ['javascript', 'items.map((a) => a.si|ze + 1)', 'a.size + 1'],
    ['python', 'def f(a):\n    return a.b + le|n(a)\n', 'len(a)'],
    ['python', 'def f(a):\n    x = |a[0]\n', 'x = a[0]'],
    ['python', 'for |a in b:\n    pass\n', 'for a in b:\n    pass'],
    ['go', 'package p\n\nfunc f() {\n\tx := g(a|, 1)\n}\n', 'g(a, 1)'],
    ['go', 'package p\n\nfunc f() {\n\t|x := 1\n}\n', 'x := 1'],
    ['rust', 'fn f() { let x = v.it|er().count(); }', 'v.iter()'],
    ['rust', 'fn f() { let |x = 1; }', 'let x = 1;'],
    ['java', 'class A { int f() { return a + g(b|); } }', 'g(b)'],
    ['csharp', 'class A { int F() { return a + G(b|); } }', 'G(b)'],
    ['cpp', 'int main() { return a + g(b|); }', 'g(b)'],
    ['c', 'int main(void) { int x| = 3; }', 'int x = 3;'],
    ['ruby', 'def f\n  x = a.b|(1)\nend\n', 'a.b(1)'],
    ['php', '<?php\nfunction f() { return $a + g($b|); }', 'g($b)'],
    ['shellscript', 'if true; then\n  echo he|llo\nfi\n', 'echo hello'],
    ['css', 'a { color: r|ed; }', 'color: red;'],
    ['powershell', 'function F { Get-Item| a }', 'Get-Item a'],
    ['plaintext', 'some wo|rds', undefined],
    ['toString', 'a|', undefined],
  ];
  for (const [language, marked, expected] of cases) {
    test(`${language}: ${JSON.stringify(marked)}`, async () => {
      assert.equal(await enclosing(language, marked), expected);
    });
  }

  test('the head of a long statement, and nothing where that is long as well', async () => {
    const body = '  g();\n'.repeat(40);
    assert.equal(await enclosing('typescript', `function na|me(a) {\n${body}}`), 'function name(a)');
    assert.equal(await enclosing('typescript', `const na|me = [\n${'  1,\n'.repeat(40)}];`), undefined);
  });

  test('nothing where the text does not parse', async () => {
    assert.equal(await enclosing('typescript', 'const = |= (;'), undefined);
  });
});

describe('what a range points at', () => {
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ['typescript', 'f(|missing|, 1);', 'missing'],
    ['typescript', 'f(|missing, 1|);', '(missing, 1)'],
    ['typescript', 'f(); |g(); h()|; i();', 'g(); h();'],
    ['typescript', 'x = "a |b| c";', '"a b c"'],
    ['typescript', 'f();| |', 'f();'],
    ['python', 'x = |1 +| y\n', '1 + y'],
  ];
  for (const [language, marked, expected] of cases) {
    test(`${language}: ${JSON.stringify(marked)}`, async () => {
      assert.equal(await enclosing(language, marked), expected);
    });
  }

  test('and the statement around it', async () => {
    const text = 'function f() {\n  const a = g(missing);\n  return a;\n}\n';
    const start = text.indexOf('missing');
    const statement = await trees.ask(text, 'typescript', (tree) =>
      tree.statement({ start, end: start + 7 }),
    );
    assert.deepEqual(statement && text.slice(statement.start, statement.end), 'const a = g(missing);');
  });
});

describe('offsets', () => {
  test('count UTF-16 units behind astral characters and CRLF', async () => {
    for (const before of ['"🎈漢é";', '// 👩‍👩‍👧\r\n', '\tf("🎈");\r\n\r\n', '\ufeff']) {
      assert.equal(await enclosing('typescript', `${before}const a = b + |c; // 🎈`), 'b + c', before);
      assert.equal(await enclosing('python', `#🎈\r\nx = b + |"🎈"\r\n`), 'b + "🎈"');
    }
  });

  test('lie in the text, at the borders of characters, whatever the text is', async () => {
    const piece = fc.constantFrom(
      'f(',
      ')',
      ' + ',
      '🎈',
      '"',
      "'",
      '{',
      '}',
      '\r\n',
      '\n',
      'é',
      'a',
      '1',
      '=',
      ';',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), fc.nat(), fc.nat(), async (pieces, a, b) => {
        const text = pieces.join('');
        const [start = 0, end = 0] = [a, b].map((n) => n % (text.length + 1)).sort((x, y) => x - y);
        for (const at of [start, { start, end }]) {
          const range = await trees.enclosingNode(text, 'typescript', at);
          if (range === undefined) continue;
          assert.ok(0 <= range.start && range.start < range.end && range.end <= text.length);
          assert.doesNotThrow(
            () => encodeURIComponent(text.slice(range.start, range.end)),
            'no torn character',
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('faults', () => {
  const TEXT = 'const a = f(1);\nconst b = 2;\n';
  const NONE = {
    inRegion: 0,
    everywhere: 0,
    misindented: 0,
    declaredTwice: 0,
    misplaced: 0,
    idle: 0,
    unreached: 0,
  };
  const faultsOf = (text: string, region = { start: 0, end: text.length }) =>
    trees.ask(text, 'typescript', (tree) => tree.faults(region));

  test('are counted in a region and everywhere', async () => {
    assert.deepEqual(await faultsOf(TEXT), { ...NONE });
    const broken = TEXT.replace('f(1)', 'f(1');
    const faults = await faultsOf(broken, { start: 0, end: 14 });
    assert.ok(faults && faults.inRegion > 0);
    const far = await faultsOf(broken, { start: 20, end: broken.length });
    assert.ok(far && far.inRegion < far.everywhere);
    assert.equal(await trees.ask('f((', 'plaintext', () => 1), undefined);
  });

  test('tell whether an edit left the text no worse', async () => {
    const before = { ...NONE, everywhere: 1 };
    assert.ok(isNoWorse(before, before));
    assert.ok(!isNoWorse(before, { ...before, inRegion: 1 }));
    assert.ok(!isNoWorse(before, { ...before, everywhere: 2 }));
  });

  test('a line end that is missing between two statements is one, though no token in the tree says so', async () => {
    const cases = [
      ['go', 'package a\n\nfunc b() {}\n', 'packages a\n\nfunc b() {}\n'],
      ['go', 'package a\n\nvar x = 1\nvar y = 2\n', 'package a\n\nvar x = 1 var y = 2\n'],
      ['go', 'package a\n\nfunc b() {}\nfunc c() {}\n', 'package a\n\nfunc b() {} func c() {}\n'],
      ['go', 'package a\n\nfunc b(l int) {\n}\n', 'package a\n\nfunction function (l, l, key) {\n}\n'],
      ['python', 'def f():\n    return 1\nx = 3\n', 'def f(): return 1 x = 3\n'],
    ] as const;
    for (const [language, good, bad] of cases) {
      const everywhere = async (text: string) =>
        (await trees.ask(text, language, (tree) => tree.faults({ start: 0, end: text.length })))?.everywhere;
      assert.equal(await everywhere(good), 0, good);
      assert.ok(((await everywhere(bad)) ?? 0) > 0, bad);
    }
  });

  test('accessors take what they take, and constructors are called as their class is', async () => {
    const misplaced = async (language: string, text: string) =>
      (await trees.ask(text, language, (tree) => tree.faults({ start: 0, end: text.length })))?.misplaced;
    const inClass = (member: string) => `class Bar {\n  ${member}\n}\n`;
    const fine: readonly (readonly [string, string])[] = [
      ['typescript', 'get fd() { return 1; }'],
      ['typescript', 'get(vehicle: Vehicle) { return 1; }'],
      ['typescript', 'private static get fd(/* none */) { return 1; }'],
      ['typescript', 'set fd(value: number) { this.x = value; }'],
      ['typescript', 'set(a: number, b: number) { this.x = a; }'],
      ['typescript', 'getLevel(vehicle: Vehicle) { return 1; }'],
      ['javascript', 'static set fd({ a, b }) { this.x = a; }'],
      ['java', 'public Bar() { }'],
      ['java', 'Bar(int x) { } static class Baz { Baz() { } }'],
      ['java', 'List list() { return null; }'],
      ['csharp', 'public Bar() { }'],
    ];
    const wrong: readonly (readonly [string, string])[] = [
      ['typescript', 'get fdLevel(vehicle: Vehicle) { return 1; }'],
      ['javascript', 'static get fd(a) { return a; }'],
      ['typescript', 'set fd() { }'],
      ['typescript', 'set fd(a: number, b: number) { }'],
      ['java', 'public ListList() { }'],
      ['java', 'static class Baz { Bar() { } }'],
      ['csharp', 'public List() { }'],
    ];
    for (const [expected, members] of [fine, wrong].entries())
      for (const [language, member] of members)
        assert.equal(await misplaced(language, inClass(member)), expected, member);
    // An object’s accessors are a class’s.
    assert.equal(await misplaced('javascript', 'const a = { get b(c) { return c; }, get(c) { } };\n'), 1);
    // Without a name there is nothing to be called as.
    assert.equal(
      await misplaced('java', 'class A { Object o = new Object() { int f() { return 1; } }; }\n'),
      0,
    );
  });

  test('what no compiler takes where it stands is counted, though the grammar takes it', async () => {
    const misplaced = async (language: string, text: string) =>
      (await trees.ask(text, language, (tree) => tree.faults({ start: 0, end: text.length })))?.misplaced;
    const wrong: readonly (readonly [string, string])[] = [
      ['python', 'try:\n    a()\n'],
      ['python', 'try:\n    a()\nelse:\n    b()\n'],
      ['javascript', 'try { a(); }\n'],
      ['typescript', 'try { a(); }\n'],
      ['csharp', 'class A { void F() { try { a(); } } }\n'],
      ['python', 'f(a=1, b)\n'],
      ['python', 'f(**k, b)\n'],
      ['python', 'def f(a=1, b):\n    pass\n'],
      ['python', 'def f(a: int = 1, b: int):\n    pass\n'],
      ['python', 'def f(a, a):\n    pass\n'],
      ['python', 'f = lambda a, *a: 1\n'],
      ['python', 'if a:\n    return 1\n'],
      ['python', 'class A:\n    def f(self):\n        pass\n    return 3\n'],
      ['python', 'for a in b:\n    def f():\n        break\n'],
      ['python', 'def f():\n    continue\n'],
      ['javascript', 'function f() { if (a) { break; } }\n'],
      ['java', 'class A { void f() { continue; } }\n'],
      ['go', 'package a\n\nfunc f() {\n\tbreak\n}\n'],
      ['go', 'package a\n\nfunc f() {\n\tg() = 3\n}\n'],
      ['javascript', 'const a;\n'],
      ['typescript', 'function f() { const a, b = 1; }\n'],
      ['typescript', 'if (a) const b = 1;\n'],
      ['javascript', 'while (a) let b = 1;\n'],
      ['csharp', 'class A { void F() { g(Order order); } }\n'],
    ];
    for (const [language, text] of wrong) assert.equal(await misplaced(language, text), 1, text);
    const fine: readonly (readonly [string, string])[] = [
      ['python', 'try:\n    a()\nexcept* E:\n    b()\n'],
      ['python', 'try:\n    a()\nfinally:\n    b()\n'],
      ['javascript', 'try { a(); } catch { b(); }\n'],
      ['java', 'class A { void f() { try (R r = x()) { a(); } } }\n'],
      ['csharp', 'class A { void F() { try { a(); } finally { b(); } } }\n'],
      ['ruby', 'begin\n  a\nend\n'],
      ['python', 'f(a=1, *b, **c)\n'],
      ['python', 'f(*b, a=1, # one\n  c=2)\n'],
      ['python', 'def f(a=1, *, b, c=2, d):\n    pass\n'],
      ['python', 'def f(a, b=1, /, *c: int, d, **e):\n    pass\n'],
      [
        'python',
        'def f():\n    while a:\n        if b:\n            break\n        else:\n            continue\n',
      ],
      ['javascript', 'outer: { if (a) break outer; }\n'],
      ['javascript', 'switch (a) { case 1: break; default: const b = 1; }\n'],
      ['javascript', 'do { if (a) continue; } while (b);\n'],
      ['java', 'class A { void f() { for (int a : b) { if (a > 1) break; } } }\n'],
      ['csharp', 'class A { void F() { foreach (var a in b) { continue; } } }\n'],
      ['cpp', 'int f() { for (auto a : b) { if (a) break; } }\n'],
      ['rust', 'fn f() { loop { if a { break; } } }\n'],
      ['go', 'package a\n\nfunc f() {\n\tselect {\n\tcase <-c:\n\t\tbreak\n\t}\n}\n'],
      ['go', 'package a\n\nfunc f() {\n\tg().b = 3\n}\n'],
      ['javascript', 'for (const a of b) c();\nfor (const a in b) c();\n'],
      ['typescript', 'declare const a: number;\n'],
      ['typescript', 'declare namespace A { const a: number; }\n'],
      ['csharp', 'class A { void F() { (var a, int b) = c; } }\n'],
      ['csharp', 'class A { int F() { return g(a * b); } }\n'],
    ];
    for (const [language, text] of fine) assert.equal(await misplaced(language, text), 0, text);
  });

  test('statements that do nothing, or that nothing comes to, are counted', async () => {
    const counted = async (language: string, text: string) => {
      const faults = await trees.ask(text, language, (tree) => tree.faults({ start: 0, end: text.length }));
      return [faults?.idle, faults?.unreached];
    };
    const inFunction = (text: string) => `function f() {\n  ${text}\n}\n`;
    const cases: readonly (readonly [string, string, number, number])[] = [
      ['typescript', inFunction('moved.sort'), 1, 0],
      ['typescript', inFunction('a == b;'), 1, 0],
      ['typescript', inFunction('a;\n  1;'), 2, 0],
      ['typescript', inFunction("'use strict';\n  a && b();\n  a ?? b;\n  a++;\n  void a;"), 0, 0],
      ['typescript', inFunction('expect(a).to.be.true;'), 0, 0],
      ['python', 'def f():\n    """Does it."""\n    ...\n    a == b\n    a.b\n', 2, 0],
      ['python', 'def f():\n    a >> b\n    await a\n', 0, 0],
      ['cpp', 'int f() { cout << a; return 1; }\n', 0, 0],
      ['rust', 'fn f() -> i32 { a }\n', 0, 0],
      ['java', 'class A { void f() { a == b; } }\n', 1, 0],
      ['typescript', inFunction('return 1;\n  g();'), 0, 1],
      ['typescript', inFunction('return g();\n  // one\n  function g() { return 2; }'), 0, 0],
      ['javascript', inFunction('switch (a) { case 1: break; default: return; }'), 0, 0],
      ['python', 'def f(a):\n    raise ValueError("Delay")\n    return a\n', 0, 1],
      ['python', 'def f(a):\n    return\n    yield a\n', 0, 0],
      ['python', 'def f(a):\n    for b in a:\n        continue\n    return a\n', 0, 0],
      ['java', 'class A { int f() { throw g(); return 1; } }\n', 0, 1],
      ['go', 'package a\n\nfunc f() int {\n\treturn 1\n\tg()\n}\n', 0, 1],
      ['csharp', 'class A { int F() { return G(); int G() { return 1; } } }\n', 0, 0],
      ['cpp', 'int f(int a) { switch (a) { case 1: return 1; case 2: break; } return 2; }\n', 0, 0],
    ];
    for (const [language, text, idle, unreached] of cases)
      assert.deepEqual(await counted(language, text), [idle, unreached], text);
  });

  test('of an edited tree are those of the text read from the start', async () => {
    const inserts = fc.constantFrom('', 'f(', ')', ' + 1', '🎈', '{', '}', '\n', ';', 'g(2)', '"');
    await fc.assert(
      fc.asyncProperty(inserts, fc.nat(TEXT.length), fc.nat(TEXT.length), async (insert, a, b) => {
        const [start = 0, end = 0] = [a, b].sort((x, y) => x - y);
        const edited = await trees.ask(TEXT, 'typescript', (tree) => {
          const next = tree.edited({ start, end, text: insert });
          assert.ok(next);
          const { text } = next;
          const faults = next.faults({ start: 0, end: text.length });
          next.dispose();
          return { text, isBroken: faults.everywhere > 0 };
        });
        assert.ok(edited);
        assert.equal(edited.text, TEXT.slice(0, start) + insert + TEXT.slice(end));
        const fresh = await faultsOf(edited.text);
        assert.equal(edited.isBroken, (fresh?.everywhere ?? 0) > 0);
      }),
      { numRuns: 200 },
    );
  });
});

describe('memory', () => {
  const text = 'function f(a, b) { return a * (b + g(a)); }\n'.repeat(500);

  test('is given back: the parser takes no more of it after the first readings', async () => {
    const read = async (times: number) => {
      for (let i = 0; i < times; i++) await trees.enclosingNode(text, 'javascript', text.length - 20);
    };
    await read(5);
    const settled = bytes();
    assert.ok(settled > 0, 'the memory is weighed');
    await read(60);
    assert.equal(bytes(), settled);
    // That it would be seen: trees that nobody disposes of.
    const held = await Promise.all(Array.from({ length: 30 }, () => trees.open(text, 'javascript')));
    assert.ok(bytes() > settled);
    for (const tree of held) tree?.dispose();
  });
});

describe('what cannot be read', () => {
  test('has no tree: a text that takes too long, a folder without grammars, a reader that is gone', async () => {
    const hasty = new SyntaxTrees({ folder, warn: () => undefined, limitMillis: 0 });
    const long = 'f(a + b * c);\n'.repeat(20_000);
    assert.equal(await hasty.enclosingNode(long, 'javascript', 3), undefined);
    hasty.dispose();
    const told: string[] = [];
    const empty = new SyntaxTrees({
      folder: path.join(folder, 'none'),
      warn: (message) => told.push(message),
    });
    assert.equal(await empty.enclosingNode('f(a + b)', 'javascript', 3), undefined);
    assert.equal(await empty.enclosingNode('f(a + b)', 'javascript', 3), undefined);
    assert.equal(told.length, 1);
    empty.dispose();
    assert.equal(await empty.open('f()', 'javascript'), undefined);
    assert.deepEqual(warnings, []);
  });

  test('is not one of the languages: each of those has its grammar', async () => {
    const fs = await import('node:fs');
    for (const language of [
      'c',
      'csharp',
      'javascriptreact',
      'powershell',
      'shellscript',
      'typescriptreact',
    ]) {
      const grammar = grammarOf(language);
      assert.ok(grammar && fs.existsSync(path.join(folder, grammarFile(grammar))), language);
    }
    assert.equal(grammarOf('markdown'), undefined);
  });
});

describe('brackets where there is no grammar', () => {
  test('leave over what opens or closes outside', () => {
    assert.equal(bracketRest('f(a[1]) { x'), '{');
    assert.equal(bracketRest('} else {'), '}{');
    assert.equal(bracketRest('a + b'), '');
    assert.equal(bracketRest('(]'), '(]');
  });

  test('have the same rest when a balanced piece goes in', () => {
    const balanced = fc.constantFrom('()', '[a]', '{ f() }', 'x');
    fc.assert(
      fc.property(balanced, fc.string(), fc.string(), (piece, head, tail) => {
        assert.equal(bracketRest(head + piece + tail), bracketRest(head + tail));
      }),
    );
  });
});
