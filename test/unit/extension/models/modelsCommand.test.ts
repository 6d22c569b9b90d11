import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { toEngineError } from '../../../../engine/errors';
import { catalogue } from '../../../../engine/hub/catalogue';
import { modelsEnvironment } from '../../../../extension/models/environment';
import { runModels } from '../../../../extension/models/modelsCommand';
import { bundle } from '../../../engine/processes';
import { type FakeHub, filesOf, startHub } from '../../hub/fakeHub';

const ID = 'tiny-a2d-coder-0.5b';
const FIXTURE = path.join(__dirname, '..', '..', '..', 'fixtures', 'checkpoints', 'a2d-qwen2');

const QUIET = {
  proxy: '',
  noProxy: [],
  proxySupport: 'override',
  mirror: '',
  token: undefined,
  cacheFolder: '/c',
};

test('the command is told of the editor’s proxy, mirror and token', () => {
  assert.deepEqual(modelsEnvironment({ A: '1', HTTPS_PROXY: 'p' }, QUIET), {
    A: '1',
    HTTPS_PROXY: 'p',
    PALIMPSEST_CACHE: '/c',
  });
  const full = { ...QUIET, proxy: 'http://p:1', noProxy: ['a', 'b'], mirror: 'https://m', token: 'hf_x' };
  const env = modelsEnvironment({ HTTPS_PROXY: 'other', HF_TOKEN: 'old' }, full);
  assert.deepEqual(
    [env['HTTPS_PROXY'], env['http_proxy'], env['NO_PROXY'], env['HF_ENDPOINT'], env['HF_TOKEN']],
    ['http://p:1', 'http://p:1', 'a,b', 'https://m', 'hf_x'],
  );
  assert.equal(modelsEnvironment({}, { ...full, proxySupport: 'off' })['HTTPS_PROXY'], undefined);
});

describe('the command in a process of its own', () => {
  let folder = '';
  let hub: FakeHub;
  before(async () => {
    folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-models-')));
    fs.writeFileSync(path.join(folder, 'package.json'), '{"version": "1.2.3"}');
    await bundle({ cli: 'engine/cli/main.ts' }, path.join(folder, 'dist'));
    const entry = catalogue().find(({ id }) => id === ID) ?? assert.fail();
    hub = await startHub(entry.repository, filesOf(FIXTURE), entry.revision);
  });
  after(async () => {
    await hub.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const command = async () => ({
    node: process.execPath,
    script: path.join(folder, 'dist', 'cli.js'),
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      PALIMPSEST_MODELS: path.join(folder, 'models'),
      HF_ENDPOINT: hub.endpoint,
    },
  });

  test('gives its answer, its error and its progress, pauses when it is let go, and continues', async () => {
    const wrong = await runModels(['info', 'nothing'], { command }).then(() => assert.fail(), toEngineError);
    assert.equal(wrong.code, 'model-unknown');
    assert.match(wrong.message, /There is no model nothing/);
    const words = ['install', ID, '--accept-license', '--events', '--no-quantize'];
    const controller = new AbortController();
    // Held until the command is gone: it cannot be done before it is told to pause.
    hub.intercept = (_request, _response, host) => {
      if (host === 'store') controller.abort();
      return host === 'store';
    };
    const paused = await runModels(words, { command, signal: controller.signal }).then(
      () => assert.fail(),
      toEngineError,
    );
    assert.equal(paused.code, 'cancelled');
    assert.match(paused.message, /Paused: .*The same command continues/);
    hub.intercept = () => false;
    const shares: number[] = [];
    const onProgress = ({ done, total }: { done: number; total: number }) => void shares.push(done / total);
    const answer = await runModels(words, { command, onProgress });
    assert.ok(JSON.stringify(answer).includes(`"id":"${ID}"`));
    assert.equal(shares.at(-1), 1);
    await runModels(['remove', ID], { command });
  });

  test('whoever cannot start it is told so', async () => {
    const nowhere = async () => ({
      node: path.join(folder, 'no-node'),
      script: path.join(folder, 'dist', 'cli.js'),
    });
    await assert.rejects(runModels(['list'], { command: nowhere }), { code: 'engine-not-started' });
    fs.writeFileSync(
      path.join(folder, 'dist', 'broken.js'),
      'console.error("out of order"); process.exit(3);',
    );
    const broken = async () => ({ node: process.execPath, script: path.join(folder, 'dist', 'broken.js') });
    await assert.rejects(runModels(['list'], { command: broken }), {
      code: 'internal',
      message: 'out of order',
    });
  });
});
