// Ten frozen examples of each fitted function: coefficients fit only the features that they were fitted to, so a feature
// must not change its scale, its sign or its place unnoticed. The coefficients here are the example's own, whatever the
// starter model's are today. Where a change of a feature is meant, fit again and record these values again.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { choiceFeatures, choose, fittedWorth } from '../../../engine/calibration/choice';
import { type CopyAgreement, confidenceFeatures } from '../../../engine/calibration/confidence';
import { logistic } from '../../../engine/calibration/logistic';
import { type Evidence, mixtureWeight, type Opinion } from '../../../engine/calibration/mixtureWeight';
import type { Rescored } from '../../../engine/denoiser';

interface Chosen {
  readonly index: number;
  readonly logShare: number;
  readonly worths: readonly number[];
}
interface Golden {
  readonly coefficients: {
    readonly mixture: readonly number[];
    readonly choice: Readonly<Record<'off' | 'mixed', readonly number[]>>;
    readonly confidence: Readonly<Record<'off' | 'mixed' | 'alone', readonly number[]>>;
  };
  readonly mixture: readonly {
    readonly evidence: Evidence;
    readonly opinion: Opinion;
    readonly lambda: number;
  }[];
  readonly choice: readonly {
    readonly answers: readonly {
      readonly text: string;
      readonly ids: readonly number[];
      readonly logProbs: readonly number[];
      readonly onward: readonly number[];
      readonly origins: Rescored['origins'];
    }[];
    readonly off: Chosen;
    readonly mixed: Chosen;
  }[];
  readonly confidence: readonly {
    readonly lane: readonly {
      readonly logProbs: readonly number[];
      readonly locked: readonly number[];
      /** `of`: the example of `choice` whose chosen answer this is. */
      readonly choice?: { readonly of: number; readonly logShare: number };
    }[];
    readonly copy?: CopyAgreement;
    readonly off: number;
    readonly mixed: number;
    readonly alone: number;
  }[];
}

const FILE = path.join(__dirname, '..', '..', 'fixtures', 'calibration', 'golden.json');
const golden: Golden = JSON.parse(fs.readFileSync(FILE, 'utf8'));
const { coefficients } = golden;

function near(actual: number, expected: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= 1e-6, `${what}: ${actual} instead of ${expected}`);
}

function featuresOf(example: number): number[][] {
  return (golden.choice[example]?.answers ?? []).map(({ text, ids, logProbs, onward, origins }) =>
    choiceFeatures(
      { ids: Int32Array.from(ids), logProbs: Float32Array.from(logProbs), onward, origins },
      text,
    ),
  );
}

describe('frozen examples', () => {
  test('λ of the mixture', () => {
    assert.equal(golden.mixture.length, 10);
    for (const [i, { evidence, opinion, lambda }] of golden.mixture.entries())
      near(mixtureWeight(coefficients.mixture)(evidence, opinion), lambda, `example ${i}`);
  });

  for (const copying of ['off', 'mixed'] as const) {
    test(`worth and choice of rescored answers, copying ${copying}`, () => {
      assert.equal(golden.choice.length, 10);
      for (const [i, example] of golden.choice.entries()) {
        const worths = fittedWorth(coefficients.choice[copying], featuresOf(i));
        const expected = example[copying];
        assert.equal(worths.length, expected.worths.length);
        for (const [k, worth] of expected.worths.entries())
          near(worths[k] ?? Number.NaN, worth, `example ${i}, answer ${k}`);
        const choice = choose(worths);
        assert.equal(choice?.index, expected.index);
        near(choice?.logShare ?? Number.NaN, expected.logShare, `example ${i}`);
      }
    });
  }

  for (const copying of ['off', 'mixed', 'alone'] as const) {
    test(`confidence, copying ${copying}`, () => {
      assert.equal(golden.confidence.length, 10);
      for (const [i, { lane, copy, ...expected }] of golden.confidence.entries()) {
        const holes = lane.map(({ logProbs, locked, choice }) => {
          const { answers, mixed } = golden.choice[choice?.of ?? -1] ?? {};
          const { onward = [], origins = [] } = answers?.[mixed?.index ?? -1] ?? {};
          return {
            logProbs: Float32Array.from(logProbs),
            locked: Uint8Array.from(locked),
            ...(choice && { choice: { logShare: choice.logShare, onward, origins } }),
          };
        });
        const features = confidenceFeatures(holes, copy);
        near(logistic(coefficients.confidence[copying], features), expected[copying], `example ${i}`);
      }
    });
  }
});
