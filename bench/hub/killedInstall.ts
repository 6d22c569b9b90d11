// A large install from a local hub, killed at random points: whether it ends in the right bytes, and what was fetched twice.
// `npm run bench -- killedInstall --bytes=2e9 --kills=20`; it needs as much memory as the file has, and twice that on the disk.
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { killedInstall } from '../../test/unit/hub/killing';

const RANGE_BYTES = 16 * 2 ** 20;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { bytes: { type: 'string', default: '2e9' }, kills: { type: 'string', default: '20' } },
  });
  const bytes = Number(values.bytes);
  const kills = Number(values.kills);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-killed-'));
  try {
    const most = Math.floor(bytes / (kills + 1)) - RANGE_BYTES;
    const gaps = Array.from({ length: kills }, () => randomInt(1, Math.max(2, most)));
    const result = await killedInstall(folder, bytes, RANGE_BYTES, gaps);
    const twice = result.asked - result.bytes;
    console.log(
      `${(bytes / 1e9).toFixed(1)} GB, ${result.kills} kills, ${(result.millis / 1000).toFixed(1)} s: ` +
        `${result.found === result.wanted ? 'the right bytes' : 'WRONG BYTES'}, ` +
        `${(twice / 2 ** 20).toFixed(1)} MiB fetched twice (${(twice / RANGE_BYTES / Math.max(1, kills)).toFixed(2)} ranges of 16 MiB a kill)`,
    );
    if (result.found !== result.wanted || twice > kills * RANGE_BYTES) process.exitCode = 1;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
