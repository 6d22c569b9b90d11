// A pass in stages: groups of layers that follow one another. A run of the graph goes through some of them; a long pass takes several runs,
// and between two of them messages are read, and it is given up where nobody waits for it any more: the runtime itself cannot be
// interrupted from JavaScript (docs/decisions/stages.md).
import type { DecoderShape } from '../checkpoint/types';
import { linearWeights } from './memory';
import type { Range } from './types';

/** Weights of a stage, at least: a run cannot be shorter. */
const STAGE_WEIGHTS = 60e6;
/** Multiplications of a run: a sixth of a second, or so, on two cores of a laptop. */
const RUN_WORK = 40e9;
/** Reading the weights takes as long as multiplying so many tokens by them. */
const READING_TOKENS = 20;

/** Into how many stages a decoder on the CPU is divided; 1 for small models. */
export function stageCount(shape: DecoderShape): number {
  return Math.max(1, Math.min(shape.layers, Math.floor(layerWeights(shape) / STAGE_WEIGHTS)));
}

/** How many runs a pass over so many new tokens, of all lanes, takes. `most`: multiplications of one. */
export function runCount(shape: DecoderShape, tokens: number, stages: number, most = RUN_WORK): number {
  const work = (READING_TOKENS + tokens) * layerWeights(shape);
  return Math.max(1, Math.min(stages, Math.ceil(work / most)));
}

/** `count` groups of `all`, as equal as can be. */
export function ranges(all: number, count: number): readonly Range[] {
  const border = (group: number) => Math.ceil((group * all) / count);
  return Array.from({ length: count }, (_, group) => ({ first: border(group), end: border(group + 1) }));
}

/** Those of the head are not among them: it is computed for the rows that are asked for. */
function layerWeights(shape: DecoderShape): number {
  return linearWeights(shape) - shape.vocabSize * shape.hiddenSize;
}
