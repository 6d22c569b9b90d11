import assert from 'node:assert/strict';
import path from 'node:path';
import test, { describe } from 'node:test';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { RequestCopying } from '../../../engine/copying/request';

const FIXTURE = path.join(__dirname, '..', '..', 'fixtures', 'checkpoints', 'palimpsest');
const TEXT = ['send(other, now)', 'wait()', 'open(door)', 'send(first, now)', 'wait()', 'send('].join('\n');

async function agreementOf(spans: readonly (readonly [start: number, end: number])[], ...texts: string[]) {
  const request = { text: `${TEXT}, now)\nopen()\n`, spans: spans.map(([start, end]) => ({ start, end })) };
  const copying = new RequestCopying(await openCheckpoint(FIXTURE), request, 'mixed', () => 0);
  return copying.agreement(texts);
}

describe('what copying says of a candidate', () => {
  const first = TEXT.length;
  const second = TEXT.length + ', now)\nopen('.length;

  test('whether it is the best draft, and how much speaks for that one', async () => {
    const found = await agreementOf([[first, first]], 'first');
    assert.ok(found?.agrees);
    assert.ok(found.share > 0.5 && found.share < 1, `another place says otherwise: ${found.share}`);
    assert.ok(found.order >= 2 && found.right >= 2);
    const other = await agreementOf([[first, first]], 'other');
    assert.deepEqual(other, { ...found, agrees: false });
  });

  test('of several spans the least sure one counts, in text order', async () => {
    const both = await agreementOf(
      [
        [second, second],
        [first, first],
      ],
      'first',
      'door',
    );
    assert.ok(both?.agrees);
    // `first` has four units on the right, `door` two; of `first` another place says otherwise, of `door` hardly any.
    assert.equal(both.right, 2);
    assert.ok(both.share < 0.95);
    const wrong = await agreementOf(
      [
        [first, first],
        [second, second],
      ],
      'first',
      'window',
    );
    assert.equal(wrong?.agrees, false);
  });

  test('nothing where there is nothing to copy', async () => {
    assert.equal(await agreementOf([[0, 0]], 'x'), undefined);
  });
});
