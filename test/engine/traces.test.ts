// What a session leaves behind on this machine and on its network: nothing that is not ours. Checked on the bundles as they
// are shipped, in an environment of their own and, where the system allows it, in a network of their own whose counters
// remember every attempt.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import esbuild, { type BuildOptions } from 'esbuild';
import { EngineClient } from '../../engine/rpc/engineClient';
import { ALONE, attempts, attemptsOf, openSockets, ROOT, SKIP, STARTER, Traces } from './traces';

const { common }: { common: BuildOptions } = require('../../esbuild.js');

const MODEL = path.join(ROOT, 'test', 'fixtures', 'checkpoints', 'palimpsest');

describe('traces', () => {
  const traces = new Traces();

  /** Runs Node to its end and gives its output, with what it tried on the network where that can be seen. */
  function run(words: readonly string[]) {
    const report = path.join(traces.folder, 'snmp');
    const command =
      ALONE.length > 0
        ? [...ALONE, 'sh', '-c', '"$@"; code=$?; cat /proc/net/snmp > "$0"; exit $code', report]
        : [];
    const [file = '', ...rest] = [...command, process.execPath, ...words];
    const result = spawnSync(file, rest, { cwd: traces.folder, env: traces.environment(), encoding: 'utf8' });
    return { ...result, tried: () => attemptsOf(fs.readFileSync(report, 'utf8')) };
  }

  test('a command that runs a model leaves nothing of a library, and nothing on the network', async (t) => {
    const model = ['--model', STARTER, '--provider', 'cpu'];
    const words = ['infill', 'mean.py', '--span', '2:12-2:23', '--json', ...model];
    const { status, stdout, stderr, tried } = run([traces.script('cli'), ...words]);
    assert.equal(status, 0, stdout + stderr);
    assert.ok(JSON.parse(stdout).candidates);
    traces.assertNothingForeign();
    await t.test('nothing was tried on the network', SKIP, () => assert.deepEqual(tried(), []));
  });

  test('so does the probe of a provider, whether or not there is a device', async (t) => {
    const { stdout, tried } = run([traces.script('probe'), 'webgpu']);
    assert.equal(JSON.parse(stdout).provider, 'webgpu');
    traces.assertNothingForeign(true);
    await t.test('nothing was tried on the network', SKIP, () => assert.deepEqual(tried(), []));
  });

  test('an engine that has answered has no socket open and has tried none', async (t) => {
    const [node = '', ...nodeArgs] = [...ALONE, process.execPath];
    const client = await EngineClient.start({
      node,
      nodeArgs,
      script: traces.script('engine'),
      cacheFolder: path.join(traces.folder, 'cache'),
      env: traces.environment(),
    });
    try {
      await client.loadModel({ folder: MODEL, provider: 'cpu' });
      const text = 'def mean(values):\n    return 1\n';
      await client.infill({
        model: MODEL,
        text,
        spans: [{ start: 22, end: 30 }],
        steps: 2,
        priority: 'rewrite',
      });
      await client.score({ model: MODEL, text, priority: 'background' });
      await t.test('nothing is open, nor was tried, on the network', SKIP, () => {
        assert.deepEqual(openSockets(client.pid), []);
        assert.deepEqual(attempts(client.pid), []);
      });
      if (process.platform === 'linux') {
        const fds = fs.readdirSync(`/proc/${client.pid}/fd`).flatMap((fd) => {
          try {
            return [fs.readlinkSync(`/proc/${client.pid}/fd/${fd}`)];
          } catch {
            return [];
          }
        });
        // Its own three streams are sockets where Node makes pipes of them.
        assert.ok(fds.filter((name) => name.startsWith('socket:')).length <= 3, fds.join('\n'));
        const foreign = fds.filter(
          (name) => name.startsWith(traces.home) || name.startsWith(traces.temporary),
        );
        assert.deepEqual(foreign, []);
      }
    } finally {
      await client.stop();
    }
    traces.assertNothingForeign();
  });

  /** Which part of a bundle asks for which of Node's ways to another machine. */
  async function networkImports(entry: string): Promise<string[]> {
    const { metafile } = await esbuild.build({
      entryPoints: [path.join(ROOT, entry)],
      absWorkingDir: ROOT,
      ...common,
      external: ['vscode', 'onnxruntime-node'],
      metafile: true,
      write: false,
      logLevel: 'error',
    });
    const network = /^(node:)?(net|dns|dns\/promises|dgram|tls|http|https|http2|inspector)$/;
    const found = Object.entries(metafile.inputs).flatMap(([file, { imports }]) =>
      imports
        .filter(({ path: name, external }) => external && network.test(name))
        .map(({ path: name }) => `${name} in ${/node_modules\/((@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? file}`),
    );
    return [...new Set(found)].sort();
  }

  test('no bundle can reach the network but by what is known', async () => {
    // vscode-jsonrpc can also speak over sockets and named pipes; nothing here asks it to.
    const known = ['net in vscode-jsonrpc'];
    // A server that a person has chosen, and `palimpsest models install`. The agents are how they get through a proxy.
    const http = [
      'http in agent-base',
      'https in agent-base',
      'net in agent-base',
      'net in http-proxy-agent',
      'net in https-proxy-agent',
      'node:http in engine/http/connection.ts',
      'node:http in engine/http/exchange.ts',
      'node:https in engine/http/connection.ts',
      'node:https in engine/http/exchange.ts',
      'node:tls in engine/http/connection.ts',
      'tls in http-proxy-agent',
      'tls in https-proxy-agent',
    ];
    assert.deepEqual(await networkImports('extension/extension.ts'), known);
    // Windows that share an engine: a path that only the person can reach, no address.
    const sharing = ['node:net in engine/process/sharedHost.ts', 'node:net in engine/process/sharedRelay.ts'];
    assert.deepEqual(await networkImports('engine/process/main.ts'), [...known, ...http, ...sharing].sort());
    assert.deepEqual(await networkImports('engine/runtime/probeMain.ts'), []);
    assert.deepEqual(await networkImports('engine/checkpoint/templateMain.ts'), []);
    // `palimpsest serve` listens.
    const listening = 'node:http in engine/serve/httpServer.ts';
    assert.deepEqual(await networkImports('engine/cli/main.ts'), [...known, ...http, listening].sort());
    const own = ['extension', 'engine'].flatMap((name) =>
      fs
        .readdirSync(path.join(ROOT, name), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => path.join(ROOT, name, file)),
    );
    const calls =
      /\b(fetch|createClientSocketTransport|createServerSocketTransport|createClientPipeTransport|createServerPipeTransport)\s*\(|\bnew (WebSocket|EventSource|XMLHttpRequest)\b/;
    assert.deepEqual(
      own.filter((file) => calls.test(fs.readFileSync(file, 'utf8'))),
      [],
    );
  });
});
