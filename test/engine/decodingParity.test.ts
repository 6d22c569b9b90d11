// Greedy decoding token for token as the families' authors do it: what test/fixtures/make/decoding.py recorded for the tiny
// checkpoints, through our caches, loops and commit rules on the real runtime.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import type { Canvas } from '../../engine/canvas/types';
import type { Family, RuleName } from '../../engine/checkpoint/family';
import { denoiseBlocks } from '../../engine/decoding/blocks';
import { denoiseInPlace } from '../../engine/decoding/inPlace';
import type { DecodeRequest, LaneResult } from '../../engine/decoding/request';
import { samplingOf } from '../../engine/infill/bounds';
import { Denoisers } from '../../engine/infill/denoisers';
import { type FixtureModel, fixtureFolder, openFixture } from './fixtureModel';

interface Case {
  readonly rule: RuleName;
  readonly bound: number | null;
  readonly end_bias: number;
  readonly prompt: readonly number[];
  readonly suffix: readonly number[];
  readonly length: number;
  readonly answer: readonly number[];
}

const NONE = new Uint8Array(0);

function casesOf(name: string): readonly Case[] {
  return JSON.parse(fs.readFileSync(path.join(fixtureFolder, name, 'decoding.json'), 'utf8'));
}

function canvasOf({ checkpoint }: FixtureModel, { prompt, suffix }: Case): Canvas {
  const text = (ids: readonly number[]) => ({ kind: 'text', ids: Int32Array.from(ids) }) as const;
  const hole = { kind: 'hole', hole: { span: 0, cells: [], head: NONE, tail: NONE } } as const;
  const segments = [text(prompt), hole, text(suffix)];
  return { segments, specials: checkpoint.specials, window: { start: 0, end: 0 } };
}

async function decode(
  model: FixtureModel,
  denoisers: Denoisers,
  one: Case,
  family: Family = model.checkpoint.family,
): Promise<readonly number[]> {
  const { shape, tokenizer } = model.checkpoint;
  const bound = one.bound === null ? {} : { threshold: one.bound };
  const request: DecodeRequest = {
    ...{ canvas: canvasOf(model, one), family, tokenizer, seeds: [0] },
    vocabSize: shape.vocabSize,
    sampling: samplingOf({ family }, { rule: one.rule, ...bound }),
    maxTokens: [one.length],
    maskCounts: [one.length],
    contextLimit: shape.contextLength,
    endBias: one.end_bias,
  };
  const before = Int32Array.from(one.prompt);
  const [lane] = denoisers.areInPlace
    ? await inPlace(denoisers, request)
    : await denoiseBlocks(denoisers.blockwise(), {
        ...request,
        contextFor: () => ({ before, after: new Int32Array(0) }),
      });
  return Array.from(lane?.holes[0]?.ids ?? []);
}

async function inPlace(denoisers: Denoisers, request: DecodeRequest): Promise<LaneResult[]> {
  const denoiser = denoisers.inPlace('exact');
  try {
    return await denoiseInPlace(denoiser, request);
  } finally {
    denoiser.dispose();
  }
}

for (const name of [
  'stable-diffcoder',
  'stable-diffcoder-instruct',
  'sdar',
  'fast-dllm-v2',
  'coda',
  'starcoder2',
]) {
  describe(name, () => {
    const cases = casesOf(name);
    let model: FixtureModel;
    let denoisers: Denoisers;
    before(async () => {
      model = await openFixture(name);
      denoisers = new Denoisers(model.checkpoint, model.session);
    });
    after(async () => {
      denoisers.dispose();
      await model.dispose();
    });

    for (const rule of new Set(cases.map((one) => one.rule))) {
      test(`${rule} writes what the authors' sampler writes`, async () => {
        for (const one of cases.filter((each) => each.rule === rule)) {
          const what = `${one.prompt.length} tokens of prompt, end bias ${one.end_bias}`;
          assert.deepEqual(await decode(model, denoisers, one), one.answer, what);
        }
      });
    }

    test('the cases cover prompts of every length modulo the block, and answers that end', () => {
      const remainders = new Set(cases.map(({ prompt }) => prompt.length % 4));
      assert.deepEqual([...remainders].sort(), [0, 1, 2, 3]);
      const { length } = model.checkpoint.family;
      if (length.kind === 'end-token')
        assert.ok(cases.some((one) => one.answer.length > 0 && one.answer.length < one.length));
    });

    // The others would not tell: one has no end token, one has blocks of one cell, and the instruct model's random weights write the
    // same either way.
    if (!['stable-diffcoder', 'sdar', 'fast-dllm-v2'].includes(name)) return;
    test('it matters that an end token is a cell like any other', async () => {
      const waiting: Family = { ...model.checkpoint.family, length: { kind: 'end-token' } };
      let others = 0;
      for (const one of cases)
        if ((await decode(model, denoisers, one, waiting)).join() !== one.answer.join()) others++;
      assert.ok(others > 0);
    });
  });
}
