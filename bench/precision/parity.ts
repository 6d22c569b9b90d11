// Prints how far our graphs are from PyTorch, for every family and variant: `npm run bench -- parity`.
// The table goes to bench/results/parity.md; test/engine/parity.test.ts holds the same figures to a limit.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openCheckpoint } from '../../engine/checkpoint/open';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { DecoderRun } from '../../test/engine/decoderRun';
import {
  cachedDifference,
  movedBy,
  type Subject,
  subjectOf,
  uncachedDifference,
  wrongSequences,
} from '../../test/engine/parityChecks';
import { CHECKPOINTS, fixtureNames } from '../../test/engine/reference';
import { ROOT } from '../harness';

const RESULT = path.join(ROOT, 'bench', 'results', 'parity.md');
const HEADER = [
  ...['checkpoint', 'family', 'attention', 'variant', 'PyTorch, plain', 'PyTorch, fused'],
  ...['cache, plain', 'cache, fused', 'least by a mistake'],
];

function attentionOf({ family }: Checkpoint): string {
  const { attention } = family;
  return attention.kind === 'block-causal' ? `block-causal ${attention.blockLength}` : attention.kind;
}

function variantOf({ shape, tensors, storedDtype, family }: Checkpoint): string {
  const layer = tensors.layers[0];
  const perGroup = shape.heads / shape.kvHeads;
  return [
    storedDtype.toLowerCase(),
    perGroup === 1 ? 'MHA' : shape.kvHeads === 1 ? 'MQA' : `GQA ${perGroup}:1`,
    shape.tiedHead ? 'tied' : 'untied',
    ...(shape.qkNorm ? ['QK norm'] : []),
    ...(layer?.queryBias ? [layer.attentionOutBias ? 'q/k/v/o biases' : 'q/k/v biases'] : []),
    ...(shape.headSize * shape.heads === shape.hiddenSize ? [] : ['wide heads']),
    ...(shape.ropeScaling.kind === 'none' ? [] : [`${shape.ropeScaling.kind} rope`]),
    ...(shape.norm === 'layer' ? ['layer norms'] : []),
    ...(shape.mlp === 'gelu' ? [layer?.upBias ? 'plain MLP with biases' : 'plain MLP'] : []),
    ...(family.tensorNames === 'llada' ? ["LLaDA's names"] : []),
    ...(tensors.head.file === tensors.finalNorm.file ? [] : ['sharded']),
  ].join(', ');
}

async function differences(subject: Subject): Promise<number[]> {
  const toTorch: number[] = [];
  const throughCache: number[] = [];
  let mistake = Number.POSITIVE_INFINITY;
  for (const attention of ['plain', 'fused'] as const) {
    const run = await DecoderRun.create(subject.checkpoint, os.tmpdir(), { attention });
    toTorch.push(await uncachedDifference(run, subject));
    throughCache.push(await cachedDifference(run, subject));
    for (const [, change] of wrongSequences(subject)) {
      mistake = Math.min(mistake, await movedBy(run, subject, change));
    }
    await run.release();
  }
  return [...toTorch, ...throughCache, mistake];
}

async function main(): Promise<void> {
  const rows: string[][] = [];
  for (const name of fixtureNames()) {
    const checkpoint = await openCheckpoint(path.join(CHECKPOINTS, name));
    const figures = await differences(subjectOf(name, checkpoint));
    rows.push([
      name,
      checkpoint.family.title,
      attentionOf(checkpoint),
      variantOf(checkpoint),
      ...figures.map((figure) => figure.toExponential(1)),
    ]);
    console.error(`${rows.length} of ${fixtureNames().length}: ${name}`);
  }
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const table = [line(HEADER), line(HEADER.map(() => '---')), ...rows.map(line)].join('\n');
  console.log(table);
  const text = `# Parity with PyTorch

Written by \`npm run bench -- parity\` (${os.arch()}, ONNX Runtime on the CPU, fp32). Every figure is the largest
difference of any logit in units of the largest logit. *PyTorch*: our graph against transformers on the same weights
(test/fixtures/make/README.md), by attention formulation; the project's limit is 1e-3. *cache*: tokens that went
through the K/V cache against one pass over everything. *least by a mistake*: how far the logits move under the
least noticeable of the wrong masks and positions that the tests try, so that a wrong graph cannot pass.

${table}
`;
  fs.mkdirSync(path.dirname(RESULT), { recursive: true });
  fs.writeFileSync(`${RESULT}.partial`, text);
  fs.renameSync(`${RESULT}.partial`, RESULT);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
