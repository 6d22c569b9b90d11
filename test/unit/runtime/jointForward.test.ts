// Requests that share a session: who has gone takes no pass of the others' time.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { Forward, ForwardRequest, ForwardResult } from '../../../engine/runtime/forward';
import { openBias } from '../../../engine/runtime/forward';
import { JointForward } from '../../../engine/runtime/jointForward';
import { KvMemory } from '../../../engine/runtime/kvMemory';
import { voidKv } from '../../../engine/runtime/kvState';

const SHAPE = { layers: 1, kvHeads: 1, headSize: 2 };

/** A long pass, which is joined with no other. */
function longPass(signal?: AbortSignal): ForwardRequest {
  const length = 64;
  return {
    ...{ lanes: 1, ids: new Int32Array(length), positions: new Int32Array(length), past: voidKv(SHAPE) },
    ...{ bias: openBias(1, length), asks: [], temperature: 0, keep: false },
    ...(signal ? { signal } : {}),
  };
}

describe('requests that share a session', () => {
  test('a pass that waits for its turn is not made where nobody waits for it any more', async () => {
    const finish: (() => void)[] = [];
    const made: ForwardRequest[] = [];
    const forward: Forward = {
      deviceCache: false,
      run: (request) => {
        made.push(request);
        return new Promise<ForwardResult>((resolve) => {
          finish.push(() => resolve({ predictions: [], kv: undefined }));
        });
      },
    };
    const joint = new JointForward(forward, SHAPE, new KvMemory());
    const gone = new AbortController();
    const [first, second, third] = [undefined, gone.signal, undefined].map(longPass);
    const running = joint.seat().run(first ?? assert.fail());
    const leaving = joint.seat().run(second ?? assert.fail());
    const staying = joint.seat().run(third ?? assert.fail());
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    assert.deepEqual(made, [first]);
    gone.abort();
    finish[0]?.();
    await running;
    await assert.rejects(leaving, { code: 'cancelled' });
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    assert.deepEqual(made, [first, third]);
    finish[1]?.();
    await staying;
    joint.clear();
  });
});
