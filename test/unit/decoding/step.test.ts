// One denoise step by itself, with a rule made for the purpose.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { BiasRows } from '../../../engine/decoding/biasRows';
import { HoleState, maskedCell } from '../../../engine/decoding/holeState';
import type { Proposal, Rule } from '../../../engine/decoding/rules/proposal';
import { best } from '../../../engine/decoding/sampling';
import { askedCells, type StepRules, type Stretch, takeStep } from '../../../engine/decoding/step';
import { TokenTable } from '../../../engine/decoding/tokenTable';
import { bytesOf, predictionOf, SPECIALS, tokenizer, VOCABULARY, wants } from './fakes';

const table = TokenTable.of(tokenizer);
const LENGTH_TOKENS = { expand: SPECIALS.expand, delete: SPECIALS.delete, end: undefined, ends: [] };

/** Commits every masked cell and takes every committed one back: far more than a real rule may. */
const everything: Rule = (proposals) => ({
  commit: proposals.filter((proposal) => !proposal.committed).map((proposal) => proposal.cell),
  remask: proposals.filter((proposal) => proposal.committed).map((proposal) => proposal.cell),
});
const rules: StepRules = {
  rule: { decide: everything, needsCommitted: true },
  sampling: { rule: 'saber', temperature: 0, topP: 1 },
  rows: new BiasRows(table, VOCABULARY, SPECIALS, LENGTH_TOKENS, 0),
  lengthTokens: LENGTH_TOKENS,
};

function stretchOf(cells: number, head = ''): Stretch {
  const frame = {
    head: bytesOf(head),
    tail: new Uint8Array(0),
    length: 'expand-delete' as const,
    maskId: SPECIALS.mask,
    grows: false,
    least: 0,
    endCells: [],
    bound: 0,
  };
  const state = new HoleState(
    frame,
    table,
    Array.from({ length: cells }, () => maskedCell(SPECIALS.mask)),
  );
  return { hole: 0, state, from: 0, to: Number.POSITIVE_INFINITY };
}

/** Runs one step in which the model wants `token` at each cell. */
function step(stretch: Stretch, wanted: readonly number[], room: (state: HoleState) => number) {
  const asked = askedCells([stretch], rules, room);
  const predictions = asked.map(({ index, bias, target }) =>
    predictionOf(
      wants(wanted[index] ?? 0, 9),
      { position: index, bias, ...(target !== undefined && { target }) },
      0,
    ),
  );
  return takeStep([stretch], asked, predictions, { draw: best, step: 1, last: false }, rules, room)[0];
}

describe('takeStep', () => {
  const [a, f] = [tokenizer.id('a'), tokenizer.id('f')];

  test('proposals are in the units that the rules expect, whatever the temperature', () => {
    for (const temperature of [0, 0.5, 2]) {
      const seen: Proposal[] = [];
      const spy: StepRules = {
        ...rules,
        sampling: { ...rules.sampling, temperature },
        rule: {
          needsCommitted: false,
          decide: (proposals) => {
            seen.push(...proposals);
            return { commit: [0], remask: [] };
          },
        },
      };
      const stretch = stretchOf(1);
      const asked = askedCells([stretch], spy, () => 0);
      const logits = wants(a, 6, { token: f, sureness: 4.5 });
      const prediction = predictionOf(
        logits,
        { position: 0, ...(asked[0] && { bias: asked[0].bias }) },
        temperature,
      );
      takeStep([stretch], asked, [prediction], { draw: best, step: 1, last: false }, spy, () => 0);
      const [proposal] = seen;
      const [first = 0, second = 0] = prediction.logProbs;
      assert.equal(proposal?.token, a);
      assert.ok(
        Math.abs((proposal?.logitGap ?? 0) - 1.5) < 1e-5,
        `gap ${proposal?.logitGap} at T ${temperature}`,
      );
      assert.ok(Math.abs((proposal?.confidence ?? 0) - Math.exp(first)) < 1e-6);
      assert.ok(Math.abs((proposal?.margin ?? 0) - (Math.exp(first) - Math.exp(second))) < 1e-6);
      assert.equal(proposal?.entropy, prediction.entropy);
    }
  });

  test('takes tokens back only where every commit came to something', () => {
    const room = (state: HoleState) => 1 - state.expansions;
    const full = stretchOf(3);
    full.state.commit(full.state.cells[0] ?? maskedCell(0), a, -1);
    // Room for one expansion and two that want it: the second comes to nothing.
    const change = step(full, [a, SPECIALS.expand, SPECIALS.expand], room);
    assert.equal(change?.remasked.size, 0);
    assert.deepEqual(full.state.tokens(), [a, SPECIALS.mask, SPECIALS.mask, SPECIALS.mask]);

    const free = stretchOf(3);
    free.state.commit(free.state.cells[0] ?? maskedCell(0), a, -1);
    assert.equal(step(free, [a, SPECIALS.expand, a], room)?.remasked.size, 1);
    assert.deepEqual(free.state.tokens(), [SPECIALS.mask, SPECIALS.mask, SPECIALS.mask, a]);
  });

  test('a piece of the head binds the next cell within the same step', () => {
    // `f` leaves `oob` open, which `a` does not bring: it has to wait.
    const stretch = stretchOf(3, 'foob');
    const change = step(stretch, [f, a, a], () => 0);
    assert.deepEqual(stretch.state.tokens(), [f, SPECIALS.mask, a]);
    assert.equal(change?.committed.size, 2);
    // Now only `oob` may come there, however much the model wants something else.
    step(stretch, [f, a, a], () => 0);
    assert.equal(stretch.state.tokens()[1], tokenizer.id('oob'));
  });

  test('what is masked right of a deletion goes, what is committed stays', () => {
    const stretch = stretchOf(5);
    stretch.state.commit(stretch.state.cells[3] ?? maskedCell(0), f, -1);
    step(stretch, [a, SPECIALS.delete, a, f, a], () => 0);
    assert.deepEqual(stretch.state.tokens(), [a, SPECIALS.mask]);
  });
});
