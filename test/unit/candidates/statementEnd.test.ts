// Where the one statement ends that somebody asked for, by a selection or by typing in the middle of a line.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { endOfStatement, isOneStatement } from '../../../engine/candidates/statementEnd';
import { holeTextOf } from '../../../engine/infill/holeTexts';
import { LONG_STATEMENTS } from './examples';

function holeIn(file: string) {
  const [before = '', original = '', after = ''] = file.split(/[«»]/);
  return holeTextOf(before + original + after, {
    start: before.length,
    end: before.length + original.length,
  });
}

/** The statement that an answer for `«…»` begins with; undefined: it may go on. */
function statementIn(file: string, answer: string, isBound = false): string | undefined {
  const end = endOfStatement(answer, holeIn(file), isBound);
  return end === undefined ? undefined : answer.slice(0, end);
}

describe('one statement', () => {
  const asks = (file: string, isTyped: boolean) => isOneStatement(holeIn(file), isTyped);

  test('is asked for by a selection of a line, or of a part of one', () => {
    for (const file of ['  «return x»\n', 'x = «f(a)»\n', '«  return x\n»}\n', 'if «x > 3»:\n'])
      assert.ok(asks(file, false), file);
    for (const file of ['«a = 1\nb = 2»\n', '  «»\n', 'x = «»\n']) assert.ok(!asks(file, false), file);
  });

  test('is not, by one of what stands for code to come, or of a comment', () => {
    for (const standing of [
      'pass',
      '...',
      'raise NotImplementedError',
      'raise NotImplementedError("later")',
      "throw new Error('Not implemented');",
      'todo!()',
      'unimplemented!("later")',
      '# Adds them.',
      '// TODO: add them',
      '/* Adds them. */',
      '<!-- a list -->',
    ])
      assert.ok(!asks(`def f():\n    «${standing}»\n`, false), standing);
  });

  test('is, by who types in the middle of a line, or in front of what it is to open', () => {
    for (const file of ['x = f(«»)\n', 'x = «»\n', '«»;\n', '«»\n    return a\n', '  «»\n    a();\n  }\n'])
      assert.ok(asks(file, true), file);
    for (const file of ['    «»\n    return a\n', 'a = 1\n«»\nb = 2\n']) assert.ok(!asks(file, true), file);
  });

  test('ends with its line, once it is known that the next one does not go on with it', () => {
    assert.equal(statementIn('x = «a»\n', 'b\ny = 2'), 'b');
    assert.equal(statementIn('x = «a»\n', 'b  \n\n\ny = 2'), 'b');
    for (const soFar of ['b', 'b\n', 'b\n\n    '])
      assert.equal(statementIn('x = «a»\n', soFar), undefined, soFar);
    assert.equal(statementIn('x = «a»\n', 'b\n', true), 'b', 'there is no next one');
    assert.equal(
      statementIn('  «return x»\n', '\n  return y\nfoo()'),
      '\n  return y',
      'blank lines are no line',
    );
  });

  test('takes several lines where it is written so', () => {
    for (const answer of LONG_STATEMENTS)
      assert.equal(statementIn('total = «a»\n', `${answer}\nz = 1`), answer);
    assert.equal(statementIn('f(a, «b»)\n', 'c\nz = 1'), 'c', 'the file closes what it has opened');
    assert.equal(statementIn('x = { a: «b» };\n', 'c };\nz = 1'), 'c };');
  });

  test('ends before what is no continuation, though it begins with a sign', () => {
    for (const next of ['// a comment', '* of a comment', '}', ')', '<b>', '...rest', '-1 + x', 'if (x) {'])
      assert.equal(statementIn('  x = «a»\n', `b;\n  ${next}`), 'b;', next);
  });

  test('has what it opens, unless that stands behind it', () => {
    assert.equal(
      statementIn('    «return x»\n', 'if x:\n        return 1\n    y = 1'),
      'if x:\n        return 1',
    );
    assert.equal(
      statementIn('    «return x»\n', 'if x:\n        a\n    else:\n        b\n    y = 1'),
      'if x:\n        a\n    else:\n        b',
    );
    assert.equal(
      statementIn('    if x:«»\n', '\n        return 1\n        y = 2\n    z = 1'),
      '\n        return 1\n        y = 2',
    );
    assert.equal(statementIn('«for x in y:»\n    print(x)\n', 'for x in z:\n    foo()'), 'for x in z:');
    assert.equal(statementIn('«if (x) {»\n  a();\n}\n', 'if (y) {\n  foo()'), 'if (y) {');
    assert.equal(statementIn('foo(«a» {\n  a();\n}\n', 'b, () =>\n  foo'), undefined);
  });

  test('keeps what says something about it', () => {
    assert.equal(
      statementIn('  «return x»\n', '# All of them.\n  return y\n  z = 1'),
      '# All of them.\n  return y',
    );
    assert.equal(
      statementIn('  «return x»\n', '/** All. */\n  return y;\n  z = 1'),
      '/** All. */\n  return y;',
    );
  });

  test('in a string of several lines is a line of it', () => {
    const file = 'def f():\n    """Adds «them»\n    all.\n    """\n';
    assert.equal(statementIn(file, 'two (or more\n    of them)'), 'two (or more');
  });

  test('has what it opens by indentation, by a brace on the next line, or by words', () => {
    const whole: readonly (readonly [string, string])[] = [
      ['  «a();»\n', 'if (x)\n    a();\n  else\n    b();'],
      ['  «return a;»\n', 'for (const x of y)\n    sum += x;'],
      ['  «f();»\n', 'if (x)\n  {\n    f();\n  }'],
      ['  «f();»\n', 'if (x) {\n    f();\n  }\n  else {\n    g();\n  }'],
      ['  «a»\n', 'if a\n    b\n  end'],
      ['  «a»\n', 'x.each do |y|\n    y\n  end'],
      ['  «a»\n', 'if [ -f a ]; then\n    b\n  fi'],
      ['  «<A />»\n', '<A\n    b={c}\n  />'],
      ['«x = 1»\n', '@property\ndef x(self):\n    return 1'],
      ['  «int f;»\n', '@Override\n  public int f() {\n    return 1;\n  }'],
    ];
    for (const [file, answer] of whole) {
      assert.equal(statementIn(file, `${answer}\nz = 1`), answer);
      // However much of it is written, it is not taken for whole before it is.
      for (let length = 1; length < answer.length; length++)
        assert.equal(statementIn(file, answer.slice(0, length)), undefined, answer.slice(0, length));
    }
  });

  test('waits for the first word or sign of the next line', () => {
    for (const soFar of ['b\n  -', 'b\n  +', 'if x:\n    a\nel', 'if x:\n    a\nfin'])
      assert.equal(statementIn('«a»\n', soFar), undefined, soFar);
    assert.equal(statementIn('x = «a»\n', 'b\n  - c\nz = 1'), 'b\n  - c');
    assert.equal(statementIn('x = «a»\n', 'b\n-c;'), 'b');
  });

  test('takes no deeper line for its body that only goes on with the hole’s own', () => {
    assert.equal(statementIn('x = foo(«a»,\n        b)\n', "{\n    'k': 1,\n}\nz = 1"), "{\n    'k': 1,\n}");
    const arrow = 'other.filter((x) => {\n  return x;\n})';
    assert.equal(statementIn('const y = «items»\n    .map(f);\n', `${arrow}\nz = 1`), arrow);
  });

  test('is the docstring where one is selected', () => {
    assert.equal(statementIn('  «"""Doc."""»\n  a\n', '"""Other."""\n  return x\n'), '"""Other."""');
  });
});
