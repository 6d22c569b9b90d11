// The bytes of a model, by the wire format's own rules, and the places that external data may lie in.
import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import path from 'node:path';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { isEngineError } from '../../../engine/errors';
import { commonFolder, dataFolderOf, sideFolder } from '../../../engine/graph/dataFolder';
import { DataType, GraphWriter } from '../../../engine/graph/onnxWriter';
import { ProtobufWriter } from '../../../engine/graph/protobuf';
import { InferenceSession, Tensor } from '../../../engine/runtime/onnxRuntime';
import { temporaryFolder } from './tinyCheckpoint';

const hex = (writer: ProtobufWriter) => Buffer.from(writer.finish()).toString('hex');

describe('protobuf', () => {
  test('integers, floats, strings and messages', () => {
    assert.equal(hex(new ProtobufWriter().int(1, 300)), '08ac02');
    assert.equal(hex(new ProtobufWriter().int(20, 0)), 'a00100');
    assert.equal(hex(new ProtobufWriter().int(1, -1)), '08ffffffffffffffffff01');
    assert.equal(hex(new ProtobufWriter().int(1, 2 ** 31)), '088080808008');
    assert.equal(hex(new ProtobufWriter().float(2, 1)), '150000803f');
    assert.equal(hex(new ProtobufWriter().string(2, 'é')), '1202c3a9');
    assert.equal(hex(new ProtobufWriter().message(3, new ProtobufWriter().int(1, 150))), '1a03089601');
  });

  test('every 64-bit integer comes back', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value) => {
        const [tag, ...bytes] = new ProtobufWriter().int(1, value).finish();
        assert.equal(tag, 8);
        const read = bytes.reduce((sum, byte, index) => sum | (BigInt(byte & 127) << BigInt(7 * index)), 0n);
        assert.equal(BigInt.asIntN(64, read), value);
      }),
    );
  });

  test('a number that is not exact is refused', () => {
    assert.throws(() => new ProtobufWriter().int(1, 2 ** 53), RangeError);
    assert.throws(() => new ProtobufWriter().int(1, 0.5), RangeError);
  });
});

describe('external data', () => {
  test('offsets are decimal strings, beyond 2^53 too', () => {
    const graph = new GraphWriter();
    graph.external('w', DataType.FLOAT, [1], { location: 'w.bin', offset: 2n ** 53n + 1n, length: 4 });
    const bytes = Buffer.from(graph.finish()).toString('latin1');
    assert.ok(bytes.includes('9007199254740993'));
    for (const offset of [2 ** 53, -1, 2n ** 63n]) {
      const place = { location: 'w.bin', offset, length: 4 };
      assert.throws(() => new GraphWriter().external('w', DataType.FLOAT, [1], place), RangeError);
    }
  });

  test('a tensor behind 4 GiB is read', { skip: process.platform === 'win32' }, async () => {
    const folder = temporaryFolder('far');
    const offset = 5 * 2 ** 30 + 12;
    const file = await open(path.join(folder, 'far.bin'), 'w');
    await file.write(Buffer.from(Float32Array.of(1.5, -2).buffer), 0, 8, offset);
    await file.close();
    const graph = new GraphWriter();
    graph.input('x', DataType.FLOAT, [2]);
    graph.external('w', DataType.FLOAT, [2], { location: 'far.bin', offset, length: 8 });
    graph.op('Add', ['x', 'w'], {}, 'y');
    graph.output('y', DataType.FLOAT, [2]);
    const session = await InferenceSession.create(graph.finish(), {
      extra: { session: { model_external_initializers_file_folder_path: folder } },
    });
    const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(1, 1), [2]) });
    assert.deepEqual([...(y?.data ?? [])], [2.5, -1]);
  });
});

describe('the data folder', () => {
  const { posix, win32 } = path;

  test('is the nearest folder that holds every file', () => {
    assert.equal(commonFolder(['/m/a/x.bin', '/m/a/y.bin'], posix), '/m/a');
    assert.equal(commonFolder(['/m/a/x.bin', '/m/ab/y.bin'], posix), '/m');
    assert.equal(commonFolder(['/m/a/x.bin', '/m/..b/y.bin'], posix), '/m');
    assert.equal(commonFolder(['/m/a/x.bin', '/cache/y.bin'], posix), '/');
    assert.equal(commonFolder(['C:\\m\\a\\x.bin', 'c:\\M\\b\\y.bin'], win32)?.toLowerCase(), 'c:\\m');
    assert.equal(commonFolder(['C:\\m\\x.bin', 'D:\\m\\y.bin'], win32), undefined);
  });

  test('names files with forward slashes', () => {
    const data = dataFolderOf(['C:\\m\\a\\x.bin', 'C:\\m\\y.bin'], win32);
    assert.deepEqual([data.folder, data.locate('C:\\m\\a\\x.bin')], ['C:\\m', 'a/x.bin']);
    const root = dataFolderOf(['/m/x.bin', '/cache/y.bin'], posix);
    assert.deepEqual([root.folder, root.locate('/cache/y.bin')], ['/', 'cache/y.bin']);
  });

  test('quantised files lie in the cache, or beside weights on another drive', () => {
    assert.equal(sideFolder(['C:\\m\\x.bin'], 'C:\\cache', win32), 'C:\\cache');
    assert.equal(sideFolder(['D:\\m\\x.bin', 'D:\\m\\y.bin'], 'C:\\cache', win32), 'D:\\m');
    assert.throws(
      () => sideFolder(['D:\\m\\x.bin', 'E:\\m\\y.bin'], 'C:\\cache', win32),
      (error) => isEngineError(error) && error.code === 'checkpoint-malformed',
    );
  });
});
