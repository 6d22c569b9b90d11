// What a bench reads off the screen of a workbench.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { endOf, type Screen, stageOf, waitsOf } from '../../../bench/editor/screens';

const IDLE: Screen = {
  at: 0,
  status: 'starter · CPU',
  lenses: '',
  ghost: '',
  messages: '',
  isAsked: false,
  isPicking: false,
  isDirty: false,
  file: 'limits.ts',
  hasMasks: false,
  editor: 1,
};
const at = (seconds: number, now: Partial<Screen>): Screen => ({ ...IDLE, at: 1000 * seconds, ...now });

describe('what is seen of a rewrite', () => {
  const screens = [
    at(1, {}),
    // The selection goes: that is the key's own doing.
    at(2.1, { editor: 2 }),
    at(2.2, { status: 'looking for a slip' }),
    at(2.5, { status: 'looking for a slip, 40%' }),
    at(4, { lenses: 'Accept | Reject' }),
    at(9, { editor: 3 }),
  ];
  const watched = { keyAt: 2000, endAt: 4000, isEnded: true, isInEditor: false };

  test('the first sign, the first share, the end, and the longest silence, in seconds from the key', () => {
    assert.deepEqual(waitsOf(screens, watched), { sign: 0.2, share: 0.5, end: 2, silence: 1.5 });
  });

  test('a change in the editor is a sign where the key is to change it', () => {
    assert.equal(waitsOf(screens, { ...watched, isInEditor: true }).sign, 0.1);
  });

  test('nothing, where nothing is seen: it is silent as long as somebody waits', () => {
    const waits = waitsOf([at(1, {})], { ...watched, isEnded: false });
    assert.deepEqual(waits, { silence: 2 });
  });
});

test('a rewrite looks, reads, and denoises', () => {
  assert.equal(stageOf(at(0, { status: 'looking for a slip, 7%' })), 'look');
  assert.equal(stageOf(at(0, { status: 'reading the code around it, 7%' })), 'first pass');
  assert.equal(stageOf(at(0, { status: 'try 2 of 3: 7%' })), 'denoise');
  assert.equal(stageOf(at(0, { hasMasks: true })), 'denoise');
  assert.equal(stageOf(IDLE), undefined);
});

test('a rewrite ends with a review, a refusal, a question, or nothing at all', () => {
  assert.equal(endOf(at(0, { lenses: 'Accept | Reject' }), false), 'review');
  assert.equal(endOf(at(0, { lenses: 'No good rewrite found | Show Anyway | Dismiss' }), false), 'held back');
  assert.equal(endOf(at(0, { lenses: 'Nothing likelier found | Dismiss' }), false), 'left as it is');
  assert.equal(endOf(at(0, { isAsked: true }), false), 'asked');
  assert.equal(endOf(IDLE, false), undefined);
  assert.equal(endOf(IDLE, true), 'unchanged');
});
