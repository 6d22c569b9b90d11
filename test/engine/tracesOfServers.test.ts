// What the commands that stay leave behind, each with a question answered by the starter model: `serve` opens the one socket that it
// listens on, `mcp` and `lsp` none, and nothing that is not ours lies about afterwards.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, describe } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { ALONE, attempts, openSockets, SKIP, STARTER, Traces } from './traces';

const MODEL = ['--model', STARTER, '--provider', 'cpu'];
const TEXT = 'def mean(values):\n    return sum(values) / \n';
/** Behind the last blank of its second line. */
const CURSOR = { line: 1, character: 25 };
/** Runs in a process of its own, inside the network of the server: `URL TEXT`. */
const ASK = `
const [url, text] = process.argv.slice(1);
const at = text.length - 1;
const body = JSON.stringify({ text, spans: [{ start: at, end: at }] });
const headers = { 'Content-Type': 'application/json' };
fetch(url + '/v1/infill', { method: 'POST', headers, body }).then((answer) => answer.text()).then((json) => process.stdout.write(json));
`;

describe('traces of the commands that stay', () => {
  const traces = new Traces();
  const children: ChildProcess[] = [];
  after(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  function start(words: readonly string[], network: readonly string[] = ALONE) {
    const [file = '', ...rest] = [...network, process.execPath, traces.script('cli'), ...words, ...MODEL];
    const child = spawn(file, rest, { cwd: traces.folder, env: traces.environment() });
    children.push(child);
    let err = '';
    const ready = new Promise<void>((resolve) => {
      child.stderr.on('data', (chunk) => {
        err += chunk;
        if (err.includes('ready')) resolve();
      });
      child.on('close', () => resolve());
    });
    return { child, pid: child.pid ?? 0, ready, errors: () => err };
  }

  test('serve has its own socket open, on the loopback device, and no other', async (t) => {
    // A network that is new has its loopback device down.
    const network = ALONE.length > 0 ? [...ALONE, 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'] : [];
    const { child, pid, ready, errors } = start(['serve', '--port', '0'], network);
    const exit = once(child, 'exit');
    let out = '';
    for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
      out += chunk;
      if (out.includes('\n')) break;
    }
    const [, url = '', port] = /^Listening on (http:\/\/127\.0\.0\.1:(\d+))\n/.exec(out) ?? [];
    assert.ok(url !== '', out + errors());
    await ready;
    const inside =
      ALONE.length > 0 ? ['nsenter', '--target', String(pid), '-U', '-n', '--preserve-credentials'] : [];
    const [file = '', ...rest] = [...inside, process.execPath, '-e', ASK, url, TEXT];
    const { stdout, stderr } = spawnSync(file, rest, { encoding: 'utf8' });
    assert.ok(JSON.parse(stdout || '{}').candidates?.length > 0, stdout + stderr + errors());
    await t.test('nothing else is open, nor was tried', SKIP, () => {
      const place = `0100007F:${Number(port).toString(16).toUpperCase().padStart(4, '0')}`;
      // Behind an exchange that is over, the system keeps the connection's name a while, of no process (state 06).
      const open = openSockets(pid)
        .map((line) => line.split(/\s+/))
        .filter(([, , , , state]) => state !== '06');
      assert.deepEqual(
        open.map(([kind, , own, other, state]) => [kind, own, other, state]),
        [['tcp', place, '00000000:0000', '0A']],
      );
      // The question's own way to it.
      assert.deepEqual(
        attempts(pid).filter((one) => !one.startsWith('Ip: OutRequests')),
        ['Tcp: ActiveOpens 1'],
      );
    });
    child.kill('SIGTERM');
    assert.deepEqual(await exit, [0, null], errors());
    traces.assertNothingForeign();
  });

  test('mcp has none', async (t) => {
    fs.writeFileSync(path.join(traces.folder, 'mean.py'), TEXT);
    const words = [traces.script('cli'), 'mcp', '--root', traces.folder, ...MODEL];
    const [command = '', ...args] = [...ALONE, process.execPath, ...words];
    const env = traces.environment() as Record<string, string>;
    const transport = new StdioClientTransport({ command, args, env, cwd: traces.folder, stderr: 'inherit' });
    const client = new Client({ name: 'test', version: '1' });
    try {
      await client.connect(transport);
      const ranges = [{ startLine: 2, endLine: 2 }];
      const answer = await client.callTool({
        name: 'palimpsest_infill',
        arguments: { filePath: 'mean.py', ranges },
      });
      assert.match(JSON.stringify(answer.content), /Candidate 1\b.*--- a\/mean\.py/);
      await t.test('nothing is open, nor was tried', SKIP, () => {
        assert.deepEqual(openSockets(transport.pid ?? 0), []);
        assert.deepEqual(attempts(transport.pid ?? 0), []);
      });
    } finally {
      await client.close();
    }
    traces.assertNothingForeign();
  });

  test('lsp has none', async (t) => {
    const { child, pid, errors } = start(['lsp']);
    const exit = once(child, 'exit');
    const connection = createMessageConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    connection.listen();
    await connection.sendRequest('initialize', { processId: process.pid, rootUri: null, capabilities: {} });
    await connection.sendNotification('initialized', {});
    const uri = pathToFileURL(path.join(traces.folder, 'mean.py')).href;
    const textDocument = { uri, languageId: 'python', version: 1, text: TEXT };
    await connection.sendNotification('textDocument/didOpen', { textDocument });
    const items = await connection.sendRequest<{ insertText: string }[]>('textDocument/inlineCompletion', {
      ...{ textDocument: { uri }, position: CURSOR, context: { triggerKind: 1 } },
    });
    assert.ok((items[0]?.insertText ?? '').length > 0, JSON.stringify(items) + errors());
    await t.test('nothing is open, nor was tried', SKIP, () => {
      assert.deepEqual(openSockets(pid), []);
      assert.deepEqual(attempts(pid), []);
    });
    await connection.sendRequest('shutdown');
    await connection.sendNotification('exit');
    assert.deepEqual(await exit, [0, null], errors());
    connection.dispose();
    traces.assertNothingForeign();
  });
});
