// Whether nothing is wrong in a line, in files that are half written elsewhere.
import assert from 'node:assert/strict';
import path from 'node:path';
import test, { after, describe } from 'node:test';
import { SyntaxTrees } from '../../../../../engine/syntax/syntaxTrees';
import { isWholeWith } from '../../../../../extension/rewrite/repair/wholeness';

const HERE = '<here>';
const folder = path.join(path.dirname(require.resolve('@vscode/tree-sitter-wasm/package.json')), 'wasm');
const trees = new SyntaxTrees({ folder, warn: assert.fail, limitMillis: 60_000 });
after(() => trees.dispose());

describe('a line is whole', () => {
  const isWhole = (languageId: string, text: string, fresh: string) => {
    const start = text.indexOf(HERE);
    return isWholeWith(trees, { text, languageId }, { start, end: start + HERE.length }, fresh);
  };

  test('where nothing is wrong in it, and not where it is half written', async () => {
    const text = `function price(items) {\n  const sum = total(items);\n  ${HERE}\n  return sum;\n}\n`;
    assert.ok(await isWhole('javascript', text, 'log(sum + items.length);'));
    assert.ok(!(await isWhole('javascript', text, 'log(sum + items.;')));
    assert.ok(!(await isWhole('javascript', text, 'log(sum + items.length));')));
    assert.ok(!(await isWhole('brainfuck', text, 'log(sum);')), 'nothing reads it');
  });

  for (const [languageId, text, whole, half] of [
    [
      'javascript',
      // What comes behind the line that is not finished is read as a part of its function.
      `export function first(items) {\n  const sum = items.length > 1 ? items[0] :\n  }\n  return sum;\n}\n\nexport function find(items, name) {\n  ${HERE}\n}\n`,
      'return items.find((item) => item.name === name);',
      'return items.find((item) => item.name === );',
    ],
    [
      'typescript',
      `function first(items: number[]) {\n  return items.map((item) =>\n}\n\nfunction find(items: number[], name: number) {\n  ${HERE}\n  return name;\n}\n`,
      'const found = items.includes(name);',
      'const found = items.includes(name) + ;',
    ],
    [
      'python',
      `def first(items):\n    return [item for\n\n\ndef find(items, name):\n    ${HERE}\n`,
      'return name in items',
      'return name in',
    ],
    [
      'rust',
      `fn first(items: &[i32]) -> i32 {\n    let sum = items.\n}\n\nfn find(items: &[i32], name: i32) -> bool {\n    ${HERE}\n    found\n}\n`,
      'let found = items.contains(&name);',
      'let found = items.contains(&name) + ;',
    ],
  ] as const) {
    test(`of ${languageId}, too, where another function is half written`, async () => {
      assert.ok(await isWhole(languageId, text, whole));
      assert.ok(!(await isWhole(languageId, text, half)));
    });
  }

  test('and not where it leaves a block open, whatever is half written', async () => {
    const text = `function first(items) {\n  const sum = items.length > 1 ? items[0] :\n  }\n  return sum;\n}\n\nexport function find(items) {\n  ${HERE}\n    return 1;\n  }\n  return 2;\n}\n`;
    assert.ok(!(await isWhole('javascript', text, 'if (items {')));
  });
});
