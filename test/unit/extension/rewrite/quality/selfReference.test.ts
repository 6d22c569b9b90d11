// Variables that their own first value asks for, as real grammars read them.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { reasonsBetween } from './judging';

const JAVASCRIPT =
  'function pad(minutes, next) {\n  const rest = ¦minutes % 60¦;\n  return rest + next;\n}\n';
const PYTHON =
  'def growth(readings, limit):\n    first = readings[0]\n    last = ¦readings[-1]¦\n    return last.height - first.height\n';
const JAVA = 'class A {\n  int a(int b) {\n    int rest = ¦b % 60¦;\n    return rest;\n  }\n}\n';

const cases: readonly [string, string, string, boolean][] = [
  ['javascript', JAVASCRIPT, "String(rest).padStart(2, '0')", true],
  ['typescript', JAVASCRIPT, 'rest', true],
  ['typescript', JAVASCRIPT, '{ rest }', true],
  ['javascript', JAVASCRIPT, 'minutes.rest', false],
  ['javascript', JAVASCRIPT, '() => rest', false],
  ['javascript', JAVASCRIPT, 'next(() => rest)', false],
  ['javascript', JAVASCRIPT, '{ rest: minutes }', false],
  ['javascript', JAVASCRIPT.replace('const', 'var'), 'rest || minutes', false],
  ['python', PYTHON, 'last.height - first.height', true],
  ['python', PYTHON, 'last', true],
  ['python', PYTHON, 'readings.last', false],
  ['python', PYTHON, 'max(readings, last=1)', false],
  ['python', PYTHON, '[last for last in readings]', false],
  ['python', PYTHON, 'lambda: last', false],
  ['python', PYTHON.replace('limit', 'last'), 'last or readings[-1]', false],
  ['python', `last = 1\n${PYTHON}`, 'last + 1', false],
  ['python', PYTHON.replace('    last', '    for one in readings:\n        last'), 'last + one', false],
  [
    'python',
    PYTHON.replace('    last', '    # The latest one, for now.\n    last = limit\n    last'),
    'last + 1',
    false,
  ],
  ['typescriptreact', JAVASCRIPT, '<rest rest="1">rest</rest>', false],
  ['typescriptreact', JAVASCRIPT, '<p>{rest}</p>', true],
  ['java', JAVA, 'rest % 60', true],
  ['java', JAVA, 'this.rest % b', false],
  ['java', JAVA, 'rest.intValue()', true],
  ['java', JAVA, 'rest()', false],
];

describe('a variable that its own first value asks for', () => {
  for (const [languageId, file, answer, isMarked] of cases) {
    test(`${isMarked ? 'is out of scope' : 'is none'}: ${languageId}, ${answer}`, async () => {
      const reasons = await reasonsBetween(languageId, file, answer);
      assert.equal(reasons.includes('out-of-scope'), isMarked, reasons.join());
    });
  }
});
