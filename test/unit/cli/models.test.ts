import './lazyImports';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { runCommand } from '../../../engine/cli/command';
import { progressBar } from '../../../engine/cli/modelsView';
import { EngineError } from '../../../engine/errors';
import { catalogue } from '../../../engine/hub/catalogue';
import { unpreparedOf } from '../../../extension/models/modelsCommand';
import { type FakeHub, filesOf, startHub } from '../hub/fakeHub';
import { timeOf } from '../hub/timeOf';
import { fakeStream, scriptedEngine, temporaryFolder, testWorld } from './scriptedEngine';

const FIXTURES = path.join(__dirname, '..', '..', 'fixtures', 'checkpoints');
const ID = 'tiny-a2d-coder-0.5b';

interface Shell {
  readonly folder: string;
  readonly hub: FakeHub;
  run(
    words: string,
    options?: {
      readonly tty?: boolean;
      readonly signal?: AbortSignal;
      readonly stdin?: AsyncIterable<Uint8Array>;
      readonly memory?: number;
      readonly onPrepare?: () => void;
    },
  ): Promise<{
    code: number;
    out: string;
    err: string;
    prepared: readonly string[];
    loads: readonly string[];
  }>;
}

/** Standard input that stays open. */
async function* open(): AsyncGenerator<Uint8Array> {
  await new Promise(() => {});
}

async function shell(t: { after(fn: () => unknown): void }): Promise<Shell> {
  const folder = fs.realpathSync(temporaryFolder(t));
  const entry = catalogue().find(({ id }) => id === ID) ?? assert.fail();
  const hub = await startHub(entry.repository, filesOf(path.join(FIXTURES, 'a2d-qwen2')), entry.revision);
  t.after(() => hub.close());
  const env = { HOME: folder, PALIMPSEST_MODELS: path.join(folder, 'models'), HF_ENDPOINT: hub.endpoint };
  return {
    folder,
    hub,
    run: async (words, { tty = false, signal, stdin, memory, onPrepare } = {}) => {
      const { engine, calls } = scriptedEngine({ onPrepare });
      const world = testWorld(
        { ...engine, openCheckpoint },
        {
          env,
          folder,
          stdout: fakeStream(),
          stderr: fakeStream(tty),
          ...(signal ? { signal } : {}),
          ...(stdin ? { stdin } : {}),
          ...(memory === undefined ? {} : { memory }),
        },
      );
      const code = await runCommand(words.split(' '), world);
      return {
        code,
        out: world.stdout.text(),
        err: world.stderr.text(),
        prepared: calls.prepared,
        loads: calls.loads.map(({ folder: place }) => place),
      };
    },
  };
}

describe('palimpsest models', () => {
  test('lists what there is, with size, memory, license and kind', async (t) => {
    const { run } = await shell(t);
    const { code, out } = await run('models list');
    assert.equal(code, 0);
    for (const { id } of catalogue()) assert.match(out, new RegExp(`^${id.replaceAll('.', '\\.')} `, 'm'));
    assert.match(
      out,
      /^qwen2\.5-coder-0\.5b .* 491 MB .*needs .*Apache-2\.0 +left to right, takes instructions$/m,
    );
    assert.match(out, /^starter .* 0\.08 s a line +Apache-2\.0/m);
    assert.match(
      out,
      new RegExp(`^dreamon-7b .* ${timeOf('dreamon-7b', 'oneLine')} a line +Apache-2\\.0`, 'm'),
    );
    assert.doesNotMatch(out, /^qwen2\.5-coder-7b .* a line/m, 'nobody measured it');
    assert.match(
      out,
      /measured on two cores: of included models in files of a few lines .*, of others with\nrandom weights of the same shape/,
    );
    assert.match(out, /^coda-1\.7b .*about 8\.1 GB.*CC-BY-NC-4\.0 +diffusion, takes instructions$/m);
    const { models } = JSON.parse((await run('models list --json')).out);
    assert.equal(models.length, catalogue().length);
  });

  test('says where to begin on this machine, and which models take instructions', async (t) => {
    const recommended = async (memory: number) => {
      const { run } = await shell(t);
      const { models } = JSON.parse((await run('models list --json', { memory })).out);
      const lines = (await run('models list', { memory })).out.split('\n');
      const found = models.flatMap(({ id, firstChoice }: { id: string; firstChoice?: string }) =>
        firstChoice === undefined ? [] : [[firstChoice, id]],
      );
      for (const [use, id] of found)
        assert.ok(
          lines.some((line) => line.startsWith(`${id} `) && line.includes(`recommended for ${use}`)),
          id,
        );
      return Object.fromEntries(found);
    };
    assert.deepEqual(await recommended(32e9), {
      rewriting: 'dreamon-7b',
      instructions: 'stable-diffcoder-8b-instruct',
      completing: 'qwen2.5-coder-1.5b',
    });
    assert.deepEqual(await recommended(8e9), {
      rewriting: 'open-dcoder-0.5b',
      instructions: 'sdar-1.7b-chat',
      completing: 'qwen2.5-coder-1.5b',
    });
    assert.deepEqual(await recommended(1e9), {});
  });

  test('knows the models that are included, which are neither installed nor removed', async (t) => {
    const { run, folder } = await shell(t);
    assert.match((await run('models list')).out, /^starter +Palimpsest starter +included /m);
    assert.match((await run('models list')).out, /^coder +Palimpsest coder +included .*left to right/m);
    const { code, out } = await run('models info starter');
    assert.equal(code, 0);
    assert.match(out, /Model +Palimpsest starter\n/);
    assert.match(out, /Takes +no instructions/);
    assert.match(out, /Included +.*starter/);
    assert.equal(JSON.parse((await run('models info starter --json')).out).included.id, 'starter');
    for (const word of ['install', 'verify', 'remove']) {
      const refused = await run(`models ${word} starter`);
      assert.equal(refused.code, 2, word);
      assert.match(refused.err, /starter comes with Palimpsest/, word);
    }
    assert.match((await run('models info startr')).err, /Did you mean starter\?/);
    fs.writeFileSync(path.join(folder, 'x.py'), 'a\n');
    const { loads } = await run('score x.py --model starter');
    assert.match(loads[0] ?? '', /models.starter$/);
  });

  test('shows one', async (t) => {
    const { run } = await shell(t);
    const { code, out } = await run('models info coda-1.7b');
    assert.equal(code, 0);
    assert.match(out, /License +CC-BY-NC-4\.0, not for commercial use \(https:/);
    assert.match(out, /Context +40960 tokens/);
    assert.match(out, /Speed +not measured/);
    assert.match(
      (await run('models info open-dcoder-0.5b')).out,
      new RegExp(
        `Speed +a line in ${timeOf('open-dcoder-0.5b', 'oneLine')}, ten lines in ${timeOf('open-dcoder-0.5b', 'tenLines')}\\n +measured on 2 cores in int8, with random weights of this shape, one token a step: bench/results/realSize\\.md\\n`,
      ),
    );
    assert.match(
      (await run('models info dreamon-7b')).out,
      new RegExp(`a line in ${timeOf('dreamon-7b', 'oneLine')}, projected from its first steps\\n`),
    );
    assert.match(
      (await run('models info coder')).out,
      /a line in 0\.42 s\n +measured on 2 cores in int8, in files of a few lines \(longer ones take longer\): bench/,
    );
    assert.match(
      (await run('models info qwen2.5-coder-0.5b')).out,
      new RegExp(
        `a line in ${timeOf('qwen2.5-coder-0.5b', 'oneLine')}\\n +measured on 2 cores in int8, in files of a few lines \\(longer ones take longer\\): bench/`,
      ),
    );
    const wrong = await run('models info coda-1.7');
    assert.match(wrong.err, /There is no model coda-1\.7\. Did you mean coda-1\.7b\?/);
    assert.equal(wrong.code, 1);
  });

  test('installs with consent only, prepares the weights, and knows the model by its name', async (t) => {
    const { run, folder, hub } = await shell(t);
    const refused = await run(`models install ${ID}`);
    assert.equal(refused.code, 1);
    assert.match(
      refused.err,
      /\(about [\d.]+ GB to download\) is licensed under Apache-2\.0.*--accept-license if you agree\. \[license-not-accepted\]/,
    );
    assert.deepEqual(hub.hits, [], 'the hub is asked for nothing before');
    const place = path.join(folder, 'models', ID, 'Qwen2.5-Coder-0.5B-Instruct-diffusion-mdlm-v0.1');
    const { code, out, prepared } = await run(`models install ${ID} --accept-license`);
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^${ID} is installed: .*\\nUse it with --model ${ID}`));
    assert.deepEqual(prepared, [place]);
    assert.match((await run('models list')).out, new RegExp(`^${ID} .* installed `, 'm'));
    assert.match((await run(`models info ${ID}`)).out, /Commit +a284e8/);
    assert.match((await run(`models verify ${ID}`)).out, /all \d+ files are as they should be/);
    fs.writeFileSync(path.join(folder, 'x.py'), 'a\n');
    assert.deepEqual((await run(`score x.py --model ${ID}`)).loads, [place]);
    assert.match((await run(`check ${ID}`)).out, /a2d-qwen2/);
    fs.rmSync(path.join(place, 'tokenizer.json'));
    const broken = await run(`models verify ${ID}`);
    assert.equal(broken.code, 1);
    assert.match(broken.out, /^tokenizer\.json is missing\nRun "palimpsest models remove/);
    assert.match((await run(`models remove ${ID}`)).out, /is removed; .* free again/);
    assert.match(
      (await run(`score x.py --model ${ID}`)).err,
      /is not installed\. Install it first, with "palimpsest models install/,
    );
    assert.equal((await run(`models remove ${ID}`)).code, 1);
  });

  test('shows one bar, or events, and pauses where it is interrupted', async (t) => {
    const { run, hub } = await shell(t);
    const controller = new AbortController();
    hub.onRange = () => controller.abort();
    const paused = await run(`models install ${ID} --accept-license`, {
      tty: true,
      signal: controller.signal,
    });
    assert.equal(paused.code, 130);
    assert.match(
      paused.err,
      /Paused: .* of .* are here\. The same command continues; "palimpsest models remove/,
    );
    hub.onRange = () => {};
    assert.match((await run('models list')).out, new RegExp(`^${ID} .* unfinished `, 'm'));
    const asked = `models install ${ID} --accept-license --events --json --no-quantize`;
    // Who asked is gone.
    const left = await run(asked, { stdin: (async function* () {})() });
    assert.equal(left.code, 130);
    assert.equal(JSON.parse(left.out).error.code, 'cancelled');
    const { err, out } = await run(asked, { stdin: open() });
    const events = err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.ok(events.every(({ done, total }) => done <= total));
    assert.deepEqual(events.at(-1).done, events.at(-1).total);
    assert.equal(JSON.parse(out).installed.id, ID);
  });

  test('a model whose weights cannot be quantized is installed, and who asked is told why they are not', async (t) => {
    const { run, folder } = await shell(t);
    const { code, out, err } = await run(`models install ${ID} --accept-license --json`, {
      onPrepare: () => {
        throw new EngineError('disk-full', 'The disk is full.');
      },
    });
    assert.equal(code, 0);
    assert.match(err, /is installed, but it was not prepared: The disk is full\./);
    const answer: unknown = JSON.parse(out);
    assert.equal(unpreparedOf(answer), 'The disk is full.');
    const whole = await run(`models install ${ID} --accept-license --json`);
    assert.equal(unpreparedOf(JSON.parse(whole.out)), undefined);
    const gone = await run(`models install ${ID} --accept-license`, {
      onPrepare: () => {
        fs.rmSync(path.join(folder, 'models', ID), { recursive: true });
        throw new Error('ENOENT');
      },
    });
    assert.equal(gone.code, 1);
    assert.match(gone.err, /was removed while its weights were quantized/);
  });

  test('says before the download what does not fit this machine', async (t) => {
    const { run, hub } = await shell(t);
    const memory = 8 * 2 ** 30;
    const { out } = await run('models list', { memory });
    assert.match(out, /^dreamon-7b .*too large: needs 8\.8 GB of 8\.6 GB/m);
    assert.match(out, /^qwen2\.5-coder-1\.5b .* needs 2\.7 GB/m);
    const refused = await run('models install dreamon-7b --accept-license', { memory });
    assert.equal(refused.code, 1);
    assert.match(
      refused.err,
      /DreamOn 7B is too large: needs .*Choose a smaller model, or .*--force\. \[out-of-memory\]/,
    );
    assert.deepEqual(hub.hits, []);
    // With --force the hub is asked, which has another model.
    assert.match(
      (await run('models install dreamon-7b --accept-license --force', { memory })).err,
      /\[hub-refused\]/,
    );
  });

  test('gives a folder of one’s own a name', async (t) => {
    const { run } = await shell(t);
    const place = path.join(FIXTURES, 'dreamon');
    assert.match((await run(`models install ${place} --id mine --no-quantize`)).out, /^mine is installed/);
    assert.match((await run('models list')).out, /^mine +dreamon +installed/m);
    assert.match((await run('models remove mine')).out, /^mine is removed/);
    assert.ok(fs.existsSync(place));
    assert.match((await run('models install ./nothing/here')).err, /does not exist/);
    assert.match((await run(`models install ${ID} --id x`)).err, /--id is for a folder/);
  });

  test('says how it is called', async (t) => {
    const { run } = await shell(t);
    assert.match(
      (await run('models')).err,
      /Specify what to do: palimpsest models list, info, install, verify, remove\./,
    );
    assert.match(
      (await run('models instal x')).err,
      /There is no command models instal\. Did you mean models install\?/,
    );
    assert.match((await run('models --help')).out, /palimpsest models install MODEL \[options\]/);
    assert.match((await run('help models install')).out, /--accept-license/);
    assert.match((await run('models install --help')).out, /Ctrl-C pauses/);
    assert.match((await run('models install')).err, /MODEL is missing/);
    assert.match((await run('model')).err, /Did you mean models\?/);
  });
});

test('the bar fits its line', () => {
  assert.equal(
    progressBar('downloading', 1.2e9, 4e9, 60),
    `downloading ${'━'.repeat(7)}${'─'.repeat(17)} 1.2 GB of 4.0 GB, 30 %`,
  );
  assert.ok(progressBar('downloading', 1, 3, 20).length <= 20);
});
