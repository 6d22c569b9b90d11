import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { describe, type TestContext } from 'node:test';
import { type LeftOut, readWorkspace, workspaceSentence } from '../../../engine/cli/workspace';
import { EngineError } from '../../../engine/errors';

const CODE = 'open(door);\n';
/** Made up, and nobody's. */
const TOKEN = `const token = "ghp_${'q7Xz2Lk9'.repeat(5).slice(0, 36)}";\n`;

function folderOf(t: TestContext, files: Readonly<Record<string, string | Buffer>>): string {
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'palimpsest-workspace-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

async function pathsIn(folder: string, file?: string) {
  const workspace = await readWorkspace(folder, file === undefined ? {} : { file: path.join(folder, file) });
  const paths = workspace.index.sources('open(', ')').map(({ origin }) => origin?.path);
  return { paths, files: workspace.files, leftOut: Object.fromEntries(workspace.leftOut) };
}

describe('the files of a folder that may be copied from', () => {
  test('are all that is code, but the one that is edited; near ones first', async (t) => {
    const folder = folderOf(t, {
      'src/deep/a.ts': CODE,
      'src/main.ts': CODE,
      'src/b.ts': CODE,
      'c.ts': CODE,
    });
    assert.deepEqual(await pathsIn(folder, 'src/main.ts'), {
      paths: ['src/b.ts', 'c.ts', 'src/deep/a.ts'],
      files: 3,
      leftOut: {},
    });
    assert.equal((await pathsIn(folder)).files, 4);
  });

  test('are not what git ignores, what is hidden, what holds secrets, links, and what nobody wrote', async (t) => {
    const folder = folderOf(t, {
      'a.ts': CODE,
      '.gitignore': 'out/\n*.log\n',
      'out/deep/made.ts': CODE,
      'debug.log': CODE,
      'src/.cache/x.ts': CODE,
      'node_modules/left/index.js': CODE,
      id_rsa: CODE,
      'config.ts': TOKEN,
      'logo.png': Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3]),
      'vendor.min.js': CODE,
      'package-lock.json': '{}\n',
      // One é in Latin-1, in much that is ASCII.
      'latin.py': Buffer.concat([Buffer.from('x = 1\n'.repeat(100)), Buffer.from([0x23, 0xe9, 0x0a])]),
      'line.js': 'x=1;'.repeat(1_250_000),
    });
    const outside = folderOf(t, { 'secret.ts': 'open(vault);\n' });
    fs.symlinkSync(path.join(outside, 'secret.ts'), path.join(folder, 'link.ts'));
    fs.symlinkSync(folder, path.join(folder, 'circle'));
    execFileSync('git', ['init', '--quiet'], { cwd: folder });
    assert.deepEqual(await pathsIn(folder), {
      paths: ['a.ts'],
      files: 1,
      leftOut: {
        link: 2,
        hidden: 3,
        ignored: 2,
        dependencies: 1,
        secret: 2,
        binary: 1,
        encoding: 1,
        minified: 1,
        generated: 1,
        'too-long': 1,
      },
    });
  });

  test('with a folder that is none, the error says what to give', async (t) => {
    const folder = folderOf(t, { 'a.ts': CODE });
    for (const name of ['nowhere', 'a.ts'])
      await assert.rejects(readWorkspace(path.join(folder, name), {}), (error: unknown) => {
        assert.ok(error instanceof EngineError && error.code === 'file-unreadable');
        assert.match(error.message, /give --workspace the folder/);
        return true;
      });
  });

  test('are given up when the person does', async (t) => {
    const folder = folderOf(t, { 'a.ts': CODE });
    await assert.rejects(readWorkspace(folder, { signal: AbortSignal.abort() }), /canceled/);
  });

  test('are counted in a sentence', () => {
    const leftOut = new Map<LeftOut, number>([
      ['secret', 2],
      ['ignored', 10],
    ]);
    assert.equal(
      workspaceSentence({ files: 1, leftOut }),
      'Workspace: 1 file to copy from; 12 left out (10 ignored by Git, 2 with secrets).',
    );
    assert.equal(
      workspaceSentence({ files: 3, leftOut: new Map() }),
      'Workspace: 3 files to copy from; nothing left out.',
    );
  });
});
