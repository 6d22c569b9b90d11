// What a pass takes in, by the pace of the model on this machine.
import assert from 'node:assert/strict';
import path from 'node:path';
import test, { describe } from 'node:test';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { passBytes } from '../../../engine/graph/memory';
import { contextReach, lookingReach, reachOf, readingReach } from '../../../engine/infill/reach';
import { RequestReach } from '../../../engine/infill/requestReach';
import { Pace } from '../../../engine/runtime/pace';
import { CHECKPOINTS } from '../../engine/reference';
import { HALF, MEMORY, paceOf } from './halfBillion';

describe('the reach of a pass', () => {
  test('is bounded where the machine is slow, so that the first frame comes soon', () => {
    const pace = paceOf(80);
    const reach = reachOf(pace, HALF, { available: MEMORY });
    assert.ok(reach.tokens >= 256 && reach.tokens < 1024, `${reach.tokens} tokens`);
    assert.ok((pace.millisOf({ length: reach.tokens, past: 1, rows: 0 }) ?? 0) <= 700);
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
    const of = (priority: 'rewrite' | 'ghost') => reach.of({ priority, interactive: true });
    assert.ok(!of('ghost').oneLine);
    for (let i = 0; i < 5; i++) pace.record({ length: 1, past: 300, rows: 1 }, 60);
    assert.ok(of('ghost').oneLine);
    assert.ok(!of('rewrite').oneLine, 'what is asked for comes whole');
  });

  test('a model is as slow as its last passes were, not as it was when it was loaded', async () => {
    const checkpoint = await openCheckpoint(path.join(CHECKPOINTS, 'dream-sharded'));
    const pace = new Pace(checkpoint.shape);
    const reach = new RequestReach(checkpoint, pace);
    assert.deepEqual(reach.speed, {}, 'nothing is known yet');
    const record = (millis: number) => {
      for (let i = 0; i < 5; i++) pace.record({ length: 64, past: 192, rows: 64 }, millis);
    };
    record(10);
    const { passMillis: fast = 0, ...more } = reach.speed;
    assert.ok(fast > 0 && more.isSlow === undefined);
    record(100);
    const { passMillis: slow = 0, isSlow } = reach.speed;
    assert.ok(isSlow && slow > 9 * fast, `${slow}, ${fast}`);
    assert.ok(reach.of({ priority: 'rewrite', interactive: true }).isSlow, 'as requests see it');
  });

  test('never takes more memory than there is', () => {
    const reach = reachOf(paceOf(1), HALF, { available: 500e6 });
    const pass = { length: reach.tokens, past: 1, rows: reach.tokens, keep: true };
    assert.ok(reach.tokens > 100 && passBytes(HALF, pass) < 500e6, `${reach.tokens} tokens`);
  });
});
