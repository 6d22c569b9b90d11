import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { LoadProgress } from '../../../../engine/protocol';
import { noticeDelay, shareOf } from '../../../../extension/ui/loadShare';

const at = (stage: LoadProgress['stage'], fraction?: number) =>
  shareOf({ folder: '/model', stage, ...(fraction === undefined ? {} : { fraction }) });

describe('the share of loading', () => {
  test('only grows over the stages, and is never whole while something is left to do', () => {
    const shares = [
      at('opening'),
      at('probing'),
      at('probing', 0.5),
      at('quantising', 0),
      at('quantising', 0.5),
      at('quantising', 1),
      at('session'),
      at('session', 0.7),
      at('session', 1),
    ];
    assert.deepEqual(
      shares,
      [...shares].sort((a, b) => a - b),
    );
    assert.ok((shares.at(-1) ?? 1) < 0.995, 'no "100%" while it works');
    assert.equal(at('quantising', 7), at('quantising', 1));
  });

  test('is shown when a person would wonder, and later where it is nearly over', () => {
    assert.equal(noticeDelay(0, undefined), 1500);
    assert.equal(noticeDelay(1500, 'quantising'), 0);
    assert.equal(noticeDelay(1500, 'session'), 2500);
    assert.equal(noticeDelay(9000, 'session'), 0);
  });
});
