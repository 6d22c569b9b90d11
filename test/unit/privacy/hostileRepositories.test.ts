// Repositories made by somebody who wants a program to run, a connection to be made or an answer never to come. Each is asked about
// in a workspace that is trusted, where git answers, and in one that is not, where the ignore files are read.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { GitIgnore } from '../../../engine/privacy/gitIgnore';

const onPosix = process.platform !== 'win32';

class HostileRepository {
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

const NOWHERE = '/nowhere/at/all';

/** Milliseconds in which each answer comes, and all of them where none is waited for in vain: what hangs takes longer. */
const LONGEST = 5000;
/** At these git itself waits for ever, and is given up after three seconds, each time that it is asked. */
const GIVEN_UP: readonly string[] = [
  'a glob that takes for ever',
  'a pipe as HEAD',
  'a pipe as an included configuration',
  'a pipe as configuration',
  'a pipe as core.excludesFile',
  'a pipe as index',
];

/** What is done to a repository, by what it tries. */
const HOSTILE: Readonly<Record<string, (it: HostileRepository) => void>> = {
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

describe('hostile repositories', { skip: !onPosix && 'their programs are shell scripts' }, () => {
  let within = '';
  let connections = 0;
  const server = net.createServer((socket) => {
    connections++;
    socket.destroy();
  });
  const made: GitIgnore[] = [];

  before(async () => {
    within = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-hostile-')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  after(() => {
    for (const one of made) one.dispose();
    server.close();
    fs.rmSync(within, { recursive: true, force: true });
  });

  function asking(isTrusted: boolean, git = 'git', log: string[] = []): GitIgnore {
    const one = new GitIgnore({ git: () => git, isTrusted: () => isTrusted, log: (line) => log.push(line) });
    made.push(one);
    return one;
  }

  function repository(): HostileRepository {
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    return new HostileRepository(within, address.port);
  }

  assert.ok(Object.keys(HOSTILE).length >= 30);
  // Side by side: most of it is waiting for a git that never answers.
  describe('tries', { concurrency: 4 }, () => {
    for (const [name, spoil] of Object.entries(HOSTILE)) {
      test(`${name}: nothing runs, nothing is fetched, and an answer comes`, {
        timeout: 60_000,
      }, async () => {
        const it = repository();
        spoil(it);
        const begun = performance.now();
        // An older git does not know the variable that forbids fetching what is missing.
        const older = `${it.folder}.older.sh`;
        fs.writeFileSync(older, '#!/bin/sh\nunset GIT_NO_LAZY_FETCH\nexec git "$@"\n', { mode: 0o755 });
        const long = path.join(it.folder, `${'a'.repeat(200)}.local`);
        const file = fs.existsSync(long) ? long : path.join(it.folder, 'a.local');
        const ask = async (isTrusted: boolean, git: string) => {
          const asked = performance.now();
          const answer = await asking(isTrusted, git).isIgnored(file);
          const millis = performance.now() - asked;
          assert.ok(answer === undefined || typeof answer === 'boolean');
          assert.ok(millis < LONGEST, `${path.basename(git)}: ${Math.round(millis)} ms`);
        };
        const nothingRan = (who: string) => {
          assert.equal(fs.existsSync(it.trace) ? fs.readFileSync(it.trace, 'utf8') : '', '', who);
          assert.equal(connections, 0, who);
        };
        await ask(false, 'git');
        nothingRan('not trusted');
        await Promise.all([ask(true, 'git'), ask(true, older)]);
        nothingRan('trusted');
        const millis = performance.now() - begun;
        assert.ok(GIVEN_UP.includes(name) || millis < LONGEST, `${Math.round(millis)} ms`);
      });
    }
  });

  test('git is not run at all where the workspace is not trusted', async () => {
    const it = repository();
    const untrusted = asking(false, it.program);
    assert.equal(await untrusted.isIgnored(path.join(it.folder, 'a.local')), true);
    assert.equal(await untrusted.isIgnored(path.join(it.folder, 'a.py')), false);
    assert.equal(fs.existsSync(it.trace), false);
    const trusted = asking(true, it.program);
    await trusted.isIgnored(path.join(it.folder, 'a.local'));
    assert.match(fs.readFileSync(it.trace, 'utf8'), /check-ignore/);
  });

  test('an answer that did not come in time is not waited for again', async () => {
    const it = repository();
    HOSTILE['a pipe as core.excludesFile']?.(it);
    let asked = 0;
    const one = new GitIgnore({
      git: () => {
        asked++;
        return 'git';
      },
      isTrusted: () => true,
      log: () => undefined,
      limitMillis: 300,
    });
    made.push(one);
    assert.equal(await one.isIgnored(path.join(it.folder, 'a.py')), undefined);
    assert.equal(await one.isIgnored(path.join(it.folder, 'a.py')), undefined);
    assert.equal(await one.isIgnored(path.join(it.folder, 'b.py')), undefined, 'nor for another file there');
    assert.equal(asked, 1);
    one.forget();
    await one.isIgnored(path.join(it.folder, 'b.py'));
    assert.equal(asked, 2);
  });

  test('a pipe or a bomb is no answer, and the log says which file it is', async () => {
    for (const [name, isTrusted] of [
      ['a pipe as .gitignore', false],
      ['a pipe as .gitignore', true],
      ['a pipe as .git/info/exclude', true],
      ['an ignore file of twenty megabytes', false],
      ['an ignore file of twenty megabytes', true],
    ] as const) {
      const it = repository();
      HOSTILE[name]?.(it);
      const log: string[] = [];
      const file = name.startsWith('a glob') ? `${'a'.repeat(200)}.local` : 'a.local';
      assert.equal(
        await asking(isTrusted, 'git', log).isIgnored(path.join(it.folder, file)),
        undefined,
        name,
      );
      assert.match(log.join('\n'), /\.gitignore|exclude|ms/, name);
    }
  });

  test('what the environment says of git counts for nothing', async () => {
    const it = repository();
    const elsewhere = repository();
    const hostile = {
      GIT_DIR: path.join(elsewhere.folder, '.git'),
      GIT_WORK_TREE: elsewhere.folder,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'core.fsmonitor',
      GIT_CONFIG_VALUE_0: it.program,
      GIT_TRACE: it.trace,
      GIT_TRACE2_EVENT: it.trace,
      GIT_EXEC_PATH: elsewhere.folder,
      GIT_SSH_COMMAND: it.program,
      LD_PRELOAD: '',
    };
    it.write('.gitignore', '*.mine\n');
    const before = Object.keys(hostile).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, hostile);
    try {
      assert.equal(await asking(true).isIgnored(path.join(it.folder, 'a.mine')), true);
      assert.equal(await asking(true).isIgnored(path.join(it.folder, 'a.local')), false);
      assert.equal(fs.existsSync(it.trace), false);
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  test('a folder of another user is asked about all the same', async () => {
    const it = repository();
    // Git's own switch for testing this, set behind our back by what stands in for git.
    const git = `${it.folder}.git.sh`;
    fs.writeFileSync(git, '#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec git "$@"\n', { mode: 0o755 });
    const log: string[] = [];
    assert.equal(await asking(true, git, log).isIgnored(path.join(it.folder, 'a.local')), true);
    assert.deepEqual(log, []);
  });
});

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
