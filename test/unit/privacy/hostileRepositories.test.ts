// Repositories made by somebody who wants a program to run, a connection to be made or an answer never to come. Each is asked about
// in a workspace that is trusted, where git answers, and in one that is not, where the ignore files are read.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { GitIgnore } from '../../../engine/privacy/gitIgnore';
import { HostileRepository } from './hostileRepository';
import { GIVEN_UP, HOSTILE } from './hostileTries';

const onPosix = process.platform !== 'win32';

/** Milliseconds in which each answer comes, and all of them where none is waited for in vain: what hangs takes longer. */
const LONGEST = 5000;

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
