import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { formOf } from '../../../../../extension/rewrite/review/form';
import {
  type Hunk,
  hunkAt,
  hunksOf,
  isInLine,
  startLines,
} from '../../../../../extension/rewrite/review/hunks';
import { changedColumns, isAtChange, lineChange } from '../../../../../extension/rewrite/review/lineChange';
import { fitsInSigns, signsOf } from '../../../../../extension/rewrite/review/signs';
import { editsOf, inDocument } from '../../../../../extension/rewrite/state/acceptance';
import type { Span } from '../../../../../extension/rewrite/state/types';
import { applyEdits, joined, leastEdit } from '../../../../../extension/text/edits';

const TEXT = 'one\ntwo\nthree\nfour\nfive\n';
const span = (old: string, text = TEXT): Span => ({
  start: text.indexOf(old),
  end: text.indexOf(old) + old.length,
  old,
});
const hunks = (old: string, fresh: string) => hunksOf(TEXT, [span(old)], { texts: [fresh] });
const shownHunks = (old: string, fresh: string) => shown(hunks(old, fresh));
const shown = (all: readonly Hunk[]) => all.map(({ edits: _, ...lines }) => lines);

/** What a review shows must be what an accept does. */
function applyHunks(lines: readonly string[], all: readonly Hunk[]): readonly string[] {
  const result: string[] = [];
  let next = 0;
  for (const { startLine, endLine, oldLines, newLines } of all) {
    assert.deepEqual(lines.slice(startLine, endLine), oldLines);
    result.push(...lines.slice(next, startLine), ...newLines);
    next = endLine;
  }
  return [...result, ...lines.slice(next)];
}

describe('hunks of a candidate', () => {
  test('are whole lines, without those that stay', () => {
    assert.deepEqual(shownHunks('two\nthree', 'two\nTHREE'), [
      { startLine: 2, endLine: 3, oldLines: ['three'], newLines: ['THREE'] },
    ]);
    assert.deepEqual(shownHunks('wo', 'en'), [
      { startLine: 1, endLine: 2, oldLines: ['two'], newLines: ['ten'] },
    ]);
    assert.deepEqual(shownHunks('two', 'two'), []);
  });

  test('of one place are one block, when its parts have but a line in common', () => {
    assert.deepEqual(shownHunks('two\nthree\nfour', 'a\nb\nthree\nc\nd'), [
      {
        startLine: 1,
        endLine: 4,
        oldLines: ['two', 'three', 'four'],
        newLines: ['a', 'b', 'three', 'c', 'd'],
      },
    ]);
  });

  test('tell what only comes and what only goes', () => {
    assert.deepEqual(shownHunks('two', 'two\nand a half'), [
      { startLine: 2, endLine: 2, oldLines: [], newLines: ['and a half'] },
    ]);
    assert.deepEqual(shownHunks('two\nthree\n', ''), [
      { startLine: 1, endLine: 3, oldLines: ['two', 'three'], newLines: [] },
    ]);
  });

  test('of places on one line are one', () => {
    const text = 'f(a, b)\n';
    const candidate = { texts: ['x', 'y'] };
    assert.deepEqual(shown(hunksOf(text, [span('a', text), span('b', text)], candidate)), [
      { startLine: 0, endLine: 1, oldLines: ['f(a, b)'], newLines: ['f(x, y)'] },
    ]);
  });

  test('line ends are no difference', () => {
    const text = 'a\r\nb\r\nc\r\n';
    const [hunk, ...rest] = shown(hunksOf(text, [span('b', text)], { texts: ['x\r\ny'] }));
    assert.deepEqual(hunk, { startLine: 1, endLine: 2, oldLines: ['b'], newLines: ['x', 'y'] });
    assert.deepEqual(rest, []);
  });

  test('stay apart where more than a line is between them', () => {
    const all = hunks('one\ntwo\nthree\nfour\nfive', 'a\nb\ntwo\nthree\nfour\nc\nd');
    assert.deepEqual(
      all.map(({ startLine, endLine }) => [startLine, endLine]),
      [
        [0, 1],
        [4, 5],
      ],
    );
    const [near, ...further] = hunks('one\ntwo\nthree\nfour', 'a\nb\ntwo\nthree\nc\nd');
    assert.deepEqual(
      [near?.startLine, near?.endLine, further.length],
      [0, 1, 1],
      'two lines are between them',
    );
  });

  test('are one across at most three lines of brackets', () => {
    const count = (between: string) => {
      const text = `one\n${between}two\n`;
      const whole = { start: 0, end: text.length, old: text };
      return hunksOf(text, [whole], { texts: [`a\nb\n${between}c\nd\n`] }).length;
    };
    assert.equal(count('  });\n}\n\n'), 1);
    assert.equal(count('  });\n}\n\n{\n'), 2);
    assert.equal(count('  });\n}\nelse\n'), 2);
  });

  test('of places that meet keep the order of the places', () => {
    const spans = [
      { start: 4, end: 7, old: 'two' },
      { start: 4, end: 4, old: '' },
    ];
    const all = hunksOf('one two\n', spans, { texts: ['TWO', 'new '] });
    assert.deepEqual(shown(all), [
      { startLine: 0, endLine: 1, oldLines: ['one two'], newLines: ['one new TWO'] },
    ]);
    const edits = all.flatMap((hunk) => inDocument(spans, hunk.edits));
    assert.equal(applyEdits('one two\n', edits), 'one new TWO\n');
  });

  test('and edits lead to the same text, whatever the places and answers are; each hunk is what taking it does', () => {
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', '\n', ' ', '🎈'), maxLength: 12 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(piece, piece, piece), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        fc.boolean(),
        (parts, apart, backwards) => {
          // Places may meet, be empty, and come in any order.
          const dot = apart ? '.' : '';
          let text = '';
          let target = '';
          let pairs: { span: Span; fresh: string }[] = [];
          for (const [pinned, old, fresh] of parts) {
            const before = pinned === '' && !apart ? 'k' : pinned;
            text += `${before}${dot}`;
            target += `${before}${dot}`;
            pairs.push({ span: { start: text.length, end: text.length + old.length, old }, fresh });
            text += `${old}${dot}`;
            target += `${fresh}${dot}`;
          }
          if (backwards) pairs = pairs.reverse();
          const spans = pairs.map((pair) => pair.span);
          const candidate = { texts: pairs.map(({ fresh }) => fresh) };
          assert.equal(applyEdits(text, editsOf(spans, candidate)), target);
          const all = hunksOf(text, spans, candidate);
          assert.deepEqual(applyHunks(text.split('\n'), all), target.split('\n'));
          const edits = inDocument(
            spans,
            all.flatMap((hunk) => hunk.edits),
          );
          assert.equal(applyEdits(text, joined(edits)), target);
          for (const hunk of all) {
            const alone = applyEdits(text, joined(inDocument(spans, hunk.edits)));
            assert.deepEqual(alone.split('\n'), applyHunks(text.split('\n'), [hunk]));
          }
        },
      ),
    );
  });
});

describe('edits', () => {
  test('touch no character that stays, and tear none', () => {
    assert.deepEqual(leastEdit('abcd', 'abXd'), { start: 2, end: 3, text: 'X' });
    assert.deepEqual(leastEdit('aa', 'aaa'), { start: 2, end: 2, text: 'a' });
    assert.deepEqual(leastEdit('🎈', '🎉'), { start: 0, end: 2, text: '🎉' });
    assert.deepEqual(leastEdit('a\r\nb', 'a\nb'), { start: 1, end: 3, text: '\n' });
  });
});

describe('where a hunk is shown', () => {
  test('in its lines: what only goes, or one line for one that a screen has room for', () => {
    const isThere = (oldLines: readonly string[], newLines: readonly string[]) =>
      isInLine({ oldLines, newLines });
    assert.ok(isThere(['a', 'b'], []));
    assert.ok(isThere(['a'], ['b']));
    assert.ok(isThere(['a'.repeat(60)], ['b'.repeat(40)]));
    assert.ok(!isThere(['a'.repeat(60)], ['b'.repeat(41)]), 'its end is off the screen');
    assert.ok(!isThere([`\t${'a'.repeat(60)}`], [`\t${'b'.repeat(40)}`]), 'a tab is as wide as four');
    assert.ok(isThere([`a ${'c '.repeat(200)}`], [`b ${'c '.repeat(200)}`]), 'what stays may leave it');
    assert.ok(!isThere(['a'], ['b', 'c']));
    assert.ok(!isThere(['a', 'b'], ['c']));
    assert.ok(!isThere([], ['a']));
    assert.ok(!isThere(['  '], ['  a']), 'there is nothing to strike through');
  });
});

describe('the change within a line', () => {
  test('is whole words', () => {
    assert.deepEqual(lineChange(3, 'let total = 0;', 'let toast = 0;'), {
      line: 3,
      start: 4,
      oldText: 'total',
      newText: 'toast',
    });
    assert.deepEqual(lineChange(0, 'f(a)', 'f(a, b)'), { line: 0, start: 3, oldText: '', newText: ', b' });
  });

  test('gives the new line when it is put in', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '.', '_'), maxLength: 8 });
    fc.assert(
      fc.property(word, word, (old, fresh) => {
        const { start, oldText, newText } = lineChange(0, old, fresh);
        assert.equal(old.slice(start, start + oldText.length), oldText);
        assert.equal(old.slice(0, start) + newText + old.slice(start + oldText.length), fresh);
      }),
    );
  });
});

describe('what has to be in view of a change', () => {
  const WIDE = 'x'.repeat(150);
  const columns = (oldLines: readonly string[], newLines: readonly string[]) =>
    changedColumns({ startLine: 4, endLine: 4 + oldLines.length, oldLines, newLines });

  test('is what changes in its line, beyond the right edge of the window, too', () => {
    assert.deepEqual(columns([`${WIDE}(total, 1)`], [`${WIDE}(sum, 1)`]), { line: 4, start: 151, end: 159 });
    assert.deepEqual(columns([`${WIDE} a`], [`${WIDE} amount`]), { line: 4, start: 151, end: 152 });
  });

  test('is the leftmost change of several lines', () => {
    assert.deepEqual(columns([`${WIDE} a`, '  b = 1', 'c'], [`${WIDE} z`, '  b = 2', 'c']), {
      line: 5,
      start: 6,
      end: 7,
    });
  });

  test('is the beginning of lines that come or go', () => {
    assert.deepEqual(columns([WIDE], [WIDE, WIDE]), { line: 4, start: 0, end: 0 });
    assert.deepEqual(columns([WIDE], []), { line: 4, start: 0, end: 0 });
    assert.deepEqual(columns([], [WIDE]), { line: 3, start: 0, end: 0 });
  });
});

describe('how a candidate is shown', () => {
  const auto = { preview: 'auto', plain: false } as const;
  const form = (...candidates: readonly (readonly Hunk[])[]) => formOf(candidates, auto);

  test('in the editor, block by block', () => {
    assert.equal(form(hunks('two', 'TWO')), 'inline');
    assert.equal(form(hunks('two\nthree\n', '')), 'inline');
    assert.equal(form(hunks('two', 'TWO\nand more')), 'inline');
    const apart = hunksOf(TEXT, [span('one'), span('five')], { texts: ['a\nb', 'c\nd'] });
    assert.equal(apart.length, 2);
    assert.equal(form(apart), 'inline', 'one ghost text at a time, the others as signs');
  });

  test('beside each other, where the new text of several blocks could not be seen at once', () => {
    const long = Array.from({ length: 9 }, (_, i) => `a line of some length, number ${i}`).join('\n');
    const two = hunksOf(TEXT, [span('one'), span('five')], { texts: [long, long] });
    assert.equal(two.length, 2);
    assert.equal(form(two), 'diffEditor');
    assert.equal(form(hunks('two', long)), 'inline', 'one is open');
  });

  test('beside each other, where a line is so long that the editor shows nothing behind it', () => {
    assert.equal(form(hunks('two', `TWO ${'x'.repeat(3000)}\nand more`)), 'diffEditor');
  });

  test('all candidates of a rewrite in one form, so that nothing changes under a hand', () => {
    const plain = hunks('two', 'TWO');
    const large = hunks('two', 'line\n'.repeat(80));
    assert.equal(form(plain, large), 'diffEditor');
    assert.equal(form(large, plain), 'diffEditor');
    assert.equal(form(plain, plain), 'inline');
  });

  test('with every new line in sight, whichever hunk is open', () => {
    const apart = hunksOf(TEXT, [span('one'), span('five')], { texts: ['a\nb', 'c\nd'] });
    assert.deepEqual(apart.map(signsOf), [[{ line: 0, text: 'a ⏎ b' }], [{ line: 4, text: 'c ⏎ d' }]]);
    const [block] = hunks('two\nthree', 'x\n  y\nz');
    assert.ok(block);
    assert.deepEqual(signsOf(block), [
      { line: 1, text: 'x' },
      { line: 2, text: '  y ⏎ z' },
    ]);
    assert.ok(fitsInSigns(block));
    const [cut] = hunks('two', `${'long '.repeat(30)}\nmore\nand more`);
    assert.ok(cut);
    assert.equal(fitsInSigns(cut), false);
    assert.match(signsOf(cut)[0]?.text ?? '', /^long .*… … \+2$/);
  });

  test('and Tab means it at the change alone: in front of it a line is indented', () => {
    const [changed] = hunksOf('    one = x\n', [{ start: 10, end: 11, old: 'x' }], { texts: ['y'] });
    assert.ok(changed);
    const at = (hunk: Hunk, line: number, character: number) => isAtChange(hunk, { line, character });
    assert.deepEqual(
      [0, 4, 9, 10, 11].map((column) => at(changed, 0, column)),
      [false, false, false, true, true],
    );
    assert.equal(at(changed, 1, 0), false);
    const [gone] = hunksOf('a\n    b\nc', [{ start: 2, end: 8, old: '    b\n' }], { texts: [''] });
    assert.ok(gone);
    assert.deepEqual(
      [0, 4, 5].map((column) => at(gone, 1, column)),
      [false, true, true],
    );
  });

  test('in a diff editor, where a block is more than a screen, there are many, or decorations do not serve', () => {
    assert.equal(form(hunks('two', 'line\n'.repeat(80))), 'diffEditor');
    const lines = Array.from({ length: 60 }, (_, i) => `line ${i}`);
    const text = lines.join('\n');
    const fresh = lines.map((line, i) => (i % 5 === 0 ? `${line}!` : line)).join('\n');
    const many = hunksOf(text, [span(text, text)], { texts: [fresh] });
    assert.equal(many.length, 12);
    assert.equal(form(many), 'diffEditor');
    assert.equal(formOf([hunks('two', 'TWO')], { preview: 'auto', plain: true }), 'diffEditor');
  });

  test('never above the first line, where ghost text has no place', () => {
    assert.equal(form(hunksOf(TEXT, [span('one')], { texts: ['zero\none'] })), 'diffEditor');
  });

  test('as somebody has set it', () => {
    for (const preview of ['diffEditor', 'comments'] as const)
      assert.equal(formOf([hunks('two', 'TWO')], { preview, plain: preview === 'comments' }), preview);
  });

  test('and the hunk that is meant is the one around the line, else the next, else the last', () => {
    const all = hunksOf(TEXT, [span('one'), span('five')], { texts: ['a\nb', 'c'] });
    assert.deepEqual(startLines(all, 'old'), [0, 4]);
    assert.deepEqual(startLines(all, 'new'), [0, 5]);
    assert.deepEqual(
      [0, 1, 4, 5].map((line) => hunkAt(all, line, 'old')),
      [0, 1, 1, 1],
    );
    assert.deepEqual(
      [0, 1, 2, 5].map((line) => hunkAt(all, line, 'new')),
      [0, 0, 1, 1],
    );
    assert.equal(hunkAt([], 0, 'old'), undefined);
  });
});
