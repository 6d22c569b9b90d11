// What goes along with a rule's choice because one copy says all of it.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { withCopied } from '../../../engine/decoding/rules/copied';
import type { Proposal } from '../../../engine/decoding/rules/proposal';

/** One letter a cell: `c` follows the copy and is sure, `d` follows it in doubt, `-` is the model's own, `w` is written already. */
function proposalsOf(cells: string): Proposal[] {
  return [...cells].map((letter, cell) => ({
    cell,
    token: cell,
    confidence: letter === 'd' ? 0.49 : 0.5,
    margin: 0,
    logitGap: 0,
    entropy: 0,
    committed: letter === 'w',
    follows: letter !== '-',
  }));
}

const sideBySide = (): boolean => true;

describe('what one copy says', () => {
  const cases: readonly [string, number[], number[]][] = [
    ['cccc', [0], [0, 1, 2, 3]],
    ['cccc', [2], [0, 1, 2, 3]],
    ['ccdc', [0], [0, 1]],
    ['cc-c', [0], [0, 1]],
    ['ccwc', [3], [3]],
    ['dccc', [0], [0, 1, 2, 3]],
    ['-ccc', [0], [0]],
    ['cccc', [], []],
    ['cc-cc', [1, 2, 3], [0, 1, 2, 3, 4]],
  ];
  for (const [cells, commit, expected] of cases)
    test(`${cells}: ${commit.join()} brings ${expected.join() || 'nothing'}`, () => {
      assert.deepEqual(withCopied(commit, proposalsOf(cells), sideBySide), expected);
    });

  test('stays in its hole, and passes over no cell that was not asked about', () => {
    assert.deepEqual(
      withCopied([1], proposalsOf('cccc'), (left) => left !== 1),
      [0, 1],
    );
    const gap = proposalsOf('cccc').filter(({ cell }) => cell !== 2);
    assert.deepEqual(withCopied([0], gap, sideBySide), [0, 1]);
  });
});
