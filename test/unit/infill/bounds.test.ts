import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { Hole } from '../../../engine/canvas/types';
import { FAMILIES } from '../../../engine/checkpoint/families';
import { laneTemperature } from '../../../engine/decoding/sampling';
import { lengthsOf, maskCountsOf, maxTokensOf, samplingOf, seedsOf } from '../../../engine/infill/bounds';

const holeOf = (cells: number): Hole => ({
  span: 0,
  cells: Array.from({ length: cells }, (_, original) => ({ original, locked: false })),
  head: new Uint8Array(0),
  tail: new Uint8Array(0),
});

describe('what a request asks of the loops', () => {
  test('the bound that is given is the one of the rule that is asked for', () => {
    const family = FAMILIES.get('fast-dllm-v2')?.family;
    assert.ok(family);
    const bounds = (options: Parameters<typeof samplingOf>[1]) => {
      const { rule, threshold, factor, entropyBound } = samplingOf({ family }, options);
      return { rule, threshold, factor, entropyBound };
    };
    const none = { factor: undefined, entropyBound: undefined };
    assert.deepEqual(bounds({}), { rule: 'threshold', threshold: 0.9, ...none });
    assert.deepEqual(bounds({ threshold: 0.5 }), { rule: 'threshold', threshold: 0.5, ...none });
    assert.equal(bounds({ rule: 'factor', threshold: 2 }).factor, 2);
    assert.equal(bounds({ rule: 'factor' }).factor, undefined);
    assert.equal(bounds({ rule: 'entropy-bounded', threshold: 0.3 }).entropyBound, 0.3);
  });

  test("a rule that is not the family's own has the bound that the family gives it", () => {
    const bounds = (id: string, options: Parameters<typeof samplingOf>[1]) => {
      const family = FAMILIES.get(id)?.family;
      assert.ok(family);
      const { threshold, factor, entropyBound } = samplingOf({ family }, options);
      return { threshold, factor, entropyBound };
    };
    const none = { threshold: undefined, factor: undefined, entropyBound: undefined };
    // Stable-DiffCoder's fast mode.
    assert.deepEqual(bounds('stable-diffcoder', {}), none);
    assert.deepEqual(bounds('stable-diffcoder-instruct', { rule: 'threshold' }), {
      ...none,
      threshold: 0.95,
    });
    assert.deepEqual(bounds('stable-diffcoder', { rule: 'threshold', threshold: 0.5 }), {
      ...none,
      threshold: 0.5,
    });
    // SDAR's four strategies.
    assert.deepEqual(bounds('sdar', {}), { ...none, threshold: 0.85 });
    assert.deepEqual(bounds('sdar', { rule: 'entropy-bounded' }), { ...none, entropyBound: 0.35 });
    for (const rule of ['top-k', 'left-to-right'] as const) assert.deepEqual(bounds('sdar', { rule }), none);
  });

  test('a line may become three, and what is longer half as long again; what is asked for is given', () => {
    const most = (cells: number, options = {}, isAsked = false) =>
      maxTokensOf([holeOf(cells)], options, isAsked);
    // Where nothing stood, or the beginning of something, nobody knows.
    assert.deepEqual([most(1), most(7)], [[128], [128]]);
    assert.deepEqual([most(8), most(22), most(40)], [[96], [96], [120]]);
    assert.deepEqual([most(43), most(200)], [[128], [300]]);
    assert.deepEqual(most(22, { maxTokens: 200 }), [200]);
    assert.deepEqual(most(22, {}, true), [172]);
  });

  test('lengths around what stood there, never beyond the bound, always with it', () => {
    const [lengths = []] = lengthsOf([holeOf(20)], [128]);
    assert.ok(lengths.includes(20));
    assert.ok(lengths.length <= 10, `${lengths.length} forward passes for one length`);
    assert.ok(lengths.every((length) => length >= 10 && length <= 40));
    assert.deepEqual(lengthsOf([holeOf(20)], [5]), [[3, 4, 5]]);
    assert.deepEqual(lengthsOf([holeOf(1)], [128]), [[1, 2]]);
  });

  test('an insertion is looked at up to a line', () => {
    const [lengths = []] = lengthsOf([holeOf(0)], [128]);
    assert.equal(lengths[0], 1);
    assert.equal(lengths.at(-1), 32);
    assert.deepEqual(lengthsOf([holeOf(0)], [2]), [[1, 2]]);
  });

  test('a model that adjusts the length begins with a few masks more than stood there', () => {
    const family = FAMILIES.get('dreamon')?.family;
    assert.ok(family);
    const masks = (standing: number, isSlow = false) =>
      maskCountsOf({ family }, [holeOf(standing)], [10_000], 128, isSlow)[0] ?? 0;
    for (const line of [6, 10, 14]) assert.ok(masks(line) >= 16 && masks(line) <= 24, `${masks(line)}`);
    assert.equal(masks(100), 116);
    assert.equal(masks(700), 700, 'as far as there is room');
    assert.equal(masks(0), 64, 'where nothing stood, as the family begins');
    assert.equal(masks(0, true), 24, 'or less where each mask is a wait');
    const fixed = FAMILIES.get('llada')?.family;
    assert.ok(fixed);
    assert.deepEqual(maskCountsOf({ family: fixed }, [holeOf(20)], [128], 128), [20]);
  });

  test('on a slow machine a step writes all that is sure, unless somebody has chosen', () => {
    const family = FAMILIES.get('dreamon')?.family;
    assert.ok(family);
    assert.equal(samplingOf({ family }, {}).rule, 'entropy');
    assert.equal(samplingOf({ family }, {}, true).rule, 'entropy-bounded');
    assert.equal(samplingOf({ family }, {}, true).temperature, family.sampling.temperature);
    assert.equal(samplingOf({ family }, { rule: 'entropy' }, true).rule, 'entropy');
    assert.equal(samplingOf({ family }, { steps: 8 }, true).rule, 'entropy');
    const own = FAMILIES.get('open-dcoder')?.family;
    assert.ok(own);
    assert.equal(samplingOf({ family: own }, {}, true).rule, own.sampling.rule);
  });

  test('several candidates need a temperature, and the first is what it would be alone', () => {
    const family = FAMILIES.get('llada')?.family;
    assert.ok(family);
    assert.equal(samplingOf({ family }, {}).temperature, 0);
    const several = samplingOf({ family }, { candidates: 3 });
    assert.ok(several.temperature > 0);
    assert.equal(several.firstTemperature, 0);
    assert.equal(samplingOf({ family }, { candidates: 3, temperature: 0 }).temperature, 0);
    const chosen = samplingOf({ family }, { candidates: 3, temperature: 0.7 });
    assert.equal(laneTemperature(chosen, 0), 0.7);
    assert.equal(laneTemperature(chosen, 1), 0.7);
    assert.deepEqual(seedsOf({ seed: 7, candidates: 3 }), [7, 8, 9]);
  });
});
