// What the dual cache costs in answers: a trained model of a family that is denoised in place, with the cache and without, over the
// same places of this repository's text, which no model of ours has read.
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Canvas } from '../../engine/canvas/types';
import { openCheckpoint } from '../../engine/checkpoint/open';
import type { Checkpoint } from '../../engine/checkpoint/types';
import type { DecoderSession } from '../../engine/runtime/session';
import { markdownTable, progress, publish, runBench } from '../harness';
import { editSimilarity, mean, percent } from '../infilling/scores';
import { engineSession } from './engineSession';
import { denoise, type Loop, maskedCanvases, REFRESHES } from './inPlaceLoop';

const LENGTH = 480;
const SPAN = 32;
/** Masks to begin with where the model chooses the length. */
const MASKS = 16;

interface Way {
  readonly name: string;
  readonly loop: Loop;
}
const EXACT: Way = { name: 'exact: everything in each step', loop: {} };
const WAYS: readonly Way[] = [
  EXACT,
  ...REFRESHES.map((every) => ({ name: `refreshed every ${every} steps`, loop: { refreshEvery: every } })),
  { name: 'every 16, as on a slow machine', loop: { refreshEvery: 16, movesOn: true } },
];

/** The tokens that stood there. */
function truthOf(canvas: Canvas): Int32Array {
  const cells = canvas.segments.flatMap((part) => (part.kind === 'hole' ? part.hole.cells : []));
  return Int32Array.from(cells, ({ original }) => original ?? 0);
}

/** Answers of each way, by place. */
async function answers(
  session: DecoderSession,
  checkpoint: Checkpoint,
  canvases: readonly Canvas[],
  masks?: number,
): Promise<readonly (readonly Int32Array[])[]> {
  const all: Int32Array[][] = [];
  for (const { name, loop } of WAYS) {
    progress(name);
    const own: Int32Array[] = [];
    for (const canvas of canvases)
      own.push(await denoise(session, checkpoint, canvas, masks === undefined ? loop : { ...loop, masks }));
    all.push(own);
  }
  return all;
}

function table(
  { tokenizer }: Checkpoint,
  canvases: readonly Canvas[],
  all: readonly (readonly Int32Array[])[],
): string {
  const text = (ids: Int32Array) => tokenizer.decode(ids);
  const truths = canvases.map((canvas) => text(truthOf(canvas)));
  const exact = all[0] ?? [];
  const rows = WAYS.map(({ name }, index) => {
    const own = all[index] ?? [];
    const like = (others: readonly string[]) =>
      mean(own.map((ids, place) => editSimilarity(text(ids), others[place] ?? '')));
    const same = mean(
      own.map((ids, place) => {
        const wanted = exact[place] ?? ids;
        const length = Math.max(ids.length, wanted.length, 1);
        return ids.filter((id, at) => id === wanted[at]).length / length;
      }),
    );
    const whole = mean(own.map((ids, place) => Number(text(ids) === text(exact[place] ?? ids))));
    return [name, percent(same), percent(whole), percent(like(exact.map(text))), percent(like(truths))];
  });
  return markdownTable(
    ['', 'same token, same place %', 'same answer %', 'like the exact answer %', 'like what stood there %'],
    rows,
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string' },
      places: { type: 'string', default: '120' },
      threads: { type: 'string', default: '2' },
    },
  });
  if (values.model === undefined)
    throw new Error('Name a trained model of a family that is denoised in place: --model FOLDER.');
  const checkpoint = await openCheckpoint(path.resolve(values.model));
  const { family, parameters } = checkpoint;
  if (family.infill.kind !== 'in-place')
    throw new Error(`${checkpoint.name} is ${family.title}, which has no dual cache. Name another --model.`);
  const { session } = await engineSession(checkpoint, { precision: 'fp32', threads: Number(values.threads) });
  const canvases = maskedCanvases(checkpoint, LENGTH, SPAN, Number(values.places));
  const fixed = await answers(session, checkpoint, canvases);
  const open =
    family.length.kind === 'expand-delete' ? await answers(session, checkpoint, canvases, MASKS) : [];
  await session.dispose();
  publish({
    name: 'dualCacheAgreement',
    title: 'Denoising in place: answers with the dual cache, and the exact ones',
    facts: [
      `${family.title}, ${(parameters / 1e6).toFixed(1)}M parameters, fp32; greedy, one token a step`,
      `${canvases.length} places of this repository’s own text, which the model has not read: spans of ${SPAN} tokens in ${LENGTH}`,
    ],
    sections: [
      '## As many tokens as stood there',
      table(checkpoint, canvases, fixed),
      ...(open.length === 0
        ? []
        : [
            `## The model chooses the length, beginning with ${MASKS} masks`,
            table(checkpoint, canvases, open),
          ]),
    ],
  });
}

runBench(main);
