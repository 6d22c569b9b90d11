// The device taken away half-way: another program fills its memory while a request runs. That request and the next are answered or fail in
// a sentence, and when the memory is back, the answer is as before; what is edited is with the editor all the time.
import { isEngineError } from '../../../engine/errors';
import type { EngineClient } from '../../../engine/rpc/engineClient';
import { STARTER } from '../../harness';
import type { Part, PartContext } from '../part';
import { type Asked, gpuSides, requests, startEngine } from '../subject';
import { takeMemory } from '../takenMemory';

/** What may come of it; `engine-exited`: a driver that ends the process, which the editor then starts again. */
const NAMED = ['out-of-memory', 'device-lost', 'runtime-failed', 'provider-unavailable', 'engine-exited'];

async function answer(
  engine: EngineClient,
  model: string,
  asked: Asked,
  onStep?: () => void,
): Promise<string> {
  const { candidates } = await engine.infill({ ...asked, model }, onStep ? { onStep } : {});
  return JSON.stringify(candidates.map(({ spans }) => spans.map(({ text }) => text)));
}

/** What becomes of a request, in a sentence that begins with its name. */
async function fateOf(name: string, work: Promise<string>): Promise<string> {
  try {
    await work;
    return `${name} was answered all the same.`;
  } catch (error) {
    if (!isEngineError(error) || !NAMED.includes(error.code)) throw error;
    return `${name} failed: ${error.message} [${error.code}]`;
  }
}

async function lose({ report }: PartContext, provider: 'cuda' | 'webgpu'): Promise<string> {
  const [asked] = requests(1);
  if (asked === undefined) throw new Error('There is no request.');
  let engine = await startEngine();
  try {
    const { folder } = await engine.loadModel({ folder: STARTER, provider });
    const before = await answer(engine, folder, asked);
    const longer = (lines: number): Asked => ({
      ...asked,
      text: `${asked.text}\n${'value = value + 1\n'.repeat(lines)}`,
      candidates: 8,
    });
    let fate = Promise.resolve('');
    await new Promise<void>((resolve) => {
      fate = fateOf('The request that ran meanwhile', answer(engine, folder, longer(50), resolve));
      // One that ends before its first step waits for nothing either.
      fate.finally(resolve).catch(() => undefined);
    });
    const taken = await takeMemory(engine.pid, provider);
    if (typeof taken === 'string') {
      await fate;
      report.skip(`${provider}: the device taken away`, taken);
      return 'It was left out.';
    }
    let outcome = await fate;
    // Filling a large device takes longer than a request: this one finds it full, and needs more than any before.
    outcome += ` ${await fateOf('The next one', answer(engine, folder, longer(200)))}`;
    // While the memory is taken, a person goes on working: on the GPU as far as it goes, else on the CPU.
    const other = await startEngine();
    try {
      const model = await other.loadModel({ folder: STARTER });
      await answer(other, model.folder, asked);
      outcome += ` Meanwhile another engine answered on ${model.provider}.`;
    } finally {
      await other.stop();
    }
    await taken.giveBack();
    if (!engine.alive || outcome.includes('[device-lost]') || outcome.includes('[engine-exited]')) {
      await engine.stop();
      engine = await startEngine();
      await engine.loadModel({ folder: STARTER, provider });
      outcome += ' The engine was started again.';
    }
    const after = await answer(engine, folder, asked);
    if (after !== before) throw new Error(`${outcome} The next request gave another answer than before.`);
    return `${outcome} The next request gave the same answer as before.`;
  } finally {
    await engine.stop();
  }
}

export const lossPart: Part = {
  name: 'loss',
  title: 'the memory of the device taken away half-way',
  limit: 240,
  async run(context) {
    for (const { provider } of await gpuSides(context.report)) {
      if (provider !== 'cuda' && provider !== 'webgpu') continue;
      await context.report.attempt(`${provider}: a clear error or an answer, then as before`, () =>
        lose(context, provider),
      );
    }
  },
};
