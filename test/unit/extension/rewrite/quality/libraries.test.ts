// Names of standard libraries that an answer uses without an import.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { reasonsBetween } from './judging';

const marked = async (language: string, text: string, fresh: string) =>
  (await reasonsBetween(language, text, fresh)).includes('unknown-names');

const JAVA =
  'import java.util.List;\n\nclass A {\n  void f(String a, String b) {\n¦    g(a.equals(b));¦\n  }\n}\n';
const GO = 'package a\n\nimport "fmt"\n\nfunc f(s string) string {\n\tfmt.Println(s)\n¦\treturn s¦\n}\n';
const RUST = 'use std::fmt;\n\nfn f(n: usize) -> usize {\n    let a = n;\n¦    a¦\n}\n';
const PYTHON = 'import os\n\n\ndef f(rows):\n    size = len(rows)\n¦    return rows, size, os.sep¦\n';

describe('a name of a standard library', () => {
  test('is told where nothing imports it', async () => {
    assert.equal(await marked('java', JAVA, '    g(Objects.equals(a, b));'), true);
    assert.equal(await marked('go', GO, '\treturn strings.TrimSpace(s)'), true);
    assert.equal(await marked('rust', RUST, '    HashMap::<usize, usize>::new().len() + a'), true);
    assert.equal(await marked('python', PYTHON, '    return Counter(rows), size, os.sep'), true);
    assert.equal(await marked('python', PYTHON, '    return json.dumps(rows), size, os.sep'), true);
  });

  test('is known where something may bring it', async () => {
    const [importsAll, fromWhole] = ['java.util.*', 'std::collections::HashMap'];
    assert.equal(
      await marked('java', JAVA.replace('java.util.List', importsAll), '    g(Objects.equals(a, b));'),
      false,
    );
    assert.equal(await marked('java', JAVA, '    g(java.util.Objects.equals(a, b));'), false);
    assert.equal(
      await marked('java', JAVA.replace('List', 'Objects'), '    g(Objects.equals(a, b));'),
      false,
    );
    assert.equal(await marked('rust', RUST, `    ${fromWhole}::<usize, usize>::new().len() + a`), false);
    assert.equal(
      await marked(
        'rust',
        RUST.replace('std::fmt', 'std::collections::*'),
        '    HashMap::<usize, usize>::new().len() + a',
      ),
      false,
    );
    assert.equal(
      await marked('python', PYTHON.replace('os', 'os, json'), '    return json.dumps(rows), size, os.sep'),
      false,
    );
    assert.equal(
      await marked('python', PYTHON, '    import json\n    return json.dumps(rows), size, os.sep'),
      false,
    );
    assert.equal(
      await marked(
        'python',
        PYTHON,
        '    from collections import Counter\n    return Counter(rows), size, os.sep',
      ),
      false,
    );
    assert.equal(
      await marked(
        'python',
        PYTHON.replace('import os', 'from a import *'),
        '    return Counter(rows), size, os.sep',
      ),
      false,
    );
    assert.equal(
      await marked(
        'python',
        PYTHON.replace('rows)', 'rows, json)'),
        '    return json.dumps(rows), size, os.sep',
      ),
      false,
    );
    // A variable called so, and a member.
    assert.equal(
      await marked('python', PYTHON, '    string = "a"\n    return string.upper(), size, os.sep'),
      false,
    );
    assert.equal(await marked('python', PYTHON, '    return rows.random.seed, size, os.sep'), false);
    assert.equal(
      await marked('go', GO.replace('"fmt"', '(\n\t"fmt"\n\t"strings"\n)'), '\treturn strings.TrimSpace(s)'),
      false,
    );
    assert.equal(
      await marked(
        'typescript',
        'function f(a: string) {\n¦  return a;¦\n}\n',
        '  return Objects.equals(a);',
      ),
      false,
    );
  });
});
