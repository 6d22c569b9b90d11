// A rewrite of 64 tokens in a file of 1,000, from the request to its answer, in the engine process; by shape, with random weights, which
// write one token a step where a trained model writes several.
import path from 'node:path';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import type { Checkpoint } from '../../../engine/checkpoint/types';
import type { Precision } from '../../../engine/graph/types';
import { CHECKPOINTS } from '../../../test/engine/reference';
import { figure } from '../../harness';
import { DREAMON_HALF, randomDreamOn } from '../../runtime/randomDreamOn';
import { type ModelShape, ONE_AND_A_HALF, SEVEN, TINY } from '../../runtime/randomModel';
import type { Part } from '../part';
import { reasonAgainst } from '../shapes';
import { gpuSides, startEngine } from '../subject';

const SPAN = 64;
const FILE = 1000;
const SHAPES: readonly ModelShape[] = [
  DREAMON_HALF,
  { ...ONE_AND_A_HALF, name: 'dreamon-1.5B', qkvBias: true },
  { ...SEVEN, name: 'dreamon-7B', qkvBias: true },
];
interface Plan {
  readonly shapes: readonly ModelShape[];
  readonly precisions: readonly Precision[];
  /** Tokens. */
  readonly file: number;
  readonly span: number;
  readonly open: (shape: ModelShape) => Promise<Checkpoint>;
}
const WHOLE: Plan = {
  shapes: SHAPES,
  precisions: ['q4', 'q8', 'fp16'],
  file: FILE,
  span: SPAN,
  open: randomDreamOn,
};
/** The recorded checkpoint of the same family: a vocabulary of real size takes minutes in software. */
const QUICK: Plan = {
  shapes: [{ ...TINY, name: 'dreamon' }],
  precisions: ['q8'],
  file: 120,
  span: 6,
  open: () => openCheckpoint(path.join(CHECKPOINTS, 'dreamon')),
};

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

export const rewritePart: Part = {
  name: 'rewrite',
  title: `a rewrite of ${SPAN} tokens in a file of ${FILE}, from request to answer`,
  limit: 1200,
  async run({ report, isQuick }) {
    const sides = await gpuSides(report);
    if (sides.length === 0) return;
    let before: { readonly shape: ModelShape; readonly slowest: number } | undefined;
    const rows: string[][] = [];
    const { shapes, precisions, file, span, open } = isQuick ? QUICK : WHOLE;
    for (const shape of shapes) {
      const reason = reasonAgainst(shape, sides, before);
      if (reason !== undefined) {
        report.skip(shape.name, reason);
        continue;
      }
      const checkpoint = await open(shape);
      const { text, start, end } = fileOf((part) => checkpoint.tokenizer.encode(part), file, span);
      let slowest = 0;
      for (const { provider } of sides) {
        for (const precision of precisions) {
          await report.attempt(`${shape.name} on ${provider} in ${precision}: it answers`, async () => {
            const engine = await startEngine();
            try {
              const model = await engine.loadModel({ folder: checkpoint.folder, provider, precision });
              const ask = () =>
                engine.infill({
                  ...{ model: model.folder, priority: 'rewrite', text, language: 'python' },
                  ...{ spans: [{ start, end }], maxTokens: span, gate: 0 },
                });
              const cold = await ask();
              const warm = await ask();
              slowest = Math.max(slowest, cold.millis / Math.max(1, cold.forwards));
              rows.push([
                `${shape.name}, ${provider} ${precision}`,
                figure(cold.millis),
                figure(warm.millis),
                String(warm.forwards),
                figure(warm.millis / warm.forwards),
              ]);
              return `${figure(warm.millis)} ms.`;
            } finally {
              await engine.stop();
            }
          });
        }
      }
      before = { shape, slowest };
    }
    if (isQuick) report.skip('0.5B, 1.5B and 7B', 'Quick: a tiny shape in a short file alone.');
    report.table('Wall ms', ['model', 'first', 'second', 'passes', 'ms for a pass'], rows);
  },
};
