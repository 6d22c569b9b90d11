// What λ of the mixture is fitted to: at each masked cell of held-out answers, what copying says, what the model says of that, and
// which token stood there.
import { mixtureFeatures } from '../../engine/calibration/mixtureWeight';
import { type CellCopy, logProbOf } from '../../engine/copying/mixture';
import { CopyPrior } from '../../engine/copying/prior';
import { LEFT_REACH } from '../../engine/copying/sources';
import { BiasRows, FORBIDDEN } from '../../engine/decoding/biasRows';
import { lengthTokensOf } from '../../engine/decoding/request';
import { NO_BYTES, TokenTable } from '../../engine/decoding/tokenTable';
import type { BlockDenoiser, LogitBias, Prediction } from '../../engine/denoiser';
import { Denoisers } from '../../engine/infill/denoisers';
import { holeContext } from '../../engine/infill/layout';
import { progress } from '../harness';
import type { Evaluated } from './engine';
import type { Case } from './spans';
import type { Workspaces } from './workspace';

export interface MixtureExample {
  readonly features: number[];
  readonly model: number;
  readonly copy: number;
  readonly mass: number;
}

/** Tokens of context on each side. */
const SIDE = 240;

/** Most tokens of an answer that are looked at one by one. */
const MOST_TOKENS = 16;

/** One answer, and what can be copied into it. */
interface Answer {
  readonly left: string;
  readonly right: string;
  /** Its tokens, and the one that ends it. */
  readonly truth: readonly number[];
  readonly priors: readonly CopyPrior[];
  readonly bias: LogitBias;
  readonly decode: (ids: readonly number[]) => string;
}

/** `besides`: each case is seen once with every one of them to copy from. */
export async function mixtureExamples(
  { checkpoint, session }: Evaluated,
  cases: readonly Case[],
  besides: readonly (Workspaces | undefined)[],
): Promise<MixtureExample[]> {
  const { tokenizer, specials, family } = checkpoint;
  const lengthTokens = lengthTokensOf(family.length, specials);
  const end = lengthTokens.end ?? -1;
  const denoiser = new Denoisers(checkpoint, session).blockwise();
  const rows = new BiasRows(TokenTable.of(tokenizer), checkpoint.shape.vocabSize, specials, lengthTokens, 0);
  const bias = rows.row({
    ...{ expand: false, delete: false, end: true, carry: false },
    ...{ head: NO_BYTES, nextTail: NO_BYTES, tail: NO_BYTES },
  });
  const examples: MixtureExample[] = [];
  for (const [index, held] of cases.entries()) {
    const { text, at, language } = held;
    const left = text.slice(0, at);
    const right = text.slice(at);
    const own = [
      { text: left, distance: 0, before: true },
      { text: right, distance: 0, before: false },
    ];
    const answer: Answer = {
      left,
      right,
      truth: [...tokenizer.encode(held.answer).ids, end],
      priors: besides.map((beside) => new CopyPrior(own, tokenizer, end, undefined, beside?.index(held))),
      bias,
      decode: (ids) => tokenizer.decode([...ids]),
    };
    const prefix = tokenizer.encode(left.slice(-8 * SIDE)).ids.slice(-SIDE);
    const suffix = tokenizer.encode(right.slice(0, 8 * SIDE)).ids.slice(0, SIDE);
    const context = holeContext(checkpoint, prefix, suffix, language);
    if (denoiser.blockLength === 1) {
      await denoiser.open(context, 1);
      examples.push(...(await tokenByToken(denoiser, answer, specials.mask)));
    } else {
      const states = statesOf(answer, denoiser.blockLength);
      await denoiser.open(context, states.length);
      examples.push(...(await firstBlock(denoiser, answer, states, specials.mask)));
    }
    if (index % 50 === 49) progress(`${index + 1} of ${cases.length}`);
  }
  return examples;
}

/** A first block with so many tokens written. */
interface State {
  readonly count: number;
  readonly copies: readonly (CellCopy | undefined)[];
}

function statesOf(answer: Answer, blockLength: number): State[] {
  const written = [0, 1, 2, 4, 8].filter((count) => count < Math.min(answer.truth.length, blockLength));
  return answer.priors.flatMap((prior) =>
    written.map((count) => ({ count, copies: copiesOf(answer, prior, count, blockLength - count) })),
  );
}

/** Every masked cell of the first block with 0, 1, 2, 4 and 8 of the answer's tokens written, where copying says something. */
async function firstBlock(
  denoiser: BlockDenoiser,
  { truth, bias }: Answer,
  states: readonly State[],
  mask: number,
): Promise<MixtureExample[]> {
  const predictions = await denoiser.predict(
    states.map(({ count, copies }, lane) => {
      const tokens = new Int32Array(denoiser.blockLength).fill(mask);
      tokens.set(truth.slice(0, count));
      const asks = copies.map((copy, cell) => ({
        position: count + cell,
        bias,
        target: copy?.tokens[0]?.token ?? 0,
      }));
      return { lane, tokens, asks };
    }),
    { temperature: 0 },
  );
  return states.flatMap(({ count, copies }, lane) =>
    copies.flatMap((copy, cell) => exampleOf(copy, predictions[lane]?.[cell], truth[count + cell])),
  );
}

/** The first tokens of the answer, each behind those before it, where a block is one token. */
async function tokenByToken(
  denoiser: BlockDenoiser,
  answer: Answer,
  mask: number,
): Promise<MixtureExample[]> {
  const examples: MixtureExample[] = [];
  const { truth, bias } = answer;
  for (const [count, token] of truth.slice(0, MOST_TOKENS).entries()) {
    const copies = answer.priors.flatMap((prior) => copiesOf(answer, prior, count, 1));
    const asks = copies.map((copy) => ({ position: 0, bias, target: copy?.tokens[0]?.token ?? 0 }));
    const lanes = [{ tokens: Int32Array.of(mask), asks }];
    const [predictions = []] = await denoiser.predict(lanes, { temperature: 0 });
    examples.push(...copies.flatMap((copy, i) => exampleOf(copy, predictions[i], token)));
    await denoiser.commit([Int32Array.of(token)]);
  }
  return examples;
}

function copiesOf(
  { left, right, truth, bias, decode }: Answer,
  prior: CopyPrior,
  count: number,
  cells: number,
): readonly (CellCopy | undefined)[] {
  const behind = left.slice(-LEFT_REACH) + decode(truth.slice(0, count));
  const run = { left: behind, right, cells, isOpen: true, mayBeEmpty: true };
  return prior.cells(run, (_, token) => (bias[token] ?? FORBIDDEN) > FORBIDDEN / 2);
}

/** None where copying says nothing, or nothing is known of the cell. */
export function exampleOf(
  copy: CellCopy | undefined,
  prediction: Prediction | undefined,
  token: number | undefined,
): MixtureExample[] {
  const [first] = copy?.tokens ?? [];
  if (copy === undefined || first === undefined || prediction === undefined || token === undefined) return [];
  const total = copy.tokens.reduce((sum, { share }) => sum + share, 0);
  const opinion = {
    logProb: logProbOf(prediction, first.token, prediction.targetLogProb),
    best: Math.exp(prediction.logProbs[0] ?? -Infinity),
  };
  const asked = token === first.token ? prediction.targetLogProb : undefined;
  return [
    {
      features: mixtureFeatures(first.evidence, opinion),
      model: Math.exp(logProbOf(prediction, token, asked)),
      copy: (copy.tokens.find((other) => other.token === token)?.share ?? 0) / total,
      mass: copy.mass,
    },
  ];
}
