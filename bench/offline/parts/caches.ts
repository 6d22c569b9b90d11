// The K/V caches on the device: the dual cache of canvases that are denoised in place, the exact one of blocks, and cached canvases,
// each against the CPU, and with what it saves.
import type { InfillParams, ProviderName } from '../../../engine/protocol';
import { denoiseTrace } from '../../../test/engine/denoiseTrace';
import { openFixture } from '../../../test/engine/fixtureModel';
import { figure, median } from '../../harness';
import type { Part } from '../part';
import { gpuSides } from '../subject';

interface Case {
  readonly what: string;
  readonly fixture: string;
  readonly options: Partial<InfillParams>;
}
const CASES: readonly Case[] = [
  { what: 'in place, dual cache', fixture: 'dreamon', options: { rule: 'top-k', cache: 'dual' } },
  { what: 'in place, no cache', fixture: 'dreamon', options: { rule: 'top-k', cache: 'exact' } },
  { what: 'block by block over an exact cache', fixture: 'stable-diffcoder', options: { maxTokens: 12 } },
  { what: 'cached canvases', fixture: 'palimpsest', options: { rule: 'threshold', candidates: 2 } },
];

async function traced({ fixture, options }: Case, provider: ProviderName, rounds: number) {
  const model = await openFixture(fixture, { provider });
  const { deviceCache } = model.session;
  const millis: number[] = [];
  try {
    const trace = await denoiseTrace(model, provider, options);
    for (let round = 0; round < rounds; round++) {
      const begun = performance.now();
      await denoiseTrace(model, provider, options);
      millis.push(performance.now() - begun);
    }
    return { trace, deviceCache, millis: millis.length > 0 ? median(millis) : Number.NaN };
  } finally {
    await model.dispose();
  }
}

export const cachesPart: Part = {
  name: 'caches',
  title: 'dual cache, block cache and cached canvases on the device',
  limit: 180,
  async run({ report, isQuick }) {
    const rounds = isQuick ? 0 : 5;
    for (const { provider } of await gpuSides(report)) {
      const rows: string[][] = [];
      for (const one of isQuick ? CASES.filter(({ what }) => what !== 'in place, no cache') : CASES) {
        await report.attempt(`${provider}, ${one.what}: the tokens of every step are the CPU's`, async () => {
          const cpu = await traced(one, 'cpu', 0);
          const gpu = await traced(one, provider, rounds);
          if (cpu.trace.steps.length === 0) throw new Error('No step was made.');
          if (JSON.stringify(gpu.trace) !== JSON.stringify(cpu.trace)) throw new Error('They differ.');
          rows.push([
            one.what,
            gpu.deviceCache ? 'on the device' : 'in main memory',
            figure(gpu.millis),
            String(gpu.trace.steps.length),
          ]);
          return `${cpu.trace.steps.length} steps; the K/V is ${gpu.deviceCache ? 'on the device' : 'in main memory'}.`;
        });
      }
      report.table(`${provider}: two requests of a tiny model`, ['cache', 'K/V', 'wall ms', 'steps'], rows);
    }
  },
};
