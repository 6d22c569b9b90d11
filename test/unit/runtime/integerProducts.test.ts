import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { LARGEST_OF_EIGHT_BITS, LARGEST_OF_SEVEN_BITS } from '../../../engine/graph/rounding';
import { exactWeightBits, precisionHere } from '../../../engine/runtime/integerProducts';

const flags = fs.existsSync('/proc/cpuinfo') ? fs.readFileSync('/proc/cpuinfo', 'utf8') : '';

test('weights have 8 exact bits where the processor has VNNI, 7 where it has AVX2 alone, and the answer stays the same', async () => {
  const first = await exactWeightBits();
  assert.equal(await exactWeightBits(), first);
  if (process.arch === 'x64' && /\bavx(512)?_vnni\b/.test(flags)) assert.equal(first, 8);
  if (process.arch === 'x64' && /\bavx2\b/.test(flags) && !/vnni/.test(flags)) assert.equal(first, 7);
});

test('only int8 depends on it', async () => {
  for (const precision of ['fp32', 'q8', 'q4'] as const)
    assert.deepEqual(await precisionHere(precision), { precision });
  const weightBits = (await exactWeightBits()) ?? 7;
  assert.deepEqual(await precisionHere('int8'), { precision: 'int8', weightBits });
});

test('a pair of products of the largest numbers fits into 16 bits with seven-bit weights, and not with eight', () => {
  const pair = (weight: number) => 2 * 255 * weight;
  assert.ok(pair(LARGEST_OF_SEVEN_BITS) <= 2 ** 15 - 1);
  assert.ok(pair(LARGEST_OF_EIGHT_BITS) > 2 ** 15 - 1);
});
