// Which tokens may come where: the byte table and the bias rows, against a naive search through the vocabulary.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { BiasRows, type CellRule, FORBIDDEN } from '../../../engine/decoding/biasRows';
import { HoleState, maskedCell } from '../../../engine/decoding/holeState';
import { TokenTable } from '../../../engine/decoding/tokenTable';
import { bytesOf, SPECIALS, tokenizer, VOCABULARY } from './fakes';

const NO_BYTES = new Uint8Array(0);
const table = TokenTable.of(tokenizer);
const FREE: CellRule = {
  expand: false,
  delete: false,
  end: false,
  head: NO_BYTES,
  carry: false,
  nextTail: NO_BYTES,
  tail: NO_BYTES,
};
const { expand, delete: remove, end } = SPECIALS;

function rowsWith(endBias = 0): BiasRows {
  return new BiasRows(table, VOCABULARY, SPECIALS, { expand, delete: remove, end, ends: [end] }, endBias);
}
function allowedTexts(rule: Partial<CellRule>, rows = rowsWith()): string[] {
  const row = rows.row({ ...FREE, ...rule });
  return Array.from({ length: VOCABULARY }, (_, id) => id)
    .filter((id) => rows.allows(row, id))
    .map((id) => tokenizer.decode([id]) || `<${id}>`);
}
const startsWith = (bytes: Uint8Array, head: Uint8Array) => head.every((byte, i) => bytes[i] === byte);
const endsWith = (bytes: Uint8Array, tail: Uint8Array) =>
  tail.every((byte, i) => bytes[bytes.length - tail.length + i] === byte);

describe('TokenTable', () => {
  test('finds the tokens that a naive search finds', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'f', 'o', 'r', ' '), maxLength: 4 });
    fc.assert(
      fc.property(text, text, (headText, tailText) => {
        fc.pre(headText.length + tailText.length > 0);
        const [head, tail] = [bytesOf(headText), bytesOf(tailText)];
        const naive = Array.from({ length: tokenizer.size }, (_, id) => id).filter((id) => {
          const bytes = tokenizer.bytes(id);
          return (
            bytes.length >= head.length + tail.length && startsWith(bytes, head) && endsWith(bytes, tail)
          );
        });
        assert.deepEqual(
          table.matching(head, tail).sort((a, b) => a - b),
          naive,
        );
        assert.equal(table.has(head, tail), naive.length > 0);
      }),
    );
  });

  test('is made once for a tokenizer', () => {
    assert.equal(TokenTable.of(tokenizer), table);
    assert.deepEqual(table.exactly(bytesOf('foo')), [tokenizer.id('foo')]);
  });
});

describe('BiasRows', () => {
  test('special tokens and ids beyond the tokenizer are forbidden, length tokens where they may come', () => {
    const rows = rowsWith(-3);
    const row = rows.row(FREE);
    for (let id = 0; id < VOCABULARY; id++)
      assert.equal(row[id], tokenizer.isSpecial(id) || id >= tokenizer.size ? FORBIDDEN : 0);
    const free = rows.row({ ...FREE, expand: true, delete: true, end: true });
    assert.deepEqual([free[expand], free[remove], free[end]], [0, 0, -3]);
    assert.equal(free[SPECIALS.mask], FORBIDDEN);
    assert.equal(row.length, VOCABULARY);
  });

  test('the same rule gives the same object', () => {
    const rows = rowsWith();
    const rule = { ...FREE, head: bytesOf('fo') };
    assert.equal(rows.row(rule), rows.row({ ...rule, head: bytesOf('fo') }));
    assert.notEqual(rows.row(rule), rows.row({ ...rule, head: bytesOf('foo') }));
    assert.notEqual(rows.row(rule), rows.row({ ...rule, head: NO_BYTES, tail: bytesOf('fo') }));
  });

  test('a head: tokens that begin with it, and pieces that one more token completes', () => {
    assert.deepEqual(allowedTexts({ head: bytesOf('foo') }).sort(), ['foo', 'foobar']);
    assert.deepEqual(allowedTexts({ head: bytesOf('foo'), carry: true }).sort(), ['f', 'foo', 'foobar']);
    // `return` and `ret` + `urn` keep it; `r` + `e…` does not, as no token begins with `etu`.
    assert.deepEqual(allowedTexts({ head: bytesOf('retu'), carry: true }).sort(), ['ret', 'return']);
  });

  test('a piece is no use where the next cell could not bring the tail, too', () => {
    const carry = { head: bytesOf('foob'), carry: true };
    assert.deepEqual(allowedTexts(carry).sort(), ['f', 'foo', 'foobar']);
    // `foo` + `bar`; behind `f` there is no token from `oob` to `r`.
    assert.deepEqual(allowedTexts({ ...carry, nextTail: bytesOf('r') }).sort(), ['foo', 'foobar']);
    assert.deepEqual(allowedTexts({ ...carry, nextTail: bytesOf(')') }), ['foobar']);
  });

  test('a tail, and both at once, without overlapping', () => {
    assert.deepEqual(allowedTexts({ tail: bytesOf('ar') }).sort(), ['ar', 'bar', 'foobar', 'obar']);
    assert.deepEqual(allowedTexts({ head: bytesOf('o'), tail: bytesOf('b') }), ['oob']);
    assert.deepEqual(allowedTexts({ head: bytesOf(' '), tail: bytesOf(' ') }).sort(), ['  ', '    ']);
  });

  test('a border that no token can keep is dropped alone', () => {
    assert.deepEqual(allowedTexts({ head: bytesOf('foo'), tail: bytesOf('Z') }).sort(), ['foo', 'foobar']);
    assert.deepEqual(allowedTexts({ head: bytesOf('Z'), tail: bytesOf('oob') }), ['oob']);
    assert.deepEqual(allowedTexts({ head: bytesOf('Z'), tail: bytesOf('Z') }), allowedTexts({}));
  });

  test('the fallback is an ordinary token that the row allows', () => {
    const rows = rowsWith();
    const row = rows.row({ ...FREE, head: bytesOf('oo'), expand: true, delete: true, end: true });
    assert.equal(rows.fallback(row), tokenizer.id('oob'));
    assert.equal(rows.fallback(new Float32Array(VOCABULARY).fill(FORBIDDEN)), undefined);
  });
});

describe('HoleState', () => {
  test('what is foreseen of a cell is what it has to respect, wherever the token before it does not bring the tail', () => {
    const plain = ['foo', 'bar', 'ar', ' ', 'f', '\n', 'return'].map((piece) => tokenizer.id(piece));
    const border = fc.constantFrom('', 'f', 'fo', ' ', '\n');
    let tails = 0;
    fc.assert(
      fc.property(
        ...[border, border, fc.integer({ min: 0, max: 3 })],
        fc.array(fc.constantFrom(...plain), { minLength: 1, maxLength: 4 }),
        (headText, tailText, least, tokens) => {
          const [head, tail] = [bytesOf(headText), bytesOf(tailText)];
          const frame = {
            head,
            tail,
            length: 'end-token' as const,
            maskId: SPECIALS.mask,
            grows: true,
            least,
          };
          const state = new HoleState({ ...frame, endCells: [], bound: 40 }, table, []);
          for (const [index, token] of tokens.entries()) {
            const cell = maskedCell(SPECIALS.mask);
            state.cells = [...state.cells, cell];
            const foreseen = state.ruleBehind(index);
            state.commit(cell, token, 0);
            state.cells = [...state.cells, maskedCell(SPECIALS.mask)];
            const rule = state.ruleAt(index + 1, 0);
            state.cells = state.cells.slice(0, -1);
            if (rule.head.length > 0) return;
            if (tail.length > 0 && state.endsWithTail(index + 1)) return;
            assert.deepEqual(foreseen, rule);
            if (tail.length > 0) tails++;
          }
        },
      ),
    );
    assert.ok(tails > 20);
  });
});
