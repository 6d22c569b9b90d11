import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { scoreOf, UNSCORED } from '../../../engine/calibration/score';
import { asItIsFirst, changesNothing, rankCandidates } from '../../../engine/candidates/rank';
import type { Candidate } from '../../../engine/protocol';

const text = 'abc';
function candidate(score: number, ...texts: string[]): Candidate {
  const spans = texts.map((written, i) => ({
    range: { start: { line: 1, column: i + 1 }, end: { line: 1, column: i + 2 } },
    start: i,
    end: i + 1,
    text: written,
  }));
  return { score, spans };
}
const answer = (logProbs: readonly number[], locked: readonly number[]) => ({
  logProbs: Float32Array.from(logProbs),
  locked: Uint8Array.from(locked),
});

describe('scoreOf', () => {
  test('is the mean over the free tokens of all holes', () => {
    assert.equal(scoreOf([answer([-1, 0, -2], [0, 1, 0]), answer([-3], [0])]), -2);
  });
  test('knows when it knows nothing', () => {
    assert.equal(scoreOf([]), UNSCORED);
    assert.equal(scoreOf([answer([0, 0], [1, 1])]), UNSCORED);
    assert.equal(scoreOf([answer([Number.NEGATIVE_INFINITY], [0])]), UNSCORED);
  });
});

describe('rankCandidates', () => {
  const order = (list: readonly Candidate[]) =>
    rankCandidates(text, list).map(({ score, spans }) => [score, ...spans.map((span) => span.text)]);

  test('best first, equal texts once with their best score, ties as they came', () => {
    const list = [candidate(-3, 'x'), candidate(-1, 'y'), candidate(-2, 'x'), candidate(-1, 'z')];
    assert.deepEqual(order(list), [
      [-1, 'y'],
      [-1, 'z'],
      [-2, 'x'],
    ]);
  });
  test('a lesser flaw halves how likely a candidate is, a grave one outweighs that', () => {
    const known = (text: string, confidence: number, flaws: Candidate['flaws'] = []): Candidate => ({
      ...candidate(0, text),
      confidence,
      flaws,
    });
    const first = (...list: readonly Candidate[]) => rankCandidates(text, list)[0]?.spans[0]?.text;
    assert.equal(first(known('x', 0.01), known('y', 0.9, ['unknown-names'])), 'y');
    assert.equal(first(known('x', 0.5), known('y', 0.9, ['unknown-names'])), 'x');
    assert.equal(first(known('x', 0.01), known('y', 0.9, ['unbalanced'])), 'x');
    // Where nothing is known of one of them, flaws alone are counted.
    assert.equal(first({ ...candidate(-5, 'x'), flaws: [] }, known('y', 0.9, ['unknown-names'])), 'x');
  });
  test('what changes nothing comes last, whatever its score', () => {
    assert.deepEqual(order([candidate(-0.1, 'a', 'b'), candidate(-5, 'a', 'x')]), [
      [-5, 'a', 'x'],
      [-0.1, 'a', 'b'],
    ]);
  });
  test('texts that only join up alike are two', () => {
    assert.equal(rankCandidates(text, [candidate(-1, 'xy', 'z'), candidate(-1, 'x', 'yz')]).length, 2);
  });
});

describe('changesNothing', () => {
  test('tells an answer that is what stood there', () => {
    assert.equal(changesNothing(text, candidate(0, 'a')), true);
    assert.equal(changesNothing(text, candidate(0, 'x')), false);
    assert.equal(changesNothing(text, candidate(0, 'a', 'x')), false);
  });
});

const NOWHERE = { start: { line: 0, column: 0 }, end: { line: 0, column: 0 } };

describe('the text as it is', () => {
  const at = (text: string, confidence: number, mark: 'likely' | 'unsure' | 'poor') => ({
    ...{ score: -1, confidence, spans: [{ start: 0, end: 1, text, range: NOWHERE }] },
    quality: { mark, reasons: mark === 'likely' ? [] : (['improbable'] as const) },
  });
  const names = (whole: string, ...candidates: ReturnType<typeof at>[]) =>
    asItIsFirst(whole, candidates).map(({ spans: [span] }) => span?.text);

  test('goes before a change that is less likely and doubtful', () => {
    assert.deepEqual(names('ab', at('x', 0.06, 'unsure'), at('y', 0.05, 'unsure'), at('a', 0.11, 'unsure')), [
      'a',
      'x',
      'y',
    ]);
  });

  test('stays behind a likelier change, one without a flaw, and where nothing stands', () => {
    assert.deepEqual(names('ab', at('x', 0.2, 'unsure'), at('a', 0.11, 'unsure')), ['x', 'a']);
    assert.deepEqual(names('ab', at('x', 0.4, 'likely'), at('a', 0.5, 'likely')), ['x', 'a']);
    assert.deepEqual(names(' b', at('x', 0.06, 'unsure'), at(' ', 0.11, 'unsure')), ['x', ' ']);
    assert.deepEqual(names('ab', at('x', 0.06, 'unsure')), ['x']);
    assert.deepEqual(names('ab'), []);
  });
});
