// Every example is one that an editor's user has met: the text around ⟦the span⟧, what the model writes, what is left.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { imbalance } from '../../../engine/candidates/balance';
import { trimPrefix, trimSuffix } from '../../../engine/candidates/trim';

function sides(source: string) {
  const [before = '', original = '', after = ''] = source.split(/[⟦⟧]/);
  return { before, original, after };
}
type Example = readonly [name: string, source: string, answer: string, left: string];

/** Lines between two openers and the span that closes them. */
const FAR = Array.from({ length: 30 }, (_, i) => `  argument${i},\n`).join('');

const repeated: readonly Example[] = [
  ['a closing bracket behind the cursor', 'foo(⟦⟧)', 'x)', 'x'],
  ['the same with more on the line', 'foo(⟦⟧) + 1', 'x)', 'x'],
  ['two closing brackets', 'foo(bar(⟦⟧))', 'x))', 'x'],
  ['brackets written twice', 'foo(⟦⟧)', 'x))', 'x'],
  ['bracket and semicolon', 'foo(⟦⟧);', 'a, b);', 'a, b'],
  ['one of two brackets: the answer opened one itself', 'foo(⟦⟧))', 'bar(x))', 'bar(x)'],
  ['a quote and a bracket', 'print("⟦⟧")', 'hello")', 'hello'],
  ['a lone quote', 'x = "⟦⟧"', 'hello"', 'hello'],
  ['a backtick', 'const s = `⟦⟧`;', '$' + '{a} b`;', '$' + '{a} b'],
  ['a semicolon', 'const x = ⟦⟧;\n', '1;', '1'],
  ['a comma', '[1, ⟦⟧, 3]', '2,', '2'],
  ['a Python colon', 'def f(⟦⟧):\n    pass', 'a, b):', 'a, b'],
  ['an index bracket', 'x = a[⟦⟧]\n', 'i + 1]', 'i + 1'],
  ['a brace inside a format string', 'f"{x⟦⟧}"', ':.2f}', ':.2f'],
  ['the rest of the line', 'total = ⟦⟧ + tax\n', 'price + tax', 'price'],
  ['the next argument', 'f(a, ⟦⟧b_value, c)', 'x, b_value', 'x, '],
  ['a short word, glued otherwise', 'f(⟦⟧y, z)', 'x, y', 'x, '],
  ['the next line', 'def f():⟦⟧\n    return total\n', '\n    total = 1\n    return total', '\n    total = 1'],
  [
    'the next line, of a span of whole lines',
    '⟦    x = 1\n⟧    return x\n',
    '    x = 2\n    return x\n',
    '    x = 2\n',
  ],
  ['the next line without its line break', '⟦⟧    return x\n', '    x = 2\n    return x', '    x = 2\n'],
  ['several lines', 'a = 1\n⟦⟧\nif a:\n    b()\n\nc()\n', 'a += 1\nif a:\n    b()\n', 'a += 1'],
  [
    'lines, and then part of one more',
    'x = 0⟦⟧\nreturn total\n\ndef main():\n',
    '\nx += 1\nreturn total\n\ndef ma',
    '\nx += 1',
  ],
  ['a good part of the next line', 'x = 0⟦⟧\nreturn total\n', '\nx += 1\nreturn to', '\nx += 1'],
  ['the closing brace of the block', 'if (x) {⟦⟧\n}\n', '\n  y();\n}', '\n  y();'],
  ['the same, hidden by a line break at the end of the file', 'if (x) {⟦⟧\n}', '\n  y();\n}\n', '\n  y();'],
  [
    'the closing brace behind an else of its own',
    'if (x) {⟦⟧\n}\n',
    '\n  y();\n} else {\n  z();\n}',
    '\n  y();\n} else {\n  z();',
  ],
  ['the end of a call over lines', 'foo(\n  a,⟦⟧\n);\n', '\n  b,\n);', '\n  b,'],
  ['a JSON value with its comma', '{"a": ⟦⟧, "b": 2}', '[1, 2],', '[1, 2]'],
  ['a JSON object to its end', '{\n  "a": ⟦⟧\n}\n', '1\n}', '1'],
  ['JSON lines that follow', '{\n  "a": ⟦⟧,\n  "b": 2\n}\n', '1,\n  "b": 2\n}', '1'],
  ['the next line of a CRLF file', 'x = 0⟦⟧\r\nreturn x\r\n', '\r\nx += 1\r\nreturn x', '\r\nx += 1'],
  ['a line break at the end of a line', 'x = ⟦⟧\ny = 2\n', '1\n', '1'],
  ['the indentation of the next line', 'def f():\n⟦⟧    return x\n', '    x = 1\n    ', '    x = 1\n'],
  ['the whole answer: it is the next line', 'x = 1\n⟦⟧y = 2\n', 'y = 2\n', ''],
  ['a rewritten line that repeats the next', '⟦a()⟧\nb()\n', 'c()\nb()', 'c()'],
  ['CJK text', 's = "⟦⟧好的世界"', '你好的世界"', '你'],
  ['a tripled quote', 'x = """⟦⟧"""\n', 'doc"""', 'doc'],
  ['markup, to the end of the line', '<div ⟦⟧></div>\n', 'class="a"></div>', 'class="a"'],
  [
    'a type argument, to the end of the line',
    'const m: Map<⟦⟧> = new Map();',
    'string, number> = new Map();',
    'string, number',
  ],
];

const kept: readonly Example[] = [
  ['a bracket that the answer opened itself', 'x = ⟦⟧)', 'foo(y)', 'foo(y)'],
  ['a bracket that an opener before the span still needs', 'foo(bar(⟦⟧)\n', 'x)', 'x)'],
  ['the same, thirty lines further up', `foo(bar(\n${FAR}  ⟦⟧)\n`, 'x)', 'x)'],
  ['an empty call in a call', 'foo(⟦⟧)', 'bar()', 'bar()'],
  ['nested brackets of the answer', 'foo(⟦⟧)', 'a[b(c)]', 'a[b(c)]'],
  [
    'a closing brace that the answer opened',
    'function f() {\n⟦⟧\n}\n',
    'if (a) {\nb();\n}',
    'if (a) {\nb();\n}',
  ],
  [
    'a brace at another depth',
    'function f() {\n  ⟦⟧\n}\n',
    'if (a) {\n    b();\n  }',
    'if (a) {\n    b();\n  }',
  ],
  ['a string of its own before a string', 'f(⟦⟧"b")', '"a"', '"a"'],
  ['a quote that closes its own string', 'x = [⟦⟧]', '"a", "b"', '"a", "b"'],
  ['a list in a list', '[[1], ⟦⟧]', '[2]', '[2]'],
  ['a JSON object in an array', '[⟦⟧]', '{"a": [1]}', '{"a": [1]}'],
  ['an object that ends as the outer one does', '{\n"a": ⟦⟧\n}\n', '{\n"b": 1\n}', '{\n"b": 1\n}'],
  ['the beginning of a word', 'x = ⟦⟧e\n', 'value', 'value'],
  ['the end of a longer word', 'f(⟦⟧art)', 'start', 'start'],
  ['the first letters of the next line', 'x = 1⟦⟧\nif y:\n', '\nz = 2\ni', '\nz = 2\ni'],
  ['an operator', 'a ⟦⟧= b', '=', '='],
  ['a spread', 'f(⟦⟧...rest)', '...', '...'],
  ['the end that stood there before', 'f(g(⟦a)⟧)', 'b)', 'b)'],
  ['the line break that stood there before', '⟦a = 1\n⟧\nb = 2\n', 'a = 3\n', 'a = 3\n'],
  ['a rewritten line equal to the next', '⟦a()\n⟧b()\n', 'b()\n', 'b()\n'],
  [
    'a line break before an empty line that was there',
    'a\n⟦⟧\nb\n',
    'def f():\n    pass\n',
    'def f():\n    pass\n',
  ],
  ['one space', 'a ⟦⟧ b', 'x ', 'x '],
  ['the end of a nested block in Ruby', 'if a\n⟦⟧\nend\n', 'if b\nfoo\nend', 'if b\nfoo\nend'],
  ['fi in a shell script', 'if a; then\n⟦⟧\nfi\n', 'if b; then\nc\nfi', 'if b; then\nc\nfi'],
  [
    'a return at another depth',
    'if a:⟦⟧\n    return x\n',
    '\n    if b:\n        return x',
    '\n    if b:\n        return x',
  ],
  ['text that merely looks alike', 'x = ⟦⟧\nreturn y\n', 'return_value', 'return_value'],
  ['a bracket in a string of the answer', 'f(⟦⟧)', '")"', '")"'],
  ['half an emoji', 's = ⟦⟧\udc00', '\ud83d\udc00', '\ud83d\udc00'],
  ['nothing', 'f(⟦⟧)', '', ''],
];

/** Whether the text is a row of beginnings of `after`, with line breaks behind them. */
function isMadeOf(text: string, after: string): boolean {
  if (text === '') return true;
  const beginnings = Array.from({ length: after.length }, (_, i) => after.slice(0, i + 1));
  return [...beginnings, '\n', '\r'].some(
    (part) => text.startsWith(part) && isMadeOf(text.slice(part.length), after),
  );
}

describe('trimSuffix', () => {
  for (const [name, source, answer, left] of repeated) {
    test(`cuts ${name}`, () => assert.equal(trimSuffix(answer, sides(source)), left));
  }
  for (const [name, source, answer, left] of kept) {
    test(`keeps ${name}`, () => assert.equal(trimSuffix(answer, sides(source)), left));
  }

  test('never cuts what is locked', () => {
    const context = sides('x = ⟦⟧ + tax\n');
    assert.equal(trimSuffix('price + tax', { ...context, freeTail: 6 }), 'price');
    assert.equal(trimSuffix('price + tax', { ...context, freeTail: 5 }), 'price + tax');
    assert.equal(trimSuffix('x)', { ...sides('f(⟦⟧)'), freeTail: 0 }), 'x)');
  });

  test('only the text up to the next span can be repeated', () => {
    const context = { ...sides('x = ⟦⟧\nreturn x\n'), keptAfter: 1 };
    assert.equal(trimSuffix('1\nreturn x', context), '1\nreturn x');
  });

  const piece = fc.constantFrom(
    'a',
    'foo',
    'x',
    ' ',
    '\n',
    '\n    ',
    '\r\n',
    '(',
    ')',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    ',',
    ';',
    ':',
    '=',
    '你',
    '😀',
    'return',
  );
  const code = fc.array(piece, { maxLength: 12 }).map((list) => list.join(''));

  test('any code: the answer is cut at its end only, by what follows, and pairs no worse', () => {
    fc.assert(
      fc.property(code, code, code, code, (before, original, after, own) => {
        for (const answer of [own, own + after, own + after.slice(0, 7)]) {
          const left = trimSuffix(answer, { before, original, after });
          assert.ok(answer.startsWith(left));
          const cut = answer.slice(left.length);
          assert.ok(isMadeOf(cut, after), JSON.stringify({ before, answer, after, left }));
          assert.ok(imbalance(before + left + after) <= imbalance(before + answer + after));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('trimPrefix', () => {
  const examples: readonly Example[] = [
    ['cuts the line begun', '    return ⟦⟧\n', 'return x', 'x'],
    ['cuts the line begun, with its indentation', '    return ⟦⟧\n', '    return x', 'x'],
    ['cuts a word begun', '    ret⟦⟧\n', 'return x', 'urn x'],
    ['cuts an assignment begun', 'const x = ⟦⟧;', 'const x = 1', '1'],
    [
      'cuts a definition over lines',
      'def f(a):\n    """Doc."""\n⟦⟧',
      'def f(a):\n    """Doc."""\n    return a\n',
      '    return a\n',
    ],
    ['keeps numbers that come again', '[\n  0, ⟦⟧\n]', '0, 0', '0, 0'],
    ['keeps a call made twice', 'step()\n⟦⟧', 'step()\nstop()\n', 'step()\nstop()\n'],
    ['keeps a word inside the line', 'x = foo⟦⟧', 'foo', 'foo'],
    ['keeps what the span began with', 'aa ⟦aa b⟧', 'aa c', 'aa c'],
    ['keeps an opening that would lose its partner', 'foo(⟦⟧', 'foo(1)) + foo(2', 'foo(1)) + foo(2'],
  ];
  for (const [name, source, answer, left] of examples) {
    test(name, () => assert.equal(trimPrefix(answer, sides(source)), left));
  }

  test('never cuts what is locked', () => {
    assert.equal(trimPrefix('return x', { ...sides('return ⟦⟧'), freeHead: 3 }), 'return x');
  });
});

describe('imbalance', () => {
  const counted: readonly (readonly [string, number])[] = [
    ['', 0],
    ['f(a[b]{c})', 0],
    ['f(', 1],
    [')', 1],
    ['f(]', 2],
    ['{ ( }', 1],
    ['")"', 0],
    ['"\\")"', 0],
    ['"open\n)', 2],
    ["it's (fine)", 0],
    ["don't, can't", 0],
    ['"""a\n("""', 0],
    ['`a\n(`', 0],
    ['\\(', 0],
  ];
  for (const [text, expected] of counted) {
    test(JSON.stringify(text), () => assert.equal(imbalance(text), expected));
  }
});
