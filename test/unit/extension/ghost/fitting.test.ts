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

  test('is offered as it is where nothing but brackets follows, or nobody can parse it', async () => {
    for (const marked of ['print(|)\n', 'if |:\n', 'x = |\ny = 2\n'])
      assert.deepEqual(await left('python', marked, ['a b (']), ['a b (']);
    assert.deepEqual(await left('klingon', 'a | b', ['((']), ['((']);
  });

  test('declares nothing that is declared already, at the end of a line either', async () => {
    const script = 'function f(date) {\n  const month = date.getMonth();\n  |\n  return month;\n}\n';
    assert.deepEqual(
      await left('javascript', script, ['const month = 1;', 'const day = date.getDate();', 'month++;']),
      ['const day = date.getDate();', 'month++;'],
    );
    assert.deepEqual(await left('javascript', script.replace('|', 'const |'), ['month = 2;', 'day = 2;']), [
      'day = 2;',
    ]);
    assert.deepEqual(
      await left('python', 'def f():\n    pass\n\n\ndef |\n', ['f():\n    return 1', 'g():\n    return 1']),
      ['g():\n    return 1'],
    );
  });

  test('may stand in code that does not parse anyway', async () => {
    assert.deepEqual(await left('python', 'def f(:\n    return a | b\n', ['+']), ['+']);
  });
});
