// The commands that the documents name: each is there, and the first one says where the others are.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { read, root } from '../extension/manifest/readManifest';

const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'));

function documents(): string[] {
  const docs = fs.readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  return [
    'README.md',
    'training/README.md',
    ...docs.filter((file) => file.endsWith('.md')).map((file) => path.join('docs', file)),
  ];
}

describe('commands', () => {
  test('run files that are there', () => {
    for (const [name, line] of Object.entries(scripts)) {
      const [, file] = /^node (\S+)/.exec(line) ?? [];
      if (file !== undefined) assert.ok(fs.existsSync(path.join(root, file)), name);
    }
  });

  test('that a document names are there', () => {
    for (const file of documents()) {
      for (const [, name = ''] of read(file).matchAll(/npm run ([\w:-]+)/g)) {
        assert.ok(scripts[name], `${file}: npm run ${name}`);
      }
    }
    assert.ok(scripts['start'] && scripts['test']);
  });

  test('a bench that a document names is there', () => {
    const { stderr } = spawnSync(process.execPath, [path.join(root, 'scripts', 'bench.mjs')], {
      encoding: 'utf8',
    });
    const [, names = ''] = /^Name one of: (.*)\. Tables go/m.exec(stderr) ?? [];
    const benches = new Set(names.split(', '));
    const named = documents().flatMap((file) =>
      [...read(file).matchAll(/npm run bench -- ([a-z]\w*)/g)].map(([, name = '']) => ({ file, name })),
    );
    assert.ok(named.length > 0);
    for (const { file, name } of named) assert.ok(benches.has(name), `${file}: npm run bench -- ${name}`);
  });

  test('a folder is what npm start takes, and it says where the command line is', () => {
    const script = path.join(root, 'scripts', 'start.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, 'infill'], {
      encoding: 'utf8',
      cwd: root,
    });
    assert.equal(status, 1);
    assert.match(stderr, /infill is not a folder\..*npm run palimpsest -- infill/);
  });
});
