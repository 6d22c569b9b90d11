// What becomes of a line that was looked at before anything was masked.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { Quality } from '../../../../../engine/candidates/quality/verdict';
import { decide } from '../../../../../extension/rewrite/state/machine';
import { isAskedAgain } from '../../../../../extension/rewrite/state/refused';
import type { RewriteEvent } from '../../../../../extension/rewrite/state/transitions';
import type { Untouched } from '../../../../../extension/rewrite/state/types';
import { after, answered, changed, poor, reviewIn, spans } from './scripted';

describe('a line that was looked at', () => {
  test('what the model finds nothing suspicious in is not masked, until somebody asks again', () => {
    const looked: RewriteEvent = { kind: 'untouched', spans, why: 'unsuspicious' };
    const { state, effects } = after(changed(0, 'new '), looked);
    assert.deepEqual(effects, ['refuse']);
    assert.ok(state.kind === 'refused');
    assert.deepEqual(state.refusal, {
      ...{ spans: [{ start: 8, end: 11, old: 'old' }], candidates: [], request: { seed: 0 } },
      untouched: 'unsuspicious',
    });
    const whole = { seed: 0, isWhole: true };
    for (const kind of ['again', 'show-anyway'] as const) {
      const again = decide(state, { kind });
      assert.deepEqual(again.effects, [{ kind: 'hide' }, { kind: 'request', request: whole }]);
      assert.equal(reviewIn(decide(again.state, answered('new')).state).seed, 0);
    }
    // Nothing was made that could be rejected.
    assert.deepEqual(decide(state, { kind: 'reject' }).state, { kind: 'ended', how: 'cancelled' });
    // What there was before is still there.
    assert.equal(decide(after(poor('a')).state, looked).state.kind, 'refused');
    const more = after(answered('a'), { kind: 'again' });
    assert.equal(reviewIn(decide(more.state, looked).state).candidates.length, 1);
  });

  test('a guess is shown where the model is at least half sure of it and it has no flaw; else the line is left as it is, and no other seed is tried', () => {
    const sure: Quality = { mark: 'likely', reasons: [], confidence: 0.5 };
    const lost: readonly Quality[] = [
      { ...sure, confidence: 0.49 },
      { mark: 'likely', reasons: [] },
      { ...sure, isUnfitted: true },
      { mark: 'unsure', reasons: ['duplicate'], confidence: 0.9 },
      { mark: 'poor', reasons: ['does-not-parse'], confidence: 0.9 },
    ];
    const reply = (guess: Untouched | undefined, ...qualities: readonly Quality[]): RewriteEvent => ({
      ...{ kind: 'answered', spans },
      candidates: qualities.map((quality, i) => ({ texts: [`a${i}`], quality })),
      ...(guess === undefined ? {} : { guess }),
    });
    for (const guess of ['unsuspicious', 'likeliest'] as const) {
      for (const quality of lost) {
        const held = after(reply(guess, quality));
        assert.deepEqual(held.effects, ['refuse']);
        assert.ok(held.state.kind === 'refused');
        assert.equal(held.state.refusal.untouched, guess);
        // Whoever asks for it nevertheless gets it.
        const again = decide(held.state, { kind: 'again' });
        assert.deepEqual(again.effects[1], { kind: 'request', request: { seed: 0, isWhole: true } });
        if (quality.mark !== 'poor')
          assert.equal(reviewIn(decide(again.state, reply(undefined, quality)).state).candidates.length, 1);
      }
      const shown = reviewIn(after(reply(guess, sure, ...lost)).state);
      assert.deepEqual(
        shown.candidates.map(({ texts }) => texts[0]),
        ['a0'],
      );
      assert.equal(reviewIn(after({ kind: 'take' }, reply(guess, ...lost)).state).candidates.length, 5);
    }
    // Without a look, what is poor is tried again, as ever.
    assert.deepEqual(after(reply(undefined, { mark: 'poor', reasons: ['does-not-parse'] })).effects, [
      'request',
    ]);
  });

  test('the same place again is rewritten, another one is not', () => {
    const { state } = after({ kind: 'untouched', spans, why: 'unsuspicious' });
    assert.ok(state.kind === 'refused');
    assert.equal(isAskedAgain(state.refusal, [{ start: 4, end: 7 }], {}), true);
    assert.equal(isAskedAgain(state.refusal, [{ start: 4, end: 6 }], {}), false);
    assert.equal(isAskedAgain(state.refusal, [{ start: 4, end: 9 }], {}), false);
    assert.equal(isAskedAgain(state.refusal, [{ start: 4, end: 7 }], { instruction: 'Change it.' }), false);
    const refused = after(poor('a'), poor('b'), { kind: 'late' });
    assert.ok(refused.state.kind === 'refused');
    assert.equal(isAskedAgain(refused.state.refusal, spans, {}), false);
  });
});
