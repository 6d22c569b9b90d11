// Every order of what a person, the engine and the editor may do, on a document of which nothing but its text is real.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import type { Mark } from '../../../../../engine/candidates/quality/verdict';
import { EngineError } from '../../../../../engine/errors';
import { hunksOf } from '../../../../../extension/rewrite/review/hunks';
import { textWith } from '../../../../../extension/rewrite/review/sides';
import { candidateOf, hasChanges, positionOf } from '../../../../../extension/rewrite/state/acceptance';
import { begin, decide } from '../../../../../extension/rewrite/state/machine';
import type {
  Decision,
  RewriteEvent,
  RewriteState,
} from '../../../../../extension/rewrite/state/transitions';
import type { Candidate, Review, Span, Untouched } from '../../../../../extension/rewrite/state/types';
import { applyEdits, leastEdit } from '../../../../../extension/text/edits';
import type { TextEdit } from '../../../../../extension/text/types';

const TEXT = [
  'import a',
  '',
  'def f(x):',
  '    one = x',
  '    two = one',
  '    return two',
  '',
  'f(1)',
  '',
].join('\n');
const OLD = ['    one = x\n    two = one', 'f(1)'];

class World {
  text = TEXT;
  state: RewriteState;
  /** What has to be the document's text, whatever the machine says. */
  wanted = TEXT;
  readonly undone: { readonly text: string; readonly wanted: string }[] = [];
  readonly redone: { readonly text: string; readonly wanted: string }[] = [];
  private sent: readonly Span[] = [];
  private fails = false;
  /** A draft was taken: it is shown whatever it is. */
  private wasTaken = false;

  constructor() {
    const spans = OLD.map((old) => {
      const start = TEXT.indexOf(old);
      return { start, end: start + old.length, old };
    });
    this.state = { kind: 'ended', how: 'closed' };
    this.enter(begin(spans, { seed: 0 }));
  }

  get review(): Review | undefined {
    return this.state.kind === 'reviewing' ? this.state.review : undefined;
  }

  dispatch(event: RewriteEvent): void {
    if (event.kind === 'take' && this.state.kind === 'denoising') this.wasTaken = true;
    this.enter(decide(this.state, event));
  }

  candidate(texts: readonly (readonly string[])[], marks: readonly Mark[] = []): void {
    const spans = this.sent;
    const candidates = texts.map((one, i): Candidate => {
      const mark = marks[i % marks.length];
      return { texts: one, ...(mark === undefined ? {} : { quality: { mark, reasons: [] } }) };
    });
    this.dispatch({ kind: 'answered', spans, candidates });
  }

  untouched(why: Untouched): void {
    this.dispatch({ kind: 'untouched', spans: this.sent, why });
  }

  accept(fails: boolean): void {
    const { review } = this;
    this.fails = fails;
    if (review !== undefined && !fails) this.wanted = textWith(this.text, review);
    this.dispatch({ kind: 'accept', text: this.text });
  }

  hunk(which: number, how: 'accept' | 'reject' | 'insert', fails: boolean): void {
    const { review } = this;
    if (review === undefined) return;
    const hunks = hunksOf(this.text, review.spans, candidateOf(review));
    assert.ok(hunks.length > 0, 'a review has something to show');
    const hunk = hunks[which % hunks.length];
    if (hunk === undefined) return;
    if (how === 'reject') {
      this.dispatch({ kind: 'reject-hunk', edits: hunk.edits });
      return;
    }
    const lines = this.text.split('\n');
    lines.splice(hunk.startLine, hunk.endLine - hunk.startLine, ...hunk.newLines);
    const taken = lines.join('\n');
    if (how === 'accept') {
      this.fails = fails;
      if (!fails) this.wanted = taken;
      this.dispatch({ kind: 'accept-hunk', edits: hunk.edits, text: this.text });
      return;
    }
    // As the editor does when it takes its ghost text: the new lines first, the old ones go in the same undo step.
    const before = this.text;
    this.wanted = taken;
    this.undone.push({ text: before, wanted: before });
    this.dispatch({ kind: 'inserted', edits: hunk.edits, text: before });
    assert.equal(this.state.kind, 'accepting');
    this.text = taken;
    const changes = [asChange(leastEdit(before, taken))];
    this.dispatch({ kind: 'changed', changes, text: taken, isTurn: false });
    this.dispatch({ kind: 'applied', done: true, text: taken });
  }

  /** Somebody types, or a formatter runs. */
  edit(at: number, added: string): void {
    const start = at % (this.text.length + 1);
    this.undone.push({ text: this.text, wanted: this.wanted });
    this.redone.length = 0;
    this.wanted = this.wanted.slice(0, start) + added + this.wanted.slice(start);
    this.become(this.wanted, false);
  }

  /** A letter that is typed and deleted by hand: the text is one that was there before. */
  fidget(at: number): void {
    const start = at % (this.text.length + 1);
    this.edit(start, 'q');
    const { wanted } = this;
    this.undone.push({ text: this.text, wanted });
    this.wanted = wanted.slice(0, start) + wanted.slice(start + 1);
    this.become(this.wanted, false);
  }

  turn(from: World['undone'], to: World['undone']): void {
    const last = from.pop();
    if (last === undefined) return;
    to.push({ text: this.text, wanted: this.wanted });
    this.wanted = last.wanted;
    this.become(last.text, true);
  }

  private become(text: string, isTurn: boolean): void {
    const change = asChange(leastEdit(this.text, text));
    this.text = text;
    const { review } = this;
    this.dispatch({ kind: 'changed', changes: [change], text, isTurn });
    // Whatever stands in the document: what was chosen, rejected and asked for stays so.
    if (review === undefined || this.review === undefined) return;
    assert.deepEqual(this.review.candidates, review.candidates);
    if (hasChanges({ ...this.review, index: review.index })) assert.equal(this.review.index, review.index);
    assert.equal(this.review.seed, review.seed);
  }

  private enter({ state, effects }: Decision): void {
    this.state = state;
    for (const effect of effects) {
      if (effect.kind === 'request' && state.kind === 'denoising') this.sent = state.spans;
      if (effect.kind !== 'apply') continue;
      assert.equal(effect.text, this.text, 'an edit is of the text as it is');
      if (this.fails) {
        this.dispatch({ kind: 'applied', done: false, text: this.text });
        continue;
      }
      this.undone.push({ text: this.text, wanted: this.text });
      this.redone.length = 0;
      const before = this.text;
      this.text = applyEdits(before, effect.edits);
      const changes = [...effect.edits].reverse().map(asChange);
      this.dispatch({ kind: 'changed', changes, text: this.text, isTurn: false });
      this.dispatch({ kind: 'applied', done: true, text: this.text });
    }
  }

  check(): void {
    assert.equal(this.text, this.wanted, 'the document is what was accepted, and nothing else');
    if (this.review !== undefined) assert.ok(hasChanges(this.review), 'a review has something to show');
    const isHeldBack = ({ quality }: Candidate) => quality?.mark === 'poor';
    if (this.review !== undefined && this.review.showsAll === undefined && !this.wasTaken)
      assert.ok(!this.review.candidates.some(isHeldBack), 'what is poor is not shown unasked');
    const spans =
      this.state.kind === 'denoising'
        ? this.state.spans
        : this.state.kind === 'refused'
          ? this.state.refusal.spans
          : (this.review?.spans ?? []);
    for (const { start, end, old } of spans) assert.equal(this.text.slice(start, end), old);
  }
}

function asChange({ start, end, text }: TextEdit) {
  return { offset: start, length: end - start, text };
}

type Act = (world: World) => void;

const answerText = fc.constantFrom(
  ...OLD,
  '',
  '    one = 1\n    two = one',
  '    one = x\n    and = 2\n    more = 3\n    two = 4',
  'g(2)',
  'f(1)\nf(2)\nf(3)',
);
const event: fc.Arbitrary<RewriteEvent> = fc.oneof(
  fc.constantFrom<RewriteEvent>(
    ...(['reject', 'cancel', 'next', 'previous', 'again', 'take', 'show-anyway', 'closed'] as const).map(
      (kind) => ({
        kind,
      }),
    ),
    { kind: 'failed', error: new EngineError('engine-exited', 'It is gone.') },
    { kind: 'interrupted' },
    { kind: 'late' },
    { kind: 'redo', words: [[{ start: 0, end: 2 }], []] },
  ),
  fc.record({
    kind: fc.constant('pin' as const),
    side: fc.constantFrom('old' as const, 'new' as const),
    span: fc.nat(1),
    word: fc.constant({ start: 0, end: 3 }),
  }),
);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.array(fc.tuple(answerText, answerText), { maxLength: 3 }),
        fc.array(fc.constantFrom<Mark>('likely', 'unsure', 'poor'), { maxLength: 3 }),
      )
      .map(
        ([texts, marks]) =>
          (world: World) =>
            world.candidate(texts, marks),
      ),
  },
  { weight: 2, arbitrary: fc.boolean().map((fails) => (world: World) => world.accept(fails)) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        fc.nat(5),
        fc.constantFrom('accept' as const, 'reject' as const, 'insert' as const),
        fc.boolean(),
      )
      .map(
        ([which, how, fails]) =>
          (world: World) =>
            world.hunk(which, how, fails),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(200), fc.constantFrom('x', '\n', '# note\n')).map(
      ([at, added]) =>
        (world: World) =>
          world.edit(at, added),
    ),
  },
  { weight: 2, arbitrary: fc.nat(200).map((at) => (world: World) => world.fidget(at)) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Act>(
      (world) => world.turn(world.undone, world.redone),
      (world) => world.turn(world.redone, world.undone),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<Untouched[]>('unsuspicious', 'likeliest')
      .map<Act>((why) => (world) => world.untouched(why)),
  },
  { weight: 2, arbitrary: event.map((one) => (world: World) => world.dispatch(one)) },
);

describe('any sequence of events', () => {
  test('leaves the old text or what was accepted, and every place where it is', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
        const world = new World();
        for (const one of acts) {
          one(world);
          world.check();
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('hunk by hunk comes to the same text as all at once', () => {
    fc.assert(
      fc.property(answerText, answerText, fc.array(fc.nat(5), { maxLength: 12 }), (one, two, order) => {
        const world = new World();
        world.candidate([[one, two]]);
        const { review } = world;
        if (review === undefined) return;
        const target = textWith(world.text, review);
        for (const which of [...order, ...Array<number>(12).fill(0)]) world.hunk(which, 'accept', false);
        assert.deepEqual(world.state, { kind: 'ended', how: 'accepted' });
        assert.equal(world.text, target);
        for (let undone = 0; world.text !== TEXT; undone++) {
          assert.ok(undone < 12, 'one undo step each');
          world.turn(world.undone, world.redone);
        }
      }),
    );
  });

  test('undo during a review leads back to what there was to take', () => {
    const world = new World();
    world.candidate([['    one = 1\n    two = one', 'g(2)']]);
    const before = world.review;
    world.hunk(0, 'accept', false);
    assert.equal(world.state.kind, 'reviewing');
    world.turn(world.undone, world.redone);
    assert.deepEqual(world.review?.spans, before?.spans);
    assert.equal(world.text, TEXT);
    world.turn(world.redone, world.undone);
    assert.equal(
      world.review && hunksOf(world.text, world.review.spans, candidateOf(world.review)).length,
      1,
    );
    world.hunk(0, 'reject', false);
    assert.deepEqual(world.state, { kind: 'ended', how: 'accepted' });
    assert.equal(world.text, TEXT.replace('one = x', 'one = 1'));
  });

  test('what was decided after a hunk was taken stays decided, whatever is typed, undone and redone', () => {
    const world = new World();
    world.candidate([
      ['    one = 1\n    two = 2', 'g(2)'],
      ['    one = 3\n    two = one', 'h(3)'],
    ]);
    const reviewed = () => world.review ?? assert.fail(world.state.kind);
    const shown = () =>
      hunksOf(world.text, reviewed().spans, candidateOf(reviewed())).map(({ newLines }) => newLines);
    world.dispatch({ kind: 'next' });
    world.hunk(0, 'accept', false);
    world.dispatch({ kind: 'again' });
    world.candidate([['    one = 4\n    two = one', 'k(4)']]);
    assert.equal(reviewed().index, 2);
    world.hunk(1, 'reject', false);
    world.fidget(0);
    assert.equal(reviewed().index, 2, 'a letter typed and deleted throws nothing away');
    assert.deepEqual(shown(), [['    one = 4']]);
    for (let turns = 0; turns < 3; turns++) world.turn(world.undone, world.redone);
    assert.equal(world.text, TEXT);
    assert.equal(reviewed().candidates.length, 3, 'what Again brought is still there');
    assert.equal(reviewed().index, 2, 'and what was chosen');
    assert.deepEqual(shown(), [['    one = 4']], 'what was rejected is not back');
    world.turn(world.redone, world.undone);
    assert.deepEqual(shown(), [['    one = 4']]);
  });

  test('undo while another seed is asked for gives that up and leads back', () => {
    const world = new World();
    world.candidate([['    one = 1\n    two = one', 'g(2)']]);
    world.hunk(0, 'accept', false);
    world.dispatch({ kind: 'again' });
    world.turn(world.undone, world.redone);
    assert.equal(world.text, TEXT);
    assert.equal(world.review?.candidates.length, 1);
  });

  test('candidates that would change nothing any more are passed over', () => {
    const world = new World();
    world.candidate([
      ['    one = 1\n    two = one', 'g(2)'],
      ['    one = 1\n    two = one', 'f(1)'],
      ['    one = 3\n    two = one', 'f(1)'],
    ]);
    world.hunk(0, 'accept', false);
    assert.deepEqual(world.review && positionOf(world.review), { number: 1, count: 2 });
    world.dispatch({ kind: 'next' });
    assert.equal(world.review?.index, 2);
    assert.deepEqual(world.review && positionOf(world.review), { number: 2, count: 2 });
    world.dispatch({ kind: 'next' });
    assert.equal(world.review?.index, 0);
  });

  test('rejecting every hunk is a no', () => {
    const world = new World();
    world.candidate([['    one = 1\n    two = one', 'g(2)']]);
    world.hunk(1, 'reject', false);
    world.hunk(0, 'reject', false);
    assert.deepEqual(world.state, { kind: 'ended', how: 'rejected' });
    assert.equal(world.text, TEXT);
  });
});
