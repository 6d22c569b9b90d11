// A hole of which only some masks are denoised at once: from the left, each stretch to its end, with every answer in view.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { denoiseInPlace, type InPlaceRequest } from '../../../engine/decoding/inPlace';
import type { Lane } from '../../../engine/denoiser';
import {
  canvasOf,
  FakeInPlace,
  holeOf,
  ids,
  type Logits,
  SPECIALS,
  textOf,
  tokenizer,
  VOCABULARY,
  wants,
} from './fakes';

function requestOf(options: Partial<InPlaceRequest> & Pick<InPlaceRequest, 'canvas'>): InPlaceRequest {
  return {
    family: { infill: { kind: 'in-place', bos: true, eos: true }, length: { kind: 'fixed' } },
    tokenizer,
    vocabSize: VOCABULARY,
    sampling: { rule: 'top-k', temperature: 0, topP: 1 },
    seeds: [1],
    maxTokens: [64],
    maskCounts: [8],
    contextLimit: 256,
    ...options,
  };
}

const TARGET = ids('a=b+c(d)');
/** Surer on the right, so that order is seen. */
const knows = (_lane: Lane, position: number): Logits => {
  const token = TARGET[position - 1];
  return token === undefined ? new Map() : wants(token, 6 + position);
};
const positions = (denoiser: FakeInPlace) =>
  denoiser.calls.map(([lane]) => lane?.asks.map(({ position }) => position - 1) ?? []);

describe('some masks at once', () => {
  test('asks about the leftmost ones until they are written, then about the next', async () => {
    const denoiser = new FakeInPlace(knows);
    const [result] = await denoiseInPlace(
      denoiser,
      requestOf({ canvas: canvasOf('', holeOf(), ''), maskCounts: [TARGET.length], masksAtOnce: 3 }),
    );
    assert.equal(textOf(result?.holes[0]?.ids ?? []), 'a=b+c(d)');
    assert.deepEqual(positions(denoiser), [[0, 1, 2], [0, 1], [0], [3, 4, 5], [3, 4], [3], [6, 7], [6]]);
    // What stands in the other masks' places is to be seen all the same.
    assert.ok(denoiser.calls.every(([lane]) => lane?.tokens.length === TARGET.length + 2));
  });

  test('the same answer as all at once where the model does not mind the order', async () => {
    for (const masksAtOnce of [1, 2, 5, 8, 100]) {
      const [result] = await denoiseInPlace(
        new FakeInPlace(knows),
        requestOf({ canvas: canvasOf('', holeOf(), ''), maskCounts: [TARGET.length], masksAtOnce }),
      );
      assert.equal(textOf(result?.holes[0]?.ids ?? []), 'a=b+c(d)', `${masksAtOnce} at once`);
    }
  });

  test('what comes by expansion within them is denoised with them', async () => {
    const { expand } = SPECIALS;
    let expanded = false;
    const denoiser = new FakeInPlace((_lane, position) => {
      if (expanded || position !== 2) return wants(tokenizer.id('a'), 5);
      expanded = true;
      return wants(expand, 30);
    });
    const [result] = await denoiseInPlace(
      denoiser,
      requestOf({
        canvas: canvasOf('', holeOf(), ''),
        family: {
          infill: { kind: 'in-place', bos: true, eos: true },
          length: { kind: 'expand-delete', initialMasks: 4 },
        },
        maskCounts: [6],
        masksAtOnce: 2,
      }),
    );
    assert.equal(textOf(result?.holes[0]?.ids ?? []), 'aaaaaaa');
    assert.deepEqual(positions(denoiser).slice(0, 3), [
      [0, 1],
      [0, 1, 2],
      [1, 2],
    ]);
  });

  test('a draft that is taken is a guess for every mask, those too that nobody had come to', async () => {
    const denoiser = new FakeInPlace(knows);
    let steps = 0;
    const guessed: number[] = [];
    const [result] = await denoiseInPlace(
      denoiser,
      requestOf({
        canvas: canvasOf('', holeOf(), ''),
        maskCounts: [TARGET.length],
        masksAtOnce: 3,
        onStep: ({ cells, committed }) => {
          steps++;
          // Each pass is told, though it commits nothing.
          if (committed.length === 0)
            guessed.push(
              cells.filter(({ state, guess }) => state !== 'masked' || guess !== undefined).length,
            );
        },
        enough: () => steps >= 1,
      }),
    );
    assert.deepEqual(guessed, [6, 8]);
    assert.equal(textOf(result?.holes[0]?.ids ?? []), 'a=b+c(d)');
    assert.deepEqual(positions(denoiser), [
      [0, 1, 2],
      [3, 4, 5],
      [6, 7],
    ]);
  });

  test('a budget of steps, and rules that look at the whole, are not held to it', async () => {
    for (const sampling of [
      { rule: 'top-k', temperature: 0, topP: 1, steps: 4 },
      { rule: 'p2', temperature: 0, topP: 1, steps: 4 },
    ] as const) {
      const denoiser = new FakeInPlace(knows);
      await denoiseInPlace(
        denoiser,
        requestOf({
          canvas: canvasOf('', holeOf(), ''),
          maskCounts: [TARGET.length],
          sampling,
          masksAtOnce: 2,
        }),
      );
      assert.equal(denoiser.calls[0]?.[0]?.asks.length, TARGET.length, sampling.rule);
      assert.ok(denoiser.forwards <= 4);
    }
  });
});
