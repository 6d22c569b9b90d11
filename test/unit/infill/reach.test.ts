// What a pass takes in, and what a person is told of a request's length, by the pace of the model on this machine.
import assert from 'node:assert/strict';
import path from 'node:path';
import test, { describe } from 'node:test';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import type { DecoderShape } from '../../../engine/checkpoint/types';
import { passBytes } from '../../../engine/graph/memory';
import { estimateOf, growthOf, Progress } from '../../../engine/infill/estimate';
import { contextReach, lookingReach, reachOf, readingReach } from '../../../engine/infill/reach';
import { RequestReach } from '../../../engine/infill/requestReach';
import { scoringReach } from '../../../engine/infill/scoring';
import { StepYield } from '../../../engine/infill/stepYield';
import { Pace, probePace, SteadyPace } from '../../../engine/runtime/pace';
import { CHECKPOINTS } from '../../engine/reference';

/** Qwen2-0.5B's. */
const HALF: DecoderShape = {
  hiddenSize: 896,
  layers: 24,
  heads: 14,
  kvHeads: 2,
  headSize: 64,
  ffnSize: 4864,
  vocabSize: 151_936,
  norm: 'rms',
  normEpsilon: 1e-6,
  mlp: 'swiglu',
  ropeTheta: 1e6,
  ropeScaling: { kind: 'none' },
  contextLength: 2048,
  tiedHead: true,
  qkNorm: false,
};
const PROBE = { length: 32, past: 1, rows: 8 };
const MEMORY = 8e9;
const FAMILY = {
  attention: { kind: 'full' },
  infill: { kind: 'in-place', bos: true, eos: true },
} as const;

function paceOf(millis: number): Pace {
  const pace = new Pace(HALF);
  pace.record(PROBE, millis);
  return pace;
}

describe('the pace of a model', () => {
  test('is learnt from its passes: the fastest of the last few of a size', () => {
    const pace = paceOf(70);
    assert.equal(Math.round(pace.millisOf(PROBE) ?? 0), 70);
    pace.record(PROBE, 28_800_000);
    assert.equal(Math.round(pace.millisOf(PROBE) ?? 0), 70, 'a laptop that slept in a pass is no slower');
    for (let i = 0; i < 5; i++) pace.record(PROBE, 140 + i);
    assert.equal(Math.round(pace.millisOf(PROBE) ?? 0), 140, 'a machine that is slower now is');
    const long = { length: 512, past: 1, rows: 8 };
    assert.ok((pace.millisOf(long) ?? 0) > 10 * 140, 'sixteen times the tokens');
    pace.record(long, 500);
    assert.equal(
      Math.round(pace.millisOf(long) ?? 0),
      500,
      'what was seen counts more than what was worked out',
    );
    assert.equal(new Pace(HALF).millisOf(long), undefined);
  });

  test('is looked at before anybody waits, and a first time that is not like the others does not count', async () => {
    const pace = new Pace(HALF);
    let clock = 0;
    const costs = [400, 80];
    const run = async () => {
      clock += costs.shift() ?? Number.NaN;
    };
    await probePace(run, HALF, pace, () => clock);
    assert.equal(Math.round(pace.millisOf(PROBE) ?? 0), 80);
  });

  test('a probe in a busy moment counts until a request has made passes like it', async () => {
    const pace = new Pace(HALF);
    let clock = 0;
    await probePace(
      async () => {
        clock += 900;
      },
      HALF,
      pace,
      () => clock,
    );
    const busy = reachOf(pace, HALF, { available: MEMORY });
    assert.deepEqual([busy.tokens, busy.masks], [192, 16]);
    // A request reads its window, and takes its steps.
    pace.record({ length: 192, past: 1, rows: 16 }, 240);
    for (let step = 0; step < 3; step++) pace.record({ length: 16, past: 192, rows: 16 }, 15);
    const idle = reachOf(pace, HALF, { available: MEMORY });
    assert.ok(idle.tokens > 600, `${idle.tokens} tokens`);
    assert.ok(idle.masks > 40, `${idle.masks} masks`);
  });

  test('of a busy moment is forgotten for passes of every size once those of any size are fast again', () => {
    const pace = new Pace(HALF);
    const long = { length: 512, past: 1, rows: 8 };
    pace.record(PROBE, 50);
    pace.record(long, 500);
    for (let pass = 0; pass < 5; pass++) {
      pace.record(PROBE, 200);
      pace.record(long, 2000);
    }
    assert.equal(Math.round(pace.millisOf(long) ?? 0), 2000, 'the machine is busy');
    for (let pass = 0; pass < 4; pass++) pace.record(PROBE, 55);
    assert.equal(Math.round(pace.copy().millisOf(long) ?? 0), 550, 'and now it is not');
    assert.equal(Math.round(pace.millisOf(PROBE) ?? 0), 55);
    for (let pass = 0; pass < 5; pass++) pace.record(PROBE, 200);
    assert.equal(Math.round(pace.millisOf(long) ?? 0), 2000, 'busy again, as it was known to be');
  });

  test('is not taken for quick because another size was seen in a busy moment alone', () => {
    const pace = new Pace(HALF);
    const long = { length: 512, past: 1, rows: 8 };
    pace.record(long, 500);
    for (let pass = 0; pass < 6; pass++) pace.record(long, 2000);
    for (let pass = 0; pass < 6; pass++) pace.record(PROBE, 200);
    assert.equal(Math.round(pace.millisOf(long) ?? 0), 2000);
  });

  test('windows follow it when it is another one, and not for every small change', () => {
    const pace = new Pace(HALF);
    const steady = new SteadyPace(pace, PROBE);
    assert.equal(steady.current, undefined);
    pace.record(PROBE, 100);
    const first = steady.current;
    const millis = () => Math.round(steady.current?.millisOf(PROBE) ?? 0);
    assert.equal(millis(), 100);
    pace.record(PROBE, 90);
    assert.equal(steady.current, first);
    assert.equal(millis(), 100);
    pace.record(PROBE, 50);
    assert.equal(millis(), 50);
    for (let i = 0; i < 5; i++) pace.record(PROBE, 60);
    assert.equal(millis(), 50);
    for (let i = 0; i < 5; i++) pace.record(PROBE, 200);
    assert.equal(millis(), 200);
  });

  test('what was copied stays what it was', () => {
    const pace = paceOf(70);
    const then = pace.copy();
    for (let i = 0; i < 20; i++) pace.record(PROBE, 700);
    assert.equal(Math.round(then.millisOf(PROBE) ?? 0), 70);
  });
});

describe('the reach of a pass', () => {
  test('is bounded where the machine is slow, so that the first frame comes soon', () => {
    const pace = paceOf(80);
    const reach = reachOf(pace, HALF, { available: MEMORY });
    assert.ok(reach.tokens >= 256 && reach.tokens < 1024, `${reach.tokens} tokens`);
    assert.ok((pace.millisOf({ length: reach.tokens, past: 1, rows: 0 }) ?? 0) <= 900);
    assert.ok(reach.masks >= 16 && reach.masks < 128, `${reach.masks} masks`);
    assert.ok(reach.isSlow);
    assert.ok(reach.refreshEvery > reachOf(paceOf(1), HALF, { available: MEMORY }).refreshEvery);
  });

  test('is everything where it is fast', () => {
    const reach = reachOf(paceOf(1), HALF, { available: MEMORY });
    assert.ok(reach.tokens > 2048);
    assert.ok(reach.masks > 1000);
    assert.equal(reach.isSlow, false);
  });

  test('has a least size, however slow the machine; a request may want another', () => {
    const slow = reachOf(paceOf(60_000), HALF, { available: MEMORY });
    assert.equal(slow.tokens, 192);
    assert.equal(slow.masks, 16);
    assert.equal(reachOf(paceOf(60_000), HALF, { available: MEMORY, window: 2000 }).tokens, 2000);
  });

  test('of what is read before an answer is short where that is slow, and shortest for ghost text', () => {
    const look = (pace: Pace, priority: 'rewrite' | 'ghost', window?: number) =>
      lookingReach(pace, { priority, behind: 'last', window });
    const pace = paceOf(60);
    const [rewrite, ghost] = [look(pace, 'rewrite'), look(pace, 'ghost')];
    assert.ok(ghost.reading < rewrite.reading, `${ghost.reading}, ${rewrite.reading}`);
    assert.ok((pace.millisOf({ length: rewrite.reading, past: 1, rows: 0 }) ?? 0) <= 4800);
    assert.ok(look(paceOf(120), 'rewrite').reading < 2048);
    assert.ok((pace.millisOf({ length: ghost.reading, past: 1, rows: 0 }) ?? 0) <= 1200);
    // What is read anew after each key is little; what is read last stays known.
    assert.equal(ghost.behind, ghost.reading / 4);
    assert.equal(lookingReach(pace, { priority: 'ghost', behind: 'first' }).behind, Number.POSITIVE_INFINITY);
    const unseen = lookingReach(pace, { priority: 'ghost', behind: 'unseen' });
    assert.equal(unseen.reading - unseen.behind, ghost.reading);
    assert.equal(look(paceOf(60_000), 'ghost').reading, 384);
    assert.equal(look(paceOf(60_000), 'ghost', 2000).reading, 2000);
    assert.ok(look(paceOf(1), 'ghost').reading > 2048);
  });

  test('reads in passes that are done within a second, which no small change of the pace makes shorter', () => {
    const runOf = (millis: number) => contextReach(paceOf(millis)).run;
    assert.equal(runOf(1), 256);
    assert.deepEqual([runOf(150), runOf(165)], [128, 128]);
    assert.ok((paceOf(165).millisOf({ length: 128, past: 2048, rows: 0 }) ?? 0) <= 900);
    assert.equal(runOf(60_000), 64);
    assert.equal(lookingReach(paceOf(165), { priority: 'rewrite', behind: 'last' }).run, 128);
    assert.equal(readingReach(paceOf(165)).run, 128);
  });

  test('is a line of ghost text where writing takes long, as soon as that is seen', async () => {
    const checkpoint = await openCheckpoint(path.join(CHECKPOINTS, 'qwen2.5-coder'));
    const pace = new Pace(checkpoint.shape);
    pace.record({ length: 32, past: 1, rows: 8 }, 1, true);
    const reach = new RequestReach(checkpoint, pace);
    const of = (priority: 'rewrite' | 'ghost') =>
      reach.of({ requestId: 1, model: '', priority, text: '', spans: [], interactive: true });
    assert.ok(!of('ghost').oneLine);
    for (let i = 0; i < 5; i++) pace.record({ length: 1, past: 300, rows: 1 }, 60);
    assert.ok(of('ghost').oneLine);
    assert.ok(!of('rewrite').oneLine, 'what is asked for comes whole');
  });

  test('never takes more memory than there is', () => {
    const reach = reachOf(paceOf(1), HALF, { available: 500e6 });
    const pass = { length: reach.tokens, past: 1, rows: reach.tokens, keep: true };
    assert.ok(reach.tokens > 100 && passBytes(HALF, pass) < 500e6, `${reach.tokens} tokens`);
  });
});

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
      [120, 390, 840, 1800],
      'half as many again, and no more than may follow',
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
