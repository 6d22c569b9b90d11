// A request that does not fit the memory that there is ends before its first pass.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { isEngineError } from '../../engine/errors';
import { Infiller } from '../../engine/infill/infiller';
import type { ModelDescription } from '../../engine/protocol';
import type { ForwardRequest } from '../../engine/runtime/forward';
import { Pace } from '../../engine/runtime/pace';
import { HALF } from '../unit/infill/halfBillion';
import { openFixture } from './fixtureModel';

const LINES = 40;
const TEXT = Array.from({ length: LINES }, (_, i) => `total_${i} = first(${i})\n`).join('');

/** Of a rewrite of all lines but the first by a tiny model, or by one that takes as much memory as a large one. */
async function rewrite(size: 'tiny' | 'large', available: number) {
  const model = await openFixture('dreamon');
  let passes = 0;
  const run = (request: ForwardRequest) => {
    passes++;
    return model.session.run(request);
  };
  const shape = size === 'tiny' ? model.checkpoint.shape : { ...HALF, contextLength: 4096 };
  const infiller = new Infiller(
    { ...model.checkpoint, shape },
    {} as ModelDescription,
    { deviceCache: false, run },
    undefined,
    new Pace(shape),
    () => ({ held: 0, available: () => available }),
  );
  const params = { requestId: 1, model: '', priority: 'rewrite', text: TEXT } as const;
  const [start, end] = size === 'tiny' ? [0, 5] : [TEXT.indexOf('\n') + 1, TEXT.length];
  try {
    await infiller.infill({ ...params, spans: [{ start, end }], window: 4096 }, {});
    return { passes };
  } catch (error) {
    return { passes, error };
  } finally {
    infiller.dispose();
    await model.dispose();
  }
}

describe('a request', () => {
  test('that does not fit makes no pass, and says what would fit', async () => {
    const { passes, error } = await rewrite('large', 200e6);
    assert.equal(passes, 0);
    assert.ok(isEngineError(error) && error.code === 'out-of-memory', String(error));
    const most = Number(error.data['mostLines']);
    assert.ok(most > 0 && most < LINES, error.message);
    assert.match(
      error.message,
      /^This request needs about \d\.\d GB more memory, and 0\.2 GB are available\. About /,
    );
  });

  test('that fits is made', async () => {
    const { passes, error } = await rewrite('tiny', 800e6);
    assert.equal(error, undefined);
    assert.ok(passes > 0);
  });
});
