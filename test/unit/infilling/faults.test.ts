// Faults that a bench plants: each changes its line, and only there.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { FAULTS, plant } from '../../../bench/repair/faults';
import { FAULTS_IN_FILE, plantAll } from '../../../bench/repair/wholeFiles';
import { seededRandom } from '../../../engine/decoding/random';

const LINE = "    return max(first, second) + items[1] < total.strip() and name == 'abc' or flag is None";
const TEXT = `first = 'def'\n${LINE}\n# max(first, second) + 1\n`;
const line = { start: TEXT.indexOf('return'), end: TEXT.indexOf('\n#') };

describe('a planted fault', () => {
  for (const fault of FAULTS) {
    test(fault, () => {
      for (let seed = 0; seed < 50; seed++) {
        const edit = plant(fault, TEXT, line, seededRandom(seed));
        assert.ok(edit !== undefined);
        assert.ok(edit.start >= line.start && edit.end <= line.end && edit.start <= edit.end);
        assert.notEqual(TEXT.slice(edit.start, edit.end), edit.text);
      }
    });
  }

  test('needs a place', () => {
    const bare = { start: 0, end: 4 };
    assert.equal(plant('argument order', 'pass\n', bare, seededRandom(1)), undefined);
    assert.equal(plant('wrong literal', 'pass\n', bare, seededRandom(1)), undefined);
  });
});

describe('a file with several faults', () => {
  const text = `first = 'def'\n${`${LINE}\n`.repeat(300)}`;

  test('has each in a line of its own, of another kind, with the rest as it was', () => {
    const made = plantAll(text, seededRandom(1));
    assert.ok(made !== undefined);
    const { text: faulty, planted } = made;
    assert.equal(planted.length, FAULTS_IN_FILE);
    assert.equal(new Set(planted.map(({ fault }) => fault)).size, FAULTS_IN_FILE);
    const lines = text.split('\n');
    const changed = faulty.split('\n').flatMap((own, i) => (own === lines[i] ? [] : [i]));
    const lineOf = (offset: number) => faulty.slice(0, offset).split('\n').length - 1;
    assert.deepEqual(
      planted.map(({ start }) => lineOf(start)),
      changed,
    );
    for (const [i, { end }] of planted.entries()) {
      assert.equal(lineOf(end), changed[i]);
      assert.ok((changed[i + 1] ?? Number.POSITIVE_INFINITY) - (changed[i] ?? 0) >= 40);
    }
  });

  test('needs a screen for each', () => {
    assert.equal(plantAll(`${LINE}\n`.repeat(200), seededRandom(1)), undefined);
  });
});
