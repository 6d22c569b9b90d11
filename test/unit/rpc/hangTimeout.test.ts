// How long an engine may be silent follows from what its passes take here.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { LOADING_PATIENCE, loadingPatience, patienceWith } from '../../../engine/rpc/hangTimeout';

describe('patience with the engine', () => {
  test('grows with what a pass takes on this machine, and has an end', () => {
    const half = 494e6;
    const fast = patienceWith({ parameters: half, passMillis: 100 }, 1);
    const slow = patienceWith({ parameters: half, passMillis: 12_000 }, 1);
    assert.ok(fast < 25_000);
    assert.ok(slow > 3 * 2 * 12_000, 'two candidates, on a machine three times as busy');
    assert.equal(patienceWith({ parameters: half, passMillis: 1e9 }, 1), 600_000);
  });

  test('grows with the candidates of what runs', () => {
    const model = { parameters: 494e6, passMillis: 12_000 };
    const [two = 0, four = 0, eight = 0] = [2, 4, 8].map((candidates) => patienceWith(model, candidates));
    assert.ok(four > 3 * 4 * 12_000, 'a quick fix, on a machine three times as busy');
    assert.ok(eight > 3 * 8 * 12_000);
    assert.ok(two < four && four < eight);
    assert.equal(patienceWith(model, 1), two, 'a request that was given up may still run');
  });

  test('goes by the size where nothing was timed', () => {
    assert.ok(patienceWith({ parameters: 7e9 }, 1) > 100_000);
    assert.ok(patienceWith({ parameters: 6e6 }, 1) < 21_000);
  });

  test('while weights are loaded it grows with their bytes', () => {
    assert.equal(loadingPatience(0), LOADING_PATIENCE);
    assert.ok(loadingPatience(7.6e9) > LOADING_PATIENCE + 7600 / 0.03, '30 MB a second');
    assert.equal(loadingPatience(1e12), 600_000);
  });
});
