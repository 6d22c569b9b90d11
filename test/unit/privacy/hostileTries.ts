// What repositories try that want a program to run, a connection to be made or an answer never to come.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { HostileRepository } from './hostileRepository';

const NOWHERE = '/nowhere/at/all';

/** At these git itself waits for ever, and is given up after three seconds, each time that it is asked. */
export const GIVEN_UP: readonly string[] = [
  'a glob that takes for ever',
  'a pipe as HEAD',
  'a pipe as an included configuration',
  'a pipe as configuration',
  'a pipe as core.excludesFile',
  'a pipe as index',
];

/** What is done to a repository, by what it tries. */
export const HOSTILE: Readonly<Record<string, (it: HostileRepository) => void>> = {
  'remote.*.uploadpack': (it) =>
    it.lacksIgnoreFile({ 'remote.origin.url': NOWHERE, 'remote.origin.uploadpack': it.program }),
  'remote.*.uploadpack at a file URL': (it) =>
    it.lacksIgnoreFile({
      'remote.origin.url': `file://${NOWHERE}`,
      'remote.origin.uploadpack': it.program,
      'protocol.file.allow': 'always',
    }),
  'core.sshCommand': (it) =>
    it.lacksIgnoreFile({ 'remote.origin.url': 'ssh://host/x', 'core.sshCommand': it.program }),
  'core.sshCommand at a short address': (it) =>
    it.lacksIgnoreFile({
      'remote.origin.url': 'host:x',
      'core.sshCommand': it.program,
      'ssh.variant': 'simple',
    }),
  'ext:: that the repository allows': (it) =>
    it.lacksIgnoreFile({ 'remote.origin.url': `ext::${it.program}`, 'protocol.ext.allow': 'always' }),
  'ext:: where everything is allowed': (it) =>
    it.lacksIgnoreFile({ 'remote.origin.url': `ext::${it.program}`, 'protocol.allow': 'always' }),
  'ext:: by remote.*.vcs': (it) =>
    it.lacksIgnoreFile({
      'remote.origin.url': it.program,
      'remote.origin.vcs': 'ext',
      'protocol.ext.allow': 'always',
    }),
  'ext:: by url.*.insteadOf': (it) =>
    it.lacksIgnoreFile({
      'remote.origin.url': 'https://host/x',
      [`url.ext::${it.program} .insteadOf`]: 'https://',
      'protocol.ext.allow': 'always',
    }),
  'git:// connects out': (it) =>
    it.lacksIgnoreFile({
      'remote.origin.url': `git://127.0.0.1:${it.port}/x`,
      'protocol.git.allow': 'always',
    }),
  'git:// by core.gitProxy': (it) =>
    it.lacksIgnoreFile({ 'remote.origin.url': 'git://host/x', 'core.gitProxy': it.program }),
  'http:// connects out': (it) =>
    it.lacksIgnoreFile({
      'remote.origin.url': `http://127.0.0.1:${it.port}/x`,
      'protocol.http.allow': 'always',
    }),
  'http:// by a proxy': (it) =>
    it.lacksIgnoreFile({ 'remote.origin.url': 'http://host/x', 'http.proxy': `http://127.0.0.1:${it.port}` }),
  'credential.helper': (it) =>
    it.lacksIgnoreFile({
      'remote.origin.url': `http://127.0.0.1:${it.port}/x`,
      'credential.helper': `!${it.program}`,
    }),
  'core.askPass': (it) =>
    it.lacksIgnoreFile({ 'remote.origin.url': `http://127.0.0.1:${it.port}/x`, 'core.askPass': it.program }),
  'core.fsmonitor': (it) => it.config({ 'core.fsmonitor': it.program }),
  'core.fsmonitor of the second version': (it) =>
    it.config({
      'core.fsmonitor': it.program,
      'core.fsmonitorHookVersion': '2',
      'core.untrackedCache': 'true',
    }),
  'core.hooksPath': (it) => {
    for (const hook of ['post-index-change', 'reference-transaction', 'pre-auto-gc', 'post-checkout'])
      it.write(`hooks/${hook}`, fs.readFileSync(it.program), 0o755);
    it.config({ 'core.hooksPath': path.join(it.folder, 'hooks') });
  },
  'hooks in their own place': (it) => {
    for (const hook of ['post-index-change', 'reference-transaction', 'fsmonitor-watchman'])
      it.write(`.git/hooks/${hook}`, fs.readFileSync(it.program), 0o755);
  },
  'core.pager and pager.*': (it) => it.config({ 'core.pager': it.program, 'pager.check-ignore': it.program }),
  'an alias of the command': (it) => it.config({ 'alias.check-ignore': `!${it.program}` }),
  'core.editor': (it) => it.config({ 'core.editor': it.program, 'sequence.editor': it.program }),
  'filters by .gitattributes': (it) => {
    it.config({
      'filter.x.clean': it.program,
      'filter.x.smudge': it.program,
      'filter.x.process': it.program,
    });
    it.write('.gitattributes', '* filter=x diff=x\n');
  },
  'diff.*.textconv and diff.external': (it) => {
    it.config({ 'diff.external': it.program, 'diff.x.textconv': it.program });
    it.write('.gitattributes', '* diff=x\n');
  },
  'a submodule’s update command': (it) => {
    it.write('.gitmodules', `[submodule "s"]\n\tpath = s\n\turl = ${NOWHERE}\n\tupdate = !${it.program}\n`);
    it.config({ 'submodule.recurse': 'true', 'submodule.s.update': `!${it.program}` });
  },
  'core.worktree leads elsewhere': (it) => it.config({ 'core.worktree': os.tmpdir() }),
  'a .git file leads to a hostile folder': (it) => {
    it.config({ 'core.fsmonitor': it.program, 'core.sshCommand': it.program });
    fs.renameSync(path.join(it.folder, '.git'), `${it.folder}.hidden`);
    it.write('.git', `gitdir: ${it.folder}.hidden\n`);
  },
  'a program named git in the folder': (it) => it.write('git', fs.readFileSync(it.program), 0o755),
  'a pipe as .gitignore': (it) => it.pipe('.gitignore'),
  'a pipe as .git/info/exclude': (it) => it.pipe('.git/info/exclude'),
  'a pipe as core.excludesFile': (it) => {
    it.pipe('pipe');
    it.config({ 'core.excludesFile': path.join(it.folder, 'pipe') });
  },
  'a pipe as an included configuration': (it) => {
    it.pipe('pipe');
    it.config({ 'include.path': path.join(it.folder, 'pipe') });
  },
  'a pipe as index': (it) => it.pipe('.git/index'),
  'a link to an endless device as .gitignore': (it) => {
    fs.rmSync(path.join(it.folder, '.gitignore'));
    fs.symlinkSync('/dev/zero', path.join(it.folder, '.gitignore'));
  },
  'an endless device as core.excludesFile': (it) => it.config({ 'core.excludesFile': '/dev/zero' }),
  'a glob that takes for ever': (it) => {
    it.write('.gitignore', `${'*a'.repeat(40)}b\n`);
    it.write(`${'a'.repeat(200)}.local`);
  },
  'an ignore file of twenty megabytes': (it) => it.write('.gitignore', '*.local\n'.repeat(2_500_000)),
  'include.path leads to a hostile configuration': (it) => {
    it.write('evil.config', `[core]\n\tfsmonitor = ${it.program}\n\tsshCommand = ${it.program}\n`);
    it.config({ 'include.path': path.join(it.folder, 'evil.config') });
  },
  'includeIf by the folder': (it) => {
    it.write('evil.config', `[core]\n\tfsmonitor = ${it.program}\n\thooksPath = ${it.folder}\n`);
    it.write('post-index-change', fs.readFileSync(it.program), 0o755);
    it.config({ [`includeIf.gitdir:${it.folder}/.path`]: path.join(it.folder, 'evil.config') });
  },
  'a configuration of the work tree': (it) => {
    it.config({ 'core.repositoryformatversion': '1', 'extensions.worktreeConfig': 'true' });
    it.write('.git/config.worktree', `[core]\n\tfsmonitor = ${it.program}\n`);
  },
  'a bare repository within the folder': (it) => {
    for (const name of ['objects', 'refs']) fs.mkdirSync(path.join(it.folder, name));
    it.write('HEAD', 'ref: refs/heads/main\n');
    it.write('config', `[core]\n\tbare = false\n\tworktree = .\n\tfsmonitor = ${it.program}\n`);
    fs.rmSync(path.join(it.folder, '.git'), { recursive: true });
  },
  'a sparse index whose trees are not there': (it) => {
    it.lacksIgnoreFile({
      'remote.origin.url': `ext::${it.program}`,
      'protocol.ext.allow': 'always',
      'core.sparseCheckout': 'true',
      'core.sparseCheckoutCone': 'true',
      'index.sparse': 'true',
    });
    it.write('.git/info/sparse-checkout', '/*\n!/*/\n');
  },
  'objects of another place, which is a pipe': (it) => {
    it.pipe('pipe');
    it.write('.git/objects/info/alternates', `${path.join(it.folder, 'pipe')}\n`);
    it.pipe('.git/objects/info/commit-graph');
  },
  'a pipe as HEAD': (it) => it.pipe('.git/HEAD'),
  'a pipe as configuration': (it) => it.pipe('.git/config'),
  'a pipe as .git': (it) => {
    fs.rmSync(path.join(it.folder, '.git'), { recursive: true });
    it.pipe('.git');
  },
  'a .git file that leads to itself': (it) => {
    fs.rmSync(path.join(it.folder, '.git'), { recursive: true });
    it.write('.git', `gitdir: ${it.folder}/.git\n`);
  },
  'a pipe as core.attributesFile and as sparse-checkout': (it) => {
    it.pipe('pipe');
    it.pipe('.git/info/sparse-checkout');
    it.config({ 'core.attributesFile': path.join(it.folder, 'pipe'), 'core.sparseCheckout': 'true' });
  },
  'a link that leads to itself as .gitignore': (it) => {
    fs.rmSync(path.join(it.folder, '.gitignore'));
    fs.symlinkSync('.gitignore', path.join(it.folder, '.gitignore'));
  },
  'a hundred folders of ignore files': (it) => {
    const deep = Array.from({ length: 100 }, () => 'd').join('/');
    for (let depth = 1; depth < 200; depth += 2)
      it.write(`${deep.slice(0, depth)}/.gitignore`, '*a*b*c*\n'.repeat(40));
  },
  'signing and credentials': (it) =>
    it.config({
      'gpg.program': it.program,
      'gpg.ssh.program': it.program,
      'credential.helper': it.program,
      'trace2.eventTarget': it.trace,
      'trace2.normalTarget': it.trace,
    }),
  'an editor, a difftool and a merge driver': (it) => {
    it.config({ 'merge.x.driver': it.program, 'difftool.x.cmd': it.program, 'core.pager': it.program });
    it.write('.gitattributes', '* merge=x diff=x\n');
  },
  'a hundred thousand patterns': (it) => it.write('.gitignore', '*a*a*a*\n'.repeat(100_000)),
};
