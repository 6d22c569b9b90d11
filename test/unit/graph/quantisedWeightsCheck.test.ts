import assert from 'node:assert/strict';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import test, { describe } from 'node:test';
import { checkedLength, checksums, isSound } from '../../../engine/graph/quantisedWeightsCheck';
import { writeAt } from '../../../engine/graph/quantisedWeightsFile';
import { temporaryFolder } from './tinyCheckpoint';

const MEBIBYTE = 1 << 20;

async function withFile(bytes: number, body: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(path.join(temporaryFolder('check'), 'file'), 'wx+');
  try {
    await writeAt(handle, Buffer.alloc(bytes, 'weights'), 0);
    await writeAt(handle, await checksums(handle, bytes), bytes);
    assert.equal((await handle.stat()).size, checkedLength(bytes));
    await body(handle);
  } finally {
    await handle.close();
  }
}

describe('checksums of a quantised file', () => {
  test('one bit anywhere is noticed, also in a last block that is short', () =>
    withFile(2 * MEBIBYTE + 5, async (handle) => {
      const bytes = 2 * MEBIBYTE + 5;
      assert.ok(await isSound(handle, bytes));
      for (const place of [0, MEBIBYTE - 1, MEBIBYTE, bytes - 1, bytes, checkedLength(bytes) - 1]) {
        const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, place);
        await writeAt(handle, Buffer.of((buffer[0] ?? 0) ^ 1), place);
        assert.equal(await isSound(handle, bytes), false, `byte ${place}`);
        await writeAt(handle, buffer, place);
        assert.ok(await isSound(handle, bytes));
      }
    }));

  test('of more blocks than are looked at, each has its turn', () =>
    withFile(4 * MEBIBYTE, async (handle) => {
      await writeAt(handle, Buffer.of(1), 3 * MEBIBYTE);
      let looks = 0;
      // Half of the blocks at a time: that it is missed a hundred times is beyond chance.
      while (looks < 100 && (await isSound(handle, 4 * MEBIBYTE, 2))) looks++;
      assert.ok(looks < 100);
    }));

  test('a cancelled one ends', () =>
    withFile(10, async (handle) => {
      await assert.rejects(checksums(handle, 10, AbortSignal.abort()), { code: 'cancelled' });
    }));
});
