// What decides about a fix: where it may lie, which answers parse, what a server's word means.
import assert from 'node:assert/strict';
import path from 'node:path';
import test, { after, describe } from 'node:test';
import fc from 'fast-check';
import { SyntaxTrees } from '../../../../engine/syntax/syntaxTrees';
import { candidatesOf, nearestFirst } from '../../../../extension/fixes/candidates';
import { withAbsoluteImports } from '../../../../extension/fixes/imports';
import {
  codeOf,
  fixesAmong,
  instructionFor,
  type Problem,
  type Verdict,
  verdictOf,
} from '../../../../extension/fixes/problem';
import { spansToTry } from '../../../../extension/fixes/spansToTry';
import { nearNames } from '../../../../extension/text/nearNames';

const folder = path.join(path.dirname(require.resolve('@vscode/tree-sitter-wasm/package.json')), 'wasm');
const trees = new SyntaxTrees({ folder, warn: assert.fail, limitMillis: 60_000 });
after(() => trees.dispose());

describe('where a fix may lie', () => {
  const placesOf = async (languageId: string, marked: string) => {
    const [head = '', middle = '', ...tail] = marked.split('|');
    const text = head + middle + tail.join('|');
    const range = { start: head.length, end: head.length + middle.length };
    const tree = await trees.open(text, languageId);
    try {
      return spansToTry(text, range, tree).map(({ start, end }) => text.slice(start, end));
    } finally {
      tree?.dispose();
    }
  };

  test('the smallest piece first, then the statement', async () => {
    const text = 'function f() {\n  const a = g(|missing|, 1);\n}\n';
    assert.deepEqual(await placesOf('typescript', text), ['missing', 'const a = g(missing, 1);']);
  });

  test('once where they are the same', async () => {
    assert.deepEqual(await placesOf('python', '|pass = 1|\n'), ['pass = 1']);
  });

  test('the head of a long function, not the whole of it', async () => {
    const body = '  g();\n'.repeat(60);
    assert.deepEqual(await placesOf('typescript', `function f(|a|) {\n${body}}\n`), ['a', 'function f(a)']);
  });

  test('the lines where there is no grammar, and where nothing parses', async () => {
    assert.deepEqual(await placesOf('plaintext', 'one\n  two |three\nfour| five\nsix'), [
      'two three\nfour five',
    ]);
    assert.deepEqual(await placesOf('typescript', 'ok();\n)) |== {|\n'), [')) == {']);
    assert.deepEqual(await placesOf('plaintext', 'one\n||\n'), []);
  });

  test('never empty, whatever is reported', async () => {
    const piece = fc.constantFrom('f(', ')', 'a', ' = ', '\n', '  ', '{', '}', '"', '🎈', ';');
    await fc.assert(
      fc.asyncProperty(fc.array(piece), fc.nat(), fc.nat(), async (pieces, a, b) => {
        const text = pieces.join('');
        const tree = await trees.open(text, 'typescript');
        const range = { start: a % (text.length + 1), end: b % (text.length + 1) };
        const spans = spansToTry(text, range, tree);
        tree?.dispose();
        for (const { start, end } of spans) assert.ok(0 <= start && start < end && end <= text.length);
      }),
      { numRuns: 200 },
    );
  });
});

describe('candidates', () => {
  const candidates = async (languageId: string, document: string, old: string, ...texts: string[]) => {
    const start = document.indexOf(old);
    const tree = await trees.open(document, languageId);
    const candidates = {
      spans: [{ start, end: start + old.length, old }],
      candidates: texts.map((text) => ({ texts: [text] })),
    };
    try {
      return candidatesOf(candidates, document, tree).map(({ text, whole }) => {
        assert.equal(whole, document.slice(0, start) + text + document.slice(start + old.length));
        return text;
      });
    } finally {
      tree?.dispose();
    }
  };

  test('that change nothing, that are there twice, or that do not parse are none', async () => {
    const document = 'const a = f(1);\nconst b = 2;\n';
    assert.deepEqual(
      await candidates('typescript', document, 'f(1)', 'f(1)', 'g(2)', 'g(2', 'g(2)', '{ (', 'h'),
      ['g(2)', 'h'],
    );
    assert.deepEqual(
      await candidates('python', 'def f():\n    return 1\n', 'return 1', 'return', 'return )'),
      ['return'],
    );
  });

  test('may mend what did not parse, and may leave what is broken elsewhere', async () => {
    const broken = 'const a = f(1;\nconst b = 2;\n';
    assert.deepEqual(await candidates('typescript', broken, 'f(1', 'f(1)', 'g(2'), ['f(1)', 'g(2']);
    const elsewhere = 'const a = 1;\nfunction g() {}\nconst c = = 3;\n';
    assert.deepEqual(await candidates('typescript', elsewhere, '1', '2', '(2'), ['2']);
  });

  test('are judged by their brackets where there is no grammar', async () => {
    assert.deepEqual(await candidates('plaintext', 'x = f(1) end', 'f(1)', 'g(2)', 'g(2', 'g[(2)]', ')('), [
      'g(2)',
      'g[(2)]',
    ]);
  });

  test('that do away with the code that has the problem are none, but a stray sign may go', async () => {
    const line = 'total += helper(lone)';
    const document = `for loan in loans:\n    ${line}\n`;
    assert.deepEqual(await candidates('python', document, line, '', '  ', 'total += helper(loan)'), [
      'total += helper(loan)',
    ]);
    assert.deepEqual(await candidates('javascript', 'const a = 1;;\nf(a);\n', ';;', ';', ''), [';', '']);
    const deleted = { texts: ['pass'], flaws: ['deletes'] } as const;
    const spans = [{ start: 23, end: 23 + line.length, old: line }];
    assert.deepEqual(candidatesOf({ spans, candidates: [deleted] }, document, undefined), []);
  });

  test('of no answer are none', () => {
    assert.deepEqual(candidatesOf({ spans: [], candidates: [] }, 'x', undefined), []);
  });
});

describe('what a server says', () => {
  const problem = (message: string, severity = 0, code = '1'): Problem => ({ message, code, severity });
  const target = problem('no such name');

  test('gone, still there, or traded for another', () => {
    const other = problem('unused', 1);
    assert.equal(verdictOf(target, [target, other], [other]), 'gone');
    assert.equal(verdictOf(target, [target, other], [target]), 'still');
    assert.equal(verdictOf(target, [target], [problem('not callable')]), 'traded');
    assert.equal(verdictOf(target, [target], [problem('unused', 1)]), 'gone', 'a lesser one may come');
    assert.equal(verdictOf(target, [target, target], [target]), 'gone', 'one of two');
    assert.equal(verdictOf(target, [target, other], [other, other]), 'gone');
    assert.equal(verdictOf(problem('hint', 3), [problem('hint', 3)], [problem('unused', 1)]), 'traded');
  });

  test('decides what is a fix: what a server found good, in its order, and nothing that nobody looked at', () => {
    const sifted = (...verdicts: readonly (Verdict | undefined)[]) =>
      fixesAmong(verdicts.map((verdict, candidate) => ({ candidate, verdict })));
    assert.deepEqual(sifted('still', undefined, 'gone', 'traded', 'gone'), {
      kind: 'fixes',
      candidates: [2, 4],
    });
    assert.deepEqual(sifted(undefined, undefined), { kind: 'unchecked' });
    assert.deepEqual(sifted('still', undefined), { kind: 'none' });
    assert.deepEqual(sifted(), { kind: 'none' });
  });

  test('puts answers with a name near to a misspelt one first', () => {
    const candidate = (text: string) => ({ text, whole: text });
    const order = (pointedAt: string, old: string, ...texts: readonly string[]) =>
      nearestFirst(texts.map(candidate), pointedAt, old).map(({ text }) => text);
    const old = 'self.itmes.pop(name)';
    const texts = ['self.quantity.pop(name)', 'name', 'self.items.pop(name)', 'self.times.pop(name)'];
    assert.deepEqual(order('itmes', old, ...texts).slice(0, 2), [
      'self.items.pop(name)',
      'self.times.pop(name)',
    ]);
    assert.deepEqual(order('itmes.pop(name)', old, ...texts), texts, 'the problem is about more than a name');
    assert.deepEqual(order('1', 'x = 1', 'x = 3', 'x = 2'), ['x = 3', 'x = 2']);
  });

  test('has a code in one of several forms', () => {
    assert.deepEqual(
      [codeOf(2304), codeOf('E501'), codeOf({ value: 7, target: 'x' }), codeOf(undefined)],
      ['2304', 'E501', '7', ''],
    );
  });

  test('is an instruction, with the text that it is about where that is short', () => {
    assert.equal(
      instructionFor('"cuont" is not\n  defined', ' cuont '),
      'Fix this problem at `cuont`: "cuont" is not defined',
    );
    assert.equal(instructionFor('Too long.', 'a\nb'), 'Fix this problem: Too long.');
    assert.equal(instructionFor('Empty.', ''), 'Fix this problem: Empty.');
    assert.ok(instructionFor('x'.repeat(9999), 'y'.repeat(9999)).length < 700);
  });
});

describe('imports of a copy', () => {
  const of = (text: string) => withAbsoluteImports(text, '/home/a/b');

  test('lead to the neighbours of the file, in each of their forms', () => {
    assert.equal(of(`import { x } from './c';`), `import { x } from '/home/a/b/c';`);
    assert.equal(of(`import type X from "../c.js"`), `import type X from "/home/a/c.js"`);
    assert.equal(of(`import './side';`), `import '/home/a/b/side';`);
    assert.equal(of(`export * from '..';`), `export * from '/home/a';`);
    assert.equal(of(`const x = await import('./c/d');`), `const x = await import('/home/a/b/c/d');`);
    assert.equal(of(`const x = require("./c")`), `const x = require("/home/a/b/c")`);
    assert.equal(withAbsoluteImports(`import a from '../../x'`, 'c:/a'), `import a from 'c:/x'`);
  });

  // Minutes, where every blank was tried as the end of the blanks before it.
  test('are not looked for in a million blanks', { timeout: 60_000 }, () => {
    const text = `import${' '.repeat(1_000_000)}x`;
    assert.equal(of(text), text);
  });

  test('are left alone where they are not relative, and so is all that is no import', () => {
    for (const text of [`import a from 'react';`, `f('./c');`, `const a = './c';`, `from './c\n'`, '']) {
      assert.equal(of(text), text);
    }
    fc.assert(
      fc.property(fc.string(), (text) => assert.equal(of(text).split('\n').length, text.split('\n').length)),
    );
  });
});

describe('names that one may be misspelt for', () => {
  const CODE = 'const daysSince = 3;\nconst dayOne = 1;\nreport(daysSince, daySinces, daysSinse);\n';
  const near = (text: string, name: string, message = '') => {
    const start = text.lastIndexOf(name);
    return nearNames(text, { start, end: start + name.length }, message);
  };

  test('the nearest first, of those as near the more frequent', () => {
    assert.deepEqual(near(CODE, 'daysSinse', "Cannot find name 'daysSinse'."), ['daysSince']);
    assert.deepEqual(near('height + weight + weight + xeight', 'xeight'), ['weight', 'height']);
  });

  test('those that the problem proposes, wherever they are declared', () => {
    const message = "Property 'psuh' does not exist on type 'string[]'. Did you mean 'push'?";
    assert.deepEqual(near('rows.psuh(row);', 'psuh', message), ['push']);
    assert.deepEqual(near('rows.psuh(row); rows.psuh(1);', 'psuh', message), ['push']);
  });

  test('none of a name that stands there twice, of a short one, or of what is no name alone', () => {
    assert.deepEqual(near(`${CODE}daysSinse();`, 'daysSinse'), []);
    assert.deepEqual(near('row = raw; f(rox)', 'rox'), []);
    assert.deepEqual(near(CODE, 'daysSinse)'), []);
    assert.deepEqual(near(CODE, ''), []);
  });

  test('none of a name that is declared there: nothing uses it, and it is meant', () => {
    const unused = "'totall' is assigned a value but never used.";
    for (const code of [
      'totall = other()',
      'totall: int = 1',
      'let totall: number = 1',
      'totall := f()',
      'let totall;',
      'fn totall() {}',
    ])
      assert.deepEqual(near(`total = 1\nprint(total)\n${code}`, 'totall', unused), [], code);
    const unknown = "Cannot find name 'totall'.";
    assert.deepEqual(near('let total = 1;\nprint(total);\ntotall = other();', 'totall', unknown), ['total']);
    assert.deepEqual(near('let total = 1;\nlet totall = other();', 'totall', unknown), []);
    assert.deepEqual(near('total = 1\nif totall == 2: pass', 'totall'), ['total']);
    assert.deepEqual(near('total = 1\nf(totall => 1, totals)', 'totall'), ['total', 'totals']);
  });
});
