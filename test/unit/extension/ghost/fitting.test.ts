import assert from 'node:assert/strict';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { SyntaxTrees } from '../../../../engine/syntax/syntaxTrees';
import { fitting } from '../../../../extension/ghost/fitting';

const GRAMMARS = path.join(path.dirname(require.resolve('@vscode/tree-sitter-wasm/package.json')), 'wasm');

describe('ghost text on request', () => {
  let trees: SyntaxTrees;
  before(() => {
    trees = new SyntaxTrees({ folder: GRAMMARS, warn: (message) => assert.fail(message) });
  });
  after(() => trees.dispose());

  const left = (languageId: string, marked: string, answers: readonly string[]) => {
    const [left = '', right = ''] = marked.split('|');
    return fitting(trees, { before: left, after: right, languageId }, answers);
  };

  test('goes on with what follows the cursor, or is not offered', async () => {
    assert.deepEqual(
      await left('python', 'with open(|path) as file:\n    pass\n', ['root / ', 'path) as file', '']),
      ['root / ', ''],
    );
    assert.deepEqual(
      await left('java', 'class A { boolean f() { return a < | capacity; } }', ['limit', '2 *']),
      ['2 *'],
    );
  });

  test('is offered as it is where the line is half-written, or nobody can parse it', async () => {
    for (const marked of ['print(a |\n', 'if |:\n', 'x = y +|\n'])
      assert.deepEqual(await left('python', marked, ['a b (']), ['a b (']);
    assert.deepEqual(await left('klingon', 'a | b', ['((']), ['((']);
  });

  test('declares nothing that is declared already, at the end of a line either', async () => {
    const script = 'function f(date) {\n  const month = date.getMonth();\n  |\n  return month;\n}\n';
    assert.deepEqual(
      await left('javascript', script, ['const month = 1;', 'const day = date.getDate();', 'day(month);']),
      ['const day = date.getDate();', 'day(month);'],
    );
    assert.deepEqual(await left('javascript', script.replace('|', 'const |'), ['month = 2;', 'day = 2;']), [
      'day = 2;',
    ]);
    assert.deepEqual(
      await left('python', 'def f():\n    pass\n\n\ndef |\n', ['f():\n    return 1', 'g():\n    return 1']),
      ['g():\n    return 1'],
    );
  });

  test('leaves code that was whole whole, once what it opens is closed', async () => {
    const script = 'const a = 1;\n|\nexport function f(): number {\n  return a;\n}\n';
    const header = 'const quantityMoved(sku: string): number {';
    const fine = [
      'const b = (sku: string): number => {',
      'function g(sku: string): number {',
      'if (a > 1) {\n  f([a, ',
      'const c = `one {`;',
      '// what (',
      '/* what (',
      `const c = \`one $\{a} (`,
      'for (const one of [a]) { // every (',
    ];
    assert.deepEqual(await left('typescript', script, [header, `${header}\n  return 1;\n}`, ...fine]), fine);
    const lines = ['for b in range(3):', 'print(', 'def g() -> int:  # one', 'x = [', '"""What'];
    assert.deepEqual(
      await left('python', 'a = 1\n|\nprint(a)\n', [...lines, 'for b in:', 'def (a):', 'a b']),
      lines,
    );
    assert.deepEqual(await left('python', 'print(|)\n', ['a b (', 'a, f(b']), ['a, f(b']);
    assert.deepEqual(await left('go', 'package a\n\n|\n', ['func f(b int) {', 'func (b int {']), [
      'func f(b int) {',
    ]);
  });

  test('may stand in code that does not parse anyway', async () => {
    assert.deepEqual(await left('python', 'def f(:\n    return a | b\n', ['+']), ['+']);
  });

  test('has a body where one is missing', async () => {
    const loop = 'for c in s:\n    |\nprint(s)\n';
    const fine = ['pass', 'if c:', 'n = 1  # one', 'if c:  # one', 'print(c)\n    # more'];
    const bare = ['# TODO', "if c == '*':\n        # a star", ''];
    assert.deepEqual(await left('python', loop, [...bare, ...fine]), fine);
    assert.deepEqual(await left('python', 'if a:|\n', [' # what', ' pass', ' b = 1']), [' pass', ' b = 1']);
    assert.deepEqual(await left('python', 'a = 1\n|\n', ['if a:\n    # one', 'if a:']), ['if a:']);
  });

  test('of Java has none that another class has, unless its own may have it from a base', async () => {
    const ledger = (head: string) =>
      `${head} {\n  static class Entry {\n    private String account;\n    Entry(String account) { this.account = account; }\n  }\n  void open(String account) { put(account); }\n  long total() {\n    long sum = 0;\n    if (isEmpty()) {\n      |\n    }\n    return sum;\n  }\n}\n`;
    const answer = 'throw new IllegalArgumentException("no account: " + account);';
    assert.deepEqual(await left('java', ledger('class Ledger'), [answer]), []);
    assert.deepEqual(await left('java', ledger('class Ledger extends Book'), [answer]), [answer]);
    assert.deepEqual(await left('java', ledger('class Ledger'), ['return sum;']), ['return sum;']);
  });

  test('has no names that only other functions have', async () => {
    const go = 'package a\n\nfunc f() {\n\tkeys := 1\n\tprint(keys)\n}\n\nfunc g(m int) {\n\t|\n}\n';
    assert.deepEqual(await left('go', go, ['keys = 2', 'print(keys)', 'm = 2', 'keys := 2']), [
      'm = 2',
      'keys := 2',
    ]);
    assert.deepEqual(await left('go', go, ['print(keys)']), []);
    const block = 'for _, key := range keys {\n\t\tprint(key)\n\t}';
    assert.deepEqual(await left('go', go, [block, block.replace('keys', 'm')]), [block.replace('keys', 'm')]);
    const star =
      'from conf import *\n\n\ndef f():\n    limit = 3\n    return limit\n\n\ndef g(a):\n    return |\n';
    assert.deepEqual(await left('python', star, ['limit']), ['limit']);
    assert.deepEqual(await left('python', star.replace('*', 'a'), ['limit']), []);
    const script =
      'function f() {\n  let first = 1;\n  return first;\n}\nfunction g(a) {\n  return a + |;\n}\n';
    assert.deepEqual(await left('javascript', script, ['first', 'a']), ['a']);
    const ruby = 'class A\n  def f(winner)\n    winner.name\n  end\n\n  def g(fighter)\n    |\n  end\nend\n';
    assert.deepEqual(await left('ruby', ruby, ['@wins[winner.name] += 1', '@wins[fighter] += 1']), [
      '@wins[fighter] += 1',
    ]);
  });
});
