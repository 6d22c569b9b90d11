// A model of the catalogue from its hub to an answer, as a person has it: installed from a hub on this machine that has the real file,
// with its weights quantised, and asked.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { catalogue } from '../../engine/hub/catalogue';
import { startHub } from '../../test/unit/hub/fakeHub';
import { figure, markdownTable, median, progress, publish, ROOT, runBench } from '../harness';

/** How often it is asked once its weights are there. */
const ASKED = 5;
/** A line of a sample that a newcomer would try. */
const SAMPLE = path.join(ROOT, 'docs', 'samples', 'inventory.py');

const execute = promisify(execFile);

/** Seconds that the command takes. Rejects, with what it has to say, where it fails. */
async function command(words: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const started = performance.now();
  await execute(process.execPath, [path.join(ROOT, 'dist', 'cli.js'), ...words], {
    env: { ...process.env, ...env },
  });
  return (performance.now() - started) / 1000;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { model: { type: 'string' }, line: { type: 'string', default: '12' } },
  });
  if (values.model === undefined)
    throw new Error('Name the file of a model in the catalogue: --model FILE.gguf.');
  const bytes = fs.readFileSync(values.model);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const model = catalogue().find(
    ({ files = [] }) => files.length === 1 && files[0]?.checksum?.value === sha256,
  );
  const name = model?.files?.[0]?.name;
  if (model === undefined || name === undefined)
    throw new Error(`No model of the catalogue is this file (${sha256}).`);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-real-'));
  const hub = await startHub(model.repository, new Map([[name, bytes]]), model.revision);
  const env = {
    HF_ENDPOINT: hub.endpoint,
    HF_HOME: path.join(folder, 'none'),
    PALIMPSEST_MODELS: path.join(folder, 'models'),
    PALIMPSEST_CACHE: path.join(folder, 'cache'),
  };
  const infill = [
    'infill',
    SAMPLE,
    '--span',
    `${values.line}:1-${Number(values.line) + 1}:1`,
    '--model',
    model.id,
    '--json',
  ];
  try {
    const rows: string[][] = [];
    const row = (what: string, seconds: number, more = '') => {
      rows.push([what, figure(seconds), more]);
      progress(rows.at(-1)?.join(' | ') ?? '');
    };
    const installed = await command(['models', 'install', model.id, '--accept-license'], env);
    const made = figure(sizeOf(env.PALIMPSEST_CACHE) / 1e6);
    row(
      'installed',
      installed,
      `${figure(bytes.length / 1e6)} MB fetched and checked, ${made} MB of quantized weights made of them`,
    );
    row('verified', await command(['models', 'verify', model.id], env), 'every byte is the catalogue’s');
    row('first answer', await command(infill, env));
    const again: number[] = [];
    for (let i = 0; i < ASKED; i++) again.push(await command(infill, env));
    row(`the same again, median of ${ASKED}`, median(again), 'a new process each time');
    const fetched = hub.asked;
    publish({
      name: 'realInstall',
      title: 'A model of the catalogue, from its hub to an answer',
      facts: [
        `${model.title}; sha256 ${sha256.slice(0, 16)}…, as in the catalogue; the hub runs on this machine and has the real file`,
      ],
      sections: [
        'Seconds of each command, its start among them. The answer is a line of `docs/samples/inventory.py`, by `palimpsest infill`.',
        markdownTable(['', 's', ''], rows),
        `The hub was asked for ${figure(fetched / 1e6)} MB in all.`,
      ],
    });
    if (fetched === bytes.length) return;
    progress('Something was fetched twice.');
    process.exitCode = 1;
  } finally {
    await hub.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Bytes of all files below. */
function sizeOf(folder: string): number {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + fs.statSync(path.join(parentPath, name)).size, 0);
}

runBench(main);
