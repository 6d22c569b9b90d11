// What a request is said to take in memory, from what is known of it before it is made.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { FAMILIES } from '../../../engine/checkpoint/families';
import type { Family } from '../../../engine/checkpoint/family';
import { canvasBytes } from '../../../engine/graph/memory';
import { UNBOUNDED } from '../../../engine/infill/reach';
import { type MemoryFacts, memoryOf, memoryOfRequest } from '../../../engine/infill/requestMemory';
import { Pace } from '../../../engine/runtime/pace';
import { HALF } from './halfBillion';

const ELEVEN_MILLION = {
  ...HALF,
  layers: 5,
  heads: 5,
  kvHeads: 5,
  headSize: 64,
  hiddenSize: 320,
  ffnSize: 896,
  vocabSize: 8192,
};

/** MB of the process with this shape loaded in int8. */
const LOADED = 675;

function familyOf(id: string): Family {
  const known = FAMILIES.get(id);
  assert.ok(known);
  return known.family;
}

const LINE: MemoryFacts = {
  family: familyOf('dreamon'),
  reach: UNBOUNDED,
  ...{ window: 1912, masks: 16, answer: 128, candidates: 1, isExact: false },
};
const bytesOf = (changes: Partial<MemoryFacts>) => memoryOfRequest(HALF, { ...LINE, ...changes });

describe('the memory of a request', () => {
  test('is that of its largest pass: a line, ten lines, and a line on a slow machine', () => {
    const slow = { ...UNBOUNDED, tokens: 460, masks: 16 };
    for (const [changes, measured] of [
      [{}, 1488],
      // Expands to 256 masks.
      [{ window: 2018, masks: 132, answer: 198 }, 1550],
      [{ reach: slow }, 814],
    ] as const) {
      const said = LOADED + bytesOf(changes) / 1e6;
      assert.ok(Math.abs(said / measured - 1) < 0.1, `${said} said, ${measured} measured`);
    }
  });

  test('of several candidates holds the K/V of each, and a multiple only where they are run together', () => {
    const fixed = familyOf('dream');
    const steps = UNBOUNDED.refreshEvery;
    const passes = { family: fixed, masks: steps };
    const kv = 2 * 4 * HALF.layers * HALF.kvHeads * HALF.headSize;
    assert.ok(bytesOf({ ...passes, candidates: 3 }) < 1.2 * bytesOf(passes), 'they begin alike');
    const parted = { ...passes, masks: steps + 1 };
    const more = bytesOf({ ...parted, candidates: 3 }) - bytesOf(parted);
    assert.ok(more >= 1 * LINE.window * kv && more < 3 * LINE.window * kv, `${more / kv} positions`);
    const exact = { ...passes, isExact: true };
    assert.ok(bytesOf({ ...exact, candidates: 3 }) < 1.1 * bytesOf(exact), 'nothing is kept');
    const short = { window: 100, masks: steps + 1 };
    for (const family of [fixed, LINE.family]) {
      const eight = bytesOf({ ...short, family, candidates: 8 }) - canvasBytes(HALF);
      assert.ok(eight > 2 * (bytesOf({ ...short, family }) - canvasBytes(HALF)), 'in one pass');
    }
  });

  test('of candidates that part by their lengths holds no K/V of each', () => {
    for (const [changes, measured] of [
      [{ window: 1904 }, 1324],
      [{ window: 2016, masks: 132, answer: 198 }, 1381],
    ] as const) {
      const said = LOADED + bytesOf({ ...changes, candidates: 3 }) / 1e6;
      assert.ok(Math.abs(said / measured - 1) < 0.1, `${said} said, ${measured} measured`);
    }
  });

  test('counts the passes that come before the first step, each by itself', () => {
    const asking = (changes: Partial<MemoryFacts>) => bytesOf({ family: familyOf('dream'), ...changes });
    const lengths = asking({ lengths: [[8, 10, 12, 16]] });
    assert.ok(lengths >= asking({}) && lengths < 1.1 * asking({}), 'a length after the other');
    const short = { window: 100 };
    assert.ok(asking({ ...short, lengths: [[8, 10, 12, 16]] }) > 1.3 * asking(short), 'together');
    const grown = { masks: 20, window: LINE.window + 4 };
    assert.equal(asking({ lengths: [[20, 20]] }), asking(grown), 'one that is a fifth longer may be taken');
    const longer = asking({ masks: 250, window: LINE.window + 234 });
    const least = 1 - (2 * 2 * 4 * HALF.layers * HALF.kvHeads * HALF.headSize * LINE.window) / longer;
    for (const wanted of [[250], [250, 250]]) {
      const share = asking({ lengths: [wanted] }) / longer;
      assert.ok(share > least && share < 1, `each with its own masks: ${share}`);
    }
    const slow = { ...UNBOUNDED, tokens: 460, masks: 16 };
    const cropped = asking({ reach: slow, lengths: [[8, 12, 16, 24, 32]] });
    assert.ok(cropped < 1.2 * asking({ reach: slow }), 'no pass takes in more than the machine is asked for');
    const [ten, growing] = [ELEVEN_MILLION, { window: 1970, masks: 740, candidates: 3, answer: 1110 }];
    const lengthsAsked = [[455, 569, 711, 740, 889, 1110]];
    const said = memoryOfRequest(ten, {
      ...LINE,
      family: familyOf('dream'),
      ...growing,
      lengths: lengthsAsked,
    });
    const measured = 692 - 123;
    assert.ok(Math.abs(said / 1e6 / measured - 1) < 0.1, `${said / 1e6} said, ${measured} measured`);
    assert.equal(bytesOf({ scoring: { passes: 6, tokens: 2000 } }), bytesOf({}));
  });

  test('of a model that expands has room for half as much again, at most what the answer may have', () => {
    const fixed = (changes: Partial<MemoryFacts>) => bytesOf({ family: familyOf('dream'), ...changes });
    const grownTo = (masks: number) => ({ masks, window: LINE.window + masks - LINE.masks });
    assert.equal(bytesOf({}), fixed(grownTo(24)));
    assert.equal(bytesOf({ answer: 20 }), fixed(grownTo(20)));
    assert.equal(bytesOf({ answer: 8 }), fixed(grownTo(16)));
  });

  test('of a model that goes block by block grows with context, answer and candidates', () => {
    const facts = { family: familyOf('sdar') };
    const line = bytesOf(facts);
    assert.ok(line < bytesOf({}) / 2, 'it reads in pieces');
    assert.ok(bytesOf({ ...facts, window: 1000 }) < line);
    assert.ok(bytesOf({ ...facts, answer: 1000 }) > line);
    assert.ok(bytesOf({ ...facts, candidates: 3 }) > line);
    const compared = bytesOf({ ...facts, masks: 100, isCompared: true });
    assert.ok(
      compared > bytesOf({ ...facts, masks: 100 }),
      'whole answers are compared in a pass of their own',
    );
    const canvas = { family: familyOf('palimpsest') };
    assert.equal(
      bytesOf({ ...canvas, answer: 900 }),
      bytesOf({ ...canvas, answer: 128 }),
      'a hole has its gap',
    );
  });
});

describe('what is said of a loaded model', () => {
  const checkpoint = { shape: HALF, family: familyOf('dreamon') };

  test('is the largest request, and on a slow machine the largest that is adapted to it', () => {
    const slow = new Pace(HALF);
    slow.record({ length: 32, past: 1, rows: 8 }, 100);
    const said = memoryOf(checkpoint, slow, 496e6);
    assert.ok(said.adapted !== undefined && said.adapted < said.request / 2);
    assert.ok(Math.abs((said.weights + (said.process ?? 0)) / 1e6 / LOADED - 1) < 0.1);
    const fast = new Pace(HALF);
    fast.record({ length: 32, past: 1, rows: 8 }, 1);
    assert.equal(memoryOf(checkpoint, fast, 496e6).adapted, undefined);
    assert.equal(
      memoryOf(checkpoint, new Pace(HALF), 496e6).adapted,
      undefined,
      'nothing is known of its pace',
    );
    const blocks = { shape: HALF, family: familyOf('sdar') };
    const [one, two] = [slow, fast].map((pace) => memoryOf(blocks, pace, 496e6).request);
    assert.ok((two ?? 0) > (one ?? 0), 'a machine that is not slow makes two candidates');
    assert.ok(memoryOf(blocks, fast, 496e6, true).request > (two ?? 0), 'and compares them');
    assert.equal(memoryOf(blocks, slow, 496e6).adapted, undefined);
  });
});
