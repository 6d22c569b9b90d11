// Answers to prompts, by scripted models: whole canvases that end with an end token, or where the answer is whole.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { BlockRequest } from '../../../engine/decoding/blockRun';
import { denoiseBlocks } from '../../../engine/decoding/blocks';
import type { DenoiseStep } from '../../../engine/decoding/types';
import type { Lane } from '../../../engine/denoiser';
import { answerInPlace } from '../../../engine/infill/answerInPlace';
import {
  canvasOf,
  FakeBlocks,
  FakeInPlace,
  holeOf,
  ids,
  type Logits,
  SPECIALS,
  textOf,
  tokenizer,
  VOCABULARY,
  wants,
} from '../decoding/fakes';

const FULL = {
  infill: { kind: 'prompt' },
  length: { kind: 'end-token', asCell: true },
  attention: { kind: 'full' },
} as const;
const BLOCKS = {
  ...FULL,
  attention: { kind: 'block-causal', blockLength: 2 },
} as const;

function requestOf(options: Partial<BlockRequest> & Pick<BlockRequest, 'canvas'>): BlockRequest {
  const holes = options.canvas.segments.filter((segment) => segment.kind === 'hole').length;
  return {
    family: FULL,
    tokenizer,
    vocabSize: VOCABULARY,
    sampling: { rule: 'top-k', temperature: 0, topP: 1 },
    seeds: [1],
    maxTokens: new Array<number>(holes).fill(16),
    maskCounts: new Array<number>(holes).fill(12),
    contextLimit: 256,
    isWhole: (tokens) => textOf(tokens).includes(';;'),
    contextFor: (hole, answers) => ({
      before: ids('ab'.charAt(hole) + answers.map((one) => (one ? textOf(one) : '')).join('')),
      after: new Int32Array(0),
    }),
    ...options,
  };
}

/** Tokens of the prompt of a first span. */
const PROMPT = 1;

/** Writes `text` behind the prompt, then `end`, and fills the rest up with `filler`; surer on the right. */
function writes(text: string, end: number, filler = end) {
  const target = ids(text);
  return (_lane: Lane, position: number): Logits => {
    const index = position - PROMPT;
    const token = target[index] ?? (index === target.length ? end : filler);
    return wants(token, 6 + position);
  };
}

describe('an answer that is denoised in place', () => {
  test('ends with its end token, though the model is surest of what fills the canvas behind it', async () => {
    const denoiser = new FakeInPlace(writes('foo=ab', SPECIALS.end, SPECIALS.eos));
    const [lane] = await answerInPlace(denoiser, requestOf({ canvas: canvasOf('a', holeOf(), 'b') }));
    assert.equal(textOf(lane?.holes[0]?.ids ?? []), 'foo=ab');
    assert.equal(lane?.holes[0]?.isCut, undefined);
    const [first] = denoiser.calls[0] ?? [];
    assert.equal(
      textOf(first?.tokens ?? []),
      'a',
      'the prompt stands in front of the masks, and nothing behind',
    );
    assert.equal(first?.tokens.filter((token) => token === SPECIALS.mask).length, 12);
  });

  test('may end with what fills the canvas alone', async () => {
    const denoiser = new FakeInPlace(writes('foo', SPECIALS.eos));
    const [lane] = await answerInPlace(denoiser, requestOf({ canvas: canvasOf('a', holeOf(), 'b') }));
    assert.equal(textOf(lane?.holes[0]?.ids ?? []), 'foo');
  });

  test('that fills all of its canvas breaks off', async () => {
    const denoiser = new FakeInPlace(writes('abcdefghabcdefgh', SPECIALS.end));
    const [lane] = await answerInPlace(denoiser, requestOf({ canvas: canvasOf('a', holeOf(), 'b') }));
    assert.equal(lane?.holes[0]?.isCut, true);
  });

  test('of several spans sees the answers before it, and is told as its own span', async () => {
    const seen: string[] = [];
    const steps: DenoiseStep[] = [];
    const denoiser = new FakeInPlace((lane, position) => {
      const start = lane.tokens.length - 12;
      if (position === start) seen.push(textOf(lane.tokens.slice(0, start)));
      return position === start ? wants(tokenizer.id('foo'), 9) : wants(SPECIALS.end, 5);
    });
    const canvas = canvasOf('a', holeOf({ span: 0 }), '=', holeOf({ span: 1 }), 'b');
    const request = requestOf({ canvas, seeds: [1, 2], onStep: (step) => void steps.push(step) });
    const lanes = await answerInPlace(denoiser, {
      ...request,
      sampling: { ...request.sampling, temperature: 0.5 },
    });
    assert.deepEqual(
      lanes.map(({ holes }) => holes.map((hole) => textOf(hole.ids))),
      [
        ['foo', 'foo'],
        ['foo', 'foo'],
      ],
    );
    assert.ok(seen.includes('a') && seen.includes('bfoo'), seen.join());
    assert.deepEqual(
      new Set(steps.map(({ lane, hole }) => `${lane}/${hole}`)),
      new Set(['0/0', '0/1', '1/0', '1/1']),
    );
  });
});

describe('an answer that is whole', () => {
  test('ends there, whatever the model would write behind it', async () => {
    const shown = ids('ab;;cdef');
    // Surest on the left.
    const denoiser = new FakeInPlace((_lane, position) =>
      wants(shown[position - PROMPT] ?? 0, 20 - position),
    );
    const [lane] = await answerInPlace(denoiser, requestOf({ canvas: canvasOf('a', holeOf(), 'b') }));
    assert.equal(textOf(lane?.holes[0]?.ids ?? []), 'ab;;');
    assert.equal(lane?.holes[0]?.isCut, undefined);
    assert.equal(denoiser.forwards, 3, 'nothing is denoised behind it');
    const target = ids('ab=;;cdefgh');
    const blocks = new FakeBlocks(2, 8, (_lane, position) => wants(target[position] ?? 0, 9));
    const canvas = canvasOf('a', holeOf(), 'b');
    const [second] = await denoiseBlocks(blocks, requestOf({ canvas, family: BLOCKS }));
    assert.equal(textOf(second?.holes[0]?.ids ?? []), 'ab=;;');
    assert.equal(blocks.committed.length, 1, 'nothing is denoised behind it');
    const open = new FakeBlocks(2, 8, (_lane, position) => wants(target[position % target.length] ?? 0, 9));
    const never = requestOf({ canvas, family: BLOCKS, isWhole: () => false });
    assert.equal((await denoiseBlocks(open, never))[0]?.holes[0]?.isCut, true);
    const { isWhole: _, ...plain } = never;
    const unasked = new FakeBlocks(2, 8, (_lane, position) =>
      wants(target[position % target.length] ?? 0, 9),
    );
    assert.equal((await denoiseBlocks(unasked, plain))[0]?.holes[0]?.isCut, undefined);
  });
});
