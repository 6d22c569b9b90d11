// What a look for suspicious tokens takes, before and while it is made.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { isLongWait } from '../../../../extension/rewrite/pieces';
import { chunksOf } from '../../../../extension/suspicion/chunks';
import { lookMillis, millisLeft, pieceToEstimate } from '../../../../extension/suspicion/wait';

describe('how long a look for suspicious tokens takes', () => {
  const line = 'total = total + 1\n';
  const piecesIn = (text: string) => chunksOf(text, { start: 0, end: text.length });

  test('is told from a piece of middling length', () => {
    const text = `${'\n'.repeat(24)}${line.repeat(24)}${`${'# '.repeat(60)}\n`.repeat(24)}`;
    const part = pieceToEstimate(text, piecesIn(text));
    assert.deepEqual(part, { start: 24, end: 24 + 24 * line.length, old: line.repeat(24) });
    assert.equal(pieceToEstimate('', piecesIn('')), undefined);
  });

  test('is told from a part of a piece that is too long for the model', () => {
    const text = 'x'.repeat(9000);
    assert.equal(pieceToEstimate(text, piecesIn(text))?.old.length, 2000);
  });

  test('is scoring every piece, and looking for slips in each as long as that is worth it', () => {
    const text = line.repeat(48);
    const pieces = piecesIn(text);
    const part = pieceToEstimate(text, pieces) ?? assert.fail();
    assert.equal(pieces.length, 2);
    assert.equal(Math.round(lookMillis(pieces, part, 600)), 2000);
    assert.equal(Math.round(lookMillis(pieces, part, 30_000)), 64_000);
    const half = { start: part.start, end: part.start + (part.end - part.start) / 2 };
    assert.equal(Math.round(lookMillis(pieces, half, 30_000)), 124_000);
  });

  test('is asked about where a selection is long, or the model slow', () => {
    const isAsked = (lines: number, scoringMillis: number) => {
      const text = line.repeat(lines);
      const pieces = piecesIn(text);
      return isLongWait(lookMillis(pieces, pieceToEstimate(text, pieces) ?? assert.fail(), scoringMillis));
    };
    assert.deepEqual(
      [isAsked(80, 500), isAsked(5000, 500), isAsked(24, 59_000), isAsked(80, 20_000)],
      [false, true, true, true],
    );
  });
});

describe('what is left of it', () => {
  const progress = { done: 0.25, elapsed: 10_000, expected: 100_000, hasPiece: false };

  test('is what was expected of the rest, until a piece is done', () => {
    assert.equal(millisLeft(progress), 75_000);
    assert.equal(millisLeft({ ...progress, done: 0 }), 100_000);
    assert.equal(millisLeft({ ...progress, hasPiece: true }), 30_000);
    assert.equal(millisLeft({ ...progress, hasPiece: true, done: 1 }), 0);
  });

  test('is not known where nobody knew the model’s pace, until a piece is done', () => {
    assert.equal(millisLeft({ ...progress, expected: undefined }), undefined);
    assert.equal(millisLeft({ ...progress, expected: undefined, hasPiece: true }), 30_000);
  });
});
