// What answers declare under another name than what was selected, and what looks like it and is none.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { reasonsBetween } from './judging';

const PYTHON = `class Timetable:
    def sailings(self):
        return sorted(self.rows, key=lambda row: row.departure)

¦    def next_sailing(self, now):
        for row in self.rows:
            if row.departure > now:
                return row
        return None
¦
    def last(self):
        return self.rows[-1]
`;
const TYPESCRIPT = `¦export function later(a: Date, b: Date): Date {
  return a > b ? a : b;
}
¦
export const one = 1;
`;
const GO =
  'package p\n\ntype Quay struct{ berths int }\n\n¦func (q *Quay) Free(n int) bool {\n\treturn q.berths >= n\n}\n¦\n';
const JAVA = 'class Quay {\n  int berths;\n\n¦  boolean free(int n) {\n    return berths >= n;\n  }\n¦}\n';
const RUST = '¦pub fn later(a: u32, b: u32) -> u32 {\n    if a > b { a } else { b }\n}\n¦';

/** The answer is what stood there, with one piece replaced. */
type Case = readonly [languageId: string, marked: string, old: string, fresh: string];

const renaming: readonly Case[] = [
  ['python', PYTHON, 'next_sailing', 'by_departure'],
  ['python', PYTHON.replace('    def next', '    @cached\n    def next'), 'next_sailing', 'by_departure'],
  ['python', '¦class Quay:\n    berths = 1\n¦', 'Quay', 'Pier'],
  ['typescript', TYPESCRIPT, 'later', 'latest'],
  ['typescript', '¦export const later = (a: Date) => a;¦\n', 'later', 'latest'],
  ['typescript', 'class Quay {\n¦  free(n: number) {\n    return n > 1;\n  }¦\n}\n', 'free', 'taken'],
  ['typescript', '¦export type Quay = { berths: number };¦\n', 'Quay', 'Pier'],
  ['typescript', '¦export interface Quay {\n  berths: number;\n}¦\n', 'Quay', 'Pier'],
  ['javascript', '¦class Quay {\n  free() {\n    return 1;\n  }\n}¦\n', 'Quay', 'Pier'],
  ['go', GO, 'Free', 'Taken'],
  ['go', 'package p\n\n¦func Free(n int) bool {\n\treturn n > 1\n}¦\n', 'Free', 'Taken'],
  ['go', 'package p\n\n¦type Quay struct {\n\tberths int\n}¦\n', 'Quay', 'Pier'],
  ['java', JAVA, 'free', 'taken'],
  ['csharp', JAVA, 'free', 'Taken'],
  ['rust', RUST, 'later', 'latest'],
  ['rust', '¦pub struct Quay {\n    berths: u32,\n}¦\n', 'Quay', 'Pier'],
  ['cpp', '¦int *later(int *a) {\n  return a + 1;\n}¦\n', 'later', 'latest'],
  ['php', '<?php\n¦function later($a) {\n  return $a + 1;\n}¦\n', 'later', 'latest'],
  ['ruby', 'class Quay\n¦  def later(a)\n    a + 1\n  end¦\nend\n', 'later', 'latest'],
];

const keeping: readonly Case[] = [
  // The name stays.
  ['python', PYTHON, 'return None', 'return row'],
  ['typescript', TYPESCRIPT, 'a > b ? a : b', 'b > a ? b : a'],
  ['go', GO, 'q.berths >= n', 'n <= q.berths'],
  ['java', JAVA, 'boolean free', 'public boolean free'],
  ['rust', RUST, 'if a > b { a } else { b }', 'a.max(b)'],
  [
    'typescript',
    TYPESCRIPT,
    'export function later(a: Date, b: Date): Date {\n  return a > b ? a : b;\n}',
    'export const later = (a: Date, b: Date): Date => (a > b ? a : b);',
  ],
  ['python', PYTHON, '    def next_sailing', '    next_sailing = 1\n\n    def _next'],
  // More is declared than before, or less.
  [
    'python',
    PYTHON,
    '    def next_sailing',
    '    def first(self):\n        return 1\n\n    def next_sailing',
  ],
  [
    'typescript',
    '¦const half = (a: number) => a / 2;\nexport function mean(a: number, b: number) {\n  return half(a + b);\n}¦\n',
    'const half = (a: number) => a / 2;\nexport function mean(a: number, b: number) {\n  return half(a + b);',
    'export function mean(a: number, b: number) {\n  return (a + b) / 2;',
  ],
  // A local variable, a parameter, and what a function or a class has for itself.
  ['python', 'def f(rows):\n¦    first = rows[0]\n    return first¦\n', 'first', 'head'],
  ['python', PYTHON, 'row', 'one'],
  [
    'python',
    '¦def mean(a, b):\n    def half(c):\n        return c / 2\n\n    return half(a + b)¦\n',
    '    def half(c):\n        return c / 2\n\n    return half(a + b)',
    '    return (a + b) / 2',
  ],
  [
    'typescript',
    'function mean(a: number, b: number) {\n¦  const half = (c: number) => c / 2;\n  return half(a + b);¦\n}\n',
    'half',
    'halved',
  ],
  ['javascript', '¦class Quay {\n  free() {\n    return 1;\n  }\n}¦\n', 'free', 'taken'],
  // A declaration of which only the head is selected is what a person is about to rename.
  ['python', '¦def later(a):¦\n    return a\n', 'later', 'latest'],
  ['typescript', 'function ¦later¦(a: number) {\n  return a;\n}\n', 'later', 'latest'],
  // Somebody else's names.
  ['java', 'class A {\n¦  int n = 1;¦\n}\n', 'n = 1', 'm = 1'],
  ['typescript', '¦list.forEach(function each(a) {\n  use(a);\n});¦\n', 'each', 'all'],
];

async function reasonsOf([languageId, marked, old, fresh]: Case) {
  const selected = marked.split('¦')[1] ?? '';
  assert.ok(selected.includes(old), `${old} is in the selection`);
  return reasonsBetween(languageId, marked, selected.replaceAll(old, fresh));
}

describe('an answer that declares another name than what was selected', () => {
  for (const one of renaming)
    test(`${one[0]}: ${one[2]} becomes ${one[3]}, in ${JSON.stringify(one[1].slice(0, 40))}`, async () => {
      assert.deepEqual(await reasonsOf(one), ['renames']);
    });

  for (const one of keeping)
    test(`not ${one[0]}: ${JSON.stringify(one[2])} becomes ${JSON.stringify(one[3])}`, async () => {
      const reasons = await reasonsOf(one);
      assert.ok(!reasons.includes('renames') && !reasons.includes('does-not-parse'), reasons.join());
    });

  test('and is a copy of the one above it says both', async () => {
    const copy =
      '    def by_departure(self):\n        return sorted(self.rows, key=lambda row: row.departure)\n';
    assert.deepEqual(await reasonsBetween('python', PYTHON, copy), ['renames', 'duplicate']);
  });

  test('that is still used is the graver one', async () => {
    const used = `${TYPESCRIPT}later(new Date(), new Date());\n`;
    assert.deepEqual(await reasonsOf(['typescript', used, 'later', 'latest']), ['removes-used']);
  });
});
