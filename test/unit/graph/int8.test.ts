import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { buildGraph } from '../../../engine/graph/build';
import { precisionHere } from '../../../engine/runtime/integerProducts';
import { openSession, run, voidCache } from './graphRunner';
import { temporaryFolder, writeTinyCheckpoint } from './tinyCheckpoint';

describe('int8', () => {
  test("a row's result does not depend on the rows beside it, so a cached run equals an uncached one", async () => {
    const { checkpoint } = writeTinyCheckpoint(temporaryFolder('tiny'), {
      shape: { hiddenSize: 64, ffnSize: 96 },
    });
    const graph = await buildGraph(
      checkpoint,
      {
        ...(await precisionHere('int8')),
        ...{ attention: 'plain', cacheOutput: 'new', topK: 1, withLogits: true },
      },
      { cacheFolder: temporaryFolder('side') },
    );
    const session = await openSession(graph);
    const past = voidCache(checkpoint.shape);
    // Each token sees itself alone, so that attention brings nothing from one row to another.
    const logitsOf = async (ids: readonly number[]) => {
      const positions = ids.map(() => 0);
      const request = {
        past,
        rows: [...ids.keys()],
        sees: (_: number, query: number, key: number) => key === query + 1,
      };
      return (await run(session, checkpoint.shape, { ...request, ids: [ids], positions: [positions] }))
        .logits;
    };
    const [alone] = await logitsOf([5]);
    const together = await logitsOf([5, 9, 17, 2]);
    assert.ok(alone);
    assert.deepEqual(together[0], alone);
    assert.notDeepEqual(together[1], alone);
    assert.ok(alone.every(Number.isFinite));
    await session.release();
  });
});
