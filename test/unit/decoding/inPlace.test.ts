// The in-place loop against scripted models.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { denoiseInPlace, type InPlaceRequest } from '../../../engine/decoding/inPlace';
import type { DenoiseStep } from '../../../engine/decoding/types';
import type { Lane } from '../../../engine/denoiser';
import { isEngineError } from '../../../engine/errors';
import {
  bytesOf,
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

const GREEDY = { rule: 'top-k', temperature: 0, topP: 1 } as const;

function requestOf(options: Partial<InPlaceRequest> & Pick<InPlaceRequest, 'canvas'>): InPlaceRequest {
  const holes = options.canvas.segments.filter((segment) => segment.kind === 'hole').length;
  return {
    family: { infill: { kind: 'in-place', bos: true, eos: true }, length: { kind: 'fixed' } },
    tokenizer,
    vocabSize: VOCABULARY,
    sampling: GREEDY,
    seeds: [1],
    maxTokens: new Array<number>(holes).fill(32),
    maskCounts: new Array<number>(holes).fill(4),
    contextLimit: 256,
    ...options,
  };
}

const ADJUSTS = {
  infill: { kind: 'in-place', bos: true, eos: true },
  length: { kind: 'expand-delete', initialMasks: 4 },
} as const;
const ENDS = {
  infill: { kind: 'in-place', bos: false, eos: false },
  length: { kind: 'end-token' },
} as const;

/** Knows what stands at each place of a hole that begins at `start`; surer on the right, so that order is seen. */
function knows(target: Int32Array, start: number, beyond: Logits = new Map()) {
  return (_lane: Lane, position: number): Logits => {
    const token = target[position - start];
    return token === undefined ? beyond : wants(token, 6 + (position - start));
  };
}

/** Knows the text between `before` and `after` whatever the number of masks: expands and deletes to get there. */
function knowsLength(target: Int32Array, before: number, after: number) {
  return (lane: Lane, position: number): Logits => {
    const index = position - before;
    const cells = lane.tokens.length - before - after;
    if (cells > target.length && index >= target.length) return wants(SPECIALS.delete, 20 - index);
    if (cells < target.length && index === cells - 1) return wants(SPECIALS.expand, 30);
    const token = target[index];
    return token === undefined ? new Map() : wants(token, 5 + index);
  };
}

describe('denoiseInPlace', () => {
  test('writes what the model knows, most confident first, one forward a step', async () => {
    const target = ids('ab=cd');
    const denoiser = new FakeInPlace(knows(target, 1 + 2));
    const steps: DenoiseStep[] = [];
    const canvas = canvasOf('a(', holeOf(), ')');
    const [result] = await denoiseInPlace(
      denoiser,
      requestOf({ canvas, maskCounts: [target.length], onStep: (step) => void steps.push(step) }),
    );
    assert.equal(textOf(result?.holes[0]?.ids ?? []), 'ab=cd');
    assert.equal(result?.steps, target.length);
    assert.equal(denoiser.forwards, target.length);
    assert.deepEqual(
      steps.map((step) => step.committed),
      [[2], [1], [0]],
    );
    assert.deepEqual(
      steps[0]?.cells.map((cell) => cell.state),
      ['draft', 'draft', 'committed'],
    );
    assert.equal(steps[0]?.cells[0]?.guess, tokenizer.id('ab'));
    assert.ok((result?.holes[0]?.logProbs[0] ?? -9) > -1);
  });

  test('lays out bos, text, holes and eos, and denoises several holes jointly', async () => {
    const denoiser = new FakeInPlace((lane, position) =>
      wants(position < 5 ? tokenizer.id('foo') : tokenizer.id('bar'), lane.tokens.length),
    );
    const [result] = await denoiseInPlace(
      denoiser,
      requestOf({ canvas: canvasOf('a', holeOf(), 'b', holeOf({ span: 1 }), 'c'), maskCounts: [2, 3] }),
    );
    const first = denoiser.calls[0]?.[0];
    const { bos, eos, mask } = SPECIALS;
    const [a, b, c] = ['a', 'b', 'c'].map((piece) => tokenizer.id(piece));
    assert.deepEqual(Array.from(first?.tokens ?? []), [bos, a, mask, mask, b, mask, mask, mask, c, eos]);
    assert.deepEqual(
      result?.holes.map((hole) => textOf(hole.ids)),
      ['foofoo', 'barbarbar'],
    );
  });

  test('never writes a special token, nor an id beyond the tokenizer, however much the model wants it', async () => {
    for (const wanted of [...Object.values(SPECIALS), VOCABULARY - 1]) {
      const denoiser = new FakeInPlace(() => wants(wanted, 40, { token: tokenizer.id('foo'), sureness: 5 }));
      const [result] = await denoiseInPlace(denoiser, requestOf({ canvas: canvasOf('', holeOf(), '') }));
      assert.equal(textOf(result?.holes[0]?.ids ?? []), 'foofoofoofoo');
    }
  });

  test('keeps locked cells and masks the others', async () => {
    const [a, b] = [tokenizer.id('a'), tokenizer.id('b')];
    const cells = [
      { original: a, locked: false },
      { original: b, locked: true },
      { original: -1, locked: false },
    ];
    const denoiser = new FakeInPlace(() => wants(tokenizer.id('foo'), 9));
    const steps: DenoiseStep[] = [];
    const [result] = await denoiseInPlace(
      denoiser,
      requestOf({
        canvas: canvasOf('c', holeOf({ cells }), 'd'),
        maskCounts: [9],
        onStep: (step) => void steps.push(step),
      }),
    );
    assert.equal(textOf(result?.holes[0]?.ids ?? []), 'foobfoo');
    assert.deepEqual(Array.from(result?.holes[0]?.locked ?? []), [0, 1, 0]);
    assert.ok(steps.every((step) => step.cells[1]?.state === 'locked'));
  });

  test('expands and deletes to the length that the model wants', async () => {
    const target = ids('ab=cd;foo');
    for (const masks of [1, 2, target.length, target.length + 1, 16]) {
      const denoiser = new FakeInPlace(knowsLength(target, 2, 2));
      const [result] = await denoiseInPlace(
        denoiser,
        requestOf({ canvas: canvasOf('{', holeOf(), '}'), family: ADJUSTS, maskCounts: [masks] }),
      );
      assert.equal(textOf(result?.holes[0]?.ids ?? []), 'ab=cd;foo', `from ${masks} masks`);
    }
  });

  test('one deletion takes every masked cell to its right along', async () => {
    const target = ids('ab');
    const denoiser = new FakeInPlace((_, position) =>
      position === 2 ? wants(SPECIALS.delete, 20) : wants(target[0] ?? 0, 5),
    );
    const [result] = await denoiseInPlace(
      denoiser,
      requestOf({ canvas: canvasOf('', holeOf(), ''), family: ADJUSTS, maskCounts: [9] }),
    );
    assert.equal(textOf(result?.holes[0]?.ids ?? []), 'ab');
    assert.equal(denoiser.forwards, 2);
  });

  test("expansion stops at the window, at the hole's length, and at its budget", async () => {
    const always = (): Logits => wants(SPECIALS.expand, 20, { token: tokenizer.id('a'), sureness: 3 });
    const run = async (options: Partial<InPlaceRequest>): Promise<number> => {
      const request = requestOf({
        canvas: canvasOf('{', holeOf(), '}'),
        family: ADJUSTS,
        maskCounts: [2],
        ...options,
      });
      const [result] = await denoiseInPlace(new FakeInPlace(always), request);
      return result?.holes[0]?.ids.length ?? -1;
    };
    assert.equal(await run({ maxTokens: [7] }), 7);
    assert.equal(await run({ contextLimit: 4 + 5 }), 5);
    assert.equal(await run({ expansionBudget: 1 }), 3);
    // Several expansions in one step do not overrun the window either.
    assert.equal(
      await run({ contextLimit: 4 + 5, sampling: { ...GREEDY, rule: 'threshold', threshold: 0.1 } }),
      5,
    );
  });

  test('an end token waits for everything to its left, and takes the rest of the hole away', async () => {
    const target = ids('ab=');
    const denoiser = new FakeInPlace((_, position) =>
      // Surest of all about the end, as trained models are.
      position >= target.length ? wants(SPECIALS.end, 25) : wants(target[position] ?? 0, 4),
    );
    const [result] = await denoiseInPlace(
      denoiser,
      requestOf({ canvas: canvasOf('', holeOf(), ''), family: ENDS, maskCounts: [12] }),
    );
    assert.equal(textOf(result?.holes[0]?.ids ?? []), 'ab=');
    assert.equal(denoiser.forwards, target.length + 1);
  });

  test('a model that wants the end at once gives an empty answer', async () => {
    const [result] = await denoiseInPlace(
      new FakeInPlace(() => wants(SPECIALS.end, 25)),
      requestOf({ canvas: canvasOf('', holeOf(), ''), family: ENDS, maskCounts: [12] }),
    );
    assert.equal(result?.holes[0]?.ids.length, 0);
  });

  test('a bias against the end lengthens the answer', async () => {
    const script = (): Logits => wants(SPECIALS.end, 5, { token: tokenizer.id('a'), sureness: 4 });
    const run = async (endBias: number): Promise<number> => {
      const request = requestOf({
        canvas: canvasOf('', holeOf(), ''),
        family: ENDS,
        maskCounts: [3],
        endBias,
      });
      const [result] = await denoiseInPlace(new FakeInPlace(script), request);
      return result?.holes[0]?.ids.length ?? -1;
    };
    assert.equal(await run(0), 0);
    assert.equal(await run(-2), 3);
  });

  test('one mask too many is deleted, or scored away', async () => {
    const target = ids('ab=cd');
    const [adjusted] = await denoiseInPlace(
      new FakeInPlace(knowsLength(target, 2, 2)),
      requestOf({ canvas: canvasOf('{', holeOf(), '}'), family: ADJUSTS, maskCounts: [target.length + 1] }),
    );
    assert.equal(textOf(adjusted?.holes[0]?.ids ?? []), 'ab=cd');
    // A fixed-length model that is only sure of itself where the length is right.
    const denoiser = new FakeInPlace((lane, position) => {
      const fits = lane.tokens.length === target.length + 4;
      return wants(target[position - 2] ?? tokenizer.id(';'), fits ? 9 : 2);
    });
    const [scored] = await denoiseInPlace(
      denoiser,
      requestOf({
        canvas: canvasOf('{', holeOf(), '}'),
        maskCounts: [target.length + 1],
        lengths: { bias: () => 0 },
      }),
    );
    assert.equal(textOf(scored?.holes[0]?.ids ?? []), 'ab=cd');
  });

  test('the answer keeps the characters that the borders cut through', async () => {
    const foo = tokenizer.id('foo');
    const denoiser = new FakeInPlace(() => wants(foo, 9, { token: tokenizer.id('ab'), sureness: 6 }));
    const [result] = await denoiseInPlace(
      denoiser,
      requestOf({
        canvas: canvasOf('', holeOf({ head: bytesOf('a'), tail: bytesOf('}') }), ''),
        maskCounts: [3],
      }),
    );
    assert.equal(textOf(result?.holes[0]?.ids ?? []), 'abfoo}');
  });

  test('a head longer than a token is carried over to the next cell', async () => {
    // `foob` cannot begin any token but `foobar`; `foo` and `bar` make it up as well, and are what the model wants.
    const denoiser = new FakeInPlace((_, position) =>
      wants(tokenizer.id(position === 0 ? 'foo' : 'bc'), 9, { token: tokenizer.id('bar'), sureness: 5 }),
    );
    const [result] = await denoiseInPlace(
      denoiser,
      requestOf({
        canvas: canvasOf('', holeOf({ head: bytesOf('foob') }), ''),
        family: { ...ENDS, length: { kind: 'fixed' } },
        maskCounts: [2],
      }),
    );
    assert.equal(textOf(result?.holes[0]?.ids ?? []), 'foobc');
  });

  test('a border that no token can keep is let go', async () => {
    const denoiser = new FakeInPlace(() => wants(tokenizer.id('foo'), 9));
    const [result] = await denoiseInPlace(
      denoiser,
      requestOf({
        canvas: canvasOf('', holeOf({ head: bytesOf('Z'), tail: bytesOf('Z') }), ''),
        maskCounts: [2],
      }),
    );
    assert.equal(textOf(result?.holes[0]?.ids ?? []), 'foofoo');
  });

  test('all seeds share one batch; lanes that have finished leave it', async () => {
    const short = tokenizer.id('a');
    // The first token decides how long the answer becomes.
    const denoiser = new FakeInPlace((lane, position) => {
      if (position === 0) return wants(short, 8, { token: tokenizer.id('b'), sureness: 8 });
      return lane.tokens[0] === short ? wants(SPECIALS.delete, 9) : wants(tokenizer.id('c'), 3);
    });
    const results = await denoiseInPlace(
      denoiser,
      requestOf({
        canvas: canvasOf('', holeOf(), ''),
        family: { ...ADJUSTS, infill: { kind: 'in-place', bos: false, eos: false } },
        sampling: { rule: 'top-k', temperature: 1, topP: 0.5 },
        seeds: [1, 2, 3, 4, 5, 6, 7, 8],
        maskCounts: [6],
      }),
    );
    const lengths = results.map((result) => result.holes[0]?.ids.length ?? -1);
    assert.ok(new Set(lengths).size > 1, `all of length ${lengths[0]}`);
    assert.equal(denoiser.forwards, Math.max(...results.map((result) => result.steps)));
    const batches = denoiser.calls.map((lanes) => lanes.length);
    assert.equal(batches[0], 8);
    assert.ok((batches.at(-1) ?? 8) < 8);
    results.forEach((result, lane) => {
      const calls = denoiser.calls.filter((lanes) => lanes.some((one) => one.lane === lane));
      assert.equal(calls.length, result.steps);
    });
  });

  test('same seed, same result, whatever the other lanes are; temperature 0 computes one lane', async () => {
    const pieces = ['a', 'b', 'c', 'foo', 'bar'].map((piece) => tokenizer.id(piece));
    const script = (lane: Lane, position: number): Logits =>
      new Map(pieces.map((id, k) => [id, 1 + ((k * 7 + position * 3 + (lane.tokens[0] ?? 0)) % 5)]));
    const run = async (seeds: readonly number[], temperature = 1): Promise<string[]> => {
      const denoiser = new FakeInPlace(script);
      const results = await denoiseInPlace(
        denoiser,
        requestOf({
          canvas: canvasOf('', holeOf(), ''),
          sampling: { rule: 'entropy', temperature, topP: 0.95 },
          seeds,
          maskCounts: [8],
        }),
      );
      if (temperature === 0) assert.ok(denoiser.calls.every((lanes) => lanes.length === 1));
      return results.map((result) => textOf(result.holes[0]?.ids ?? []));
    };
    const together = await run([11, 12, 13]);
    assert.deepEqual(await run([11, 12, 13]), together);
    assert.deepEqual(await run([12]), together.slice(1, 2));
    assert.equal(new Set(together).size, 3);
    const greedy = await run([11, 12, 13], 0);
    assert.equal(greedy.length, 3);
    assert.equal(new Set(greedy).size, 1);
  });

  test('a budget of steps is kept by every rule', async () => {
    for (const rule of ['top-k', 'threshold', 'entropy-bounded', 'p2', 'saber', 'prophet'] as const) {
      for (const steps of [1, 3, 5]) {
        const denoiser = new FakeInPlace((_, position) => wants(tokenizer.id('a'), 1 + (position % 3)));
        const [result] = await denoiseInPlace(
          denoiser,
          requestOf({
            canvas: canvasOf('', holeOf(), ''),
            sampling: { ...GREEDY, rule, steps },
            maskCounts: [17],
          }),
        );
        assert.ok(denoiser.forwards <= steps, `${rule} took ${denoiser.forwards} of ${steps}`);
        assert.equal(result?.holes[0]?.ids.length, 17);
      }
    }
  });

  test('saber takes back what the new context has made unlikely, and the event says so', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((piece) => tokenizer.id(piece));
    if (a === undefined || b === undefined || c === undefined) throw new Error('no pieces');
    // `a` looks right at the first place until `c` stands at the third: then it has to be `b`.
    const denoiser = new FakeInPlace((lane, position) => {
      if (position === 0) return lane.tokens[2] === c ? wants(b, 9) : wants(a, 9);
      return wants(c, position === 1 ? 8 : 5);
    });
    const steps: DenoiseStep[] = [];
    const [result] = await denoiseInPlace(
      denoiser,
      requestOf({
        canvas: canvasOf('', holeOf(), ''),
        family: { ...ENDS, length: { kind: 'fixed' } },
        sampling: { ...GREEDY, rule: 'saber' },
        maskCounts: [7],
        onStep: (step) => void steps.push(step),
      }),
    );
    assert.equal(textOf(result?.holes[0]?.ids ?? []), 'bcccccc');
    assert.ok(steps.some((step) => step.remasked.includes(0)));
  });

  test('"enough" takes the draft without a further forward pass', async () => {
    const target = ids('ab=cd;foo');
    const denoiser = new FakeInPlace(knows(target, 2));
    const steps: DenoiseStep[] = [];
    const [result] = await denoiseInPlace(
      denoiser,
      requestOf({
        canvas: canvasOf('{', holeOf(), '}'),
        maskCounts: [target.length],
        enough: () => denoiser.forwards >= 2,
        onStep: (step) => void steps.push(step),
      }),
    );
    assert.equal(textOf(result?.holes[0]?.ids ?? []), 'ab=cd;foo');
    assert.equal(denoiser.forwards, 2);
    assert.equal(result?.steps, 2);
    assert.equal(steps.at(-1)?.committed.length, target.length - 2);
  });

  test('"enough" right after an expansion leaves out the masks that nothing is known about', async () => {
    const denoiser = new FakeInPlace((_, position) =>
      position === 2 ? wants(SPECIALS.expand, 20) : wants(tokenizer.id('foo'), 5),
    );
    const [result] = await denoiseInPlace(
      denoiser,
      requestOf({
        canvas: canvasOf('', holeOf(), ''),
        family: ADJUSTS,
        maskCounts: [2],
        enough: () => true,
      }),
    );
    assert.equal(textOf(result?.holes[0]?.ids ?? []), 'foo');
    assert.equal(denoiser.forwards, 1);
  });

  test('cancelling between steps stops before the next forward pass', async () => {
    const controller = new AbortController();
    const denoiser = new FakeInPlace(() => wants(tokenizer.id('a'), 3));
    const request = requestOf({
      canvas: canvasOf('', holeOf(), ''),
      maskCounts: [16],
      signal: controller.signal,
      onStep: (step) => {
        if (step.step === 3) controller.abort();
      },
    });
    await assert.rejects(
      denoiseInPlace(denoiser, request),
      (error) => isEngineError(error) && error.code === 'cancelled',
    );
    assert.equal(denoiser.forwards, 3);
  });

  test('what does not fit or makes no sense is refused with a code', async () => {
    const denoiser = new FakeInPlace(() => new Map());
    const canvas = canvasOf('abcdefgh', holeOf(), '');
    const refuse = (options: Partial<InPlaceRequest>, code: string) =>
      assert.rejects(
        denoiseInPlace(denoiser, requestOf({ canvas, ...options })),
        (error) => isEngineError(error) && error.code === code,
      );
    await refuse({ contextLimit: 8 }, 'context-too-long');
    await refuse({ seeds: [] }, 'option-invalid');
    await refuse({ maskCounts: [] }, 'option-invalid');
    await refuse({ sampling: { ...GREEDY, steps: 0 } }, 'option-invalid');
    await refuse({ sampling: { ...GREEDY, topP: 0 } }, 'option-invalid');
    await refuse({ sampling: { ...GREEDY, temperature: Number.NaN } }, 'option-invalid');
    const { bos: _, ...without } = SPECIALS;
    await refuse({ canvas: { ...canvas, specials: without } }, 'token-missing');
    assert.equal(denoiser.forwards, 0);
  });

  test('a canvas without holes needs no forward pass', async () => {
    const denoiser = new FakeInPlace(() => new Map());
    const results = await denoiseInPlace(denoiser, requestOf({ canvas: canvasOf('ab') }));
    assert.deepEqual(results, [{ holes: [], steps: 0 }]);
    assert.equal(denoiser.forwards, 0);
  });
});
