// Which files an agent has read to it: real folders, links, and repositories.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { EngineError } from '../../../engine/errors';
import { WorkspaceFiles, type WorkspaceRules } from '../../../engine/tools/workspaceFiles';

describe('the files of a workspace, for an agent', () => {
  let base = '';
  let root = '';
  before(() => {
    base = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-tools-')));
    root = path.join(base, 'project');
    const write = (name: string, text: string | Buffer) => {
      fs.mkdirSync(path.dirname(path.join(base, name)), { recursive: true });
      fs.writeFileSync(path.join(base, name), text);
    };
    write('project/src/mean.py', 'def mean(): ...\n');
    write('project/.gitignore', 'built/\n');
    write('project/built/out.js', 'x = 1\n');
    write('project/.env', 'A=1\n');
    write('project/notes/plan.md', 'plan\n');
    write('project/key.ts', `const apiKey = 'sk_live_${'4eC39HqLyjWDarjtT1zdp7dc'}';\n`);
    write('project/latin.py', Buffer.from('name = "Jos\xe9"\n', 'latin1'));
    write('project/data.bin', Buffer.from([0, 1, 2]));
    write('project/large.txt', 'x'.repeat(4_000_001));
    write('other/lib.ts', 'export {};\n');
    write('elsewhere/secret.ts', 'x\n');
    execFileSync('git', ['init', '-q'], { cwd: root });
    fs.symlinkSync(path.join(base, 'elsewhere', 'secret.ts'), path.join(root, 'out.ts'));
    fs.symlinkSync(path.join(root, '.env'), path.join(root, 'harmless.txt'));
    fs.symlinkSync(path.join(root, 'src', 'mean.py'), path.join(root, 'alias.py'));
  });
  after(() => fs.rmSync(base, { recursive: true, force: true }));

  async function withFiles(
    use: (files: WorkspaceFiles) => Promise<void>,
    rules: Partial<WorkspaceRules> = {},
  ) {
    const files = new WorkspaceFiles({ roots: [root, path.join(base, 'other')], ...rules });
    try {
      await use(files);
    } finally {
      files.dispose();
    }
  }

  async function refused(files: WorkspaceFiles, name: string, why: RegExp): Promise<void> {
    const error = await files.read(name).then(
      () => assert.fail(`${name} was read`),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof EngineError);
    assert.equal(error.code, 'file-unreadable');
    assert.match(error.message, why);
  }

  test('are read by relative and absolute paths, in every root, through links within', () =>
    withFiles(async (files) => {
      const mean = await files.read('src/mean.py');
      assert.deepEqual([mean.name, mean.language], ['src/mean.py', 'python']);
      assert.equal((await files.read(path.join(root, 'src', 'mean.py'))).text, mean.text);
      assert.equal((await files.read('alias.py')).name, 'src/mean.py');
      assert.equal((await files.read('lib.ts')).name, 'lib.ts');
    }));

  test('are not read where they lie outside, hold secrets, are ignored, or are no text', () =>
    withFiles(async (files) => {
      await refused(files, '../elsewhere/secret.ts', /not in the workspace/);
      await refused(files, path.join(base, 'elsewhere', 'secret.ts'), /not in the workspace/);
      await refused(files, path.join(root, 'out.ts'), /not in the workspace/);
      await refused(files, '.env', /secrets/);
      await refused(files, 'harmless.txt', /secrets/);
      await refused(files, 'key.ts', /secret in line 1/);
      await refused(files, 'built/out.js', /ignored by Git/);
      await refused(files, '.git/config', /excluded/);
      await refused(files, 'data.bin', /not a text file/);
      await refused(files, 'latin.py', /latin\.py is not valid UTF-8; save it as UTF-8 first/);
      await refused(files, 'large.txt', /more than 4 MB/);
      await refused(files, 'nothing.ts', /does not exist/);
      await refused(files, 'src', /does not exist or cannot be read/);
    }));

  test('of a text that is open under an address of no file, the name counts, too', () =>
    withFiles(async (files) => {
      assert.equal(await files.whyNot(undefined, 'A=1\n', 'plaintext', 'notes.txt'), undefined);
      for (const name of ['.env', '/repo/.git//0/config/.env', 'secrets/id_rsa'])
        assert.match(
          (await files.whyNot(undefined, 'A=1\n', 'plaintext', name)) ?? '',
          /file for secrets/,
          name,
        );
    }));

  test('nor where the settings exclude them; what Git ignores only where that is asked for', () =>
    withFiles(
      async (files) => {
        await refused(files, 'notes/plan.md', /excluded/);
        await refused(files, 'src/mean.py', /excluded/);
        await refused(files, 'alias.py', /excluded/);
        assert.equal((await files.read('built/out.js')).name, 'built/out.js');
      },
      { exclude: ['notes', '**/*.{py,rb}'], withIgnored: true },
    ));
});
