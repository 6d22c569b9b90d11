// Memory as the engine estimates it, beside what is measured: of the GPU where its driver tells it, else of the process.

import { gpuMemory } from '../../../engine/runtime/hardware';
import { gpuBytes } from '../../../engine/runtime/placement';
import { mebibytes, STARTER } from '../../harness';
import { residentMemory } from '../../runtime/processFigures';
import { HALF, randomModel } from '../../runtime/randomModel';
import type { Part } from '../part';
import { gpuSides, load, requests } from '../subject';

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
    const folders = [STARTER, ...(isQuick ? [] : [(await randomModel(HALF)).folder])];
    const rows: string[][] = [];
    for (const { provider } of await gpuSides(report)) {
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
            rows.push([
              `${name}, ${provider} ${precision}`,
              mebibytes(model.description.memory?.weights ?? 0),
              mebibytes(estimate),
              mebibytes(loaded - before),
              mebibytes(used() - before),
            ]);
            return `${name}, ${precision}: about ${mebibytes(estimate)} MiB estimated, ${mebibytes(used() - before)} measured.`;
          } finally {
            await model.dispose();
          }
        });
      }
    }
    report.table(
      `MiB, ${where}`,
      [
        'model',
        'weights, estimated',
        'with the largest request, estimated',
        'loaded, measured',
        'after requests, measured',
      ],
      rows,
    );
    report.note(
      'What the driver and the runtime take for themselves is in what is measured, and not in the estimate.',
    );
  },
};
