import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { afterTimeLeft } from '../../../../extension/rewrite/tryLimit';

test('a later try ends once all tries have taken their time', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const { signal } = new AbortController();
    let count = 0;
    const late = () => void count++;
    assert.equal(afterTimeLeft({ seed: 0 }, signal, late), undefined, 'a first one has no limit');
    afterTimeLeft({ seed: 1, tries: 1, spent: 12_000 }, signal, late);
    mock.timers.tick(7999);
    assert.equal(count, 0);
    mock.timers.tick(1);
    assert.equal(count, 1);
    afterTimeLeft({ seed: 1, tries: 1, spent: 12_000 }, signal, late)?.dispose();
    afterTimeLeft({ seed: 1, tries: 1, spent: 12_000 }, AbortSignal.abort(), late);
    mock.timers.tick(60_000);
    assert.equal(count, 1, 'not where it is over');
  } finally {
    mock.timers.reset();
  }
});
