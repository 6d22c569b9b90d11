// Every commit rule against the formula as its paper states it, and the promises that the loops rely on.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { RULE_NAMES, type RuleName } from '../../../engine/checkpoint/family';
import type { Decision, Proposal, RuleState } from '../../../engine/decoding/rules/proposal';
import { RULES } from '../../../engine/decoding/rules/registry';
import { quota } from '../../../engine/decoding/rules/schedule';

/** Proposals for cells 0, 1, … with these confidences. */
function masked(...confidences: number[]): Proposal[] {
  return confidences.map((confidence, cell) => ({
    cell,
    token: 100 + cell,
    confidence,
    margin: confidence / 2,
    logitGap: 1,
    entropy: 1 - confidence,
    committed: false,
  }));
}

function state(options: Partial<RuleState> = {}): RuleState {
  return { step: 1, total: 10, ...options };
}

function decide(name: RuleName, proposals: readonly Proposal[], options: Partial<RuleState> = {}): Decision {
  return RULES[name].decide(proposals, state({ total: proposals.length, ...options }));
}

const odd = fc.constantFrom(Number.NaN, 0, 1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
const anyProposals = (numbers: fc.Arbitrary<number>): fc.Arbitrary<Proposal[]> =>
  fc
    .array(
      fc.record({
        confidence: numbers,
        margin: numbers,
        logitGap: numbers.map((value) => value * 10),
        entropy: numbers,
        committed: fc.boolean(),
        previousConfidence: fc.option(numbers, { nil: undefined }),
      }),
      { maxLength: 24 },
    )
    .map((proposals) => proposals.map((proposal, cell) => ({ ...proposal, cell, token: cell })));
const unit = fc.double({ min: 0, max: 1, noNaN: true });
const sane = anyProposals(unit);
const wild = anyProposals(fc.oneof(unit, odd));
const anyState: fc.Arbitrary<RuleState> = fc
  .record({
    steps: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
    at: unit,
    committedMean: fc.option(unit, { nil: undefined }),
    threshold: fc.option(unit, { nil: undefined }),
    factor: fc.option(fc.double({ min: 0, max: 3, noNaN: true }), { nil: undefined }),
    entropyBound: fc.option(unit, { nil: undefined }),
  })
  .map(({ at, ...rest }) => ({ ...rest, total: 0, step: 1 + Math.floor(at * ((rest.steps ?? 12) - 1)) }));

/** What a rule is given by the loops: committed cells only where it wants them, and their number. */
function given(name: RuleName, proposals: readonly Proposal[], from: RuleState): [Proposal[], RuleState] {
  const wanted = proposals.filter((proposal) => RULES[name].needsCommitted || !proposal.committed);
  return [wanted, { ...from, total: proposals.length }];
}

describe('every rule', () => {
  for (const name of RULE_NAMES) {
    test(`${name}: commits masked cells, takes back committed ones, makes progress and ends`, () => {
      fc.assert(
        fc.property(wild, anyState, (proposals, from) => {
          const [seen, now] = given(name, proposals, from);
          const { commit, remask } = RULES[name].decide(seen, now);
          const isMasked = (cell: number) => proposals[cell]?.committed === false;
          assert.ok(commit.every(isMasked));
          assert.ok(remask.every((cell) => proposals[cell]?.committed === true));
          for (const cells of [commit, remask]) {
            assert.equal(new Set(cells).size, cells.length);
            assert.deepEqual(
              cells,
              [...cells].sort((a, b) => a - b),
            );
          }
          const left = proposals.filter((proposal) => !proposal.committed).length;
          if (left === 0) assert.deepEqual([commit, remask], [[], []]);
          else assert.ok(commit.length - remask.length >= 1, 'the step gains nothing');
          // p2 has a schedule of its own, which is tested below.
          if (now.steps !== undefined && name !== 'p2')
            assert.ok(commit.length - remask.length >= Math.min(left, quota(left, now)));
          if (now.steps === now.step) assert.equal(commit.length, left);
          if (!RULES[name].needsCommitted) assert.deepEqual(remask, []);
        }),
      );
    });

    test(`${name}: the same whatever order the proposals come in`, () => {
      fc.assert(
        fc.property(wild, anyState, fc.integer(), (proposals, from, seed) => {
          const [seen, now] = given(name, proposals, from);
          const shuffled = [...seen].sort(
            (a, b) => ((a.cell * 7919 + seed) % 31) - ((b.cell * 7919 + seed) % 31),
          );
          assert.deepEqual(RULES[name].decide(shuffled, now), RULES[name].decide(seen, now));
        }),
      );
    });
  }
});

/** The quota of each step when nothing is added or taken back. */
function stepCounts(masks: number, steps: number): number[] {
  const counts: number[] = [];
  for (let left = masks, step = 1; left > 0; step++) {
    const count = quota(left, { step, steps });
    counts.push(count);
    left -= count;
  }
  return counts;
}

describe('linear schedule', () => {
  test('shares are even, larger ones first, as LLaDA computes them', () => {
    assert.deepEqual(stepCounts(10, 4), [3, 3, 2, 2]);
    assert.deepEqual(stepCounts(3, 8), [1, 1, 1]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 80 }), (masks, steps) => {
        const base = Math.floor(masks / steps);
        const larger = masks % steps;
        const published = Array.from({ length: steps }, (_, step) => base + (step < larger ? 1 : 0));
        assert.deepEqual(
          stepCounts(masks, steps),
          published.filter((count) => count > 0),
        );
      }),
    );
  });
});

describe('top-k, entropy, margin', () => {
  test('worked examples', () => {
    const proposals = masked(0.2, 0.9, 0.5, 0.7);
    assert.deepEqual(decide('top-k', proposals).commit, [1]);
    assert.deepEqual(decide('top-k', proposals, { steps: 2 }).commit, [1, 3]);
    // The most certain first: the lowest entropy, never the highest.
    assert.deepEqual(decide('entropy', proposals).commit, [1]);
    const leads = proposals.map((proposal, cell) => ({ ...proposal, margin: cell === 2 ? 0.8 : 0.1 }));
    assert.deepEqual(decide('margin', leads).commit, [2]);
  });

  test('no cell left masked is better than one that is committed', () => {
    const scores = {
      'top-k': (proposal: Proposal) => proposal.confidence,
      entropy: (proposal: Proposal) => -proposal.entropy,
      margin: (proposal: Proposal) => proposal.margin,
    } as const;
    for (const [name, score] of Object.entries(scores)) {
      fc.assert(
        fc.property(sane, anyState, (proposals, from) => {
          const [seen, now] = given(name as RuleName, proposals, from);
          const { commit } = RULES[name as RuleName].decide(seen, now);
          assert.equal(commit.length, quota(seen.length, now));
          const worst = Math.min(...seen.filter(({ cell }) => commit.includes(cell)).map(score));
          for (const proposal of seen)
            if (!commit.includes(proposal.cell)) assert.ok(score(proposal) <= worst);
        }),
      );
    }
  });

  test('ties go to the left', () => {
    for (const name of [
      'top-k',
      'left-to-right',
      'entropy',
      'margin',
      'threshold',
      'factor',
      'entropy-bounded',
    ] as const)
      assert.deepEqual(decide(name, masked(0.5, 0.5, 0.5), { entropyBound: 0, factor: 0 }).commit, [0], name);
  });
});

describe('threshold and factor (Fast-dLLM)', () => {
  test('worked examples', () => {
    assert.deepEqual(decide('threshold', masked(0.95, 0.3, 0.9)).commit, [0, 2]);
    assert.deepEqual(decide('threshold', masked(0.2, 0.3, 0.25)).commit, [1]);
    assert.deepEqual(decide('threshold', masked(0.2, 0.6), { threshold: 0.5 }).commit, [1]);
    // f = 1: c(1) ≥ 1/2, c(2) ≥ 2/3, c(3) ≥ 3/4, c(4) ≥ 4/5.
    assert.deepEqual(decide('factor', masked(0.9, 0.76, 0.8, 0.7)).commit, [0, 1, 2]);
    assert.deepEqual(decide('factor', masked(0.4, 0.3)).commit, [0]);
  });

  test('the threshold commits all that reach it, else the best', () => {
    fc.assert(
      fc.property(sane, unit, (proposals, threshold) => {
        const [seen] = given('threshold', proposals, state());
        const { commit } = decide('threshold', seen, { threshold });
        const sure = seen.filter(({ confidence }) => confidence >= threshold).map(({ cell }) => cell);
        if (sure.length > 0) assert.deepEqual(commit, sure);
        else assert.equal(commit.length, Math.min(1, seen.length));
      }),
    );
  });

  test('the factor commits the largest n for which (n + 1)(1 − c(n)) ≤ f', () => {
    fc.assert(
      fc.property(sane, fc.double({ min: 0, max: 3, noNaN: true }), (proposals, factor) => {
        const [seen] = given('factor', proposals, state());
        const sorted = seen.map(({ confidence }) => confidence).sort((a, b) => b - a);
        const holds = sorted.map((c, index) => c >= 1 - factor / (index + 2));
        const naive = Math.max(Math.min(1, seen.length), holds.lastIndexOf(true) + 1);
        assert.equal(decide('factor', seen, { factor }).commit.length, naive);
        // The published code stops at the first that fails: with sorted confidences that is the same.
        const first = holds.indexOf(false);
        assert.equal(holds.lastIndexOf(true) + 1, first < 0 ? holds.length : first);
      }),
    );
  });
});

describe('entropy-bounded (EB-Sampler)', () => {
  test('worked example: the entropies before a cell sum to γ at most', () => {
    const entropies = [0.5, 0.04, 0.05, 0.02];
    const proposals = masked(0, 0, 0, 0).map((proposal, cell) => ({
      ...proposal,
      entropy: entropies[cell] ?? 0,
    }));
    // Ascending 0.02, 0.04, 0.05, 0.5 with sums before them of 0, 0.02, 0.06, 0.11.
    assert.deepEqual(decide('entropy-bounded', proposals).commit, [1, 2, 3]);
    assert.deepEqual(decide('entropy-bounded', proposals, { entropyBound: 0.15 }).commit, [0, 1, 2, 3]);
    assert.deepEqual(decide('entropy-bounded', proposals, { entropyBound: 0.01 }).commit, [3]);
  });

  test('where the bound is for all, the entropies with that of the cell itself sum to γ at most', () => {
    const proposals = masked(0, 0, 0).map((one, cell) => ({ ...one, entropy: [0.2, 0.1, 0.2][cell] ?? 0 }));
    const bound = (entropyBound: number, boundsAll: boolean) =>
      decide('entropy-bounded', proposals, { entropyBound, boundsAll }).commit;
    assert.deepEqual(bound(0.35, false), [0, 1, 2]);
    assert.deepEqual(bound(0.35, true), [0, 1]);
    assert.deepEqual(bound(0.05, true), [1]);
  });

  test('sum − maximum of the committed entropies stays under the bound, and no larger set would', () => {
    fc.assert(
      fc.property(sane, unit, (proposals, entropyBound) => {
        const [seen] = given('entropy-bounded', proposals, state());
        const { commit } = decide('entropy-bounded', seen, { entropyBound });
        const sorted = seen.map(({ entropy }) => entropy).sort((a, b) => a - b);
        const sumOf = (count: number) => sorted.slice(0, count).reduce((sum, value) => sum + value, 0);
        if (commit.length > 1) assert.ok(sumOf(commit.length - 1) <= entropyBound);
        if (commit.length < sorted.length) assert.ok(sumOf(commit.length) > entropyBound);
      }),
    );
  });
});

describe('p2 (path planning)', () => {
  const written = (cell: number, confidence: number): Proposal => ({
    ...(masked(confidence)[0] as Proposal),
    cell,
    committed: true,
  });

  test('worked example: the least confident are masked, decoded ones included', () => {
    const proposals = [written(0, 0.1), written(1, 0.9), ...masked(0, 0, 0.8, 0.6, 0.3, 0.2).slice(2)];
    // N = 6 and κ = 1/2: three stay masked, those of confidence 0.1, 0.2 and 0.3.
    const decision = decide('p2', proposals, { step: 2, steps: 4 });
    assert.deepEqual(decision, { commit: [2, 3], remask: [0] });
  });

  test('after step s of S just ⌊N(S − s)/S⌋ cells are masked', () => {
    fc.assert(
      fc.property(sane, anyState, (proposals, from) => {
        if (from.steps === undefined) return;
        const { steps, step } = from;
        const left = proposals.filter((proposal) => !proposal.committed).length;
        const { commit, remask } = RULES.p2.decide(proposals, { ...from, total: proposals.length });
        const planned = Number((BigInt(proposals.length) * BigInt(steps - step)) / BigInt(steps));
        const expected = left === 0 ? 0 : Math.min(planned, left - 1);
        assert.equal(left - commit.length + remask.length, expected);
        const stays = (cell: number, committed: boolean) =>
          committed ? remask.includes(cell) : !commit.includes(cell);
        const kept = proposals.filter(({ cell, committed }) => stays(cell, committed));
        const rest = proposals.filter(({ cell, committed }) => !stays(cell, committed));
        if (left > 0)
          assert.ok(
            Math.max(-1, ...kept.map(({ confidence }) => confidence)) <=
              Math.min(2, ...rest.map(({ confidence }) => confidence)),
          );
      }),
    );
  });
});

describe('saber', () => {
  test('worked examples of the threshold', () => {
    // Nothing committed yet: the threshold is 1, and two are committed all the same.
    assert.deepEqual(decide('saber', masked(0.9, 0.5, 0.95, 0.2)).commit, [0, 2]);
    // Above the mean of what was committed, strictly.
    assert.deepEqual(decide('saber', masked(0.7, 0.5, 0.95, 0.9), { committedMean: 0.7 }).commit, [2, 3]);
  });

  test('takes back max(1, ⌈n/8⌉) of those whose confidence fell, the deepest fall first', () => {
    const earlier = (cell: number, previousConfidence: number, confidence: number): Proposal => ({
      ...(masked(confidence)[0] as Proposal),
      cell,
      committed: true,
      previousConfidence,
    });
    const committed = [earlier(20, 0.9, 0.8), earlier(21, 0.9, 0.1), earlier(22, 0.5, 0.9)];
    const nine = masked(...new Array<number>(10).fill(0.9), 0.1);
    const decision = decide('saber', [...nine, ...committed], { committedMean: 0.5 });
    assert.equal(decision.commit.length, 10);
    assert.deepEqual(decision.remask, [20, 21]);
    assert.deepEqual(decide('saber', [...masked(0.9, 0.2, 0.1), ...committed], { committedMean: 0.5 }), {
      commit: [0, 1],
      remask: [21],
    });
    // What ends here is not opened again.
    assert.deepEqual(decide('saber', [...masked(0.9, 0.2), ...committed], { committedMean: 0.5 }).remask, []);
  });

  test('never takes back what is as sure as before', () => {
    fc.assert(
      fc.property(sane, anyState, (proposals, from) => {
        for (const cell of RULES.saber.decide(proposals, { ...from, total: proposals.length }).remask) {
          const { confidence = 1, previousConfidence = 0 } = proposals[cell] ?? {};
          assert.ok(confidence < previousConfidence);
        }
      }),
    );
  });
});

describe('prophet', () => {
  const withGap = (gap: number): Proposal[] =>
    masked(0.5, 0.6, 0.4).map((proposal, cell) => ({ ...proposal, logitGap: gap + (cell - 1) }));

  test('stops when the mean gap reaches 7.5, 5 or 2.5, by thirds of the budget', () => {
    const all = [0, 1, 2];
    const at = (step: number, gap: number) => decide('prophet', withGap(gap), { step, steps: 9 }).commit;
    assert.deepEqual(at(1, 7.5), all);
    assert.deepEqual(at(3, 7.4), [1]);
    assert.deepEqual(at(4, 5), all);
    assert.deepEqual(at(6, 4.9), [1]);
    assert.deepEqual(at(7, 2.5), all);
    // Too unsure to stop: what is left is shared out over the two steps that are left.
    assert.deepEqual(at(8, 2.4), [0, 1]);
  });

  test('without a budget the thirds are those of the cells', () => {
    const at = (total: number, gap: number) => decide('prophet', withGap(gap), { total }).commit.length;
    assert.equal(at(3, 7.4), 1);
    assert.equal(at(3, 7.5), 3);
    assert.equal(at(6, 5), 3);
    assert.equal(at(12, 2.5), 3);
  });
});
