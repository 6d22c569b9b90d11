import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import type { CellEvent } from '../../../../../engine/protocol';
import {
  canvasLines,
  maskedCells,
  maskGlyph,
  placeRuns,
} from '../../../../../extension/rewrite/denoise/layout';

const cell = (text: string, state: CellEvent['state'], confidence = 0): CellEvent => ({
  text,
  state,
  confidence,
});
const none: ReadonlySet<number> = new Set();

describe('a picture of the denoise', () => {
  test('neighbours of one role are one run, and what is new stands out', () => {
    const cells = [cell('a ', 'committed'), cell('b', 'committed'), cell('c', 'draft'), cell('d', 'locked')];
    assert.deepEqual(canvasLines(cells, new Set([1]), 4), [
      [
        { role: 'committed', text: 'a\u00a0' },
        { role: 'revealed', text: 'b' },
        { role: 'draft', text: 'c' },
        { role: 'locked', text: 'd' },
      ],
    ]);
  });

  test('neighbours of one role are one run, however many', () => {
    const cells = ['a', 'b', 'c'].map((text) => cell(text, 'draft'));
    assert.deepEqual(canvasLines(cells, none, 4), [[{ role: 'draft', text: 'abc' }]]);
  });

  test('runs for which a line has no characters are one, and no text is left out', () => {
    const [old] = [{ line: 0, start: 3, end: 5 }];
    const shown = (...roles: readonly CellEvent['state'][]) =>
      placeRuns([old], [roles.map((role, i) => ({ role, text: `${i}` }))]).map(({ role, text }) => [
        role,
        text,
      ]);
    assert.deepEqual(shown('locked', 'draft'), [
      ['locked', '0'],
      ['draft', '1'],
    ]);
    assert.deepEqual(shown('locked', 'draft', 'committed', 'locked'), [
      ['locked', '0'],
      ['draft', '123'],
    ]);
    assert.deepEqual(shown('draft', 'committed', 'masked'), [
      ['draft', '0'],
      ['masked', '12'],
    ]);
  });

  test('masks fill up with confidence and are as wide as what is guessed', () => {
    assert.deepEqual([0, 0.25, 0.6].map(maskGlyph), ['░', '▒', '▓']);
    assert.deepEqual([0.24, 0.59, 1].map(maskGlyph), ['░', '▒', '▓']);
    assert.deepEqual(canvasLines([cell('guess', 'masked', 0.9)], none, 4), [
      [{ role: 'masked', text: '▓▓▓▓▓' }],
    ]);
    assert.deepEqual(canvasLines([cell('', 'masked')], none, 4), [[{ role: 'masked', text: '░░' }]]);
  });

  test('line ends begin lines and white space has its width', () => {
    const lines = canvasLines([cell('a\r\n\tb', 'committed'), cell('\n', 'committed')], none, 2);
    assert.deepEqual(lines, [
      [{ role: 'committed', text: 'a' }],
      [{ role: 'committed', text: '\u00a0\u00a0b' }],
      [],
    ]);
  });

  test('before the first step the old text is rubbed out word by word', () => {
    assert.deepEqual(
      maskedCells('if (a)\n  b').map(({ text, state }) =>
        state === 'masked' ? '?'.repeat(text.length) : text,
      ),
      ['??', ' ', '?', '?', '?', '\n', '  ', '?'],
    );
    assert.deepEqual(
      maskedCells('').map(({ state }) => state),
      ['masked'],
    );
  });

  test('lines beyond the span follow on its last line, with a sign', () => {
    const lines = canvasLines([cell('a\nb\nc', 'committed')], none, 4);
    const [first, ...rest] = placeRuns(
      [
        { line: 7, start: 4, end: 20 },
        { line: 8, start: 0, end: 10 },
      ],
      lines,
    );
    assert.deepEqual(first, { role: 'committed', text: 'a', line: 7, start: 4, end: 20 });
    assert.deepEqual(
      rest.map(({ text }) => text),
      ['b', ' ⏎ ', 'c'],
    );
  });

  test('runs of a line have places of their own, in order, and cover it to its end', () => {
    const state = fc.constantFrom<CellEvent['state']>('masked', 'draft', 'committed', 'locked');
    const cells = fc.array(
      fc.record({
        text: fc.string({ maxLength: 3 }),
        state,
        confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    );
    const line = fc.record({ start: fc.nat(5), length: fc.nat(12) });
    fc.assert(
      fc.property(cells, fc.array(line, { minLength: 1, maxLength: 4 }), (all, lines) => {
        const old = lines.map(({ start, length }, i) => ({ line: i, start, end: start + length }));
        const runs = placeRuns(old, canvasLines(all, none, 4));
        for (const { line: number, start, end } of old) {
          const here = runs.filter((run) => run.line === number);
          here.forEach((run, i) => {
            const next = here[i + 1];
            assert.ok(run.start >= start && run.end <= Math.max(end, run.start));
            if (next === undefined) assert.equal(run.end, end);
            else assert.ok(run.start < next.start && run.end === next.start);
          });
        }
      }),
    );
  });
});
