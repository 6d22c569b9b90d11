// Whether everything is said in every language that there is, and the check of it notices when it is not.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { describe } from 'node:test';
import { manifest, root, sources } from './readManifest';

function check(folder: string) {
  const script = path.join(folder, 'scripts', 'l10n.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  return { status, stderr };
}

/** A checkout in small: what the check reads. */
function copied(change: (folder: string) => void): {
  readonly status: number | null;
  readonly stderr: string;
} {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-l10n-'));
  try {
    for (const part of ['extension', 'l10n', 'scripts', 'package.nls.json', 'package.nls.de.json']) {
      fs.cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
    }
    change(folder);
    return check(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function edit(file: string, change: (words: Record<string, string>) => void): void {
  const words: Record<string, string> = JSON.parse(fs.readFileSync(file, 'utf8'));
  change(words);
  fs.writeFileSync(file, JSON.stringify(words));
}

describe('translations', () => {
  test('are whole', () => {
    assert.equal(manifest.l10n, './l10n');
    assert.deepEqual(check(root), { status: 0, stderr: '' });
  });

  test('that lack a sentence, have one too many or other placeholders are complained of', () => {
    for (const [change, complaint] of [
      [(words) => delete words['Accept'], /bundle\.l10n\.de\.json lacks "Accept"/],
      [(words) => Object.assign(words, { 'Nobody says this': 'x' }), /has "Nobody says this"/],
      [(words) => Object.assign(words, { 'For {0} Minutes': 'Für Minuten' }), /other placeholders/],
    ] as const satisfies [(words: Record<string, string>) => unknown, RegExp][]) {
      const { status, stderr } = copied((folder) =>
        edit(path.join(folder, 'l10n/bundle.l10n.de.json'), change),
      );
      assert.equal(status, 1);
      assert.match(stderr, complaint);
    }
    const { stderr } = copied((folder) =>
      edit(path.join(folder, 'package.nls.de.json'), (words) => delete words['command.showLog']),
    );
    assert.match(stderr, /package\.nls\.de\.json lacks "command\.showLog"/);
  });

  test('cannot be made of a sentence that is put together, which is an error', () => {
    const { status, stderr } = copied((folder) =>
      fs.writeFileSync(path.join(folder, 'extension/bad.ts'), 'l10n.t(greeting + name);\n'),
    );
    assert.equal(status, 1);
    assert.match(stderr, /extension\/bad\.ts:1: .* plain literal/);
  });
});

describe('what a person reads', () => {
  test('goes through the translations', () => {
    const untranslated = [
      ...sources.matchAll(
        /\b(?:show(?:Information|Warning|Error)Message|setStatusBarMessage)\(\s*['"`](?!\$\()/g,
      ),
      ...sources.matchAll(/\b(?:title|placeHolder|prompt|label): '[A-Z][a-z]+ [a-z]/g),
    ].map(([call]) => call);
    assert.deepEqual(untranslated, []);
  });
});
