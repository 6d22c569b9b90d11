// What the dual cache runs again and when, counted on a decoder that can be checked by hand, and what it holds when a
// run fails.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import type { Lane } from '../../../engine/denoiser';
import { CachedInPlaceDenoiser } from '../../../engine/runtime/inPlaceDenoiser';
import { FaultyForward, failure, TINY } from './faultyForward';

const GREEDY = { temperature: 0 };
const LENGTH = 40;

function denoiserOf(forward: FaultyForward, shifted: boolean, cache: 'dual' | 'exact', refreshEvery = 2) {
  return new CachedInPlaceDenoiser(forward, TINY, { shifted, cache, refreshEvery, padToken: 0 });
}

/** The canvas with `written` of the cells from 10 on committed, and the rest of the eight asked about. */
function laneOf(written: number): Lane {
  const tokens = Int32Array.from({ length: LENGTH }, (_, i) =>
    i >= 10 + written && i < 18 ? 9 : 1 + (i % 7),
  );
  return {
    tokens,
    asks: Array.from({ length: 8 - written }, (_, i) => ({ position: 10 + written + i })),
  };
}

describe('the dual cache', () => {
  for (const shifted of [false, true]) {
    test(`runs the window, and everything when it is due (${shifted ? 'shifted' : 'not shifted'})`, async () => {
      const forward = new FaultyForward(false);
      const denoiser = denoiserOf(forward, shifted, 'dual');
      const sizes: number[] = [];
      forward.beforeRun = ({ ids }) => sizes.push(ids.length);
      for (let written = 0; written < 7; written++) await denoiser.predict([laneOf(written)], GREEDY);
      const wide = shifted ? 9 : 8;
      assert.deepEqual(sizes, [LENGTH, wide, wide, LENGTH, wide - 3, wide - 3, LENGTH]);
      denoiser.dispose();
    });
  }

  test('a cell outside the window that is asked about is answered as a full pass answers', async () => {
    const dual = denoiserOf(new FaultyForward(false), false, 'dual', 100);
    const exact = denoiserOf(new FaultyForward(false), false, 'exact');
    const lane = laneOf(0);
    await dual.predict([lane], GREEDY);
    const other = { ...lane, asks: [...lane.asks, { position: 30 }] };
    assert.deepEqual(await dual.predict([other], GREEDY), await exact.predict([other], GREEDY));
  });

  for (const device of [false, true]) {
    test(`holds nothing that it does not use, whichever run fails (K/V ${device ? 'on the device' : 'in main memory'})`, () =>
      fc.assert(
        fc.asyncProperty(
          fc.boolean(),
          fc.array(fc.boolean(), { maxLength: 8 }),
          async (shifted, failures) => {
            const forward = new FaultyForward(device);
            const denoiser = denoiserOf(forward, shifted, 'dual');
            for (const [written, fails] of failures.entries()) {
              forward.beforeRun = () => {
                if (fails) throw failure();
              };
              const told = denoiser.predict([laneOf(written)], GREEDY);
              if (fails) await assert.rejects(told, { code: 'runtime-failed' });
              else assert.ok((await told)[0]?.every(({ entropy }) => entropy > 0));
            }
            denoiser.dispose();
            assert.equal(forward.held, 0, 'not all memory came back');
          },
        ),
        { numRuns: 60 },
      ));
  }
});
