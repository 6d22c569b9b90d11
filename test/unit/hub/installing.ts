// An install from the hub of the test, with what most tests have in common.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { EngineError, type ErrorCode } from '../../../engine/errors';
import { type CatalogueModel, readCatalogue } from '../../../engine/hub/catalogue';
import { type InstallContext, install } from '../../../engine/hub/install';
import { STAGING } from '../../../engine/hub/installed';
import { type Network, networkOf } from '../../../engine/hub/network';
import { type FakeHub, filesOf, startHub } from './fakeHub';

export const REPOSITORY = 'owner/DreamOn-tiny';
export const FIXTURE = path.join(__dirname, '..', '..', 'fixtures', 'checkpoints', 'dreamon');

/** An entry as catalogue.json has them, read by its reader. */
export function catalogueModel(changes: Readonly<Record<string, unknown>> = {}): CatalogueModel {
  const [model] = readCatalogue({
    models: [
      {
        id: 'dreamon-tiny',
        title: 'DreamOn tiny',
        repository: REPOSITORY,
        revision: 'main',
        family: 'dreamon',
        parameters: 1000,
        shape: {
          hiddenSize: 8,
          layers: 1,
          heads: 2,
          kvHeads: 1,
          headSize: 4,
          ffnSize: 12,
          vocabSize: 32,
          tiedHead: false,
        },
        stored: 'BF16',
        license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
        goodFor: 'tests',
        ...changes,
      },
    ],
  });
  assert.ok(model);
  return model;
}

export interface World {
  readonly hub: FakeHub;
  readonly models: string;
  readonly cache: string;
  /** Milliseconds of each wait before a further try; nobody really waits. */
  readonly waits: number[];
  readonly network: Network;
  run(
    model?: CatalogueModel,
    changes?: Partial<InstallContext>,
  ): Promise<Awaited<ReturnType<typeof install>>>;
  /** The error of an install that fails, and that leaves nothing that could be opened. */
  fails(
    code: ErrorCode,
    pattern: RegExp,
    changes?: Partial<InstallContext>,
    model?: CatalogueModel,
  ): Promise<EngineError>;
}

export async function world(
  t: TestContext,
  files = withExtras(filesOf(FIXTURE)),
  env: Record<string, string> = {},
): Promise<World> {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-hub-')));
  const hub = await startHub(REPOSITORY, files);
  t.after(async () => {
    await hub.close();
    fs.rmSync(root, { recursive: true, force: true });
  });
  const models = path.join(root, 'models');
  const cache = path.join(root, 'huggingface', 'hub');
  const waits: number[] = [];
  const network: Network = {
    ...networkOf(
      { HF_ENDPOINT: `${hub.endpoint}/`, HF_HOME: path.join(root, 'huggingface'), ...env },
      '1.2.3',
    ),
    pause: async (millis) => {
      waits.push(millis);
    },
  };
  const run: World['run'] = (model = catalogueModel(), changes = {}) =>
    install(model, { models, cache, network, confirm: () => {}, inspect: openCheckpoint, ...changes });
  return {
    hub,
    models,
    cache,
    waits,
    network,
    run,
    fails: async (code, pattern, changes, model) => {
      const error = await run(model, changes).then(
        () => assert.fail('the install worked'),
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof EngineError, String(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, pattern);
      assert.deepEqual(installedNames(models), []);
      return error;
    },
  };
}

export function installedNames(models: string): string[] {
  return fs.existsSync(models) ? fs.readdirSync(models).filter((name) => name !== STAGING) : [];
}

/** What repositories have besides, and nobody needs. */
function withExtras(files: Map<string, Buffer>): Map<string, Buffer> {
  return new Map([
    ...files,
    ['README.md', Buffer.from('# a model\n')],
    ['LICENSE', Buffer.from('do what you like\n')],
    ['modeling_dream.py', Buffer.from('import os\n')],
    ['pytorch_model.bin', Buffer.from('pickled')],
  ]);
}
