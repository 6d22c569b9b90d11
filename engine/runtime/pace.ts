// How fast this model is on this machine, learnt from the passes it makes: from that follow the windows that a person does not
// wait long for, and how long a request will take.
import type { DecoderShape } from '../checkpoint/types';
import { linearWeights, type PassSize } from '../graph/memory';
import { type ForwardRequest, openBias } from './forward';
import { voidKv } from './kvState';

/** Of so many passes of a size the fastest counts: what else the machine did meanwhile is not the model's pace. */
const LOOKED_BACK = 5;
/** A pass of so many more or fewer powers of two of tokens says what the probe said, and better. */
const LIKE_THE_PROBE = 2;
/** The pass by which a model is timed before anybody waits for it. */
const PROBE_TOKENS = 32;
const PROBE_ROWS = 8;
/** Of a pass that took less, the first time counts what was done for the first time. */
const REPEATED_BELOW = 500;
/** A pace that changed less, by this factor, changes no window: a request then gets the answer that it got before. */
const OTHER_PACE = 1.3;

/** Multiplications of a pass, the layers', the attention's and the head's. */
function workOf(shape: DecoderShape, { lanes = 1, length, past, rows }: PassSize): number {
  const { vocabSize, hiddenSize, layers, heads, headSize } = shape;
  const head = vocabSize * hiddenSize;
  const perToken = linearWeights(shape) - head + 2 * layers * heads * headSize * (past + length);
  return lanes * length * perToken + rows * head;
}

/** Milliseconds for one multiplication. */
interface Rates {
  readonly last: readonly number[];
  readonly best: number;
}

export class Pace {
  /** By the power of two of a pass's tokens. */
  private readonly rates = new Map<number, Rates>();
  /** How many times longer the last passes took, of whatever size, than the fastest of their size. */
  private slowdowns: readonly number[] = [];
  /** The size of the probe, as long as nothing else is known of passes like it. */
  private probed: number | undefined;

  constructor(private readonly shape: DecoderShape) {}

  get isKnown(): boolean {
    return this.rates.size > 0;
  }

  /** As it is now: what is recorded later does not change it. */
  copy(): Pace {
    const copy = new Pace(this.shape);
    for (const [size, rates] of this.rates) copy.rates.set(size, rates);
    copy.slowdowns = this.slowdowns;
    copy.probed = this.probed;
    return copy;
  }

  /** `isProbe`: made for nobody, when the machine was busy with loading; passes of requests replace what it says. */
  record(pass: PassSize, millis: number, isProbe = false): void {
    const rate = millis / workOf(this.shape, pass);
    if (!(rate > 0)) return;
    const size = sizeOf(pass);
    if (this.probed !== undefined && Math.abs(size - this.probed) <= LIKE_THE_PROBE) {
      this.rates.delete(this.probed);
      this.probed = undefined;
    }
    if (isProbe) this.probed = size;
    const known = this.rates.get(size);
    // The first of its size is as slow as the machine is busy.
    const best = known === undefined ? rate / this.slowdown : Math.min(rate, known.best);
    this.rates.set(size, { last: [...(known?.last ?? []), rate].slice(-LOOKED_BACK), best });
    // The first of its size says nothing of how busy the machine is.
    if (known !== undefined) this.slowdowns = [...this.slowdowns, rate / best].slice(-LOOKED_BACK);
  }

  /**
   * Of a pass like this, by the passes most like it; undefined where none was made. Where those were made when the machine was busier
   * than the last passes of other sizes found it, their best time counts, as much slower as the machine is now.
   */
  millisOf(pass: PassSize): number | undefined {
    const wanted = sizeOf(pass);
    let nearest: { readonly distance: number; readonly rates: Rates } | undefined;
    for (const [size, rates] of this.rates) {
      const distance = Math.abs(size - wanted);
      if (nearest === undefined || distance < nearest.distance) nearest = { distance, rates };
    }
    if (nearest === undefined) return undefined;
    const { last, best } = nearest.rates;
    const now = this.slowdowns.length < LOOKED_BACK ? Number.POSITIVE_INFINITY : best * this.slowdown;
    return Math.min(...last, now) * workOf(this.shape, pass);
  }

  /** How busy the machine is, by its last passes: 1 is not at all, or not known. */
  private get slowdown(): number {
    return this.slowdowns.length < LOOKED_BACK ? 1 : Math.min(...this.slowdowns);
  }

  /** Most of something, up to 16,384, so that the pass of so many takes no longer; infinite where nothing is known. */
  mostWithin(millis: number, passOf: (count: number) => PassSize): number {
    if (!this.isKnown) return Number.POSITIVE_INFINITY;
    let most = 0;
    for (let step = 2 ** 13; step >= 1; step /= 2) {
      if ((this.millisOf(passOf(most + step)) ?? 0) <= millis) most += step;
    }
    return most;
  }
}

function sizeOf({ lanes = 1, length }: PassSize): number {
  return Math.floor(Math.log2(Math.max(1, lanes * length)));
}

/** Makes one pass, or two, to learn the pace before the first request. */
export async function probePace(
  run: (request: ForwardRequest) => Promise<unknown>,
  shape: DecoderShape,
  pace: Pace,
  now: () => number = () => performance.now(),
): Promise<void> {
  const request: ForwardRequest = {
    lanes: 1,
    ids: new Int32Array(PROBE_TOKENS),
    positions: Int32Array.from({ length: PROBE_TOKENS }, (_, index) => index),
    past: voidKv(shape),
    bias: openBias(1, PROBE_TOKENS),
    asks: Array.from({ length: PROBE_ROWS }, (_, row) => ({ row })),
    temperature: 0,
    keep: false,
  };
  const timed = async () => {
    const begun = now();
    await run(request);
    return now() - begun;
  };
  const first = await timed();
  const millis = first < REPEATED_BELOW ? Math.min(first, await timed()) : first;
  pace.record({ length: PROBE_TOKENS, past: 1, rows: PROBE_ROWS }, millis, true);
}

/** The pace that windows follow: that of the model's last passes, once it is another one. */
export class SteadyPace {
  private steady: Pace | undefined;

  /** `of`: what the passes are recorded in; `like`: the pass by which two paces are compared. */
  constructor(
    private readonly of: Pace,
    private readonly like: PassSize,
  ) {}

  /** Undefined where nothing is known. A request asks once, at its beginning. */
  get current(): Pace | undefined {
    const now = this.of.millisOf(this.like);
    if (now === undefined) return undefined;
    const then = this.steady?.millisOf(this.like);
    const isOther = then === undefined || now > OTHER_PACE * then || then > OTHER_PACE * now;
    if (isOther || this.steady === undefined) this.steady = this.of.copy();
    return this.steady;
  }
}
