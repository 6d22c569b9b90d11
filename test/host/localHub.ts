// A hub in this process that has one model of the catalogue, with a tiny checkpoint's files in place of its own, and an empty folder of
// models that the command and the engine install into and load from.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before } from 'mocha';
import { extensions } from 'vscode';
import { catalogue } from '../../engine/hub/catalogue';
import { type FakeHub, filesOf, startHub } from '../unit/hub/fakeHub';
import { configure, internals, useCpu } from './host';

/** The model that the hub has. */
export const ID = 'tiny-a2d-coder-0.5b';
const ENTRY = catalogue().find(({ id }) => id === ID) ?? assert.fail();
export const TITLE = ENTRY.title;

interface LocalHub {
  readonly hub: FakeHub;
  /** Folder of models. */
  readonly folder: string;
}

type Files = Map<string, Buffer>;

/** For the whole suite; what it gives is there when the tests run. `change`: makes other files of the model's. */
export function useLocalHub(change: (files: Files) => Files = (files) => files): () => LocalHub {
  let local: LocalHub | undefined;
  const earlier = process.env['PALIMPSEST_MODELS'];

  before(async () => {
    const extension = extensions.getExtension('palimpsest.palimpsest') ?? assert.fail();
    const fixture = path.join(extension.extensionPath, 'test', 'fixtures', 'checkpoints', 'a2d-qwen2');
    const hub = await startHub(ENTRY.repository, change(filesOf(fixture)), ENTRY.revision);
    const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-host-models-')));
    local = { hub, folder };
    // The engine and the command inherit it.
    process.env['PALIMPSEST_MODELS'] = folder;
    await useCpu();
    await configure('models.mirror', hub.endpoint);
  });

  after(async () => {
    const { palimpsest } = await internals();
    await (await palimpsest()).engine.stop();
    await configure('model.path', undefined);
    await configure('models.mirror', undefined);
    await configure('engine.provider', undefined);
    if (earlier === undefined) Reflect.deleteProperty(process.env, 'PALIMPSEST_MODELS');
    else process.env['PALIMPSEST_MODELS'] = earlier;
    await local?.hub.close();
    if (local !== undefined) fs.rmSync(local.folder, { recursive: true, force: true });
  });

  return () => local ?? assert.fail('the hub runs');
}
