// Setting up Python for training's tests, with interpreters that are shell scripts: what is said where there is none or a
// package cannot be had, and that nothing half made stays.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, beforeEach, describe } from 'node:test';

const ROOT = path.resolve(__dirname, '..', '..', '..');
const CALL = `import('./scripts/testing/python.mjs').then(({ ensurePython, PythonMissing }) => {
  try { console.log('ready ' + ensurePython()); }
  catch (error) { if (!(error instanceof PythonMissing)) throw error; console.log(error.message); process.exitCode = 3; }
})`;

describe('Python for training', {
  skip: process.platform === 'win32' && 'shell scripts stand for interpreters',
}, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-python-'));
  const calls = path.join(folder, 'calls');
  after(() => fs.rmSync(folder, { recursive: true, force: true }));
  beforeEach(() => {
    fs.rmSync(path.join(folder, 'cache'), { recursive: true, force: true });
    fs.writeFileSync(calls, '');
  });

  /** An interpreter of a version, whose environments' pip ends with a status. */
  function interpreter(version: string, pipStatus = 0): string {
    const file = path.join(folder, `python-${version.replaceAll(' ', '.')}-${pipStatus}`);
    const inner = `#!/bin/sh\\necho "$@" >> ${calls}\\nexit ${pipStatus}\\n`;
    const script = [
      '#!/bin/sh',
      `if [ "$1" = -c ]; then echo "${version} $0"; exit 0; fi`,
      `mkdir -p "$3/bin" && printf '${inner}' > "$3/bin/python" && chmod +x "$3/bin/python"`,
    ];
    fs.writeFileSync(file, `${script.join('\n')}\n`, { mode: 0o755 });
    return file;
  }

  function ensure(python: string): { readonly code: number | null; readonly out: string } {
    const { status, stdout } = spawnSync(process.execPath, ['-e', CALL], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, PALIMPSEST_PYTHON: python, PALIMPSEST_CACHE: path.join(folder, 'cache') },
    });
    return { code: status, out: stdout };
  }

  const environments = (): string[] =>
    fs.existsSync(path.join(folder, 'cache')) ? fs.readdirSync(path.join(folder, 'cache')) : [];

  for (const [what, python] of [
    ['absent', () => path.join(folder, 'nothing')],
    ['too old', () => interpreter('3 10 4')],
  ] as const)
    test(`one that is ${what}: a sentence, and nothing is made`, () => {
      const { code, out } = ensure(python());
      assert.equal(code, 3);
      assert.match(out, /is not Python 3\.11 or newer.*Install one.*npm test -- WORD/);
      assert.deepEqual(environments(), []);
    });

  test('packages are installed once, from the pinned list', () => {
    const python = interpreter('3 12 1');
    const first = ensure(python);
    assert.equal(first.code, 0);
    assert.match(first.out, /ready .*cache.python-3\.12-.*bin.python/);
    assert.match(
      fs.readFileSync(calls, 'utf8'),
      /^-m pip install .*--requirement training.requirements\.txt\n$/,
    );
    assert.equal(ensure(python).code, 0);
    assert.equal(fs.readFileSync(calls, 'utf8').split('\n').length, 2);
  });

  test('a package that cannot be had: a sentence, and what was begun is removed', () => {
    const { code, out } = ensure(interpreter('3 13 0', 1));
    assert.equal(code, 3);
    assert.match(out, /could not be installed.*run the same command again/);
    assert.deepEqual(environments(), []);
    assert.equal(ensure(interpreter('3 13 0')).code, 0);
    assert.equal(environments().length, 1);
  });
});
