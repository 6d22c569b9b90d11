// What a model gets that nothing was fitted to.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { defaultCopying, fitFor } from '../../../engine/calibration/fit';
import type { Evidence } from '../../../engine/calibration/mixtureWeight';
import { FAMILIES } from '../../../engine/checkpoint/families';
import type { Family } from '../../../engine/checkpoint/family';

const familyOf = (id: string): Family => FAMILIES.get(id)?.family ?? assert.fail(id);

describe('a model that nothing was fitted to', () => {
  test('copies where its answer is a piece of the text, not where it answers a prompt', () => {
    const copying = [...FAMILIES.values()].map(({ family }) => [
      family.infill.kind,
      defaultCopying(undefined, family),
    ]);
    for (const [infill, choice] of copying)
      assert.equal(choice, infill === 'prompt' ? 'off' : 'mixed', infill);
    for (const kind of ['prompt', 'in-place', 'fim-order', 'left-only', 'cached-canvas'])
      assert.ok(
        copying.some(([infill]) => infill === kind),
        kind,
      );
  });

  test('believes a copy the more speaks for it, and never against what it is sure of', () => {
    const weak: Evidence = { order: 1, right: 0, share: 0.3, ahead: 0, ends: false };
    const strong: Evidence = { order: 8, right: 4, share: 0.9, ahead: 0, ends: false };
    for (const id of ['dreamon', 'stable-diffcoder', 'qwen2.5-coder', 'smollm2']) {
      const { mixture } = fitFor(undefined, 'mixed', familyOf(id));
      const [unsure, sure] = [
        { logProb: Math.log(0.05), best: 0.2 },
        { logProb: Math.log(1e-4), best: 0.98 },
      ];
      assert.ok(mixture(weak, unsure) < mixture(strong, unsure), id);
      assert.ok(mixture(strong, sure) < mixture(strong, unsure), id);
      // What is in the mixture's first place: the copy where λ is above what is left of the model's own best.
      const isTaken = (evidence: Evidence, opinion: typeof sure) => {
        const lambda = mixture(evidence, opinion);
        return lambda + (1 - lambda) * Math.exp(opinion.logProb) > (1 - lambda) * opinion.best;
      };
      assert.deepEqual(
        [isTaken(strong, unsure), isTaken(weak, unsure), isTaken(weak, sure), isTaken(strong, sure)],
        [true, false, false, false],
        id,
      );
    }
  });

  test('is sure of an answer as a whole where it fills in the middle from left to right', () => {
    const lane = [{ logProbs: Float32Array.of(-0.5, -0.5, -0.5), locked: Uint8Array.of(0, 0, 0) }] as never;
    const confidenceOf = (id: string) => fitFor(undefined, 'off', familyOf(id)).confidence(lane, []);
    for (const id of ['qwen2.5-coder', 'seed-coder', 'smollm2'])
      assert.ok(Math.abs(confidenceOf(id) - Math.exp(-1.5 * 0.65)) < 1e-6, id);
    for (const id of ['dreamon', 'stable-diffcoder', 'qwen3', 'llada'])
      assert.ok(Math.abs(confidenceOf(id) - Math.exp(-0.5)) < 1e-6, id);
  });
});
