// Kills an install again and again, each time at one byte of the file, and says what came of it.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { STAGING } from '../../../engine/hub/installed';
import { bundle } from '../../engine/processes';
import { type FakeHub, sha256, startHub } from './fakeHub';
import { REPOSITORY } from './installing';

interface Kill {
  /** Byte of the file up to which the server had sent it. */
  readonly at: number;
  /** Bytes that were on the disk then, and whether they are the beginning of the file. */
  readonly here: number;
  readonly isRight: boolean;
}

export interface KilledInstall {
  /** sha256 of what was sent, and of what is installed. */
  readonly wanted: string;
  readonly found: string;
  /** Bytes of the file, and all that were sent of it. */
  readonly bytes: number;
  readonly sent: number;
  readonly kills: readonly Kill[];
  /** Everything in the folder of models at the end. */
  readonly left: readonly string[];
  readonly millis: number;
}

const NAME = 'model.safetensors';
/** Milliseconds between the last byte and the kill, at most: what was sent has been read then, in part or as a whole. */
const LONGEST_PAUSE = 20;

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
  const hub = await startHub(REPOSITORY, new Map([[NAME, weights]]));
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
    const installed = fs.readFileSync(path.join(models, 'dreamon-tiny', 'DreamOn-tiny', NAME));
    return { outcomes, asked: hub.asked, bytes: size, found: sha256(installed), wanted: sha256(weights) };
  } finally {
    await hub.close();
  }
}

/** Sends the file up to one byte of it, and kills the child there; bytes before that are answered as ever. */
function cutAt(hub: FakeHub, weights: Buffer, point: number, child: ChildProcess): void {
  hub.intercept = (request, response, host) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    const [start, end] = [Number(first), Number(last) + 1];
    if (host !== 'store' || first === undefined || point >= end) return false;
    const sent = Math.max(0, point - start);
    response.writeHead(206, {
      'Content-Type': 'application/octet-stream',
      'Content-Length': end - start,
      'Content-Range': `bytes ${start}-${end - 1}/${weights.length}`,
    });
    response.write(weights.subarray(start, start + sent), async () => {
      hub.asked += sent;
      await sleep(LONGEST_PAUSE * ((point * 0.618) % 1));
      child.kill('SIGKILL');
    });
    return true;
  };
}

/** Size of a file on the disk, and whether it is the beginning of what it should become. */
function compare(
  file: string | undefined,
  weights: Buffer,
): { readonly here: number; readonly isRight: boolean } {
  if (file === undefined) return { here: 0, isRight: true };
  const piece = Buffer.alloc(1 << 24);
  const descriptor = fs.openSync(file, 'r');
  try {
    for (let here = 0, isRight = true; ; ) {
      const count = fs.readSync(descriptor, piece, 0, piece.length, here);
      if (count === 0) return { here, isRight };
      isRight &&= piece.subarray(0, count).equals(weights.subarray(here, here + count));
      here += count;
    }
  } finally {
    fs.closeSync(descriptor);
  }
}

/**
 * @param folder an empty folder for everything
 * @param points bytes of the file at which the install is killed, from the first to the last
 */
export async function killedInstall(
  folder: string,
  size: number,
  rangeBytes: number,
  points: readonly number[],
): Promise<KilledInstall> {
  const weights = noise(size);
  const hub = await startHub(
    REPOSITORY,
    new Map([
      [NAME, weights],
      ['config.json', Buffer.from('{}')],
    ]),
  );
  const script = path.join(folder, 'child', 'install.js');
  await bundle({ install: 'test/unit/hub/scriptedInstall.ts' }, path.dirname(script));
  const models = path.join(folder, 'models');
  const staged = path.join(models, STAGING, 'dreamon-tiny', 'DreamOn-tiny');
  const started = performance.now();
  const runOnce = async (point?: number): Promise<boolean> => {
    const env = { PATH: process.env['PATH'], HF_ENDPOINT: hub.endpoint, HF_HOME: path.join(folder, 'none') };
    const child = spawn(process.execPath, [script, models, path.join(folder, 'none'), String(rangeBytes)], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    hub.intercept = () => false;
    if (point !== undefined) cutAt(hub, weights, point, child);
    const [code] = await once(child, 'exit');
    return code === 0;
  };
  try {
    const kills: Kill[] = [];
    for (const at of points) {
      if (await runOnce(at)) throw new Error(`The install was done after ${kills.length} kills.`);
      const part = fs.readdirSync(staged).find((name) => name.startsWith(NAME));
      kills.push({ at, ...compare(part && path.join(staged, part), weights) });
    }
    if (!(await runOnce())) throw new Error('The install failed.');
    const installed = path.join(models, 'dreamon-tiny', 'DreamOn-tiny', NAME);
    const hash = createHash('sha256');
    for await (const piece of fs.createReadStream(installed)) hash.update(piece);
    return {
      wanted: sha256(weights),
      found: hash.digest('hex'),
      bytes: size,
      sent: hub.asked,
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
