// What answers of a small model did wrong in everyday files and nobody said so, and what looks like it and is right.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { Reason } from '../../../../../engine/candidates/quality/verdict';
import { reasonsBetween } from './judging';

const ROUND =
  'from decimal import Decimal\n\n\n¦def round_money(amount: Decimal, places: int = 2) -> Decimal:\n    step = Decimal(1).scaleb(-places)\n    return amount.quantize(step)¦\n';
const rounded = (head: string) =>
  `def round_money(amount: Decimal, places: int = 2) -> Decimal:\n    step = Decimal(1).scaleb(-places)\n    return amount.quantize(step, ${head})`;
const TABLE =
  'def parse(row, number):\n    return row[number]\n\n\ndef table(reader):\n    out = []\n    ¦for number, row in enumerate(reader):\n        if not row:\n            continue¦\n        out.append(parse(row, number))\n    return out\n';
const MATCH =
  'function a(limit, next) {\n  ¦next();¦\n  return limit;\n}\n\nfunction b(text) {\n  const match = /a/.exec(text);\n  return match[1];\n}\n';
const BUCKET =
  'class A {\n  ¦f(n) {\n    return n;\n  }¦\n}\n\nclass B {\n  g(client) {\n    let bucket = this.buckets.get(client);\n    if (!bucket) bucket = 1;\n    return bucket;\n  }\n}\n';
const FETCHED =
  '{ const bucket = this.buckets.get(n);\n    if (!bucket) bucket = 1;\n    return bucket;\n  }';

const wrong: (readonly [Reason, string, string, string])[] = [
  ['unknown-names', 'python', ROUND, rounded('rounding=ROUND_HALF_UP')],
  [
    'unknown-names',
    'java',
    'class A {\n  void clear() {\n    ¦nodes.clear();¦\n  }\n}\n',
    'nodes.clear();\n    LOGGER.info("Cleared");',
  ],
  [
    'removes-used',
    'go',
    'package a\n\nfunc f(q []int) []int {\n\t¦ids := make([]int, 0)¦\n\tids = append(ids, q...)\n\treturn ids\n}\n',
    'ids = make([]int, 0)',
  ],
  ['removes-used', 'go', 'package a\n\nfunc f() int {\n\t¦count := 0¦\n\treturn count\n}\n', 'count = 0'],
  ['removes-used', 'typescript', 'function f() {\n  ¦let count = 0;¦\n  return count;\n}\n', 'count = 0;'],
  [
    'removes-used',
    'rust',
    'fn f() -> i32 {\n    ¦let mut count = 0;¦\n    count += 1;\n    count\n}\n',
    'count = 0;',
  ],
  ['removes-used', 'python', TABLE, 'for row in reader:'],
  ['does-not-parse', 'javascript', BUCKET, `f(n) ${FETCHED}`],
];

const right: typeof wrong = [
  [
    'no-return',
    'typescript',
    'function f(a: number): void {\n  if (a > 1) return g(a);\n  ¦return h(a);¦\n}\n',
    'h(a);',
  ],
  ['no-return', 'cpp', 'void f(int a) {\n  if (a > 1) return g(a);\n  ¦return h(a);¦\n}\n', 'h(a);'],
  ['no-return', 'python', 'def f(a) -> Any:\n    if a:\n        return 1\n    ¦return a¦\n', 'a.pop()'],
  ['no-return', 'python', 'def f(a) -> int:\n    if a:\n        return 1\n    ¦return a¦\n', 'os._exit(1)'],
  [
    'unknown-names',
    'java',
    'class A {\n  int f(Day d) {\n    ¦return 1;¦\n  }\n}\n',
    'return switch (d) {\n      case MONDAY -> 1;\n      default -> 2;\n    };',
  ],
  [
    'unknown-names',
    'java',
    'class A extends B {\n  int f() {\n    ¦return 1;¦\n  }\n}\n',
    'return MAX_SIZE;',
  ],
  [
    'unknown-names',
    'csharp',
    'using static A.Limits;\nclass A {\n  int F() {\n    ¦return 1;¦\n  }\n}\n',
    'return MAX_SIZE;',
  ],
  [
    'unknown-names',
    'go',
    'package a\n\nfunc f(m string) bool {\n\t¦return m == ""¦\n}\n',
    'return m == QUERY',
  ],
  [
    'unknown-names',
    'csharp',
    'class A {\n  ¦int F() => 1;¦\n}\n',
    '#if FEATURE_SPAN\n  int F() => 2;\n#endif',
  ],
  ['unknown-names', 'python', `from decimal import *\n${ROUND}`, rounded('rounding=ROUND_HALF_UP')],
  ['unknown-names', 'python', `ROUND_HALF_UP = 1\n${ROUND}`, rounded('rounding=ROUND_HALF_UP')],
  ['unknown-names', 'java', 'class A {\n  void f() {\n    ¦g();¦\n  }\n}\n', 'g(UUID.randomUUID());'],
  [
    'unknown-names',
    'cpp',
    '#include <limits.h>\nint f(int a) {\n  ¦return a;¦\n}\n',
    'return a < INT_MAX ? a : INT_MAX;',
  ],
  [
    'removes-used',
    'go',
    'package a\n\nvar count int\n\nfunc f() int {\n\t¦count := 0¦\n\treturn count\n}\n',
    'count = 0',
  ],
  [
    'removes-used',
    'typescript',
    'let count = 1;\nfunction f() {\n  ¦let count = 0;¦\n  return count;\n}\n',
    'count = 0;',
  ],
  ['removes-used', 'python', 'def f():\n    ¦count: int = 0¦\n    return count\n', 'count = 0'],
  ['removes-used', 'python', 'def f(n):\n    ¦list = g(n)¦\n    return list(n)\n', 'g(n)'],
  ['removes-used', 'python', TABLE, 'for number, row in enumerate(reader, 1):'],
  [
    'out-of-scope',
    'python',
    'def a(n):\n    ¦return n¦\n\n\ndef b(max):\n    return max\n',
    'return max(n, 1)',
  ],
  ['out-of-scope', 'javascript', MATCH, 'const match = 1;\n  next(match);'],
  ['out-of-scope', 'javascript', MATCH, 'next(limit.match(/a/));'],
  ['does-not-parse', 'javascript', BUCKET, `f(n) ${FETCHED.replace('const', 'let')}`],
];

/** A nested class has the field, and methods have the parameter. */
const LEDGER = `class Ledger {
  static class Entry {
    private final String account;
    Entry(String account) { this.account = account; }
    String getAccount() { return account; }
  }
  private long sum;
  void open(String account) { put(account); }
  long total() {
    long all = 0;
¦    return all;¦
  }
}
`;
const METHOD = `export class Router {
  totalHits(): number {
    let total = 0;
¦    return total;¦
  }
}
`;
wrong.push(
  ['out-of-scope', 'java', LEDGER, '    throw new Fault("none: " + account + all);'],
  ['out-of-scope', 'java', LEDGER, '    return total + all;'],
  [
    'out-of-scope',
    'csharp',
    LEDGER.replaceAll('final ', ''),
    '    throw new Fault("none: " + account + all);',
  ],
  ['does-not-parse', 'javascript', METHOD.replace(': number', ''), '    return update(total,, 1);'],
  ['does-not-parse', 'typescript', METHOD, '    return update(, total);'],
  [
    'does-not-parse',
    'typescript',
    METHOD,
    '    export function sum(n: number) { return n; }\n    return total;',
  ],
);
wrong.push(['does-not-parse', 'csharp', 'class A {\n¦  List<int> a = new();¦\n}\n', '  List<int> a = new(;']);
right.push(
  ['does-not-parse', 'csharp', 'class A {\n¦  List<int> a = new();¦\n}\n', '  List<int> a = [];'],
  ['does-not-parse', 'csharp', 'class A {\n¦  int[] F() => null;¦\n}\n', '  int[] F() => a ?? [1, .. b];'],
  ['out-of-scope', 'java', LEDGER, '    return total() + all;'],
  ['out-of-scope', 'java', LEDGER, '    return sum + all;'],
  [
    'out-of-scope',
    'java',
    LEDGER.replace('class Ledger', 'class Ledger extends Book'),
    '    return account + all;',
  ],
  ['out-of-scope', 'java', LEDGER, '    String account = name();\n    return account + all;'],
  // What stands in a class is seen by the classes in it.
  [
    'out-of-scope',
    'java',
    'class A {\n  private int size;\n  class B {\n    int f() {\n¦      return 1;¦\n    }\n  }\n  int g(int size) { return size; }\n}\n',
    '      return size;',
  ],
  ['does-not-parse', 'javascript', METHOD.replace(': number', ''), '    return update(total, [, 1], );'],
  ['does-not-parse', 'typescript', METHOD, '    return update(/* a, b */ total, /* , */ 1,);'],
  [
    'does-not-parse',
    'typescript',
    'namespace A {\n¦  const a = 1;¦\n}\ndeclare global {\n  export const c: number;\n}\n',
    '  export const a = 1;',
  ],
);

const LIGHTS =
  'const fixtures = [];\n\nexport function blackout() {\n  for (const fixture of fixtures) {\n¦    fixture.setLevel(0);¦\n  }\n}\n';
const HINTS =
  'def best(words, answer):\n    for word in words:\n¦        value = score(word, answer)¦\n        print(value)\n';
wrong.push(
  ['unknown-names', 'javascript', LIGHTS, '    ifture.setLevel(0);'],
  ['unknown-names', 'typescript', LIGHTS, '    fixture.setLevel(level);'],
  ['unknown-names', 'python', HINTS, '        value = score(wrd, answer)'],
);
right.push(
  ['unknown-names', 'javascript', LIGHTS, '    performance.mark(__filename);'],
  ['unknown-names', 'javascript', LIGHTS, '    beforeEach(() => fixture.reset());'],
  ['unknown-names', 'javascriptreact', LIGHTS, '    fixture.show(<div title="a">any text</div>);'],
  ['unknown-names', 'javascript', LIGHTS, '    const level = fixture.level;'],
  ['unknown-names', 'python', `from marks import *\n\n\n${HINTS}`, '        value = weigh(word)'],
  ['unknown-names', 'python', HINTS, '        value = issubclass(word, answer)'],
  ['unknown-names', 'javascript', LIGHTS.replace('export ', ''), '    ifture.setLevel(0);'],
  ['unknown-names', 'typescript', LIGHTS, "    export * as lights from './lights';"],
  ['unknown-names', 'java', 'enum Mode {\n  FIRST_ONE,\n¦  SECOND¦\n}\n', '  SECOND_ONE, THIRD_ONE'],
);

const DRILL = `import java.util.List;

class Drill {
  record Exit(String name, int capacity) {
    boolean isWide() { return capacity > 9; }
  }
  int f(List<Exit> exits, int people) {
    for (Exit exit : exits) {
¦      if (people > exit.capacity()) return 1;¦
    }
    return 0;
  }
}
`;
const EXITS =
  'public record Exit(string Name, int Capacity);\nclass Door(int width) {\n  int F() => width;\n}\nclass Drill {\n  int F(Exit exit, int people) {\n¦    return people - exit.Capacity;¦\n  }\n}\n';
wrong.push(
  ['out-of-scope', 'java', DRILL, '      if (people > capacity) return 1;'],
  ['out-of-scope', 'csharp', EXITS, '    return people - Capacity;'],
  ['out-of-scope', 'csharp', EXITS, '    return people - width;'],
  [
    'out-of-scope',
    'java',
    'class A {\n  void f() {\n    int c = 1;\n    g(c);\n  }\n  void h() {\n¦    g(1);¦\n  }\n}\n',
    '    g(c);',
  ],
  [
    'out-of-scope',
    'javascript',
    'class A extends B {\n  f() {\n    let c = 1;\n    g(c);\n  }\n  h() {\n¦    g(1);¦\n  }\n}\n',
    '    g(c);',
  ],
);
right.push(
  ['out-of-scope', 'java', DRILL, '      if (people > exit.capacity()) return 2;'],
  [
    'out-of-scope',
    'java',
    DRILL,
    '      int capacity = exit.capacity();\n      if (people > capacity) return 2;',
  ],
  [
    'out-of-scope',
    'java',
    DRILL.replace('return capacity > 9', '¦return capacity > 9¦')
      .replace('¦      if', '      if')
      .replace('1;¦', '1;'),
    'return capacity > 8',
  ],
  ['out-of-scope', 'csharp', EXITS, '    return people - exit.Capacity - exit.Name.Length;'],
  [
    'out-of-scope',
    'javascript',
    'app.a = function a(b) { return b; };\n¦app.c = 1;¦\napp.d = function d(route) { return route; };\n',
    'app.route = function route(path) { return path; };',
  ],
  // A base may have it.
  ...[
    [
      'csharp',
      'class A<T> : B<T> {\n  void F() {\n    int c = 1;\n    G(c);\n  }\n  void H() {\n¦    G(1);¦\n  }\n}\n',
    ],
    [
      'java',
      'class A extends B {\n  void f() {\n    int c = 1;\n    g(c);\n  }\n  void h() {\n¦    g(1);¦\n  }\n}\n',
    ],
    [
      'cpp',
      'class A : public B {\n  void f() {\n    int c = 1;\n    g(c);\n  }\n  void h() {\n¦    g(1);¦\n  }\n};\n',
    ],
  ].map(([language = '', text = '']) => ['out-of-scope', language, text, '    g(c);'] as const),
  [
    'out-of-scope',
    'csharp',
    'class A {\n  int id;\n  void F(int id) { G(id); }\n  void H() {\n¦    G(1);¦\n  }\n}\n',
    '    (int id, string name)? pair = null;',
  ],
);

const GO =
  'package p\n\nfunc (b *Bucket) take(n float64) (float64, error) {\n\tif n > b.tokens {\n¦\t\treturn 0, ErrLimited¦\n\t}\n\tb.tokens -= n\n\treturn b.tokens, nil\n}\n';
wrong.push(
  ['does-not-parse', 'go', GO, '\t\treturn ErrLimited'],
  ['does-not-parse', 'go', GO, '\t\treturn 0, n, ErrLimited'],
  ['does-not-parse', 'go', GO, '\t\tb.tokens := b.rate\n\t\treturn 0, ErrLimited'],
  ['does-not-parse', 'go', GO, '\t\tn, b.tokens := 1, 2\n\t\treturn n, ErrLimited'],
  ['not-parsed', 'kotlin', 'fun f(a: Int): Int {\n¦    return a¦\n}\n', '    return a + 1'],
);
right.push(
  ['does-not-parse', 'go', GO, '\t\treturn b.wait(n)'],
  ['does-not-parse', 'go', GO, '\t\treturn decode[Config](n)'],
  ['does-not-parse', 'go', GO, '\t\treturn json.Decode[*Config, string](n)'],
  ['does-not-parse', 'go', GO, '\t\treturn (b.wait(n))'],
  ['does-not-parse', 'go', GO, '\t\treturn 0 /* none */, ErrLimited // , more'],
  ['does-not-parse', 'go', GO, '\t\twait := func() float64 { return n }\n\t\treturn wait(), nil'],
  ['does-not-parse', 'go', GO, '\t\tb.tokens, n = n, b.tokens\n\t\treturn n, nil'],
  ['does-not-parse', 'go', GO, '\t\tvar f func(a, b int) (c, d int)\n\t\treturn 0, g(f)'],
  ['does-not-parse', 'go', GO.replace('(float64, error)', '(rest float64, err error)'), '\t\treturn'],
  ['does-not-parse', 'go', GO.replace('(float64, error)', '(rest, more float64)'), '\t\treturn n, n'],
  ['not-parsed', 'markdown', '# A\n\n¦One.¦\n', 'Two.'],
  ['not-parsed', 'python', '¦a = 1¦\n', 'a = 2'],
  ['not-parsed', 'json', '{"a": ¦1¦}\n', '2'],
);

describe('an answer in an everyday file', () => {
  for (const [reason, languageId, marked, fresh] of wrong)
    test(`${reason}, ${languageId}: ${JSON.stringify(fresh)}`, async () => {
      const reasons = await reasonsBetween(languageId, marked, fresh);
      assert.ok(reasons.includes(reason), reasons.join());
    });

  for (const [reason, languageId, marked, fresh] of right)
    test(`not ${reason}, ${languageId}: ${JSON.stringify(fresh)} in ${JSON.stringify(marked.slice(0, 40))}`, async () => {
      assert.ok(!(await reasonsBetween(languageId, marked, fresh)).includes(reason));
    });
});
