// What is missing at the end of a line.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import {
  completionsOf,
  endsInCutName,
  endsItsLine,
} from '../../../../../extension/rewrite/repair/completion';

describe('the end of a line', () => {
  test('is where nothing but blanks follows', () => {
    const text = 'one two \t\r\nthree\nfour';
    for (const [end, is] of [
      [3, false],
      [7, true],
      [9, true],
      [16, true],
      [14, false],
      [text.length, true],
    ] as const)
      assert.equal(endsItsLine(text, { start: 0, end }), is, `${end}`);
  });

  test('is missing behind a name that only begins like others', () => {
    for (const [text, is] of [
      ['units = 1\nx = self.un', true],
      ['units = 1\nx = self.units', false],
      ['un = 1\nunits = 1\nx = self.un', false],
      ['tins = 1\nx = self.un', false],
      ['units = 1\nx = self.u', false],
      ['units = 1\nx = self.un(', false],
    ] as const)
      assert.equal(endsInCutName(text, { start: 10, end: text.length }), is, text);
  });

  test('is what was written in the same line first, and then all of it', () => {
    assert.deepEqual(completionsOf('f(x', 'f(x, y);'), ['f(x, y);']);
    assert.deepEqual(completionsOf('f(x', 'f(x, y); \r\n  g();\n'), ['f(x, y);', 'f(x, y); \r\n  g();']);
    assert.deepEqual(completionsOf('f(x', 'f(x\n);'), ['f(x\n);']);
  });

  test('is nothing where nothing was written, or something else', () => {
    for (const whole of ['f(x', 'f(x \n', 'g(x)']) assert.deepEqual(completionsOf('f(x', whole), []);
  });
});
