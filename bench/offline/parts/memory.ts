// Memory as the engine estimates it, beside what is measured: of the GPU where its driver tells it, else of the process.

import { gpuMemory } from '../../../engine/runtime/hardware';
import { gpuBytes } from '../../../engine/runtime/placement';
import { mebibytes, STARTER } from '../../harness';
import { residentMemory } from '../../runtime/processFigures';
import { HALF, randomModel } from '../../runtime/randomModel';
import type { Part } from '../part';
import { reasonAgainst, smallestPace } from '../shapes';
import { gpuSides, load, requests } from '../subject';

const HEADER = [
  'model',
  'weights, estimated',
  'with the largest request, estimated',
  'loaded, measured',
  'after requests, measured',
];

/** Bytes in use: of the GPU, or where it shares main memory of this process. */
function used(): number {
  const memory = gpuMemory();
  return memory === undefined || memory.isShared ? residentMemory(process.pid) : memory.total - memory.free;
}

export const memoryPart: Part = {
  name: 'memory',
  title: 'memory as estimated and as measured',
  limit: 240,
  async run({ report, isQuick }) {
    const where = gpuMemory()?.isShared === false ? 'GPU memory' : 'memory of the process';
    const sides = await gpuSides(report);
    if (sides.length === 0) return;
    const reason = isQuick
      ? 'Quick: the embedded model alone.'
      : reasonAgainst(HALF, sides, await smallestPace(sides));
    if (reason !== undefined) report.skip('a model of the 0.5B shape', reason);
    const folders = [STARTER, ...(reason === undefined ? [(await randomModel(HALF)).folder] : [])];
    for (const { provider } of sides) {
      for (const folder of folders) {
        const before = used();
        await report.attempt(`${provider}: a model is loaded and answers`, async () => {
          const model = await load({ folder, provider });
          const { name, precision } = model.description;
          try {
            const loaded = used();
            for (const [requestId, asked] of requests(isQuick ? 1 : 6).entries())
              await model.infill({ ...asked, requestId, model: folder });
            const estimate = precision === 'unknown' ? 0 : gpuBytes(model.checkpoint, precision);
            report.table(`MiB, ${where}`, HEADER, [
              [
                `${name}, ${provider} ${precision}`,
                mebibytes(model.description.memory?.weights ?? 0),
                mebibytes(estimate),
                mebibytes(loaded - before),
                mebibytes(used() - before),
              ],
            ]);
            return `${name}, ${precision}: about ${mebibytes(estimate)} MiB estimated, ${mebibytes(used() - before)} measured.`;
          } finally {
            await model.dispose();
          }
        });
      }
    }
    report.note(
      'What the driver and the runtime take for themselves is in what is measured, and not in the estimate.',
    );
  },
};
