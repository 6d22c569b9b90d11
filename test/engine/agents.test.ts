// `palimpsest mcp` with the official client, and `palimpsest lsp` with a scripted editor: real processes, a scripted engine.
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import { bundle, isAlive } from './processes';

const ROOT = path.join(__dirname, '..', '..');
/** Inside node_modules, so that the bundle finds the native runtime. */
const folder = path.join(ROOT, 'node_modules', '.cache', `agents-test-${process.pid}`);
const project = path.join(folder, 'project');
const command = path.join(folder, 'dist', 'cli.js');
/** A scripted model that is too slow for text at the cursor. */
const late = path.join(folder, 'models', 'late');

/** The scripted answer in its second line does not parse. */
const PARSES = 'def f():\n    return 1  # steps 1\n';

function environment(): Record<string, string> {
  const { PALIMPSEST_MODEL: _, ...env } = process.env;
  const known = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return { ...Object.fromEntries(known), PALIMPSEST_CACHE: path.join(folder, 'cache') };
}

/** The engine that a command has started, where that can be seen; undefined: none yet. */
function engineOf(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? undefined : Number(children.split(' ')[0]);
}

before(async () => {
  fs.mkdirSync(path.join(folder, 'models', 'starter'), { recursive: true });
  fs.mkdirSync(late, { recursive: true });
  fs.mkdirSync(project, { recursive: true });
  fs.copyFileSync(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'));
  fs.writeFileSync(path.join(project, 'mean.py'), 'steps 1\n');
  fs.writeFileSync(path.join(project, 'forever.py'), 'forever \n');
  fs.writeFileSync(path.join(project, 'parses.py'), PARSES);
  fs.writeFileSync(path.join(project, '.env'), 'A=1\n');
  // This repository ignores node_modules.
  execFileSync('git', ['init', '-q'], { cwd: project });
  const dist = path.join(folder, 'dist');
  await bundle({ cli: 'engine/cli/main.ts', engine: 'test/unit/process/scriptedEngine.ts' }, dist);
  const grammars = path.join(ROOT, 'node_modules', '@vscode', 'tree-sitter-wasm', 'wasm');
  fs.symlinkSync(grammars, path.join(dist, 'tree-sitter'), 'junction');
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

describe('palimpsest mcp', () => {
  async function withClient(
    use: (client: Client, pid: number) => Promise<void>,
    words: readonly string[] = [],
  ) {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [command, 'mcp', '--root', project, ...words],
      env: environment(),
      stderr: 'inherit',
    });
    const client = new Client({ name: 'test', version: '1' });
    try {
      await client.connect(transport);
      await use(client, transport.pid ?? 0);
    } finally {
      await client.close();
    }
  }

  function textOf(result: { readonly content?: unknown }): string {
    const [part] = result.content as { text: string }[];
    return part?.text ?? '';
  }

  const ranges = [{ startLine: 1, endLine: 1 }];

  test('offers its tools without starting the engine, and ends it with itself', async () => {
    let engine: number | undefined;
    let own = 0;
    await withClient(async (client, pid) => {
      own = pid;
      const { tools } = await client.listTools();
      assert.deepEqual(
        tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint]),
        [
          ['palimpsest_infill', true],
          ['palimpsest_score', true],
        ],
      );
      assert.equal(engineOf(pid), undefined);
      const call = { name: 'palimpsest_infill', arguments: { filePath: 'mean.py', ranges } };
      const text = textOf(await client.callTool(call));
      assert.match(
        text,
        /^Candidate 1 \(unsure: unknown-names\):\n--- a\/mean\.py\n\+\+\+ b\/mean\.py\n@@ -1 \+1 @@\n-steps 1\n\+answer \d+\n/,
      );
      assert.equal(fs.readFileSync(path.join(project, 'mean.py'), 'utf8'), 'steps 1\n');
      engine = engineOf(pid);
    });
    while (isAlive(own)) await new Promise((resolve) => setTimeout(resolve, 10));
    if (engine !== undefined) assert.ok(!isAlive(engine));
  });

  test('scores a file, and refuses what may not be read or makes no sense in words', () =>
    withClient(async (client) => {
      const ask = (name: string, input: object) =>
        client.callTool({ name, arguments: input as Record<string, unknown> });
      assert.match(
        textOf(await ask('palimpsest_score', { filePath: 'mean.py' })),
        /mean\.py:1:1 "steps 1\\n?" surprise 1\.0/,
      );
      for (const [name, input, why] of [
        ['palimpsest_infill', { filePath: '.env', ranges }, /secrets/],
        ['palimpsest_score', { filePath: '../dist/cli.js' }, /not in the workspace/],
        ['palimpsest_score', { filePath: '/etc/passwd' }, /not in the workspace/],
        ['palimpsest_infill', { filePath: 'mean.py', ranges: [] }, /`ranges`/],
        [
          'palimpsest_infill',
          { filePath: 'mean.py', ranges: [{ startLine: 9, endLine: 9 }] },
          /There is no line 9/,
        ],
        ['palimpsest_infill', {}, /`filePath`/],
      ] as const) {
        const result = await ask(name, input);
        assert.equal(result.isError, true, JSON.stringify(result));
        assert.match(textOf(result), why);
      }
    }));

  test('what does not parse is left out, and why is said', () =>
    withClient(async (client) => {
      const input = { filePath: 'parses.py', ranges: [{ startLine: 2, endLine: 2 }] };
      const text = textOf(await client.callTool({ name: 'palimpsest_infill', arguments: input }));
      assert.match(text, /^Left out: 1 of 1 candidates, which are poor \(does-not-parse\)\.\n/);
      assert.doesNotMatch(text, /@@/);
    }));

  test('what is cancelled stops, and the next request is answered', () =>
    withClient(async (client) => {
      const controller = new AbortController();
      const call = { name: 'palimpsest_infill', arguments: { filePath: 'forever.py', ranges } };
      const running = client.callTool(call, { signal: controller.signal });
      await client.ping();
      controller.abort();
      await assert.rejects(running);
      const next = { name: 'palimpsest_infill', arguments: { filePath: 'mean.py', ranges } };
      assert.match(textOf(await client.callTool(next)), /answer/);
    }));
});

describe('palimpsest lsp', () => {
  const uri = pathToFileURL(path.join(project, 'open.py')).href;

  interface Editor {
    readonly connection: MessageConnection;
    readonly child: ChildProcessWithoutNullStreams;
    /** Edits that the server asked for, and the answer that it gets. */
    readonly edits: unknown[];
    applied: boolean;
    /** What it wrote to the editor's log. */
    readonly log: string[];
    open(text: string, at?: string): Promise<void>;
  }

  async function withEditor(
    use: (editor: Editor) => Promise<void>,
    words: readonly string[] = [],
  ): Promise<void> {
    const child = spawn(process.execPath, [command, 'lsp', ...words], { cwd: project, env: environment() });
    child.stderr.pipe(process.stderr);
    const connection = createMessageConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    const editor: Editor = {
      connection,
      child,
      edits: [],
      applied: true,
      log: [],
      open: (text, at = uri) =>
        connection.sendNotification('textDocument/didOpen', {
          textDocument: { uri: at, languageId: 'python', version: 1, text },
        }),
    };
    connection.onRequest('workspace/applyEdit', (params) => {
      editor.edits.push(params);
      return { applied: editor.applied };
    });
    connection.onNotification('window/logMessage', ({ message }: { message: string }) => {
      editor.log.push(message);
    });
    connection.listen();
    const exit = once(child, 'exit');
    try {
      const { capabilities } = await connection.sendRequest<{ capabilities: Record<string, unknown> }>(
        'initialize',
        { processId: process.pid, rootUri: null, capabilities: {} },
      );
      assert.equal(capabilities['inlineCompletionProvider'], true);
      await connection.sendNotification('initialized', {});
      await use(editor);
    } finally {
      await connection.sendRequest('shutdown');
      await connection.sendNotification('exit');
      assert.deepEqual(await exit, [0, null]);
      connection.dispose();
    }
  }

  const at = (character: number) => ({ line: 0, character });
  const INVOKED = 1;
  const AUTOMATIC = 2;
  const inline = (character: number, where = uri, triggerKind = INVOKED) => ({
    textDocument: { uri: where },
    position: at(character),
    context: { triggerKind },
  });

  test('text at the cursor, where it is worth asking and may be read', () =>
    withEditor(async ({ connection, open }) => {
      await open('steps 1 x');
      const ask = (character: number, where?: string) =>
        connection.sendRequest<{ insertText: string }[]>(
          'textDocument/inlineCompletion',
          inline(character, where),
        );
      assert.match((await ask(9))[0]?.insertText ?? '', /^answer/);
      assert.deepEqual(await ask(1), []);
      const secret = pathToFileURL(path.join(project, '.env')).href;
      await open('steps 1', secret);
      assert.deepEqual(await ask(7, secret), []);
      assert.deepEqual(await ask(0, 'file:///not/open.py'), []);
      const nowhere = 'file:///an%2Fencoded/slash.py';
      await open('steps 1', nowhere);
      assert.deepEqual(await ask(7, nowhere), []);
      await open('steps 1', 'untitled:1');
      assert.match((await ask(7, 'untitled:1'))[0]?.insertText ?? '', /^answer/);
      await open(`key = 'sk_live_${'4eC39HqLyjWDarjtT1zdp7dc'}'`, 'untitled:2');
      assert.deepEqual(await ask(0, 'untitled:2'), []);
      const change = (version: number, text: string) =>
        connection.sendNotification('textDocument/didChange', {
          textDocument: { uri, version },
          contentChanges: [{ text }],
        });
      await change(2, 'fail now');
      assert.deepEqual(await ask(8), []);
      // What is typed after the question is no part of it.
      await change(3, 'steps 1 x');
      const asked = ask(9);
      await change(4, 'fail now');
      assert.match((await asked)[0]?.insertText ?? '', /^answer/);
    }));

  test('a model that is too slow is asked only by key, and the log says so once', () =>
    withEditor(
      async ({ connection, log, open }) => {
        await open('steps 1 x');
        const ask = (triggerKind: number) =>
          connection.sendRequest<{ insertText: string }[]>(
            'textDocument/inlineCompletion',
            inline(9, uri, triggerKind),
          );
        assert.deepEqual(await ask(AUTOMATIC), []);
        assert.deepEqual(await ask(AUTOMATIC), []);
        assert.match((await ask(INVOKED))[0]?.insertText ?? '', /^answer/);
        assert.deepEqual(
          log.filter((line) => line.startsWith('Text at the cursor')),
          [
            'Text at the cursor takes 5.0 s or more here with late, so it comes only when you ask for it by key.',
          ],
        );
      },
      ['--model', late],
    ));

  test('an answer that does not come is not waited for, unless by key', () =>
    withEditor(async ({ connection, open }) => {
      await open('forever ');
      const ask = (triggerKind: number) =>
        connection.sendRequest('textDocument/inlineCompletion', inline(8, uri, triggerKind));
      assert.deepEqual(await ask(AUTOMATIC), []);
      const asked = ask(INVOKED);
      asked.catch(() => undefined);
      // The engine goes on with what a key asked for: the next key replaces it.
      assert.deepEqual(await ask(AUTOMATIC), [], 'and nothing is asked for in between');
      await connection.sendNotification('textDocument/didChange', {
        textDocument: { uri, version: 2 },
        contentChanges: [{ text: 'steps 1 x' }],
      });
      const next = await connection.sendRequest<{ insertText: string }[]>(
        'textDocument/inlineCompletion',
        inline(9),
      );
      assert.match(next[0]?.insertText ?? '', /^answer/);
      await assert.rejects(asked, /canceled/);
    }));

  test('a rewrite of a selection is an edit of the version that was read', () =>
    withEditor(async (editor) => {
      const { connection } = editor;
      await editor.open('steps 1\nkept\n');
      const range = { start: at(0), end: at(7) };
      const place = { textDocument: { uri }, context: { diagnostics: [] } };
      const [action] = await connection.sendRequest<{ command: { command: string; arguments: unknown[] } }[]>(
        'textDocument/codeAction',
        { ...place, range },
      );
      assert.ok(action !== undefined);
      const run = () => connection.sendRequest('workspace/executeCommand', action.command);
      assert.equal(await run(), null);
      const [edit] = editor.edits as [{ edit: { documentChanges: unknown[] } }];
      const [change] = edit.edit.documentChanges as [{ edits: [{ newText: string }] }];
      assert.match(change.edits[0].newText, /^answer/);
      assert.deepEqual({ ...change, edits: [] }, { textDocument: { uri, version: 1 }, edits: [] });
      editor.applied = false;
      await assert.rejects(run(), /has changed in the meantime/);
      assert.deepEqual(
        await connection.sendRequest('textDocument/codeAction', {
          ...place,
          range: { start: at(3), end: at(3) },
        }),
        [],
      );
      await assert.rejects(
        connection.sendRequest('workspace/executeCommand', { command: 'rm' }),
        /no command rm/,
      );
      await assert.rejects(
        connection.sendRequest('workspace/executeCommand', { command: 'palimpsest.rewrite', arguments: [3] }),
        /uri and range/,
      );
    }));

  test('a text that has changed meanwhile is not edited, whatever the client would say', () =>
    withEditor(async ({ connection, edits, open }) => {
      await open('steps 1\nkept\n');
      const command = 'palimpsest.rewrite';
      const rewriting = connection.sendRequest('workspace/executeCommand', {
        ...{ command, arguments: [{ uri, range: { start: at(0), end: at(7) } }] },
      });
      await connection.sendNotification('textDocument/didChange', {
        textDocument: { uri, version: 2 },
        contentChanges: [{ text: 'typed\nkept\n' }],
      });
      await assert.rejects(rewriting, /has changed in the meantime/);
      assert.deepEqual(edits, []);
    }));

  test('nothing is offered where nothing may be read, and what cannot be meant is said', () =>
    withEditor(async ({ connection, open }) => {
      const secret = pathToFileURL(path.join(project, '.env')).href;
      await open('KEY=1\n', secret);
      await open('steps 1\n');
      const range = { start: at(0), end: at(5) };
      const actions = (of: string) =>
        connection.sendRequest<unknown[]>('textDocument/codeAction', {
          ...{ textDocument: { uri: of }, context: { diagnostics: [] }, range },
        });
      assert.deepEqual(await actions(secret), []);
      assert.equal((await actions(uri)).length, 1);
      const rewrite = (start: object, end: object) =>
        connection.sendRequest('workspace/executeCommand', {
          ...{ command: 'palimpsest.rewrite', arguments: [{ uri, range: { start, end } }] },
        });
      await assert.rejects(rewrite(at(5), at(0)), /ends before it begins/);
      await assert.rejects(
        rewrite({ line: 5000, character: 0 }, { line: 6000, character: 0 }),
        /Line 5001 is not in the file: it has 2/,
      );
      for (const params of [{ textDocument: { uri } }, { position: at(0) }])
        await assert.rejects(connection.sendRequest('textDocument/inlineCompletion', params), {
          code: -32602,
        });
    }));

  test('a rewrite that does not parse changes nothing, and why is said', () =>
    withEditor(async ({ connection, edits, open }) => {
      await open(PARSES);
      const range = { start: { line: 1, character: 4 }, end: { line: 1, character: 12 } };
      await assert.rejects(
        connection.sendRequest('workspace/executeCommand', {
          command: 'palimpsest.rewrite',
          arguments: [{ uri, range }],
        }),
        /No good rewrite was found, so nothing was changed \(does not parse\)/,
      );
      assert.deepEqual(edits, []);
    }));

  test('an editor that is gone leaves nothing behind', async () => {
    const child = spawn(process.execPath, [command, 'lsp'], { cwd: project, env: environment() });
    const exit = once(child, 'exit');
    child.stdin.end();
    await exit;
  });
});
