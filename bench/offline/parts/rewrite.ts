// A rewrite of 64 tokens in a file of 1,000, from the request to its answer, in the engine process; by shape, with random weights, which
// write one token a step where a trained model writes several.
import path from 'node:path';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import type { Checkpoint } from '../../../engine/checkpoint/types';
import type { Precision } from '../../../engine/graph/types';
import type { ProviderName } from '../../../engine/protocol';
import { CHECKPOINTS } from '../../../test/engine/reference';
import { figure } from '../../harness';
import { DREAMON_HALF, randomDreamOn } from '../../runtime/randomDreamOn';
import { type ModelShape, ONE_AND_A_HALF, SEVEN } from '../../runtime/randomModel';
import type { Part } from '../part';
import type { PartReport } from '../report';
import { discard } from '../room';
import { paceOf, reasonAgainst, smallestPace } from '../shapes';
import { gpuSides, startEngine } from '../subject';

const SPAN = 64;
const FILE = 1000;
const SHAPES: readonly ModelShape[] = [
  DREAMON_HALF,
  { ...ONE_AND_A_HALF, name: 'dreamon-1.5B', qkvBias: true },
  { ...SEVEN, name: 'dreamon-7B', qkvBias: true },
];
const PRECISIONS: readonly Precision[] = ['q4', 'q8', 'fp16'];

/** Tokens. */
interface Size {
  readonly file: number;
  readonly span: number;
}
/** Of the recorded checkpoint of the same family, which runs first: software takes minutes for a vocabulary of real size. */
const SMALL: Size = { file: 120, span: 6 };

/** About `tokens` tokens of Python, and where the middle `span` of them stand. */
function fileOf(encode: (text: string) => { readonly ids: Int32Array }, tokens: number, span: number) {
  const lines: string[] = [];
  const count = (from: number, to: number) => encode(lines.slice(from, to).join('')).ids.length;
  while (count(0, lines.length) < tokens)
    lines.push(`    total_${lines.length} = price_${lines.length} * amount_${lines.length}\n`);
  const first = Math.floor(lines.length / 2);
  let last = first + 1;
  while (count(first, last) < span) last++;
  const start = lines.slice(0, first).join('').length;
  return { text: lines.join(''), start, end: start + lines.slice(first, last).join('').length };
}

async function rewriteOn(
  report: PartReport,
  checkpoint: Checkpoint,
  {
    provider,
    precision,
    file,
    span,
  }: Size & { readonly provider: ProviderName; readonly precision: Precision },
): Promise<string> {
  const { text, start, end } = fileOf((part) => checkpoint.tokenizer.encode(part), file, span);
  const engine = await startEngine();
  try {
    const model = await engine.loadModel({ folder: checkpoint.folder, provider, precision });
    const ask = () =>
      engine.infill({
        ...{ model: model.folder, priority: 'rewrite', text, language: 'python' },
        ...{ spans: [{ start, end }], maxTokens: span, gate: 0 },
      });
    const [cold, warm] = [await ask(), await ask()];
    report.table(
      'Wall ms',
      ['model', 'tokens', 'of', 'first', 'second', 'passes', 'ms for a pass'],
      [
        [
          ...[`${checkpoint.name}, ${provider} ${precision}`, String(span), String(file)],
          ...[figure(cold.millis), figure(warm.millis)],
          ...[String(warm.forwards), figure(warm.millis / warm.forwards)],
        ],
      ],
    );
    return `${figure(warm.millis)} ms.`;
  } finally {
    await engine.stop();
  }
}

export const rewritePart: Part = {
  name: 'rewrite',
  title: `a rewrite of ${SPAN} tokens in a file of ${FILE}, from request to answer`,
  limit: 1200,
  async run({ report, isQuick }) {
    const sides = await gpuSides(report);
    if (sides.length === 0) return;
    const on = async (checkpoint: Checkpoint, name: string, size: Size, precisions: readonly Precision[]) => {
      for (const { provider } of sides) {
        for (const precision of precisions) {
          await report.attempt(`${name} on ${provider} in ${precision}: it answers`, () =>
            rewriteOn(report, checkpoint, { ...size, provider, precision }),
          );
        }
      }
    };
    await on(await openCheckpoint(path.join(CHECKPOINTS, 'dreamon')), 'tiny', SMALL, ['q8']);
    if (isQuick) {
      report.skip('0.5B, 1.5B and 7B', 'Quick: a tiny shape in a short file alone.');
      return;
    }
    let pace = await smallestPace(sides);
    for (const shape of SHAPES) {
      const reason = reasonAgainst(shape, sides, pace);
      if (reason !== undefined) {
        report.skip(shape.name, reason);
        continue;
      }
      const checkpoint = await randomDreamOn(shape);
      await on(checkpoint, shape.name, { file: FILE, span: SPAN }, PRECISIONS);
      // The next one is judged by the largest that ran: a small one on a fast device shows little but what a call costs.
      pace = await paceOf(shape, checkpoint, sides);
      discard(checkpoint);
    }
  },
};
