// The commands that the documents name: each is there, and the first one says where the others are.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { read, root } from '../extension/manifest/readManifest';

const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'));

describe('commands', () => {
  test('run files that are there', () => {
    for (const [name, line] of Object.entries(scripts)) {
      const [, file] = /^node (\S+)/.exec(line) ?? [];
      if (file !== undefined) assert.ok(fs.existsSync(path.join(root, file)), name);
    }
  });

  test('that a document names are there', () => {
    const documents = fs
      .readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md'))
      .map((file) => path.join('docs', file));
    for (const file of ['README.md', ...documents]) {
      for (const [, name = ''] of read(file).matchAll(/npm run ([\w:-]+)/g)) {
        assert.ok(scripts[name], `${file}: npm run ${name}`);
      }
    }
    assert.ok(scripts['start'] && scripts['test']);
  });

  test('a folder is what npm start takes, and it says where the command line is', () => {
    const script = path.join(root, 'scripts', 'start.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, 'infill'], {
      encoding: 'utf8',
      cwd: root,
    });
    assert.equal(status, 1);
    assert.match(stderr, /infill is no folder\..*npm run palimpsest -- infill/);
  });
});
