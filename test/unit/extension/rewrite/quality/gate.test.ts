// No rewrite is shown that does not parse where the old text did: many texts, places and answers, a scripted engine, real
// grammars.
import assert from 'node:assert/strict';
import path from 'node:path';
import test, { after, describe } from 'node:test';
import fc from 'fast-check';
import { SyntaxTrees } from '../../../../../engine/syntax/syntaxTrees';
import { type Judgeable, judged, judgedAgain } from '../../../../../extension/rewrite/judge';
import { begin, decide } from '../../../../../extension/rewrite/state/machine';
import type { RewriteState } from '../../../../../extension/rewrite/state/transitions';
import type { Span } from '../../../../../extension/rewrite/state/types';
import { applyEdits } from '../../../../../extension/text/edits';

const folder = path.join(path.dirname(require.resolve('@vscode/tree-sitter-wasm/package.json')), 'wasm');
const trees = new SyntaxTrees({ folder, warn: assert.fail, limitMillis: 60_000 });
after(() => trees.dispose());

const FILES = {
  python: [
    'import math\n\n\ndef area(width, height):\n    result = width * height\n    if result > 10:\n        return [result, math.sqrt(result)]\n    return {"a": result}\n',
    'class A:\n    def f(self, *args):\n        """Does it."""\n        return sum(a for a in args)\n',
  ],
  typescript: [
    'export function area(width: number, height: number): number[] {\n  const result = width * height;\n  if (result > 10) {\n    return [result, Math.sqrt(result)];\n  }\n  return [String(result).length];\n}\n',
    'class A {\n  private readonly all = new Map<string, number>();\n  f = (key: string) => this.all.get(key) ?? 0;\n}\n',
  ],
};

const PIECES = [
  'result',
  'return',
  ' = ',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '"',
  "'",
  '`',
  '\n',
  '    ',
  ',',
  ':',
  ';',
  '1',
  '.',
  '=>',
  'def ',
  'if ',
  ' * ',
];

const faultsIn = (text: string, languageId: string) =>
  trees.ask(text, languageId, (tree) => tree.faults({ start: 0, end: text.length }).everywhere);

/** Every way from the first mask to what is looked at, with answers that are handed out one request after another. */
async function shownOf(
  text: string,
  languageId: string,
  spans: readonly Span[],
  script: readonly (readonly Judgeable[])[],
): Promise<RewriteState> {
  let { state, effects } = begin(spans, { seed: 0 });
  for (const candidates of script) {
    if (!effects.some(({ kind }) => kind === 'request')) break;
    const found = await judged(trees, { text, languageId }, spans, candidates);
    ({ state, effects } = decide(state, { kind: 'answered', spans, candidates: found }));
  }
  return state;
}

describe('the gate', () => {
  for (const languageId of ['python', 'typescript'] as const) {
    test(`shows nothing that does not parse where the old text did: ${languageId}`, async () => {
      let shown = 0;
      let refusals = 0;
      const arbitrary = fc.record({
        file: fc.constantFrom(...FILES[languageId]),
        cuts: fc.uniqueArray(fc.nat(10_000), { minLength: 2, maxLength: 4 }),
        script: fc.array(
          fc.array(fc.array(fc.constantFrom(...PIECES), { maxLength: 6 }), { minLength: 1, maxLength: 3 }),
          { minLength: 3, maxLength: 3 },
        ),
      });
      await fc.assert(
        fc.asyncProperty(arbitrary, async ({ file, cuts, script }) => {
          const at = cuts.map((cut) => cut % file.length).sort((a, b) => a - b);
          const spans: Span[] = [];
          for (let i = 0; i + 1 < at.length; i += 2) {
            const [start = 0, end = 0] = [at[i], at[i + 1]];
            spans.push({ start, end, old: file.slice(start, end) });
          }
          const state = await shownOf(
            file,
            languageId,
            spans,
            script.map((candidates) =>
              candidates.map((pieces) => ({ texts: spans.map(() => pieces.join('')) })),
            ),
          );
          if (state.kind === 'refused') refusals++;
          if (state.kind !== 'reviewing') return;
          for (const { texts } of state.review.candidates) {
            shown++;
            const whole = applyEdits(
              file,
              spans.map(({ start, end }, i) => ({ start, end, text: texts[i] ?? '' })),
            );
            assert.equal(await faultsIn(whole, languageId), 0, whole);
          }
        }),
        { numRuns: 400 },
      );
      // About 35 and 365; by chance, the first is now and then below 20.
      assert.ok(shown > 5 && refusals > 20, `${shown} shown, ${refusals} refused`);
    });
  }

  test('a text that did not parse before may go on as it is, but not get worse', async () => {
    const text = 'def f(:\n    x = 1\n';
    const start = text.indexOf('1');
    const spans = [{ start, end: start + 1, old: '1' }];
    const candidates = [{ texts: ['2'] }, { texts: ['(2'] }];
    const [first, second] = await judged(trees, { text, languageId: 'python' }, spans, candidates);
    assert.deepEqual([first?.texts, first?.quality?.mark], [['2'], 'likely']);
    assert.deepEqual(second?.quality, { mark: 'poor', reasons: ['does-not-parse'] });
  });

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
  for (const [languageId, text, old, fresh, reason] of WORSE) {
    test(`sees what the grammar lets pass: ${languageId}, ${JSON.stringify(fresh)} for ${JSON.stringify(old)}`, async () => {
      const start = text.indexOf(old);
      const spans = [{ start, end: start + old.length, old }];
      const [one] = await judged(trees, { text, languageId }, spans, [{ texts: [fresh] }]);
      assert.deepEqual(one?.quality, { mark: 'poor', reasons: [reason] });
    });
  }

  test('what was accepted of an answer is no excuse for the rest of it', async () => {
    const old = 'a = 1\nb = 2';
    const [one] = await judged(
      trees,
      { text: `${old}\n`, languageId: 'python' },
      [{ start: 0, end: old.length, old }],
      [{ texts: ['a = (\nb = 3'] }],
    );
    assert.ok(one);
    assert.deepEqual(one.quality?.reasons, ['does-not-parse']);
    // Its first line was accepted, and undone, and done again.
    const taken = 'a = (\nb = 2';
    const document = { text: `${taken}\n`, languageId: 'python' };
    const spans = [{ start: 0, end: taken.length, old: taken }];
    assert.equal(await judgedAgain(trees, document, spans, [one], [old]), undefined, 'the same mark');
    // Nobody has accepted it: it stood there so.
    const [other] = (await judgedAgain(trees, document, spans, [one])) ?? [];
    assert.equal(other?.quality?.mark, 'likely');
  });

  test('sees it in a long file, where only what is around is looked at', async () => {
    const functions = Array.from({ length: 3000 }, (_, i) => `def f${i}(a):\n    return a + ${i}\n`);
    const text = functions.join('');
    const old = '    return a + 1500';
    const start = text.indexOf(old);
    const spans = [{ start, end: start + old.length, old }];
    const fresh = ['    return a', 'return a', '    return a\n\n\ndef f1499(a):\n    return a'];
    const found = await judged(
      trees,
      { text, languageId: 'python' },
      spans,
      fresh.map((one) => ({ texts: [one] })),
    );
    assert.deepEqual(
      fresh.map((one) => found.find(({ texts }) => texts[0] === one)?.quality?.reasons),
      [[], ['does-not-parse'], ['declares-again', 'leaves-block']],
    );
  });

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
      ['typescript', 'class A {\n  get f() { return 1; }\n  x() {}\n}\n', 'x() {}', 'set f(v) {}'],
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

  test('without a grammar brackets have to do; with one it knows better', async () => {
    const spans = [{ start: 0, end: 1, old: 'a' }];
    const candidate = { texts: ['2'], flaws: ['unbalanced'] as const };
    const [plain] = await judged(trees, { text: 'a b', languageId: 'plaintext' }, spans, [candidate]);
    assert.equal(plain?.quality?.mark, 'poor');
    const [parsed] = await judged(trees, { text: 'a', languageId: 'python' }, spans, [candidate]);
    assert.deepEqual(parsed?.quality, { mark: 'likely', reasons: [] });
    const unfitted = { ...candidate, isUnfitted: true } as const;
    const [marked] = await judged(trees, { text: 'a', languageId: 'python' }, spans, [unfitted]);
    assert.deepEqual(marked?.quality, { mark: 'likely', reasons: [], isUnfitted: true });
    // That the line is likelier so says more than how sure the model is of what it has written.
    const mended = { ...candidate, isLikelier: true, confidence: 0.36 } as const;
    const [likelier] = await judged(trees, { text: 'a', languageId: 'python' }, spans, [mended]);
    assert.deepEqual(likelier?.quality, { mark: 'likely', reasons: [], isLikelier: true });
    // How sure a model is means something where that was fitted, and stays what it is when the text around changes.
    const sure = { ...unfitted, confidence: 0.36 };
    const [figure] = await judged(trees, { text: 'a', languageId: 'python' }, spans, [sure]);
    assert.equal(figure?.quality?.confidence, undefined);
    const fitted = { ...candidate, confidence: 0.36 };
    const [told] = await judged(trees, { text: 'a', languageId: 'python' }, spans, [fitted]);
    assert.deepEqual(told?.quality, { mark: 'likely', reasons: [], confidence: 0.36 });
    const later = { text: 'a\n2 = (', languageId: 'python' };
    const [again] = (await judgedAgain(trees, later, spans, [told ?? assert.fail()])) ?? [told];
    assert.equal(again?.quality?.confidence, 0.36);
  });
});
