// What an answer looks like that nobody should be shown unasked, and what looks like it but is code.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { FlawFinder, GRAVE } from '../../../engine/candidates/quality/flaws';
import { longestRun } from '../../../engine/candidates/quality/loops';
import { rankCandidates } from '../../../engine/candidates/rank';
import { type Candidate, DEFAULT_GATE, type Flaw } from '../../../engine/protocol';

const FILE = `import math

def area(width, height, unit=None):
    scale = math.sqrt(width * height)
    result = round(width * height, 2)
    return result, unit, scale

def sizes(first, second, third, count):
    items = sorted([first, second, third])
    total = sum(items) / count
    return total
`;

function flawsOf(
  old: string,
  text: string,
  { file = FILE, confidence, gate }: { file?: string; confidence?: number; gate?: number } = {},
) {
  const start = file.indexOf(old);
  assert.ok(start >= 0, old);
  return new FlawFinder(file, [{ start, end: start + old.length }], gate).flawsOf([text], confidence);
}

const cases: readonly [string, string, string, readonly Flaw[]][] = [
  ['a word over and over', 'sorted([first, second, third])', 'count, count, count, count, count', ['loops']],
  ['without the last comma', 'sorted([first, second, third])', 'sum(count, count, count, count)', ['loops']],
  ['a number over and over', 'sum(items) / count', `[${'0: '.repeat(34)}]`, ['loops']],
  ['the same in a list', 'sum(items) / count', `[${'2.5, '.repeat(30)}]`, ['loops']],
  ['a table of zeros', 'sum(items) / count', `[${'0, '.repeat(16)}0]`, ['repeats']],
  ['a longer one', 'sum(items) / count', `[0, ${'.0, '.repeat(22)}.0]`, ['loops']],
  ['a short one', 'sum(items) / count', `[${'0, '.repeat(8)}0]`, []],
  ['a value with nothing between', 'sum(items) / count', 'sum(items) / 8px 8px 8px 8px 8px 8px', ['repeats']],
  ['four of them', 'sum(items) / count', 'sum(items) / 8px 8px 8px 8px', []],
  ['brackets that close', 'sum(items) / count', '[[[[[[[sum(items) / count]]]]]]]', []],
  ['a ruler', 'sum(items) / count', `count // ${'-'.repeat(80)}`, []],
  ['a table of Markdown', 'sum(items) / count', 'count | --- | --- | --- | --- |', []],
  ['a call inside a call', 'sum(items)', 'sum(sum(sum(sum(items))))', ['loops']],
  ['lines over and over', 'return total', 'total = count\n    total = count\n    total = count', ['repeats']],
  [
    'four times',
    'return total',
    'total = count\n    total = count\n    total = count\n    total = count',
    ['loops'],
  ],
  ['a tuple of three', 'sum(items) / count', 'tuple[count, count, count]', ['repeats']],
  ['a volume', 'sum(items) / count', 'count * count * count', []],
  ['a fourth power', 'sum(items) / count', 'count * count * count * count', ['repeats']],
  ['a row of equal values', 'sum(items) / count', 'max(None, None, None, None, None)', []],
  ['a row of zeros', 'sum(items) / count', 'max(0, 0, 0, 0, 0, 0)', []],
  ['a sum of different things', 'sum(items) / count', 'first + second + third + count', []],
  ['a bracket too few', 'sum(items) / count', 'sum(items / count', ['unbalanced']],
  ['a quote too many', 'unit=None', 'unit="', ['unbalanced']],
  ['a member that languages bring along', 'sum(items) / count', 'items.startsWith(count)', []],
  ['one that they do not', 'sum(items) / count', 'items->emplace(count)', ['unknown-names']],
  [
    'the same behind other signs',
    'sum(items) / count',
    'items->push_back(count) + items::push_back(count)',
    [],
  ],
  ['the same by itself', 'sum(items) / count', 'push_back(count)', ['unknown-names']],
  ['names that nobody knows', 'sum(items) / count', 'frobnicate(quux) / count', ['unknown-names']],
  [
    'one new name among known ones',
    'sum(items) / count',
    'sum(items) / max(count, first, second, extra)',
    [],
  ],
  ['a plain answer', 'sum(items) / count', 'sum(items) * count', []],
];

describe('flaws', () => {
  for (const [what, old, text, flaws] of cases) test(what, () => assert.deepEqual(flawsOf(old, text), flaws));

  test('a line above the same line is strange, where it was not there before and says something', () => {
    const file = 'import os\nimport re\nimport sys\n\nstart(os)\n}\n}\n';
    assert.deepEqual(flawsOf('re', 'sys', { file }), ['repeats']);
    assert.deepEqual(flawsOf('import re\n', 'import re\nimport os\nimport os\n', { file }), ['repeats']);
    assert.deepEqual(flawsOf('start(os)', 'start(os)\n}', { file: file.replaceAll('}', '') }), [
      'unbalanced',
    ]);
    const page = '<div>\n<b>\nx\n</b>\n</div>\n';
    assert.deepEqual(flawsOf('</b>', '</b>\n</div>', { file: page }), []);
    // What is done so elsewhere may be done so here, rows and calls say little, and two spans may exchange two lines.
    const done = 'a = next(b)\na = next(b)\nc = 1\na = next(b)\n';
    assert.deepEqual(flawsOf('c = 1', 'a = next(b)', { file: done }), []);
    const rows = '[null, null, null],\nx\nstack.push(a);\ny\n';
    assert.deepEqual(flawsOf('x', '[null, null, null],', { file: rows }), []);
    assert.deepEqual(flawsOf('y', 'stack.push(a);', { file: rows }), []);
    const logs = 'log(first, now);\nlog(second, now);\n';
    const [one, other] = ['log(first, now);', 'log(second, now);'].map((line) => {
      const start = logs.indexOf(line);
      return { start, end: start + line.length };
    });
    const exchanged = new FlawFinder(logs, [one ?? assert.fail(), other ?? assert.fail()]);
    assert.deepEqual(exchanged.flawsOf(['log(second, now);', 'log(first, now);']), []);
    const twice = 'import os\nimport os\nimport re\n';
    assert.deepEqual(flawsOf('re', 'sys', { file: twice }), []);
  });

  test('what repeats elsewhere in the file may repeat', () => {
    const file = `${FILE}\nones = [count, count, count, count]\n`;
    assert.deepEqual(flawsOf('sum(items) / count', '[count, count, count, count]', { file }), []);
  });

  test('what repeated before may repeat', () => {
    const file = 'a(count, count, count, count)\n';
    assert.deepEqual(
      flawsOf('a(count, count, count, count)', 'b(count, count, count, count)', { file }).includes('loops'),
      false,
    );
  });

  test('lines that become a docstring are gone', () => {
    const old = FILE.slice(FILE.indexOf('def area'), FILE.indexOf('def sizes'));
    const docstring = `"""${'Returns the area of the thing that is given, in the unit that is given. '.repeat(2)}"""\n`;
    assert.ok(flawsOf(old, docstring).includes('deletes'));
    assert.ok(flawsOf(old, '').includes('deletes'));
    assert.deepEqual(flawsOf(old, old.replaceAll('width', 'count')), []);
  });

  test('half of a line is shorter, a few words may go', () => {
    const old = 'result = round(width * height, 2)\n    return result, unit, scale';
    assert.deepEqual(flawsOf(old, 'return width * height, unit, scale'), ['shortens']);
    assert.deepEqual(flawsOf('sum(items) / count', 'count'), []);
  });

  test('low confidence is a flaw of its own, and none that hides an answer', () => {
    assert.deepEqual(flawsOf('sum(items) / count', 'sum(items)', { confidence: 0.1 }), ['improbable']);
    assert.deepEqual(flawsOf('sum(items) / count', 'sum(items)', { confidence: 0.9 }), []);
    assert.equal(GRAVE.has('improbable'), false);
  });

  test('what is low is the gate of the model, and of a model that brings none the same as for ghost text', () => {
    const flaws = (confidence: number, gate?: number) =>
      flawsOf('sum(items) / count', 'sum(items)', gate === undefined ? { confidence } : { confidence, gate });
    assert.deepEqual(flaws(0.4, 0.5), ['improbable']);
    assert.deepEqual(flaws(0.2, 0.1), []);
    assert.deepEqual(flaws(DEFAULT_GATE), []);
    assert.deepEqual(flaws(DEFAULT_GATE - 0.01), ['improbable']);
  });

  test('a large file costs no more than its surroundings', () => {
    const file = `${FILE}${'x = 1\n'.repeat(500_000)}`;
    const start = file.indexOf('sum(items)');
    const finder = new FlawFinder(file, [{ start, end: start + 10 }]);
    for (let i = 0; i < 200; i++) finder.flawsOf([`sum(items, ${i})`]);
  });

  test('any text has flaws in order, without an exception', () => {
    const piece = fc.constantFrom('a', 'b, ', '(', ')', '"', '\n', '  ', 'count, ', '😀', '`', '\\', '#');
    const text = fc.array(piece, { maxLength: 60 }).map((all) => all.join(''));
    fc.assert(
      fc.property(text, text, text, text, (before, old, after, added) => {
        const finder = new FlawFinder(before + old + after, [
          { start: before.length, end: before.length + old.length },
        ]);
        const flaws = finder.flawsOf([added]);
        assert.equal(new Set(flaws).size, flaws.length);
        if (added === old) assert.deepEqual(flaws, []);
      }),
    );
  });
});

describe('runs', () => {
  test('the longest one is found, however long its piece', () => {
    const line = 'x = f ( a , b ) ;'.split(' ');
    assert.deepEqual(longestRun([...line, ...line, ...line]), { times: 3, piece: line });
    assert.equal(longestRun(['a', ',', 'a', ',', 'a']).times, 3);
    assert.equal(longestRun(['a', 'b', 'c']).times, 1);
  });
});

test('likelihood ranks only what is equally good otherwise', () => {
  const one = (text: string, score: number, flaws: readonly Flaw[]): Candidate => ({
    score,
    flaws,
    spans: [
      { range: { start: { line: 1, column: 1 }, end: { line: 1, column: 2 } }, start: 0, end: 1, text },
    ],
  });
  const ranked = rankCandidates('x', [
    one('loop', -0.01, ['loops']),
    one('odd', -0.1, ['unknown-names']),
    one('plain', -2, ['improbable']),
    one('likelier', -1, []),
  ]);
  assert.deepEqual(
    ranked.map(({ spans }) => spans[0]?.text),
    ['likelier', 'plain', 'odd', 'loop'],
  );
});

describe('a word of which a part is selected', () => {
  const KOTLIN =
    'fun prune(readings: List<Reading>) {\n    while (readings.size > limit) readings.removeFirst()\n    total.first = limit\n}\n';
  const reasons = (old: string, text: string, file = KOTLIN) => flawsOf(old, text, { file, confidence: 1 });

  test('makes a strange one with the answer, or what is left of it does', () => {
    assert.deepEqual(reasons('readings.removeFir', 'readings.removeFirst()'), ['unknown-names']);
    assert.deepEqual(reasons('total.fir', 'total.size'), ['unknown-names']);
    assert.deepEqual(reasons('imit) readings', 'ast) readings'), ['unknown-names']);
    assert.deepEqual(reasons('mit) readings', ' > 0) readings'), ['unknown-names']);
  });

  test('makes a known one, or was whole', () => {
    assert.deepEqual(reasons('readings.removeFir', 'readings.fir'), []);
    assert.deepEqual(reasons('total.fir', 'total.la'), [], 'lists have that');
    assert.deepEqual(reasons('limit) readings', 'readings) total'), []);
    assert.deepEqual(reasons('', 'x'), [], 'nothing stood there');
    assert.deepEqual(flawsOf('10', '20', { file: 'width = 1005\n', confidence: 1 }), [], 'a number');
  });

  test('of a style sheet, only its own variables are names', () => {
    const file = ':root {\n  --accent: teal;\n}\n.card {\n  cursr: pointer;\n}\n';
    const start = file.indexOf('cursr: pointer');
    const flaws = (answer: string, language?: string) =>
      new FlawFinder(file, [{ start, end: start + 14 }], undefined, language).flawsOf([answer]);
    assert.deepEqual(flaws('cursor: grab', 'css'), []);
    assert.deepEqual(flaws('color: var(--accent)', 'css'), []);
    assert.deepEqual(flaws('color: var(--acent)', 'css'), ['unknown-names']);
    assert.deepEqual(flaws('color: $brand', 'scss'), ['unknown-names']);
    // Nor has a text for people, or a page.
    assert.deepEqual(flaws('all kinds of hats', 'markdown'), []);
    assert.deepEqual(flaws('all kinds of hats', 'html'), []);
    assert.deepEqual(flaws('all kinds of hats', 'python'), ['unknown-names']);
    assert.deepEqual(flaws('cursor: grab', 'python'), ['unknown-names']);
  });
});
