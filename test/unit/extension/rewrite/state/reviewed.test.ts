// Where a review that has ended can be taken up again.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { reviewedIn, reviewedLast } from '../../../../../extension/rewrite/state/reviewed';
import type { Review, Span } from '../../../../../extension/rewrite/state/types';

const FIRST = 'a = 1\nb = 2\n';
const SECOND = 'a = 10\nb = 2\n';
const spansOf = (text: string): Span[] => {
  const end = text.indexOf('\nb') + 6;
  return [{ start: 0, end, old: text.slice(0, end) }];
};

/** Whose first change was taken. */
const review: Review = {
  spans: spansOf(SECOND),
  candidates: [{ texts: ['a = 10\nb = 20'] }],
  index: 0,
  seed: 0,
  moments: [FIRST, SECOND].map((text) => ({ text, spans: spansOf(text) })),
};

describe('a review that has ended', () => {
  test('is of the text at its end, and of those before it', () => {
    const reviewed = reviewedLast({ kind: 'reviewing', review }, SECOND);
    assert.ok(reviewed);
    for (const text of [FIRST, SECOND])
      assert.deepEqual(reviewedIn(reviewed, text), { ...review, spans: spansOf(text) });
  });

  test('that was accepted to the end is of those before it alone', () => {
    const reviewed = reviewedLast(
      { kind: 'accepting', review, next: review, text: SECOND },
      'a = 10\nb = 20\n',
    );
    assert.ok(reviewed);
    for (const text of [FIRST, SECOND]) assert.deepEqual(reviewedIn(reviewed, text)?.spans, spansOf(text));
    assert.equal(reviewedIn(reviewed, 'a = 10\nb = 20\n'), undefined);
  });

  test('moves with edits around it, and is none of a text that was edited in its place', () => {
    const reviewed = reviewedLast({ kind: 'reviewing', review }, SECOND);
    assert.ok(reviewed);
    assert.deepEqual(
      reviewedIn(reviewed, `# above\n${SECOND}`)?.spans.map(({ start, old }) => [start, old]),
      [[8, spansOf(SECOND)[0]?.old]],
    );
    assert.equal(reviewedIn(reviewed, SECOND.replace('b', 'c')), undefined);
  });
});
