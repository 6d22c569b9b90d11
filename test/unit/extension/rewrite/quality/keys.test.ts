// A key, a member, or an argument that stands there twice: no grammar minds, and hardly anybody means it.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { reasonsInPlace } from './judging';

/** Language, text, what goes, and what stands there instead. */
type Case = readonly [string, string, string, string];

const TWICE: readonly Case[] = [
  ['typescript', 'const a = {\n  b: 1,\n  c: 2,\n};\n', 'c: 2', 'b: 2'],
  ['typescript', 'const a = {\n  b,\n  c: 2,\n};\n', 'c: 2', "'b': 2"],
  ['typescript', 'enum A {\n  B,\n  C,\n}\n', 'C', 'B'],
  ['typescript', "enum A {\n  B = 'b',\n  C = 'c',\n}\n", 'C =', 'B ='],
  ['typescriptreact', 'const a = <B c="1" d="2" />;\n', 'd=', 'c='],
  ['javascript', 'f({ a: 1, b: 2 });\n', 'b: 2', 'b: 2, a: 3'],
  ['python', 'A = {\n    "b": 1,\n    "c": 2,\n}\n', '"c": 2', '"b": 2'],
  ['python', 'A = {\n    \'b\': 1,\n    "c": 2,\n}\n', '"c"', '"b"'],
  ['python', 'f(a=1, b=2)\n', 'b=2', 'a=2'],
  ['java', 'enum A { B, C }\n', 'C', 'B'],
  ['csharp', 'enum A { B, C }\n', 'C', 'B'],
  ['rust', 'enum A { B, C }\n', 'C', 'B'],
  ['rust', 'fn f() -> A { A { b: 1, c: 2 } }\n', 'c: 2', 'b: 2'],
  ['go', 'package p\n\nvar a = A{B: 1, C: 2}\n', 'C: 2', 'B: 2'],
];

const FINE: readonly Case[] = [
  ['typescript', 'const a = {\n  b: 1,\n  c: 2,\n};\n', 'c: 2', 'd: { b: 2 }'],
  ['typescript', 'const a = {\n  get b() { return 1; },\n  c: 2,\n};\n', 'c: 2', 'set b(v) {}'],
  ['typescript', 'const a = {\n  [f()]: 1,\n  c: 2,\n};\n', 'c: 2', '[f()]: 2'],
  ['typescript', 'const a = [{ b: 1 }, { c: 2 }];\n', 'c: 2', 'b: 2'],
  ['python', 'A = {\n    f(): 1,\n    "c": 2,\n}\n', '"c": 2', 'f(): 2'],
  ['python', 'f(a=1)(b=2)\n', 'b=2', 'a=2'],
  ['python', 'A = {\n    name: 1,\n    "c": 2,\n}\n', '"c"', '"name"'],
  ['python', 'A = {1: "a", "c": 2}\n', '"c"', '"1"'],
  ['go', 'package p\n\nvar a = map[string]int{k: 1, "c": 2}\n', '"c"', '"k"'],
  ['go', "package p\n\nvar a = map[rune]int{'b': 1, 'c': 2}\n", "'c'", 'b'],
  ['ruby', 'a = { b: 1, "c" => 2 }\n', '"c"', '"b"'],
  ['rust', 'enum A {\n    #[cfg(unix)]\n    B(u8),\n    #[cfg(windows)]\n    C(u16),\n}\n', 'C', 'B'],
  [
    'rust',
    'fn f() -> A {\n    A {\n        #[cfg(unix)]\n        b: 1,\n        #[cfg(windows)]\n        c: 2,\n    }\n}\n',
    'c:',
    'b:',
  ],
  [
    'rust',
    'enum A {\n    #[cfg(unix)]\n    // One.\n    B(u8),\n    #[cfg(windows)]\n    // Two.\n    C(u16),\n}\n',
    'C(',
    'B(',
  ],
  // It stood there before.
  ['javascript', 'const a = { b: 1, b: 2, c: 3 };\n', 'c: 3', 'd: 3'],
  ['go', 'package p\n\nvar a = []A{{B: 1}, {C: 2}}\n', 'C: 2', 'B: 2'],
];

describe('keys', () => {
  for (const one of TWICE) {
    test(`twice: ${one[0]}, ${one[3]} for ${one[2]}`, async () => {
      assert.equal((await reasonsInPlace(...one))[0], 'declares-again');
    });
  }

  for (const one of FINE) {
    test(`not twice: ${one[0]}, ${one[3]} for ${one[2]}`, async () => {
      assert.deepEqual(await reasonsInPlace(...one), []);
    });
  }
});
