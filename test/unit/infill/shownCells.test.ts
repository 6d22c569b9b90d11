// What is shown of a hole's cells: nothing that stands in front of the span already.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { withoutKept } from '../../../engine/infill/shownCells';
import type { CellEvent } from '../../../engine/protocol';

const cell = (text: string, state: CellEvent['state'] = 'committed'): CellEvent => ({
  ...{ text, state, confidence: 1 },
});
const shown = (kept: string, ...cells: readonly CellEvent[]) =>
  withoutKept(cells, kept).map(({ text }) => text);

describe('cells in the place of their span', () => {
  test('begin behind what the text keeps', () => {
    assert.deepEqual(shown(' ', cell(' public'), cell(' Lot')), ['public', ' Lot']);
    assert.deepEqual(shown('    ', cell('  '), cell('  return'), cell(' 1')), ['', 'return', ' 1']);
    assert.deepEqual(shown('tot', cell('total'), cell(' + 1')), ['al', ' + 1']);
    assert.deepEqual(shown('', cell(' a')), [' a']);
  });

  test('are left as they are where nothing is written yet, or it begins in another way', () => {
    assert.deepEqual(shown(' ', cell(' public', 'masked'), cell(' Lot', 'masked')), [' public', ' Lot']);
    assert.deepEqual(shown(' ', cell('\tpublic'), cell(' Lot')), ['\tpublic', ' Lot']);
    assert.deepEqual(shown('  ', cell(' '), cell('x'), cell(' y')), ['', 'x', ' y']);
  });

  test('a mask that is not written yet has what is kept to itself', () => {
    assert.deepEqual(shown(' ', cell(' a', 'masked'), cell(' b')), [' a', ' b']);
  });
});
