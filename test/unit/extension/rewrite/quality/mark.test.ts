// What flaws make of an answer: a mark, and its place among the others.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import {
  asDuplicate,
  flawsOf,
  isDoubted,
  qualityOf,
  type Reading,
  ranked,
} from '../../../../../engine/candidates/quality/verdict';
import type { Flaw } from '../../../../../engine/protocol';

const YES: Reading = {
  parses: 'yes',
  declaresAgain: false,
  leavesBlock: false,
  removesUsed: false,
  renames: false,
  losesReturn: false,
  idle: false,
  unreached: false,
  unread: false,
  bringsNoNames: false,
  strangers: { outOfScope: [], unknown: [] },
};

describe('the mark', () => {
  const mark = (...flaws: readonly Flaw[]) => qualityOf(flaws, YES).mark;

  test('is poor for what nobody wants to see, unsure for what one may', () => {
    assert.equal(mark(), 'likely');
    assert.equal(mark('improbable'), 'unsure');
    assert.equal(mark('unknown-names', 'repeats', 'shortens'), 'unsure');
    assert.equal(mark('loops'), 'poor');
    assert.equal(mark('deletes'), 'poor');
  });

  test('is unsure for what does nothing, and for what leaves code that nothing comes to', () => {
    assert.deepEqual(qualityOf([], { ...YES, idle: true, unreached: true, unread: true }), {
      mark: 'unsure',
      reasons: ['never-reached', 'no-effect', 'never-read'],
    });
  });

  test('is unsure for another name than before, which is wrong with no other answer', () => {
    const renamed = qualityOf(['improbable'], { ...YES, removesUsed: true, renames: true });
    assert.deepEqual(renamed, { mark: 'unsure', reasons: ['removes-used', 'renames', 'improbable'] });
    assert.deepEqual(flawsOf(renamed), ['improbable']);
    assert.equal(isDoubted(qualityOf([], { ...YES, renames: true })), true);
    const twice = qualityOf([], { ...YES, declaresAgain: true, renames: true });
    assert.deepEqual(twice.reasons, ['declares-again'], 'the other name is there already');
  });

  test('is unsure for what stands elsewhere in the file, which is no flaw', () => {
    const copied = asDuplicate(qualityOf([], YES));
    assert.deepEqual(copied, { mark: 'unsure', reasons: ['duplicate'] });
    assert.deepEqual(flawsOf(copied), []);
    const both = asDuplicate(qualityOf(['repeats', 'improbable'], YES));
    assert.deepEqual(
      both.reasons,
      ['repeats', 'duplicate', 'improbable'],
      'how sure the model is comes last',
    );
    assert.equal(asDuplicate(qualityOf(['loops'], YES)).mark, 'poor');
  });

  test('is unsure for what no parser has looked at, which is no doubt by itself', () => {
    const unread = qualityOf([], { ...YES, parses: 'unknown' });
    assert.deepEqual(unread, { mark: 'unsure', reasons: ['not-parsed'] });
    assert.deepEqual(flawsOf(unread), []);
    assert.equal(isDoubted(unread), false);
    assert.equal(isDoubted(qualityOf(['improbable'], { ...YES, parses: 'unknown' })), true);
    assert.equal(isDoubted(qualityOf([], YES)), false);
  });

  test('ranks before likelihood does, which is the order that comes in', () => {
    const candidates = [
      { name: 'poor', quality: qualityOf(['loops'], YES) },
      { name: 'odd', quality: qualityOf(['unknown-names'], YES) },
      { name: 'low', quality: qualityOf(['improbable'], YES) },
      { name: 'good', quality: qualityOf([], YES) },
      { name: 'too', quality: qualityOf([], { ...YES, parses: 'prose' }) },
    ];
    assert.deepEqual(
      ranked(candidates).map(({ name }) => name),
      // The engine has weighed the odd name against how likely it is already.
      ['good', 'too', 'odd', 'low', 'poor'],
    );
  });
});
