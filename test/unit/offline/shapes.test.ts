// The rule by which a device is spared a shape: the sentence names the shape, the time, and the limit.
import assert from 'node:assert/strict';
import test from 'node:test';
import { reasonAgainst } from '../../../bench/offline/shapes';
import type { UsableSide } from '../../../bench/runtime/gpuSpeed';
import { TINY } from '../../../bench/runtime/randomModel';

const side = (provider: UsableSide['provider']): UsableSide => ({
  provider,
  precisions: ['q8'],
  attention: 'plain',
  isSlow: false,
});

test('a shape whose pass would take too long is left out, and one that is fast enough is not', () => {
  const sides = [side('webgpu'), side('cpu')];
  const larger = { ...TINY, name: 'larger', layers: 4 * TINY.layers };
  assert.equal(reasonAgainst(TINY, sides, { shape: TINY, slowest: 19_000 }), undefined);
  assert.match(
    reasonAgainst(larger, sides, { shape: TINY, slowest: 19_000 }) ?? '',
    /^A forward pass of 512 tokens would take about \d+(\.\d+)? s here, judging by tiny \(19\.0 s\)\. Passes of more than 20 s/,
  );
  assert.equal(reasonAgainst(larger, sides, { shape: TINY, slowest: 10 }), undefined);
  assert.equal(reasonAgainst(TINY, [side('cpu')], undefined), 'No GPU can be used here.');
});
