import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { applyCandidate } from '../../../engine/candidates/apply';
import { headerName, unifiedDiff } from '../../../engine/cli/diffView';
import { coloured, plain } from '../../../engine/cli/style';
import { diffOf } from '../../../engine/tools/toolInput';
import { temporaryFolder } from './scriptedEngine';

const before = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', ''].join('\n');

describe('the difference', () => {
  test('plain, with three lines of context', () => {
    const after = before.replace('e\n', 'E\nEE\n');
    assert.equal(
      unifiedDiff(before, after, { name: 'x.py', paint: plain, safe: false }),
      '--- a/x.py\n+++ b/x.py\n@@ -2,7 +2,8 @@\n b\n c\n d\n-e\n+E\n+EE\n f\n g\n h\n',
    );
  });

  test('in colour it is the same text', () => {
    const after = before.replace('e\n', 'E\n');
    const shown = unifiedDiff(before, after, { name: 'x.py', paint: coloured, safe: true });
    assert.ok(shown.includes('\u001b[31m-e\u001b[0m\n\u001b[32m+E\u001b[0m\n'));
    assert.ok(shown.includes('\u001b[36m@@ -2,7 +2,7 @@\u001b[0m\n'));
    assert.equal(
      stripVTControlCharacters(shown),
      unifiedDiff(before, after, { name: 'x.py', paint: plain, safe: false }),
    );
  });

  test('nothing changed gives nothing', () => {
    assert.equal(unifiedDiff(before, before, { name: 'x', paint: plain, safe: false }), '');
  });

  test('on a terminal control characters are shown, in a patch they are kept', () => {
    const after = 'a\u001b[2J\r\n\tb\n';
    const shown = (safe: boolean) => unifiedDiff('', after, { name: 'x', paint: plain, safe });
    assert.ok(shown(true).endsWith('+a␛[2J\n+\tb\n'));
    assert.ok(shown(false).endsWith('+a\u001b[2J\r\n+\tb\n'));
  });

  test('on a terminal an endless line is cut to where it changes, in a patch it is whole', () => {
    const endless = (change: string) => `${'a'.repeat(1_000_000)}${change}${'b'.repeat(1_000_000)}\n`;
    const shown = unifiedDiff(endless('old'), endless('new'), { name: 'x', paint: plain, safe: true });
    assert.ok(shown.includes(`-…${'a'.repeat(80)}old`));
    assert.ok(shown.includes(`+…${'a'.repeat(80)}new`));
    assert.ok(shown.length < 5000);
    const patch = unifiedDiff(endless('old'), endless('new'), { name: 'x', paint: plain, safe: false });
    assert.ok(patch.includes(`-${endless('old')}+${endless('new')}`));
  });

  test('names are relative to the folder where they can be', () => {
    assert.equal(headerName('src/a.py', '/home/p'), 'src/a.py');
    assert.equal(headerName('/home/p/src/a.py', '/home/p'), 'src/a.py');
    assert.equal(headerName('/etc/a.py', '/home/p'), 'etc/a.py');
    assert.equal(headerName('-', '/home/p'), 'stdin');
  });

  test('git takes it whatever the file is called', { skip: process.platform === 'win32' }, (context) => {
    const folder = temporaryFolder(context);
    spawnSync('git', ['init', '-q', folder]);
    for (const name of ['a\tb.py', 'a b.py', 'a"b.py', 'a\\b.py', 'a\u202eb.py', 'über\n.py', '漢 字.py']) {
      fs.writeFileSync(path.join(folder, name), 'a\n');
      const patch = unifiedDiff('a\n', 'b\n', { name, paint: plain, safe: true });
      const applied = spawnSync('git', ['apply', '-'], { cwd: folder, input: patch, encoding: 'utf8' });
      assert.equal(applied.stderr, '', name);
      assert.equal(fs.readFileSync(path.join(folder, name), 'utf8'), 'b\n');
      assert.equal(patch.split('\n').length, 6, 'a name is one line');
      assert.doesNotMatch(patch, /\u202e/);
      const forAgents = `${diffOf(name, 'b\n', 'c\n')}\n`;
      const again = spawnSync('git', ['apply', '-'], { cwd: folder, input: forAgents, encoding: 'utf8' });
      assert.equal(again.stderr, '', name);
      assert.equal(fs.readFileSync(path.join(folder, name), 'utf8'), 'c\n');
    }
  });

  test('git takes it and makes exactly the new text, line ends and a missing last one included', (context) => {
    const folder = temporaryFolder(context);
    spawnSync('git', ['init', '-q', folder]);
    const line = fc.constantFrom('a', 'b', '\tx', '', 'é🦊', '- c', '+ d', '@@');
    const ends = fc.constantFrom('\n', '\r\n');
    const content = fc
      .tuple(fc.array(fc.tuple(line, ends), { maxLength: 12 }), line)
      .map(([lines, last]) => lines.map((parts) => parts.join('')).join('') + last);
    fc.assert(
      fc.property(content, fc.nat(20), fc.nat(8), content, (text, from, length, inserted) => {
        const start = Math.min(from, text.length);
        const end = Math.min(start + length, text.length);
        const after = applyCandidate(text, { spans: [{ start, end, text: inserted }] });
        // A patch that makes or empties a file needs git's own headers: not this one's affair.
        fc.pre(text !== '' && after !== '' && after !== text);
        fc.pre(Buffer.from(after).toString() === after && Buffer.from(text).toString() === text);
        const file = path.join(folder, 'some file.txt');
        fs.writeFileSync(file, text);
        const patch = unifiedDiff(text, after, { name: 'some file.txt', paint: plain, safe: false });
        const applied = spawnSync('git', ['-c', 'core.autocrlf=false', 'apply', '--whitespace=nowarn', '-'], {
          cwd: folder,
          input: patch,
          encoding: 'utf8',
        });
        assert.equal(applied.stderr, '');
        assert.equal(fs.readFileSync(file, 'utf8'), after);
      }),
      { numRuns: 30 },
    );
  });
});
