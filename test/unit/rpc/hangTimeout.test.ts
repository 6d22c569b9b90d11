// How long an engine may be silent follows from what its passes take here.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { patienceWith } from '../../../engine/rpc/hangTimeout';

describe('patience with the engine', () => {
  test('grows with what a pass takes on this machine, and has an end', () => {
    const half = 494e6;
    const fast = patienceWith({ parameters: half, passMillis: 100 });
    const slow = patienceWith({ parameters: half, passMillis: 12_000 });
    assert.ok(fast < 25_000);
    assert.ok(slow > 3 * 2 * 12_000, 'two candidates, on a machine three times as busy');
    assert.equal(patienceWith({ parameters: half, passMillis: 1e9 }), 600_000);
  });

  test('goes by the size where nothing was timed', () => {
    assert.ok(patienceWith({ parameters: 7e9 }) > 100_000);
    assert.ok(patienceWith({ parameters: 6e6 }) < 21_000);
  });
});
