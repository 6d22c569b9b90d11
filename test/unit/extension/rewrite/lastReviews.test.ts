import assert from 'node:assert/strict';
import test from 'node:test';
import type { Uri } from 'vscode';
import { LastReviews } from '../../../../extension/rewrite/lastReviews';
import type { Reviewed } from '../../../../extension/rewrite/state/reviewed';

/** No more of either is looked at. */
const at = (address: string) => ({ toString: () => address }) as Uri;
const review = (name: string) => ({ name }) as unknown as Reviewed;

test('a review is found under the name that its file has by now, whenever its document is closed', () => {
  const reviews = new LastReviews();
  const first = review('first');
  reviews.renamed(at('file:///a.ts'), at('file:///b.ts'));
  reviews.keep('file:///a.ts', first);
  assert.equal(reviews.of(at('file:///b.ts')), first);
  reviews.renamed(at('file:///b.ts'), at('file:///c.ts'));
  assert.equal(reviews.of(at('file:///c.ts')), first);
  assert.equal(reviews.of(at('file:///b.ts')), undefined);
});

test('so is one in a folder with a new name', () => {
  const reviews = new LastReviews();
  const first = review('first');
  reviews.renamed(at('file:///src'), at('file:///lib'));
  reviews.keep('file:///src/a.ts', first);
  assert.equal(reviews.of(at('file:///lib/a.ts')), first);
  reviews.keep('file:///srcs/a.ts', first);
  assert.equal(reviews.of(at('file:///srcs/a.ts')), first);
});

test('a new file under an old name has reviews of its own', () => {
  const reviews = new LastReviews();
  const [old, fresh] = [review('old'), review('fresh')];
  reviews.keep('file:///index.ts', old);
  reviews.renamed(at('file:///index.ts'), at('file:///old.ts'));
  reviews.opened(at('file:///index.ts'));
  reviews.keep('file:///index.ts', fresh);
  assert.equal(reviews.of(at('file:///index.ts')), fresh);
  assert.equal(reviews.of(at('file:///old.ts')), old);
});

test('two new names count before a document is closed, and so does the old one again', () => {
  const reviews = new LastReviews();
  const [first, second] = [review('first'), review('second')];
  reviews.renamed(at('file:///src/a.ts'), at('file:///src/b.ts'));
  reviews.renamed(at('file:///src'), at('file:///lib'));
  reviews.keep('file:///src/a.ts', first);
  assert.equal(reviews.of(at('file:///lib/b.ts')), first);
  reviews.renamed(at('file:///c.ts'), at('file:///d.ts'));
  reviews.renamed(at('file:///d.ts'), at('file:///c.ts'));
  reviews.keep('file:///c.ts', second);
  assert.equal(reviews.of(at('file:///c.ts')), second);
});
