// Quick fixes under way: what is shown of them, what ends them, and what they stand.
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { commands, languages, Position, window, workspace } from 'vscode';
import { COPY_SCHEME } from '../../extension/fixes/copies';
import {
  choosing,
  fingerprint,
  GIBBERISH,
  internals,
  isAlive,
  openFile,
  replace,
  reported,
  undoIn,
  until,
  whileHeld,
  withScript,
} from './host';
import { actionAt, choose, PROGRAM, rewriteOf, useObjector } from './objector';
import { MILLIS_A_LINE } from './scriptedModel';

describe('quick fixes under way', () => {
  const objecting = useObjector();

  it('shows its steps, and stands edits in other places', async () => {
    const editor = await openFile('steps.py', PROGRAM);
    objecting('qzx');
    const [problem] = languages.getDiagnostics(editor.document.uri);
    const progress = reported(/looking for a fix/);
    try {
      const fixing = await whileHeld(async () => {
        const fix = commands.executeCommand('palimpsest.fixProblem', editor.document.uri, problem);
        await until(() => progress.said.some((words) => /step \d/.test(words)), 'a step');
        const before = progress.said.slice(
          0,
          progress.said.findIndex((words) => /step \d/.test(words)),
        );
        assert.match(before.join('; '), /waiting for the (engine|model); .*reading the code around it$/);
        await editor.edit((edit) => {
          edit.insert(new Position(0, 0), '# first\n');
          edit.insert(editor.document.lineAt(2).range.end, ' or None');
        });
        return { fix };
      });
      assert.equal(await fixing.fix, 'shown');
      const rewrite = await rewriteOf(editor);
      assert.deepEqual(
        rewrite?.spans.map(({ old }) => old),
        ['qzx'],
      );
      await commands.executeCommand('palimpsest.acceptRewrite');
      await until(() => rewrite?.ending, 'the end of the rewrite');
      const [first, , third, fourth] = editor.document.getText().split('\n');
      assert.deepEqual([first, fourth], ['# first', '    return data or None']);
      assert.match(third ?? '', /^ {4}scripted/);
    } finally {
      progress.stop();
    }
  });

  it('is given up when its own place is edited meanwhile', async () => {
    const editor = await openFile('edited.py', PROGRAM);
    objecting('qzx');
    const [problem] = languages.getDiagnostics(editor.document.uri);
    assert.ok(problem);
    const progress = reported(/looking for a fix/);
    try {
      const fixing = await whileHeld(async () => {
        const fix = commands.executeCommand('palimpsest.fixProblem', editor.document.uri, problem);
        await until(() => progress.said.some((words) => /step \d/.test(words)), 'a step');
        await editor.edit((edit) => edit.insert(new Position(1, 5), '0'));
        return { fix };
      });
      assert.equal(await fixing.fix, 'changed');
    } finally {
      progress.stop();
    }
    assert.equal(await rewriteOf(editor), undefined);
    assert.equal(editor.document.getText(), PROGRAM.replace('qzx', 'q0zx'));
  });

  it('asks first where all places with all candidates take long, and begins with none where nobody wants it', async () => {
    const editor = await openFile('long.py', PROGRAM);
    objecting('qzx');
    const [problem] = languages.getDiagnostics(editor.document.uri);
    const fix = () => commands.executeCommand('palimpsest.fixProblem', editor.document.uri, problem);
    const { engine } = await (await internals()).palimpsest();
    const { client } = await engine.use(async (running) => running);
    const { estimate } = client;
    const asked: Parameters<typeof estimate>[0][] = [];
    const stop = replace(client, 'estimate', (...all: Parameters<typeof estimate>) => {
      asked.push(all[0]);
      return estimate.apply(client, all);
    });
    let heard = choosing('none of them');
    try {
      await withScript(MILLIS_A_LINE, '70000', async () => {
        assert.equal(await fix(), 'cancelled');
        assert.deepEqual(heard.said, [
          'Looking for a fix takes up to 2 min with this model on this machine.',
        ]);
        assert.equal(await rewriteOf(editor), undefined);
        assert.deepEqual(
          asked.map(({ text, spans, candidates = 0 }) => [
            spans.map(({ start, end }) => text.slice(start, end)).join(),
            candidates >= 4,
          ]),
          [
            // How long the line would be looked at, before anything is denoised.
            [GIBBERISH, false],
            [GIBBERISH, true],
            ['qzx', true],
          ],
        );
        heard.stop();
        heard = choosing('Look for a Fix Anyway');
        assert.equal(await fix(), 'shown');
        assert.equal(heard.said.length, 1);
        // What they waited for is no news when they want more of it.
        await commands.executeCommand('palimpsest.rewriteAgain');
        const rewrite = await rewriteOf(editor);
        await until(() => rewrite?.kind !== 'denoising', 'another answer, or the same');
        assert.equal(heard.said.length, 1, heard.said.join('\n'));
      });
    } finally {
      stop();
      heard.stop();
    }
    await commands.executeCommand('palimpsest.rejectRewrite');
  });

  it('is given up for a newer one, and by the extension', async () => {
    const editor = await openFile('newer.py', PROGRAM);
    objecting('qzx');
    const [problem] = languages.getDiagnostics(editor.document.uri);
    const fix = () => commands.executeCommand('palimpsest.fixProblem', editor.document.uri, problem);
    const first = fix();
    const second = fix();
    assert.deepEqual([await first, await second], ['cancelled', 'shown']);
  });

  it('looks for more fixes when another seed is asked for', async () => {
    const editor = await openFile('more.py', PROGRAM);
    const objector = objecting('qzx');
    assert.equal(await choose(await actionAt(editor, editor.document.lineAt(1).range)), 'shown');
    const rewrite = await rewriteOf(editor);
    const looks = () => objector?.looked.filter((scheme) => scheme === COPY_SCHEME).length ?? 0;
    const before = looks();
    await commands.executeCommand('palimpsest.rewriteAgain');
    await until(() => rewrite?.kind === 'reviewing', 'another answer, or the same');
    assert.ok(looks() > before, 'a copy was looked at again');
    for (const { texts } of rewrite?.review?.candidates ?? []) assert.ok(!texts[0]?.includes('qzx'));
    assert.equal(editor.document.getText(), PROGRAM);
  });

  it('is shown in untitled text, with its line ends', async () => {
    const content = PROGRAM.replaceAll('\n', '\r\n');
    const document = await workspace.openTextDocument({ language: 'python', content });
    const editor = await window.showTextDocument(document);
    objecting('qzx');
    const untouched = fingerprint(document);
    assert.equal(await choose(await actionAt(editor, document.lineAt(1).range)), 'shown');
    assert.deepEqual(fingerprint(document), untouched);
    const rewrite = await rewriteOf(editor);
    await commands.executeCommand('palimpsest.acceptRewrite');
    await until(() => rewrite?.ending, 'the end of the rewrite');
    assert.ok(!document.getText().includes('qzx'));
    assert.ok(!document.getText().replaceAll('\r\n', '').includes('\n'));
    await undoIn(document);
    assert.equal(document.getText(), content);
    await commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  it('fails without a trace when the engine dies, and works again after', async () => {
    const { engine } = await (await internals()).palimpsest();
    const editor = await openFile('killed.py', PROGRAM);
    objecting('qzx');
    const untouched = fingerprint(editor.document);
    const [problem] = languages.getDiagnostics(editor.document.uri);
    const fix = () => commands.executeCommand('palimpsest.fixProblem', editor.document.uri, problem);
    const fixing = fix();
    // The engine is asked, or is about to be: either way it does not answer.
    await until(() => engine.pid !== undefined && isAlive(engine.pid), 'an engine');
    process.kill(engine.pid ?? -1, 'SIGKILL');
    assert.ok(['failed', 'shown'].includes(String(await fixing)), 'an end, one way or the other');
    assert.deepEqual(fingerprint(editor.document), untouched);
    await commands.executeCommand('palimpsest.rejectRewrite');
    await commands.executeCommand('notifications.clearAll');
    assert.equal(await fix(), 'shown');
  });
});
