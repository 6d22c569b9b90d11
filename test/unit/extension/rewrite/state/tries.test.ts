// Answers that are not worth showing: tried again, held back, and shown to whoever asks for them.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { EngineError } from '../../../../../engine/errors';
import { begin, decide } from '../../../../../extension/rewrite/state/machine';
import type { RewriteEvent } from '../../../../../extension/rewrite/state/transitions';
import { timeLeft } from '../../../../../extension/rewrite/state/tries';
import { after, answered, changed, failed, lost, poor, reviewIn, spans } from './scripted';

describe('what is not worth showing', () => {
  const asked = (...events: readonly RewriteEvent[]) => {
    const { state } = after(...events);
    return state.kind === 'denoising' ? state.request : assert.fail(state.kind);
  };
  const refusalAfter = (...events: readonly RewriteEvent[]) => {
    const { state } = after(poor('a'), poor('b'), poor('c'), ...events);
    return state.kind === 'refused' ? state.refusal : assert.fail(state.kind);
  };

  test('is tried again with another seed, twice and no more', () => {
    assert.deepEqual(asked(poor('a')), { seed: 1, tries: 1, spent: 0, read: 0 });
    assert.deepEqual(after(poor('a')).effects, ['request'], 'in silence: the masks stay');
    assert.deepEqual(asked(poor('a'), poor('b')), { seed: 2, tries: 2, spent: 0, read: 0 });
    assert.deepEqual(after(poor('a'), poor('b'), poor('c')).effects, ['refuse']);
    assert.deepEqual(
      refusalAfter().candidates.map(({ texts }) => texts[0]),
      ['a', 'b', 'c'],
    );
  });

  test('is tried again only where all tries take no longer than a person waits', () => {
    const taking = (millis: number, text: string) => ({ ...poor(text), millis }) as RewriteEvent;
    assert.equal(asked(taking(10_000, 'a')).spent, 10_000);
    assert.deepEqual(after(taking(10_001, 'a')).effects, ['refuse']);
    assert.equal(asked(taking(6000, 'a'), taking(7000, 'b')).spent, 13_000);
    const slower = after(taking(6000, 'a'), taking(8000, 'b'));
    assert.deepEqual(slower.effects, ['refuse']);
    assert.ok(slower.state.kind === 'refused');
    assert.deepEqual(slower.state.refusal.request, { seed: 1 }, 'what is asked for then begins anew');
    assert.equal(slower.state.refusal.candidates.length, 2);
  });

  test('is tried again as soon as it may, without what is read only once', () => {
    const taking = (millis: number, readMillis: number, text = 'a') =>
      ({ ...poor(text), millis, readMillis }) as RewriteEvent;
    assert.deepEqual(after(taking(12_000, 3000)).effects, ['refuse']);
    const read = asked(taking(12_000, 8000));
    assert.deepEqual([read.spent, read.read], [12_000, 8000], 'four seconds more');
    assert.deepEqual(after(taking(12_000, 8000), taking(5000, 0, 'b')).effects, ['refuse']);
    const { read: sum } = asked(taking(9000, 7000), taking(3000, 1000, 'b'));
    assert.equal(sum, 8000);
  });

  test('ends where a later try takes longer than that, with what the others held back', () => {
    const late: RewriteEvent = { kind: 'late' };
    assert.equal(after(late).state.kind, 'denoising', 'a first try takes what it takes');
    const ended = after(poor('a'), poor('b'), late);
    assert.deepEqual(ended.effects, ['abort', 'refuse']);
    assert.ok(ended.state.kind === 'refused');
    assert.deepEqual(
      ended.state.refusal.candidates.map(({ texts }) => texts[0]),
      ['a', 'b'],
    );
    assert.equal(after(poor('a'), { kind: 'take' }, late).state.kind, 'denoising', 'the draft is on its way');
    const again = after(answered('good'), { kind: 'again' }, poor('a'), late);
    assert.deepEqual(again.effects, ['abort', 'note', 'review']);
    assert.equal(reviewIn(again.state).heldBack?.length, 1);
    assert.equal(after(answered('good'), late).state.kind, 'reviewing', 'nothing is late any more');
  });

  test('an instruction that changes nothing is tried again, and said not to be followed', () => {
    const told = (...events: readonly RewriteEvent[]) => {
      let { state, effects } = begin(spans, { seed: 0, instruction: 'Use a map.' });
      for (const event of events) ({ state, effects } = decide(state, event));
      return { state, effects };
    };
    const again = told(answered('old'));
    assert.deepEqual(again.effects, [
      { kind: 'request', request: { seed: 1, instruction: 'Use a map.', tries: 1, spent: 0, read: 0 } },
    ]);
    assert.deepEqual(reviewIn(told(answered('old'), answered('new')).state).candidates.length, 1);
    const notFollowed = { kind: 'note', note: 'not-followed' };
    const last = told(answered('old'), answered('old'), answered('old'));
    assert.deepEqual(last.state, { kind: 'ended', how: 'unchanged' });
    assert.deepEqual(last.effects, [{ kind: 'clear' }, notFollowed]);
    assert.deepEqual(told(answered('old'), { kind: 'late' }).effects, [
      { kind: 'clear' },
      { kind: 'abort' },
      notFollowed,
    ]);
    assert.equal(told(answered('old'), poor('a'), answered('old')).state.kind, 'refused');
    const gone = told(answered('old'), lost);
    assert.deepEqual(gone.state, { kind: 'ended', how: 'interrupted' }, 'a crash is no answer');
    assert.ok(gone.effects.some(({ kind }) => kind === 'error'));
    assert.deepEqual(told({ kind: 'take' }, answered('old')).state, { kind: 'ended', how: 'unchanged' });
    const none: RewriteEvent = { kind: 'answered', spans, candidates: [] };
    assert.deepEqual(told(answered('old'), none).effects.at(-1), notFollowed);
    assert.deepEqual(told(none).state, { kind: 'ended', how: 'no-answer' });
  });

  test('leaves a later try what the others have not taken', () => {
    assert.equal(timeLeft({ seed: 0 }), undefined);
    assert.equal(timeLeft({ seed: 1, tries: 1, spent: 9000 }), 11_000);
    assert.equal(timeLeft({ seed: 2, tries: 2, spent: 30_000 }), 0);
  });

  test('stays away where something else is good', () => {
    const both: RewriteEvent = {
      kind: 'answered',
      spans,
      candidates: [
        { texts: ['bad'], quality: { mark: 'poor', reasons: ['loops'] } },
        { texts: ['good'], quality: { mark: 'unsure', reasons: ['improbable'] } },
      ],
    };
    assert.deepEqual(
      reviewIn(after(both).state).candidates.map(({ texts }) => texts[0]),
      ['good'],
    );
    assert.equal(reviewIn(after(poor('a'), answered('good')).state).seed, 1);
  });

  test('is shown to those who ask for it, and then all that comes', () => {
    const review = reviewIn(after(poor('a'), poor('b'), poor('c'), { kind: 'show-anyway' }).state);
    assert.deepEqual([review.candidates.length, review.showsAll], [3, true]);
    const more = after(
      poor('a'),
      poor('b'),
      poor('c'),
      { kind: 'show-anyway' },
      { kind: 'again' },
      poor('d'),
    );
    assert.equal(reviewIn(more.state).candidates.length, 4);
  });

  test('is shown where a draft was taken as it was', () => {
    assert.equal(reviewIn(after({ kind: 'take' }, poor('a')).state).candidates.length, 1);
  });

  test('leaves the way back: again, or no', () => {
    const again = after(poor('a'), poor('b'), poor('c'), { kind: 'again' });
    assert.deepEqual(again.effects, ['hide', 'request']);
    assert.deepEqual(asked(poor('a'), poor('b'), poor('c'), { kind: 'again' }), { seed: 3 });
    for (const kind of ['reject', 'cancel'] as const) {
      const { state } = after(poor('a'), poor('b'), poor('c'), { kind });
      assert.deepEqual(state, { kind: 'ended', how: 'rejected' });
    }
    assert.equal(refusalAfter(changed(0, 'above')).spans[0]?.start, 9);
    assert.equal(after(poor('a'), poor('b'), poor('c'), changed(5, 'x')).state.kind, 'ended');
  });

  test('leads back to what there was, where more was asked for', () => {
    const more = after(answered('good'), { kind: 'again' }, poor('a'), poor('b'), poor('c'));
    assert.deepEqual(more.effects, ['note', 'review']);
    assert.equal(reviewIn(more.state).candidates.length, 1);
    assert.equal(reviewIn(more.state).seed, 3, 'the next one asks for other seeds');
    const all = reviewIn(decide(more.state, { kind: 'show-anyway' }).state);
    assert.deepEqual(
      all.candidates.map(({ texts }) => texts[0]),
      ['good', 'a', 'b', 'c'],
    );
    assert.deepEqual([all.index, all.heldBack, all.showsAll], [1, undefined, true]);
  });

  test('is still there behind a better one that was asked for later', () => {
    const [again, poors] = [{ kind: 'again' } as const, [poor('a'), poor('b'), poor('c')]];
    const better = after(answered('good'), again, ...poors, again, answered('better'));
    const all = reviewIn(decide(better.state, { kind: 'show-anyway' }).state);
    assert.deepEqual(
      all.candidates.map(({ texts }) => texts[0]),
      ['good', 'better', 'a', 'b', 'c'],
    );
  });

  test('is shown once, however many tries found it', () => {
    const all = (...texts: string[]) =>
      after(...texts.map((text) => poor(text)), { kind: 'show-anyway' }, { kind: 'show-anyway' }).state;
    assert.deepEqual(
      reviewIn(all('a', 'b', 'a')).candidates.map(({ texts }) => texts[0]),
      ['a', 'b'],
    );
    const again = { kind: 'again' } as const;
    const poors = [poor('a'), poor('b'), poor('a')];
    const twice = after(answered('good'), again, ...poors, again, ...poors, again, answered('a'));
    const shown = reviewIn(decide(twice.state, { kind: 'show-anyway' }).state);
    assert.deepEqual(
      shown.candidates.map(({ texts }) => texts[0]),
      ['good', 'a', 'b'],
    );
  });

  test('is still there where a later try fails', () => {
    assert.equal(after(poor('a'), failed).state.kind, 'refused');
    assert.deepEqual(after(failed).state, { kind: 'ended', how: 'failed' });
  });

  test('is still there where the engine crashes in a later try, which is told', () => {
    const error = new EngineError('engine-exited', 'gone');
    const { state, effects } = after(poor('a'), { kind: 'failed', error });
    assert.equal(state.kind, 'refused');
    assert.ok(effects.includes('error'));
    assert.ok(!after(poor('a'), failed).effects.includes('error'), 'a try that finds no room is no news');
  });

  test('is still there where the last try came to nothing at all', () => {
    assert.equal(after(poor('a'), answered('old')).state.kind, 'refused');
  });
});
