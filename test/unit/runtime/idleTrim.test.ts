// Memory of passes is given back when nobody asks for anything, and only where it is much.
import assert from 'node:assert/strict';
import test, { afterEach, beforeEach, describe, mock } from 'node:test';
import { IdleTrim } from '../../../engine/runtime/idleTrim';

/** A model of 1 GB. */
const OWN = 1e9;
const MB = 1e6;

interface Facts {
  /** Bytes of the model, and of the process once it is loaded. */
  readonly own?: number;
  readonly loaded?: number;
  /** What the garbage collector does. */
  readonly collect?: () => void;
}

/** A loaded model whose process holds `resident.bytes`. */
function world(passMemory: number, resident = { bytes: 1300 * MB }, facts: Facts = {}) {
  const { own = OWN, loaded = own, collect = () => undefined } = facts;
  const session = { passMemory, renewed: 0, renew: async () => void session.renewed++ };
  const isLoaded = { yet: false };
  const trim = new IdleTrim(
    session,
    own,
    (work) => work(),
    () => (isLoaded.yet ? resident.bytes : loaded),
    3000,
    collect,
    // No new session takes any time.
    () => 0,
  );
  isLoaded.yet = true;
  return { session, trim };
}

/** Until garbage is collected, and until that has gone. */
function passQuietly(): void {
  mock.timers.tick(3000);
  mock.timers.tick(250);
  mock.timers.tick(1);
}

describe('giving memory back', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  test('waits for quiet, and does it once', () => {
    const { session, trim } = world(300);
    trim.begun();
    trim.ended();
    mock.timers.tick(2900);
    assert.equal(session.renewed, 0);
    // The next request comes just before: it starts over.
    trim.begun();
    mock.timers.tick(10_000);
    assert.equal(session.renewed, 0, 'never under a request');
    trim.ended();
    passQuietly();
    assert.equal(session.renewed, 1);
    mock.timers.tick(60_000);
    assert.equal(session.renewed, 1);
  });

  test('leaves alone what is little beside the model, whatever its passes are said to need', () => {
    const resident = { bytes: 1149 * MB };
    const { session, trim } = world(900 * MB, resident);
    const ask = () => {
      trim.begun();
      trim.ended();
      passQuietly();
    };
    ask();
    assert.equal(session.renewed, 0);
    resident.bytes = 1151 * MB;
    ask();
    assert.equal(session.renewed, 1);
  });

  test('goes by what the loaded model really takes, where that is a little more than was said', () => {
    const resident = { bytes: 1260 * MB };
    const { trim } = world(10, resident, { loaded: 1100 * MB });
    assert.equal(trim.isWorthwhile, false);
    resident.bytes = 1270 * MB;
    assert.equal(trim.isWorthwhile, true);
  });

  test('collects garbage first, and makes no new session where that was enough', () => {
    const resident = { bytes: OWN };
    const collected: number[] = [];
    const collect = () => {
      collected.push(resident.bytes);
      resident.bytes -= 150 * MB;
    };
    const { session, trim } = world(10, resident, { collect });
    const ask = (bytes: number) => {
      resident.bytes = bytes;
      trim.begun();
      trim.ended();
      passQuietly();
    };
    ask(1060 * MB);
    assert.deepEqual(collected, [], 'that little is not worth it');
    ask(1100 * MB);
    ask(1290 * MB);
    assert.deepEqual(collected, [1100 * MB, 1290 * MB]);
    assert.equal(session.renewed, 0);
    ask(1310 * MB);
    assert.equal(session.renewed, 1);
  });

  test('leaves alone what is little by itself, of a small model less', () => {
    const resident = { bytes: 116 * MB };
    const { trim } = world(10, resident, { own: 100 * MB, loaded: 100 * MB });
    assert.equal(trim.isWorthwhile, false);
    resident.bytes = 117 * MB;
    assert.equal(trim.isWorthwhile, true);
  });

  test('does not do again what gave nothing back, until more has come', async () => {
    const resident = { bytes: 1201 * MB };
    const { session, trim } = world(10, resident);
    const ask = async () => {
      trim.begun();
      trim.ended();
      passQuietly();
      await Promise.resolve();
    };
    await ask();
    assert.equal(session.renewed, 1);
    // It is still there.
    await ask();
    assert.equal(session.renewed, 1);
    resident.bytes += 67 * MB;
    await ask();
    assert.equal(session.renewed, 1, 'not after every request');
    resident.bytes += MB;
    await ask();
    assert.equal(session.renewed, 2);
    // What has gone by itself counts when it comes again.
    resident.bytes = 1000 * MB;
    await ask();
    resident.bytes = 1201 * MB;
    await ask();
    assert.equal(session.renewed, 3);
  });

  describe('in a tenth of the time at most', () => {
    /** A new session takes two seconds; `fails`: and is not made. */
    function slow(fails = false) {
      const clock = { now: 0 };
      const bytes = { resident: OWN };
      const session = {
        passMemory: 10,
        renewed: 0,
        renew: async () => {
          session.renewed++;
          clock.now += 2000;
          if (fails) throw new Error('no memory');
          bytes.resident = OWN;
        },
      };
      const trim = new IdleTrim(
        session,
        OWN,
        (work) => work(),
        () => bytes.resident,
        3000,
        () => undefined,
        () => clock.now,
      );
      const wait = async (millis: number) => {
        clock.now += millis;
        mock.timers.tick(millis);
        await Promise.resolve();
        await Promise.resolve();
      };
      const quiet = async () => {
        for (let second = 0; second < 4; second++) await wait(1000);
      };
      const ask = async () => {
        trim.begun();
        bytes.resident = 1300 * MB;
        trim.ended();
        await quiet();
      };
      return { session, trim, bytes, wait, quiet, ask };
    }

    test('a new session waits, and is not forgotten', async () => {
      const { session, trim, wait, quiet, ask } = slow();
      await ask();
      assert.equal(session.renewed, 1);
      await ask();
      assert.equal(session.renewed, 1, 'so soon it is not made again');
      await wait(13_500);
      assert.equal(session.renewed, 1);
      await wait(1000);
      assert.equal(session.renewed, 2, 'it is not forgotten');
      // Who asks meanwhile is served, and what waited begins anew.
      await ask();
      trim.begun();
      await wait(60_000);
      assert.equal(session.renewed, 2);
      trim.ended();
      await quiet();
      assert.equal(session.renewed, 3);
    });

    test('one that could not be made counts as one', async () => {
      const { session, wait, ask } = slow(true);
      for (let i = 0; i < 3; i++) await ask();
      assert.equal(session.renewed, 1);
      await wait(18_000);
      assert.equal(session.renewed, 2);
    });

    test('none is made where what it was for has gone while it waited', async () => {
      const { session, bytes, wait, ask } = slow();
      await ask();
      await ask();
      bytes.resident = OWN;
      await wait(60_000);
      assert.equal(session.renewed, 1);
    });
  });

  test('does not count what others hold where the device holds the passes', () => {
    const { session, trim } = world(0, { bytes: 2 ** 31 });
    trim.begun();
    trim.ended();
    passQuietly();
    assert.equal(session.renewed, 0);
  });

  test('does nothing once the model is gone', () => {
    const { session, trim } = world(5000);
    trim.begun();
    trim.ended();
    trim.dispose();
    mock.timers.tick(60_000);
    // The last of several requests ends after the model was given up.
    trim.begun();
    trim.ended();
    mock.timers.tick(60_000);
    assert.equal(session.renewed, 0);
  });

  test('waits for all of several requests', () => {
    const { session, trim } = world(300);
    trim.begun();
    trim.begun();
    trim.ended();
    mock.timers.tick(60_000);
    assert.equal(session.renewed, 0, 'the other one runs');
    trim.ended();
    passQuietly();
    assert.equal(session.renewed, 1);
  });

  test('makes no session for a model that went while it waited for its turn', () => {
    const session = { passMemory: 300, renewed: 0, renew: async () => void session.renewed++ };
    const turns: (() => Promise<void>)[] = [];
    const trim = new IdleTrim(
      session,
      OWN,
      async (work) => void turns.push(work),
      () => 2 * OWN,
      3000,
    );
    trim.begun();
    trim.ended();
    passQuietly();
    trim.dispose();
    assert.equal(turns.length, 1);
    for (const turn of turns) void turn();
    assert.equal(session.renewed, 0);
  });
});
