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

function denoiserOf(
  forward: FaultyForward,
  shifted: boolean,
  cache: 'dual' | 'exact',
  refreshEvery = 2,
  movesOn = false,
) {
  return new CachedInPlaceDenoiser(forward, TINY, { shifted, cache, refreshEvery, movesOn, padToken: 0 });
}

/** As on a slow machine; a key that moves by one position turns by half a turn. */
function shiftingDenoiser(forward: FaultyForward, shifted: boolean, refreshEvery: number) {
  return new CachedInPlaceDenoiser(forward, TINY, {
    ...{ shifted, cache: 'dual', refreshEvery, movesOn: true, padToken: 0 },
    inverseFrequencies: [Math.PI],
  });
}

/** Masks in turns of `size`: each step of a canvas of sixteen masks from 10 on, `commits` of which it settles. */
function* turns(size: number, commits: readonly number[]): Generator<Lane> {
  const tokens = Int32Array.from({ length: LENGTH }, (_, i) => (i >= 10 && i < 26 ? 9 : 1 + (i % 7)));
  let [first, end] = [10, Math.min(26, 10 + size)];
  for (const count of commits) {
    if (first >= 26) return;
    yield {
      tokens: tokens.slice(),
      asks: Array.from({ length: end - first }, (_, i) => ({ position: first + i })),
    };
    for (let i = 0; i < count && first < end; i++) tokens[first++] = 2;
    if (first === end) end = Math.min(26, end + size);
  }
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

/** Lanes of so many tokens each, which differ in one that is not asked about. */
function partedLanes(lengths: readonly number[], written: number): Lane[] {
  return lengths.map((length, lane) => {
    const tokens = Int32Array.from({ length }, (_, i) =>
      i >= 10 + written && i < 18 ? 9 : i === 30 ? 1 + lane : 1 + (i % 7),
    );
    return {
      tokens,
      asks: Array.from({ length: 8 - written }, (_, i) => ({ position: 10 + written + i })),
    };
  });
}

describe('lanes that differ', () => {
  const LONG = 130;

  test('are run one by one where each keeps the processor busy, and go on from one cache of all', async () => {
    for (const shifted of [false, true]) {
      const forward = new FaultyForward(false);
      const dual = denoiserOf(forward, shifted, 'dual', 2);
      const sizes: number[][] = [];
      forward.beforeRun = ({ lanes, ids }) => sizes.push([lanes, ids.length]);
      // Each by itself, in a cache of its own.
      const singles = [0, 1, 2].map(() => denoiserOf(new FaultyForward(false), shifted, 'dual', 2));
      for (let written = 0; written < 3; written++) {
        const lanes = partedLanes([LONG, LONG, LONG], written);
        const found = await dual.predict(lanes, GREEDY);
        for (const [index, lane] of lanes.entries())
          assert.deepEqual([found[index]], await singles[index]?.predict([lane], GREEDY));
      }
      assert.deepEqual(sizes.slice(0, 3), Array(3).fill([1, LONG]));
      assert.deepEqual(
        sizes.slice(3).map(([lanes]) => lanes),
        [3, 3],
        'the windows together',
      );
      dual.dispose();
      assert.equal(forward.held, 0, 'nothing is left');
    }
  });

  test('are run one by one in their windows, too, where those are as long', async () => {
    const wide = (first: number): Lane[] =>
      [0, 1, 2].map((lane) => ({
        tokens: Int32Array.from({ length: 3 * LONG }, (_, i) => (i === first ? 1 + lane : 1 + (i % 7))),
        asks: Array.from({ length: LONG }, (_, i) => ({ position: 10 + i })),
      }));
    // They differ from the beginning, or in what they have written since.
    for (const changes of [
      [300, 300, 300],
      [-1, 12, 14],
    ]) {
      const forward = new FaultyForward(false);
      const dual = denoiserOf(forward, true, 'dual', 2);
      const sizes: number[][] = [];
      forward.beforeRun = ({ lanes, ids }) => sizes.push([lanes, ids.length]);
      const singles = [0, 1, 2].map(() => denoiserOf(new FaultyForward(false), true, 'dual', 2));
      for (const first of changes) {
        const lanes = wide(first);
        const found = await dual.predict(lanes, GREEDY);
        for (const [index, lane] of lanes.entries())
          assert.deepEqual([found[index]], await singles[index]?.predict([lane], GREEDY));
      }
      assert.deepEqual(sizes.slice(-6), Array(6).fill([1, LONG + 1]));
      dual.dispose();
      assert.equal(forward.held, 0);
    }
  });

  test('of different lengths need no padding then', async () => {
    const forward = new FaultyForward(false);
    const sizes: number[] = [];
    forward.beforeRun = ({ ids }) => sizes.push(ids.length);
    await denoiserOf(forward, false, 'dual').predict(partedLanes([LONG, LONG + 5, 70], 0), GREEDY);
    assert.deepEqual(sizes, [LONG, LONG + 5, 70]);
    sizes.length = 0;
    await denoiserOf(forward, false, 'dual').predict(partedLanes([70, 60], 0), GREEDY);
    assert.deepEqual(sizes, [140], 'short ones together');
  });

  test('leave nothing where one fails, or somebody gives up between two', async () => {
    const forward = new FaultyForward(false);
    const denoiser = denoiserOf(forward, false, 'dual');
    let runs = 0;
    const controller = new AbortController();
    forward.beforeRun = () => {
      if (++runs === 2) controller.abort();
    };
    const asked = { ...GREEDY, signal: controller.signal };
    await assert.rejects(denoiser.predict(partedLanes([LONG, LONG, LONG], 0), asked), { code: 'cancelled' });
    assert.equal(runs, 2);
    assert.equal(forward.held, 0);
    denoiser.dispose();
    assert.equal(forward.held, 0);
  });
});

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

  test('moves its window on where masks are denoised in turns, and leaves behind what is written', async () => {
    const forward = new FaultyForward(false);
    const denoiser = denoiserOf(forward, false, 'dual', 100, true);
    const sizes: number[] = [];
    forward.beforeRun = ({ ids }) => sizes.push(ids.length);
    for (const lane of turns(8, Array(16).fill(1))) await denoiser.predict([lane], GREEDY);
    // Eight masks, of which four and then two and one are left; then these and the eight behind them.
    assert.deepEqual(sizes, [LENGTH, 8, 8, 8, 8, 4, 4, 2, 9, 8, 8, 8, 8, 4, 4, 2]);
    denoiser.dispose();
    assert.equal(forward.held, 0);
  });

  test('a window that moves sees every token as it is, and the rest as it was computed last', () =>
    fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 30 }),
        async (device, shifted, size, refreshEvery, commits) => {
          const forward = new FaultyForward(device);
          const denoiser = denoiserOf(forward, shifted, 'dual', refreshEvery, true);
          // What the decoder keeps of a position: the sum of the tokens that it saw, which are all.
          const kept = new Map<number, number>();
          let rows: readonly number[] = [];
          let keeps = false;
          forward.beforeRun = ({ positions, keep }) => {
            rows = [...positions];
            keeps = keep;
          };
          for (const lane of turns(size, commits)) {
            const [predictions] = await denoiser.predict([lane], GREEDY);
            const sum = lane.tokens.reduce((total, token) => total + token, 0);
            const others = [...kept].filter(([position]) => !rows.includes(position));
            const wanted = others.reduce((total, [, value]) => total + value, rows.length * sum);
            for (const { entropy } of predictions ?? []) assert.equal(entropy, wanted);
            if (keeps) for (const position of rows) kept.set(position, sum);
          }
          denoiser.dispose();
          assert.equal(forward.held, 0);
        },
      ),
      { numRuns: 300 },
    ));

  test('cells that come and go among the masks leave what is behind them computed, and move its keys', () =>
    fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.constantFrom('write', 'grow', 'shrink', 'move'), { minLength: 1, maxLength: 30 }),
        async (shifted, refreshEvery, changes) => {
          const forward = new FaultyForward(false);
          const denoiser = shiftingDenoiser(forward, shifted, refreshEvery);
          interface Cell {
            token: number;
            /** The sum that the decoder keeps of it. */
            kept?: number;
          }
          const cells: Cell[] = Array.from({ length: LENGTH }, (_, i) => ({
            token: i >= 10 && i < 20 ? 9 : 1 + (i % 7),
          }));
          let turn = cells.slice(10, 15);
          let rows: readonly number[] = [];
          let keeps = false;
          forward.beforeRun = ({ positions, keep, past }) => {
            rows = [...positions];
            keeps = keep;
            assert.equal(past.location, 'host');
          };
          for (const change of changes) {
            const sum = cells.reduce((total, { token }) => total + token, 0);
            const asks = turn.map((cell) => ({ position: cells.indexOf(cell) }));
            const tokens = Int32Array.from(cells, ({ token }) => token);
            const [predictions] = await denoiser.predict([{ tokens, asks }], GREEDY);
            let wanted = rows.length * sum;
            for (const [position, { kept }] of cells.entries())
              if (!rows.includes(position)) wanted += kept ?? Number.NaN;
            for (const { entropy } of predictions ?? []) assert.equal(entropy, wanted);
            if (keeps) for (const at of rows) Object.assign(cells[at] ?? {}, { kept: sum });
            const [first] = turn;
            if (first === undefined) break;
            if (change === 'write') first.token = 2;
            if (change === 'write' || change === 'shrink') turn = turn.slice(1);
            if (change === 'shrink') cells.splice(cells.indexOf(first), 1);
            if (change === 'grow') {
              const fresh: Cell = { token: 9 };
              cells.splice(cells.indexOf(first), 0, fresh);
              turn = [fresh, ...turn];
            }
            if (change === 'move' || turn.length === 0) {
              for (const cell of turn) cell.token = 2;
              const next = cells.findIndex(({ token }) => token === 9);
              turn = next < 0 ? [] : cells.slice(next, next + 5).filter(({ token }) => token === 9);
            }
            if (turn.length === 0) break;
          }
          denoiser.dispose();
          assert.equal(forward.held, 0);
        },
      ),
      { numRuns: 500 },
    ));

  test('an insertion costs a window, and rotates the keys behind it by its length', async () => {
    const forward = new FaultyForward(false);
    const denoiser = shiftingDenoiser(forward, false, 100);
    const sizes: number[] = [];
    const keys: number[][] = [];
    forward.beforeRun = ({ ids, past }) => {
      sizes.push(ids.length);
      if (past.location === 'host') keys.push([...(past.layers[0]?.k ?? [])]);
    };
    const lane = laneOf(0);
    await denoiser.predict([lane], GREEDY);
    await denoiser.predict([lane], GREEDY);
    const grown = Int32Array.from([...lane.tokens.subarray(0, 10), 9, ...lane.tokens.subarray(10)]);
    const asks = Array.from({ length: 9 }, (_, i) => ({ position: 10 + i }));
    await denoiser.predict([{ tokens: grown, asks }], GREEDY);
    assert.deepEqual(sizes, [LENGTH, 8, 9]);
    // Two numbers a slot, the void in front.
    const [, before = [], after = []] = keys;
    const behind = 2 * (1 + 18);
    assert.deepEqual(after.slice(0, behind), before.slice(0, behind));
    assert.deepEqual(
      after.slice(behind).map(Math.round),
      before.slice(behind).map((key) => Math.round(-key)),
    );
    denoiser.dispose();
    assert.equal(forward.held, 0);
  });

  test('with masks far apart an insertion is a pass over everything, and the K/V stays small', async () => {
    const forward = new FaultyForward(false);
    const denoiser = shiftingDenoiser(forward, true, 1000);
    const sizes: number[] = [];
    let most = 0;
    forward.beforeRun = ({ ids, past }) => {
      sizes.push(ids.length);
      most = Math.max(most, past.positions);
    };
    let tokens = Array.from({ length: 200 }, (_, i) =>
      (i >= 10 && i < 14) || (i >= 180 && i < 184) ? 9 : 1,
    );
    for (let step = 0; step < 40; step++) {
      const asks = [...tokens.keys()].filter((at) => tokens[at] === 9).map((position) => ({ position }));
      await denoiser.predict([{ tokens: Int32Array.from(tokens), asks }], GREEDY);
      if (step % 2 === 1) tokens = [...tokens.slice(0, 10), 9, ...tokens.slice(10)];
    }
    assert.deepEqual(sizes.slice(0, 4), [200, 10, 201, 11]);
    assert.ok(most < 2 * 240 + 50, `${most} slots`);
    denoiser.dispose();
    assert.equal(forward.held, 0);
  });

  test('what windows leave behind in the K/V is bounded', async () => {
    const forward = new FaultyForward(false);
    const denoiser = denoiserOf(forward, false, 'dual', 1000, true);
    let most = 0;
    forward.beforeRun = ({ past }) => {
      most = Math.max(most, past.positions);
    };
    const tokens = Int32Array.from({ length: LENGTH }, () => 9);
    for (let step = 0; step < 200; step++) {
      const asks = Array.from({ length: 5 }, (_, i) => ({ position: 5 * (step % 8) + i }));
      await denoiser.predict([{ tokens, asks }], GREEDY);
    }
    assert.ok(most <= 2 * LENGTH + 10, `${most} slots`);
    denoiser.dispose();
  });

  for (const device of [false, true]) {
    test(`holds nothing that it does not use, whichever run fails (K/V ${device ? 'on the device' : 'in main memory'})`, () =>
      fc.assert(
        fc.asyncProperty(
          fc.boolean(),
          fc.boolean(),
          fc.array(fc.boolean(), { maxLength: 8 }),
          async (shifted, movesOn, failures) => {
            const forward = new FaultyForward(device);
            const denoiser = denoiserOf(forward, shifted, 'dual', 2, movesOn);
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
