// What the causal head is asked while it goes on by itself: scripted scores, so that the passes can be counted.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { RescoreRequest } from '../../../engine/denoiser';
import { rescore } from '../../../engine/rescoring/rescore';
import type { Forward, ForwardRequest, ForwardResult } from '../../../engine/runtime/forward';

const VOCABULARY = 8;
const SUFFIX = Int32Array.of(1, 2);

/** Goes on with token 3 for ever, each time with the same ln p. */
class Counting implements Forward {
  readonly deviceCache = false;
  passes = 0;

  /** `hypothesis`: ln p of each token that is asked about. */
  constructor(
    private readonly logProb: number,
    private readonly hypothesis: number,
  ) {}

  run({ asks }: ForwardRequest): Promise<ForwardResult> {
    this.passes++;
    const { logProb } = this;
    const prediction = {
      ids: Int32Array.of(3),
      logProbs: Float32Array.of(logProb),
      entropy: 0,
      targetLogProb: this.hypothesis,
    };
    return Promise.resolve({ predictions: asks.map(() => prediction), kv: undefined });
  }
}

async function continued(logProb: number, options: Partial<RescoreRequest> = {}, hypothesis = -9) {
  const forward = new Counting(logProb, hypothesis);
  const kv = { positions: 1, lanes: 1, location: 'cpu', tensors: [] } as never;
  const first = { behind: { kv, token: 0, position: 0, index: 0 }, after: SUFFIX };
  const rescored = await rescore(forward, first, {
    ...{ hypotheses: [{ ids: Int32Array.of(5), source: 'canvas' }], continuation: 16 },
    ...{ least: 1, most: 48, bias: new Float32Array(VOCABULARY) },
    ...options,
  });
  const causal = rescored.filter(({ origins }) => origins.some(({ source }) => source === 'causal'));
  return { passes: forward.passes, longest: Math.max(...causal.map(({ ids }) => ids.length)) };
}

describe('the causal continuation', () => {
  test('a likely one is gone on with to its end', async () => {
    assert.equal((await continued(-0.01)).passes, 1 + 16 + 1);
  });

  test('one that hardly anything will come of takes no more passes', async () => {
    // Two tokens of −2.01 are less likely than e⁻⁴, two of −1.99 are not.
    for (const [logProb, tokens] of [
      [-2.01, 2],
      [-1.99, 3],
    ] as const) {
      const { passes, longest } = await continued(logProb);
      assert.equal(longest, tokens);
      assert.equal(passes, 1 + tokens + 1);
    }
  });

  test('one that is less likely than a whole hypothesis takes no more passes', async () => {
    // The hypothesis and what stands behind it are e⁻² together.
    for (const [logProb, tokens] of [
      [-0.9, 3],
      [-0.6, 4],
      [-0.1, 16],
    ] as const) {
      const { passes, longest } = await continued(logProb, {}, -1);
      assert.equal(longest, tokens);
      assert.equal(passes, 1 + tokens + 1);
    }
  });

  test('it has a token at least, and as many as are asked for where there is no limit', async () => {
    assert.equal((await continued(-30)).longest, 1);
    assert.equal((await continued(-30, { leastContinuation: Number.NEGATIVE_INFINITY })).passes, 1 + 16 + 1);
  });
});
