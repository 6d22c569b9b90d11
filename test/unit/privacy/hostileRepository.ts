// A repository that a test makes hostile, and the program that must not run.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

export class HostileRepository {
  readonly folder: string;
  readonly trace: string;
  readonly program: string;

  constructor(
    within: string,
    readonly port: number,
  ) {
    this.folder = fs.mkdtempSync(path.join(within, 'repository-'));
    this.trace = `${this.folder}.ran`;
    this.program = `${this.folder}.sh`;
    fs.writeFileSync(this.program, `#!/bin/sh\necho "$0 $@" >> '${this.trace}'\nexit 1\n`, { mode: 0o755 });
    this.git('init', '--quiet');
    this.write('.gitignore', '*.local\n');
    this.write('a.local');
  }

  git(...words: string[]): void {
    const { status, stderr } = spawnSync('git', ['-C', this.folder, ...words], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  }

  config(settings: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(settings)) this.git('config', name, value);
  }

  write(name: string, text: string | Buffer = 'x\n', mode = 0o644): void {
    const file = path.join(this.folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.rmSync(file, { force: true });
    fs.writeFileSync(file, text, { mode });
  }

  pipe(name: string): void {
    fs.rmSync(path.join(this.folder, name), { force: true });
    assert.equal(spawnSync('mkfifo', [path.join(this.folder, name)]).status, 0);
  }

  /** A partial clone whose ignore file is in the index alone and whose content is not there: git would fetch it. */
  lacksIgnoreFile(settings: Readonly<Record<string, string>>): void {
    this.git('add', '.gitignore');
    this.config({
      'core.repositoryformatversion': '1',
      'extensions.partialClone': 'origin',
      'remote.origin.promisor': 'true',
      ...settings,
    });
    this.git('update-index', '--skip-worktree', '.gitignore');
    const { stdout } = spawnSync('git', ['-C', this.folder, 'rev-parse', ':.gitignore'], {
      encoding: 'utf8',
    });
    const id = stdout.trim();
    fs.rmSync(path.join(this.folder, '.gitignore'));
    fs.rmSync(path.join(this.folder, '.git', 'objects', id.slice(0, 2), id.slice(2)));
  }
}
