// A model from the list to a loaded engine, and away again: the real command, against a hub that runs in this process.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import {
  ConfigurationTarget,
  commands,
  type InputBoxOptions,
  type MarkdownString,
  type SecretStorage,
  type ThemeIcon,
  window,
  workspace,
} from 'vscode';
import { EngineError } from '../../engine/errors';
import { Models } from '../../extension/models/models';
import { CACHE_ID } from '../../extension/models/rows';
import { ModelsTree } from '../../extension/models/tree';
import { timeOf } from '../unit/hub/timeOf';
import { configure, internals, messages, replace, statusMessages, until } from './host';
import { ID, useLocalHub } from './localHub';

describe('models', () => {
  const local = useLocalHub();

  it('lists them with size, memory, speed and license', async () => {
    const all = await (await internals()).palimpsest();
    const tree = new ModelsTree(async () => all.models);
    const rows = await tree.getChildren();
    const item = tree.getTreeItem(rows.find(({ id }) => id === ID) ?? assert.fail());
    assert.equal(item.contextValue, 'install');
    assert.match(
      String(item.description),
      new RegExp(
        `^1\\.3 GB · takes instructions · .* · a line in ${timeOf(ID, 'oneLine')} on 2 cores · Apache-2\\.0`,
      ),
    );
    // Blanks that no line breaks at would break the sentences within words.
    const said = (id: string) => {
      const { tooltip } = tree.getTreeItem(rows.find((row) => row.id === id) ?? assert.fail());
      return (tooltip as MarkdownString).value;
    };
    assert.match(
      said(ID),
      new RegExp(
        `A line in ${timeOf(ID, 'oneLine')}, ten lines in ${timeOf(ID, 'tenLines')}\\. Measured in int8 on 2 cores, with random weights`,
      ),
    );
    const projected = `A line in ${timeOf('dreamon-7b', 'oneLine')}, projected from its first steps\\. Measured in q4`;
    assert.match(said('dreamon-7b'), new RegExp(projected));
    assert.match(
      said('coder'),
      /A line in 0\.42 s\. Measured in int8 on 2 cores, in files of a few lines; longer ones take longer\./,
    );
    assert.doesNotMatch(said('qwen2.5-coder-7b'), /Measured/);
    tree.dispose();
  });

  it('lists those that come with the extension first, one as in use where no other one is chosen', async () => {
    const all = await (await internals()).palimpsest();
    const tree = new ModelsTree(async () => all.models);
    const shown = async () =>
      (await tree.getChildren()).slice(0, 2).map((row) => {
        const { label, description, contextValue } = tree.getTreeItem(row);
        return [label, description, contextValue];
      });
    const [coder, starter] = ['Palimpsest coder', 'Palimpsest starter'];
    await workspace
      .getConfiguration('palimpsest')
      .update('model.path', undefined, ConfigurationTarget.Global);
    assert.deepEqual(await shown(), [
      [starter, 'in use', ''],
      [coder, 'included', 'choose'],
    ]);
    await configure('model.path', 'coder');
    assert.deepEqual(await shown(), [
      [starter, 'included', 'choose'],
      [coder, 'in use', ''],
    ]);
    await configure('model.path', undefined);
    tree.dispose();
  });

  it('lists a folder or file of one’s own first, while it is in use', async () => {
    const all = await (await internals()).palimpsest();
    const tree = new ModelsTree(async () => all.models);
    const place = path.resolve('own-models', 'mine.gguf');
    await configure('model.path', place);
    try {
      const [own = assert.fail(), second = assert.fail()] = await tree.getChildren();
      const { label, description, contextValue, tooltip } = tree.getTreeItem(own);
      assert.deepEqual([label, description, contextValue], ['mine.gguf', 'in use', '']);
      assert.ok((tooltip as MarkdownString).value.includes('mine'));
      assert.equal(tree.getTreeItem(second).description, 'included');
    } finally {
      await configure('model.path', undefined);
    }
    const [first = assert.fail()] = await tree.getChildren();
    assert.notEqual(first.id, place);
    tree.dispose();
  });

  it('says where to begin, while there are only the included models', async () => {
    const all = await (await internals()).palimpsest();
    const tree = new ModelsTree(async () => all.models);
    const view: { message?: string } = {};
    tree.shownIn(view);
    const [, , first = assert.fail()] = await tree.getChildren();
    assert.match(String(view.message), /install a model with a star/);
    const { description, iconPath } = tree.getTreeItem(first);
    assert.match(String(description), /^\d[\d.]* [GM]B · for (rewriting|instructions|completing lines) · /);
    assert.equal((iconPath as ThemeIcon).id, 'star-full');
    tree.dispose();
  });

  it('says of the one in use where it runs and why, while it does', async () => {
    const all = await (await internals()).palimpsest();
    await all.engine.stop();
    const tree = new ModelsTree(async () => all.models);
    const [starter = assert.fail()] = await tree.getChildren();
    const said = () => (tree.getTreeItem(starter).tooltip as MarkdownString).value;
    assert.doesNotMatch(said(), /CPU/);
    let drawn = 0;
    tree.onDidChangeTreeData(() => drawn++);
    await all.engine.use(async () => undefined);
    assert.match(said(), /CPU:.*selected/);
    assert.ok(drawn > 0, 'the view is drawn again');
    tree.dispose();
  });

  it('says once that they cannot be listed, and then nothing of what there is', async () => {
    const failures: string[] = [];
    const models = new Models({
      command: () => Promise.reject(new EngineError('engine-not-started', 'No Node.js.')),
      // No token is asked for.
      secrets: undefined as unknown as SecretStorage,
      stopEngine: async () => undefined,
      running: () => undefined,
      fail: ({ message }) => failures.push(message),
      info: () => undefined,
    });
    const tree = new ModelsTree(async () => models);
    const heard = messages();
    try {
      const rows = await tree.getChildren();
      assert.deepEqual(
        rows.map(({ id }) => id),
        ['starter', 'coder'],
      );
      assert.deepEqual(failures, ['No Node.js.']);
      for (const act of ['install', 'remove', 'clearCache'] as const) {
        failures.length = 0;
        await models[act]();
        assert.deepEqual(failures, ['No Node.js.'], act);
      }
      assert.deepEqual(heard.said, []);
    } finally {
      heard.stop();
      tree.dispose();
      models.dispose();
    }
  });

  it('names the model whose install fails, and why', async () => {
    const all = await (await internals()).palimpsest();
    const { rows } = (await all.models.listed()) ?? assert.fail();
    const [row = assert.fail()] = rows.filter(({ state }) => state === 'available');
    const failures: string[] = [];
    let asked = 0;
    const models = new Models({
      ...all.models['options'],
      command: () =>
        asked++ === 0
          ? all.models['options'].command()
          : Promise.reject(new EngineError('disk-full', 'The disk is full.')),
      fail: ({ message }) => failures.push(message),
    });
    models.agree = async () => true;
    await models.install(row.id);
    models.dispose();
    assert.deepEqual(failures, [`${row.title} was not installed. The disk is full.`]);
  });

  it('of a gated model goes on with the token that is typed; what no token opens asks for none', async () => {
    const { models } = await (await internals()).palimpsest();
    const { hub, folder } = local();
    const failures: string[] = [];
    const gated = new Models({ ...models['options'], fail: ({ message }) => failures.push(message) });
    gated.agree = async () => true;
    const refusing = (status: number, code: string) => {
      hub.intercept = ({ headers }, response, host) => {
        if (host !== 'hub' || headers.authorization === 'Bearer hf_typed') return false;
        response.writeHead(status, { 'X-Error-Code': code }).end();
        return true;
      };
    };
    const offered: unknown[] = [];
    const stops = [
      replace(window, 'showErrorMessage', async (...words: unknown[]) => {
        offered.push(words);
        return 'Set Token';
      }),
      replace(window, 'showInputBox', async () => 'hf_typed'),
      replace(window, 'showInformationMessage', async () => undefined),
    ];
    try {
      refusing(404, 'RevisionNotFound');
      await gated.install(ID);
      assert.match(failures.join(), /was not installed\. .* has no revision/);
      assert.deepEqual(offered, []);
      failures.length = 0;
      refusing(403, 'GatedRepo');
      await gated.install(ID);
      await until(() => fs.existsSync(path.join(folder, ID)), 'the install with the token');
      await until(() => gated.percentOf(ID) === undefined, 'its end');
      assert.deepEqual(failures, []);
      assert.equal(offered.length, 1);
      await gated.remove(ID, true);
    } finally {
      for (const stop of stops) stop();
      hub.intercept = () => false;
      hub.hits.length = 0;
      gated.dispose();
      await models['options'].secrets.delete('hubToken');
      models.refresh();
    }
  });

  it('keeps the token that is typed as a secret, hands it to the command, and deletes it where nothing is typed', async () => {
    const { command, secrets } = (await (await internals()).palimpsest()).models['options'];
    const own = process.env['HF_TOKEN'];
    const answers = [' hf_typed \n', undefined, 'hf_other', ' '];
    const asked: (InputBoxOptions | undefined)[] = [];
    const stop = replace(window, 'showInputBox', async (options?: InputBoxOptions) => {
      asked.push(options);
      return answers.shift();
    });
    const given = async () => {
      await commands.executeCommand('palimpsest.setHubToken');
      return [await secrets.get('hubToken'), (await command()).env?.['HF_TOKEN']];
    };
    try {
      process.env['HF_TOKEN'] = 'hf_inherited';
      assert.deepEqual(await given(), ['hf_typed', 'hf_typed']);
      assert.deepEqual(await given(), ['hf_typed', 'hf_typed'], 'Escape changes nothing');
      assert.deepEqual(await given(), ['hf_other', 'hf_other']);
      assert.deepEqual(
        await given(),
        [undefined, 'hf_inherited'],
        'what the person’s own environment has counts again',
      );
      assert.deepEqual(
        asked.map((options) => options?.password),
        [true, true, true, true],
        'nobody reads along',
      );
    } finally {
      stop();
      if (own === undefined) Reflect.deleteProperty(process.env, 'HF_TOKEN');
      else process.env['HF_TOKEN'] = own;
      await secrets.delete('hubToken');
    }
  });

  it('draws the view once a change, however often it was asked for at first', async () => {
    const all = await (await internals()).palimpsest();
    const tree = new ModelsTree(async () => all.models);
    await Promise.all([tree.getChildren(), tree.getChildren()]);
    let drawn = 0;
    tree.onDidChangeTreeData(() => drawn++);
    all.models.refresh();
    assert.equal(drawn, 1);
    tree.dispose();
  });

  it('shows what the cache takes, and frees it; what is loaded goes on', async () => {
    const all = await (await internals()).palimpsest();
    await all.engine.stop();
    const tree = new ModelsTree(async () => all.models);
    const shown = async () => {
      all.models.refresh();
      return (await tree.getChildren()).filter(({ id }) => id === CACHE_ID);
    };
    try {
      const { name } = await all.engine.use(async ({ model }) => model, { revive: true });
      const [row = assert.fail('what was made for the model')] = await shown();
      const item = tree.getTreeItem(row);
      assert.deepEqual([item.label, item.contextValue], ['Cache', 'cache']);
      assert.match(String(item.description), /^\d/);
      await all.models.clearCache(true);
      assert.deepEqual(await shown(), []);
      assert.deepEqual(
        fs.readdirSync(all.cacheFolder).filter((file) => file.includes('.weights')),
        [],
      );
      const score = () =>
        all.engine.use(({ client, model }) =>
          client.score({ model: model.folder, text: 'x = 1\n', priority: 'background' }),
        );
      assert.equal((await score()).model, name);
    } finally {
      tree.dispose();
    }
  });

  it('installs nothing without consent', async () => {
    const { models } = await (await internals()).palimpsest();
    const { agree } = models;
    models.agree = async () => false;
    await commands.executeCommand('palimpsest.installModel', ID);
    models.agree = agree;
    assert.equal(local().hub.hits.length, 0);
  });

  it('installs one with progress, chooses it, loads it, and removes it', async () => {
    const all = await (await internals()).palimpsest();
    const { agree } = all.models;
    all.models.agree = async ({ id }) => id === ID;
    const shares: (number | undefined)[] = [];
    const listening = all.models.onChange(() => shares.push(all.models.percentOf(ID)));
    const heard = messages();
    await commands.executeCommand('palimpsest.chooseModel', ID);
    heard.stop();
    all.models.agree = agree;
    listening.dispose();
    assert.deepEqual(heard.said, [], 'who has chosen it is not asked whether to use it');
    assert.ok(
      shares.some((share) => share !== undefined),
      shares.join(),
    );
    assert.equal(workspace.getConfiguration('palimpsest').get('model.path'), ID);
    const model = await all.engine.use(async ({ model: loaded }) => loaded, { revive: true });
    assert.equal(model.family, 'a2d-qwen2');
    assert.ok(model.folder.startsWith(local().folder), model.folder);
    const row = (await all.models.listed())?.rows.find(({ id }) => id === ID) ?? assert.fail();
    assert.ok(all.models.isUsed(row) && row.state === 'installed');
    const tree = new ModelsTree(async () => all.models);
    await tree.getChildren();
    assert.equal(tree.getTreeItem(row).contextValue, 'remove');
    const bar = statusMessages();
    await commands.executeCommand('palimpsest.chooseModel', 'starter');
    bar.stop();
    assert.match(bar.said.join('\n'), /Palimpsest starter is used from now on/);
    assert.equal(workspace.getConfiguration('palimpsest').get('model.path'), 'starter');
    assert.equal(tree.getTreeItem(row).contextValue, 'choose remove');
    tree.dispose();
    await commands.executeCommand('palimpsest.chooseModel', ID);
    await all.models.remove(ID, true);
    assert.equal(workspace.getConfiguration('palimpsest').get('model.path'), '');
    assert.deepEqual(
      fs.readdirSync(local().folder).filter((name) => name !== '.staging'),
      [],
    );
  });
});
