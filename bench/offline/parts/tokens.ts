// The embedded model on every device against the CPU: rewrites and ghost text, token by token in fp32, and how often in q8, whose
// activations the CPU rounds and a GPU does not.
import type { Precision } from '../../../engine/graph/types';
import type { ProviderName } from '../../../engine/protocol';
import type { Part } from '../part';
import { gpuSides, load, requests, traceOf } from '../subject';

async function traces(provider: ProviderName, precision: Precision, count: number): Promise<string[][]> {
  const model = await load({ provider, precision });
  try {
    const all: string[][] = [];
    for (const [index, asked] of requests(count).entries()) all.push(await traceOf(model, asked, index));
    return all;
  } finally {
    await model.dispose();
  }
}

export const tokensPart: Part = {
  name: 'tokens',
  title: 'the embedded model: rewrites and ghost text on the device against the CPU',
  limit: 240,
  async run({ report, isQuick }) {
    const count = isQuick ? 2 : 16;
    for (const { provider } of await gpuSides(report)) {
      await report.attempt(`${provider}, fp32: the tokens of every step are the CPU's`, async () => {
        const [cpu, gpu] = [await traces('cpu', 'fp32', count), await traces(provider, 'fp32', count)];
        const steps = cpu.reduce((sum, trace) => sum + trace.length, 0);
        const first = cpu.findIndex((trace, index) => JSON.stringify(trace) !== JSON.stringify(gpu[index]));
        if (steps === 0) throw new Error('No request made a step.');
        if (first >= 0) {
          const same = cpu.filter((trace, index) => JSON.stringify(trace) === JSON.stringify(gpu[index]));
          throw new Error(
            `${same.length} of ${count} requests have the CPU's tokens; request ${first} does not.`,
          );
        }
        return `${count} requests, ${steps} steps and answers.`;
      });
      if (isQuick) continue;
      await report.attempt(`${provider}, q8: the answers are made of numbers`, async () => {
        const [cpu, gpu] = [await traces('cpu', 'q8', count), await traces(provider, 'q8', count)];
        const same = cpu.filter((trace, index) => trace.at(-1) === gpu[index]?.at(-1)).length;
        return `${same} of ${count} answers are the CPU's; they need not be.`;
      });
    }
  },
};
