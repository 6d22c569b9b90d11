// What is not run in a workspace that nobody has said to trust: Git, whose configuration is the repository's.
import assert from 'node:assert/strict';
import childProcess, { spawnSync } from 'node:child_process';
import path from 'node:path';
import { afterEach, before, describe, it } from 'mocha';
import { Position, Uri, workspace } from 'vscode';
import type { Palimpsest } from '../../extension/palimpsest';
import {
  closeEverything,
  fingerprint,
  internals,
  openFile,
  replace,
  reviewOf,
  select,
  useScriptedEngine,
  whileUntrusted,
} from './host';
import { offered } from './offered';

const TEXT = 'first = 1\nsecond = first +\nthird = 3\n';
const BEHIND = new Position(1, 'second = first +'.length);

describe('a workspace that is not trusted', () => {
  useScriptedEngine();
  let palimpsest: Palimpsest;
  let repository: Uri;
  before(async () => {
    palimpsest = await (await internals()).palimpsest();
    const [folder] = workspace.workspaceFolders ?? [];
    assert.ok(folder);
    repository = Uri.joinPath(folder.uri, 'distrusted');
    await workspace.fs.writeFile(Uri.joinPath(repository, '.gitignore'), Buffer.from('ignored*.py\n'));
    assert.equal(spawnSync('git', ['init', '--quiet'], { cwd: repository.fsPath }).status, 0);
  });
  afterEach(closeEverything);

  /** What `act` has the extension start under the name of git; the editor's own git extension runs in the same process. */
  async function gitsDuring(act: () => Promise<void>): Promise<readonly string[]> {
    const started: string[] = [];
    const starts = ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync'] as const;
    const stops = starts.map((name) => {
      const start = childProcess[name];
      return replace(childProcess, name, (file: string, ...rest: never[]) => {
        const isOurs = /[\\/]dist[\\/](?:extension|palimpsest)\.js/.test(new Error().stack ?? '');
        if (isOurs && /^git\b/.test(path.basename(file))) started.push(file);
        return Reflect.apply(start, childProcess, [file, ...rest]);
      });
    });
    try {
      await act();
    } finally {
      for (const stop of stops) stop();
    }
    return started;
  }

  /** Each way to a text, in files that nobody has asked about before. */
  async function asked(name: string): Promise<void> {
    const { exclusions, door } = palimpsest;
    const editor = await openFile(`distrusted/${name}.py`, TEXT);
    const { document } = editor;
    const untouched = fingerprint(document);
    assert.equal(await exclusions.why(document), undefined);
    assert.equal((await offered(document, BEHIND)).length, 1);
    await select(editor, [0, 1]);
    const rewrite = await reviewOf(editor);
    rewrite.dispatch({ kind: 'reject' });
    await door.score({ uri: document.uri });
    assert.deepEqual(fingerprint(document), untouched);
    const ignored = Uri.joinPath(repository, `ignored-${name}.py`);
    await workspace.fs.writeFile(ignored, Buffer.from(TEXT));
    await assert.rejects(door.score({ uri: ignored }), { code: 'excluded' });
    const others = [`ignored-${name}-too.py`, `${name}-too.py`].map((one) => Uri.joinPath(repository, one));
    assert.deepEqual(await exclusions.areGitIgnored(others), [true, false]);
  }

  it('has its ignore files read without Git, which is not run', async () => {
    assert.deepEqual(await gitsDuring(() => whileUntrusted(() => asked('unknown'))), []);
  });

  it('has Git asked once it is trusted', async () => {
    assert.notDeepEqual(await gitsDuring(() => asked('trusted')), []);
  });
});
