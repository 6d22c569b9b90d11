// What a model writes behind its hole is not part of the answer.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { endOfBlock, isInString } from '../../../engine/candidates/blockEnd';

const sides = (before: string, selected = '', after = '') => ({ before, selected, after });
const kept = (answer: string, before: string, selected = '', after = '') =>
  answer.slice(0, endOfBlock(answer, sides(before, selected, after)));

describe('an answer ends where it leaves the block of its hole', () => {
  test('in a body that is indented', () => {
    const before = 'for value in values:\n        ';
    assert.equal(kept('total += value\n    return total\n\n\ndef mode(', before), 'total += value');
    assert.equal(kept('a()\n        b()\n\n        c()\n', before), 'a()\n        b()\n\n        c()\n');
  });

  test('before a brace that closes what the hole did not open', () => {
    assert.equal(kept('return 1;\n}\n\nfunction g() {\n', 'function f() {\n  ', '', '\n}\n'), 'return 1;');
    assert.equal(
      kept('\n    foo();\n  }\n  bar();\n}\n', 'f() {\n  if (x) {', '', '\n}\n'),
      '\n    foo();\n  }\n  bar();',
    );
  });

  test('behind a brace that the file still lacks', () => {
    assert.equal(kept('return 1;\n}\n\nfunction g() {\n', 'function f() {\n  '), 'return 1;\n}');
  });

  test('not at a further branch, unless the file has its own', () => {
    const branch = 'a()\nelse:\n    b()\nc()\n';
    assert.equal(kept(branch, 'if x:\n    ', '', '\nd()\n'), 'a()\nelse:\n    b()');
    assert.equal(kept(branch, 'if x:\n    ', '', '\nelse:\n    d()\n'), 'a()');
    assert.equal(kept('a();\n} else {\n  b();\n', 'if (x) {\n  ', '', '\n}\n').length, branch.length - 1);
    assert.equal(kept('a();\n} else {\n', 'if (x) {\n  ', '', '\n} else {\n  c();\n}\n'), 'a();');
  });

  test('with what was selected as the measure', () => {
    const selected = 'if a:\n        b()\n    c()';
    assert.equal(kept('x()\n    y()\nz()\n', 'def f():\n    ', selected), 'x()\n    y()');
    const whole = 'def f():\n    pass';
    assert.equal(kept('def g():\n    pass\ng()\n', '', whole), 'def g():\n    pass\ng()\n');
  });

  test('at the margin there is nothing to leave', () => {
    assert.equal(kept('a()\nb()\n', 'x\n'), 'a()\nb()\n');
  });

  test('not at a directive', () => {
    assert.equal(kept('a();\n#endif\n  b();\n}\n', '{\n  ', '', '\n}\n'), 'a();\n#endif\n  b();');
  });

  test('not within a text or brackets that it has opened, though a quote is missing elsewhere', () => {
    for (const open of ['x = """\ntext\n', 'x = `\ntext\n', 'f(\na,\n']) assert.equal(kept(open, '  '), open);
    assert.equal(kept('x = """\ntext\n"""\ny = 1\n', '  '), 'x = """\ntext\n"""');
    assert.equal(kept("a()  # the users' own\nb()\n", '  '), "a()  # the users' own");
  });

  test('not in a string of several lines', () => {
    const hole = { before: 'def f():\n    sql = """\n    select ', selected: '', after: '\n    """\n' };
    assert.equal(endOfBlock('a\nfrom b\n', hole), 1);
    assert.equal(endOfBlock('a\nfrom b\n', { ...hole, isInString: true }), undefined);
    const at = (file: string) => {
      const start = file.indexOf('|');
      return isInString(file.replace('|', ''), { start, end: start });
    };
    assert.ok(at('sql = """\n  select |\n"""\n') && at('a = `\n|`;\n'));
    assert.ok(!at('"""It\'s."""\n|\n') && !at('# a ` alone\n|\n') && !at('|'));
  });

  test('at what only looks like a directive or a branch', () => {
    for (const line of ['# if nothing else helps', 'default = 5', 'case = 5', 'ensure(x)', 'when(x).then(y)'])
      assert.equal(kept(`a()\n${line}\n`, 'f:\n    '), 'a()', line);
    for (const line of ['default:', 'case 5:', 'case X =>', 'ensure', 'when 5', '} catch (e) {'])
      assert.equal(kept(`a()\n${line}\n`, 'f:\n    '), `a()\n${line}\n`, line);
  });

  test('whatever a comment opens', () => {
    for (const comment of ['# the ` sign', '# 1) see ( there', '// {'])
      assert.equal(kept(`a()  ${comment}\nb()\n`, '    '), `a()  ${comment}`, comment);
    assert.equal(kept('f("# (", a // b,\nc\n', '    '), 'f("# (", a // b,\nc\n', 'that is open');
  });

  test('with a tab as wide as four blanks', () => {
    assert.equal(kept('a()\n  b()\n', 'f:\n\t'), 'a()');
    assert.equal(kept('a()\n    b()\n', 'f:\n\t'), 'a()\n    b()\n');
  });

  test('with its own first line as the measure where the hole has none', () => {
    assert.equal(kept('    a()\nb()\n', 'f:\n'), '    a()');
    assert.equal(kept('\n\n', 'f:\n'), '\n\n');
  });

  test('not before a line is whole: it may still be indented', () => {
    assert.equal(endOfBlock('a()\n', sides('  ')), undefined);
    assert.equal(endOfBlock('a()\n b', sides('  ')), undefined);
  });
});
