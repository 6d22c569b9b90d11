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
