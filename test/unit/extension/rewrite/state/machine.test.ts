// The life of a rewrite, event by event.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import type { Quality } from '../../../../../engine/candidates/quality/verdict';
import { begin, beginReview, decide } from '../../../../../extension/rewrite/state/machine';
import type { RewriteEvent } from '../../../../../extension/rewrite/state/transitions';
import type { Candidate, Span } from '../../../../../extension/rewrite/state/types';
import { accept, after, answered, applied, changed, failed, lost, poor, reviewIn, spans } from './scripted';

describe('the life of a rewrite', () => {
  test('asks at once, shows what comes, applies what is accepted', () => {
    assert.deepEqual(begin(spans, { seed: 3 }).effects, [{ kind: 'request', request: { seed: 3 } }]);
    assert.deepEqual(after(answered('new')).effects, ['review']);
    assert.deepEqual(after(answered('new'), accept).effects, ['apply']);
    const end = after(answered('new'), accept, applied(true));
    assert.deepEqual(end.state, { kind: 'ended', how: 'accepted' });
    assert.deepEqual(end.effects, ['clear']);
  });

  test('an edit that did not take is told, and can be tried again', () => {
    const { state, effects } = after(answered('new'), accept, applied(false));
    assert.equal(state.kind, 'reviewing');
    assert.deepEqual(effects, ['note', 'review']);
  });

  test('answers that change nothing, or are there already, are none', () => {
    assert.deepEqual(after(answered('old')).state, { kind: 'ended', how: 'unchanged' });
    const none = after(answered());
    assert.deepEqual(
      none.state,
      { kind: 'ended', how: 'no-answer' },
      'no answer is no wish to leave it as it is',
    );
    assert.deepEqual(none.effects, ['clear', 'note']);
    assert.equal(reviewIn(after(answered('a', 'old', 'a', 'b')).state).candidates.length, 2);
  });

  test('an unsure answer is not shown where the model finds the text as it is better', () => {
    const unsure: Quality = { mark: 'unsure', reasons: ['improbable'] };
    const [old, other] = [{ texts: ['old'] }, { texts: ['a'], quality: unsure }];
    const reply = (...candidates: readonly Candidate[]): RewriteEvent => ({
      kind: 'answered',
      spans,
      candidates,
    });
    const { state, effects } = after(reply(old, other));
    assert.deepEqual(state, { kind: 'ended', how: 'unchanged' });
    assert.deepEqual(effects, ['clear', 'note']);
    // One that comes first, or looks likely, is shown; so is any to a person who says what to change, or asks for another.
    assert.equal(reviewIn(after(reply(other, old)).state).candidates.length, 1);
    const likely: Candidate = { texts: ['b'], quality: { mark: 'likely', reasons: [] } };
    const { candidates } = reviewIn(after(reply(old, other, likely)).state);
    assert.deepEqual(candidates, [likely]);
    const asked = begin(spans, { seed: 0, instruction: 'Change it.' });
    assert.equal(reviewIn(decide(asked.state, reply(old, other)).state).candidates.length, 1);
    const blank = [{ start: 4, end: 4, old: '' }];
    const filled = decide(begin(blank, { seed: 0 }).state, {
      kind: 'answered',
      spans: blank,
      candidates: [{ texts: [''] }, other],
    });
    assert.equal(reviewIn(filled.state).candidates.length, 1, 'where nothing stands, something is wanted');
    const again = after(answered('new'), { kind: 'again' }, reply(old, other));
    assert.equal(reviewIn(again.state).candidates.length, 2);
  });

  test('answers that were made elsewhere are a review at once, if they change anything', () => {
    const begun = beginReview(spans, [{ texts: ['old'] }, { texts: ['new'] }], 4);
    assert.deepEqual(
      begun.effects.map(({ kind }) => kind),
      ['review'],
    );
    assert.deepEqual(
      reviewIn(begun.state).candidates.map(({ texts }) => texts[0]),
      ['new'],
    );
    const again = decide(begun.state, { kind: 'again' });
    assert.deepEqual(again.effects.at(-1), { kind: 'request', request: { seed: 5 } });
    assert.equal(beginReview(spans, [{ texts: ['old'] }], 0).state.kind, 'ended');
  });

  test('another seed adds to what there is; nothing new leads back', () => {
    const first = reviewIn(after(answered('a'), { kind: 'again' }, answered('b')).state);
    assert.deepEqual([first.candidates.length, first.index, first.seed], [2, 1, 1]);
    const same = after(answered('a'), { kind: 'again' }, answered('a'));
    assert.deepEqual(reviewIn(same.state).index, 0);
    assert.deepEqual(same.effects, ['note', 'review']);
  });

  test('giving up another seed, or its failure, leads back to what there was', () => {
    for (const event of [{ kind: 'cancel' } as const, { kind: 'interrupted' } as const, lost, failed]) {
      const { state } = after(answered('a', 'b'), { kind: 'next' }, { kind: 'again' }, event);
      assert.equal(reviewIn(state).index, 1);
    }
    assert.deepEqual(after(failed).state, { kind: 'ended', how: 'failed' });
    assert.deepEqual(after({ kind: 'cancel' }).effects, ['clear', 'abort']);
  });

  test('an engine that is lost or replaced interrupts it, which is no failure of the rewrite', () => {
    assert.deepEqual(after(lost).state, { kind: 'ended', how: 'interrupted' });
    assert.deepEqual(after(lost).effects, ['clear', 'error']);
    assert.deepEqual(after({ kind: 'interrupted' }).state, { kind: 'ended', how: 'interrupted' });
    assert.deepEqual(after({ kind: 'interrupted' }).effects, ['clear', 'abort']);
    const review = after(answered('new'), { kind: 'interrupted' });
    assert.equal(review.state.kind, 'reviewing', 'a review needs no engine');
    assert.deepEqual(review.effects, []);
    assert.equal(after(poor('a'), poor('b'), poor('c'), { kind: 'interrupted' }).state.kind, 'refused');
  });

  test('next and previous go round; next of one asks for more', () => {
    const index = (...events: RewriteEvent[]) =>
      reviewIn(after(answered('a', 'b', 'c'), ...events).state).index;
    assert.equal(index({ kind: 'previous' }), 2);
    assert.equal(index({ kind: 'next' }, { kind: 'next' }, { kind: 'next' }), 0);
    assert.deepEqual(after(answered('a'), { kind: 'next' }).effects, ['hide', 'request']);
    assert.deepEqual(after(answered('a'), { kind: 'previous' }).effects, []);
  });

  test('edits elsewhere move what was sent before them', () => {
    const { state } = after(changed(0, '12'), answered('new'), changed(0, '3'));
    assert.deepEqual(reviewIn(state).spans, [{ start: 7, end: 10, old: 'old' }]);
  });

  test('what was typed before it is sent is in what is sent', () => {
    const moved = [{ start: 6, end: 9, old: 'old' }];
    const event = { ...answered('new'), spans: moved } as RewriteEvent;
    const { state } = after(changed(0, '12'), { kind: 'sent' }, event, changed(0, '3'));
    assert.deepEqual(reviewIn(state).spans, [{ start: 7, end: 10, old: 'old' }]);
  });

  test('edits inside end it, while it denoises and while it waits', () => {
    assert.deepEqual(after(changed(5, 'x')).effects, ['clear', 'abort', 'note']);
    assert.deepEqual(after(answered('new'), changed(5, 'x')).state, { kind: 'ended', how: 'conflict' });
  });

  test('the draft is taken while it denoises, and never else', () => {
    assert.deepEqual(after({ kind: 'take' }).effects, ['enough']);
    assert.equal(after({ kind: 'take' }).state.kind, 'denoising');
    const [draft] = reviewIn(after({ kind: 'take' }, answered('new')).state).candidates;
    assert.deepEqual(draft?.quality, { mark: 'unsure', reasons: [], isDraft: true });
    const [poorDraft] = reviewIn(after({ kind: 'take' }, poor('new')).state).candidates;
    assert.deepEqual(poorDraft?.quality, { mark: 'poor', reasons: ['does-not-parse'], isDraft: true });
    const later = reviewIn(after({ kind: 'take' }, answered('new'), { kind: 'again' }, answered('b')).state);
    assert.deepEqual(
      later.candidates.map(({ quality }) => quality?.isDraft),
      [true, undefined],
      'the next one is waited for',
    );
    assert.deepEqual(after(answered('new'), { kind: 'take' }).effects, []);
  });

  test('an edit that did not take, because the text is another one now, ends it', () => {
    const { state, effects } = after(answered('new'), accept, applied(false, 'something else'));
    assert.deepEqual(state, { kind: 'ended', how: 'conflict' });
    assert.deepEqual(effects, ['clear', 'note']);
  });

  test('pinned words are locked when more is asked for, and stay pinned in what comes', () => {
    const pin = (side: 'old' | 'new', start: number, end: number): RewriteEvent => ({
      kind: 'pin',
      side,
      span: 0,
      word: { start, end },
    });
    const request = (...events: RewriteEvent[]) => {
      let { state, effects } = begin(spans, { seed: 0 });
      for (const event of events) ({ state, effects } = decide(state, event));
      return effects.find((effect) => effect.kind === 'request')?.request;
    };
    const again: RewriteEvent = { kind: 'again' };
    assert.deepEqual(request(answered('a b'), pin('new', 2, 3), again), {
      seed: 1,
      texts: ['a b'],
      pinned: [[{ start: 2, end: 3 }]],
    });
    assert.deepEqual(request(answered('a b'), pin('old', 0, 3), again), {
      seed: 1,
      pinned: [[{ start: 0, end: 3 }]],
    });
    assert.deepEqual(request(answered('a b'), pin('new', 2, 3), pin('new', 2, 3), again), { seed: 1 });
    const moved = after(answered('a b'), pin('new', 2, 3), again, answered('long b'));
    assert.deepEqual(reviewIn(moved.state).pinned, { side: 'new', ranges: [[{ start: 5, end: 6 }]] });
    const other = after(answered('a b', 'c'), pin('new', 2, 3), { kind: 'next' });
    assert.equal(reviewIn(other.state).pinned, undefined, 'they are pinned in one candidate');
  });

  test('an instruction counts for whatever is asked for later', () => {
    let { state, effects } = begin(spans, { seed: 0, instruction: 'Shorter.' });
    assert.deepEqual(effects, [{ kind: 'request', request: { seed: 0, instruction: 'Shorter.' } }]);
    for (const event of [answered('new'), { kind: 'again' } as const])
      ({ state, effects } = decide(state, event));
    assert.deepEqual(effects.at(-1), { kind: 'request', request: { seed: 1, instruction: 'Shorter.' } });
    ({ state, effects } = decide(state, answered('other')));
    assert.deepEqual(reviewIn(state).wanted, { instruction: 'Shorter.' });
    ({ effects } = decide(state, { kind: 'redo', words: [[{ start: 0, end: 1 }]] }));
    assert.equal(effects.find((effect) => effect.kind === 'request')?.request.instruction, 'Shorter.');
  });

  test('so does what a diagnostic says of candidates that were made elsewhere', () => {
    const begun = beginReview(spans, [{ texts: ['new'] }], 0, { problem: 'No such name.' });
    assert.deepEqual(reviewIn(begun.state).wanted, { problem: 'No such name.' });
    const { effects } = decide(begun.state, { kind: 'again' });
    assert.deepEqual(effects.at(-1), { kind: 'request', request: { seed: 1, problem: 'No such name.' } });
    assert.equal(reviewIn(beginReview(spans, [{ texts: ['new'] }], 0).state).wanted, undefined);
  });

  test('words are done again in the candidate that is shown', () => {
    const words = [[{ start: 0, end: 1 }]];
    const { state, effects } = after(answered('a b'), { kind: 'redo', words });
    assert.deepEqual(effects, ['hide', 'request']);
    assert.deepEqual(state.kind === 'denoising' && state.request, { seed: 1, texts: ['a b'], words });
    assert.deepEqual(after(answered('a b'), { kind: 'redo', words: [[]] }).effects, []);
  });

  test('a pinned word that is done again is pinned no more, and others stay so', () => {
    const pin = (start: number, end: number): RewriteEvent => ({
      ...{ kind: 'pin', side: 'new', span: 0 },
      word: { start, end },
    });
    const redo: RewriteEvent = { kind: 'redo', words: [[{ start: 0, end: 1 }]] };
    const { state } = after(answered('a b a'), pin(0, 1), pin(2, 3), redo, answered('x b a'));
    assert.deepEqual(reviewIn(state).pinned, { side: 'new', ranges: [[{ start: 2, end: 3 }]] });
  });

  test('what is typed before its own edit is told to be done moves what is left', () => {
    const two: readonly Span[] = [
      { start: 4, end: 7, old: 'old' },
      { start: 9, end: 12, old: 'two' },
    ];
    const take = (typed: (text: string) => string) => {
      const text = 'now old, two.';
      let { state } = beginReview(two, [{ texts: ['brand new', 'TWO'] }], 0);
      const edits = [{ span: 0, start: 0, end: 3, text: 'brand new' }];
      ({ state } = decide(state, { kind: 'accept-hunk', edits, text }));
      const done = typed('now brand new, two.');
      const { state: left } = decide(state, { kind: 'applied', done: true, text: done });
      if (left.kind === 'ended') return left.how;
      return reviewIn(left).spans.map(({ start, end, old }) => {
        assert.equal(done.slice(start, end), old);
        return old;
      });
    };
    const both = ['brand new', 'two'];
    assert.deepEqual(
      take((text) => text),
      both,
    );
    assert.deepEqual(
      take((text) => `# ${text}`),
      both,
    );
    assert.deepEqual(
      take((text) => text.replace(',', ',,')),
      both,
    );
    assert.equal(
      take((text) => text.replace('two', 'too')),
      'conflict',
    );
  });

  test('who leaves it while an edit is under way ends it with the edit', () => {
    const text = 'now old, two.';
    const two: readonly Span[] = [
      { start: 4, end: 7, old: 'old' },
      { start: 9, end: 12, old: 'two' },
    ];
    const edits = [{ span: 0, start: 0, end: 3, text: 'new' }];
    const left = (kind: 'cancel' | 'reject', event: RewriteEvent) => {
      let { state } = beginReview(two, [{ texts: ['new', 'TWO'] }], 0);
      ({ state } = decide(state, { kind: 'accept-hunk', edits, text }));
      ({ state } = decide(state, { kind }));
      assert.equal(state.kind, 'accepting');
      return decide(state, event);
    };
    for (const kind of ['cancel', 'reject'] as const) {
      const done = left(kind, applied(true, 'now new, two.'));
      assert.deepEqual(done.state, { kind: 'ended', how: 'accepted' });
      const refused = left(kind, applied(false, text));
      assert.deepEqual(refused.state, { kind: 'ended', how: 'rejected' });
      assert.deepEqual(refused.effects, [{ kind: 'clear' }, { kind: 'note', note: 'not-applied' }]);
    }
  });

  test('its own edit is no conflict', () => {
    assert.equal(after(answered('new'), accept, changed(5, 'x')).state.kind, 'accepting');
    assert.equal(
      after(answered('new'), { kind: 'inserted', edits: [], text: '' }, changed(5, 'x')).state.kind,
      'accepting',
    );
  });

  test('whatever happens: applied only from a review, and nothing after the end', () => {
    const event: fc.Arbitrary<RewriteEvent> = fc.oneof(
      fc.constantFrom<RewriteEvent>(
        ...(['reject', 'cancel', 'next', 'previous', 'again', 'take', 'closed', 'interrupted'] as const).map(
          (kind) => ({
            kind,
          }),
        ),
        accept,
        { kind: 'inserted', edits: [], text: '' },
        { kind: 'pin', side: 'new', span: 0, word: { start: 0, end: 1 } },
        { kind: 'redo', words: [[{ start: 0, end: 1 }]] },
        failed,
        lost,
        applied(true),
        applied(false),
      ),
      fc.array(fc.constantFrom('old', 'a', 'b'), { maxLength: 3 }).map((texts) => answered(...texts)),
      fc.nat(12).map((offset) => changed(offset, 'x')),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 25 }), (events) => {
        let { state } = begin(spans, { seed: 0 });
        for (const next of events) {
          const before = state;
          const decision = decide(state, next);
          state = decision.state;
          const applies = decision.effects.some(({ kind }) => kind === 'apply');
          if (applies) assert.equal(before.kind, 'reviewing');
          if (before.kind === 'ended') assert.deepEqual(decision, { state: before, effects: [] });
          if (state.kind === 'ended' && before.kind !== 'ended') {
            assert.equal(decision.effects[0]?.kind, 'clear');
            const hasRun = before.kind === 'denoising' && next.kind !== 'answered' && next.kind !== 'failed';
            assert.equal(
              decision.effects.some(({ kind }) => kind === 'abort'),
              hasRun,
            );
          }
          if (state.kind === 'reviewing') assert.ok(state.review.candidates[state.review.index]);
        }
      }),
    );
  });
});

describe('a word that is done again first', () => {
  const repaired = { ...answered('ole'), isRepaired: true } as RewriteEvent;
  const seedOf = (...events: readonly RewriteEvent[]) => {
    const { state } = after(...events);
    return state.kind === 'denoising' ? state.request.seed : assert.fail(state.kind);
  };
  const again = { kind: 'again' } as const;
  const redo = { kind: 'redo', words: [[{ start: 0, end: 1 }]] } as const;

  test('leaves all of it to whoever asks for more, with the first seed', () => {
    assert.equal(seedOf(repaired, again), 0);
    assert.equal(seedOf(repaired, { kind: 'next' }), 0);
    assert.equal(seedOf(repaired, again, answered('new'), again), 1);
  });

  test('leaves it also behind words that are done again, and behind what comes to nothing', () => {
    assert.equal(seedOf(repaired, redo), 1);
    assert.equal(seedOf(repaired, redo, answered('else'), again), 0);
    assert.equal(seedOf(repaired, redo, answered('ole'), again), 0);
    assert.equal(seedOf(repaired, again, failed, again), 0);
  });
});

describe('a repair', () => {
  const repairing = begin(spans, { seed: 0, isRepair: true }).state;

  test('that finds nothing says so', () => {
    const { state, effects } = decide(repairing, answered());
    assert.equal(state.kind, 'ended');
    assert.deepEqual(effects.at(-1), { kind: 'note', note: 'nothing-to-repair' });
  });

  test('stays one when more is asked for, but words that are done again are rewritten', () => {
    const reviewing = decide(repairing, answered('new')).state;
    const again = decide(reviewing, { kind: 'again' }).state;
    assert.deepEqual(again.kind === 'denoising' && again.request, { seed: 1, isRepair: true });
    const redo = decide(reviewing, { kind: 'redo', words: [[{ start: 0, end: 1 }]] }).state;
    assert.equal(redo.kind === 'denoising' && redo.request.isRepair, undefined);
  });
});
