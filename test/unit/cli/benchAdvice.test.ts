// What the figures of a bench mean for whoever ran it.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { type AdvisedRow, benchAdvice } from '../../../engine/cli/benchAdvice';

type Times = readonly [forward: number, step: number];

const row = (precision: AdvisedRow['precision'], megabytes: number, [forward, step]: Times): AdvisedRow => ({
  precision,
  weightBytes: megabytes * 1e6,
  timing: { forward, step },
});
const CPU = { provider: 'cpu', tokens: 512, writesInOrder: false } as const;

describe('the advice of a bench', () => {
  test('a fast model: its fastest precision, and nothing else to do', () => {
    const rows = [row('fp32', 2000, [900, 60]), row('int8', 500, [200, 20]), row('q8', 550, [400, 40])];
    assert.deepEqual(benchAdvice(rows, CPU), [
      'Choose int8 here (--precision int8): it is the fastest.',
      'With int8, a line (16 tokens) takes about 0.36 s, and ten lines about 1.8 s: the context of 512 tokens is read first, and each step writes 2 tokens.',
      'That is fast enough for rewrites and for ghost text.',
    ]);
  });

  test('where several are about as fast, the one that needs the least memory', () => {
    const rows = [
      row('fp32', 2000, [200, 20]),
      row('int8', 550, [205, 20]),
      row('q8', 500, [210, 20]),
      row('q4', 300, [400, 20]),
    ];
    assert.equal(
      benchAdvice(rows, CPU)[0],
      'Choose q8 here (--precision q8): fp32 and int8 are about as fast, but the weights of q8 need the least memory (500 MB).',
    );
    assert.match(
      benchAdvice(rows.slice(0, 2), CPU)[0] ?? '',
      /^Choose int8 here .* fp32 is about as fast, but/,
    );
  });

  test('too slow for ghost text, and too slow to be waited for: what would be faster', () => {
    const [, takes, late] = benchAdvice([row('int8', 500, [900, 100]), row('q4', 300, [2000, 200])], CPU);
    assert.match(takes ?? '', /a line \(16 tokens\) takes about 1\.7 s, and ten lines about 8\.9 s/);
    assert.equal(
      late,
      'That is fast enough for rewrites, but not for ghost text, which is waited for 1.5 s at most. Faster: a smaller model (palimpsest models list), a GPU (palimpsest devices), or a server (docs/remote.md).',
    );
    assert.equal(
      benchAdvice([row('int8', 500, [10_000, 1200])], CPU)[2],
      'That is a long wait, and too slow for ghost text, which is waited for 1.5 s at most. Choose a smaller model (palimpsest models list), a GPU (palimpsest devices), or a server (docs/remote.md).',
    );
  });

  test('on a GPU, none is advised', () => {
    const [, , slow] = benchAdvice([row('q8', 7000, [3000, 500])], { ...CPU, provider: 'webgpu' });
    assert.match(slow ?? '', /Choose a smaller model \(palimpsest models list\) or a server/);
    assert.doesNotMatch(slow ?? '', /GPU/);
  });

  test('a single precision is no choice, and where none runs, there is nothing to say of speed', () => {
    assert.equal(benchAdvice([row('q8', 500, [200, 20])], CPU)[0], 'Only q8 was measured.');
    assert.deepEqual(benchAdvice([], CPU), ['None of these precisions runs here.']);
  });

  test('a model that writes token by token takes a step for each', () => {
    const [, takes] = benchAdvice([row('int8', 500, [200, 20])], { ...CPU, writesInOrder: true });
    assert.match(
      takes ?? '',
      /takes about 0\.52 s, and ten lines about 3\.4 s.* each step writes one token\.$/,
    );
  });
});
