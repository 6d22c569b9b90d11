// What other extensions and agents get, with the real engine: answers, refusals, cancelling, and nothing edited.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { afterEach, before, describe, it } from 'mocha';
import {
  CancellationTokenSource,
  extensions,
  LanguageModelTextPart,
  lm,
  MarkdownString,
  type PreparedToolInvocation,
  Uri,
  window,
  workspace,
} from 'vscode';
import { InfillTool } from '../../extension/api/infillTool';
import type { PalimpsestApi, Quality } from '../../extension/api/palimpsest';
import type { Palimpsest } from '../../extension/palimpsest';
import { closeEverything, fingerprint, GIBBERISH, internals, openFile, useCpu } from './host';

const TEXT = `def total(items):\n    ${GIBBERISH}\n    return result\n`;
const SPAN = { start: TEXT.indexOf(GIBBERISH), end: TEXT.indexOf(GIBBERISH) + GIBBERISH.length };

describe('api', () => {
  let palimpsest: Palimpsest;
  let api: PalimpsestApi;
  before(async () => {
    await useCpu();
    palimpsest = await (await internals()).palimpsest();
    api = await (extensions.getExtension<PalimpsestApi>('palimpsest.palimpsest')?.activate() ??
      Promise.reject(new Error('The extension is not there.')));
  });
  afterEach(closeEverything);

  it('says which it is', () => {
    const { version } = extensions.getExtension('palimpsest.palimpsest')?.packageJSON ?? {};
    assert.equal(api.version, version);
    assert.equal(api.apiVersion, 1);
  });

  it('infills a text, the same for the same seed', async () => {
    const request = { text: TEXT, language: 'python', spans: [SPAN], candidates: 2, seed: 3 };
    const answer = await api.infill(request);
    const [best] = answer.candidates;
    assert.ok(best, 'there is an answer');
    assert.equal(answer.provider, 'cpu');
    const [span] = best.spans;
    assert.ok(span);
    assert.equal(best.text, TEXT.slice(0, span.start) + span.text + TEXT.slice(span.end));
    assert.ok(best.quality, 'and it is marked');
    assert.ok(best.text.startsWith('def total(items):') && best.text.endsWith('return result\n'));
    const again = await api.infill(request);
    assert.deepEqual(again.candidates, answer.candidates);
  });

  it('puts the answers where they belong, in whatever order the spans are named', async () => {
    const text = `${TEXT}\n${TEXT}`;
    const second = { start: SPAN.start + TEXT.length + 1, end: SPAN.end + TEXT.length + 1 };
    const { candidates } = await api.infill({ text, language: 'python', spans: [second, SPAN] });
    const [late, early] = candidates[0]?.spans ?? [];
    assert.ok(late && early && early.start === SPAN.start && late.start === second.start);
    assert.equal(
      candidates[0]?.text,
      text.slice(0, SPAN.start) +
        early.text +
        text.slice(SPAN.end, second.start) +
        late.text +
        text.slice(second.end),
    );
  });

  it('infills an open document with its unsaved changes, and leaves it alone', async () => {
    const editor = await openFile('api1.py', '');
    await editor.edit((edit) => edit.insert(editor.selection.active, TEXT));
    const before = fingerprint(editor.document);
    const { candidates } = await api.infill({ uri: editor.document.uri, spans: [SPAN] });
    assert.ok(candidates[0]?.text.startsWith('def total(items):'));
    assert.deepEqual(fingerprint(editor.document), before);
  });

  it('reaches into huge texts', async () => {
    const text = `${'x = 1\n'.repeat(100_000)}${TEXT}${'y = 2\n'.repeat(100_000)}`;
    const offset = 600_000;
    const { candidates } = await api.infill({
      text,
      spans: [{ start: SPAN.start + offset, end: SPAN.end + offset }],
    });
    const [span] = candidates[0]?.spans ?? [];
    assert.ok(span && span.start >= offset && span.end <= offset + TEXT.length);
    assert.equal(candidates[0]?.text, text.slice(0, span.start) + span.text + text.slice(span.end));
  });

  it('scores a text', async () => {
    const { tokens, method } = await api.score({ text: TEXT, range: SPAN });
    assert.ok(tokens.length > 3 && tokens.every(({ surprise }) => Number.isFinite(surprise)));
    assert.ok(
      tokens.every(({ start, end, text }) => TEXT.slice(start, end) === text || text.includes('\ufffd')),
    );
    assert.ok(['masked', 'causal'].includes(method));
  });

  it('refuses what holds secrets, what is no request, and what is not there', async () => {
    const spans = [{ start: 0, end: 1 }];
    await assert.rejects(api.infill({ uri: Uri.file('/x/.env'), text: 'A=1', spans }), { code: 'excluded' });
    const key = `-----BEGIN PRIVATE KEY-----\n${'MC4CAQAwBQYDK2VwBCIE'.repeat(3)}`;
    await assert.rejects(api.score({ text: key }), { code: 'excluded' });
    await assert.rejects(api.infill({ spans }), { code: 'invalid-request' });
    await assert.rejects(api.infill({ text: 'abc', spans: [{ start: 2, end: 9 }] }), {
      code: 'invalid-request',
      message: /spans\[0\]/,
    });
    await assert.rejects(api.infill({ uri: Uri.file('/nowhere/at/all.py'), spans }), {
      code: 'invalid-request',
    });
  });

  it('refuses a link to a file of secrets, whatever the link is called, on the disk and open', async () => {
    const [folder] = workspace.workspaceFolders ?? [];
    assert.ok(folder);
    const secret = Uri.joinPath(folder.uri, '.env.linked');
    const link = Uri.joinPath(folder.uri, 'harmless.py');
    await workspace.fs.writeFile(secret, Buffer.from(TEXT));
    fs.symlinkSync(secret.fsPath, link.fsPath);
    const refused = { code: 'excluded', message: /secrets/ };
    try {
      await assert.rejects(api.infill({ uri: link, spans: [SPAN] }), refused);
      await assert.rejects(api.infill({ uri: link, text: TEXT, spans: [SPAN] }), refused);
      await assert.rejects(api.score({ uri: link }), refused);
      await window.showTextDocument(await workspace.openTextDocument(link));
      await assert.rejects(api.infill({ uri: link, spans: [SPAN] }), refused);
      await assert.rejects(api.score({ uri: link, range: SPAN }), refused);
    } finally {
      fs.rmSync(link.fsPath);
      fs.rmSync(secret.fsPath);
    }
  });

  it('is cancelled', async () => {
    const source = new CancellationTokenSource();
    const answer = api.infill({ text: TEXT, spans: [SPAN] }, source.token);
    source.cancel();
    await assert.rejects(answer, { code: 'cancelled' });
  });

  describe('the language-model tool', () => {
    const invoke = async (input: object, token = new CancellationTokenSource().token) =>
      lm.invokeTool('palimpsest_infill', { input, toolInvocationToken: undefined }, token);
    /** What the person is asked, without the backslashes of its Markdown. */
    const wordsOf = ({ confirmationMessages }: PreparedToolInvocation) => {
      const message = confirmationMessages?.message;
      return message instanceof MarkdownString ? message.value.replaceAll('\\', '') : '';
    };
    const textOf = ({ content }: { readonly content: readonly unknown[] }) =>
      content.map((part) => (part instanceof LanguageModelTextPart ? part.value : '')).join('');

    it('is listed, with what it takes', () => {
      const tool = lm.tools.find(({ name }) => name === 'palimpsest_infill');
      assert.ok(tool);
      assert.deepEqual(Object.keys((tool.inputSchema as { properties: object }).properties), [
        'filePath',
        'ranges',
        'candidates',
      ]);
    });

    it('says what it is about to do', () => {
      const prepared = palimpsest.tool.prepareInvocation({
        input: { filePath: 'tool.py', ranges: [{ startLine: 2, endLine: 3 }] },
      });
      assert.match(String(prepared.invocationMessage), /2–3.*tool\.py/);
      assert.match(wordsOf(prepared), /model on this machine denoises lines 2–3/);
    });

    it('says that code goes to a server where one answers', () => {
      const tool = new InfillTool({ infill: () => assert.fail() }, () => 'models.example');
      const prepared = tool.prepareInvocation({
        input: { filePath: 'tool.py', ranges: [{ startLine: 2, endLine: 3 }] },
      });
      assert.match(wordsOf(prepared), /are sent to the server models\.example/);
      assert.doesNotMatch(wordsOf(prepared), /on this machine/);
    });

    it('answers with a diff and edits nothing', async () => {
      const { document } = await openFile('tool.py', TEXT);
      const before = fingerprint(document);
      const answer = textOf(
        await invoke({ filePath: 'tool.py', ranges: [{ startLine: 2, endLine: 2 }], candidates: 2 }),
      );
      assert.match(answer, /^--- a\/tool\.py\n\+\+\+ b\/tool\.py\n@@ /m);
      assert.match(answer, new RegExp(`^-    ${GIBBERISH.replace(/[^a-z0-9 =]/g, '\\$&')}$`, 'm'));
      assert.match(answer, /^Candidate 1, confidence [\d.]+ \((No flaw found|Unsure)/m);
      assert.deepEqual(fingerprint(document), before);
    });

    it('marks what is unsure, and passes on nothing that a review would hold back', async () => {
      const { document } = await openFile('tool3.py', TEXT);
      const waited: (boolean | undefined)[] = [];
      const answered = (text: string, quality: Quality) => ({ score: -1, quality, spans: [], text });
      const infill = async (_request: object, _token?: object, interactive?: boolean) => {
        waited.push(interactive);
        return {
          model: 'a model',
          provider: 'cpu',
          millis: 1,
          candidates: [
            answered(`${TEXT}one = (\n`, { mark: 'poor', reasons: ['does-not-parse'] }),
            answered(`${TEXT}two = named\n`, { mark: 'unsure', reasons: ['unknown-names'] }),
          ],
        };
      };
      const tool = new InfillTool({ infill }, () => undefined);
      const input = { filePath: document.uri.fsPath, ranges: [{ startLine: 2, endLine: 2 }] };
      const { token } = new CancellationTokenSource();
      const answer = textOf(await tool.invoke({ input, toolInvocationToken: undefined }, token));
      assert.match(answer, /^Candidate 1 \(Unsure: names that this file does not contain\):$/m);
      assert.match(answer, /^\+two = named$/m);
      assert.doesNotMatch(answer, /one = /);
      assert.match(answer, /^Left out: 1 of 2 candidates\. Poor: does not parse\.$/m);
      assert.deepEqual(waited, [true], 'a slow model takes in less: somebody waits for it');
    });

    it('reads nothing outside the workspace and no secrets', async () => {
      const ranges = [{ startLine: 1, endLine: 1 }];
      await assert.rejects(
        invoke({ filePath: '/etc/hostname', ranges }),
        /neither open nor in the workspace/,
      );
      await assert.rejects(
        invoke({ filePath: '../outside.py', ranges }),
        /neither open nor in the workspace/,
      );
      await openFile('.env.tool', 'TOKEN=1\n');
      await assert.rejects(invoke({ filePath: '.env.tool', ranges }), /secrets/);
      const [folder] = workspace.workspaceFolders ?? [];
      assert.ok(folder);
      const root = folder.uri.fsPath;
      // It begins in the workspace and ends elsewhere.
      await assert.rejects(
        invoke({ filePath: `${root}/${'../'.repeat(root.split('/').length)}etc/hostname`, ranges }),
        /neither open nor in the workspace/,
      );
      const notes = `${root}/notes.txt`;
      const away = `${root}/away.txt`;
      fs.symlinkSync(`${root}/.env.tool`, notes);
      fs.symlinkSync('/etc/hostname', away);
      try {
        await assert.rejects(invoke({ filePath: 'notes.txt', ranges }), /secrets/);
        await assert.rejects(invoke({ filePath: 'away.txt', ranges }), /neither open nor in the workspace/);
        await openFile('config.py', `key = "${'AKIA'}QWERTYUIOPASDFGH"\n${TEXT}`);
        await assert.rejects(invoke({ filePath: 'config.py', ranges }), /access token/);
      } finally {
        for (const link of [notes, away]) fs.rmSync(link, { force: true });
      }
      await openFile('tool2.py', TEXT);
      await assert.rejects(
        invoke({ filePath: 'tool2.py', ranges: [{ startLine: 9, endLine: 9 }] }),
        /There is no line 9: the last line of the file is 4/,
      );
    });
  });
});
