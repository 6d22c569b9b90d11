// A pass takes in so many tokens around the masks it is asked about, and what it is asked stays the same.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { Lane, Prediction } from '../../../engine/denoiser';
import { CroppedDenoiser } from '../../../engine/runtime/croppedDenoiser';

class Recording {
  readonly calls: (readonly Lane[])[] = [];
  async predict(lanes: readonly Lane[]): Promise<Prediction[][]> {
    this.calls.push(lanes);
    return lanes.map(({ asks }) =>
      asks.map(({ position }) => ({
        ids: Int32Array.of(position),
        logProbs: Float32Array.of(0),
        entropy: 0,
        targetLogProb: 0,
      })),
    );
  }
  dispose(): void {
    this.calls.length = 0;
  }
}

const NO_BIAS = new Float32Array(4);
const ENDS = { bos: true, eos: true };
const tokens = Int32Array.from({ length: 100 }, (_, index) => 1000 + index);
const lane = (...positions: number[]): Lane => ({
  tokens,
  asks: positions.map((position) => ({ position, bias: NO_BIAS })),
});

function seenBy(recording: Recording, call = 0) {
  const [first] = recording.calls[call] ?? [];
  return {
    tokens: Array.from(first?.tokens ?? []),
    asked: first?.asks.map(({ position }) => first.tokens[position]) ?? [],
  };
}

describe('a cropped canvas', () => {
  test('keeps what stands around the masks, and both ends of the text', async () => {
    const recording = new Recording();
    await new CroppedDenoiser(recording, 20, ENDS).predict([lane(50, 51)], { temperature: 0 });
    const seen = seenBy(recording);
    assert.equal(seen.tokens.length, 22);
    assert.equal(seen.tokens[0], 1000);
    assert.equal(seen.tokens.at(-1), 1099);
    assert.deepEqual(seen.asked, [1050, 1051]);
    const [from, to] = [seen.tokens[1] ?? 0, seen.tokens.at(-2) ?? 0];
    assert.ok(from < 1045 && to > 1056, `${from} … ${to}`);
  });

  test('goes on with what it saw where cells come and go among the masks, until these are too many', async () => {
    const recording = new Recording();
    const cropped = new CroppedDenoiser(recording, 20, ENDS);
    await cropped.predict([lane(50, 51)], { temperature: 0 });
    const first = seenBy(recording).tokens;
    const grown = (count: number): Lane => ({
      tokens: Int32Array.from([
        ...tokens.subarray(0, 51),
        ...Array<number>(count).fill(9),
        ...tokens.subarray(51),
      ]),
      asks: [{ position: 51, bias: NO_BIAS }],
    });
    await cropped.predict([grown(1)], { temperature: 0 });
    const at = first.indexOf(1051);
    assert.deepEqual(seenBy(recording, 1).tokens, [...first.slice(0, at), 9, ...first.slice(at)]);
    await cropped.predict([lane(51)], { temperature: 0 });
    assert.deepEqual(seenBy(recording, 2).tokens, first);
    await cropped.predict([grown(60)], { temperature: 0 });
    assert.equal(seenBy(recording, 3).tokens.length, 22);
  });

  test('of lanes that grew by different numbers of cells, each keeps the same around its masks', async () => {
    const recording = new Recording();
    const grown = (count: number): Lane => ({
      tokens: Int32Array.from([
        ...tokens.subarray(0, 51),
        ...Array<number>(count).fill(9),
        ...tokens.subarray(51),
      ]),
      asks: [50, 50 + count].map((position) => ({ position, bias: NO_BIAS })),
    });
    const lanes = [grown(0), grown(3), grown(1)];
    await new CroppedDenoiser(recording, 20, ENDS).predict(lanes, { temperature: 0 });
    const [seen = []] = recording.calls;
    assert.deepEqual(
      seen.map((one) => one.asks.map(({ position }) => one.tokens[position])),
      [
        [1050, 1050],
        [1050, 9],
        [1050, 9],
      ],
    );
    const own = seen.map((one) => Array.from(one.tokens).filter((token) => token !== 9));
    assert.ok((own[0]?.length ?? 99) <= 22, 'no pass takes in everything');
    assert.deepEqual(own[1], own[0]);
    assert.deepEqual(own[2], own[0]);
  });

  test('at the ends nothing is doubled', async () => {
    for (const position of [1, 99]) {
      const recording = new Recording();
      await new CroppedDenoiser(recording, 20, ENDS).predict([lane(position)], { temperature: 0 });
      const seen = seenBy(recording);
      assert.equal(new Set(seen.tokens).size, seen.tokens.length);
      assert.deepEqual(seen.asked, [1000 + position]);
      assert.ok(seen.tokens.includes(1000 + position - 1), 'a shifted model reads the one before');
    }
  });

  test('stays where it is as long as the masks are in it, and moves on with them', async () => {
    const recording = new Recording();
    const denoiser = new CroppedDenoiser(recording, 20, ENDS);
    for (const positions of [[50, 51, 52], [52], [80]])
      await denoiser.predict([lane(...positions)], { temperature: 0 });
    assert.deepEqual(seenBy(recording, 1).tokens, seenBy(recording, 0).tokens);
    assert.notDeepEqual(seenBy(recording, 2).tokens, seenBy(recording, 0).tokens);
    assert.deepEqual(seenBy(recording, 2).asked, [1080]);
  });

  test('masks further apart than that are all in it; a short canvas is left as it is', async () => {
    const apart = new Recording();
    await new CroppedDenoiser(apart, 20, ENDS).predict([lane(30, 70)], { temperature: 0 });
    assert.deepEqual(seenBy(apart).asked, [1030, 1070]);
    const whole = new Recording();
    await new CroppedDenoiser(whole, 100, ENDS).predict([lane(30)], { temperature: 0 });
    assert.deepEqual(seenBy(whole).tokens, Array.from(tokens));
  });
});
