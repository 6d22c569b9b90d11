// First of all suites: what the extension is before anybody has used it.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'mocha';
import { commands, extensions } from 'vscode';
import { enginesOfThisHost, internals } from './host';

describe('activation', () => {
  it('loads nothing but the entry', async () => {
    const { isLoaded, activationMillis, status } = await internals();
    assert.equal(isLoaded(), false);
    assert.match(status.text, /Palimpsest/);
    assert.deepEqual(enginesOfThisHost(), [], 'no process runs');
    const own = Object.keys(require.cache).filter((file) =>
      file.startsWith(path.join(__dirname, '..', 'extension')),
    );
    assert.ok(own.length <= 1, own.join('\n'));
    console.log(`activate() took ${activationMillis.toFixed(1)} ms`);
  });

  it('registers every command of the manifest', async () => {
    const manifest: { contributes: { commands: { command: string }[] } } =
      extensions.getExtension('palimpsest.palimpsest')?.packageJSON;
    const registered = new Set(await commands.getCommands(true));
    const missing = manifest.contributes.commands.filter(({ command }) => !registered.has(command));
    assert.deepEqual(missing, []);
  });
});
