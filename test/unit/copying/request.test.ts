import assert from 'node:assert/strict';
import path from 'node:path';
import test, { describe } from 'node:test';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { RequestCopying } from '../../../engine/copying/request';
import { MemoryLookup } from '../../../engine/memory/lookup';
import { Memory } from '../../../engine/memory/memory';
import { drive } from '../memory/drive';

const FIXTURE = path.join(__dirname, '..', '..', 'fixtures', 'checkpoints', 'palimpsest');
const TEXT = ['send(other, now)', 'wait()', 'open(door)', 'send(first, now)', 'wait()', 'send('].join('\n');

async function agreementOf(spans: readonly (readonly [start: number, end: number])[], ...texts: string[]) {
  const request = { text: `${TEXT}, now)\nopen()\n`, spans: spans.map(([start, end]) => ({ start, end })) };
  const copying = new RequestCopying(await openCheckpoint(FIXTURE), request, 'mixed', () => 0);
  return copying.agreement(texts);
}

describe('where an answer is copied from', () => {
  const other = 'def close(window):\n    lock(window)\n    bolt(window, twice)\n';
  const text = '# One\nship(parcel, north)\nstack(parcel)\nship(\nbolt(window,\n';
  const at = text.indexOf('ship(\n') + 'ship('.length;
  const elsewhere = text.length - 1;

  async function sourcesOf(
    answers: readonly (readonly [start: number, text: string])[],
    openTexts: string[] = [],
  ) {
    const memory = new Memory();
    drive(memory.update([{ path: 'src/lock.py', text: other }], []));
    const spans = [at, elsewhere].map((start) => ({ start, end: start }));
    const index = new MemoryLookup(memory, { path: 'src/main.py' });
    const request = { text, spans, openTexts };
    const copying = new RequestCopying(await openCheckpoint(FIXTURE), request, 'mixed', () => 0, index);
    return copying.sourcesOf(answers.map(([start, answer]) => ({ start, text: answer })));
  }

  test('the line in the same file, or the file of the memory and its line', async () => {
    const found = await sourcesOf([
      [elsewhere, ' twice)'],
      [at, 'parcel, north)'],
    ]);
    assert.deepEqual(found, [{ path: 'src/lock.py', line: 3 }, { line: 2 }]);
  });

  test('a word that was begun stands there as a whole, and a part of a longer word is no copy', async () => {
    const text = 'wait(a)\nregisterHandler(options)\nstop(b)\nwait(a)\nreg';
    const request = { text, spans: [{ start: text.length, end: text.length }] };
    const copying = new RequestCopying(await openCheckpoint(FIXTURE), request, 'mixed', () => 0);
    const sourcesOf = (answer: string) => copying.sourcesOf([{ start: text.length, text: answer }]);
    assert.deepEqual(sourcesOf('isterHandler(options)'), [{ line: 2 }]);
    assert.deepEqual(sourcesOf('ister'), [undefined]);
  });

  test('a cut copy as well; what stands nowhere, or in a text without a name, has none', async () => {
    assert.deepEqual(await sourcesOf([[at, 'parcel']]), [{ line: 2 }]);
    assert.deepEqual(await sourcesOf([[at, 'barrel']]), [undefined]);
    assert.deepEqual(await sourcesOf([[at, '']]), [undefined]);
    assert.deepEqual(await sourcesOf([[elsewhere, ' thrice)']], ['bolt(window, thrice)\n']), [undefined]);
  });
});

test('a finished answer is looked up anew, however much was asked before', async () => {
  const asked: string[] = [];
  const index = {
    turn: () => void asked.push('turn'),
    sources: () => {
      asked.push('question');
      return [];
    },
    stretches: () => [],
  };
  const request = { text: 'ship(crate)\nship(', spans: [{ start: 17, end: 17 }] };
  const copying = new RequestCopying(await openCheckpoint(FIXTURE), request, 'mixed', () => 0, index);
  copying.agreement(['crate)']);
  copying.sourcesOf([{ start: 17, text: 'barrel' }]);
  // The same question is not asked twice.
  assert.deepEqual(asked, ['turn', 'question', 'turn']);
});

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
