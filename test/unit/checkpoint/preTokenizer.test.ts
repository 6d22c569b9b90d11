import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { preTokenizerOf } from '../../../engine/checkpoint/preTokenizer';
import { fails, onlyEngineErrors } from './errors';

const BYTE_LEVEL = { type: 'ByteLevel', add_prefix_space: true, use_regex: false };

function pieces(step: unknown, text: string): readonly string[] {
  return preTokenizerOf({ type: 'Sequence', pretokenizers: [step, BYTE_LEVEL] })(text);
}

describe('pre-tokenizer', () => {
  test('digits are every numeric character, one by one or in runs', () => {
    assert.deepEqual(pieces({ type: 'Digits', individual_digits: true }, 'a12½½'), ['a', '1', '2', '½', '½']);
    assert.deepEqual(pieces({ type: 'Digits', individual_digits: false }, 'a12½½b'), ['a', '12½½', 'b']);
  });

  test('a split keeps what stands between its matches', () => {
    const split = (rest: object) => ({ type: 'Split', behavior: 'Isolated', invert: false, ...rest });
    assert.deepEqual(pieces(split({ pattern: { String: '.' } }), 'a.b..'), ['a', '.', 'b', '.', '.']);
    assert.deepEqual(pieces(split({ pattern: { Regex: '[a-z]+' }, invert: true }), 'ab1c'), ['ab', '1', 'c']);
    const removed = { pattern: { Regex: '[a-z]+' }, behavior: 'Removed', invert: true };
    assert.deepEqual(pieces(split(removed), 'ab1c'), ['ab', '1', 'c']);
  });

  test('byte level alone splits as GPT-2 does, and adds no space in front', () => {
    const preTokenize = preTokenizerOf({ type: 'ByteLevel', add_prefix_space: true });
    assert.deepEqual(preTokenize("it's 12  ok"), ['it', "'s", ' 12', ' ', ' ok']);
    assert.deepEqual(preTokenize(''), []);
  });

  test('steps nested without end are refused', () => {
    let steps: unknown = BYTE_LEVEL;
    for (let depth = 0; depth < 10_000; depth++) steps = { type: 'Sequence', pretokenizers: [steps] };
    assert.throws(() => preTokenizerOf(steps), fails('tokenizer-malformed'));
  });

  test('many slow patterns are together as bad as one that never finishes', () => {
    // Each takes a part of a second for a run of letters, which none of them splits.
    const slow = { type: 'Split', pattern: { Regex: 'a*a*a*b' }, behavior: 'Isolated', invert: false };
    const steps = [...Array.from({ length: 60 }, () => slow), BYTE_LEVEL];
    assert.throws(
      () => preTokenizerOf({ type: 'Sequence', pretokenizers: steps }),
      fails('tokenizer-malformed', /never finishes/),
    );
  });

  test('any description keeps the text, or gives an EngineError', () => {
    const step = fc.record(
      {
        type: fc.constantFrom('Split', 'Digits', 'ByteLevel', 'Sequence', 'Punctuation'),
        pattern: fc.oneof(
          fc.record({ Regex: fc.string({ maxLength: 5 }) }),
          fc.record({ String: fc.string({ maxLength: 2 }) }),
          fc.jsonValue(),
        ),
        behavior: fc.constantFrom('Isolated', 'Removed', 'MergedWithNext'),
        invert: fc.boolean(),
        pretokenizers: fc.jsonValue(),
      },
      { requiredKeys: ['type'] },
    );
    fc.assert(
      fc.property(step, fc.string({ unit: 'binary', maxLength: 20 }), (description, text) => {
        onlyEngineErrors(() => assert.equal(pieces(description, text).join(''), text));
      }),
      { numRuns: 1000 },
    );
  });
});
