import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { JointCache, type JointRow } from '../../../engine/runtime/jointCache';
import { type HostKv, joinKv } from '../../../engine/runtime/kvState';

const shape = { layers: 2, kvHeads: 2, headSize: 2 };
let stamp = 0;

/** K/V in which no two numbers are the same. */
function fresh(lanes: number, positions: number): HostKv {
  const size = lanes * shape.kvHeads * positions * shape.headSize;
  const layers = Array.from({ length: shape.layers }, () => {
    const k = Float32Array.from({ length: size }, () => ++stamp);
    return { k, v: k.map((value) => -value) };
  });
  return { location: 'host', lanes, positions, layers };
}

/** One lane's first positions of a layer, head by head. */
function content(kv: HostKv, lane: number, positions: number): number[] {
  return kv.layers.flatMap(({ k, v }) =>
    [k, v].flatMap((array) =>
      Array.from({ length: shape.kvHeads }, (_, head) => {
        const at = (lane * shape.kvHeads + head) * kv.positions * shape.headSize;
        return [...array.subarray(at, at + positions * shape.headSize)];
      }).flat(),
    ),
  );
}

type Command =
  | { readonly kind: 'come'; readonly positions: number; readonly room: number; readonly lanes: number }
  | { readonly kind: 'go'; readonly which: number }
  | {
      readonly kind: 'pass';
      readonly who: readonly boolean[];
      readonly count: number;
      readonly keep: boolean;
    };

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    kind: fc.constant('come' as const),
    positions: fc.integer({ min: 1, max: 90 }),
    room: fc.integer({ min: 0, max: 200 }),
    lanes: fc.integer({ min: 1, max: 2 }),
  }),
  fc.record({ kind: fc.constant('go' as const), which: fc.nat(5) }),
  fc.record({
    kind: fc.constant('pass' as const),
    who: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    count: fc.integer({ min: 1, max: 40 }),
    keep: fc.boolean(),
  }),
);

test('property: whoever comes, grows and goes, a pass reads each request’s own K/V', () => {
  let reused = 0;
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
      const cache = new JointCache(shape);
      const requests: { kv: HostKv; room: number; lanes: number }[] = [];
      for (const next of commands) {
        if (next.kind === 'come' && requests.length < 4) {
          const shared = next.lanes === 2 && next.room % 2 === 0;
          requests.push({ ...next, kv: fresh(shared ? 1 : next.lanes, next.positions) });
        } else if (next.kind === 'go') {
          requests.splice(next.which, 1);
        } else if (next.kind === 'pass') {
          const chosen = requests.filter((_, at) => next.who[at]);
          if (chosen.length === 0) continue;
          const rows: JointRow[] = chosen.flatMap(({ kv, room, lanes }) =>
            Array.from({ length: lanes }, (_, lane) => ({ kv, lane: kv.lanes === 1 ? 0 : lane, room })),
          );
          const { kv, slots } = cache.arrange(rows);
          assert.equal(kv.lanes, rows.length);
          assert.deepEqual([...slots].sort(), [...rows.keys()]);
          rows.forEach((row, at) => {
            const own = row.kv.positions;
            assert.ok(own <= kv.positions);
            assert.deepEqual(content(kv, slots[at] ?? -1, own), content(row.kv, row.lane, own));
          });
          if (!next.keep) continue;
          const more = fresh(rows.length, next.count);
          let at = 0;
          for (const request of chosen) {
            const own = slots.slice(at, at + request.lanes);
            at += request.lanes;
            const grown = joinKv([{ kv: request.kv }, { kv: more, lanes: own }], shape);
            for (const [lane, slot] of own.entries())
              cache.grow(slot, { kv: more, lane: slot, count: next.count }, { kv: grown, lane });
            request.kv = grown;
            if (grown.positions <= kv.positions) reused++;
          }
        }
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(reused > 50);
});

test('what a cache holds already is not copied again', () => {
  const cache = new JointCache(shape);
  const [a, b] = [fresh(1, 40), fresh(1, 10)];
  const rows = [a, b].map((kv) => ({ kv, lane: 0, room: 60 }));
  cache.arrange(rows);
  // Nobody changes K/V: it is done here so that a copy would show.
  const before = content(a, 0, 40);
  for (const { k } of a.layers) k.fill(0);
  const { kv, slots } = cache.arrange([...rows].reverse());
  assert.deepEqual(
    content(kv, slots[1] ?? -1, 40).filter((value) => value > 0),
    before.filter((value) => value > 0),
  );
  assert.ok(cache.width >= 60 && cache.width % 32 === 0);
  cache.clear();
  assert.equal(cache.width, 0);
});
