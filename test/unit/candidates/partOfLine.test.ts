import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  withinBracket,
  withinLine,
  withoutDoubledBlanks,
  withoutDoubledLead,
  withoutStop,
  withoutStrayBreaks,
} from '../../../engine/candidates/partOfLine';
import { LONG_STATEMENTS } from './examples';

/** `rule` of an answer for the file's selection, which is between ⟦ and ⟧. */
function fitted(rule: typeof withinLine, file: string, answer: string): string {
  const [before = '', original = '', after = ''] = file.split(/[⟦⟧]/);
  return rule(answer, { before, after, original });
}

const cut = (file: string, answer: string) => fitted(withinLine, file, answer);

describe('withinLine', () => {
  it('ends the answer for part of a line where its statement ends', () => {
    assert.equal(cut('total = ⟦a + b⟧\n', 'a - b\nprint(total)'), 'a - b');
    assert.equal(cut('  const at = ⟦index⟧;\n', 'items.length;\n  let b = 3;\n  return b'), 'items.length;');
    assert.equal(cut('if ⟦x > 3⟧:\n', 'x > 4:\n    return'), 'x > 4:');
    assert.equal(cut('a = ⟦1⟧\r\n', '2  \r\n\r\nb = 3'), '2');
  });

  it('does so where only what follows on the line is not selected', () => {
    assert.equal(cut('⟦const a⟧ = 3;\n', 'const b;\nlet a'), 'const b;');
  });

  it('keeps a statement that takes several lines', () => {
    for (const answer of LONG_STATEMENTS) assert.equal(cut('  total = ⟦a + b⟧\n', answer), answer);
  });

  it('ends behind such a statement', () => {
    assert.equal(cut('x = ⟦f(1)⟧\n', 'f(\n  2,\n)\ny = 4\n'), 'f(\n  2,\n)');
  });

  it('leaves alone what was asked for as whole lines, as an insertion, or as several lines', () => {
    const answer = 'a = 1\nb = 2';
    for (const file of ['  ⟦return x⟧\n', 'total = ⟦⟧\n', 'total = ⟦a\n+ b⟧\n', '⟦x⟧'])
      assert.equal(cut(file, answer), answer);
  });

  it('leaves alone an answer whose first line is blank', () => {
    assert.equal(cut('total = ⟦a⟧\n', '\n'), '\n');
  });

  it('takes a selection that closes more than it opens for what it is', () => {
    assert.equal(cut('call(⟦a)⟧\n', 'b)\nnext()'), 'b)');
  });
});

describe('withoutStop', () => {
  const fit = (file: string, answer: string) => fitted(withoutStop, file, answer);

  it('ends no statement in front of the rest of its line', () => {
    assert.equal(fit('  const quantity = ⟦item.quantity⟧ + change;\n', 'item.price;'), 'item.price');
    assert.equal(fit('  const at = ⟦index⟧;\n', 'items.length; '), 'items.length');
    assert.equal(fit('x = f(⟦⟧)\n', 'a;'), 'a', 'typed in front of what goes on with it');
  });

  it('keeps one that stood there, that ends the line, or that may end a statement of its own', () => {
    assert.equal(fit('if (a) ⟦b();⟧ else c();\n', 'd();'), 'd();');
    assert.equal(fit('  ⟦a()⟧\n', 'b();'), 'b();');
    assert.equal(fit('⟦⟧ foo();\n', 'a();'), 'a();');
    assert.equal(fit('<p>a ⟦b⟧ c</p>\n', 'b&nbsp;'), 'b&nbsp;', 'an entity');
    assert.equal(fit('x = ⟦a⟧ + b\n', '";" + c'), '";" + c');
  });
});

describe('withoutDoubledBlanks', () => {
  const fit = (file: string, answer: string) => fitted(withoutDoubledBlanks, file, answer);

  it('leaves one blank where the line has one', () => {
    assert.equal(fit('return total() ⟦!= 0⟧\n', ' == 0'), '== 0');
    assert.equal(fit('x = ⟦⟧ + 1\n', ' a '), 'a');
  });

  it('leaves indentation, blanks that stood there, and an answer of blanks alone', () => {
    assert.equal(fit('    ⟦x⟧\n', '  y'), '  y');
    assert.equal(fit('a⟦ + b⟧\n', ' - b'), ' - b');
    assert.equal(fit('a ⟦ + b ⟧ c\n', ' - b '), ' - b ');
    assert.equal(fit('a ⟦b⟧ c\n', '  '), '  ');
    assert.equal(fit('a = b\n⟦c⟧\n', '  d'), '  d');
  });
});

describe('withoutStrayBreaks', () => {
  const fit = (file: string, answer: string) => fitted(withoutStrayBreaks, file, answer);

  it('takes away the break that tears a line apart', () => {
    assert.equal(fit('x = f(⟦⟧)\n', 'a\n'), 'a');
    assert.equal(fit('x = f(⟦⟧)\r\n', 'a\r\n    '), 'a');
    assert.equal(fit('⟦⟧;\n', 'a\n'), 'a', 'in front of what begins nothing');
    assert.equal(fit('    ⟦⟧\n', '\n    a = 1'), 'a = 1', 'behind the indentation that is there');
  });

  it('keeps every other one', () => {
    assert.equal(fit('x = ⟦⟧\n', 'a\n'), 'a\n', 'at the end of a line');
    assert.equal(fit('⟦⟧y = 2\n', 'x = 1\n'), 'x = 1\n', 'a line before another one');
    assert.equal(fit('x = f(⟦⟧)\n', '\n  a,\n  b'), '\n  a,\n  b');
    assert.equal(fit('⟦⟧\n', '\na = 1'), '\na = 1', 'a blank line at the margin');
    assert.equal(fit('    ⟦⟧\n', '\n\ndef g():\n    a'), '\n\ndef g():\n    a', 'what is for another place');
    assert.equal(fit('x = f(⟦b⟧)\n', 'a\n'), 'a\n', 'a selection has rules of its own');
    assert.equal(fit('x = f(⟦⟧)\n', '\n'), '\n');
  });
});

describe('withinBracket', () => {
  const fit = (file: string, answer: string) => fitted(withinBracket, file, answer);

  it('ends where the answer closes what the editor has closed', () => {
    assert.equal(fit('  console.log(⟦⟧)\n', '`a`, b);'), '`a`, b');
    assert.equal(fit('  if (⟦⟧)\n', 'a.length > 1) {\n    b();\n  }'), 'a.length > 1');
    assert.equal(
      fit('  if (⟦⟧)\n', 'a[0]) {\n    b();\n  }('),
      'a[0]',
      'a bracket that only makes the number right',
    );
    assert.equal(fit('x = [⟦⟧]\n', 'f(a), b]'), 'f(a), b');
  });

  it('leaves alone what pairs, and what is no insertion in front of a bracket', () => {
    assert.equal(fit('f(⟦⟧)\n', 'a) + g(b'), 'a) + g(b');
    assert.equal(fit('f(⟦⟧)\n', 'g(a), ")"'), 'g(a), ")"');
    assert.equal(fit('f(⟦⟧\n', 'a)'), 'a)');
    assert.equal(fit('f(⟦⟧)\n', 'a,  // :)\n  b'), 'a,  // :)\n  b', 'a comment closes nothing');
    assert.equal(fit('f(⟦a⟧)\n', 'b);'), 'b);');
    assert.equal(fit('f(⟦⟧)\n', 'a]'), 'a]', 'another bracket');
  });
});

describe('withoutDoubledLead', () => {
  const own = (file: string, answer: string) => fitted(withoutDoubledLead, file, answer);

  it('leaves out what stands in front on the line, once more', () => {
    assert.equal(own('steps:\n  - run: ⟦⟧\n', 'run: docker push shop'), 'docker push shop');
    assert.equal(own('  const total = ⟦⟧\n', 'const total = price * count;'), 'price * count;');
    assert.equal(own('    return ⟦⟧\n', 'return total'), 'total');
    assert.equal(own('key:⟦⟧\n', 'key: 1'), ' 1');
  });

  it('leaves everything else as it is', () => {
    for (const [file, answer] of [
      ['return ⟦⟧\n', 'returned + 1'],
      ['print(⟦⟧)\n', 'print(x)'],
      ['a = ⟦⟧\n', 'a = 3'],
      ['  - run: ⟦⟧\n', 'docker run: x'],
      ['run: ⟦old⟧\n', 'run: new'],
      ['total = ⟦⟧\n', 'total ='],
    ] as const)
      assert.equal(own(file, answer), answer, file);
  });
});
