// Which files of a workspace are looked at, in which order, and which are not worth it.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { choose, Nearest } from '../../../../extension/memory/choice';
import { checked, contentOf, LARGEST_FILE } from '../../../../extension/memory/contents';
import { ImportablePaths } from '../../../../extension/memory/imports';
import { languageOf } from '../../../../extension/memory/languages';
import { inTurns } from '../../../../extension/memory/nearOrder';
import { Ranking } from '../../../../extension/memory/ranking';
import { isOnDisk, rootNames } from '../../../../extension/memory/rootNames';

const NOTHING = { open: [], imported: new Set<string>(), languages: [] };

describe('names of source code', () => {
  test('have a language, those of tools and of data do not', () => {
    for (const [path, language] of [
      ['src/a.ts', 'typescript'],
      ['A.PY', 'python'],
      ['a/b.d.ts', 'typescript'],
      ['readme.md', 'markdown'],
      ['package.json', 'json'],
      ['package-lock.json', undefined],
      ['lib/jquery.min.js', undefined],
      ['api/user.pb.go', undefined],
      ['image.png', undefined],
      ['Makefile', undefined],
      ['.py', undefined],
      ['a.b/c', undefined],
    ] as const) {
      assert.equal(languageOf(path), language, path);
    }
  });
});

describe('the nearest files', () => {
  const ranking = new Ranking({
    open: ['web/src/cart/total.ts', 'web/src/cart/item.ts'],
    imported: new Set(['lib/money.ts']),
    languages: ['typescript'],
  });
  const order = (paths: readonly string[], of = ranking, most?: number) => {
    const nearest = new Nearest();
    for (const path of paths) nearest.add(path, of.rank(path));
    return nearest.take(most);
  };

  test('are those that are open, imported, beside them, and then farther away', () => {
    const wanted = [
      'web/src/cart/item.ts',
      'lib/money.ts',
      'web/src/cart/tax.ts',
      'web/src/cart/view/row.ts',
      'web/src/user/name.ts',
      'server/main.ts',
    ];
    assert.deepEqual(order([...wanted].reverse()), wanted);
  });

  test('are of a language that shares its code; prose and what tools have built come last', () => {
    const wanted = [
      'web/src/cart/a.js',
      'web/src/cart/a.go',
      'web/src/cart/a.md',
      'web/src/cart/dist/a.ts',
      'web/vendor/b/dist/a.ts',
    ];
    assert.deepEqual(order([...wanted].reverse()), wanted);
  });

  test('are those near the top where nothing is open', () => {
    const wanted = ['a.ts', 'src/b.py', 'src/deep/c.ts', 'dist/a.ts'];
    assert.deepEqual(order([...wanted].reverse(), new Ranking(NOTHING)), wanted);
  });

  test('are at most so many', () => {
    const paths = ['x/y/c.ts', 'a.ts', 'x/b.ts', 'b.ts'];
    assert.deepEqual(order(paths, new Ranking(NOTHING), 3), ['a.ts', 'b.ts', 'x/b.ts']);
  });
});

describe('the choice', () => {
  const DAY = 86_400_000;
  const NOW = 1000 * DAY;
  const file = (path: string, rank: number, size = 10, days = 100) => ({
    path,
    rank,
    size,
    modified: NOW - days * DAY,
  });
  const paths = (files: readonly { readonly path: string }[]) => files.map(({ path }) => path);

  test('takes the nearest, and the newest of those as near', () => {
    const { files } = choose([file('a', 3), file('b', 2), file('c', 3, 10, 50), file('d', 5, 10, 0.5)], NOW);
    assert.deepEqual(paths(files), ['d', 'b', 'c', 'a']);
  });

  test('a new file never goes before what is open or imported', () => {
    const { files } = choose([file('new', 3, 10, 0), file('imported', 1), file('open', 0)], NOW);
    assert.deepEqual(paths(files), ['open', 'imported', 'new']);
  });

  test('leaves out what is too large, and what there is no room for', () => {
    const limits = { files: 3, bytes: 100 };
    const all = [file('big', 0, LARGEST_FILE + 1), file('a', 1, 60), file('b', 2, 50), file('c', 3, 40)];
    const choice = choose(all, NOW, limits);
    assert.deepEqual(paths(choice.files), ['a', 'c'], 'a smaller one farther away still fits');
    assert.deepEqual([...choice.skipped], [['big', 'large']]);
    assert.equal(choice.left, 1);
    assert.equal(choose([...all, file('d', 4, 0), file('e', 5, 0)], NOW, limits).files.length, 3);
  });
});

describe('imports', () => {
  const importable = new ImportablePaths([
    'src/a.ts',
    'src/money.ts',
    'src/view/index.ts',
    'src/view/row.test.ts',
    'lib/money.py',
    'lib/util/__init__.py',
    'lib/util/text.py',
    'include/deep/point.h',
    'crates/core/src/parser.rs',
    'java/com/shop/Cart.java',
    'one/same.ts',
    'two/same.ts',
    'three/same.ts',
  ]);

  for (const [language, path, text, wanted] of [
    [
      'relative paths, with and without an extension',
      'src/b.ts',
      "import { x } from './a.js';\nexport * from './money';\nconst v = require('./view');\nimport './view/row.test';\n",
      ['src/a.ts', 'src/money.ts', 'src/view/index.ts', 'src/view/row.test.ts'],
    ],
    ['a folder above', 'src/view/row.ts', "import { y } from '../money';", ['src/money.ts']],
    ['no library of the same name', 'src/b.ts', "import a from 'react/a';\nimport same from 'same';", []],
    [
      'modules of Python',
      'lib/main.py',
      'from lib.money import price\nimport lib.util\nfrom .util import text\n',
      ['lib/money.py', 'lib/util/__init__.py'],
    ],
    ['a name in the package', 'lib/util/more.py', 'from .text import wrap\n', ['lib/util/text.py']],
    ['headers', 'src/main.c', '#include <stdio.h>\n#include "deep/point.h"\n', ['include/deep/point.h']],
    [
      'modules of Rust',
      'crates/core/src/lib.rs',
      'mod parser;\nuse crate::parser::Parser;\n',
      ['crates/core/src/parser.rs'],
    ],
    [
      'classes of Java',
      'java/com/shop/Main.java',
      'import com.shop.Cart;\nimport static com.shop.Cart.of;\n',
      ['java/com/shop/Cart.java'],
    ],
    ['nothing of itself', 'src/a.ts', "import './a';", []],
  ] as const) {
    test(language, () => assert.deepEqual(importable.importedBy(path, text), wanted));
  }

  test('what has come, and nothing that has gone', () => {
    const some = new ImportablePaths(['src/a.ts', 'lib/util/index.ts']);
    some.delete('src/a.ts');
    some.add('src/b.ts');
    const text = "import './a';\nimport './b';\nimport '../lib/util';\n";
    assert.deepEqual(some.importedBy('src/c.ts', text), ['src/b.ts', 'lib/util/index.ts']);
  });

  test('what stands behind blanks and blank lines', () => {
    const text = "\n\n  import './a';\nexport * from  './money';\nrequire( './view' );\n";
    assert.deepEqual(importable.importedBy('src/b.ts', text), [
      'src/a.ts',
      'src/money.ts',
      'src/view/index.ts',
    ]);
  });

  // Each took more than a second where every blank was tried as the beginning of the blanks behind it.
  test('nothing among thousands of blanks, a hundred times', { timeout: 60_000 }, () => {
    for (const text of ['\n'.repeat(20_000), `import${' '.repeat(20_000)}`, `from${'\n'.repeat(20_000)}`]) {
      for (let i = 0; i < 100; i++) assert.deepEqual(importable.importedBy('src/b.ts', text), []);
    }
  });

  test('nothing that begins behind the beginning, and no end of one long line', () => {
    assert.deepEqual(importable.importedBy('src/b.ts', `${' '.repeat(30_000)}import './a';`), []);
    assert.deepEqual(importable.importedBy('src/b.ts', `import ${'a.'.repeat(100_000)}`), []);
  });
});

describe('contents', () => {
  const bytes = (text: string) => Buffer.from(text, 'utf8');

  test('are text in UTF-8 that somebody has written', () => {
    assert.deepEqual(contentOf(bytes('x = "ü€𝒳"\n')), { text: 'x = "ü€𝒳"\n' });
    assert.deepEqual(contentOf(bytes('\ufeffx = 1\r\n')), { text: 'x = 1\r\n' });
  });

  for (const [what, content, skip] of [
    ['empty', bytes(' \n\n'), 'empty'],
    ['binary', Uint8Array.of(80, 75, 3, 4, 0, 0), 'binary'],
    ['UTF-16', Buffer.from('\ufeffx = 1', 'utf16le'), 'binary'],
    ['Latin-1', Uint8Array.of(0x78, 0x3d, 0xfc), 'encoding'],
    ['too large', Buffer.alloc(LARGEST_FILE + 1, 'a\n'), 'large'],
    ['one line of 300 kB', bytes('a;'.repeat(150_000)), 'minified'],
    ['many long lines', bytes(`${'a;'.repeat(300)}\n`.repeat(50)), 'minified'],
    ['generated', bytes('// Code generated by protoc-gen-go. DO NOT EDIT.\npackage a\n'), 'generated'],
  ] as const) {
    test(`are not ${what}`, () => assert.deepEqual(contentOf(content), { skip }));
  }

  test('of an open document are looked at in the same way', () => {
    assert.deepEqual(checked('x = 1\n'), { text: 'x = 1\n' });
    assert.deepEqual(checked('x\0'), { skip: 'binary' });
    assert.deepEqual(checked('/* @generated */\nx = 1\n'), { skip: 'generated' });
    assert.deepEqual(checked('a\n'.repeat(LARGEST_FILE)), { skip: 'large' });
  });
});

test('several folders have different names, the only one has none', () => {
  assert.deepEqual(rootNames(['app']), ['']);
  assert.deepEqual(rootNames(['app', 'lib', 'app', 'app (2)', '.config', 'a/b']), [
    'app',
    'lib',
    'app (2)',
    'app (2) (2)',
    '_config',
    'a_b',
  ]);
});

test('folders of virtual file systems are not read as a whole', () => {
  assert.equal(isOnDisk({ scheme: 'file' }), true);
  for (const scheme of ['vscode-vfs', 'memfs', 'untitled']) assert.equal(isOnDisk({ scheme }), false, scheme);
});

test('open and imported files are named in turns, each once', () => {
  assert.deepEqual(inTurns(['a', 'b', 'c', 'd'], ['x', 'b']), ['a', 'x', 'b', 'c', 'd']);
  assert.deepEqual(inTurns([], ['x', 'y']), ['x', 'y']);
});
