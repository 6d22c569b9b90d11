// Rewrites and quick fixes in a virtual file system that no list names: what works on a disk works there, too.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { commands, type Disposable, Position, type TextEditor, Uri, window, workspace } from 'vscode';
import { VirtualIgnore } from '../../extension/privacy/virtualIgnore';
import { fingerprint, reviewOf, select, until } from './host';
import { ANSWER, presented, run, TEXT } from './hunkByHunk';
import { MemoryFiles } from './memoryFiles';
import { actionAt, choose, PROGRAM, rewriteOf, TITLE, useObjector } from './objector';

const BLOCK = 'if four:\n    five = 4\nelse:\n    five = 5';

describe('in a virtual file system', () => {
  const objecting = useObjector();
  const files = new MemoryFiles({
    '/hunks.py': TEXT,
    '/whole.py': TEXT,
    '/fix.py': PROGRAM,
    '/.gitignore': 'config.local.php\nbuilt/\n',
    '/src/.gitignore': '*.tmp.py\n!kept.tmp.py\n',
    '/huge/.gitignore': '#'.repeat(1_000_001),
  });
  let registered: Disposable;
  before(() => {
    registered = workspace.registerFileSystemProvider('virtual', files);
  });
  after(() => registered.dispose());

  async function opened(path: string): Promise<TextEditor> {
    const document = await workspace.openTextDocument(Uri.parse(`virtual:${path}`));
    return window.showTextDocument(document, { preview: false });
  }

  it('what its ignore files name is ignored, and where one cannot be read nobody knows', async () => {
    const ignore = new VirtualIgnore(() => Uri.parse('virtual:/'));
    const isIgnored = (path: string) => ignore.isIgnored(Uri.parse(`virtual:${path}`));
    assert.equal(await isIgnored('/config.local.php'), true);
    assert.equal(await isIgnored('/src/deep/config.local.php'), true);
    assert.equal(await isIgnored('/built/out.py'), true);
    assert.equal(await isIgnored('/src/a.tmp.py'), true);
    assert.equal(await isIgnored('/src/kept.tmp.py'), false);
    assert.equal(await isIgnored('/a.tmp.py'), false);
    assert.equal(await isIgnored('/huge/a.py'), undefined);
    assert.equal(await new VirtualIgnore(() => undefined).isIgnored(Uri.parse('virtual:/built/x.py')), false);
  });

  it('the new lines of a review are shown, and accepted by the editor’s own command', async () => {
    const editor = await opened('/hunks.py');
    const { document } = editor;
    const untouched = fingerprint(document);
    const rewrite = await presented(editor, ANSWER);
    assert.equal(rewrite.form, 'inline');
    await run('nextHunk');
    assert.deepEqual(editor.selection.active, new Position(4, 'five = 5'.length));
    assert.equal(rewrite.ghostAt(editor.selection.active)?.text.trim(), BLOCK);
    assert.deepEqual(fingerprint(document), untouched, 'they are on the screen alone');
    await until(async () => {
      await commands.executeCommand('editor.action.inlineSuggest.commit');
      return document.getText() !== TEXT;
    }, 'the new lines in the document');
    await until(() => rewrite.hunks.length === 2, 'the other two');
    assert.equal(document.getText(), TEXT.replace('five = 5', BLOCK));
    await run('acceptRewrite');
    await until(() => rewrite.ending, 'the end');
    assert.equal(document.getText(), ANSWER);
    assert.equal(await document.save(), true);
    assert.equal(files.text('/hunks.py'), ANSWER);
  });

  it('accepting a rewrite of several lines changes the text, and one undo takes it back', async () => {
    const editor = await opened('/whole.py');
    const { document } = editor;
    await select(editor, [1, 3]);
    const rewrite = await reviewOf(editor);
    assert.equal(document.getText(), TEXT);
    const [best] = rewrite.review?.candidates ?? [];
    assert.ok(best?.texts[0]?.includes('\n'), 'several lines');
    await run('acceptRewrite');
    await until(() => rewrite.ending, 'the end');
    assert.equal(rewrite.ending, 'accepted');
    const lines = TEXT.split('\n');
    assert.equal(document.getText(), [lines[0], best?.texts[0], ...lines.slice(4)].join('\n'));
    await commands.executeCommand('undo');
    assert.equal(document.getText(), TEXT);
    assert.equal(document.isDirty, false);
  });

  it('a quick fix is offered, checked on a copy, and accepted', async () => {
    const editor = await opened('/fix.py');
    const { document } = editor;
    objecting('qzx', { hints: false });
    const action = await actionAt(editor, document.lineAt(1).range);
    assert.equal(action.title, `${TITLE}: No qzx here`);
    assert.equal(await choose(action), 'shown');
    assert.equal(document.getText(), PROGRAM);
    const rewrite = await rewriteOf(editor);
    await run('acceptRewrite');
    await until(() => rewrite?.ending, 'the end');
    assert.equal(rewrite?.ending, 'accepted');
    assert.ok(!document.getText().includes('qzx'));
  });
});
