// Text at the cursor that an editor asks for at every key: not where the model is too slow for it.
import assert from 'node:assert/strict';
import test, { describe, mock } from 'node:test';
import { EngineError } from '../../../engine/errors';
import { PacedSuggestions } from '../../../engine/lsp/pacedSuggestions';
import type { Estimate, InfillParams, InfillResult } from '../../../engine/protocol';
import type { EngineKeeper } from '../../../engine/rpc/engineKeeper';

const ASKED = { text: 'x = ', spans: [{ start: 4, end: 4 }], document: 'file:///a.py' };

interface Scripted {
  readonly isSlow?: boolean;
  readonly estimate?: Partial<Estimate>;
  /** Of the estimate of each request, in their order. */
  readonly estimating?: readonly Promise<void>[];
  readonly answer?: (signal: AbortSignal) => Promise<Partial<InfillResult>>;
}

function world({ isSlow = false, estimate = {}, estimating = [], answer }: Scripted = {}) {
  const clock = { now: 0 };
  const infills: Omit<InfillParams, 'requestId'>[] = [];
  const messages: string[] = [];
  const state = { isBusy: false, estimates: 0 };
  const client = {
    estimate: async () => {
      await estimating[state.estimates++];
      return { masks: 1, ...estimate };
    },
    infill: async (params: Omit<InfillParams, 'requestId'>, { signal }: { signal: AbortSignal }) => {
      infills.push(params);
      return (await answer?.(signal)) ?? { candidates: [], millis: 100 };
    },
  };
  const keeper = {
    use: (work: (engine: unknown) => unknown) =>
      work({ client, model: { folder: '/models/m', name: 'm', isSlow } }),
  } as unknown as EngineKeeper;
  const suggestions = new PacedSuggestions({
    keeper,
    isBusy: () => state.isBusy,
    log: (message) => messages.push(message),
    now: () => clock.now,
  });
  const ask = (isInvoked = false, signal = new AbortController().signal) =>
    suggestions.ask(ASKED, isInvoked, signal);
  return { clock, state, infills, messages, suggestions, ask };
}

/** Answers when it is ended, and not before. */
function never(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new EngineError('cancelled', 'It was cancelled.')));
  });
}

/** The request is with the engine. */
function begun(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('text at the cursor that nobody pressed a key for', () => {
  test('is asked for as a person waits for it, with the gate', async () => {
    const { infills, state, ask } = world();
    assert.deepEqual(await ask(), []);
    const [params] = infills;
    assert.equal(params?.priority, 'ghost');
    assert.equal(params?.interactive, true);
    assert.ok(params?.gate !== undefined);
    assert.equal(state.estimates, 0, 'a fast model is not asked how long it takes');
  });

  test('does not come behind a later one because it is estimated longer', async () => {
    let told = () => {};
    const held = new Promise<void>((resolve) => {
      told = resolve;
    });
    const { infills, ask } = world({ isSlow: true, estimate: { millis: 1 }, estimating: [held] });
    const first = ask();
    await begun();
    assert.deepEqual(await ask(), []);
    told();
    await assert.rejects(first, { code: 'cancelled' });
    assert.equal(infills.length, 1);
  });

  test('is not where the model is estimated to be too slow: that is said once, and who presses a key is answered', async () => {
    const { clock, infills, messages, suggestions, ask } = world({
      isSlow: true,
      estimate: { firstMillis: 1200, millis: 4000 },
    });
    assert.equal(await ask(), undefined);
    assert.deepEqual(infills, []);
    assert.ok(suggestions.isResting);
    assert.deepEqual(messages, [
      'Text at the cursor takes 2.6 s or more here with m, so it comes only when you ask for it by key.',
    ]);
    assert.deepEqual(await ask(true), []);
    assert.equal(infills.length, 1);
    clock.now += 60_000;
    assert.ok(!suggestions.isResting, 'the machine may have been busy');
    await ask();
    assert.equal(messages.length, 1);
  });

  test('is given up where it takes too long, and not asked for again at once', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { clock, messages, suggestions, ask } = world({ answer: never });
      const asked = ask();
      await begun();
      mock.timers.tick(2999);
      assert.ok(!suggestions.isResting);
      clock.now += 3000;
      mock.timers.tick(1);
      assert.equal(await asked, undefined, 'nothing comes, and it is no error');
      assert.ok(suggestions.isResting);
      assert.match(messages[0] ?? '', /takes 3\.0 s or more/);
    } finally {
      mock.timers.reset();
    }
  });

  test('that a key asked for is waited for, however long it takes', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const leaving = new AbortController();
      const { clock, suggestions, ask } = world({ answer: never });
      const asked = ask(true, leaving.signal);
      await begun();
      clock.now += 50_000;
      mock.timers.tick(50_000);
      leaving.abort();
      await assert.rejects(asked, { code: 'cancelled' });
      assert.ok(!suggestions.isResting);
    } finally {
      mock.timers.reset();
    }
  });

  test('and that every next key ends says nothing of the model, but for a long wait', async () => {
    const answer = async (): Promise<never> => {
      clock.now += taken;
      throw new EngineError('superseded', 'A newer request replaced it.');
    };
    const { clock, suggestions, ask } = world({ answer });
    let taken = 400;
    for (let key = 0; key < 20; key++) await assert.rejects(ask(), { code: 'superseded' });
    assert.ok(!suggestions.isResting, 'who types on does not wait');
    taken = 1600;
    await assert.rejects(ask(), { code: 'superseded' });
    assert.ok(suggestions.isResting);
  });

  test('and that waits for a rewrite says nothing of the model either', async () => {
    const { clock, state, suggestions, ask } = world({
      answer: async () => {
        clock.now += 20_000;
        throw new EngineError('superseded', 'A newer request replaced it.');
      },
    });
    state.isBusy = true;
    await assert.rejects(ask(), { code: 'superseded' });
    assert.ok(!suggestions.isResting);
  });
});
