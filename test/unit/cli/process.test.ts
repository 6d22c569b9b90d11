// The command as a process: what only a real one can show (exit codes, signals, pipes).
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import test, { after, before, describe } from 'node:test';
import { type BuildOptions, build } from 'esbuild';
import type { Script } from './scriptedEngine';

const { common }: { common: BuildOptions } = require('../../../esbuild.js');

type Child = ChildProcess & {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
};

describe('the process', { concurrency: 2 }, () => {
  let folder = '';
  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-process-'));
    fs.writeFileSync(path.join(folder, 'package.json'), '{"version": "9.8.7"}');
    fs.writeFileSync(path.join(folder, 'a.py'), 'x = 1\n');
    await build({
      entryPoints: [path.join(__dirname, 'scriptedMain.ts')],
      outfile: path.join(folder, 'dist', 'cli.js'),
      ...common,
      // Not to be found from that folder: what does not run a model must do without the runtime.
      external: ['onnxruntime-node'],
    });
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  function start(words: readonly string[], script: Script = {}): Child {
    const { NO_COLOR: _, FORCE_COLOR: __, ...env } = process.env;
    const child = spawn(process.execPath, [path.join(folder, 'dist', 'cli.js'), ...words], {
      cwd: folder,
      env: { ...env, SCRIPT: JSON.stringify(script), PACKAGE_FOLDER: folder, PALIMPSEST_MODEL: folder },
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    });
    const { stdin, stdout, stderr } = child;
    assert.ok(stdin && stdout && stderr);
    return Object.assign(child, { stdin, stdout, stderr });
  }

  /** Waits until the process has said so over its own channel. */
  async function said(child: Child, word: string): Promise<void> {
    for (;;) {
      const [message] = await once(child, 'message');
      if (message === word) return;
    }
  }

  async function end(child: Child) {
    let out = '';
    let err = '';
    child.stdout.on('data', (data) => {
      out += data;
    });
    child.stderr.on('data', (data) => {
      err += data;
    });
    const [code, signal] = await once(child, 'close');
    return { code, signal, out, err };
  }

  const INFILL = ['infill', 'a.py', '--span', '1:5-1:6'];

  test('0 when it went well', async () => {
    const { code, out } = await end(start(INFILL, { answers: [['2']] }));
    assert.equal(code, 0);
    assert.match(out, /^-x = 1\n\+x = 2$/m);
  });

  test('ended by a signal while it waits for somebody to write to a pipe', {
    skip: process.platform === 'win32' ? 'there are no such pipes' : false,
  }, async () => {
    const pipe = path.join(folder, 'pipe.py');
    execFileSync('mkfifo', [pipe]);
    const child = start(['infill', 'pipe.py', '--span', '1:1-1:1']);
    const ended = end(child);
    // A writer can only open it once there is a reader.
    let writer: number | undefined;
    while (writer === undefined) {
      try {
        writer = fs.openSync(pipe, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    child.kill('SIGTERM');
    assert.equal((await ended).signal, 'SIGTERM');
    fs.closeSync(writer);
  });

  test('the version of the package, and help without the runtime', async () => {
    assert.deepEqual(await end(start(['--version'])), {
      code: 0,
      signal: null,
      out: 'palimpsest 9.8.7\n',
      err: '',
    });
    for (const name of ['infill', 'score', 'check', 'bench', 'devices']) {
      const { code, err } = await end(start([name, '--help']));
      assert.deepEqual([code, err], [0, '']);
    }
  });

  test('1 for an error, 2 for wrong usage, each with one line', async () => {
    const missing = await end(start(['infill', 'b.py', '--span', '1:1-1:1']));
    assert.deepEqual([missing.code, missing.out], [1, '']);
    assert.equal(missing.err, 'palimpsest: There is no file b.py. [file-unreadable]\n');
    const usage = await end(start(['infill', 'a.py', '--spam', '1:1-1:1']));
    assert.deepEqual([usage.code, usage.out], [2, '']);
    assert.match(
      usage.err,
      /^palimpsest: There is no option --spam\. Did you mean --span\? See: .* \[option-invalid\]\n$/,
    );
  });

  test('standard input', async () => {
    const child = start(['infill', '-', '--span', '1:5-1:6', '--json']);
    child.stdin.end('y = "🦊"\n');
    const { code, out } = await end(child);
    assert.equal(code, 0);
    assert.equal(JSON.parse(out).candidates[0].spans[0].text, 'answer');
  });

  test('Ctrl-C during the denoising: 130, no file changed', async () => {
    const child = start([...INFILL, '--write', '--json'], { steps: 100_000, pause: 5 });
    const ended = end(child);
    await said(child, 'denoising');
    child.kill('SIGINT');
    const { code, out } = await ended;
    assert.equal(code, 130);
    assert.equal(JSON.parse(out).error.code, 'cancelled');
    assert.equal(fs.readFileSync(path.join(folder, 'a.py'), 'utf8'), 'x = 1\n');
  });

  /** Waits for a word on standard error. */
  async function complained(child: Child, word: string): Promise<void> {
    let err = '';
    while (!err.includes(word)) err += String((await once(child.stderr, 'data'))[0]);
  }

  test('the second Ctrl-C ends it at once, though a step holds the event loop', async () => {
    const child = start([...INFILL, '--json'], { steps: 100_000, pause: 5, blocks: 'cancelled' });
    await said(child, 'denoising');
    child.kill('SIGINT');
    await complained(child, 'blocked');
    child.kill('SIGINT');
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGINT']);
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    test(`${signal} ends it while a session is made, which holds the event loop`, async () => {
      const child = start(INFILL, { blocks: 'session' });
      await complained(child, 'blocked');
      child.kill(signal);
      assert.deepEqual(await once(child, 'exit'), [null, signal]);
    });
  }

  test('Ctrl-C while it waits for standard input', async () => {
    const child = start(['infill', '-', '--span', '1:1-1:1']);
    const ended = end(child);
    child.stdin.write('half a fi');
    await said(child, 'ready');
    child.kill('SIGINT');
    const { code, err } = await ended;
    assert.equal(code, 130);
    assert.equal(err, 'palimpsest: Canceled; nothing was changed. [cancelled]\n');
  });

  test('a reader that goes away early is no failure and no stack trace', async () => {
    const child = start(['infill', '--help']);
    child.stdout.destroy();
    let err = '';
    child.stderr.on('data', (data) => {
      err += data;
    });
    const [code] = await once(child, 'exit');
    assert.deepEqual([code, err], [0, '']);
  });
});
