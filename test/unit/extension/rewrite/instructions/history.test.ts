import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import {
  chosenOf,
  InstructionHistory,
  LONGEST,
  rowsFor,
  withNewest,
} from '../../../../../extension/rewrite/instructions/history';

function memento(stored: Record<string, unknown> = {}) {
  const values = new Map(Object.entries(stored));
  return {
    values,
    get: <T>(key: string, otherwise?: T) => (values.has(key) ? values.get(key) : otherwise) as T,
    update: async (key: string, value: unknown) => {
      if (value === undefined) values.delete(key);
      else values.set(key, value);
    },
  };
}

describe('the history of instructions', () => {
  test('has the newest first, each once, and not too many', async () => {
    const state = memento();
    const history = new InstructionHistory(state);
    for (const text of ['a', 'b', 'a']) await history.remember(text);
    assert.deepEqual(history.entries, ['a', 'b']);
    await history.forget('a');
    assert.deepEqual(history.entries, ['b']);
    for (let i = 0; i < 60; i++) await history.remember(String(i));
    assert.equal(history.entries.length, 25);
    assert.equal(history.entries[0], '59');
    assert.deepEqual(
      new InstructionHistory(state).entries,
      history.entries,
      'of the workspace, not of the window',
    );
  });

  test('keeps what was begun until it is sent', async () => {
    const state = memento();
    const history = new InstructionHistory(state);
    await history.keepDraft('add a');
    assert.equal(new InstructionHistory(state).draft, 'add a');
    await history.remember('add a docstring');
    assert.equal(history.draft, '');
    assert.deepEqual([...state.values.keys()], ['instructions.sent']);
  });

  test('survives whatever is stored', () => {
    for (const stored of [7, 'a', {}, [1, 'a', null], undefined]) {
      const history = new InstructionHistory(
        memento({ 'instructions.sent': stored, 'instructions.draft': stored }),
      );
      assert.ok(history.entries.every((entry) => typeof entry === 'string'));
      assert.equal(typeof history.draft, 'string');
    }
  });

  test('a typed row stands for what is in the line by now, however old the list is', () => {
    assert.equal(chosenOf({ kind: 'typed', instruction: 'use su' }, ' use sum '), 'use sum');
    assert.equal(chosenOf({ kind: 'earlier', instruction: 'a' }, 'use sum'), 'a');
    assert.equal(chosenOf(undefined, 'use sum'), 'use sum');
    assert.equal(chosenOf({ kind: 'too-long', instruction: 'x' }, 'use sum'), 'use sum');
    assert.equal(chosenOf({ kind: 'typed', instruction: 'x' }, 'x'.repeat(LONGEST + 1)), undefined);
    assert.equal(chosenOf({ kind: 'typed', instruction: 'x' }, ' '), undefined);
  });

  test('stands below what is typed, which Enter sends as it is', () => {
    assert.deepEqual(
      rowsFor('', ['a', 'b']).map(({ kind }) => kind),
      ['earlier', 'earlier'],
    );
    assert.deepEqual(rowsFor(' a ', ['a', 'b']), [
      { kind: 'typed', instruction: 'a' },
      { kind: 'earlier', instruction: 'b' },
    ]);
    assert.equal(rowsFor('x'.repeat(LONGEST + 1), [])[0]?.kind, 'too-long');
    assert.equal(rowsFor('x'.repeat(LONGEST), [])[0]?.kind, 'typed');
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string()), (typed, entries) => {
        const history = entries.reduceRight<readonly string[]>((all, one) => withNewest(all, one), []);
        const rows = rowsFor(typed, history).map(({ instruction }) => instruction);
        assert.equal(new Set(rows).size, rows.length);
        if (typed.trim() !== '') assert.equal(rows[0], typed.trim());
      }),
    );
  });
});
