// `--remote`: what the options make of a server, and that its key is in no argument and no output.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { runCommand } from '../../../engine/cli/command';
import { connectServer } from '../../../engine/remote/connect';
import { completions, json, llama, recordedServer } from '../remote/recordedServer';
import { scriptedEngine, temporaryFolder, testWorld } from './scriptedEngine';

const KEY = 'sk-command-0123456789abcdef';
const SPAN = ['--span', '2:12-2:12'];

function world(t: { after(fn: () => void): void }, env: Record<string, string> = {}) {
  const folder = temporaryFolder(t);
  fs.writeFileSync(path.join(folder, 'mean.py'), 'def mean(values):\n    return \n');
  const { engine, calls } = scriptedEngine({ answers: [['sum(values)']] });
  const context = testWorld(engine, { folder, env: { PALIMPSEST_MODEL: '/models/scripted', ...env } });
  return { folder, calls, context, engine };
}

describe('--remote', () => {
  test('names kind, address, model and key', async (t) => {
    const { folder, calls, context } = world(t, { PALIMPSEST_SERVER_KEY: KEY });
    const words = ['--remote', 'openai-chat', '--url', 'https://a.example/v1', '--model', 'big'];
    assert.equal(await runCommand(['infill', 'mean.py', ...SPAN, ...words], context), 0);
    const server = {
      kind: 'openai-chat',
      url: 'https://a.example/v1',
      model: 'big',
      key: KEY,
      allowsUnencrypted: false,
    };
    assert.deepEqual(calls.servers, [server]);
    assert.deepEqual(calls.loads, []);
    fs.writeFileSync(path.join(folder, 'key'), 'from-the-file\nsecond line\n');
    const more = ['--key-file', 'key', '--insecure'];
    assert.equal(await runCommand(['score', 'mean.py', ...words, ...more], context), 0);
    assert.deepEqual(calls.servers[1], { ...server, key: 'from-the-file', allowsUnencrypted: true });
  });

  test('is refused where something is missing or has no meaning', async (t) => {
    const table: readonly (readonly [readonly string[], RegExp])[] = [
      [['--remote', 'llama-server'], /--remote needs the address of the server: --url URL/],
      [
        ['--remote', 'lama-server', '--url', 'http://localhost'],
        /--remote must be one of .* Did you mean llama-server\?/,
      ],
      [['--url', 'http://localhost'], /--url needs --remote/],
      [['--insecure'], /--insecure needs --remote/],
      [
        ['--remote', 'mercury', '--url', 'http://localhost', '--provider', 'cpu'],
        /--provider has no effect on a server/,
      ],
    ];
    for (const [words, message] of table) {
      const { context } = world(t);
      assert.equal(await runCommand(['infill', 'mean.py', ...SPAN, ...words], context), 2, words.join(' '));
      assert.match(context.stderr.text(), message);
    }
    const { context, folder } = world(t);
    fs.writeFileSync(path.join(folder, 'key'), '\n');
    for (const [file, message] of [
      ['nowhere', /cannot be read/],
      ['key', /is empty/],
    ] as const) {
      const words = ['--remote', 'mercury', '--url', 'http://localhost', '--key-file', file];
      assert.equal(await runCommand(['infill', 'mean.py', ...SPAN, ...words], context), 1);
      assert.match(context.stderr.text(), message);
    }
  });

  test('shows the diff of a server, and no key where the server refuses it', async (t) => {
    const server = await recordedServer(t, llama(['sum(values)']));
    const { engine, context } = world(t, { PALIMPSEST_SERVER_KEY: KEY });
    const real = { ...context, engine: { ...engine, connectServer } };
    const words = ['infill', 'mean.py', ...SPAN, '--remote', 'llama-server', '--url', server.url];
    assert.equal(await runCommand(words, real), 0, context.stderr.text());
    assert.match(context.stdout.text(), /\+ {4}return sum\(values\)/);
    assert.match(context.stderr.text(), /coder\.gguf · 1 tokens · confidence 50 %/);
    server.answer = (_heard, response) => json(response, { error: { message: `bad key ${KEY}` } }, 401);
    assert.equal(await runCommand(words, real), 1);
    assert.match(context.stderr.text(), /does not accept your key/);
    assert.ok(!(context.stderr.text() + context.stdout.text()).includes(KEY));
  });

  test('what a server calls its models does not steer the terminal', async (t) => {
    const names = ['\u001b[2Jone', '\u001b]0;two\u0007'];
    const server = await recordedServer(t, completions(['sum(values)']));
    const { answer } = server;
    let listed = names.slice(0, 1);
    server.answer = (heard, response) =>
      heard.path.endsWith('/models')
        ? json(response, { object: 'list', data: listed.map((id) => ({ id })) })
        : answer(heard, response);
    const { engine, context } = world(t);
    const real = { ...context, engine: { ...engine, connectServer } };
    const words = ['infill', 'mean.py', ...SPAN, '--remote', 'openai-completions', '--url', server.url];
    assert.equal(await runCommand(words, real), 0, context.stderr.text());
    assert.match(context.stderr.text(), /\u241b\[2Jone · 1 tokens/);
    listed = names;
    assert.equal(await runCommand(words, real), 2);
    assert.match(context.stderr.text(), /It has \u241b\[2Jone, \u241b\]0;two\u2407\./);
    assert.ok(!context.stderr.text().includes('\u001b'));
  });
});
