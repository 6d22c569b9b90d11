// A server in place of a local model, from the setting to the review. The server is no model: it answers as llama-server does
// (test/unit/remote/recordedServer.ts), and remembers what it was sent. At the end, a real `palimpsest serve` with the starter model.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, before, describe, it } from 'mocha';
import {
  CancellationTokenSource,
  commands,
  EventEmitter,
  InlineCompletionTriggerKind,
  type Memento,
  type SecretStorage,
  window,
  workspace,
} from 'vscode';
import { startProcess } from '../../engine/rpc/childProcess';
import { withoutSecrets } from '../../extension/common/loggedSettings';
import { Agreements, type Storage } from '../../extension/servers/agreements';
import { Servers } from '../../extension/servers/servers';
import { json, llama, type RecordedServer, recordedServer } from '../unit/remote/recordedServer';
import {
  closeEverything,
  configure,
  denoised,
  GIBBERISH,
  internals,
  messages,
  openFile,
  select,
  startRewrite,
  undoIn,
  until,
  useCpu,
} from './host';
import { AT, automatically, END, offered, START } from './offered';

const KEY = 'sk-host-test-0123456789abcdef';
const CODE = 'function mean(values) {\n  return 0;\n}\n';

describe('servers', () => {
  let server: RecordedServer;

  const setting = () => ({ kind: 'llama-server', url: server.url });
  const everything = async () => (await internals()).palimpsest();
  const status = async () => (await internals()).status;

  before(async () => {
    server = await recordedServer(undefined, llama(['return sum(values) / values.length;']));
  });

  afterEach(async () => {
    await closeEverything();
    await configure('model.server', undefined);
    const { servers, engine } = await everything();
    await servers.forget(server.url);
    await engine.stop();
  });

  after(() => server.close());

  async function allowed(): Promise<void> {
    await (await everything()).servers.agreements.agree(server.url);
    await configure('model.server', setting());
    await until(
      async () => (await status()).text.includes('$(cloud-upload)'),
      'the server in the status bar',
    );
  }

  async function editor() {
    const shown = await openFile('server.js', CODE);
    await select(shown, [1, 1]);
    return shown;
  }

  it('that is allowed, or whose key is changed, in another window is noticed here', async () => {
    const kept = new Map<string, unknown>();
    const secret = new EventEmitter<{ readonly key: string }>();
    const state = {
      keys: () => [...kept.keys()],
      get: (name: string) => kept.get(name),
      update: async (name: string, value: unknown) => void kept.set(name, value),
    } as Memento;
    const secrets = {
      store: async () => undefined,
      delete: async () => undefined,
      onDidChange: secret.event,
    };
    const storage: Storage = { state, secrets: secrets as unknown as SecretStorage };
    await configure('model.server', setting());
    const here = new Servers(storage);
    let changes = 0;
    here.onChange(() => changes++);
    try {
      here.lookAgain();
      assert.equal(changes, 0, 'nothing has changed');
      const { origin } = new URL(server.url);
      await new Agreements(storage).agree(origin);
      here.lookAgain();
      assert.deepEqual([changes, here.status?.use], [1, 'sends']);
      secret.fire({ key: 'serverKey:https://elsewhere.example' });
      secret.fire({ key: 'hubToken' });
      assert.equal(changes, 1, 'keys of others');
      secret.fire({ key: `serverKey:${origin}` });
      assert.equal(changes, 2);
      here.lookAgain();
      assert.equal(changes, 2);
    } finally {
      here.dispose();
      secret.dispose();
    }
  });

  it('that a repository names gets nothing', async () => {
    const [folder = assert.fail()] = workspace.workspaceFolders ?? [];
    const place = path.join(folder.uri.fsPath, '.vscode');
    fs.mkdirSync(place, { recursive: true });
    const file = path.join(place, 'settings.json');
    const hostile = { 'palimpsest.model.server': setting(), 'palimpsest.rewrite.candidates': 7 };
    try {
      fs.writeFileSync(file, JSON.stringify(hostile));
      const candidates = () => workspace.getConfiguration('palimpsest').get('rewrite.candidates');
      await until(() => candidates() === 7, "the workspace's own settings");
      assert.deepEqual(workspace.getConfiguration('palimpsest').get('model.server'), {});
      const { servers } = await everything();
      assert.equal(servers.status, undefined);
      assert.equal(await servers.params(), undefined);
    } finally {
      fs.rmSync(place, { recursive: true, force: true });
    }
    await until(
      () => workspace.getConfiguration('palimpsest').get('rewrite.candidates') !== 7,
      'settings without it',
    );
  });

  it('that nobody has agreed to gets nothing, and the person is asked', async () => {
    const heardBefore = server.heard.length;
    await configure('model.server', setting());
    const { engine, servers } = await everything();
    await until(() => servers.status?.use === 'not-allowed', 'the setting');
    assert.ok(!(await status()).text.includes('$(cloud-upload)'));
    assert.match((await status()).tooltip, /is set but not allowed, so nothing is sent to it/);
    const heard = messages();
    await editor();
    void commands.executeCommand('palimpsest.rewriteSelection');
    await until(() => engine.state.kind === 'failed', 'the refusal');
    await until(() => heard.said.length > 0, 'the question');
    heard.stop();
    assert.match(heard.said.join('\n'), /Nothing is sent there until you allow it/);
    assert.equal(server.heard.length, heardBefore);

    const { agree } = servers;
    servers.agree = async () => false;
    await commands.executeCommand('palimpsest.allowServer');
    assert.equal(servers.status?.use, 'not-allowed');
    servers.agree = async ({ address }) => address.origin === server.url;
    await commands.executeCommand('palimpsest.allowServer');
    servers.agree = agree;
    assert.equal(servers.status?.use, 'sends');
  });

  it('answers in place of a local model: preview, review, accept, undo', async () => {
    await allowed();
    const shown = await editor();
    const rewrite = await startRewrite(shown);
    await denoised(rewrite);
    assert.equal(rewrite.kind, 'reviewing', rewrite.ending);
    assert.equal(shown.document.getText(), CODE, 'nothing changes before it is accepted');
    await commands.executeCommand('palimpsest.acceptRewrite');
    const changed = CODE.replace('return 0;', 'return sum(values) / values.length;');
    await until(() => shown.document.getText() === changed, 'the accepted text');
    await undoIn(shown.document);
    await until(() => shown.document.getText() === CODE, 'the old text');
    const { body } = server.heard.find((one) => one.body['stream'] === true) ?? assert.fail();
    assert.match(String(body['input_prefix']), /function mean\(values\) \{\n\s*$/);
    const state = (await everything()).engine.state;
    assert.ok(state.kind === 'ready' && state.model.server !== undefined);
    const { tooltip, text } = await status();
    assert.match(text, /coder\.gguf .*\$\(cloud-upload\) 127\.0\.0\.1/);
    assert.match(tooltip, /Code is sent to a server on this machine/);
    assert.match(tooltip, /no denoise steps to show/);
    assert.match(tooltip, /gives no scores/);
  });

  it('without scores says so where somebody looks for suspicious tokens', async () => {
    await allowed();
    await editor();
    const heard = messages();
    await commands.executeCommand('palimpsest.showSuspiciousTokens');
    await until(() => heard.said.length > 0, 'the sentence');
    heard.stop();
    assert.deepEqual(heard.said, [
      'This needs scores, which the server in use does not give. Choose a model on this machine, or a Palimpsest server.',
    ]);
  });

  it('that has enough of requests is not asked at the next key, and the status bar has its words', async () => {
    await allowed();
    const { document } = await openFile('rate.py', START + END);
    const answers = server.answer;
    server.answer = (heard, response) => {
      if (heard.body['stream'] !== true) answers(heard, response);
      else json(response, { error: { message: 'slow down' } }, 429, { 'Retry-After': '600' });
    };
    try {
      const asked = () => server.heard.filter(({ body }) => body['stream'] === true).length;
      const before = asked();
      assert.deepEqual(await automatically(document, AT), []);
      assert.equal(asked(), before + 1);
      assert.deepEqual(await automatically(document, AT.translate(0, -4)), []);
      assert.equal(asked(), before + 1, 'it has said when it may be asked again');
      assert.match(
        (await status()).tooltip,
        /No ghost text for a while\. .*too many requests.* in 600 seconds/,
      );
    } finally {
      server.answer = answers;
    }
    await offered(document, AT);
    await until(async () => !(await status()).tooltip.includes('for a while'), 'an answer by key');
  });

  it('gets its key from the secret storage, and no setting and no state has it', async () => {
    const { servers } = await everything();
    await servers.agreements.setKey(server.url, KEY);
    await allowed();
    const shown = await editor();
    await denoised(await startRewrite(shown));
    assert.equal(server.heard.at(-1)?.headers.authorization, `Bearer ${KEY}`);
    assert.ok(!JSON.stringify(workspace.getConfiguration('palimpsest')).includes(KEY));
    assert.ok(!(await status()).tooltip.includes(KEY));
  });

  it('that is forgotten is not used any more, and has no key', async () => {
    const { servers } = await everything();
    await servers.agreements.setKey(server.url, KEY);
    await allowed();
    await commands.executeCommand('palimpsest.forgetServer', server.url);
    await until(() => servers.status === undefined, 'no server');
    assert.deepEqual(servers.agreements.known.includes(server.url), false);
    assert.equal(await servers.agreements.keyOf(server.url), undefined);
    assert.ok(!(await status()).text.includes('$(cloud-upload)'));
    const settings = workspace.getConfiguration('palimpsest').inspect('model.server');
    assert.equal(settings?.globalValue, undefined);
  });

  it('with a password in its address is refused, and the log has none of it', async () => {
    await configure('model.server', {
      kind: 'mercury',
      url: 'https://me:hunter2@models.invalid/?key=hunter2',
    });
    const logged = withoutSecrets(workspace.getConfiguration('palimpsest'));
    assert.match(logged, /models\.invalid/);
    assert.doesNotMatch(logged, /hunter2/);
    const { servers } = await everything();
    await assert.rejects(servers.params(), (error: Error) => !error.message.includes('hunter2'));
  });

  it('gives way to a model that is chosen', async () => {
    await allowed();
    await commands.executeCommand('palimpsest.chooseModel', 'starter');
    const { servers } = await everything();
    await until(() => servers.status === undefined, 'no server');
  });

  it('gets nothing of a file with a secret, not even by a later request', async () => {
    await allowed();
    const shown = await openFile('config.js', `const key = "AKIA${'ABCDEFGHIJKLMNOP'}";\nlet x = 0;\n`);
    await select(shown, [1, 1]);
    const before = server.heard.length;
    const heard = messages();
    await commands.executeCommand('palimpsest.rewriteSelection');
    await until(() => heard.said.length > 0, 'the refusal');
    heard.stop();
    assert.equal(server.heard.length, before);
    assert.equal(window.activeTextEditor, shown);
  });
});

/** Where one runs: outside the gate, which installs none (docs/decisions/remote.md). */
const LLAMA_SERVER = process.env['PALIMPSEST_LLAMA_SERVER'] ?? '';

if (LLAMA_SERVER !== '')
  describe('a real llama-server', () => {
    const everything = async () => (await internals()).palimpsest();

    before(async () => {
      await (await everything()).servers.agreements.agree(LLAMA_SERVER);
      await configure('model.server', { kind: 'llama-server', url: LLAMA_SERVER });
      const { status } = await internals();
      await until(() => status.text.includes('$(cloud-upload)'), 'the server in the status bar');
    });

    after(async () => {
      await closeEverything();
      await configure('model.server', undefined);
      const { servers, engine } = await everything();
      await servers.forget(LLAMA_SERVER);
      await engine.stop();
    });

    const SUM =
      'def total(values):\n    result = 0\n    for value in values:\n        result += value\n    return result\n';

    it('rewrites a selection: preview, review, accept, undo', async () => {
      const shown = await openFile('sum.py', SUM.replace('result += value', 'pass'));
      await select(shown, [3, 3]);
      const untouched = shown.document.getText();
      const rewrite = await startRewrite(shown);
      await denoised(rewrite);
      assert.equal(rewrite.kind, 'reviewing', rewrite.ending);
      assert.equal(shown.document.getText(), untouched, 'nothing changes before it is accepted');
      await commands.executeCommand('palimpsest.acceptRewrite');
      await until(() => shown.document.getText() === SUM, 'what belongs there');
      await undoIn(shown.document);
      assert.equal(shown.document.getText(), untouched);
    });

    it('answers ghost text', async () => {
      const shown = await openFile('ghost.py', SUM.replace('result += value', ''));
      const { document } = shown;
      const context = { triggerKind: InlineCompletionTriggerKind.Invoke, selectedCompletionInfo: undefined };
      const { token } = new CancellationTokenSource();
      const palimpsest = await everything();
      const [item] = await palimpsest.provideInline(
        document,
        document.lineAt(3).range.end,
        context,
        token,
        true,
      );
      assert.match(String(item?.insertText), /result \+= value$/);
    });
  });

describe('a Palimpsest server that really runs', () => {
  let server: ChildProcess;
  let url = '';

  const everything = async () => (await internals()).palimpsest();

  before(async () => {
    const all = await everything();
    const { runtime, script } = await all.launch();
    const words = ['serve', '--port', '0', '--model', 'starter', '--provider', 'cpu'];
    const child = await startProcess({
      node: runtime.executable,
      electronRunAsNode: runtime.source === 'electron',
      script: path.join(path.dirname(script), 'cli.js'),
      args: words,
      env: { ...process.env, PALIMPSEST_CACHE: all.cacheFolder },
    });
    server = child;
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    url = line.replace('Listening on ', '');
    await until(async () => (await fetch(`${url}/health`)).ok, 'the model of the server', 100);
  });

  after(async () => {
    await closeEverything();
    await configure('model.server', undefined);
    const { servers, engine } = await everything();
    await servers.forget(url);
    await engine.stop();
    const exit = once(server, 'exit');
    server.kill('SIGTERM');
    await exit;
  });

  /** What a rewrite of the same line suggests. */
  async function answer(name: string): Promise<string> {
    const editor = await openFile(name, `total = 0\n${GIBBERISH}\nprint(total)\n`);
    await select(editor, [1, 1]);
    const rewrite = await startRewrite(editor);
    await denoised(rewrite);
    assert.equal(rewrite.kind, 'reviewing', rewrite.ending);
    const before = editor.document.getText();
    await commands.executeCommand('palimpsest.acceptRewrite');
    return until(() => {
      const text = editor.document.getText();
      return text !== before && text;
    }, 'the accepted text');
  }

  it('answers in place of a local model with one setting, every step and score included', async () => {
    const { servers, engine } = await everything();
    await useCpu();
    const local = await answer('local.py');
    await servers.agreements.agree(url);
    await configure('model.server', { kind: 'palimpsest', url });
    const { status } = await internals();
    await until(() => status.text.includes('$(cloud-upload)'), 'the server in the status bar');
    const remote = await answer('remote.py');
    const shape = /^total = 0\n(?!qzx)[\s\S]*\nprint\(total\)\n$/;
    for (const text of [local, remote]) assert.match(text, shape);
    const { state } = engine;
    assert.ok(state.kind === 'ready');
    assert.deepEqual(state.model.server?.gaps, [], 'it does all that a local model does');
    assert.ok(!status.tooltip.includes('no denoise steps'));
    await commands.executeCommand('palimpsest.showSuspiciousTokens');
    const metrics = async () => (await fetch(`${url}/metrics`)).text();
    const counted = async (name: string) =>
      Number(
        new RegExp(`^palimpsest_${name.replace(/[{}]/g, '\\$&')} (\\d+)$`, 'm').exec(await metrics())?.[1] ??
          0,
      );
    assert.ok((await counted('requests_total{route="/v1/infill",status="200"}')) > 0);
    assert.ok((await counted('first_step_seconds_count')) > 0, 'steps were sent');
    await until(
      async () => (await counted('requests_total{route="/v1/score",status="200"}')) > 0,
      'scores from the server',
    );
  });
});
