// Copying through the loops themselves, over scripted models.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { MixtureWeight } from '../../../engine/calibration/mixtureWeight';
import type { LengthControl } from '../../../engine/checkpoint/family';
import { CopyingBlockDenoiser, CopyingInPlaceDenoiser } from '../../../engine/copying/denoisers';
import { copyAlone } from '../../../engine/copying/mixture';
import { CopyPrior } from '../../../engine/copying/prior';
import type { Copying } from '../../../engine/copying/runs';
import type { BlockRequest } from '../../../engine/decoding/blockRun';
import { denoiseBlocks } from '../../../engine/decoding/blocks';
import { denoiseInPlace } from '../../../engine/decoding/inPlace';
import type { LaneResult } from '../../../engine/decoding/request';
import {
  bytesOf,
  canvasOf,
  FakeBlocks,
  FakeInPlace,
  holeOf,
  ids,
  SPECIALS,
  textOf,
  tokenizer,
  VOCABULARY,
  wants,
} from '../decoding/fakes';

const LEFT = 'foo(bar);\nab=cd+a;\nfoo(';
const RIGHT = ');\nab=';
const NOTHING = new Map<number, number>();

function copyingOf(
  left: string,
  right: string,
  weight: MixtureWeight,
  end: number | undefined,
  alone = false,
): Copying {
  const texts = [
    { text: left, distance: 0, before: true },
    { text: right, distance: 0, before: false },
  ];
  const expand = end === SPECIALS.delete ? SPECIALS.expand : undefined;
  return {
    prior: new CopyPrior(texts, tokenizer, end, expand),
    weight,
    tokenizer,
    maskId: SPECIALS.mask,
    alone,
  };
}

function requestOf(left: string, right: string, kind: LengthControl['kind'], masks = 4): BlockRequest {
  const length: LengthControl = kind === 'expand-delete' ? { kind, initialMasks: masks } : { kind };
  return {
    canvas: canvasOf(left, holeOf(), right),
    family: { infill: { kind: 'in-place', bos: false, eos: false }, length },
    tokenizer,
    vocabSize: VOCABULARY,
    sampling: { rule: 'top-k', temperature: 0, topP: 1 },
    seeds: [1],
    maxTokens: [24],
    maskCounts: [masks],
    contextLimit: 256,
    contextFor: () => ({ before: ids(left), after: ids(right) }),
  };
}

const answer = ([result]: readonly LaneResult[]): string => textOf(result?.holes[0]?.ids ?? []);
const sure: MixtureWeight = () => 0.99;

async function blocks(left: string, right: string, copying: Copying, inner: FakeBlocks): Promise<string> {
  const denoiser = new CopyingBlockDenoiser(inner, copying);
  return answer(await denoiseBlocks(denoiser, requestOf(left, right, 'end-token')));
}

describe('copying block by block', () => {
  test('a copy that is believed is written, its end included, whatever the model would rather say', async () => {
    const inner = new FakeBlocks(8, 4, () => wants(tokenizer.id('e'), 3));
    assert.equal(await blocks(LEFT, RIGHT, copyingOf(LEFT, RIGHT, sure, SPECIALS.end), inner), 'bar');
  });

  test('one copy is written in one step, however careful the rule', async () => {
    const left = 'foo(ab=cd+a:bc;bar);\nfoo(';
    const steps = async (weight: MixtureWeight) => {
      const inner = new FakeBlocks(24, 1, () => NOTHING);
      const denoiser = new CopyingBlockDenoiser(inner, copyingOf(left, ');\n', weight, SPECIALS.end));
      const [result] = await denoiseBlocks(denoiser, requestOf(left, ');\n', 'end-token'));
      assert.equal(textOf(result?.holes[0]?.ids ?? []), 'ab=cd+a:bc;bar');
      return result?.steps;
    };
    // One for the end, which waits for all in front of it.
    assert.equal(await steps(sure), 2);
    // Likely, and not likely enough to be written unasked.
    assert.equal(await steps(() => 0.45), ids('ab=cd+a:bc;bar').length + 1);
  });

  test('a copy that is not believed changes nothing', async () => {
    const script = (_lane: unknown, position: number) =>
      position < 2 ? wants(tokenizer.id('e'), 9) : wants(SPECIALS.end, 9);
    const inner = new FakeBlocks(8, 4, script);
    assert.equal(
      await blocks(
        LEFT,
        RIGHT,
        copyingOf(LEFT, RIGHT, () => 0, SPECIALS.end),
        inner,
      ),
      'ee',
    );
  });

  test('the model is asked for its own probability of the copied token, and decides by it', async () => {
    const heard: number[] = [];
    const weight: MixtureWeight = (_, { logProb }) => {
      heard.push(logProb);
      return logProb > -3 ? 0.99 : 0;
    };
    const inner = new FakeBlocks(8, 4, () =>
      wants(SPECIALS.end, 9, { token: tokenizer.id('bar'), sureness: 8 }),
    );
    assert.equal(await blocks(LEFT, RIGHT, copyingOf(LEFT, RIGHT, weight, SPECIALS.end), inner), 'bar');
    assert.equal(inner.predicted[0]?.[0]?.asks[0]?.target, tokenizer.id('bar'));
    assert.ok(heard.some((logProb) => logProb > -3) && heard.every((logProb) => logProb <= 0));
  });

  test('goes on over the border of a block', async () => {
    const left = 'foo(ab=cd+a:bc;bar);\nfoo(';
    const inner = new FakeBlocks(4, 8, () => NOTHING);
    assert.ok(ids('ab=cd+a:bc;bar').length > 8);
    const text = await blocks(left, ');\n', copyingOf(left, ');\n', sure, SPECIALS.end), inner);
    assert.equal(text, 'ab=cd+a:bc;bar');
    assert.ok(inner.committed.length >= 2);
  });

  test('where the prompt shares the first block its end is read once', async () => {
    const inner = new FakeBlocks(8, 8, () => NOTHING, { lead: true });
    assert.ok(ids(LEFT).length % 8 > 0);
    assert.equal(await blocks(LEFT, RIGHT, copyingOf(LEFT, RIGHT, sure, SPECIALS.end), inner), 'bar');
  });

  const laidOut = (layout: 'suffix-first' | 'prefix-first', left: string, right: string) => {
    const [fimSuffix, fimPrefix, fimMiddle] = [VOCABULARY + 1, VOCABULARY + 2, VOCABULARY + 3];
    const [before, after] = [
      [fimPrefix, ...ids(left)],
      [fimSuffix, ...ids(right)],
    ];
    const sides = layout === 'suffix-first' ? [...after, ...before] : [...before, ...after];
    return { before: Int32Array.of(...sides, fimMiddle), after: new Int32Array(0) };
  };

  for (const layout of ['suffix-first', 'prefix-first'] as const)
    test(`${layout} prompts: both sides are searched as they stand in the text`, async () => {
      const inner = new FakeBlocks(8, 4, () => NOTHING);
      const [left, right] = ['foo(de);\nfoo(bar)+a;\nfoo(', ')+a;\n'];
      const denoiser = new CopyingBlockDenoiser(inner, copyingOf(left, right, sure, SPECIALS.end));
      const sides = { before: [...ids(left)], after: [...ids(right)], head: '', tail: '' };
      const request = {
        ...requestOf(left, right, 'end-token'),
        contextFor: () => ({ ...laidOut(layout, left, right), sides }),
      };
      assert.equal(answer(await denoiseBlocks(denoiser, request)), 'bar');
    });

  test('borders inside of tokens: what the hole’s tokens spell of both sides is searched for, too', async () => {
    const inner = new FakeBlocks(8, 4, () => NOTHING);
    const [left, right] = ['return a;\nret', ';\n'];
    const denoiser = new CopyingBlockDenoiser(inner, copyingOf(left, right, sure, SPECIALS.end));
    const hole = holeOf({ head: bytesOf('ret'), tail: bytesOf(';') });
    const [before, after] = [ids('return a;\n'), ids('\n')];
    const sides = { before: [...before], after: [...after], head: 'ret', tail: ';' };
    const request = {
      ...requestOf(left, right, 'end-token'),
      canvas: canvasOf('return a;\n', hole, '\n'),
      contextFor: () => ({ before, after, sides }),
    };
    assert.equal(answer(await denoiseBlocks(denoiser, request)), 'return a;');
  });

  test('a hole knows nothing of the blocks of the one before', async () => {
    const inner = new FakeBlocks(8, 4, () => NOTHING);
    const denoiser = new CopyingBlockDenoiser(inner, copyingOf(LEFT, RIGHT, sure, SPECIALS.end));
    const context = { before: ids(LEFT), after: ids(RIGHT) };
    const tokens = new Int32Array(8).fill(SPECIALS.mask);
    const first = async () => {
      await denoiser.open(context, 1);
      const [[prediction] = []] = await denoiser.predict([{ tokens, asks: [{ position: 0 }] }], {
        temperature: 0,
      });
      return prediction?.ids[0];
    };
    assert.equal(await first(), tokenizer.id('bar'));
    await denoiser.commit([new Int32Array(8).fill(tokenizer.id('e'))]);
    assert.equal(await first(), tokenizer.id('bar'));
  });

  test('alone, the model is never asked', async () => {
    const inner = new FakeBlocks(8, 4, () => NOTHING);
    const copying = copyingOf(LEFT, RIGHT, copyAlone, SPECIALS.end, true);
    assert.equal(await blocks(LEFT, RIGHT, copying, inner), 'bar');
    assert.equal(inner.forwards + inner.opened.length, 0);
  });

  test('alone and with nothing to copy, the hole comes to nothing', async () => {
    const inner = new FakeBlocks(8, 4, () => NOTHING);
    const copying = copyingOf('ab', 'cd', copyAlone, SPECIALS.end, true);
    assert.equal(await blocks('ab', 'cd', copying, inner), '');
  });
});

describe('copying in place', () => {
  const inPlace = async (kind: LengthControl['kind'], masks: number, left = LEFT, right = RIGHT) => {
    const end = kind === 'expand-delete' ? SPECIALS.delete : undefined;
    const inner = new FakeInPlace(() => NOTHING);
    const denoiser = new CopyingInPlaceDenoiser(inner, copyingOf(left, right, sure, end));
    return answer(await denoiseInPlace(denoiser, requestOf(left, right, kind, masks)));
  };

  test('masks that the copy does not need are deleted', async () => {
    assert.equal(await inPlace('expand-delete', 5), 'bar');
  });

  test('and where there are too few of them, more are asked for', async () => {
    const left = 'foo(ab=cd+a:bc);\nfoo(';
    assert.equal(await inPlace('expand-delete', 2, left, ');\n'), 'ab=cd+a:bc');
  });

  test('with as many masks as tokens, the copy of just that length', async () => {
    assert.equal(await inPlace('fixed', 1), 'bar');
    assert.equal(await inPlace('fixed', 3), 'bar);');
  });

  test('committed cells are the model’s own affair', async () => {
    const inner = new FakeInPlace(() => wants(tokenizer.id('a'), 9));
    const denoiser = new CopyingInPlaceDenoiser(inner, copyingOf(LEFT, RIGHT, sure, undefined));
    const tokens = Int32Array.from([...ids(LEFT), tokenizer.id('bar'), ...ids(RIGHT)]);
    const position = ids(LEFT).length;
    const asks = [{ position, target: tokenizer.id('bar') }];
    const [[prediction] = []] = await denoiser.predict([{ tokens, asks }], { temperature: 0 });
    assert.equal(prediction?.ids[0], tokenizer.id('a'));
    assert.ok((prediction?.targetLogProb ?? 0) < -5);
  });

  test('a token that may not come is not copied', async () => {
    const inner = new FakeInPlace(() => NOTHING);
    const denoiser = new CopyingInPlaceDenoiser(inner, copyingOf(LEFT, RIGHT, sure, undefined));
    const bias = new Float32Array(VOCABULARY);
    bias[tokenizer.id('bar')] = -1e9;
    const tokens = Int32Array.from([...ids(LEFT), SPECIALS.mask, ...ids(RIGHT)]);
    const [[prediction] = []] = await denoiser.predict(
      [{ tokens, asks: [{ position: ids(LEFT).length, bias }] }],
      { temperature: 0 },
    );
    const at = prediction?.ids.indexOf(tokenizer.id('bar')) ?? -1;
    assert.ok(at < 0 || (prediction?.logProbs[at] ?? 0) < -1e6);
  });
});
