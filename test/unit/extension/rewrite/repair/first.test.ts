// Which rewrites begin with what is wrong.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { repairsFirst } from '../../../../../extension/rewrite/repair/first';
import type { RewriteRequest, Span } from '../../../../../extension/rewrite/state/types';

const LINE: Span = { start: 4, end: 24, old: 'total += item.wieght' };
const begins = (changes: Partial<RewriteRequest>, spans: readonly Span[] = [LINE], isMore = false) =>
  repairsFirst(spans, { seed: 0, ...changes }, isMore);

describe('what is wrong is looked for first', () => {
  test('where a line or a part of it is selected, or a few lines', () => {
    assert.equal(begins({}, [{ ...LINE, old: 'total += 1\r\ncount += 1' }]), true);
    assert.equal(begins({}), true);
    assert.equal(begins({}, [{ start: 0, end: 10, old: 'a += b.c.d' }]), true);
  });

  const not: readonly [string, Partial<RewriteRequest>, (readonly Span[])?, boolean?][] = [
    ['of many lines', {}, [{ ...LINE, old: 'total += 1\n'.repeat(12) }]],
    ['of long ones', {}, [{ ...LINE, old: `${LINE.old.repeat(12)}\n`.repeat(5) }]],
    ['of a long line', {}, [{ ...LINE, old: LINE.old.repeat(12) }]],
    ['of a word or two', {}, [{ ...LINE, old: 'item.wieght' }]],
    ['of what is still to be written', {}, [{ ...LINE, old: "throw new Error('not implemented yet');" }]],
    ['of that in Rust', {}, [{ ...LINE, old: 'todo!("read the rows")' }]],
    ['of a place to fill', {}, [{ start: 4, end: 4, old: '' }]],
    ['of several places', {}, [LINE, { start: 30, end: 50, old: LINE.old }]],
    ['of a piece of more', { isPiece: true }],
    ['where somebody says what to change', { instruction: 'Count.' }],
    ['where a problem does', { problem: 'Unknown name.' }],
    ['where words are chosen', { words: [[{ start: 0, end: 5 }]] }],
    ['where some are kept', { pinned: [[{ start: 0, end: 5 }]] }],
    ['of a candidate', { texts: ['total += 1'] }],
    ['a second time', { seed: 1 }],
    ['by a later try', { tries: 1 }],
    ['where all of it is to be masked', { isWhole: true }],
    ['where a repair is asked for', { isRepair: true }],
    ['beside what is there', {}, [LINE], true],
  ];
  for (const [name, request, spans, isMore] of not)
    test(`not ${name}`, () => assert.equal(begins(request, spans, isMore), false));
});
