// What ghost text is made from besides the file itself, with the real engine: other open files, but none that may not be read.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { Range, type TextDocument, Uri, WorkspaceEdit, window, workspace } from 'vscode';
import type { InfillParams } from '../../engine/protocol';
import type { Palimpsest } from '../../extension/palimpsest';
import { closeEverything, configure, internals, openFile, until, useCpu } from './host';
import { automatically, offered } from './offered';
import { Wire } from './wire';

const HEAD = 'def parcel_label(parcel, currency):\n    return ';
const CALL = 'labelled_parcel(parcel.weight, parcel.price, currency)';
/** What is wanted behind `HEAD` stands in here. */
const COPIED = `${HEAD}${CALL}\n`;
const TOKEN = ['AKIA', 'Q7R2T5V8X1Z4B6D9'].join('');

describe('ghost text, from other open files', () => {
  let palimpsest: Palimpsest;
  let wire: Wire;
  let untap: () => void = () => undefined;
  let root: Uri;

  before(async () => {
    await useCpu();
    await configure('ghostText.gate', 0);
    palimpsest = await (await internals()).palimpsest();
    root = workspace.workspaceFolders?.[0]?.uri ?? assert.fail('a folder is open');
    await palimpsest.engine.use(async () => undefined, { revive: true });
    const { running } = palimpsest.engine;
    assert.ok(running);
    wire = new Wire(running.client);
    untap = wire.tap();
  });
  beforeEach(() => wire.forget());
  afterEach(closeEverything);
  after(async () => {
    untap();
    await configure('ghostText.gate', undefined);
  });

  const settled = async () => {
    const session = await until(() => palimpsest.memory.session, 'a session');
    await session.settled;
    return session.feed.held;
  };
  /** What was asked of the engine at the end of `HEAD`; the editor asks elsewhere by itself. */
  const asked = (): Partial<InfillParams>[] =>
    wire.infills.filter(({ text, spans }) => text === `${HEAD}\n` && spans?.[0]?.start === HEAD.length);

  /** What is offered in a new file at the end of `HEAD`, and the request for it. */
  async function offeredIn(name: string) {
    const { document } = await openFile(name, `${HEAD}\n`);
    await settled();
    const items = await offered(document, document.positionAt(HEAD.length));
    const [request, ...others] = asked();
    assert.ok(request, 'the engine was asked');
    assert.deepEqual(others, []);
    return { document, request, texts: items.map(({ insertText }) => String(insertText)).join('\n') };
  }

  it('is copied from one that may be read', async () => {
    const { document: other } = await openFile('parcels.py', COPIED);
    try {
      // Until then its text goes with the request.
      await until(async () => (await settled()).has('parcels.py'), 'that the memory has it');
      const { document, request, texts } = await offeredIn('labels.py');
      assert.match(texts, /labelled_parcel\(parcel\.weight/);
      assert.deepEqual(request.memory?.near, ['parcels.py']);
      assert.deepEqual(await palimpsest.openTexts.textsNear(document.uri), [other.getText()]);
    } finally {
      await workspace.fs.delete(other.uri);
    }
    await until(async () => !(await settled()).has('parcels.py'), 'that it is forgotten');
  });

  it('is asked for anew when another one has changed, though an answer is remembered', async () => {
    // What the memory reads meanwhile is a reason of its own.
    await configure('context.workspace', false);
    try {
      const { document: other } = await openFile('changing.py', 'weight = 1\n');
      const { document } = await openFile('remembering.py', `${HEAD}\n`);
      const at = document.positionAt(HEAD.length);
      const first = await offered(document, at);
      assert.ok(first.length > 0);
      assert.deepEqual(
        asked().map(({ openTexts }) => openTexts),
        [['weight = 1\n']],
      );
      const stamp = palimpsest.openTexts.stamp(document.uri);
      wire.forget();
      assert.deepEqual(
        (await automatically(document, at)).map(({ insertText }) => insertText),
        first.map(({ insertText }) => insertText),
      );
      assert.deepEqual(asked(), [], 'it is remembered');

      const change = new WorkspaceEdit();
      change.replace(other.uri, new Range(0, 0, 1, 0), COPIED);
      assert.ok(await workspace.applyEdit(change));
      assert.notEqual(palimpsest.openTexts.stamp(document.uri), stamp);
      const items = await offered(document, at);
      assert.deepEqual(
        asked().map(({ openTexts }) => openTexts),
        [[COPIED]],
      );
      assert.match(String(items[0]?.insertText), /labelled_parcel\(parcel\.weight/);
    } finally {
      await configure('context.workspace', undefined);
    }
  });

  /** Neither the text nor the name of `other`, which is open, is anywhere in what is asked. */
  async function assertNothingOf(other: TextDocument, name: string): Promise<void> {
    assert.match(other.getText(), /labelled_parcel/);
    const { document, request, texts } = await offeredIn(name);
    assert.ok(palimpsest.openTexts.near(document.uri).includes(other), 'it is open, and near');
    assert.deepEqual(await palimpsest.openTexts.textsNear(document.uri), []);
    assert.equal(request.openTexts, undefined);
    assert.equal(request.memory?.near, undefined);
    assert.ok(![...(await settled()).keys()].includes(workspace.asRelativePath(other.uri)));
    assert.doesNotMatch(wire.texts, /labelled_parcel/);
    assert.doesNotMatch(texts, /labelled/);
  }

  it('is not copied from one that holds a token', async () => {
    const { document: other } = await openFile('keys.py', `KEY = '${TOKEN}'\n${COPIED}`);
    try {
      await assertNothingOf(other, 'beside-token.py');
    } finally {
      await workspace.fs.delete(other.uri);
    }
  });

  it('is not copied from a link to a file of secrets, whatever the link is called, nor offered in it', async () => {
    const link = Uri.joinPath(root, 'notes.py');
    await workspace.fs.writeFile(Uri.joinPath(root, '.env'), Buffer.from(COPIED));
    fs.symlinkSync(Uri.joinPath(root, '.env').fsPath, link.fsPath);
    try {
      const other = await workspace.openTextDocument(link);
      await window.showTextDocument(other, { preview: false });
      await assertNothingOf(other, 'beside-link.py');
      wire.forget();
      await window.showTextDocument(other);
      assert.equal(await palimpsest.exclusions.why(other), 'secret');
      assert.deepEqual(await offered(other, other.positionAt(HEAD.length)), []);
      assert.deepEqual(await automatically(other, other.positionAt(HEAD.length)), []);
      assert.deepEqual(wire.infills, []);
    } finally {
      fs.rmSync(link.fsPath);
      await workspace.fs.delete(Uri.joinPath(root, '.env'));
    }
  });
});
