import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { DeadlineError, withDeadline } from '../../engine/deadline';

describe('a deadline', () => {
  test('gives what the work gives, and throws what it throws', () => {
    assert.equal(
      withDeadline(1000, () => 7),
      7,
    );
    const error = new TypeError('no');
    assert.throws(
      () =>
        withDeadline(1000, () => {
          throw error;
        }),
      error,
    );
  });

  test('ends a loop and a pattern that would not end', () => {
    assert.throws(() => withDeadline(50, () => /^(a+)+$/.test(`${'a'.repeat(60)}b`)), DeadlineError);
    assert.throws(
      () =>
        withDeadline(50, () => {
          for (;;);
        }),
      DeadlineError,
    );
    assert.equal(
      withDeadline(1000, () => 'as before'),
      'as before',
    );
  });

  test('one within another ends alone', () => {
    const outer = withDeadline(10_000, () => {
      assert.throws(() => withDeadline(20, () => /^(a+)+$/.test(`${'a'.repeat(60)}b`)), DeadlineError);
      return withDeadline(1000, () => 'inner');
    });
    assert.equal(outer, 'inner');
  });
});
