// The way of a person who wants a larger model, from the list to a rewrite with it. On the way, the process that downloads is killed, as
// if the plug were pulled.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { commands, type QuickPickItem, type TreeItem, window, workspace } from 'vscode';
import { STAGING } from '../../engine/hub/installed';
import { ModelsTree } from '../../extension/models/tree';
import type { FakeHub } from '../unit/hub/fakeHub';
import { answeringWith } from './constantModel';
import {
  closeEverything,
  denoised,
  internals,
  openFile,
  replace,
  reported,
  select,
  startRewrite,
  undoIn,
  until,
} from './host';
import { ID, TITLE, useLocalHub } from './localHub';

const WEIGHTS = 'model.safetensors';
const CODE = 'def mean(values):\n    qzx = vvkj(77731)\n    return total\n';

/** Of the weights, the hub sends this much and no more. */
function cutInTheMiddle(hub: FakeHub): { readonly half: number } {
  const weights = hub.files.get(WEIGHTS) ?? assert.fail();
  const half = Math.floor(weights.length / 2);
  hub.intercept = (request, response, host) => {
    if (host !== 'store' || !request.url?.includes(`/${WEIGHTS}`)) return false;
    response.writeHead(206, {
      'Content-Length': weights.length,
      'Content-Range': `bytes 0-${weights.length - 1}/${weights.length}`,
    });
    response.write(weights.subarray(0, half));
    return true;
  };
  return { half };
}

/** Bytes of the weights that are on the disk. */
function partSize(folder: string): number {
  const staged = path.join(folder, STAGING, ID);
  if (!fs.existsSync(staged)) return 0;
  const names = fs.readdirSync(staged, { recursive: true, encoding: 'utf8' });
  const part = names.find((name) => path.basename(name).startsWith(WEIGHTS) && name.endsWith('.part'));
  return part === undefined ? 0 : fs.statSync(path.join(staged, part)).size;
}

/** The command that this extension host has started. */
function commandProcess(): number {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' });
  const [, pid] =
    stdout
      .split('\n')
      .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
      .find((found) => Number(found?.[2]) === process.pid && found?.[3]?.includes(`models install ${ID}`)) ??
    [];
  return Number(pid ?? assert.fail('the command runs'));
}

/** Answers as a person does who wants the model: what is asked, and what the buttons are. `meanwhile`: before a button is pressed. */
function wanting(title: string, meanwhile: (button: string) => Promise<void>) {
  const asked: string[] = [];
  const stops = [
    replace(window, 'showQuickPick', async (items: readonly QuickPickItem[]) => {
      const item = items.find(({ label }) => label === title) ?? assert.fail('it is in the list');
      asked.push(`${item.label}: ${item.description}`);
      return item;
    }),
    replace(window, 'showInformationMessage', async (question: string, ...rest: unknown[]) => {
      const [options] = rest;
      const detail =
        typeof options === 'object' && options !== null && 'detail' in options ? options.detail : '';
      asked.push(`${question} ${detail}`);
      const buttons = ['Accept License and Install', 'Continue', 'Use It'];
      const button = buttons.find((one) => rest.includes(one));
      if (button !== undefined) await meanwhile(button);
      return button;
    }),
  ];
  return {
    asked,
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}

describe('the way to a larger model', () => {
  const local = useLocalHub((files) => answeringWith('x', files));
  afterEach(closeEverything);

  it('goes from the list over an install that is cut off to a rewrite with it', async () => {
    const { hub, folder } = local();
    const all = await (await internals()).palimpsest();
    const chosen = () => workspace.getConfiguration('palimpsest').get('model.path');
    const tree = new ModelsTree(async () => all.models);
    const shown = async (): Promise<TreeItem> => {
      const rows = await tree.getChildren();
      return tree.getTreeItem(rows.find(({ id }) => id === ID) ?? assert.fail());
    };
    const { half } = cutInTheMiddle(hub);
    const seen: string[] = [];
    const person = wanting(TITLE, async (button) => {
      if (button !== 'Continue') return;
      const { description, contextValue } = await shown();
      seen.push(`${description}: ${contextValue}`);
      assert.equal(partSize(folder), half, 'what came is kept');
      hub.hits.length = 0;
    });
    const progress = reported(/Installing/);
    try {
      const choosing = commands.executeCommand('palimpsest.chooseModel');
      // The command tells of what it has written a little later.
      const percent = () => all.models.percentOf(ID) ?? 0;
      await until(() => partSize(folder) === half && percent() >= 10, 'half of the weights');
      seen.push(String((await shown()).description));
      hub.intercept = () => false;
      process.kill(commandProcess(), 'SIGKILL');
      await choosing;
      assert.notEqual(chosen(), ID, 'half a model answers nothing');
      await until(() => chosen() === ID, 'the model in use');
    } finally {
      person.stop();
      progress.stop();
      tree.dispose();
    }
    const [listed, consent, cut, done, ...more] = person.asked;
    assert.match(
      listed ?? '',
      /: 1\.3 GB · takes instructions · needs up to [\d.]+ GB of memory · .* · Apache-2\.0$/,
    );
    assert.match(consent ?? '', /^Install Tiny-A2D.*\? .*1\.3 GB.*\n.*\nLicense: Apache-2\.0\nThe files are/);
    assert.match(cut ?? '', /^The install of Tiny-A2D.* was cut off\. What was downloaded is kept\./);
    assert.match(done ?? '', /is installed/);
    assert.deepEqual(more, []);
    assert.match(seen.join('\n'), /^[1-9]\d%\npaused: install remove$/);
    assert.ok(
      progress.said.some((words) => / of \d+ kB/.test(words)),
      progress.said.join(),
    );
    const [again = assert.fail()] = hub.hits.filter(
      ({ host, url }) => host === 'store' && url.includes(WEIGHTS),
    );
    assert.match(again.range ?? '', new RegExp(`^bytes=${half}-`), 'it goes on where it was cut off');

    const editor = await openFile('journey.py', CODE);
    await select(editor, [1, 1]);
    const rewrite = await startRewrite(editor);
    await denoised(rewrite);
    assert.equal(rewrite.kind, 'reviewing', rewrite.ending);
    const { state } = all.engine;
    assert.ok(
      state.kind === 'ready' && state.model.family === 'a2d-qwen2' && state.model.folder.startsWith(folder),
    );
    assert.equal(editor.document.getText(), CODE, 'nothing changes before it is accepted');
    await commands.executeCommand('palimpsest.acceptRewrite');
    const answered = /^def mean\(values\):\n {4}x+\n {4}return total\n$/;
    await until(() => answered.test(editor.document.getText()), 'the accepted text');
    await undoIn(editor.document);
    await until(() => editor.document.getText() === CODE, 'the old text');
  });
});
