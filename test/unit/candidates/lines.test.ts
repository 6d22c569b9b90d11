import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { fitBody, fitFirstLine, fitIndentUnit, indentUnitNear } from '../../../engine/candidates/indentation';
import {
  keepFinalNewline,
  keepLineEnds,
  lineEndNear,
  lineEndWithin,
  tailWithLineEnds,
  withLineEnds,
  withoutBlankEnd,
} from '../../../engine/candidates/lines';

describe('blanks at the end of an answer', () => {
  for (const [answer, original, after, left = answer.trimEnd()] of [
    ['total = 1 ', 'total', '\n'],
    ['total = 1\n\n', 'total', '  \r\n'],
    ['total = 1 ', 'total = ', '\n'],
    ['', 'total = ', '\n'],
    ['total =', 'total = ', '\n', 'total = '],
    ['total = 1 ', 'total', ' + 2\n', 'total = 1 '],
    ['two  ', 'one  ', '\n', 'two  '],
    ['total = 1\n', 'total\n', '\n', 'total = 1\n'],
    ['  ', '', '\n', '  '],
  ] as const)
    test(JSON.stringify([answer, original, after]), () => {
      assert.equal(withoutBlankEnd(answer, original, after), left);
    });
});

describe('line ends', () => {
  test('the only kind there is', () => {
    assert.equal(lineEndNear('a\nb', 0), '\n');
    assert.equal(lineEndNear('a\r\nb', 4), '\r\n');
    assert.equal(lineEndNear('a\rb\rc', 2), '\r');
    assert.equal(lineEndNear('', 0), '\n');
    assert.equal(lineEndNear('a\u2028b', 1), '\n');
    assert.equal(lineEndNear(`${'x'.repeat(100_000)}\r\n`, 0), '\r\n');
  });

  test('of mixed ones, what most of the neighbours have', () => {
    const text = 'a\n'.repeat(20) + 'b\r\n'.repeat(20);
    assert.equal(lineEndNear(text, 10), '\n');
    assert.equal(lineEndNear(text, 40 + 30), '\r\n');
    assert.equal(lineEndNear('a\nb\r\nc', 2), '\n', 'a tie goes to what stands before');
  });

  test('of mixed ones, that of the lines replaced', () => {
    const text = `${'a\r\n'.repeat(9)}one\ntwo\n${'b\r\n'.repeat(9)}c`;
    const at = (part: string) => [text.indexOf(part), text.indexOf(part) + part.length] as const;
    assert.equal(lineEndWithin(text, ...at('one')), '\n');
    assert.equal(lineEndWithin(text, ...at('ne\ntw')), '\n');
    assert.equal(lineEndWithin(text, ...at('a\r\na')), '\r\n');
    assert.equal(
      lineEndWithin(text, text.length - 1, text.length),
      '\r\n',
      'a last line has none of its own',
    );
    assert.equal(lineEndWithin('a\rb\rc', 2, 3), '\r');
  });

  test('of mixed ones, lines that stay keep theirs', () => {
    const original = 'a\r\nb\nc\r\nd\n';
    assert.equal(keepLineEnds('a\r\nb\r\nC\r\nd\r\n', original, '\r\n'), 'a\r\nb\nC\r\nd\n');
    assert.equal(keepLineEnds('x\r\nb', original, '\r\n'), 'x\r\nb', 'the last line has no end');
    assert.equal(keepLineEnds('x\ny', 'a\nb\n', '\n'), 'x\ny');
    assert.equal(keepLineEnds('', original, '\n'), '');
  });

  test('rewriting', () => {
    assert.equal(withLineEnds('a\r\nb\nc\rd', '\r\n'), 'a\r\nb\r\nc\r\nd');
    assert.equal(withLineEnds('a\r\n\r\nb', '\n'), 'a\n\nb');
    assert.equal(tailWithLineEnds('a\nb\nc', 3, '\r\n'), 4);
    assert.equal(tailWithLineEnds('a\r\nb', 2, '\n'), 1, 'half a line end is none');
  });
});

describe('the final line break', () => {
  const keep = (answer: string, original: string, before: string, atEnd: boolean) =>
    keepFinalNewline(answer, { original, before, atEnd, lineEnd: '\n' });

  test('a span of whole lines stays one', () => {
    assert.equal(keep('b', 'a\n', '', false), 'b\n');
    assert.equal(keep('b\n', 'a\n', '', false), 'b\n');
    assert.equal(keep('b\n', 'a', '', false), 'b\n', 'the trimmer, not this, knows whether that is too many');
    assert.equal(keep('', 'a\n', '', false), '', 'a deletion is one');
  });

  test('at the end of the file, as the file had it', () => {
    assert.equal(keep('b', 'a\n', '', true), 'b\n');
    assert.equal(keep('b\n\n', 'a\n', '', true), 'b\n');
    assert.equal(keep('b\n', 'a', 'x\n', true), 'b');
    assert.equal(keep('b', '', 'x\n', true), 'b\n');
    assert.equal(keep('b\n', '', 'x', true), 'b');
    assert.equal(keep('b\n', '', '', true), 'b\n', 'an empty file has no habits');
  });
});

describe('the body behind a header', () => {
  const spaces = 'a:\n    b:\n        c\n';
  const fit = (answer: string, before: string, original = '', file = spaces, after = '') =>
    fitBody(answer, { before, original, unit: indentUnitNear(file, 0), after });

  test('stands one step deeper, where it was copied from a deeper place', () => {
    const two = 'a {\n  b {\n    c\n';
    const tabs = 'a {\n\tb {\n\t\tc\n';
    for (const [answer, before, wanted, file] of [
      ['for a in b:\n            c(a)\n', 'd:\n    ', 'for a in b:\n        c(a)\n'],
      [
        'b == 0:\n            raise c\n\n            d\n',
        'x\n    if ',
        'b == 0:\n        raise c\n\n        d\n',
      ],
      ['if (a) {\n      b;\n    }', '{\n  ', 'if (a) {\n    b;\n  }', two],
      ['if a {\n\t\t\tb\n\t\t}', 'f {\n\t', 'if a {\n\t\tb\n\t}', tabs],
      [
        'if a:\n                if b:\n                    c\n',
        '    ',
        'if a:\n        if b:\n            c\n',
      ],
    ] as const)
      assert.equal(fit(answer, before, '', file), wanted);
  });

  test('stays as it is where it may have a reason', () => {
    for (const [answer, before, original] of [
      ['for a in b:\n        c(a)\n', 'd:\n    '],
      // Something of it stands less deep.
      ['if a:\n            b\n    c\n', 'd:\n    '],
      ['f(\n            a,\n            b)', 'd:\n    '],
      ['a +\n            b', 'd:\n    '],
      ['def a():\n            """b\n            c"""\n', 'd:\n    '],
      ['if a:\n\t\t\tb\n', 'd:\n    '],
      ['if a:\n            b\n', 'd:\n    ', 'if c:\n            b\n'],
      ['if (a) {\n    }', 'd:\n    '],
      ['next_item:\n            i++;\n        }\n', '    '],
      ['x = a[b:\n            c]', '    '],
      ['for a in b[c:\n                d]:\n    e\n', '    '],
    ] as const)
      assert.equal(fit(answer, before, original), answer);
    const two = 'a:\n  b:\n    c\n';
    for (const [answer, before, file, after] of [
      ['- name:\n      first: 1\n      last: 2\n', 'list:\n  ', two],
      ['Run this:\n\n    npm install\n', '', two],
      ['10. Steps:\n    - a', '', two],
      ['if a:\n            # why\n        b()\n', 'def f():\n    ', spaces],
      ['if a:\n            b()\n', '    ', spaces, '            c()\n'],
      ['if a:\n        b\n', 'const s = `\n', spaces, '`;\n'],
    ] as const)
      assert.equal(fit(answer, before, '', file, after), answer);
    assert.equal(fit('if a:\r\n            b\r\n', '    '), 'if a:\r\n        b\r\n');
  });
});

describe('indentation', () => {
  const four = 'def f():\n    a = 1\n    if a:\n        b = 2\n';
  const two = 'f() {\n  a;\n  if (b) {\n    c;\n  }\n}\n';
  const tabs = 'f() {\n\ta;\n\tif (b) {\n\t\tc;\n\t}\n}\n';

  test('the unit is found', () => {
    assert.deepEqual(indentUnitNear(four, 0), { kind: 'space', size: 4, smallest: 4 });
    assert.deepEqual(indentUnitNear(two, 0), { kind: 'space', size: 2, smallest: 2 });
    assert.deepEqual(indentUnitNear(tabs, 0), { kind: 'tab' });
    assert.equal(indentUnitNear('a\nb\n', 0), undefined);
    assert.deepEqual(indentUnitNear('/**\n * a\n * b\n */\nf() {\n    a;\n}\n', 0), {
      kind: 'space',
      size: 4,
      smallest: 4,
    });
  });

  const first = (answer: string, before: string, original = '') =>
    fitFirstLine(answer, { before, original, unit: indentUnitNear(four, 0) });

  test('indentation behind indentation goes', () => {
    assert.equal(first('    return 1', 'def f():\n    '), 'return 1');
    assert.equal(first(' return 1', 'def f():\n    '), 'return 1');
    assert.equal(first('    return 1', 'x = 1\r\n\t'), 'return 1');
    assert.equal(first('    b', '    ', 'a'), 'b');
  });

  test('the first line of a block is one unit deeper, once', () => {
    assert.equal(first('    return 1', '    if a:\n    '), '    return 1');
    assert.equal(first('  return 1', '    if a:\n    '), '    return 1');
    assert.equal(first('return 1', '    if a:\n    '), 'return 1');
    assert.equal(first('    x()', '    if (a) {\n    '), '    x()');
  });

  test('what is no second indentation stays', () => {
    assert.equal(first('    return 1', 'def f():\n'), '    return 1');
    assert.equal(first(' + b', 'x = a'), ' + b');
    assert.equal(first('\n    b', 'a:\n    '), '\n    b');
    assert.equal(first('  b', 'x:\n  ', '  a'), '  b');
    assert.equal(first('    b', 'x:\n  ', '  a'), '  b');
  });

  const fit = (answer: string, before: string, file: string) =>
    fitIndentUnit(answer, { before, original: '', unit: indentUnitNear(file, 0) });

  test('tabs for spaces in a file of tabs', () => {
    assert.equal(fit('if (x) {\n        y;\n    }', 'f() {\n\t', tabs), 'if (x) {\n\t\ty;\n\t}');
    assert.equal(fit('  a;\n  if (b) {\n    c;\n', '', tabs), '\ta;\n\tif (b) {\n\t\tc;\n');
    assert.equal(fit('/**\n * a\n */', '', tabs), '/**\n * a\n */');
    assert.equal(fit('\tf(a,\n\t  b)', '', tabs), '\tf(a,\n\t  b)');
  });

  test('spaces for tabs in a file of spaces', () => {
    assert.equal(fit('if x:\n\t\ty\r\n\tz', '    ', four), 'if x:\n        y\r\n    z');
    assert.equal(fit('{\n\ta\tb\n}', '', two), '{\n  a\tb\n}');
  });

  test('a narrower step than the file has anywhere is widened', () => {
    assert.equal(fit('if x:\n      y\n    z', '    ', four), 'if x:\n        y\n    z');
    assert.equal(fit('def g():\n  a\n  if b:\n    c\n', '', four), 'def g():\n    a\n    if b:\n        c\n');
    const mixed = `${four}x = {\n  "a": 1,\n}\n`;
    assert.equal(fit('y = {\n  "a": 1,\n}', '', mixed), 'y = {\n  "a": 1,\n}');
  });

  test('a wider one may be a continuation, and stays', () => {
    assert.equal(fit('f(\n    a,\n    b)', '', two), 'f(\n    a,\n    b)');
    assert.equal(fit('f(a,\n  b)', '', 'x\ny\n'), 'f(a,\n  b)');
  });
});
