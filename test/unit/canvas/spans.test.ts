import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { placeSpans } from '../../../engine/canvas/spans';
import type { Span } from '../../../engine/canvas/types';
import { isEngineError } from '../../../engine/errors';
import { spannedText } from './arbitraries';

function refusal(text: string, spans: readonly Span[]): string {
  try {
    placeSpans(text, spans);
  } catch (error) {
    if (isEngineError(error) && error.code === 'span-invalid') return error.message;
    throw error;
  }
  return 'accepted';
}

describe('placeSpans', () => {
  test('sorts into text order and remembers the request', () => {
    const placed = placeSpans('abcdefgh', [
      { start: 6, end: 8 },
      { start: 0, end: 2 },
    ]);
    assert.deepEqual(
      placed.map(({ index, start, end }) => [index, start, end]),
      [
        [1, 0, 2],
        [0, 6, 8],
      ],
    );
  });

  test('spans that touch stay two, an empty one between them too', () => {
    const placed = placeSpans('abcdef', [
      { start: 3, end: 5 },
      { start: 3, end: 3 },
      { start: 1, end: 3 },
    ]);
    assert.deepEqual(
      placed.map(({ start, end }) => [start, end]),
      [
        [1, 3],
        [3, 3],
        [3, 5],
      ],
    );
  });

  test('what is wrong is said', () => {
    const text = 'ab\r\ncd😀ef';
    assert.match(refusal(text, []), /No span/);
    assert.match(refusal(text, [{ start: 0, end: 99 }]), /outside the text, which is 10 long/);
    assert.match(refusal(text, [{ start: -1, end: 2 }]), /outside/);
    assert.match(refusal(text, [{ start: 0.5, end: 2 }]), /outside/);
    assert.match(refusal(text, [{ start: Number.NaN, end: 2 }]), /outside/);
    assert.match(refusal(text, [{ start: 4, end: 2 }]), /after its end/);
    assert.match(refusal(text, [{ start: 3, end: 5 }]), /line end/);
    assert.match(refusal(text, [{ start: 0, end: 7 }]), /2:1|1:1-2:4 has a boundary inside a character/);
    const overlapping = [
      { start: 0, end: 5 },
      { start: 4, end: 6 },
    ];
    assert.match(refusal(text, overlapping), /2:1-2:3 overlaps the one at 1:1-2:2/);
    const inside = [
      { start: 0, end: 5 },
      { start: 2, end: 2 },
    ];
    assert.match(refusal(text, inside), /overlaps/);
    const twice = [
      { start: 2, end: 2 },
      { start: 2, end: 2 },
    ];
    assert.match(refusal(text, twice), /twice/);
    assert.match(
      refusal(text, [{ start: 4, end: 6, locked: [{ start: 4, end: 8 }] }]),
      /locked piece .*outside its span/,
    );
    assert.match(
      refusal(text, [{ start: 0, end: 10, locked: [{ start: 7, end: 8 }] }]),
      /locked piece .*surrogate/,
    );
  });

  test('a byte order mark belongs to no span', () => {
    assert.deepEqual(placeSpans('\ufeffab', [{ start: 0, end: 2, locked: [{ start: 0, end: 1 }] }]), [
      { index: 0, start: 1, end: 2, locked: [] },
    ]);
    assert.deepEqual(placeSpans('\ufeff', [{ start: 0, end: 0 }]), [
      { index: 0, start: 1, end: 1, locked: [] },
    ]);
  });

  test('every valid request comes out sorted, whole and apart', () => {
    fc.assert(
      fc.property(spannedText, ({ text, spans }) => {
        const placed = placeSpans(text, spans);
        assert.deepEqual(placed.map(({ index }) => index).sort(), spans.map((_, i) => i).sort());
        for (const [i, span] of placed.entries()) {
          assert.equal(span.start, spans[span.index]?.start);
          assert.equal(span.end, spans[span.index]?.end);
          assert.ok(span.start >= (placed[i - 1]?.end ?? 0));
        }
      }),
    );
  });
});
