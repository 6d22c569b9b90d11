// Training on a machine without a network: tiny data, cut into pieces, packed with the engine, and trained on there by the one command.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, describe } from 'node:test';
import type { RunResult } from '../../bench/offline/results';
import { canRunPieces, packPieces, runPacked } from '../engine/packedRun';

const root = path.resolve('.');
const OPTIONS =
  '--size smoke --length 128 --batch 4 --float32 --threads 1 --workers 0 --device cpu --until-tokens 1536';

describe('training from the pieces', { skip: canRunPieces ? false : 'Linux x64 only' }, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-training-'));
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  test('./run --only training trains, and brings everything back', () => {
    const python = process.env['PALIMPSEST_TRAINING_PYTHON'];
    assert.ok(python, 'Run this through `npm test -- training`, which sets Python up.');
    const [data, cut, pieces] = [
      path.join(folder, 'data'),
      path.join(folder, 'cut'),
      path.join(folder, 'out'),
    ];
    const code =
      'import pathlib, sys; from training.smoke import prepare_data; p = pathlib.Path(sys.argv[1]); p.mkdir(); prepare_data(p)';
    const prepared = spawnSync(python, ['-c', code, data], { cwd: root, encoding: 'utf8' });
    assert.equal(prepared.status, 0, prepared.stderr);
    const places = {
      DATA: path.join(data, 'packed'),
      TOKENIZER: path.join(data, 'tokenizer'),
      PYTHON: python,
    };
    const split = spawnSync('sh', ['training/offline-pieces.sh', cut], {
      ...{ cwd: root, encoding: 'utf8', env: { ...process.env, ...places } },
    });
    assert.equal(split.status, 0, split.stderr);
    const packed = packPieces(pieces, ['--training', cut]);
    assert.equal(packed.status, 0, packed.stderr);
    assert.match(packed.stdout, /^training: 1 piece/m);

    const results = path.join(pieces, 'results');
    const { status, stdout, stderr } = runPacked(
      pieces,
      ['--only', 'training', '--results', results],
      [`PALIMPSEST_PYTHON=${python}`, 'MINUTES=5', `TRAINING_OPTIONS=${OPTIONS}`],
    );
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    const { parts } = JSON.parse(fs.readFileSync(path.join(results, 'results.json'), 'utf8')) as RunResult;
    assert.deepEqual(
      parts.map(({ name, state }) => [name, state]),
      [['training', 'passed']],
    );
    const back = fs.readdirSync(path.join(results, 'trained'));
    for (const name of ['log.jsonl', 'model.safetensors.pieces.json', 'checkpoint-00000003.pt.pieces.json'])
      assert.ok(back.includes(name), `${name} is not among ${back.join(', ')}`);
    const page = fs.readFileSync(path.join(results, 'results.md'), 'utf8');
    assert.match(page, /\| 3 \| 1536 \|/, 'the last step is in the table');
  });
});
