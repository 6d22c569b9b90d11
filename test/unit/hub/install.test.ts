import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { EngineError, toEngineError } from '../../../engine/errors';
import { listInstalled, readInstalled, STAGING } from '../../../engine/hub/installed';
import { installLocal } from '../../../engine/hub/local';
import { takeLock } from '../../../engine/hub/lock';
import { remove, verify } from '../../../engine/hub/upkeep';
import { COMMIT, filesOf, gitSha1, sha256 } from './fakeHub';
import { catalogueModel, FIXTURE, installedNames, REPOSITORY, world } from './installing';

const ID = 'dreamon-tiny';

function below(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.join(path.relative(folder, entry.parentPath), entry.name))
    .sort();
}

describe('an install', () => {
  test('fetches what the engine reads and nothing that runs, checks it, and is there in one step', async (t) => {
    const { hub, models, run } = await world(t, undefined, { HF_TOKEN: 'hf_secret' });
    const seen: number[] = [];
    const model = await run(catalogueModel(), {
      onProgress: ({ done, total }) => {
        seen.push(done);
        assert.ok(done <= total);
        assert.deepEqual(installedNames(models), []);
      },
    });
    assert.equal(model.place, path.join(models, ID, 'DreamOn-tiny'));
    assert.deepEqual(
      fs.readdirSync(model.place).sort(),
      [...filesOf(FIXTURE).keys(), 'LICENSE']
        .filter(
          (name) =>
            /^(LICENSE|.*\.(json|safetensors|txt|jinja))$/.test(name) && name !== 'reference.safetensors',
        )
        .sort(),
    );
    assert.equal((await openCheckpoint(model.place)).family.id, 'dreamon');
    assert.deepEqual(readInstalled(models, ID), model);
    assert.equal(model.origin?.commit, COMMIT);
    assert.deepEqual(await verify(model), []);
    assert.equal(
      seen.at(-1),
      model.files.reduce((sum, { size }) => sum + size, 0),
    );
    // The token goes to the hub, and not to the store behind it.
    assert.ok(
      hub.hits
        .filter(({ host }) => host === 'hub')
        .every(({ authorization }) => authorization === 'Bearer hf_secret'),
    );
    const store = hub.hits.filter(({ host }) => host === 'store');
    assert.ok(store.length > 0 && store.every(({ authorization }) => authorization === undefined));
    assert.deepEqual(below(path.join(models, STAGING)), []);
    const asked = hub.hits.length;
    assert.deepEqual(await run(), model);
    assert.equal(hub.hits.length, asked);
  });

  test('asks before it fetches, and says what is missing', async (t) => {
    const { hub, fails, run } = await world(t);
    await fails('license-not-accepted', /no thanks/, {
      confirm: ({ bytes, missing }) => {
        assert.ok(bytes > 0 && missing === bytes);
        throw new EngineError('license-not-accepted', 'no thanks');
      },
    });
    assert.ok(hub.hits.every(({ url }) => url.startsWith('/api/models/')));
    await run();
  });

  test('needs room on the disk, which is looked at before', async (t) => {
    const { hub, fails } = await world(t);
    await fails('disk-full', /needs .* and only 1 MB are free\. .*PALIMPSEST_MODELS/, {
      freeBytes: async () => 1e6,
    });
    assert.ok(hub.hits.every(({ url }) => url.startsWith('/api/models/')));
  });

  test('the quantized weights need room, too, on the disk where they are written', async (t) => {
    const { hub, fails, models, run } = await world(t);
    const later = { folder: path.join(models, 'cache'), bytes: 8e9 };
    await fails(
      'disk-full',
      /needs [\d.]+ [kMG]B in .*, and 8\.0 GB more for its quantized weights, and only 8\.0 GB/,
      {
        freeBytes: async () => 8e9,
        later,
      },
    );
    // Another file system, wherever this one is.
    const elsewhere = { ...later, folder: '/proc/cache' };
    const freeBytes = async (folder: string) => (folder === models ? 8e9 : 1e9);
    if (process.platform === 'linux')
      await fails(
        'disk-full',
        /^The quantized weights of this model need 8\.0 GB in \/proc\/cache, and only 1\.0 GB/,
        {
          freeBytes,
          later: elsewhere,
        },
      );
    assert.ok(hub.hits.every(({ url }) => url.startsWith('/api/models/')));
    await run(undefined, { freeBytes: async () => 9e9, later });
  });

  test('a disk that fills is named, and the install goes on when there is room', {
    skip: process.platform !== 'linux',
  }, async (t) => {
    const { models, fails, run, hub } = await world(t);
    const weights = hub.files.get('model.safetensors') ?? assert.fail();
    const staged = path.join(models, STAGING, ID, 'DreamOn-tiny');
    const part = path.join(staged, `model.safetensors.${sha256(weights).slice(0, 12)}.part`);
    fs.mkdirSync(staged, { recursive: true });
    fs.symlinkSync('/dev/full', part);
    await fails('disk-full', /is full\. Free some space .* continues where it stopped/);
    fs.rmSync(part);
    await run();
  });

  test('goes on where it stopped, with the commit that it began with', async (t) => {
    const { hub, run } = await world(t);
    const controller = new AbortController();
    const paused = run(catalogueModel(), {
      rangeBytes: 1000,
      signal: controller.signal,
      onProgress: ({ done, total }) => {
        if (done > total / 2) controller.abort();
      },
    });
    await assert.rejects(paused, { code: 'cancelled' });
    const before = hub.asked;
    hub.intercept = (request, response) => {
      if (!request.url?.startsWith('/api/models/')) return false;
      response.writeHead(500).end();
      return true;
    };
    const phases: string[] = [];
    const model = await run(catalogueModel(), {
      rangeBytes: 1000,
      onProgress: ({ phase, done }) => phases.push(`${phase} ${done > 0}`),
    });
    assert.equal(phases[0], 'checking true', 'what is here is read before anything is fetched');
    assert.deepEqual(await verify(model), []);
    const weights = hub.files.get('model.safetensors')?.length ?? 0;
    assert.ok(before < weights && hub.asked <= weights + 1000, `${before} then ${hub.asked} of ${weights}`);
  });

  test('a damaged beginning is fetched once more', async (t) => {
    const { hub, models, run } = await world(t);
    const bytes = hub.files.get('model.safetensors') ?? assert.fail();
    const staged = path.join(models, STAGING, ID, 'DreamOn-tiny');
    fs.mkdirSync(staged, { recursive: true });
    fs.writeFileSync(
      path.join(staged, `model.safetensors.${sha256(bytes).slice(0, 12)}.part`),
      Buffer.alloc(bytes.length - 5),
    );
    assert.deepEqual(await verify(await run()), []);
    assert.equal(hub.asked, bytes.length + 5);
  });

  test('only one at a time; a lock whose owner is dead counts for nothing', async (t) => {
    const { models, fails, run } = await world(t);
    const file = path.join(models, STAGING, `${ID}.lock`);
    const lock = await takeLock(file, ID);
    await fails('model-busy', /being installed or removed by another window or terminal \(process \d+/);
    await lock.release();
    fs.writeFileSync(
      file,
      JSON.stringify({ id: 'x', host: (await import('node:os')).hostname(), pid: 2 ** 22 + 1 }),
    );
    await run();
    assert.equal(fs.existsSync(file), false);
  });

  test('two at once: one installs, the other says so or finds it there', async (t) => {
    const { run } = await world(t);
    const outcomes = await Promise.allSettled([run(), run(), run()]);
    assert.ok(outcomes.some(({ status }) => status === 'fulfilled'));
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') assert.equal(toEngineError(outcome.reason).code, 'model-busy');
  });

  test('another family than the catalogue says is refused', async (t) => {
    const { fails } = await world(t);
    await fails(
      'family-unknown',
      /is a dreamon model, but the catalog says coda/,
      {},
      catalogueModel({ family: 'coda' }),
    );
  });

  test('one GGUF file by its name, with the checksum of the catalogue', async (t) => {
    const bytes = fs.readFileSync(path.join(FIXTURE, '..', '..', 'gguf', 'qwen2.5-coder.gguf'));
    const files = new Map([
      ['tiny.gguf', bytes],
      ['other.gguf', Buffer.alloc(2000)],
      ['README.md', Buffer.from('x')],
    ]);
    const { run, fails } = await world(t, files);
    const entry = (sha: string, size = bytes.length) =>
      catalogueModel({
        family: 'qwen2.5-coder',
        stored: 'packed',
        files: [{ name: 'tiny.gguf', size, sha256: sha }],
      });
    await fails('hub-answer-invalid', /another tiny\.gguf than the catalog says/, {}, entry('0'.repeat(64)));
    await fails(
      'hub-answer-invalid',
      /another tiny\.gguf than the catalog says/,
      {},
      entry(sha256(bytes), 5),
    );
    const model = await run(entry(sha256(bytes)));
    assert.deepEqual(fs.readdirSync(model.root), ['tiny.gguf']);
    assert.equal(path.basename(model.place), 'tiny.gguf');
  });
});

describe('an existing Hugging Face cache', () => {
  test('is used without copying, hashed first, and left as it is', async (t) => {
    const { hub, cache, models, run } = await world(t);
    const folder = path.join(cache, `models--${REPOSITORY.replace('/', '--')}`);
    const snapshot = path.join(folder, 'snapshots', COMMIT);
    fs.mkdirSync(path.join(folder, 'blobs'), { recursive: true });
    fs.mkdirSync(snapshot, { recursive: true });
    for (const [name, bytes] of hub.files) {
      const blob = name.endsWith('.safetensors') ? sha256(bytes) : gitSha1(bytes);
      // One file has the right size and wrong bytes, as an interrupted download of other tools leaves it.
      fs.writeFileSync(
        path.join(folder, 'blobs', blob),
        name === 'tokenizer.json' ? Buffer.alloc(bytes.length) : bytes,
      );
      fs.symlinkSync(path.join('..', '..', 'blobs', blob), path.join(snapshot, name));
    }
    const before = below(cache);
    const model = await run();
    assert.equal(hub.asked, 0);
    assert.ok(fs.lstatSync(path.join(model.root, 'model.safetensors')).isSymbolicLink());
    assert.ok(!fs.lstatSync(path.join(model.root, 'tokenizer.json')).isSymbolicLink());
    assert.deepEqual(await verify(model), []);
    assert.equal((await openCheckpoint(model.place)).family.id, 'dreamon');
    const { bytes } = await remove(models, ID);
    assert.ok(bytes < (hub.files.get('model.safetensors')?.length ?? 0));
    assert.deepEqual(below(cache), before);
    assert.ok(fs.readFileSync(path.join(snapshot, 'model.safetensors')).length > 0);
  });
});

describe('an installed model', () => {
  test('verify names what is missing, damaged or of another size', async (t) => {
    const model = await (await world(t)).run();
    const at = (name: string) => path.join(model.root, name);
    const weights = fs.readFileSync(at('model.safetensors'));
    weights.writeUInt8(weights.readUInt8(weights.length - 1) ^ 1, weights.length - 1);
    fs.writeFileSync(at('model.safetensors'), weights);
    fs.rmSync(at('LICENSE'));
    fs.appendFileSync(at('config.json'), ' ');
    const faults = (await verify(model)).map(({ name, fault }) => `${name} ${fault}`).sort();
    assert.deepEqual(faults, ['LICENSE missing', 'config.json size', 'model.safetensors checksum']);
  });

  test('that has lost a file since is listed as damaged, and is not said to be installed', async (t) => {
    const { models, run } = await world(t);
    const remedy = 'Run "palimpsest models remove dreamon-tiny" and install it again.';
    const dangle = (file: string) => {
      fs.rmSync(file);
      fs.symlinkSync(`${file}.gone`, file);
    };
    for (const [spoil, what] of [
      [(file: string) => fs.rmSync(file), 'is missing'],
      [(file: string) => fs.truncateSync(file, 100), 'has another size'],
      // As after the cache was emptied that it is linked from.
      [dangle, 'is missing'],
    ] as const) {
      spoil(path.join((await run()).root, 'model.safetensors'));
      const message = `dreamon-tiny is damaged: model.safetensors ${what}. ${remedy}`;
      const [listed, ...others] = await listInstalled(models);
      assert.ok(listed && 'fault' in listed && others.length === 0);
      assert.equal(listed.fault.message, message);
      await assert.rejects(run(), { code: 'checkpoint-malformed', message });
      await remove(models, ID);
      assert.deepEqual(installedNames(models), []);
    }
  });

  test('is removed with what was put there, and what somebody else put there stays', async (t) => {
    const { hub, models, run } = await world(t);
    const model = await run();
    const own = path.join(model.root, 'palimpsest.json');
    fs.writeFileSync(own, '{}');
    assert.deepEqual((await remove(models, ID)).kept, [own]);
    assert.deepEqual(below(path.join(models, ID)), [path.join('DreamOn-tiny', 'palimpsest.json')]);
    assert.equal(readInstalled(models, ID), undefined);
    // What stayed is in the way, which is said before anything is downloaded.
    const hits = hub.hits.length;
    await assert.rejects(
      run(),
      /has files that are not the model's, such as .*palimpsest\.json\. Move them elsewhere, and install/,
    );
    assert.equal(hub.hits.length, hits);
    fs.rmSync(own);
    await run();
    assert.deepEqual((await remove(models, ID)).kept, []);
    assert.deepEqual(installedNames(models), []);
    await assert.rejects(remove(models, ID), { code: 'model-unknown' });
    await assert.rejects(remove(models, '../models'), { code: 'model-unknown' });
  });

  test('an unfinished one is removed as well', async (t) => {
    const { models, run } = await world(t);
    const controller = new AbortController();
    await assert.rejects(
      run(catalogueModel(), {
        signal: controller.signal,
        rangeBytes: 1000,
        onProgress: () => controller.abort(),
      }),
    );
    assert.ok(below(path.join(models, STAGING)).length > 0);
    await remove(models, ID);
    assert.deepEqual(below(models), []);
  });

  test('what a killed removal left is removed by the next one, or by an install', async (t) => {
    const { models, run } = await world(t);
    const aside = path.join(models, STAGING, `${ID}.removed`);
    await run();
    fs.renameSync(path.join(models, ID), aside);
    assert.ok((await remove(models, ID)).bytes > 0);
    assert.deepEqual(below(models), []);
    await run();
    fs.renameSync(path.join(models, ID), aside);
    await run();
    assert.equal(fs.existsSync(aside), false);
  });

  test('a damaged description is named beside the others, and leads nowhere else', async (t) => {
    const { models, run } = await world(t);
    await run();
    const file = path.join(models, ID, 'install.json');
    const whole = fs.readFileSync(file, 'utf8');
    for (const [from, to] of [
      ['"DreamOn-tiny"', '"../../elsewhere"'],
      ['"config.json"', '"../config.json"'],
      ['"format": 1', '"format": 2'],
      ['"format": 1', '"format": 1, "extra": 1'],
      ['{', ''],
    ] as const) {
      assert.ok(whole.includes(from));
      fs.writeFileSync(file, whole.replace(from, to));
      const [model] = await listInstalled(models);
      assert.ok(model && 'fault' in model, to);
      assert.throws(() => readInstalled(models, ID), { code: 'checkpoint-malformed' });
    }
  });
});

describe('a folder or file of one’s own', () => {
  test('gets a name and stays where it is', async (t) => {
    const { models } = await world(t);
    const context = { models, open: openCheckpoint };
    const model = await installLocal(FIXTURE, context);
    assert.equal(model.id, 'dreamon');
    assert.equal(model.place, FIXTURE);
    assert.deepEqual(await verify(model), []);
    const file = path.join(FIXTURE, '..', '..', 'gguf', 'qwen2.5-coder.gguf');
    const gguf = await installLocal(file, { ...context, id: 'mine' });
    assert.equal(readInstalled(models, 'mine')?.place, file);
    assert.equal(gguf.files.length, 1);
    await assert.rejects(installLocal(FIXTURE, context), /installed already/);
    await assert.rejects(
      installLocal(FIXTURE, { ...context, id: 'dreamon-7b' }),
      /name of a model that Palimpsest includes or offers/,
    );
    await assert.rejects(installLocal(FIXTURE, { ...context, id: '../x' }), { code: 'option-invalid' });
    await remove(models, 'mine');
    assert.ok(fs.existsSync(file));
    assert.equal((await remove(models, 'dreamon')).bytes < 100_000, true);
    assert.ok(fs.existsSync(path.join(FIXTURE, 'config.json')));
  });

  test('that is gone is listed as damaged; one that was changed is not', async (t) => {
    const { models } = await world(t);
    const folder = path.join(models, '..', 'own');
    fs.cpSync(FIXTURE, folder, { recursive: true });
    await installLocal(folder, { models, open: openCheckpoint, id: 'own' });
    fs.appendFileSync(path.join(folder, 'config.json'), ' ');
    assert.deepEqual(
      (await listInstalled(models)).map((model) => 'fault' in model),
      [false],
    );
    fs.rmSync(folder, { recursive: true });
    const [listed] = await listInstalled(models);
    assert.ok(listed && 'fault' in listed);
    assert.equal(
      listed.fault.message,
      `own is damaged: ${folder} does not exist. Put it back, or run "palimpsest models remove own".`,
    );
  });

  test('may have folders, pipes, and dangling links beside its files', async (t) => {
    const { models } = await world(t);
    const folder = path.join(models, '..', 'own');
    fs.cpSync(FIXTURE, folder, { recursive: true });
    fs.mkdirSync(path.join(folder, 'notes.json'));
    fs.symlinkSync(path.join(folder, 'nowhere'), path.join(folder, 'readme.txt'));
    if (process.platform !== 'win32') execFileSync('mkfifo', [path.join(folder, 'pipe.txt')]);
    const model = await installLocal(folder, { models, open: openCheckpoint, id: 'own' });
    const names = model.files.map(({ name }) => name);
    assert.ok(names.includes('config.json'));
    for (const odd of ['notes.json', 'readme.txt', 'pipe.txt']) assert.ok(!names.includes(odd), odd);
    assert.deepEqual(await verify(model), []);
  });
});
