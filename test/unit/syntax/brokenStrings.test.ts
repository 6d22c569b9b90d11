// Strings that go on in the next line.
import assert from 'node:assert/strict';
import path from 'node:path';
import test, { after, describe } from 'node:test';
import { SyntaxTrees } from '../../../engine/syntax/syntaxTrees';

const folder = path.join(path.dirname(require.resolve('@vscode/tree-sitter-wasm/package.json')), 'wasm');
const trees = new SyntaxTrees({ folder, warn: assert.fail, limitMillis: 60_000 });
after(() => trees.dispose());

const misplaced = async (language: string, text: string, end = text.length) =>
  (await trees.ask(text, language, (tree) => tree.faults({ start: 0, end })))?.misplaced;

describe('a string with a line end in it is a fault', () => {
  const broken: readonly [string, string][] = [
    ['typescript', "throw new Error('it is over`);\n');\n"],
    ['javascript', 'const a = "x\n";\n'],
    ['typescriptreact', "const a = f('x\n', 1);\n"],
    ['java', 'class A { String a = "x\n"; }\n'],
    ['csharp', 'class A { string a = "x\n"; }\n'],
    ['cpp', 'auto a = "x\r\ny";\n'],
    ['c', 'char *a = "x\n";\n'],
    ['css', 'a { content: "x\n"; }\n'],
  ];
  for (const [language, text] of broken)
    test(`in ${language}`, async () => assert.equal(await misplaced(language, text), 1, text));

  test('but not where it is escaped, where strings may have several lines, or elsewhere', async () => {
    for (const [language, text] of [
      ['javascript', 'const a = "x\\\ny";\n'],
      ['javascript', 'const a = `x\ny`;\n'],
      ['java', 'class A { String a = """\n x"""; }\n'],
      ['csharp', 'class A { string a = @"x\ny"; }\n'],
      ['cpp', 'auto a = R"(x\n)";\nauto b = "x\\\ny";\n'],
      ['typescriptreact', 'const a = <p title="x\ny">x</p>;\n'],
      ['rust', 'const A: &str = "x\n";\n'],
      ['ruby', "a = 'x\n'\n"],
      ['php', "<?php\n$a = 'x\n';\n"],
      ['shellscript', "a='x\n'\n"],
    ] as const)
      assert.equal(await misplaced(language, text), 0, text);
    assert.equal(await misplaced('javascript', 'f();\nconst a = "x\n";\n', 3), 0);
  });
});
