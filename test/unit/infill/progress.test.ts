// What a person is told of how long a request takes.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { estimateOf, growthOf, Progress } from '../../../engine/infill/estimate';
import { reachOf } from '../../../engine/infill/reach';
import { scoringMillis, scoringReach } from '../../../engine/infill/scoring';
import { StepYield } from '../../../engine/infill/stepYield';
import { Pace } from '../../../engine/runtime/pace';
import { HALF, MEMORY, paceOf } from './halfBillion';

const FAMILY = {
  attention: { kind: 'full' },
  infill: { kind: 'in-place', bos: true, eos: true },
} as const;

describe('the tokens that a step writes', () => {
  test('are learnt from answers that are long enough, and never from a draft', () => {
    const learnt = new StepYield();
    learnt.learn({ tokens: 4, steps: 1, isDraft: false });
    learnt.learn({ tokens: 600, steps: 3, isDraft: true });
    assert.equal(learnt.tokensPerStep, 1);
    learnt.learn({ tokens: 600, steps: 200, isDraft: false });
    assert.equal(learnt.tokensPerStep, 2);
    learnt.learn({ tokens: 16, steps: 16, isDraft: false });
    assert.equal(learnt.tokensPerStep, 1.875);
  });
});

describe('how long a request takes', () => {
  const pace = paceOf(80);
  const reach = reachOf(pace, HALF, { available: MEMORY });
  const facts = { family: FAMILY, reach, window: 2000, candidates: 1, tokensPerStep: 1 };

  test('grows with its masks and candidates, and shrinks with several tokens a step', () => {
    const one = estimateOf(pace, { ...facts, masks: 20 });
    const many = estimateOf(pace, { ...facts, masks: 700 });
    assert.ok((one.millis ?? 0) > (one.firstMillis ?? 0));
    assert.ok((many.millis ?? 0) > 10 * (one.millis ?? 0));
    assert.ok((many.firstMillis ?? 9e9) < 1500, 'the first frame comes as soon as for a line');
    assert.equal(estimateOf(pace, { ...facts, masks: 20, candidates: 2 }).millis, 2 * (one.millis ?? 0));
    assert.ok(
      (estimateOf(pace, { ...facts, masks: 700, tokensPerStep: 4 }).millis ?? 0) < (many.millis ?? 0) / 2,
    );
    const scored = estimateOf(pace, { ...facts, masks: 20, scoring: scoringReach(reach) });
    const scoring = (scored.millis ?? 0) - (one.millis ?? 0);
    assert.ok(scoring > 0 && scoring < 5000, `choosing what to keep takes ${scoring} ms`);
    assert.equal(Math.round((scored.firstMillis ?? 0) - (one.firstMillis ?? 0)), Math.round(scoring));
    assert.deepEqual(estimateOf(new Pace(HALF), { ...facts, masks: 20 }), { masks: 20 });
  });

  test('of scoring alone grows with what is scored, whichever way the family does it', () => {
    const full = { attention: { kind: 'full' } } as const;
    const inOrder = { attention: { kind: 'block-causal', blockLength: 1 } } as const;
    const blocks = {
      attention: {
        kind: 'cached-canvas',
        ...{ blockLength: 16, holeGap: 16, suffixSeesPrefix: false, suffixFirst: false },
      },
    } as const;
    for (const family of [full, inOrder, blocks]) {
      const { readingMillis, firstMillis = 0 } = estimateOf(pace, { ...facts, family, masks: 20 });
      assert.equal(readingMillis !== undefined && readingMillis < firstMillis, family !== full);
      const of = (tokens: number) => scoringMillis(pace, { family, reach, tokens, window: 2000 }) ?? 0;
      assert.ok(of(20) > 0);
      assert.ok(of(1500) > 1.5 * of(100), `${family.attention.kind}: ${of(100)} and ${of(1500)} ms`);
      assert.equal(scoringMillis(new Pace(HALF), { family, reach, tokens: 20, window: 2000 }), undefined);
    }
    const { passes, tokens } = scoringReach(reach);
    const pass = pace.millisOf({ length: tokens, past: 1, rows: 100 / passes }) ?? 0;
    assert.equal(scoringMillis(pace, { family: full, reach, tokens: 100, window: 2000 }), passes * pass);
  });

  const FIXED = { attention: { kind: 'full' }, length: { kind: 'fixed' } } as const;
  const blocksOf = (blockLength: number) =>
    ({ attention: { kind: 'block-causal', blockLength }, length: { kind: 'end-token' } }) as const;
  const cellsOf = (settled: number, all = 10) =>
    Array.from({ length: all }, (_, index) => ({
      token: 1,
      confidence: 1,
      state: index < settled ? ('committed' as const) : ('masked' as const),
    }));

  test('is told while it runs: first as it was estimated, then by what is done, without a jump', () => {
    let clock = 0;
    const progress = new Progress({ masks: 10, millis: 12_000 }, 1, FIXED, 0, () => clock);
    const after = (settled: number) =>
      progress.after({ lane: 0, hole: 0, step: settled, cells: cellsOf(settled) });
    // Reading takes two seconds, and each token twice as long as was thought.
    clock = 2000;
    assert.deepEqual(after(0), { fraction: 0, remainingMillis: 10_000 });
    const left: number[] = [];
    for (let settled = 1; settled <= 10; settled++) {
      clock += 2000;
      const { fraction, remainingMillis } = after(settled);
      assert.equal(fraction, settled / 10);
      left.push(Math.round(remainingMillis ?? Number.NaN));
    }
    assert.deepEqual(left.slice(4), [10_000, 8000, 6000, 4000, 2000, 0]);
    const jumps = left.slice(1).map((millis, i) => Math.abs(millis - (left[i] ?? 0)));
    assert.ok(Math.max(...jumps) <= 2500, left.join(', '));
  });

  test('an answer that grows by blocks is never at 100 % before its end', () => {
    let clock = 0;
    const progress = new Progress({ masks: 1, millis: 1000 }, 1, blocksOf(16), 0, () => clock);
    const told = [4, 16, 20, 32, 36, 48].map((settled) => {
      clock += 1000;
      const cells = cellsOf(settled, 16 * Math.ceil(settled / 16));
      return progress.after({ lane: 0, hole: 0, step: settled, cells });
    });
    const shares = told.map(({ fraction }) => Math.round(100 * fraction));
    assert.deepEqual(shares, [13, 50, 50, 67, 67, 75]);
    assert.equal(growthOf({ ...FIXED, length: { kind: 'end-token' } }), 0);
    assert.equal(growthOf(blocksOf(32)), 32);
    assert.equal(growthOf({ ...blocksOf(32), length: { kind: 'fixed' } }), 0);
    assert.deepEqual([growthOf(blocksOf(1), 5), growthOf(blocksOf(1), 200)], [2, 20]);
  });

  test('an answer that is written token by token may end anywhere: its share goes on, and is never whole', () => {
    let clock = 0;
    const progress = new Progress({ masks: 12, millis: 1000 }, 1, blocksOf(1), 128, () => clock);
    const told = Array.from({ length: 128 }, (_, i) => {
      clock += 60;
      return progress.after({ lane: 0, hole: 0, step: i + 1, cells: cellsOf(i + 1, i + 1) });
    });
    const shares = told.map(({ fraction }) => fraction);
    assert.equal(shares[11], 0.8, 'as long as what stood there');
    assert.ok(
      shares.every((share, i) => i === 0 || share > (shares[i - 1] ?? 1)),
      'nothing stands still',
    );
    assert.ok((shares.at(-1) ?? 1) < 1);
    const left = told.map(({ remainingMillis = Number.NaN }) => Math.round(remainingMillis));
    assert.deepEqual(
      [left[11], left[12], left[27], left[67]],
      [120, 690, 240, Number.NaN],
      'half of what is likely to follow, which only falls; nobody knows how long a longer one is',
    );
  });

  test('what is left is told while the context is read, by how fast that goes, and after that by the rest alone', () => {
    let clock = 0;
    const progress = new Progress(
      { masks: 10, firstMillis: 8000, millis: 10_000 },
      1,
      blocksOf(1),
      0,
      () => clock,
    );
    const left = [0.25, 0.5, 0.75].map((done) => {
      clock += 1000;
      return progress.reading(done);
    });
    assert.deepEqual(left, [5000, 4000, 3000], 'twice as fast as was thought');
    clock += 1000;
    const first = progress.after({ lane: 0, hole: 0, step: 1, cells: cellsOf(1, 1) });
    assert.equal(
      Math.round(first.remainingMillis ?? Number.NaN),
      2000,
      'what was read is not to be read again',
    );
    assert.equal(progress.reading(0.5), undefined, 'the steps tell by now');
    assert.equal(new Progress({ masks: 10 }, 1, blocksOf(1), 0, () => clock).reading(0.5), undefined);
  });

  test('holes that are denoised together begin together', () => {
    let clock = 0;
    const progress = new Progress({ masks: 100 }, 1, FIXED, 0, () => clock);
    const after = (step: number) =>
      Array.from({ length: 10 }, (_, hole) =>
        progress.after({ lane: 0, hole, step, cells: cellsOf(step) }),
      ).at(-1)?.remainingMillis;
    clock = 2000;
    after(1);
    clock = 4000;
    assert.equal(Math.round(after(2) ?? 0), 16_000);
  });

  test('its share is never taken back: not where a hole grows, nor where tokens are masked again', () => {
    let clock = 0;
    const progress = new Progress({ masks: 10, millis: 10_000 }, 1, FIXED, 0, () => clock);
    const shares = [cellsOf(6), cellsOf(6, 16), cellsOf(4, 16), cellsOf(12, 16)].map((cells) => {
      clock += 1000;
      return progress.after({ lane: 0, hole: 0, step: clock, cells }).fraction;
    });
    assert.deepEqual(shares, [0.6, 0.6, 0.6, 0.75]);
  });

  test('where a hole grows first and is filled later, a cell takes as long as it does', () => {
    let clock = 0;
    const expanding = {
      attention: { kind: 'full' },
      length: { kind: 'expand-delete', initialMasks: 16 },
    } as const;
    const progress = new Progress({ masks: 16, millis: 4000 }, 1, expanding, 0, () => clock);
    const left: number[] = [];
    // One cell a quarter of a second: one is written, twenty are put in, and the rest is written.
    const settledAt = (step: number) => (step <= 20 ? 1 : step - 20);
    for (let step = 0; step <= 56; step++) {
      const cells = cellsOf(step === 0 ? 0 : settledAt(step), 16 + Math.min(20, Math.max(0, step - 1)));
      left.push(progress.after({ lane: 0, hole: 0, step, cells }).remainingMillis ?? Number.NaN);
      clock += 250;
    }
    assert.ok(Math.max(...left) <= 36 * 250, left.map(Math.round).join(', '));
    assert.equal(Math.round(left.at(-1) ?? Number.NaN), 0);
  });

  test('an answer that grows takes a cell’s time for each that is left, whether by one or by a block of them', () => {
    for (const block of [1, 16]) {
      let clock = 0;
      const progress = new Progress({ masks: 64 }, 1, blocksOf(block), 0, () => clock);
      const left: number[] = [];
      for (let settled = 1; settled <= 32; settled++) {
        clock += 1000;
        const cells = cellsOf(settled, block * Math.ceil(settled / block));
        left.push(progress.after({ lane: 0, hole: 0, step: settled, cells }).remainingMillis ?? Number.NaN);
      }
      assert.equal(Math.round(left.at(-1) ?? Number.NaN), 32_000, `blocks of ${block}`);
    }
  });

  test('where steps are counted anew for the next hole, what is left is still told by all that is done', () => {
    let clock = 0;
    const progress = new Progress({ masks: 20 }, 1, FIXED, 0, () => clock);
    const left = [0, 1].flatMap((hole) =>
      Array.from({ length: 10 }, (_, step) => {
        clock += 1000;
        return progress.after({ lane: 0, hole, step, cells: cellsOf(step + 1) }).remainingMillis;
      }),
    );
    assert.deepEqual(
      left.slice(8, 12).map((millis = Number.NaN) => Math.round(millis)),
      [11_000, 10_000, 9000, 8000],
    );
  });

  test('a laptop that sleeps in the middle does not make it longer', () => {
    let clock = 0;
    const progress = new Progress({ masks: 10, millis: 20_000 }, 1, FIXED, 0, () => clock);
    const after = (settled: number) =>
      progress.after({ lane: 0, hole: 0, step: settled, cells: cellsOf(settled) });
    for (let settled = 1; settled <= 4; settled++) {
      clock += 1000;
      after(settled);
    }
    clock += 8 * 3_600_000;
    const { remainingMillis = Number.NaN } = after(5);
    assert.ok(remainingMillis <= 20_000, `${remainingMillis} ms`);
  });

  test('two candidates are half done when one is; what is locked was never to do', () => {
    const progress = new Progress({ masks: 2 }, 2, FIXED, 0, () => 1000);
    const committed = { token: 1, confidence: 1, state: 'committed' as const };
    const locked = { token: 1, confidence: 1, state: 'locked' as const };
    const first = { lane: 0, hole: 0, step: 1 };
    assert.equal(progress.after({ ...first, cells: [committed, locked, committed] }).fraction, 0.5);
    assert.equal(progress.after({ ...first, lane: 1, cells: [committed, committed] }).fraction, 1);
  });
});
