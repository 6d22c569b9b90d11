import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { Canvas, Segment } from '../../../engine/canvas/types';
import { languageToken, sidesOf } from '../../../engine/infill/layout';

const NONE = new Uint8Array(0);

/** Texts and holes in turn; the cells of hole i spell what stood there. */
function canvasOf(...segments: readonly (readonly number[])[]): Canvas {
  return {
    segments: segments.map((ids, i): Segment => {
      if (i % 2 === 0) return { kind: 'text', ids: Int32Array.from(ids) };
      const cells = ids.map((original) => ({ original, locked: false }));
      return { kind: 'hole', hole: { span: (i - 1) / 2, cells, head: NONE, tail: NONE } };
    }),
    specials: { mask: 99 },
    window: { start: 0, end: 0 },
  };
}

describe('what stands on both sides of a hole', () => {
  const canvas = canvasOf([1, 2], [10, 11], [3], [20], [], [], [4]);

  test('the answers of holes that are done, the file’s own tokens of the others, nothing of itself', () => {
    const answers = [Int32Array.of(50), undefined, undefined];
    assert.deepEqual(sidesOf(canvas, 0, []), { before: [1, 2], after: [3, 20, 4] });
    assert.deepEqual(sidesOf(canvas, 1, answers), { before: [1, 2, 50, 3], after: [4] });
    assert.deepEqual(sidesOf(canvas, 2, [...answers.slice(0, 1), Int32Array.of(60, 61), undefined]), {
      before: [1, 2, 50, 3, 60, 61],
      after: [4],
    });
  });

  test('an answer that came to nothing is not what stood there', () => {
    assert.deepEqual(sidesOf(canvas, 1, [new Int32Array(0)]), { before: [1, 2, 3], after: [4] });
  });
});

test('a language that the model has no token for has none, whatever it is called', () => {
  const facts = {
    family: { infill: { kind: 'cached-canvas', bos: true } },
    languageTokens: { python: 7 },
  } as unknown as Parameters<typeof languageToken>[0];
  assert.deepEqual(
    ['python', 'cobol', 'constructor', undefined].map((language) => languageToken(facts, language)),
    [7, undefined, undefined, undefined],
  );
});
