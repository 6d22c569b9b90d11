// Many requests in a row to the engine as it is shipped: whether each is answered, how long they take, and whether memory grows.
import { gpuMemory } from '../../../engine/runtime/hardware';
import { figure, markdownTable, mebibytes, median, percentile, STARTER } from '../../harness';
import { residentMemory } from '../../runtime/processFigures';
import type { Part } from '../part';
import { gpuSides, requests, startEngine } from '../subject';

/** Of the time that is left. */
const SHARE = 0.9;

/** Growth of the engine's memory from the first half of the requests to their end that is a leak: a fifth, and 64 MiB. */
const GROWTH = 1.2;
const GROWTH_BYTES = 64 * 2 ** 20;

export const soakPart: Part = {
  name: 'soak',
  title: '200 requests in a row',
  limit: 420,
  async run({ report, isQuick, secondsLeft }) {
    const wanted = isQuick ? 3 : 200;
    const sides = await gpuSides(report);
    for (const [index, { provider }] of sides.entries()) {
      await report.attempt(`${provider}: requests in a row are answered, and memory stays`, async () => {
        // What follows has its share of the time, and the engine a little to end in.
        const reserve = secondsLeft() * (1 - SHARE / (sides.length - index));
        const engine = await startEngine();
        try {
          const model = await engine.loadModel({ folder: STARTER, provider });
          const millis: number[] = [];
          const resident: number[] = [];
          const onGpu: number[] = [];
          for (const asked of requests(wanted)) {
            if (secondsLeft() < reserve) break;
            const { millis: took, provider: ran } = await engine.infill({ ...asked, model: model.folder });
            if (ran !== provider) throw new Error(`A request ran on ${ran}.`);
            millis.push(took);
            resident.push(residentMemory(engine.pid));
            if (millis.length % 20 === 0) onGpu.push(gpuMemory()?.free ?? 0);
          }
          const count = millis.length;
          if (count < wanted)
            report.skip(
              `${provider}: ${wanted - count} of ${wanted} requests`,
              `A request takes about ${figure(median(millis) / 1000)} s here, so the time of this part was too short for them. --patience gives it more.`,
            );
          report.note(
            markdownTable(
              [
                provider,
                'median ms',
                '95 % within ms',
                'MiB at half',
                'MiB at the end',
                'GPU MiB taken since',
              ],
              [
                [
                  `${count} requests`,
                  figure(median(millis)),
                  figure(percentile(millis, 0.95)),
                  mebibytes(resident[Math.floor(count / 2)] ?? 0),
                  mebibytes(resident.at(-1) ?? 0),
                  onGpu.length > 1 ? mebibytes(Math.max(0, (onGpu[0] ?? 0) - (onGpu.at(-1) ?? 0))) : '–',
                ],
              ],
            ),
          );
          const half = Math.max(...resident.slice(0, Math.ceil(count / 2)));
          const end = resident.at(-1) ?? 0;
          // A handful of requests still fills what is filled once.
          if (!isQuick && end > GROWTH * half && end > half + GROWTH_BYTES)
            throw new Error(`Memory grew from ${mebibytes(half)} to ${mebibytes(end)} MiB.`);
          return `${count} requests, median ${figure(median(millis))} ms.`;
        } finally {
          await engine.stop();
        }
      });
    }
  },
};
