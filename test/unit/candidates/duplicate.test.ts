// An answer that is another place of the file.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { standsElsewhere } from '../../../engine/candidates/quality/duplicate';

/** `«…»` is the span. */
function isCopy(file: string, answer: string): boolean {
  const [before = '', old = '', after = ''] = file.split(/[«»]/);
  const span = { start: before.length, end: before.length + old.length };
  return standsElsewhere(before + old + after, [span], [answer]);
}

const LEFT = 'if key(a[mid]) < x:\n    lo = mid + 1\nelse:\n    hi = mid';
const RIGHT = 'if x < key(a[mid]):\n    hi = mid\nelse:\n    lo = mid + 1';

describe('an answer that stands elsewhere in the file', () => {
  test('is one of whole lines, however they are indented', () => {
    const file = `def right():\n    «${RIGHT}»\n\ndef left():\n        ${LEFT.replaceAll('\n', '\r\n        ')}\r\n`;
    assert.ok(isCopy(file, LEFT));
    assert.ok(!isCopy(file, LEFT.replace('mid + 1', 'mid + 2')));
    assert.ok(!isCopy(file, RIGHT), 'what stands there itself');
  });

  test('is none of few words, of a part of a line, or of what was a copy before', () => {
    assert.ok(!isCopy('def f(a):\n    «return a + 1»\n\ndef g(a):\n    return a\n', 'return a'));
    assert.ok(!isCopy(`x = «y»\n${LEFT}\n`, LEFT));
    assert.ok(!isCopy(`${RIGHT}\n«${RIGHT}»\n${LEFT}\n`, LEFT));
    assert.ok(!isCopy(`«${RIGHT}»\n`, ''));
  });

  test('is a sentence that another comment has, whole line or not', () => {
    const file =
      'def add():\n    """Keeps readings in order of their day."""\n\ndef velocity():\n    """«Metres a day between two readings.»"""\n';
    assert.ok(isCopy(file, 'Keeps readings in order of their day.'));
    assert.ok(!isCopy(file, 'Metres a day between the readings.'));
    assert.ok(
      !isCopy(
        file.replace('«Metres a day between two readings.»', '«pass»'),
        'Keeps readings in order of their day.',
      ),
    );
    assert.ok(!isCopy('f(a, b) + g(c)\nx = «f(b, a)»\n', 'f(a, b) + g(c)'), 'code');
  });

  describe('under another name', () => {
    /** A declaration with a body, another one behind it in the same words, and what it may be replaced by. */
    const BODIES: readonly (readonly [string, string])[] = [
      ['    def NAME(self):', '        return sorted(self.rows, key=lambda row: row.departure)'],
      [
        '    // When it leaves.\n    async NAME(now: Date): Promise<Row> {',
        '      return this.rows.find((a) => a.at > now);\n    }',
      ],
      ['export function NAME(', '  now: Date,\n): Row {\n  return rows.find((a) => a.at > now);\n}'],
      [
        'func (t *Table) NAME(now int) *Row {',
        '\tfor i := range t.rows {\n\t\treturn &t.rows[i]\n\t}\n\treturn nil\n}',
      ],
      [
        '    public List<Row> NAME(int now)',
        '    {\n        return rows.Where(a => a.At > now).ToList();\n    }',
      ],
      ['    Row NAME(int now) {', '        return rows.get(Math.max(0, now - first));\n    }'],
      ['pub fn NAME(&self, now: u32) -> u32 {', '    self.rows.iter().filter(|a| a.at > now).count()\n}'],
      ['class NAME:', '    def __init__(self, rows):\n        self.rows = [row for row in rows]'],
    ];
    for (const [head, body] of BODIES) {
      const named = (name: string) => `${head.replace('NAME', name)}\n${body}`;
      const file = `${named('first')}\n\n«    old line\n    other»\n\nend = 1\n`;

      test(`is one: ${head.trim()}`, () => {
        assert.ok(isCopy(file, named('second')));
        assert.ok(isCopy(file, named('first')), 'under the same one, too');
        assert.ok(!isCopy(file, named('second').replace('rows', 'lists')), 'what does something else');
      });

      test(`is none where what stood there was one, too: ${head.trim()}`, () => {
        assert.ok(!isCopy(file.replace('    old line\n    other', named('third')), named('second')));
      });
    }

    test('is no call, no condition, no value, and no short body', () => {
      const rest = '    total = total + row.berths * row.price\n    print(total, row)';
      const none: readonly (readonly [string, string])[] = [
        [`open(row)\n${rest}`, `close(row)\n${rest}`],
        [`if open(row):\n${rest}`, `if shut(row):\n${rest}`],
        [`if (open(row)) {\n${rest}\n}`, `while (open(row)) {\n${rest}\n}`],
        [`if (open(row)) {\n${rest}\n}`, `if (shut(row)) {\n${rest}\n}`],
        [`first = open(row)\n${rest}`, `second = open(row)\n${rest}`],
        [`describe('a', () => {\n${rest}\n});`, `it('a', () => {\n${rest}\n});`],
        [`public Row first = open(row, 1);\n${rest}`, `public Row first = shut(row, 1);\n${rest}`],
        ['def first(row):\n    return row.a', 'def second(row):\n    return row.a'],
        [`def first(row):\n${rest}`, `def second(line):\n${rest}`],
      ];
      for (const [there, answer] of none) assert.ok(!isCopy(`${there}\n\n«old line»\n`, answer), answer);
    });
  });

  test('is found in one of several places', () => {
    const text = `a\nb\n${LEFT}\n`;
    const spans = [
      { start: 0, end: 1 },
      { start: 2, end: 3 },
    ];
    assert.ok(standsElsewhere(text, spans, ['a', LEFT]));
    assert.ok(!standsElsewhere(text, spans, ['a', undefined]));
  });
});
