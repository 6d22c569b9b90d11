// Ghost text that comes too late is not asked for by itself, until it may be faster.
import assert from 'node:assert/strict';
import test, { describe, mock } from 'node:test';
import { BackOff, LONGEST_WAIT } from '../../../engine/ghost/backOff';
import { Wait } from '../../../engine/ghost/wait';

function world() {
  const clock = { now: 0 };
  const backOff = new BackOff(() => clock.now);
  const wait = (outer = new AbortController().signal, isAsked = false, isBusy = () => false) =>
    new Wait(outer, backOff, isAsked, isBusy, () => clock.now);
  return { clock, backOff, wait };
}

describe('backing off', () => {
  test('an answer in time is no reason to', () => {
    const { backOff } = world();
    assert.equal(backOff.tooSlow, undefined);
    backOff.answered(300);
    assert.equal(backOff.tooSlow, undefined);
  });

  test('a late answer is, and so is a request that was typed past: with the figure', () => {
    const late = world().backOff;
    late.answered(4000);
    assert.equal(late.tooSlow, 4000);
    const past = world().backOff;
    past.gaveUp(400);
    assert.equal(past.tooSlow, undefined, 'who types fast says nothing about the model');
    past.gaveUp(1800);
    assert.equal(past.tooSlow, 1800);
  });

  test('waits that are ended early are work for nothing, too, as long as the model has not answered once', () => {
    const { backOff } = world();
    for (let i = 0; i < 3; i++) backOff.gaveUp(900);
    assert.equal(backOff.tooSlow, undefined);
    backOff.gaveUp(900);
    assert.equal(backOff.tooSlow, LONGEST_WAIT, 'nobody has waited longer');
    const inTime = world().backOff;
    inTime.answered(700);
    for (let i = 0; i < 20; i++) inTime.gaveUp(650);
    assert.equal(
      inTime.tooSlow,
      undefined,
      'who edits here and there says nothing about a model that answers',
    );
    inTime.gaveUp(1600);
    inTime.gaveUp(1600);
    assert.equal(inTime.tooSlow, 1600);
    const quick = world().backOff;
    for (let i = 0; i < 100; i++) quick.gaveUp(100);
    assert.equal(quick.tooSlow, undefined, 'who types fast says nothing about the model');
  });

  test('it is tried again after a pause, each twice as long as the one before; an answer in time ends that', () => {
    const { clock, backOff } = world();
    const pauses: number[] = [];
    for (let i = 0; i < 3; i++) {
      backOff.gaveUp(2000);
      const begun = clock.now;
      while (backOff.tooSlow !== undefined) clock.now += 1000;
      pauses.push(clock.now - begun);
    }
    assert.deepEqual(pauses, [60_000, 120_000, 240_000]);
    assert.equal(backOff.silence, undefined);
    backOff.gaveUp(2000);
    assert.deepEqual(backOff.silence, { slow: 2000 }, 'that says something of the model');
    backOff.answered(500);
    backOff.gaveUp(2000);
    clock.now += 60_000;
    assert.equal(backOff.tooSlow, undefined);
  });

  test('one late answer among others in time says nothing', () => {
    const { backOff } = world();
    for (const late of [2000, 9000]) {
      backOff.answered(600);
      backOff.gaveUp(late);
      assert.equal(backOff.silence, undefined);
      backOff.answered(500);
      backOff.answered(late);
      assert.equal(backOff.silence, undefined);
    }
  });

  test('two late answers in a row are a busy moment of the machine, which is soon over', () => {
    const { clock, backOff } = world();
    const pause = () => {
      const begun = clock.now;
      while (backOff.tooSlow !== undefined) clock.now += 1000;
      return clock.now - begun;
    };
    backOff.answered(600);
    backOff.gaveUp(2000);
    backOff.gaveUp(2000);
    assert.equal(backOff.silence, 'busy');
    assert.equal(pause(), 10_000);
    backOff.answered(700);
    assert.equal(backOff.tooSlow, undefined);
    backOff.answered(1900);
    backOff.answered(9000);
    assert.equal(backOff.silence, 'busy', 'however late it was');
    assert.equal(pause(), 10_000);
    backOff.gaveUp(1600);
    assert.notEqual(backOff.silence, 'busy', 'twice in a row is no moment');
    assert.ok(backOff.silence);
    assert.equal(pause(), 60_000);
  });

  test('what is known to be too slow is not even tried: the engine estimates it', () => {
    const { clock, backOff } = world();
    assert.ok(backOff.isNew);
    // With two tokens a step, it is in time.
    backOff.expected({ firstMillis: 300, millis: 2500 });
    assert.ok(backOff.isNew);
    assert.equal(backOff.tooSlow, undefined);
    backOff.expected({});
    assert.equal(backOff.tooSlow, undefined, 'nothing is known');
    backOff.expected({ firstMillis: 1200, millis: 4000 });
    assert.equal(backOff.tooSlow, 2600);
    assert.equal(backOff.isNew, false);
    clock.now += 60_000;
    assert.equal(backOff.tooSlow, undefined, 'then it is tried: the machine may have been busy');
    backOff.answered(900);
    assert.equal(backOff.tooSlow, undefined);
  });

  test('what is read once for all keys at one place is no reason, unless that alone takes too long', () => {
    const { backOff } = world();
    backOff.expected({ firstMillis: 1100, millis: 2500, readingMillis: 1000 });
    assert.equal(backOff.tooSlow, undefined);
    backOff.expected({ firstMillis: 1700, millis: 1900, readingMillis: 1600 });
    assert.equal(backOff.tooSlow, 1600);
    const slow = world().backOff;
    slow.expected({ firstMillis: 1100, millis: 5100, readingMillis: 1000 });
    assert.equal(slow.tooSlow, 2100);
  });

  test('a laptop that slept in the middle of a wait says nothing about the model', () => {
    const { backOff } = world();
    backOff.gaveUp(8 * 3_600_000);
    backOff.answered(8 * 3_600_000);
    assert.equal(backOff.tooSlow, undefined);
    assert.ok(backOff.isNew);
  });
});

describe('a wait for ghost text', () => {
  test('ends when it has taken too long, the first one of a model later', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { clock, backOff, wait } = world();
      for (const patience of [2 * LONGEST_WAIT, LONGEST_WAIT]) {
        const one = wait();
        one.begin();
        mock.timers.tick(patience - 1);
        assert.equal(one.signal.aborted, false);
        mock.timers.tick(1);
        assert.equal(one.signal.aborted, true);
        clock.now += patience;
        one.end();
        assert.ok((backOff.tooSlow ?? 0) >= patience);
      }
    } finally {
      mock.timers.reset();
    }
  });

  test('begins anew behind each pass over what is around the cursor, which no key after it waits for', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { clock, backOff, wait } = world();
      backOff.answered(500);
      const pass = (millis: number) => {
        clock.now += millis;
        mock.timers.tick(millis);
      };
      const one = wait();
      one.begin();
      for (let i = 0; i < 2; i++) {
        pass(700);
        one.read();
      }
      pass(LONGEST_WAIT - 1);
      assert.equal(one.signal.aborted, false);
      one.answered(2800);
      one.end();
      assert.equal(backOff.tooSlow, undefined);
      for (let i = 0; i < 2; i++) {
        const late = wait();
        late.begin();
        pass(900);
        late.read();
        pass(LONGEST_WAIT);
        assert.equal(late.signal.aborted, true);
        late.end();
      }
      assert.equal(backOff.tooSlow, LONGEST_WAIT, 'without the pass');
      // Something else to do first does not take its limit away, and what has not begun reads nothing.
      let isBusy = false;
      const { backOff: other, wait: beside } = world();
      other.answered(500);
      const busy = beside(undefined, false, () => isBusy);
      busy.read();
      busy.begin();
      isBusy = true;
      busy.read();
      pass(LONGEST_WAIT);
      assert.equal(busy.signal.aborted, true);
      busy.end();
      assert.equal(other.tooSlow, undefined);
    } finally {
      mock.timers.reset();
    }
  });

  test('counts what is read, too, where that alone takes longer than anybody waits', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { clock, backOff, wait } = world();
      backOff.answered(500);
      for (let i = 0; i < 2; i++) {
        const typing = new AbortController();
        const one = wait(typing.signal);
        one.begin();
        for (let pass = 0; pass < 4; pass++) {
          clock.now += 900;
          mock.timers.tick(900);
          one.read();
        }
        // Behind 1.8 s nothing is put off any more.
        assert.equal(one.signal.aborted, true);
        typing.abort();
        one.end();
      }
      assert.ok((backOff.tooSlow ?? 0) >= 2 * LONGEST_WAIT, `${backOff.tooSlow}`);
      const { clock: time, backOff: slow, wait: late } = world();
      const one = late();
      one.begin();
      for (let pass = 0; pass < 3; pass++) {
        time.now += 900;
        one.read();
      }
      one.answered(3000);
      assert.equal(slow.tooSlow, 3000);
    } finally {
      mock.timers.reset();
    }
  });

  test('that is given up because somebody types on counts with the time it had', () => {
    const { clock, backOff, wait } = world();
    const typing = new AbortController();
    const one = wait(typing.signal);
    one.begin();
    clock.now += 2500;
    typing.abort();
    one.end();
    assert.equal(backOff.tooSlow, 2500);
  });

  test('is not begun where the answer of a slow model would take too long: it is asked for an estimate once', async () => {
    const { backOff, wait } = world();
    let estimates = 0;
    const begin = (one: Wait, isSlow: boolean, millis: number) =>
      one.beginIfWorthIt(isSlow, async () => {
        estimates++;
        return { firstMillis: 0, millis };
      });
    for (const [one, isSlow] of [
      [wait(), false],
      [wait(undefined, true), true],
    ] as const) {
      assert.equal(await begin(one, isSlow, 100_000), true);
      one.end();
    }
    assert.equal(estimates, 0, 'of a fast model, and for who pressed a key, it is not asked');
    const inTime = wait();
    assert.equal(await begin(inTime, true, 2 * LONGEST_WAIT), true);
    inTime.end();
    assert.equal(await begin(wait(), true, 100_000), false);
    assert.equal(estimates, 2);
    assert.equal(backOff.tooSlow, 50_000);
    const again = wait();
    assert.equal(await begin(again, true, 100_000), true, 'what is known is not estimated');
    again.end();
    assert.equal(estimates, 2);
  });

  test('while the model is loaded, or a rewrite runs, says nothing about the model', () => {
    const { clock, backOff, wait } = world();
    for (const isBusy of [false, true]) {
      const typing = new AbortController();
      const one = wait(typing.signal, false, () => isBusy);
      if (isBusy) one.begin();
      clock.now += 60_000;
      typing.abort();
      one.end();
      assert.equal(backOff.tooSlow, undefined);
    }
  });

  test('that somebody pressed a key for takes as long as it takes', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { backOff, wait } = world();
      const one = wait(undefined, true);
      one.begin();
      mock.timers.tick(60_000);
      assert.equal(one.signal.aborted, false);
      one.answered(60_000);
      one.end();
      assert.equal(backOff.tooSlow, undefined);
    } finally {
      mock.timers.reset();
    }
  });
});

describe('a server that does not answer', () => {
  test('is not asked again for as long as it wants, with its own words', () => {
    const { clock, backOff } = world();
    backOff.refused('Too many requests.', 45_000);
    assert.deepEqual(backOff.silence, { refused: 'Too many requests.' });
    clock.now = 44_999;
    assert.deepEqual(backOff.silence, { refused: 'Too many requests.' });
    clock.now = 45_000;
    assert.equal(backOff.silence, undefined);
  });

  test('is asked again ever later, for half an hour at most, and as before once it has answered', () => {
    const { clock, backOff } = world();
    const pause = () => {
      backOff.refused('No credit left.');
      const begun = clock.now;
      while (backOff.silence !== undefined) clock.now += 1000;
      return clock.now - begun;
    };
    assert.deepEqual([pause(), pause(), pause()], [10_000, 20_000, 40_000]);
    for (let i = 0; i < 10; i++) pause();
    assert.equal(pause(), 30 * 60_000);
    // Somebody pressed a key for it.
    backOff.refused('No credit left.');
    backOff.answered(300);
    assert.equal(backOff.silence, undefined);
    assert.equal(pause(), 10_000);
  });
});
