// Everything that a bare machine with a GPU is sent, on this machine's WebGPU device (a software one in the gate): packed into a folder,
// and run from there in an environment that is empty, without a network, and without the repository.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import type { PartResult, RunResult } from '../../bench/offline/results';
import { canRunPieces, canUnshare, packedCommand, packPieces, runPacked } from './packedRun';

const root = path.resolve('.');
const PIECE_MB = 20;
const required = process.env['CI'] !== undefined;
describe('the pieces for a machine without a network', {
  skip: canRunPieces ? false : 'Linux x64 only',
}, () => {
  let pieces: string;
  before(() => {
    pieces = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-pieces-'));
    // Of an earlier call that packed more.
    for (const name of ['cuda.sha256', 'cuda.tar.gz.000']) fs.writeFileSync(path.join(pieces, name), 'old');
    const training = fs.mkdtempSync(path.join(pieces, 'training-'));
    fs.writeFileSync(path.join(training, 'train.u16.pieces.json'), '{}');
    const made = packPieces(pieces, ['--piece', String(PIECE_MB), '--training', training]);
    assert.equal(made.status, 0, made.stderr);
  });
  after(() => fs.rmSync(pieces, { recursive: true, force: true }));

  const command = (words: readonly string[]) => packedCommand(pieces, words);
  const runNow = (words: readonly string[], env: readonly string[] = []) => runPacked(pieces, words, env);

  /** As on a system without the Vulkan loader: its file is hidden by an overlay, which not every system allows. */
  const withoutLoader =
    'L=/usr/lib/x86_64-linux-gnu; T=$(mktemp -d) && mount -t tmpfs none "$T" && mkdir "$T/up" "$T/work" && ' +
    'mount -t overlay none -o "lowerdir=$L,upperdir=$T/up,workdir=$T/work" "$L" && rm -f "$L"/libvulkan.so*';

  const partOf = ({ parts }: RunResult, name: string): PartResult => {
    const part = parts.find((one) => one.name === name);
    assert.ok(part, `the part ${name} has not run`);
    return part;
  };

  test('every piece is small enough, and listed with its checksum', () => {
    const list = fs.readFileSync(path.join(pieces, 'palimpsest.sha256'), 'utf8').trim().split('\n');
    assert.ok(list.length >= 3);
    for (const line of list) {
      const [, file = ''] = /^[0-9a-f]{64} {2}(palimpsest\.tar\.gz\.\d{3})$/.exec(line) ?? [];
      assert.ok(fs.statSync(path.join(pieces, file)).size <= PIECE_MB * 1e6, line);
    }
  });

  test('pieces of an earlier call are gone', () => {
    const names = fs.readdirSync(pieces).filter((name) => name.startsWith('cuda'));
    assert.deepEqual(names, []);
  });

  test('a list of pieces that is damaged or missing is named before anything runs', () => {
    const refused = (name: string, change: (file: string, text: string) => void, pattern: RegExp) => {
      const file = path.join(pieces, name);
      const text = fs.readFileSync(file, 'utf8');
      try {
        change(file, text);
        const { status, stderr } = runNow(['--list']);
        assert.match(stderr, pattern);
        assert.equal(status, 2);
      } finally {
        fs.writeFileSync(file, text);
      }
    };
    // One line less: a copy that was cut off.
    const cut = (file: string, text: string) => fs.writeFileSync(file, text.slice(0, text.indexOf('\n') + 1));
    refused(
      'palimpsest.sha256',
      cut,
      /^The list of pieces, palimpsest\.sha256, is damaged or belongs to another run/,
    );
    const gone = (file: string) => fs.rmSync(file);
    refused(
      'palimpsest.sha256',
      gone,
      /^The list of pieces, palimpsest\.sha256, is missing: copy it into \//,
    );
    refused('training.sha256', gone, /^The list of pieces, training\.sha256, is missing: copy it into \//);
  });

  test('a piece that is damaged or missing is named before anything runs', () => {
    const file = path.join(pieces, 'palimpsest.tar.gz.001');
    const whole = fs.readFileSync(file);
    try {
      const damaged = Buffer.from(whole);
      damaged[1000] = (damaged[1000] ?? 0) ^ 1;
      fs.writeFileSync(file, damaged);
      const first = runNow(['--list']);
      assert.equal(first.status, 2);
      assert.match(first.stderr, /^The piece palimpsest\.tar\.gz\.001 is damaged: copy it again into \//);
      fs.rmSync(file);
      const second = runNow(['--list']);
      assert.equal(second.status, 2);
      assert.match(second.stderr, /^The piece palimpsest\.tar\.gz\.001 is missing: copy it into \//);
    } finally {
      fs.writeFileSync(file, whole);
    }
  });

  test('optional pieces may be left behind', () => {
    const aside = fs.mkdtempSync(path.join(pieces, 'aside-'));
    const names = fs.readdirSync(pieces).filter((name) => /^training\.(sha256|tar)/.test(name));
    assert.equal(names.length, 2);
    for (const name of names) fs.renameSync(path.join(pieces, name), path.join(aside, name));
    try {
      const { status, stdout, stderr } = runNow(['--list']);
      assert.equal(status, 0, stderr);
      assert.match(stdout, /^training +training from the optional pieces/m);
    } finally {
      for (const name of names) fs.renameSync(path.join(aside, name), path.join(pieces, name));
    }
  });

  test('training without a Python is left out, with the reason', () => {
    const results = path.join(pieces, 'untrained');
    const words = ['--only', 'training', '--results', results];
    const { status, stderr } = runNow(words, ['PALIMPSEST_PYTHON=/nowhere/python']);
    assert.equal(status, 0, stderr);
    const result = JSON.parse(fs.readFileSync(path.join(results, 'results.json'), 'utf8')) as RunResult;
    assert.equal(partOf(result, 'training').state, 'left-out');
    const page = fs.readFileSync(path.join(results, 'results.md'), 'utf8');
    assert.match(
      page,
      /left out: training\. \/nowhere\/python does not start .* PALIMPSEST_PYTHON names a Python/,
    );
  });

  test('an old glibc, and another C library, are named', () => {
    const tools = path.join(pieces, 'tools');
    fs.mkdirSync(tools);
    const getconf = (text: string) =>
      fs.writeFileSync(path.join(tools, 'getconf'), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    const env = [`PATH=${tools}:/usr/bin:/bin`];
    getconf('echo glibc 2.9');
    const old = runNow(['--list'], env);
    assert.equal(old.status, 2);
    assert.match(
      old.stderr,
      /^These pieces need glibc 2\.\d+ or newer; this system has 2\.9\. Use a newer Linux/,
    );
    getconf('exit 1');
    const other = runNow(['--list'], env);
    assert.match(other.stderr, /this system has another C library/);
  });

  test('a piece that an earlier copy has left there is not unpacked', () => {
    const left = path.join(pieces, 'palimpsest.tar.gz.900');
    fs.writeFileSync(left, 'of another archive');
    try {
      const { status, stderr } = runNow(['--list']);
      assert.equal(status, 0, stderr);
    } finally {
      fs.rmSync(left);
    }
  });

  test('what cannot be chosen is refused with what can', () => {
    const { status, stderr } = runNow(['--only', 'devices,nothing']);
    assert.equal(status, 2);
    assert.match(stderr, /^There is no part nothing; there are devices, tokens, parity, /);
  });

  test('a run that is ended keeps what it found', async () => {
    const results = path.join(pieces, 'ended');
    const [file, args] = command(['--quick', '--only', 'devices,tokens', '--results', results]);
    const child = spawn(file, args, { cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (data) => {
      // Its first part has begun.
      if (said === '') child.kill('SIGTERM');
      said += data;
    });
    const [code] = await once(child, 'close');
    assert.equal(code, 143, said);
    const result = JSON.parse(fs.readFileSync(path.join(results, 'results.json'), 'utf8')) as RunResult;
    assert.equal(partOf(result, 'devices').state, 'cut-off');
    assert.deepEqual(result.left, ['tokens']);
  });

  test('without a Vulkan loader, that is the reason, and the next step', (t) => {
    const can = canUnshare && spawnSync('unshare', ['-rmn', 'sh', '-c', withoutLoader]).status === 0;
    if (!can) {
      t.skip('the loader cannot be hidden here');
      return;
    }
    const results = path.join(pieces, 'loaderless');
    const [file, args] = command(['--only', 'devices', '--results', results]);
    const [flags = '', ...rest] = args;
    const hidden = [flags, 'sh', '-c', `${withoutLoader} && exec "$@"`, 'sh', ...rest];
    const { stdout, stderr } = spawnSync(file, hidden, { encoding: 'utf8', cwd: '/' });
    assert.match(stdout, /webgpu: the Vulkan loader \(libvulkan\.so\.1\) is not installed\./, stderr);
    const page = fs.readFileSync(path.join(results, 'results.md'), 'utf8');
    assert.match(page, /^- No GPU can be used\. .*install the Vulkan loader\. .*libvulkan1/m);
  });

  test('all of it runs on the device', (t) => {
    const results = path.join(pieces, 'results');
    const { status, stdout, stderr } = runNow(['--quick', '--patience', '4', '--results', results]);
    const result = JSON.parse(fs.readFileSync(path.join(results, 'results.json'), 'utf8')) as RunResult;
    const page = fs.readFileSync(path.join(results, 'results.md'), 'utf8');
    const webgpu = partOf(result, 'devices')
      .lines.flatMap((line) => (line.kind === 'table' ? line.rows : []))
      .find(([provider]) => provider === 'webgpu');
    if (webgpu?.[1] !== 'yes' && !required) {
      t.skip(`no WebGPU device: ${webgpu?.at(-1)}`);
      return;
    }
    assert.equal(status, 0, `${stdout}\n${stderr}\n${page}`);
    const names = 'devices tokens parity caches refusals memory soak loss rewrite speed'.split(' ');
    assert.deepEqual(
      result.parts.map(({ name, state }) => [name, state]),
      names.map((name) => [name, 'passed']),
    );
    // Passed by what it checked on the device, not for want of one.
    for (const name of names.slice(1)) {
      const checks = partOf(result, name).lines.filter(
        (line) => line.kind === 'check' && /^webgpu|^tiny|on webgpu/.test(line.name),
      );
      assert.ok(checks.length > 0, `${name} checked nothing on WebGPU`);
    }
    assert.match(page, /GB\/s, read and written together/);
    assert.ok(!page.includes(root) && !page.includes(os.hostname()), 'nothing in it names this machine');
  });
});
