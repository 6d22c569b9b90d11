import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { KvMemory } from '../../../engine/runtime/kvMemory';
import { disposeKv, type HostKv, joinKv, type KvPart, voidKv } from '../../../engine/runtime/kvState';

const shape = { layers: 2, kvHeads: 2, headSize: 4 };

/** K/V whose every number tells where it belongs: layer, lane, head, position, element. */
function marked(lanes: number, positions: number, offset = 0): HostKv {
  const layers = Array.from({ length: shape.layers }, (_, layer) => {
    const k = new Float32Array(lanes * shape.kvHeads * positions * shape.headSize);
    let at = 0;
    for (let lane = 0; lane < lanes; lane++)
      for (let head = 0; head < shape.kvHeads; head++)
        for (let position = 0; position < positions; position++)
          for (let element = 0; element < shape.headSize; element++)
            k[at++] = layer * 1e5 + lane * 1e4 + head * 1e3 + (position + offset) * 10 + element;
    return { k, v: k.map((value) => -value) };
  });
  return { location: 'host', lanes, positions, layers };
}

/** Joined, without the memory that it came from. */
function joined(...parts: readonly KvPart[]): HostKv {
  const { memory, ...kv } = joinKv(parts, shape);
  assert.ok(memory);
  return kv;
}

describe('K/V cache', () => {
  test('what was joined can be cut out again', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 3 }),
        (a, b, lanes) => {
          const first = marked(lanes, a);
          const second = marked(lanes, b, a);
          const kv = joined({ kv: first }, { kv: second });
          assert.deepEqual(kv, marked(lanes, a + b));
          assert.deepEqual(joined({ kv, to: a }), first);
          assert.deepEqual(joined({ kv, from: a }), second);
          assert.deepEqual(joined({ kv, from: a, to: a + 1 }), marked(lanes, 1, a));
        },
      ),
    );
  });

  test('a part with one lane goes to every lane', () => {
    const kv = joined({ kv: marked(1, 2) }, { kv: marked(3, 1, 2) });
    assert.equal(kv.lanes, 3);
    for (const lane of [0, 1, 2]) {
      assert.deepEqual(joined({ kv, to: 2, lanes: [lane] }), marked(1, 2));
      assert.deepEqual(
        joined({ kv, from: 2, lanes: [lane] }),
        joined({ kv: marked(3, 1, 2), lanes: [lane] }),
      );
    }
  });

  test('lanes can be picked in any order', () => {
    const kv = marked(3, 2);
    const picked = joined({ kv, lanes: [2, 0] });
    assert.deepEqual(joined({ kv: picked, lanes: [0] }), joined({ kv, lanes: [2] }));
    assert.deepEqual(joined({ kv: picked, lanes: [1] }), joined({ kv, lanes: [0] }));
    assert.notDeepEqual(joined({ kv, lanes: [2] }), joined({ kv, lanes: [0] }));
  });

  test('moving a key is rotating it: there and back is where it was, in two moves as in one', () => {
    const frequencies = Float32Array.of(1, 0.01);
    const move = (kv: HostKv, by: number) =>
      joinKv([{ kv, move: by }], { ...shape, layers: kv.layers.length }, undefined, frequencies);
    const kv = marked(1, 3);
    const near = (a: HostKv, b: HostKv) =>
      a.layers.forEach((layer, i) => {
        layer.k.forEach((value, j) => {
          const other = b.layers[i]?.k[j] ?? Number.NaN;
          assert.ok(Math.abs(value - other) <= 1e-2, `${value} is not ${other}`);
        });
        assert.deepEqual(layer.v, b.layers[i]?.v);
      });
    near(move(move(kv, 7), -7), kv);
    near(move(move(kv, 7), 5), move(kv, 12));
    assert.deepEqual(move(kv, 0).layers, kv.layers);
    const one: HostKv = {
      location: 'host',
      lanes: 1,
      positions: 1,
      layers: [{ k: Float32Array.of(1, 0, 0, 0), v: new Float32Array(4) }],
    };
    const { k } = joinKv(
      [{ kv: one, move: 1 }],
      { layers: 1, kvHeads: 1, headSize: 4 },
      undefined,
      Float32Array.of(Math.PI / 2, 0),
    ).layers[0] ?? { k: [] };
    assert.deepEqual(
      Array.from(k, (value) => Math.round(value * 1e6) / 1e6 + 0),
      [0, 0, 1, 0],
    );
  });

  test('what is disposed of is written over by the next join, and by nothing before', () => {
    const memory = new KvMemory();
    const first = joinKv([{ kv: marked(1, 64) }], shape, memory);
    const second = joinKv([{ kv: marked(1, 64, 64) }], shape, memory);
    assert.deepEqual(first.layers, marked(1, 64).layers);
    disposeKv(first);
    const third = joinKv([{ kv: marked(1, 65, 7) }], shape, memory);
    const buffers = (kv: HostKv) => new Set(kv.layers.flatMap(({ k, v }) => [k.buffer, v.buffer]));
    const before = buffers(first);
    assert.ok([...buffers(third)].some((buffer) => before.has(buffer)));
    assert.deepEqual(third.layers, marked(1, 65, 7).layers);
    assert.deepEqual(second.layers, marked(1, 64, 64).layers);
  });

  test('a cache that grows pass by pass to a length that is known takes its arrays twice, to go from one to the other', () => {
    const buffersOf = (room: number | undefined) => {
      const memory = new KvMemory();
      const context = joinKv([{ kv: marked(1, 400) }], shape, memory);
      const buffers = new Set<ArrayBufferLike>();
      let kv = context;
      for (let positions = 400; positions < 720; positions += 16) {
        const next = joinKv([{ kv }, { kv: marked(3, 16, positions) }], shape, memory, [], room);
        assert.deepEqual(next.layers[1]?.k.subarray(-4), marked(3, 16, positions).layers[1]?.k.subarray(-4));
        if (kv !== context) disposeKv(kv);
        for (const { k, v } of next.layers) buffers.add(k.buffer).add(v.buffer);
        kv = next;
      }
      return buffers.size;
    };
    const arrays = 2 * shape.layers;
    assert.equal(buffersOf(720), 2 * arrays);
    assert.ok(buffersOf(undefined) > 3 * arrays);
  });

  test('room for more than twice as much is not made: such arrays would not be handed out again', () => {
    const memory = new KvMemory();
    const kv = joinKv([{ kv: marked(1, 64) }], shape, memory, [], 10_000);
    assert.equal(kv.layers[0]?.k.buffer.byteLength, 2 * 4 * 64 * shape.kvHeads * shape.headSize);
    disposeKv(kv);
  });

  test('an empty cache is one void position', () => {
    const kv = voidKv(shape);
    assert.equal(kv.positions, 1);
    assert.equal(kv.layers.length, shape.layers);
    assert.equal(kv.layers[0]?.k.length, shape.kvHeads * shape.headSize);
  });
});

describe('memory of K/V caches', () => {
  test('no number is lent twice, whatever is taken and given back; what is kept stays below what is in use', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -8, max: 300 }), { maxLength: 60 }), (script) => {
        const memory = new KvMemory();
        const lent: Float32Array[] = [];
        for (const [turn, step] of script.entries()) {
          if (step > 0) {
            const array = memory.take(step);
            assert.equal(array.length, step);
            array.fill(turn);
            lent.push(array);
          } else {
            const [array] = lent.splice(-step % Math.max(1, lent.length), 1);
            if (array) memory.give(array);
          }
          const buffers = new Set(lent.map(({ buffer }) => buffer));
          assert.equal(buffers.size, lent.length);
          for (const array of lent) assert.ok(array.every((value) => value === array[0]));
          const { used, free } = memory.bytes;
          assert.ok(used >= 4 * lent.reduce((sum, { length }) => sum + length, 0));
          assert.ok(free <= used);
        }
        for (const array of lent) memory.give(array);
        assert.deepEqual(memory.bytes, { used: 0, free: 0 });
      }),
    );
  });

  test('an array that grows a little fits where it was', () => {
    const memory = new KvMemory();
    const rest = memory.take(100_000);
    const before = memory.take(16_400);
    memory.give(before);
    assert.ok(memory.take(16_500).buffer === before.buffer);
    assert.equal(rest.length, 100_000);
  });
});
