// The block-by-block loop against scripted models and a cache that refuses what a real one could not do.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { BlockRequest } from '../../../engine/decoding/blockRun';
import { denoiseBlocks } from '../../../engine/decoding/blocks';
import type { DenoiseStep } from '../../../engine/decoding/types';
import type { HoleContext, Lane } from '../../../engine/denoiser';
import { isEngineError } from '../../../engine/errors';
import {
  bytesOf,
  canvasOf,
  FakeBlocks,
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
const NOTHING = new Int32Array(0);

function requestOf(options: Partial<BlockRequest> & Pick<BlockRequest, 'canvas'>): BlockRequest {
  const holes = options.canvas.segments.filter((segment) => segment.kind === 'hole').length;
  return {
    family: { infill: { kind: 'cached-canvas', bos: true }, length: { kind: 'end-token' } },
    tokenizer,
    vocabSize: VOCABULARY,
    sampling: GREEDY,
    seeds: [1],
    maxTokens: new Array<number>(holes).fill(32),
    maskCounts: new Array<number>(holes).fill(0),
    contextLimit: 256,
    contextFor: () => ({ before: ids('{'), after: ids('}') }),
    ...options,
  };
}

/** Knows the whole answer and then wants the end, surest of all; surer on the right, so that order is seen. */
function knows(target: Int32Array, lead = 0) {
  return (_lane: Lane, position: number): Logits => {
    const token = target[position - lead];
    return token === undefined ? wants(SPECIALS.end, 25) : wants(token, 5 + (position % 4));
  };
}

const answerOf = (result: { holes: { ids: Int32Array }[] } | undefined, hole = 0): string =>
  textOf(result?.holes[hole]?.ids ?? []);

describe('denoiseBlocks', () => {
  test('denoises block after block until the end token; the last block is not written to the cache', async () => {
    const target = ids('ab=cd;foo(bar)=a');
    assert.ok(target.length > 8 && target.length < 12);
    const denoiser = new FakeBlocks(4, 8, knows(target));
    const [result] = await denoiseBlocks(denoiser, requestOf({ canvas: canvasOf('{', holeOf(), '}') }));
    assert.equal(answerOf(result), 'ab=cd;foo(bar)=a');
    assert.deepEqual(
      denoiser.committed.map(({ blocks }) => Array.from(blocks[0] ?? [])),
      [Array.from(target.slice(0, 4)), Array.from(target.slice(4, 8))],
    );
    assert.equal(result?.steps, target.length + 1);
    assert.equal(denoiser.forwards, target.length + 1 + 2);
  });

  test('an answer that fills its blocks exactly still ends with its end token', async () => {
    const target = ids('ab=cd;foo');
    const denoiser = new FakeBlocks(4, 8, knows(target.slice(0, 4)));
    const [result] = await denoiseBlocks(denoiser, requestOf({ canvas: canvasOf('', holeOf(), '') }));
    assert.deepEqual(result?.holes[0]?.ids, target.slice(0, 4));
    assert.equal(denoiser.committed.length, 1);
    assert.equal(result?.steps, 5);
  });

  test('the first block begins with the lead, which is no part of the answer', async () => {
    const target = ids('ab=cd;');
    const before = ids('abc=a;');
    const lead = before.length % 4;
    assert.ok(lead > 0);
    const denoiser = new FakeBlocks(4, 8, knows(target, lead), { lead: true });
    const [result] = await denoiseBlocks(
      denoiser,
      requestOf({ canvas: canvasOf('', holeOf(), ''), contextFor: () => ({ before, after: NOTHING }) }),
    );
    assert.equal(answerOf(result), 'ab=cd;');
    const first = denoiser.predicted[0]?.[0];
    assert.deepEqual(first?.tokens.slice(0, lead), before.slice(before.length - lead));
    assert.ok(first?.asks.every((ask) => ask.position >= lead));
    assert.deepEqual(
      denoiser.committed[0]?.blocks[0],
      Int32Array.from([...before.slice(before.length - lead), ...target.slice(0, 4 - lead)]),
    );
  });

  test('another token that stands behind answers in training ends one, too', async () => {
    const [a = 0, b = 0] = ['a', 'b'].map((piece) => tokenizer.id(piece));
    const wanted = [
      wants(a, 9),
      new Map([
        [SPECIALS.pad, 9],
        [b, 5],
      ]),
    ];
    const script = (_: Lane, position: number): Logits => wanted[position] ?? wants(SPECIALS.end, 9);
    const answer = async (alsoEnds: readonly ['pad'] | readonly []) => {
      const length = { kind: 'end-token', alsoEnds } as const;
      const attention = { kind: 'block-causal', blockLength: 1 } as const;
      const family = { infill: { kind: 'left-only', bos: false }, length, attention } as const;
      const request = requestOf({ canvas: canvasOf('', holeOf(), ''), family });
      return answerOf((await denoiseBlocks(new FakeBlocks(1, 8, script), request))[0]);
    };
    assert.equal(await answer(['pad']), 'a');
    assert.equal(await answer([]), 'ab');
  });

  const CELLS = {
    infill: { kind: 'prompt' },
    length: { kind: 'end-token', asCell: true },
    attention: { kind: 'block-causal', blockLength: 4 },
  } as const;

  test('an end that is a cell like any other is written first where it is surest, and the answer ends at it', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((piece) => tokenizer.id(piece));
    const wanted = [wants(a ?? 0, 3), wants(b ?? 0, 9), wants(SPECIALS.end, 20), wants(c ?? 0, 12)];
    const script = (_: Lane, position: number): Logits => wanted[position] ?? new Map();
    const denoiser = new FakeBlocks(4, 8, script);
    const steps: DenoiseStep[] = [];
    const [result] = await denoiseBlocks(
      denoiser,
      requestOf({
        canvas: canvasOf('', holeOf(), ''),
        family: CELLS,
        onStep: (step) => void steps.push(step),
      }),
    );
    assert.equal(answerOf(result), 'ab');
    // The end, what is surest behind it, and then the two before it.
    assert.deepEqual(
      steps.map((step) => step.committed),
      [[2], [3], [1], [0]],
    );
    assert.equal(steps.at(-1)?.cells.length, 2);
    assert.equal(denoiser.committed.length, 0);
    const waiting = await denoiseBlocks(
      new FakeBlocks(4, 8, script),
      requestOf({ canvas: canvasOf('', holeOf(), ''), family: { ...CELLS, length: { kind: 'end-token' } } }),
    );
    assert.equal(answerOf(waiting[0]), 'ab');
  });

  test('nothing behind such an end is waited for', async () => {
    const a = tokenizer.id('a');
    const denoiser = new FakeBlocks(4, 8, (_, position) =>
      position === 1 ? wants(SPECIALS.end, 9) : wants(a, 5),
    );
    const [result] = await denoiseBlocks(
      denoiser,
      requestOf({ canvas: canvasOf('', holeOf(), ''), family: CELLS }),
    );
    assert.equal(answerOf(result), 'a');
    assert.equal(result?.steps, 2);
  });

  test('eos ends an answer as well as the end token does, and neither comes before the fewest tokens', async () => {
    const a = tokenizer.id('a');
    for (const end of [SPECIALS.end, SPECIALS.eos]) {
      const script = () => wants(end, 20, { token: a, sureness: 5 });
      const run = async (least: number) => {
        const [result] = await denoiseBlocks(
          new FakeBlocks(4, 8, script),
          requestOf({ canvas: canvasOf('', holeOf(), ''), family: CELLS, minTokens: [least] }),
        );
        return answerOf(result);
      };
      assert.equal(await run(0), '');
      assert.equal(await run(6), 'aaaaaa');
    }
  });

  test('an end waits all the same for what the borders of the span ask for', async () => {
    const target = ids('ab=cd');
    const denoiser = new FakeBlocks(4, 8, (_, position) =>
      position < target.length
        ? wants(target[position] ?? 0, 6)
        : wants(SPECIALS.end, 20, { token: tokenizer.id('}'), sureness: 9 }),
    );
    const [result] = await denoiseBlocks(
      denoiser,
      requestOf({ canvas: canvasOf('', holeOf({ tail: bytesOf('}') }), ''), family: CELLS }),
    );
    assert.equal(answerOf(result), 'ab=cd}');
  });

  test('rules that take tokens back may take back such an end', async () => {
    const a = tokenizer.id('a');
    for (const rule of ['p2', 'saber'] as const) {
      const [result] = await denoiseBlocks(
        new FakeBlocks(4, 8, (lane, position) =>
          position === 3 && !lane.tokens.includes(a) ? wants(SPECIALS.end, 20) : wants(a, 5 - (position % 4)),
        ),
        requestOf({
          canvas: canvasOf('', holeOf(), ''),
          family: CELLS,
          maxTokens: [8],
          sampling: { rule, temperature: 0, topP: 1, steps: 8 },
        }),
      );
      assert.match(answerOf(result), /^a+$/);
    }
  });

  test('behind the last cell of an answer there is nothing', async () => {
    const a = tokenizer.id('a');
    const denoiser = new FakeBlocks(4, 8, () => wants(a, 5));
    const [result] = await denoiseBlocks(
      denoiser,
      requestOf({ canvas: canvasOf('', holeOf(), ''), family: CELLS, maxTokens: [6] }),
    );
    assert.equal(answerOf(result), 'aaaaaa');
    const lengths = denoiser.predicted.map((lanes) => lanes[0]?.tokens.length);
    assert.deepEqual([...new Set(lengths)], [4, 2]);
  });

  test('a block is denoised in parts from the left, its first cell alone where the family is shifted', async () => {
    const a = tokenizer.id('a');
    const attention = { kind: 'block-causal', blockLength: 8, partLength: 4 } as const;
    const asked = async (shifted: boolean, steps?: number) => {
      const denoiser = new FakeBlocks(8, 4, () => wants(a, 9));
      const sampling = { rule: 'threshold', temperature: 0, topP: 1, threshold: 0 } as const;
      await denoiseBlocks(
        denoiser,
        requestOf({
          canvas: canvasOf('', holeOf(), ''),
          family: { ...CELLS, attention, shifted },
          maxTokens: [16],
          sampling: { ...sampling, ...(steps === undefined ? {} : { steps }) },
        }),
      );
      return denoiser.predicted.map((lanes) => lanes[0]?.asks.map(({ position }) => position));
    };
    const [first, second] = [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ];
    assert.deepEqual(await asked(false), [first, second, first, second]);
    assert.deepEqual(await asked(true), [[0], [1, 2, 3], second, [0], [1, 2, 3], second]);
    // A budget is for whole blocks.
    assert.deepEqual(await asked(true, 2), [
      [...(first ?? []), ...(second ?? [])],
      [...(first ?? []), ...(second ?? [])],
    ]);
  });

  test('a draft that is enough fills the parts that were not asked for with nothing', async () => {
    const a = tokenizer.id('a');
    let asked = 0;
    const [result] = await denoiseBlocks(
      new FakeBlocks(8, 4, () => wants(a, 9)),
      requestOf({
        canvas: canvasOf('', holeOf(), ''),
        family: { ...CELLS, attention: { kind: 'block-causal', blockLength: 8, partLength: 4 } },
        enough: () => ++asked > 1,
      }),
    );
    assert.match(answerOf(result), /^a{1,4}$/);
  });

  test('stops at the number of tokens and of blocks, and writes nothing behind it', async () => {
    const always = (): Logits => wants(tokenizer.id('a'), 5);
    const run = async (maxTokens: number, maxBlocks: number, contextLimit = 256) => {
      const denoiser = new FakeBlocks(4, maxBlocks, always);
      const [result] = await denoiseBlocks(
        denoiser,
        requestOf({ canvas: canvasOf('', holeOf(), ''), maxTokens: [maxTokens], contextLimit }),
      );
      return [result?.holes[0]?.ids.length, denoiser.committed.length];
    };
    assert.deepEqual(await run(6, 8), [6, 1]);
    assert.deepEqual(await run(8, 8), [8, 1]);
    assert.deepEqual(await run(100, 3), [12, 2]);
    assert.deepEqual(await run(100, 8, 2 + 5), [5, 1]);
    assert.deepEqual(await run(0, 8), [0, 0]);
  });

  test('families of fixed length write as many tokens as there are masks', async () => {
    const denoiser = new FakeBlocks(4, 8, () =>
      wants(SPECIALS.end, 9, { token: tokenizer.id('a'), sureness: 5 }),
    );
    const [result] = await denoiseBlocks(
      denoiser,
      requestOf({
        canvas: canvasOf('', holeOf(), ''),
        family: { infill: { kind: 'prompt' }, length: { kind: 'fixed' } },
        maskCounts: [7],
      }),
    );
    assert.equal(answerOf(result), 'aaaaaaa');
  });

  test('an end token waits until the answer has its fewest tokens', async () => {
    const endsAtOnce = () => wants(SPECIALS.end, 20, { token: tokenizer.id('a'), sureness: 5 });
    for (const [least, expected] of [
      [0, ''],
      [1, 'a'],
      [6, 'aaaaaa'],
    ] as const) {
      const [result] = await denoiseBlocks(
        new FakeBlocks(4, 8, endsAtOnce),
        requestOf({ canvas: canvasOf('', holeOf(), ''), minTokens: [least] }),
      );
      assert.equal(answerOf(result), expected);
    }
  });

  test('an end token waits for what follows the span', async () => {
    const target = ids('ab=cd');
    // Wants the end after `ab=cd`, then, as that is refused, a brace.
    const denoiser = new FakeBlocks(4, 8, (_, position) =>
      position < target.length
        ? wants(target[position] ?? 0, 6)
        : wants(SPECIALS.end, 20, { token: tokenizer.id('}'), sureness: 9 }),
    );
    const [result] = await denoiseBlocks(
      denoiser,
      requestOf({ canvas: canvasOf('', holeOf({ tail: bytesOf('}') }), '') }),
    );
    assert.equal(answerOf(result), 'ab=cd}');
  });

  test('the characters before the span do not count as those behind it', async () => {
    const [ab, b] = ['ab', 'b'].map((piece) => tokenizer.id(piece));
    const denoiser = new FakeBlocks(4, 8, (_, position) =>
      position === 0 ? wants(ab ?? 0, 9) : wants(SPECIALS.end, 20, { token: b ?? 0, sureness: 9 }),
    );
    const [result] = await denoiseBlocks(
      denoiser,
      requestOf({ canvas: canvasOf('', holeOf({ head: bytesOf('ab'), tail: bytesOf('b') }), '') }),
    );
    assert.equal(answerOf(result), 'abb');
  });

  test('at the bound the last token brings the characters behind the span', async () => {
    const denoiser = new FakeBlocks(4, 8, () => wants(tokenizer.id('a'), 9));
    const [result] = await denoiseBlocks(
      denoiser,
      requestOf({
        canvas: canvasOf('', holeOf({ head: bytesOf('b'), tail: bytesOf(')') }), ''),
        maxTokens: [6],
      }),
    );
    assert.match(answerOf(result), /^b.*\)$/s);
    assert.equal(result?.holes[0]?.ids.length, 6);
  });

  test('locked cells stand where they stood, in whatever block; the end does not cut them off', async () => {
    const kept = ids('foobar=ret;');
    const cells = Array.from(kept, (original, index) => ({ original, locked: index === 0 || index === 5 }));
    while (cells.length < 6) cells.push({ original: tokenizer.id('a'), locked: cells.length === 5 });
    const denoiser = new FakeBlocks(4, 8, () =>
      wants(SPECIALS.end, 20, { token: tokenizer.id('b'), sureness: 5 }),
    );
    const [result] = await denoiseBlocks(
      denoiser,
      requestOf({ canvas: canvasOf('', holeOf({ cells }), '') }),
    );
    const answer = result?.holes[0];
    assert.deepEqual(Array.from(answer?.locked ?? []), [1, 0, 0, 0, 0, 1]);
    assert.equal(answer?.ids[0], cells[0]?.original);
    assert.equal(answer?.ids[5], cells[5]?.original);
    // It ends with a locked token: nothing is appended, and the rest of its block shows that it is over.
    assert.equal(answer?.ids.length, 6);
    assert.deepEqual(Array.from(denoiser.predicted.at(-1)?.[0]?.tokens.slice(2) ?? []), [
      SPECIALS.end,
      SPECIALS.end,
    ]);
  });

  test('behind the last locked cell the hole may grow again', async () => {
    const cells = [
      { original: tokenizer.id('foo'), locked: true },
      { original: tokenizer.id('a'), locked: false },
    ];
    const target = ids('foobc=;{}');
    const denoiser = new FakeBlocks(4, 8, knows(target));
    const [result] = await denoiseBlocks(
      denoiser,
      requestOf({ canvas: canvasOf('', holeOf({ cells }), '') }),
    );
    assert.equal(answerOf(result), textOf(target));
  });

  test('lanes share a batch, keep their numbers, and leave it when they are done', async () => {
    const [a, b] = ['a', 'b'].map((piece) => tokenizer.id(piece));
    if (a === undefined || b === undefined) throw new Error('no pieces');
    const denoiser = new FakeBlocks(4, 4, (lane, position) => {
      if (position === 0) return wants(a, 9, { token: b, sureness: 9 });
      if (lane.tokens[0] === SPECIALS.mask) return new Map();
      if (lane.tokens[0] === a) return position < 2 ? wants(a, 7) : wants(SPECIALS.end, 9);
      return position < 10 ? wants(b, 7) : wants(SPECIALS.end, 9);
    });
    const results = await denoiseBlocks(
      denoiser,
      requestOf({
        canvas: canvasOf('', holeOf(), ''),
        sampling: { rule: 'top-k', temperature: 1, topP: 0.9 },
        seeds: [1, 2, 3, 4, 5, 6],
      }),
    );
    const texts = results.map((result) => answerOf(result));
    assert.deepEqual([...new Set(texts)].sort(), ['aa', 'bbbbbbbbbb']);
    assert.equal(denoiser.opened.length, 1);
    assert.equal(denoiser.predicted[0]?.length, 6);
    const long = texts.flatMap((text, lane) => (text.length > 2 ? [lane] : []));
    assert.deepEqual(denoiser.committed[0]?.lanes, long);
    assert.deepEqual(
      denoiser.predicted.at(-1)?.map((lane) => lane.lane),
      long,
    );
    results.forEach((result, lane) => {
      const calls = denoiser.predicted.filter((lanes) => lanes.some((one) => one.lane === lane));
      assert.equal(calls.length, result.steps);
    });
  });

  test('holes are denoised in turn, each seeing the others as its own candidate has them', async () => {
    const seen: (readonly (string | undefined)[])[] = [];
    const [a, b] = ['a', 'b'].map((piece) => tokenizer.id(piece));
    if (a === undefined || b === undefined) throw new Error('no pieces');
    const script = (_lane: Lane, position: number, context: HoleContext | undefined): Logits => {
      if (position > 0) return wants(SPECIALS.end, 20);
      // The second hole repeats what the first one came to be.
      const before = context?.before.at(-1);
      return before === a || before === b ? wants(before, 9) : wants(a, 9, { token: b, sureness: 9 });
    };
    const denoiser = new FakeBlocks(4, 4, script);
    const results = await denoiseBlocks(
      denoiser,
      requestOf({
        canvas: canvasOf('{', holeOf(), ':', holeOf({ span: 1 }), '}'),
        sampling: { rule: 'top-k', temperature: 0.7, topP: 0.95 },
        seeds: [1, 2, 3, 4, 5],
        contextFor: (hole, answers) => {
          seen.push(answers.map((answer) => answer && textOf(answer)));
          return hole === 0
            ? { before: ids('{'), after: ids(':') }
            : { before: answers[0] ?? NOTHING, after: ids('}') };
        },
      }),
    );
    assert.deepEqual(seen[0], [undefined, undefined]);
    assert.deepEqual([...seen.slice(1)].sort(), [
      ['a', undefined],
      ['b', undefined],
    ]);
    for (const result of results) assert.equal(answerOf(result, 0), answerOf(result, 1));
    assert.deepEqual(
      denoiser.opened.map(({ lanes }) => lanes),
      [5, ...denoiser.opened.slice(1).map(({ lanes }) => lanes)],
    );
    assert.equal(
      denoiser.opened.slice(1).reduce((sum, { lanes }) => sum + lanes, 0),
      5,
    );
  });

  test('"enough" ends with the open block, but not before the characters behind the span', async () => {
    const target = ids('ab=cd;foo(bar)=a');
    const run = async (tail: string, after: number) => {
      const denoiser = new FakeBlocks(4, 8, knows(target));
      const [result] = await denoiseBlocks(
        denoiser,
        requestOf({
          canvas: canvasOf('', holeOf({ tail: bytesOf(tail) }), ''),
          enough: () => denoiser.predicted.length >= after,
        }),
      );
      return { text: answerOf(result), forwards: denoiser.predicted.length };
    };
    const four = textOf(target.slice(0, 4));
    assert.deepEqual(await run('', 1), { text: four, forwards: 1 });
    assert.deepEqual(await run('', 3), { text: four, forwards: 3 });
    assert.deepEqual(await run('', 5), { text: textOf(target.slice(0, 8)), forwards: 5 });
    const withTail = await run('h', 1);
    assert.equal(withTail.forwards, 2);
    assert.ok(withTail.text.startsWith(four) && withTail.text.endsWith('h'));
  });

  test('"enough" gives every hole that is still to come one forward pass', async () => {
    const denoiser = new FakeBlocks(4, 8, () => wants(tokenizer.id('a'), 5));
    const [result] = await denoiseBlocks(
      denoiser,
      requestOf({ canvas: canvasOf('', holeOf(), ':', holeOf({ span: 1 }), ''), enough: () => true }),
    );
    assert.deepEqual([answerOf(result, 0), answerOf(result, 1)], ['aaaa', 'aaaa']);
    assert.equal(denoiser.forwards, 2);
  });

  test('cancelling stops between steps', async () => {
    const controller = new AbortController();
    const denoiser = new FakeBlocks(4, 8, () => wants(tokenizer.id('a'), 5));
    const request = requestOf({
      canvas: canvasOf('', holeOf(), ''),
      signal: controller.signal,
      onStep: (step) => {
        if (step.step === 6) controller.abort();
      },
    });
    await assert.rejects(
      denoiseBlocks(denoiser, request),
      (error) => isEngineError(error) && error.code === 'cancelled',
    );
    assert.equal(denoiser.predicted.length, 6);
  });

  test('steps show the whole hole, earlier blocks included', async () => {
    const target = ids('ab=cd;foo');
    const steps: DenoiseStep[] = [];
    await denoiseBlocks(
      new FakeBlocks(4, 8, knows(target)),
      requestOf({ canvas: canvasOf('', holeOf(), ''), onStep: (step) => void steps.push(step) }),
    );
    assert.deepEqual(
      steps.map((step) => step.step),
      steps.map((_, index) => index + 1),
    );
    assert.deepEqual(steps.at(0)?.cells.length, 4);
    assert.deepEqual(
      steps.at(-1)?.cells.map((cell) => cell.token),
      Array.from(target),
    );
    for (const step of steps)
      for (const index of step.committed) assert.equal(step.cells[index]?.state, 'committed');
  });

  test('a budget of steps is shared out over the blocks', async () => {
    const denoiser = new FakeBlocks(4, 8, () => wants(tokenizer.id('a'), 5));
    const [result] = await denoiseBlocks(
      denoiser,
      requestOf({ canvas: canvasOf('', holeOf(), ''), maxTokens: [16], sampling: { ...GREEDY, steps: 8 } }),
    );
    assert.equal(result?.holes[0]?.ids.length, 16);
    assert.equal(result?.steps, 8);
  });

  test('what does not fit or cannot be done is refused with a code', async () => {
    const refuse = (options: Partial<BlockRequest>, code: string) =>
      assert.rejects(
        denoiseBlocks(
          new FakeBlocks(4, 8, () => new Map()),
          requestOf({ canvas: canvasOf('', holeOf(), ''), ...options }),
        ),
        (error) => isEngineError(error) && error.code === code,
      );
    await refuse({ contextLimit: 2 }, 'context-too-long');
    await refuse(
      { family: { infill: { kind: 'prompt' }, length: { kind: 'expand-delete', initialMasks: 4 } } },
      'option-invalid',
    );
    const cells = Array.from({ length: 40 }, () => ({ original: tokenizer.id('a'), locked: true }));
    // 40 tokens, for which there would be room in the context, but not in the 8 blocks of 4.
    await assert.rejects(
      denoiseBlocks(
        new FakeBlocks(4, 8, () => new Map()),
        requestOf({ canvas: canvasOf('', holeOf({ cells }), '') }),
      ),
      (error) =>
        isEngineError(error) &&
        error.code === 'context-too-long' &&
        /^The span has 40 tokens.*room for 32\. Select less, or let all of it be masked/.test(
          error.message,
        ) &&
        error.data['needed'] === 40 &&
        error.data['budget'] === 32 &&
        error.data['isPartial'] === true,
    );
  });
});
