// What the tests of the runtime's caches share: a small checkpoint with PyTorch's logits, and how its rows are compared.
import assert from 'node:assert/strict';
import os from 'node:os';
import path from 'node:path';
import { openCheckpoint } from '../../engine/checkpoint/open';
import { buildGraph } from '../../engine/graph/build';
import type { Forward, ForwardRequest } from '../../engine/runtime/forward';
import { DecoderSession } from '../../engine/runtime/session';
import { CHECKPOINTS, type Reference, readReference } from './reference';

/** Nats. Log-probabilities go down to −30, so that this is a few parts in 10^6. */
const LIMIT = 1e-4;
/** Token whose log-probability is compared at every row. */
export const TARGET = 17;
export const GREEDY = { temperature: 0 };

export async function load(name: string) {
  const checkpoint = await openCheckpoint(path.join(CHECKPOINTS, name));
  const graph = await buildGraph(
    checkpoint,
    { precision: 'fp32', attention: 'plain', cacheOutput: 'new', topK: 2 },
    { cacheFolder: os.tmpdir() },
  );
  const session = await DecoderSession.create(graph, checkpoint.shape, { provider: 'cpu', threads: 1 });
  return { checkpoint, session, reference: readReference(name) };
}

/** Natural logarithm of the probability of `TARGET` by the logits of row `row`. */
export function expected({ logits, ids }: Pick<Reference, 'logits' | 'ids'>, row: number): number {
  const width = logits.length / ids.length;
  const values = Array.from(logits.subarray(row * width, (row + 1) * width));
  const largest = Math.max(...values);
  return (
    (values[TARGET] ?? Number.NaN) -
    largest -
    Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0))
  );
}

/** The same session, with the number of its runs. */
export function counting(session: Forward) {
  const counted = {
    runs: 0,
    forward: {
      deviceCache: session.deviceCache,
      run: (request: ForwardRequest) => {
        counted.runs++;
        return session.run(request);
      },
    },
  };
  return counted;
}

export function same(actual: readonly number[], wanted: readonly number[]): void {
  assert.equal(actual.length, wanted.length);
  assert.ok(
    Math.max(...wanted) - Math.min(...wanted) > 1,
    'the rows must differ for the comparison to mean anything',
  );
  actual.forEach((value, index) => {
    const difference = Math.abs(value - (wanted[index] ?? Number.NaN));
    assert.ok(difference <= LIMIT, `row ${index} differs by ${difference}`);
  });
}

export function asksFor(positions: readonly number[]) {
  return positions.map((position) => ({ position, target: TARGET }));
}
