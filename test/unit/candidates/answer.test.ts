// What of a model's answer is the code that was asked for, and where it stands.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { fencedCode, fenceFor, isAnswered, labelOf } from '../../../engine/candidates/answer/fences';
import { withoutMarks } from '../../../engine/candidates/answer/marks';
import { reindented } from '../../../engine/candidates/answer/reindent';
import { withoutSurroundings } from '../../../engine/candidates/answer/surroundings';
import { indentUnitNear } from '../../../engine/candidates/indentation';
import { answerOf, finish, marked } from './examples';

const ASKED = { fence: '```', language: 'python', original: 'x = 1' };
const code = (answer: string, asked: Partial<typeof ASKED> = {}) =>
  fencedCode(answer, { ...ASKED, ...asked });

describe('the code in an answer', () => {
  test('ends where its fence closes, or where the answer does', () => {
    assert.equal(code('x = 2\ny = 3\n```\nThis is why.'), 'x = 2\ny = 3');
    assert.equal(code('x = 2\r\n```'), 'x = 2');
    assert.equal(code('x = 2\n  ```  \n'), 'x = 2');
    assert.equal(code('x = 2'), 'x = 2');
    assert.equal(code('x = "```"\n```'), 'x = "```"');
  });

  test('an empty block is an answer', () => {
    assert.equal(code('```'), '');
    assert.equal(code('\n```\nIt is gone.'), '');
  });

  test('prose around it is none', () => {
    assert.equal(code('Here is the changed code:\n\n```python\nx = 2\n```\n'), 'x = 2');
    assert.equal(code('Here is the changed code:\n```\nx = 2\n```\n'), 'x = 2');
    assert.equal(
      code('Sure, the updated part is below.\n```py\nx = 2\n```\nI hope that this helps.'),
      'x = 2',
    );
    // In a language of sentences they are what was asked for.
    assert.equal(
      code('Here is a better sentence:\n```\n', { language: 'markdown' }),
      'Here is a better sentence:',
    );
  });

  test('an opened fence that is opened once more is one', () => {
    assert.equal(code('```python\nx = 2\n```\n'), 'x = 2');
    assert.equal(code('\n```python\nx = 2\n```\n'), 'x = 2');
  });

  test('of several blocks it is the first that changes something, in the language asked for', () => {
    assert.equal(code('x = 2\n```\nOr:\n```python\nx = 3\n```'), 'x = 2');
    assert.equal(code('x  = 1\n```\nBecomes:\n```python\nx = 2\n```'), 'x = 2');
    assert.equal(code('x = 1\n```\nNothing has to change.'), 'x = 1');
    assert.equal(code('```bash\npip install x\n```\n```python\nx = 2\n```'), 'x = 2');
    assert.equal(code('```\n\n```python\nx = 2\n```'), 'x = 2');
  });

  test('another language is no answer, a relative or a name that nobody knows may be one', () => {
    assert.equal(code('```javascript\nlet x = 2\n```'), undefined);
    assert.equal(code('```diff\n-x = 1\n+x = 2\n```'), undefined);
    assert.equal(code('```py\nx = 2\n```'), 'x = 2');
    assert.equal(code('```mylang\nx = 2\n```'), 'x = 2');
    assert.equal(code('```tsx\nlet x = 2\n```', { language: 'typescript' }), 'let x = 2');
    assert.equal(fencedCode('```bash\nx\n```', { fence: '```', original: '' }), 'x');
  });

  test('a longer fence is closed by one as long alone', () => {
    assert.equal(fenceFor('a\n```py\nb\n```\n'), '````');
    assert.equal(fenceFor('a = "```"', 'no'), '```');
    assert.equal(
      code('a\n```\nb\n```\nc\n````\nd', { fence: '````', language: 'markdown' }),
      'a\n```\nb\n```\nc',
    );
  });

  test('tildes close no code between backticks', () => {
    const heading = 'def f():\n    """\n    Usage\n    ~~~~~\n    """\n    return 2';
    assert.equal(code([heading, '```', 'Done.'].join('\n')), heading);
    assert.equal(isAnswered(`${heading}\n`, '```', 'python'), false);
    assert.equal(code('Here is the changed code:\n~~~python\nx = 2\n~~~\n'), 'x = 2');
    assert.equal(fencedCode('Sure.\n~~~python\nx = 2\n~~~\nDone.', { ...ASKED, isWhole: true }), 'x = 2');
  });

  test('is always a run of the answer’s lines, without a fence', () => {
    const piece = fc.constantFrom(
      'a',
      '\n',
      '```',
      '```python\n',
      '```js\n',
      ' ',
      'Here is it now:',
      '\n```\n',
      '~~~',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const answer = pieces.join('');
        const found = code(answer);
        if (found === undefined) return;
        assert.ok(answer.includes(found));
        assert.doesNotMatch(found, /(^|\n)[ \t]*```[ \t]*(\n|$)/);
      }),
    );
  });

  test('is whole once its fence has closed, and no fence is read twice', () => {
    const whole = (answer: string) => isAnswered(answer, '```', 'python');
    assert.equal(whole('x = 2\n'), false);
    assert.equal(whole('x = 2\n```'), false, 'it may be given a language yet');
    assert.equal(whole('x = 2\n```\n'), true);
    assert.equal(whole('```\n'), false, 'nothing was written: something may come');
    assert.equal(whole('Here is the changed code:\n```\n'), false);
    assert.equal(whole('Here is the changed code:\n```\nx = 2\n```\n'), true);
    assert.equal(whole('```js\nlet x\n```\n'), false);
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a\n', '```\n', '```py\n', 'Here is it now:\n'), { maxLength: 8 }),
        (lines) => {
          const answer = lines.join('');
          if (whole(answer)) assert.equal(code(`${answer}z = 9\n`), code(answer));
        },
      ),
    );
  });

  test('begins with prose where no prompt has begun its block, and has to be closed then', () => {
    const whole = (answer: string) => fencedCode(answer, { ...ASKED, isWhole: true });
    assert.equal(whole('Sure.\n\n```python\nx = 2\n```\nDone.'), 'x = 2');
    assert.equal(whole('```bash\ny\n```\n```\nx = 2\n```'), 'x = 2');
    assert.equal(whole('x = 2'), undefined);
    assert.equal(whole('```python\nx = 2'), undefined);
  });

  test('languages are called by their usual names', () => {
    assert.deepEqual(['python', 'typescriptreact', 'shellscript', 'plaintext', 'constructor'].map(labelOf), [
      'python',
      'tsx',
      'bash',
      '',
      'constructor',
    ]);
  });

  test('marks that were copied go, and what they enclose stays', () => {
    assert.equal(withoutMarks('a <rewrite>b</rewrite> c', ''), 'b');
    assert.equal(withoutMarks('<rewrite>b', ''), 'b');
    assert.equal(withoutMarks('b</rewrite>', ''), 'b');
    assert.equal(withoutMarks('</rewrite>b<rewrite>c', ''), 'c');
    assert.equal(withoutMarks('a <rewrite>', '<rewrite>'), 'a <rewrite>');
  });
});

/** What is left of an answer for the part between the marks. */
function left(source: string, answer: string): string {
  const { text, spans } = marked(source);
  const { start = 0, end = 0 } = spans[0] ?? {};
  return withoutSurroundings(answer, {
    before: text.slice(0, start),
    original: text.slice(start, end),
    after: text.slice(end),
  });
}

const FILE = `import math

def area(r):
    return r * r

def volume(r, h):
    ⟦base = area(r)
    return base * h⟧

def side(a):
    return math.sqrt(a)
`;
const BODY = '    base = area(r)\n    return base * h * 2';
const { text: WHOLE } = marked(FILE);

describe('an answer that repeats what stands around the span', () => {
  test('the whole file, also where it is changed elsewhere', () => {
    const again = WHOLE.replace('base * h', 'base * h * 2');
    assert.equal(left(FILE, again), BODY);
    assert.equal(
      left(FILE, again.replace('import math', 'import numpy').replace('sqrt(a)', 'sqrt(b)')),
      BODY,
    );
  });

  test('the function, a line above, a line below', () => {
    assert.equal(left(FILE, `def volume(r, h):\n${BODY}`), BODY);
    assert.equal(left(FILE, `def volume(r, h):\n${BODY}\n\ndef side(a):\n    return math.sqrt(a)`), BODY);
    assert.equal(left(FILE, `${BODY}\n\ndef side(a):`), BODY);
    // At the margin, as a block of its own.
    assert.equal(left(FILE, 'def volume(r, h):\nbase = 1'), 'base = 1');
  });

  test('inside a line, that line’s other parts go as well', () => {
    const source = 'def f(a):\n    b = a\n    return ⟦a + 1⟧ - b\n\nprint(f(1))\nprint(f(2))\n';
    const again = 'def f(a):\n    b = a\n    return a * 2 - b\n\nprint(f(1))\nprint(f(2))';
    assert.equal(left(source, again), 'a * 2');
    assert.equal(left(source, 'a * 2'), 'a * 2');
  });

  test('what only looks like it stays', () => {
    assert.equal(left(FILE, BODY), BODY);
    // Brackets alone recognise no place.
    const js = 'function a() {\n  if (b) {\n    ⟦c();⟧\n  }\n}\n\nfunction d() {\n}\n';
    assert.equal(
      left(js, 'if (x) {\n  if (y) {\n    c();\n  }\n}'),
      'if (x) {\n  if (y) {\n    c();\n  }\n}',
    );
    // A span that begins as the line above it does.
    const twice = 'first = call()\n⟦first = call()\nlast = 1⟧\n';
    assert.equal(left(twice, 'first = call()\nlast = 2'), 'first = call()\nlast = 2');
  });

  test('is never more than the answer’s lines', () => {
    const line = fc.constantFrom(
      'import math',
      'def volume(r, h):',
      'def side(a):',
      '',
      '}',
      'base = area(r)',
      'other()',
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 10 }), (lines) => {
        const answer = lines.join('\n');
        assert.ok(answer.includes(left(FILE, answer)));
      }),
    );
  });
});

/** The file with the answer in the marked place. */
function placed(source: string, answer: string): string {
  const { text, spans } = marked(source);
  const { start = 0, end = 0 } = spans[0] ?? {};
  const own = reindented(answer, {
    before: text.slice(0, start),
    original: text.slice(start, end),
    unit: indentUnitNear(text, start),
  });
  return text.slice(0, start) + own + text.slice(end);
}

describe('the indentation of an answer', () => {
  const source = 'class A:\n    def f(self):\n        ⟦if a:\n            b()⟧\n        return 1\n';
  const wanted =
    'class A:\n    def f(self):\n        if c:\n            d()\n        e()\n        return 1\n';

  test('is that of the place, whether the answer stands at the margin, at its depth or half at it', () => {
    assert.equal(placed(source, 'if c:\n    d()\ne()'), wanted);
    assert.equal(placed(source, '        if c:\n            d()\n        e()'), wanted);
    assert.equal(placed(source, 'if c:\n            d()\n        e()'), wanted);
    assert.equal(placed(source, '\n  if c:\n      d()\n  e()\n\n'), wanted);
    assert.equal(
      placed(source, '                if c:\n                    d()\n                e()'),
      wanted,
    );
  });

  test('of a block whose first line no sign ends', () => {
    const ruby = 'class A\n  B = 1\n\n⟦  def takings\n    sum\n  end⟧\n\n  def other\n    nil\n  end\nend\n';
    const answered = ruby.replace(/⟦.*⟧/s, '  def takings\n    sum * price\n  end');
    assert.equal(placed(ruby, 'def takings\n  sum * price\nend'), answered);
    assert.equal(placed(ruby, '  def takings\n    sum * price\n  end'), answered);
    assert.equal(placed(ruby, 'def takings\n    sum * price\n  end'), answered);
  });

  test('of lines that open no block', () => {
    const flat = 'def f():\n    ⟦a = 1\n    b = 2⟧\n';
    const result = 'def f():\n    a = 3\n    b = 4\n';
    assert.equal(placed(flat, 'a = 3\nb = 4'), result);
    assert.equal(placed(flat, 'a = 3\n    b = 4'), result);
    assert.equal(placed(flat, '    a = 3\n    b = 4'), result);
  });

  test('takes the file’s tabs or spaces', () => {
    assert.equal(
      placed('func f() {\n\t⟦a()⟧\n}\n', 'if b {\n    a()\n}'),
      'func f() {\n\tif b {\n\t\ta()\n\t}\n}\n',
    );
    assert.equal(
      placed('def f():\n    ⟦a()⟧\n    b()\n', 'if b:\n\ta()'),
      'def f():\n    if b:\n        a()\n    b()\n',
    );
  });

  test('of a span with its own indentation in it, or behind other text', () => {
    assert.equal(placed('def f():\n⟦    a()⟧\n', 'b()\nc()'), 'def f():\n    b()\n    c()\n');
    assert.equal(placed('x = ⟦1⟧\n', '2'), 'x = 2\n');
    assert.equal(placed('⟦⟧', 'a\n  b'), 'a\n  b');
  });

  test('an answer that is right already stays as it is', () => {
    const step = fc.integer({ min: 0, max: 2 });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 0, max: 3 }),
        (steps, depth) => {
          const own = ' '.repeat(4 * depth);
          const lines = steps.map((more, i) => `${own}${' '.repeat(i === 0 ? 0 : 4 * more)}s${i}()`);
          const file = `if x:\n    pass\n${own}⟦old()⟧\n`;
          assert.equal(placed(file, lines.join('\n')), `if x:\n    pass\n${lines.join('\n')}\n`);
        },
      ),
    );
  });
});

describe('an answer to a prompt', () => {
  const edited = (source: string, answer: string, isCut = false) => {
    const { text, spans } = marked(source);
    const lane = [{ ...answerOf(Buffer.from(answer)), ...(isCut ? { isCut: true as const } : {}) }];
    const found = finish(text, spans, [lane], { codeOf: { fence: '```', language: 'python' } });
    return { text, best: found[0], found };
  };

  test('stands in its place as anything else does', () => {
    const { best } = edited(
      FILE,
      'def volume(r, h):\n    base = area(r)\n    return base * h * 2\n```\nDone.',
    );
    assert.equal(best?.spans[0]?.text, 'base = area(r)\n    return base * h * 2');
    assert.deepEqual(best?.flaws, []);
  });

  test('keeps the file’s line ends', () => {
    const { best } = edited('def f():\r\n    ⟦a = 1\r\n    b = 2⟧\r\n', 'a = 1\nb = 3\n```\n');
    assert.equal(best?.spans[0]?.text, 'a = 1\r\n    b = 3');
  });

  test('makes no candidate where it has no code', () => {
    assert.deepEqual(edited(FILE, '```javascript\nlet a\n```').found, []);
    assert.deepEqual(edited(FILE, 'I am sorry, I cannot do that.').found, []);
  });

  test('that breaks off ends with a whole line, and says so', () => {
    const { best } = edited(FILE, 'base = area(r)\nreturn base * h * 2\nretu', true);
    assert.equal(best?.spans[0]?.text, 'base = area(r)\n    return base * h * 2');
    assert.deepEqual(best?.flaws, ['unfinished']);
  });

  test('that breaks off in what stands behind its place is whole', () => {
    const source =
      '{\n  "stations": [\n⟦    { "id": "EDI", "zone": 5 }⟧\n  ],\n  "defaults": {\n    "language": "en",\n    "currency": "GBP"\n  }\n}\n';
    const entries = '{ "id": "EDI", "zone": 5 },\n{ "id": "PER", "zone": 6 }';
    const { best } = edited(source, `${entries}\n],\n"defaults": {\n"language": "en",\n"cur`, true);
    assert.equal(best?.spans[0]?.text, '    { "id": "EDI", "zone": 5 },\n    { "id": "PER", "zone": 6 }');
    assert.deepEqual(best?.flaws, []);
    assert.deepEqual(edited(source, `${entries},\n{ "id": "GLA`, true).best?.flaws, ['unfinished']);
    const twice = edited('def f():\n    ⟦pass⟧\n', 'if a:\n    b()\nif c:\n    b()\nif d', true);
    assert.deepEqual(
      twice.best?.flaws,
      ['unfinished'],
      'its last line stands in it twice, and nothing behind it has gone',
    );
  });
});
