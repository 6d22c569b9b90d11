// Faults that a bench plants: each changes its line, and only there.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { FAULTS, plant } from '../../../bench/repair/faults';
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
