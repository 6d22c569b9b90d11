// What never enters a context: by name, by content, and by what git says of real repositories.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import fc from 'fast-check';
import { GitIgnore } from '../../../engine/privacy/gitIgnore';
import { exclusionByName, holdsSecrets } from '../../../engine/privacy/secrets';

describe('files that hold secrets', () => {
  for (const name of [
    '/a/.env',
    'C:\\a\\.env.local',
    '/a/prod.env',
    '/a/.envrc',
    '/k/server.PEM',
    '/h/.ssh/id_ed25519',
    '/h/.ssh/config',
    '/h/.aws/config',
    '/h/.kube/config',
    '/h/.npmrc',
    '/h/.git-credentials',
    'secrets.yaml',
    'credentials',
    'service-account-key.json',
    'appsettings.secrets.json',
    'main.tfvars',
    'C:\\Users\\x\\.SSH\\known',
    '/a/.dev.vars',
    '/a/.dev.vars.production',
    '/a/terraform.tfvars.json',
    '/a/terraform.tfstate.backup',
    '/a/kubeconfig',
    '/a/kubeconfig.yaml',
    '/a/staging.kubeconfig',
    '/etc/kubernetes/admin.conf',
    '/a/client_secret_12-x.apps.googleusercontent.com.json',
    '/a/client_secrets.json',
    '/a/application_default_credentials.json',
    '/h/.config/gcloud/properties',
    '/a/demo-firebase-adminsdk-x1-1a2b.json',
    '/a/wp-config.php',
    '/a/appsettings.json',
    '/a/appsettings.Development.json',
    '/a/local.settings.json',
    '/h/.bash_history',
    '/h/.zsh_history',
    '/h/.python_history',
    '/h/.psql_history',
    '/h/.mysql_history',
    '/h/.rediscli_history',
    '/h/.node_repl_history',
    '/h/.local/share/fish/fish_history',
    'C:\\u\\AppData\\Roaming\\PSReadLine\\ConsoleHost_history.txt',
    '/h/.config/gh/hosts.yml',
    'C:\\u\\AppData\\Roaming\\GitHub CLI\\hosts.yml',
    '/h/.config/glab-cli/config.yml',
    '/h/.config/rclone/rclone.conf',
    '/h/.yarnrc.yml',
    '/h/.m2/settings.xml',
    '/h/.gradle/gradle.properties',
    '/h/.composer/auth.json',
    '/h/.cache/huggingface/token',
    '/h/.terraform.d/credentials.tfrc.json',
    '/a/config/database.yml',
    '/run/secrets/db',
    '/a/.vault_pass.txt',
    '/a/web.PublishSettings',
    '/a/krb5.keytab',
    '/a/.env.bak',
    '/a/.env~',
    '/a/#.env#',
    '/a/.env.swp',
    '/a/.env-production',
    '/a/.env_local',
    '/a/.env copy',
    '/a/.env.old.1',
    'C:\\a\\.env::$DATA',
    'C:\\a\\.env.',
    '/h/.npmrc.bak',
    '/h/.netrc~',
    '/a/server.key.old',
    '/a/credentials.json (1)',
    '/a/id_rsa_github',
    '/a/id_ed25519-work.bak',
    '/a/api_keys.json',
    '/a/token.json',
    '/a/github-token.txt',
    '/a/passwords.csv',
    '/a/gcp-key.json',
    '/a/shop-service-account-key.json',
    '/a/android/key.properties',
    '/a/alice_accessKeys.csv',
    '/h/.sentryclirc',
    '/a/wallet.dat',
    '/a/secrets.prod.ts',
    '/a/secret.local.py',
    '/a/credentials.service.json',
  ]) {
    test(`${name} does`, () => assert.equal(holdsSecrets(name), true));
  }
  for (const name of [
    '/a/.env.example',
    '/a/environment.ts',
    '/a/keyboard.ts',
    '/a/secretSanta.py',
    '/a/secrets.ts',
    '/a/credentials.py',
    '/a/credentials.service.ts',
    '/a/secrets.controller.spec.ts',
    '/a/secrets.module.css',
    '/h/.ssh/id_ed25519.pub',
    '/a/.sshd/x.ts',
    '/a/monkey',
    'Untitled-1',
    '/a/.dev.vars.example',
    '/a/wp-config-sample.php',
    '/a/terraform.tfvars.example',
    '/a/appsettings.template.json',
    '/a/history.ts',
    '/a/browser_history.py',
    '/a/config.yml',
    '/a/locales/auth.json',
    '/a/tokens.ts',
    '/a/settings.json',
    '/a/database.yml',
    '/a/.env.example.bak',
    '/a/tokens.json',
    '/a/tokenizer.json',
    '/a/main.py.bak',
    '/a/keys.ts',
    '/a/password.ts',
    '/a/id_generator.py',
    '/a/key.json',
    '/a/v1.2.3',
    '/a/notes copy.md',
    '/a/id_ed25519.pub.bak',
  ]) {
    test(`${name} does not`, () => assert.equal(holdsSecrets(name), false));
  }
});

describe('why a text stays out', () => {
  const plain = {
    path: '/a/b.py',
    languageId: 'python',
    text: 'x = 1\n',
    isHidden: false,
  };

  test('it does not, where nothing speaks against it', () => assert.equal(exclusionByName(plain), undefined));

  test('a secret goes before all else', () => {
    const hidden = { ...plain, isHidden: true };
    assert.equal(exclusionByName({ ...hidden, path: '/a/.env' }), 'secret');
    assert.equal(exclusionByName({ ...hidden, languageId: 'dotenv' }), 'secret');
    assert.equal(exclusionByName(hidden), 'editor');
  });

  test('a private key is one wherever it was pasted', () => {
    const body = 'MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g';
    for (const kind of ['', 'RSA ', 'OPENSSH ', 'ENCRYPTED ']) {
      const header = `-----BEGIN ${kind}PRIVATE KEY-----`;
      for (const text of [
        `notes\n${header}\n${body}\n`,
        `${'x\n'.repeat(200_000)}${header}\r\n${body}`,
        `key = "${header}\\n${body}"`,
        `${header}\nProc-Type: 4,ENCRYPTED\n\n${body}`,
      ]) {
        assert.equal(exclusionByName({ ...plain, path: 'Untitled-1', text }), 'secret');
      }
      // What code that reads keys says of them.
      assert.equal(
        exclusionByName({ ...plain, text: `if line == "${header}":\n    start = True\n` }),
        undefined,
      );
    }
    assert.equal(exclusionByName({ ...plain, text: `-----BEGIN PUBLIC KEY-----\n${body}` }), undefined);
  });

  test('a private key is one behind headers of its own, and not behind a page of words', () => {
    const header = '-----BEGIN PGP PRIVATE KEY BLOCK-----';
    const body = 'lQdGBGVx7Z4BEACyk0m3vJ2Yz1qPp8sR5tUwXhNfLd6bQaGc9eTiVoKjHrMuSxWy';
    const behind = (between: string) =>
      exclusionByName({ ...plain, text: `${header}\n${between}\n${body}\n` });
    assert.equal(behind('Version: GnuPG v2\nComment: kept by the release team\n'.repeat(6)), 'secret');
    assert.equal(behind('what follows is an example of a header\n'.repeat(20)), undefined);
  });

  test('no extension of a dotenv name makes it public, but those of templates', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,8}$/), (ending) => {
        fc.pre(!['example', 'sample', 'template', 'dist', 'defaults'].includes(ending));
        assert.equal(holdsSecrets(`/a/.env.${ending}`), true);
      }),
    );
  });
});

describe('what git ignores', () => {
  let folder = '';
  const said: string[] = [];
  const gits: GitIgnore[] = [];
  const asking = (options: Partial<ConstructorParameters<typeof GitIgnore>[0]> = {}) => {
    const git = new GitIgnore({
      git: () => 'git',
      isTrusted: () => true,
      log: (message) => said.push(message),
      ...options,
    });
    gits.push(git);
    return git;
  };
  const write = (name: string, text = 'x\n') => {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
    return file;
  };
  const git = (...words: string[]) => {
    const { status, stderr } = spawnSync('git', ['-C', folder, ...words], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  };

  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-git-'));
    git('init', '--quiet');
    write('.gitignore', 'private/\n*.local\n!kept.local\n');
  });
  after(() => {
    for (const one of gits) one.dispose();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  test('is what git says: folders, patterns, exceptions, odd names', async () => {
    const asked = asking();
    assert.equal(await asked.isIgnored(write('private/deep/a.py')), true);
    assert.equal(await asked.isIgnored(write('a.local')), true);
    assert.equal(await asked.isIgnored(write('kept.local')), false);
    assert.equal(await asked.isIgnored(write('a.py')), false);
    assert.equal(await asked.isIgnored(write('-odd name ü.local')), true);
    assert.equal(await asked.isIgnored(path.join(folder, 'not', 'there', 'a.py')), false);
    assert.equal(await asked.isIgnored(path.join(folder, '.git', 'config')), false);
    assert.deepEqual(said, []);
  });

  test('never what is tracked', async () => {
    const file = write('private/tracked.py');
    git('add', '--force', file);
    assert.equal(await asking().isIgnored(file), false);
  });

  test('hundreds of files and folders are one question, each with the answer that it has alone', async () => {
    let asked = 0;
    const counting = asking({
      git: () => {
        asked++;
        return 'git';
      },
    });
    const names = Array.from(
      { length: 300 },
      (_, i) => `many${i % 7}/${i % 3 === 0 ? 'x.local' : `x${i}.py`}`,
    );
    const files = [
      ...names.map((name) => write(name)),
      write('deep/private/f.py'),
      path.join(folder, 'deep', 'private'),
    ];
    const many = await counting.areIgnored(files);
    assert.equal(asked, 1);
    assert.deepEqual(
      many,
      files.map((file) => /\.local$|private/.test(file)),
    );
    assert.equal(await counting.isIgnored(files[1] ?? ''), false);
    assert.equal(asked, 1, 'and is remembered for the single question');
    for (const file of files.slice(-4))
      assert.equal(await asking().isIgnored(file), many[files.indexOf(file)]);
  });

  test('a file without an answer takes none from the others', async () => {
    const folders = [write('piped/a.local'), write('plain/a.local'), write('plain/a.py')];
    const piped = path.join(folder, 'piped', '.gitignore');
    if (process.platform === 'win32') return;
    assert.equal(spawnSync('mkfifo', [piped]).status, 0);
    try {
      assert.deepEqual(await asking().areIgnored(folders), [undefined, true, false]);
      // Git refuses the whole question for a name that leads into a submodule which is not there.
      git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`);
      const all = [write('sub/a.py'), ...folders.slice(1)];
      assert.deepEqual(await asking().areIgnored(all), [undefined, true, false]);
    } finally {
      git('update-index', '--force-remove', 'sub');
      fs.rmSync(path.join(folder, 'sub'), { recursive: true, force: true });
      fs.rmSync(path.dirname(piped), { recursive: true, force: true });
    }
  });

  test('nothing outside repositories, and without git what the ignore files name', async () => {
    const outside = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-no-git-'));
    try {
      assert.equal(await asking().isIgnored(path.join(outside, 'a.local')), false);
    } finally {
      fs.rmSync(outside, { recursive: true, force: true });
    }
    said.length = 0;
    const none = asking({ git: () => path.join(folder, 'no-such-git') });
    assert.equal(
      await none.isIgnored(write('private/b.py')),
      true,
      'its ignore files are there all the same',
    );
    assert.equal(await none.isIgnored(write('public/c.py')), false);
    assert.equal(said.length, 1, 'and says so once');
  });

  test('is believed for a while, and asked for again when an ignore file has changed', async () => {
    let now = 0;
    let asked = 0;
    const remembering = asking({
      now: () => now,
      ttl: 100,
      git: () => {
        asked++;
        return 'git';
      },
    });
    const file = write('private/d.py');
    await remembering.isIgnored(file);
    now = 99;
    await remembering.isIgnored(file);
    assert.equal(asked, 1);
    now = 101;
    await remembering.isIgnored(file);
    assert.equal(asked, 2);
    remembering.forget();
    assert.equal(await remembering.isIgnored(file), true);
    assert.equal(asked, 3);
  });

  test('runs nothing that the repository names, and a failure is no answer', async () => {
    const trace = path.join(folder, 'ran');
    const hook = write('hook.sh', `#!/bin/sh\ntouch '${trace}'\n`);
    fs.chmodSync(hook, 0o755);
    git('config', 'core.fsmonitor', hook);
    assert.equal(await asking().isIgnored(write('private/e.py')), true);
    assert.equal(fs.existsSync(trace), false);
    git('config', '--unset', 'core.fsmonitor');
    said.length = 0;
    // A repository that git cannot read.
    fs.writeFileSync(path.join(folder, '.git', 'config'), '[core\n');
    assert.equal(await asking().isIgnored(write('private/f.py')), undefined);
    assert.equal(said.length, 1);
  });
});
