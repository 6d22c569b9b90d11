// A forward pass and a denoise step on a real GPU, through WebGPU and CUDA, beside PyTorch's on the same shapes in one
// run. Where something is missing (the GPU, a provider's libraries, PyTorch with CUDA) the table says so.
import { parseArgs } from 'node:util';
import { markdownTable, progress, publish, runBench } from '../harness';
import { copyRatesOf } from './deviceCopy';
import { speedsOf, usableSides } from './gpuSpeed';
import { HALF, ONE_AND_A_HALF, randomModel, SEVEN, SMALL, shapeText } from './randomModel';

const TOKENS = 512;
const STEP = 32;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      shape: { type: 'string', multiple: true, default: ['small', 'half'] },
      rounds: { type: 'string', default: '15' },
      slow: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  const { usable, absent } = await usableSides(values.slow);
  const hasGpu = usable.some(({ provider }) => provider !== 'cpu');
  const copyRates = await copyRatesOf(usable);
  const sections: string[] = [];
  let torch: string | undefined;
  const shapes = [SMALL, HALF, ONE_AND_A_HALF, SEVEN];
  for (const shape of shapes.filter(({ name }) => values.shape.includes(name))) {
    const checkpoint = await randomModel(shape);
    progress(`${shape.name}: forwards and steps`);
    const speeds = await speedsOf(checkpoint, usable, { tokens: TOKENS, step: STEP, rounds, copyRates });
    torch ??= speeds.torch;
    const gone = [...absent, ...speeds.absent].map(([name, reason]) => [
      `${name}: not available (${reason})`,
      ...speeds.header.slice(1).map(() => '–'),
    ]);
    sections.push(
      `## ${shape.name}: ${shapeText(shape)}`,
      markdownTable(speeds.header, [...speeds.rows, ...gone]),
    );
    if (!hasGpu && torch === undefined) break;
  }
  publish({
    name: 'gpu',
    title: 'A forward pass and a denoise step on the GPU',
    facts: [torch ?? 'PyTorch with CUDA: not installed'],
    sections: [
      hasGpu
        ? `Medians of ${rounds} rounds. Ours ends with the best tokens of ${STEP} rows in main memory; PyTorch's with the logits on the device. The memory roofline is the time in which a copy on the device moves as many bytes as the step's weights and K/V have.`
        : 'This machine has no GPU that the engine can use: the reasons are in the table, and nothing but the CPU was measured.',
      ...sections,
    ],
  });
}

runBench(main);
