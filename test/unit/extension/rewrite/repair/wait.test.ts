// What a repair takes, before it is made.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import {
  isLookWorth,
  lookedShare,
  partToEstimate,
  repairMillis,
  wordToEstimate,
} from '../../../../../extension/rewrite/repair/wait';

const spanOf = (old: string, start = 10) => ({ start, end: start + old.length, old });

describe('how long a repair takes', () => {
  test('is its word, and the score of what stands there, of each answer, and of a line without a slip', () => {
    const spans = [spanOf('return total - tax')];
    const word = { millis: 5000, candidates: 3 };
    assert.equal(repairMillis(spans, spans, { scoringMillis: 10_000 }, word)?.millis, 55_000);
    const read = repairMillis(
      spans,
      spans,
      { scoringMillis: 10_000, readingMillis: 4000 },
      { ...word, readingMillis: 4000 },
    );
    assert.deepEqual(
      read,
      { millis: 4000 + 5 * 6000 + 1000, readingMillis: 4000 },
      'what is around it is read once',
    );
    assert.equal(repairMillis(spans, spans, {}, word), undefined);
    assert.equal(repairMillis(spans, spans, { scoringMillis: 10_000 }, { candidates: 3 }), undefined);
  });

  test('is told from a part of what is too long for the model', () => {
    const line = 'total = total + 1';
    const span = spanOf(Array.from({ length: 1000 }, () => line).join('\r\n'));
    const part = partToEstimate(span);
    assert.ok(part.old.length <= 2000 && part.old.endsWith(`\n${line}`), 'whole lines');
    assert.deepEqual(part, spanOf(part.old));
    const word = { millis: 0, candidates: 1 };
    const millis = repairMillis([span], [part], { scoringMillis: part.old.length }, word);
    assert.equal(
      Math.round(millis?.millis ?? 0),
      2 * span.old.length + 2 * line.length,
      'one line of them, by itself and without a slip',
    );
    assert.equal(partToEstimate(spanOf(line)).old, line);
  });

  test('tears no character of an endless line', () => {
    for (const start of ['', 'a']) {
      const { old } = partToEstimate(spanOf(start + '😀'.repeat(3000)));
      assert.match(old, /^a?(😀)+$/u);
      assert.ok(old.length >= 1999);
    }
  });

  test('counts the longest word, where there is one', () => {
    assert.deepEqual(wordToEstimate('a = größer_als + b2'), [{ start: 4, end: 14 }]);
    assert.deepEqual(wordToEstimate(' => {'), []);
  });
});

describe('a look at a line before all of it is masked', () => {
  test('is taken where it takes seconds, and no more than the line anew, or both are soon done', () => {
    assert.ok(isLookWorth({ looking: 300, writing: 200 }), 'fast');
    assert.ok(isLookWorth({ looking: 500, writing: 4000 }), 'written token by token');
    assert.ok(isLookWorth({ looking: 5000, writing: 6000 }), 'slow at both');
    assert.ok(!isLookWorth({ looking: 5100, writing: 6000 }));
    assert.ok(!isLookWorth({ looking: 3200, writing: 1500 }), 'denoised in few passes over everything');
    assert.ok(isLookWorth({ looking: 2500, writing: 1500 }), 'both within four seconds');
    assert.ok(
      isLookWorth({ looking: 900, writing: 5000 }, false),
      'several lines, all within a quarter of a minute',
    );
    assert.ok(!isLookWorth({ looking: 3500, writing: 9000 }, false), 'several lines of a slow model');
    assert.ok(isLookWorth({ looking: 3500, writing: 9000 }), 'one line of it');
  });

  test('the share of a look goes on with each pass, however long one mending takes', () => {
    const atPasses = [0, 900, 1800, 2700, 3600, 4500, 6000].map((millis) =>
      Math.round(100 * lookedShare(1 / 20, millis)),
    );
    assert.deepEqual(atPasses, [72, 75, 81, 86, 92, 97, 100]);
    assert.equal(lookedShare(1, 0), 1, 'a quick model has looked at all of them');
    assert.ok(lookedShare(0.5, 100) > lookedShare(0.4, 100));
  });
});
