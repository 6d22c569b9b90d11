// A canvas longer than one pass should take in: each pass sees what stands around the masks that it is asked about, and the two
// ends of the text. What is cut off stays the same from step to step as long as it can, for the cache behind.
import type { InPlaceDenoiser, Lane, Prediction, PredictOptions } from '../denoiser';

interface Crop {
  /** Positions of the canvas, the end exclusive; the ends of the text come on top. */
  readonly start: number;
  readonly end: number;
}

/** Cells by which a canvas changes from one step to the next, and by which a pass may take in more than it should. */
const MOST_GROWN = 32;

export class CroppedDenoiser implements InPlaceDenoiser {
  private last: { readonly length: number; readonly crop: Crop } | undefined;

  /**
   * @param tokens most tokens of a pass; more where the asked-for positions lie further apart
   * @param ends what a text begins and ends with, which is kept
   */
  constructor(
    private readonly inner: InPlaceDenoiser & { dispose(): void },
    private readonly tokens: number,
    private readonly ends: { readonly bos: boolean; readonly eos: boolean },
  ) {}

  predict(lanes: readonly Lane[], options: PredictOptions): Promise<Prediction[][]> {
    const length = Math.max(...lanes.map((lane) => lane.tokens.length));
    // In each lane masks came and went: from the front of the first to the back of the last, as the longest one counts.
    const asked = lanes.flatMap((lane) => {
      const grown = length - lane.tokens.length;
      return lane.asks.flatMap(({ position }) => [position, position + grown]);
    });
    if (length <= this.tokens || asked.length === 0) return this.inner.predict(lanes, options);
    const crop = this.cropFor(Math.min(...asked), Math.max(...asked) + 1, length);
    return this.inner.predict(
      lanes.map((lane) => this.cropped(lane, { ...crop, end: crop.end - (length - lane.tokens.length) })),
      options,
    );
  }

  private cropped(lane: Lane, { start, end }: Crop): Lane {
    const { length } = lane.tokens;
    const head = this.ends.bos && start > 0 ? 1 : 0;
    const tail = this.ends.eos && end < length ? 1 : 0;
    const tokens = new Int32Array(head + end - start + tail);
    if (head > 0) tokens[0] = lane.tokens[0] ?? 0;
    tokens.set(lane.tokens.subarray(start, end), head);
    if (tail > 0) tokens[tokens.length - 1] = lane.tokens[length - 1] ?? 0;
    const asks = lane.asks.map((ask) => ({ ...ask, position: ask.position - start + head }));
    return { ...lane, tokens, asks };
  }

  dispose(): void {
    this.inner.dispose();
  }

  private cropFor(first: number, end: number, length: number): Crop {
    const { last } = this;
    // A shifted model speaks of a position at the one before it.
    const from = Math.max(0, first - 1);
    if (last?.length === length && last.crop.start <= from && end <= last.crop.end) return last.crop;
    // Where cells came or went among the masks, what is seen around them stays the same.
    const grown = last === undefined ? 0 : length - last.length;
    if (last !== undefined && Math.abs(grown) <= MOST_GROWN) {
      const crop = { start: last.crop.start, end: last.crop.end + grown };
      const isNear = Math.abs(crop.end - crop.start - this.tokens) <= MOST_GROWN;
      if (isNear && crop.start <= from && end <= crop.end) {
        this.last = { length, crop };
        return crop;
      }
    }
    const width = Math.max(this.tokens, end - from);
    const around = width - (end - from);
    const start = Math.max(0, Math.min(from - Math.ceil(around / 2), length - width));
    const crop = { start, end: Math.min(length, start + width) };
    this.last = { length, crop };
    return crop;
  }
}
