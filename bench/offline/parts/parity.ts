// Every family's graph on every device against PyTorch's logits, recorded with the same tiny weights.
import path from 'node:path';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { DecoderRun } from '../../../test/engine/decoderRun';
import { cachedDifference, subjectOf, uncachedDifference } from '../../../test/engine/parityChecks';
import { CHECKPOINTS, fixtureNames } from '../../../test/engine/reference';
import { benchFolder } from '../../harness';
import type { Part } from '../part';
import { gpuSides } from '../subject';

/** What the project promises, relative to the largest logit. */
const LIMIT = 1e-3;
/** One of each kind of attention, when it has to be quick. */
const FEW = ['dreamon', 'stable-diffcoder', 'palimpsest'];

export const parityPart: Part = {
  name: 'parity',
  title: "every family's logits on the device against PyTorch's",
  limit: 300,
  async run({ report, isQuick }) {
    const names = isQuick ? FEW : fixtureNames();
    for (const { provider, attention } of await gpuSides(report)) {
      const rows: string[][] = [];
      const wrong: string[] = [];
      for (const name of names) {
        const checkpoint = await openCheckpoint(path.join(CHECKPOINTS, name));
        const subject = subjectOf(name, checkpoint);
        for (const way of attention === 'fused' ? (['plain', 'fused'] as const) : (['plain'] as const)) {
          const run = await DecoderRun.create(checkpoint, benchFolder('side'), { attention: way }, provider);
          const differences = [
            await uncachedDifference(run, subject),
            ...(isQuick ? [] : [await cachedDifference(run, subject)]),
          ];
          await run.release();
          rows.push([
            name,
            checkpoint.family.title,
            way,
            ...differences.map((value) => value.toExponential(1)),
          ]);
          if (!differences.every((value) => value <= LIMIT)) wrong.push(`${name} (${way})`);
        }
      }
      const header = [
        'checkpoint',
        'family',
        'attention',
        'PyTorch',
        ...(isQuick ? [] : ['through the cache']),
      ];
      report.table(`${provider}: largest difference of any logit`, header, rows);
      report.check(
        `${provider}: every logit is within ${LIMIT} of the largest`,
        wrong.length === 0,
        wrong.length === 0 ? `${names.length} checkpoints.` : `Not so: ${wrong.join(', ')}.`,
      );
    }
    if (isQuick) report.skip('the other checkpoints', 'Quick: one for each kind of attention.');
  },
};
