// Ignore files that are read without git, as in a workspace that is not trusted, say what git says.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { GitIgnore } from '../../../engine/privacy/gitIgnore';

describe('ignore files read without git', () => {
  let folder = '';
  const git = new GitIgnore({ git: () => 'git', isTrusted: () => true, log: assert.fail });
  const read = new GitIgnore({ git: () => 'git', isTrusted: () => false, log: assert.fail });
  before(() => {
    folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-ignore-')));
    spawnSync('git', ['-C', folder, 'init', '--quiet']);
    const files = {
      '.gitignore': 'build/\n*.log\n!keep.log\n/top\ndocs/*.tmp\n# comment\n\\#odd\ntrailing  \n',
      'inner/.gitignore': '*.txt\n!yes.txt\n/only\nsub/deep.c\n!again.log\n',
      'inner [x]/.gitignore': '*.md\n',
      '.git/info/exclude': 'mine\n',
    };
    for (const [name, text] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      fs.writeFileSync(path.join(folder, name), text);
    }
  });
  after(() => {
    git.dispose();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  for (const name of [
    'build/a.c',
    'inner/build/a.c',
    'a.log',
    'keep.log',
    'inner/keep.log',
    'inner/again.log',
    'top',
    'inner/top',
    'docs/a.tmp',
    'inner/docs/a.tmp',
    '#odd',
    'trailing',
    'inner/a.txt',
    'inner/yes.txt',
    'inner/far/a.txt',
    'a.txt',
    'inner/only',
    'inner/far/only',
    'inner/sub/deep.c',
    'inner/far/sub/deep.c',
    'inner [x]/a.md',
    'inner x/a.md',
    'mine',
    'inner/mine',
    'a.c',
  ]) {
    test(`${name}: as git says`, async () => {
      const file = path.join(folder, name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      assert.equal(await read.isIgnored(file), await git.isIgnored(file));
    });
  }
});
