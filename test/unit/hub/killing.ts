// Kills an install again and again, each time after so many bytes, and says at the end what came of it.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { bundle } from '../../engine/processes';
import { sha256, startHub } from './fakeHub';
import { REPOSITORY } from './installing';

export interface KilledInstall {
  /** sha256 of what was sent, and of what is installed. */
  readonly wanted: string;
  readonly found: string;
  /** Bytes of the file, and of all the ranges that were asked for. */
  readonly bytes: number;
  readonly asked: number;
  readonly kills: number;
  /** Everything in the folder of models at the end. */
  readonly left: readonly string[];
  readonly millis: number;
}

/** Bytes that look random and are the same each time. */
function noise(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  const block = createHash('shake256', { outputLength: Math.min(size, 1 << 20) })
    .update('noise')
    .digest();
  for (let at = 0; at < size; at += block.length) {
    block.copy(bytes, at);
    bytes.writeUInt32LE(at % 2 ** 32, Math.min(at, size - 4));
  }
  return bytes;
}

/** Starts so many installs of one model at once, each in a process of its own. */
export async function rivalInstalls(folder: string, size: number, count: number) {
  const weights = noise(size);
  const hub = await startHub(REPOSITORY, new Map([['model.safetensors', weights]]));
  const script = path.join(folder, 'child', 'install.js');
  await bundle({ install: 'test/unit/hub/scriptedInstall.ts' }, path.dirname(script));
  const models = path.join(folder, 'models');
  const env = { PATH: process.env['PATH'], HF_ENDPOINT: hub.endpoint, HF_HOME: path.join(folder, 'none') };
  try {
    const outcomes = await Promise.all(
      Array.from({ length: count }, async () => {
        const words = [script, models, path.join(folder, 'none'), String(1 << 20)];
        const child = spawn(process.execPath, words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
        let complaint = '';
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          complaint += text;
        });
        const [code] = await once(child, 'close');
        return { code: Number(code), complaint };
      }),
    );
    const installed = fs.readFileSync(path.join(models, 'dreamon-tiny', 'DreamOn-tiny', 'model.safetensors'));
    return { outcomes, asked: hub.asked, bytes: size, found: sha256(installed), wanted: sha256(weights) };
  } finally {
    await hub.close();
  }
}

/**
 * @param folder an empty folder for everything
 * @param gaps bytes that the server is asked for between one kill and the next, at least
 */
export async function killedInstall(
  folder: string,
  size: number,
  rangeBytes: number,
  gaps: readonly number[],
): Promise<KilledInstall> {
  const weights = noise(size);
  const hub = await startHub(
    REPOSITORY,
    new Map([
      ['model.safetensors', weights],
      ['config.json', Buffer.from('{}')],
    ]),
  );
  const script = path.join(folder, 'child', 'install.js');
  await bundle({ install: 'test/unit/hub/scriptedInstall.ts' }, path.dirname(script));
  const models = path.join(folder, 'models');
  const started = performance.now();
  const runOnce = async (gap: number): Promise<boolean> => {
    const env = { PATH: process.env['PATH'], HF_ENDPOINT: hub.endpoint, HF_HOME: path.join(folder, 'none') };
    const child = spawn(process.execPath, [script, models, path.join(folder, 'none'), String(rangeBytes)], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    let bytes = 0;
    hub.onRange = (range) => {
      bytes += range;
      if (bytes >= gap) child.kill('SIGKILL');
    };
    const [code] = await once(child, 'exit');
    return code === 0;
  };
  try {
    let kills = 0;
    for (const gap of gaps) {
      if (await runOnce(gap)) throw new Error(`The install was done after ${kills} kills.`);
      kills++;
    }
    if (!(await runOnce(Number.POSITIVE_INFINITY))) throw new Error('The install failed.');
    const installed = path.join(models, 'dreamon-tiny', 'DreamOn-tiny', 'model.safetensors');
    const sum = async (read: AsyncIterable<Buffer> | Iterable<Buffer>) => {
      const hash = createHash('sha256');
      for await (const piece of read) hash.update(piece);
      return hash.digest('hex');
    };
    return {
      wanted: await sum([weights]),
      found: await sum(fs.createReadStream(installed)),
      bytes: size,
      asked: hub.asked,
      kills,
      left: fs
        .readdirSync(models, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name)
        .sort(),
      millis: performance.now() - started,
    };
  } finally {
    await hub.close();
  }
}
