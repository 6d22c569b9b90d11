// What it makes no difference to exchange.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { isSameInEitherOrder } from '../../../../../extension/rewrite/repair/eitherOrder';

/** The two places stand between ¦. */
function sameIn(marked: string): boolean {
  const [before = '', first = '', between = '', second = '', behind = ''] = marked.split('¦');
  const line = before + first + between + second + behind;
  const start = before.length + first.length + between.length;
  return isSameInEitherOrder(line, [
    { start: before.length, end: before.length + first.length },
    { start, end: start + second.length },
  ]);
}

describe('two places of a line', () => {
  for (const line of [
    'if ¦a¦ == ¦b¦:',
    'if (¦a¦ !== ¦b.c¦) {',
    'x = ¦a¦ + ¦b¦',
    'return ¦a¦ * ¦b¦;',
    'f(¦a¦ + ¦b¦, c)',
    'x = min(¦a.b¦, ¦c.get(d, 0) + e¦)',
    'const x = Math.max(¦a¦, ¦b¦);',
    'if (one.size + 1 > std::min(¦a¦, ¦b¦)) {',
  ])
    test(`say the same in either order: ${line}`, () => assert.equal(sameIn(line), true));

  for (const line of [
    'if ¦a¦ <= ¦b¦:',
    'x = ¦a¦ - ¦b¦',
    'x = c - ¦a¦ + ¦b¦',
    'x = ¦a¦ + ¦b¦ * c',
    'x = c / ¦a¦ * ¦b¦',
    'x = ¦a¦ + c - ¦b¦',
    'x = ¦a¦.sum + ¦b¦.count',
    'admin(¦a¦, ¦b¦)',
    'x = minus(¦a¦, ¦b¦)',
    'f(min(c), ¦a¦, ¦b¦)',
    'if (¦a¦ && ¦b¦) {',
  ])
    test(`have an order: ${line}`, () => assert.equal(sameIn(line), false));
});
