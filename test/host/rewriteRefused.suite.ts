// A rewrite of which nothing is worth showing.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { commands, type TextEditor, window, workspace } from 'vscode';
import type { Rewrite } from '../../extension/rewrite/rewrite';
import {
  closeEverything,
  configure,
  denoised,
  fingerprint,
  internals,
  messages,
  openFile,
  select,
  startRewrite,
  statusMessages,
  until,
  useScriptedEngine,
} from './host';

const TEXT =
  'def total(prices):\n    amount = 0\n    for price in prices:\n        amount = amount + price\n    return amount\n';

const run = (name: string) => commands.executeCommand(`palimpsest.${name}`);

/** A rewrite of one line that comes to nothing. First the line is looked at, and left as it is. */
async function refusedIn(editor: TextEditor): Promise<Rewrite> {
  const rewrite = await startRewrite(editor);
  await until(() => rewrite.kind !== 'denoising', 'the end of the look');
  assert.equal(rewrite.refusal?.untouched, 'likeliest', rewrite.ending);
  await run('rewriteAgain');
  await until(() => rewrite.kind !== 'denoising', 'the end of all tries');
  assert.equal(rewrite.kind, 'refused', rewrite.ending);
  assert.equal(rewrite.refusal?.untouched, undefined);
  return rewrite;
}

describe('rewrite, refused', () => {
  useScriptedEngine();
  afterEach(async () => {
    await configure('rewrite.preview', undefined);
    await closeEverything();
  });

  it('says in few words above the place that nothing good was found, and why behind it', async () => {
    const editor = await openFile('refused.py', TEXT);
    const { document } = editor;
    const untouched = fingerprint(document);
    const { rewrites } = await (await internals()).palimpsest();
    // Without its head the body is indented under nothing.
    await select(editor, [2, 2]);
    const rewrite = await refusedIn(editor);
    const titles = rewrites.provideCodeLenses(document).map(({ command }) => command?.title ?? '');
    assert.equal(titles[0], '$(circle-slash) No good rewrite found');
    for (const title of ['$(refresh) Try Again', '$(settings-gear) Use a Better Model'])
      assert.ok(titles.includes(title), titles.join(' | '));
    assert.ok(titles.join(' | ').length < 140, titles.join(' | '));
    assert.equal(rewrites.services.lineNote.text, 'Best one: does not parse');
    assert.equal(titles.at(-1), '$(close) Dismiss');
    const said = statusMessages();
    rewrites['waiting'].put(document.uri.toString(), [{ start: 0, end: 4 }], {});
    const pieces = rewrites.provideCodeLenses(document).map(({ command }) => command?.title);
    assert.equal(pieces.at(-1), '$(arrow-right) Next Piece');
    const before = rewrite.refusal?.request.seed;
    await run('rewriteAgain');
    await until(
      () => rewrite.refusal !== undefined && rewrite.refusal.request.seed !== before,
      'another try',
    );
    said.stop();
    assert.match(
      said.said.join('\n'),
      /No good rewrite found\. Press Escape for the next piece \(1 waiting\)\./,
    );
    rewrites['waiting'].drop(document.uri.toString());
    await run('rejectRewrite');
    assert.deepEqual(rewrites.provideCodeLenses(document), []);
    assert.deepEqual(fingerprint(document), untouched);
  });

  it('that was refused is tried again by its key, but not where something else is selected', async () => {
    const editor = await openFile('elsewhere.py', `${TEXT}other = 1\n`);
    const { document } = editor;
    const { rewrites } = await (await internals()).palimpsest();
    await select(editor, [2, 2]);
    const refused = await refusedIn(editor);
    const key = () => void commands.executeCommand('palimpsest.rewriteAgain', 'key');
    // It may be over before anybody looks: another try has another seed.
    const seed = refused.refusal?.request.seed;
    key();
    await until(() => refused.kind === 'refused' && refused.refusal?.request.seed !== seed, 'another try');
    const last = document.lineCount - 2;
    await select(editor, [last, last]);
    key();
    const other = await until(() => {
      const now = rewrites.of(document.uri);
      return now === refused ? undefined : now;
    }, 'the other rewrite');
    assert.equal(other.spans[0]?.old, 'other = 1');
    await denoised(other);
    await run('rejectRewrite');
  });

  it('that was refused says so in a message where a diff editor shows no lenses', async () => {
    const { document } = await openFile('diffed.py', TEXT);
    const old = document.uri.with({ scheme: 'untitled', path: '/before.py' });
    await workspace.openTextDocument(old);
    await commands.executeCommand('vscode.diff', old, document.uri, 'before and after');
    const editor = await until(
      () => window.visibleTextEditors.find((one) => one.document === document),
      'the right side',
    );
    await until(() => window.activeTextEditor === editor, 'the cursor in it');
    const heard = messages();
    try {
      await select(editor, [2, 2]);
      await refusedIn(editor);
      await until(
        () => heard.said.some((one) => /No good rewrite found \(best one: /.test(one)),
        'the message',
      );
    } finally {
      heard.stop();
    }
    await run('rejectRewrite');
    await commands.executeCommand('notifications.clearAll');
  });

  it('is brought into view where it is refused, for whoever is at the other end of a long selection', async () => {
    const editor = await openFile('long.py', `def f(x):\n${'    x = x + 1\n'.repeat(120)}    return x\n`);
    const { document } = editor;
    await select(editor, [0, 100]);
    editor.revealRange(document.lineAt(100).range);
    const sees = (line: number) =>
      editor.visibleRanges.some(({ start, end }) => start.line <= line && line <= end.line);
    await until(() => sees(100) && !sees(0), 'the end in view');
    const rewrite = await startRewrite(editor);
    await until(() => rewrite.kind === 'refused', 'the refusal');
    await until(() => sees(0), 'its first line in view');
    await run('rejectRewrite');
  });
});
