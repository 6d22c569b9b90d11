// A large install from a local hub, killed at random points: what is there after each kill, what is fetched twice, and whether it
// ends in the right bytes. It needs as much memory as the file has, and twice that on the disk.
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type KilledInstall, killedInstall } from '../../test/unit/hub/killing';
import { figure, markdownTable, progress, publish, runBench } from '../harness';

const RANGE_BYTES = 16 * 2 ** 20;
const COLUMNS = ['kill', 'sent until then, MB', 'there at the kill, MB', 'fetched twice, MB', 'right bytes'];

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(2);
const yesNo = (isTrue: boolean): string => (isTrue ? 'yes' : '**no**');

function table({ kills, bytes, sent, found, wanted }: KilledInstall): string {
  return markdownTable(COLUMNS, [
    ...kills.map(({ at, here, isRight }, index) => [
      String(index + 1),
      ...[at, here, at - here].map(megabytes),
      yesNo(isRight),
    ]),
    ['end', megabytes(bytes), megabytes(bytes), megabytes(sent - bytes), yesNo(found === wanted)],
  ]);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { bytes: { type: 'string', default: '2e9' }, kills: { type: 'string', default: '20' } },
  });
  const bytes = Number(values.bytes);
  const points = Array.from({ length: Number(values.kills) }, () => randomInt(bytes)).sort((a, b) => a - b);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-killed-'));
  try {
    const result = await killedInstall(folder, bytes, RANGE_BYTES, points);
    const worst = Math.max(0, ...result.kills.map(({ at, here }) => at - here));
    publish({
      name: 'killedInstall',
      title: 'An install that is killed again and again',
      facts: [
        `one file of ${megabytes(bytes)} MB of noise, from a hub on this machine, in ranges of ${megabytes(RANGE_BYTES)} MB`,
      ],
      sections: [
        `One install was killed ${result.kills.length} times (SIGKILL) and started again each time. The points were drawn at random from all bytes of the file: the hub sends the file up to that byte, and the process is killed within 20 ms. *There*: the bytes of the unfinished file on the disk, compared with the file's own; what was sent beyond them is fetched a second time. *End*: the installed file, of which the SHA-256 was compared.`,
        table(result),
        `All of it took ${figure(result.millis / 1000)} s. The most that one kill cost is ${megabytes(worst)} MB; wanted: at most a range.`,
      ],
    });
    const isRight = result.found === result.wanted && result.kills.every((kill) => kill.isRight);
    if (isRight && worst <= RANGE_BYTES) return;
    progress('It did not end as it should.');
    process.exitCode = 1;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

runBench(main);
