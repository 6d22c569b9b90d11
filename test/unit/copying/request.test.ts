import assert from 'node:assert/strict';
import path from 'node:path';
import test, { describe } from 'node:test';
import type { Cell } from '../../../engine/canvas/types';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { RequestCopying } from '../../../engine/copying/request';

const STARTER = path.join(__dirname, '..', '..', '..', 'models', 'starter');

describe('the fewest tokens of an answer', () => {
  test('a quarter of several lines, one of anything else that stood there, none of an insertion', async () => {
    const checkpoint = await openCheckpoint(STARTER);
    const copying = new RequestCopying(checkpoint, { text: '', spans: [] });
    const least = (text: string): number =>
      copying.leastTokens(
        [...checkpoint.tokenizer.encode(text).ids].map((original): Cell => ({ original, locked: false })),
      );
    const lines = 'first = one(two)\nsecond = three(four)';
    const tokens = checkpoint.tokenizer.encode(lines).ids.length;
    assert.ok(tokens > 4);
    assert.equal(least(lines), Math.ceil(tokens / 4));
    assert.equal(least('first = one(two)\n'), 1);
    assert.equal(least(''), 0);
  });
});
