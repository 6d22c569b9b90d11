import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { RESTART_LIMITS, RestartBudget } from '../../../engine/rpc/restartBudget';

describe('restart budget', () => {
  test('four restarts with growing delays, then none', () => {
    const budget = new RestartBudget();
    assert.deepEqual(
      [0, 10, 20, 30, 40].map((now) => budget.spend(now)),
      [250, 500, 1000, 2000, undefined],
    );
  });

  test('old crashes are forgotten, and all of them when a person asks', () => {
    const budget = new RestartBudget();
    for (const now of [0, 1, 2, 3]) budget.spend(now);
    assert.equal(budget.spend(RESTART_LIMITS.within - 1), undefined);
    assert.equal(budget.spend(RESTART_LIMITS.within + 1), 1000, 'the two oldest have left the window');
    budget.reset();
    assert.equal(budget.spend(RESTART_LIMITS.within + 2), 250);
  });

  test('never more than four in any three minutes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100_000), { maxLength: 60 }), (gaps) => {
        const budget = new RestartBudget();
        const restarts: number[] = [];
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          if (budget.spend(now) !== undefined) restarts.push(now);
        }
        return restarts.every(
          (first) =>
            restarts.filter((later) => later >= first && later - first < RESTART_LIMITS.within).length <=
            RESTART_LIMITS.restarts,
        );
      }),
    );
  });
});
