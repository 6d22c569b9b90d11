// Quick fixes checked by VS Code's TypeScript server.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { commands, DiagnosticSeverity, languages } from 'vscode';
import { Checker } from '../../extension/fixes/checker';
import {
  closeEverything,
  fingerprint,
  internals,
  openFile,
  replace,
  undoIn,
  until,
  useScriptedEngine,
} from './host';
import { actionAt, choose, rewriteOf } from './objector';

describe('quick fixes and the TypeScript server', () => {
  useScriptedEngine();
  afterEach(async () => {
    await closeEverything();
  });

  it("is checked by VS Code's TypeScript server, on a copy of a file that it knows nothing of", async () => {
    const text = [
      'export function area(width: number, height: number): number {',
      '  return width * heigth;',
      '}',
      'export const one = area(1, 1);',
      '',
    ].join('\n');
    const editor = await openFile('area.ts', text);
    const { document } = editor;
    const untouched = fingerprint(document);
    const problem = await until(
      () => languages.getDiagnostics(document.uri).find(({ message }) => message.includes('heigth')),
      "the TypeScript server's word",
    );
    const { copies } = await (await internals()).palimpsest();
    const { signal } = new AbortController();
    const checker = await Checker.open(document, problem, copies, signal);
    assert.ok(checker.isAble, 'the server looks at copies');
    const verdictOf = async (fresh: string) =>
      (await checker.check([text.replace('width * heigth', fresh)], signal))[0];
    assert.equal(await verdictOf('width * height'), 'gone');
    assert.equal(await verdictOf('heigth'), 'still');
    assert.equal(await verdictOf('width * hight'), 'traded');
    assert.equal(await verdictOf('width.length'), 'traded');
    assert.equal(await verdictOf('width + height'), 'gone');
    await checker.close();
    assert.deepEqual(fingerprint(document), untouched);
    const errors = languages
      .getDiagnostics(document.uri)
      .filter(({ severity }) => severity === problem.severity);
    assert.deepEqual(
      errors.map(({ message }) => message),
      [problem.message],
      'the file itself has the same problem, and no other',
    );

    const { engine } = await (await internals()).palimpsest();
    const stop = replace(engine, 'use', () => assert.fail('a misspelt name takes no model'));
    try {
      assert.equal(await choose(await actionAt(editor, problem.range)), 'shown');
    } finally {
      stop();
    }
    assert.deepEqual(fingerprint(document), untouched);
    const rewrite = await rewriteOf(editor);
    assert.deepEqual(
      rewrite?.review?.candidates.map(({ texts }) => texts),
      [['height']],
    );
    await commands.executeCommand('palimpsest.acceptRewrite');
    await until(() => rewrite?.ending, 'the end of the rewrite');
    assert.equal(document.getText(), text.replace('heigth', 'height'));
    await undoIn(document);
  });

  it('is checked with the types of the neighbours that the file imports', async () => {
    await openFile('shapes.ts', 'export function square(side: number): number {\n  return side * side;\n}\n');
    const text = "import { square } from './shapes';\n\nexport const nine = square('3');\n";
    const { document } = await openFile('nine.ts', text);
    const problem = await until(
      () => languages.getDiagnostics(document.uri).find(({ message }) => message.includes('string')),
      "the TypeScript server's word",
    );
    const { copies } = await (await internals()).palimpsest();
    const { signal } = new AbortController();
    const checker = await Checker.open(document, problem, copies, signal);
    assert.ok(checker.isAble, 'the server knows the neighbour');
    const texts = [
      text.replace("'3'", '3'),
      text.replace("'3'", "'4'"),
      text.replace("square('3')", 'circle(3)'),
    ];
    assert.deepEqual(await checker.check(texts, signal), ['gone', 'still', 'traded']);
    await checker.close();
  });

  it('is checked where the server only suggests: a name that nobody uses', async () => {
    const text = 'export function area(width: number): number {\n  const height = 3;\n  return width;\n}\n';
    const { document } = await openFile('unused.ts', text);
    const problem = await until(
      () => languages.getDiagnostics(document.uri).find(({ message }) => message.includes("'height'")),
      "the TypeScript server's word",
    );
    assert.equal(problem.severity, DiagnosticSeverity.Hint);
    const { copies } = await (await internals()).palimpsest();
    const { signal } = new AbortController();
    const checker = await Checker.open(document, problem, copies, signal);
    assert.ok(checker.isAble, 'the server says so of the copy, too');
    const texts = [text.replace('return width', 'return width * height'), text.replace('3', '4')];
    assert.deepEqual(await checker.check(texts, signal), ['gone', 'still']);
    await checker.close();
  });
});
