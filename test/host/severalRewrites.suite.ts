// Several rewrites under way: the hover of the status bar has a line for each, with links that are about that one, wherever
// the person is.
import assert from 'node:assert/strict';
import { afterEach, before, describe, it } from 'mocha';
import { commands, type TextEditor, window } from 'vscode';
import type { Rewrite } from '../../extension/rewrite/rewrite';
import type { StatusItem } from '../../extension/ui/statusBar';
import {
  closeEverything,
  internals,
  openFile,
  select,
  startRewrite,
  until,
  useScriptedEngine,
  whileHeld,
} from './host';

const PROGRAM = 'one = 1\ntwo = 2\nthree = 3\n';

describe('several rewrites', () => {
  let status: StatusItem;
  useScriptedEngine();
  before(async () => {
    ({ status } = await internals());
  });
  afterEach(closeEverything);

  /** The links of a file's line, by title. */
  function linksOf(name: string): Readonly<Record<string, () => Thenable<unknown>>> {
    const line = status.tooltip.split('\n').find((one) => one.replaceAll('\\', '').startsWith(`${name}: `));
    const links = [...(line ?? '').matchAll(/\[([^\]]+)\]\(command:([^?]+)\?([^)]+)\)/g)];
    return Object.fromEntries(
      links.map(([, title = '', command = '', words = '']) => [
        title,
        () => commands.executeCommand(command, ...JSON.parse(decodeURIComponent(words))),
      ]),
    );
  }

  function press(name: string, title: string): Thenable<unknown> {
    return linksOf(name)[title]?.() ?? assert.fail(`no ${title} for ${name}: ${status.tooltip}`);
  }

  async function begun(name: string): Promise<{ readonly editor: TextEditor; readonly rewrite: Rewrite }> {
    const editor = await openFile(name, PROGRAM);
    await select(editor, [0, 2]);
    return { editor, rewrite: await startRewrite(editor) };
  }

  /** The engine has written something of the first one, and the second one waits; its file is in front. */
  async function whileTwo(
    names: readonly [string, string],
    act: (first: Rewrite, second: Rewrite) => Promise<void>,
  ): Promise<void> {
    await whileHeld(async () => {
      const first = await begun(names[0]);
      await until(() => linksOf(names[0])['Take Draft'], `something of the first: ${status.tooltip}`);
      const second = await begun(names[1]);
      await until(() => linksOf(names[1])['Go To'], `the second: ${status.tooltip}`);
      assert.equal(window.activeTextEditor?.document, second.editor.document);
      await act(first.rewrite, second.rewrite);
      first.rewrite.dispatch({ kind: 'closed' });
      second.rewrite.dispatch({ kind: 'closed' });
    });
  }

  it('each have their links; only what is written can be taken', () =>
    whileTwo(['links1.py', 'links2.py'], async () => {
      assert.deepEqual(Object.keys(linksOf('links1.py')), ['Go To', 'Take Draft', 'Cancel']);
      assert.deepEqual(Object.keys(linksOf('links2.py')), ['Go To', 'Cancel']);
    }));

  it('are gone to', () =>
    whileTwo(['goto1.py', 'goto2.py'], async (first, second) => {
      await press('goto1.py', 'Go To');
      assert.equal(window.activeTextEditor?.document, first.document);
      await press('goto2.py', 'Go To');
      assert.equal(window.activeTextEditor?.document, second.document);
      assert.deepEqual([first.kind, second.kind], ['denoising', 'denoising']);
    }));

  it('are canceled, each for itself', () =>
    whileTwo(['cancel1.py', 'cancel2.py'], async (first, second) => {
      await press('cancel1.py', 'Cancel');
      assert.deepEqual([first.ending, second.kind], ['cancelled', 'denoising']);
      await until(() => linksOf('cancel1.py')['Cancel'] === undefined, 'the end of its line');
      await press('cancel2.py', 'Cancel');
      assert.equal(second.ending, 'cancelled');
    }));

  it('give their draft, be another file in front', () =>
    whileTwo(['draft1.py', 'draft2.py'], async (first, second) => {
      await press('draft1.py', 'Take Draft');
      await until(() => first.kind !== 'denoising', 'the draft');
      assert.equal(first.kind, 'reviewing', first.ending);
      assert.equal(second.kind, 'denoising');
      assert.equal(window.activeTextEditor?.document, second.document);
      assert.equal(first.document.getText(), PROGRAM);
    }));
});
