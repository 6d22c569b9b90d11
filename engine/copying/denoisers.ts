// Denoisers that copy: each wraps one of the model's and mixes what stands elsewhere into its predictions.
import type {
  BlockDenoiser,
  HoleContext,
  Hypothesis,
  InPlaceDenoiser,
  Lane,
  Prediction,
  PredictOptions,
  Rescored,
  RescoreRequest,
} from '../denoiser';
import {
  type Around,
  type Copying,
  copiesFor,
  mixLane,
  predictAlone,
  SIDE_TOKENS,
  withTargets,
} from './runs';

async function predictWith(
  lanes: readonly Lane[],
  around: (lane: Lane, index: number) => Around,
  copying: Copying,
  ask: (lanes: readonly Lane[]) => Promise<Prediction[][]>,
): Promise<Prediction[][]> {
  const copies = lanes.map((lane, index) => copiesFor(lane, around(lane, index), copying));
  if (copying.alone)
    return lanes.map((lane, index) => predictAlone(lane, copies[index] ?? [], copying.prior.end));
  const asked = lanes.map((lane, index) => withTargets(lane, copies[index] ?? []));
  const predictions = await ask(asked);
  return lanes.map((lane, index) =>
    mixLane(lane, copies[index] ?? [], predictions[index] ?? [], copying.weight),
  );
}

export class CopyingInPlaceDenoiser implements InPlaceDenoiser {
  constructor(
    private readonly inner: InPlaceDenoiser,
    private readonly copying: Copying,
  ) {}

  predict(lanes: readonly Lane[], options: PredictOptions): Promise<Prediction[][]> {
    const around: Around = { before: [], after: [], from: 0, goesOn: false };
    return predictWith(
      lanes,
      () => around,
      this.copying,
      (asked) => this.inner.predict(asked, options),
    );
  }
}

export class CopyingBlockDenoiser implements BlockDenoiser {
  private sides: Pick<Around, 'before' | 'after' | 'head' | 'tail'> = { before: [], after: [] };
  private lead = 0;
  /** Committed blocks by lane, without what the first one began with. */
  private readonly settled = new Map<number, number[]>();

  constructor(
    private readonly inner: BlockDenoiser,
    private readonly copying: Copying,
  ) {}

  get blockLength(): number {
    return this.inner.blockLength;
  }
  get maxBlocks(): number {
    return this.inner.maxBlocks;
  }
  async open(
    context: HoleContext,
    lanes: number,
    signal?: AbortSignal,
  ): Promise<{ readonly lead: Int32Array }> {
    this.settled.clear();
    const { before, after, sides } = context;
    this.sides = {
      ...sides,
      before: [...(sides ?? { before }).before.slice(-SIDE_TOKENS)],
      after: [...(sides ?? { after }).after.slice(0, SIDE_TOKENS)],
    };
    this.copying.prior.turn();
    if (this.copying.alone) {
      this.lead = 0;
      return { lead: new Int32Array(0) };
    }
    const opening = this.inner.open(context, lanes, signal);
    // What stands on both sides, before anything is denoised.
    this.warm();
    const opened = await opening;
    this.lead = opened.lead.length;
    return opened;
  }

  predict(lanes: readonly Lane[], options: PredictOptions): Promise<Prediction[][]> {
    const around = (lane: Lane, index: number): Around => {
      const settled = this.settled.get(lane.lane ?? index);
      return settled
        ? { ...this.sides, before: [...this.sides.before, ...settled], head: '', from: 0, goesOn: true }
        : { ...this.sides, from: this.lead, goesOn: true };
    };
    return predictWith(lanes, around, this.copying, (asked) => this.inner.predict(asked, options));
  }

  /** The model's affair; what stands elsewhere is proposed to it, too. */
  async rescore(request: RescoreRequest): Promise<readonly Rescored[] | undefined> {
    if (this.copying.alone) return undefined;
    const copies = request.continuation > 0 ? this.hypotheses() : [];
    return this.inner.rescore?.({ ...request, hypotheses: [...request.hypotheses, ...copies] });
  }

  private warm(): void {
    const { prior } = this.copying;
    const [left, right] = this.texts();
    prior.drafts(left, right);
    prior.analogies(left, right);
  }

  /** What stands on both sides of the hole. */
  private texts(): [string, string] {
    const { tokenizer } = this.copying;
    const { before, after } = this.sides;
    return [tokenizer.decode(before), tokenizer.decode(after)];
  }

  private hypotheses(): Hypothesis[] {
    const { prior } = this.copying;
    const [left, right] = this.texts();
    return [
      ...prior.drafts(left, right).map(({ text, share, order, right: agreed }): Hypothesis => {
        return { ids: prior.encode(text), source: 'copy', copy: { share, order, right: agreed } };
      }),
      ...prior
        .analogies(left, right)
        .flatMap(({ text, onward, share, order, right: agreed }): Hypothesis[] => {
          const analogy = { source: 'analogy', copy: { share, order, right: agreed } } as const;
          const further = { ...analogy, ids: prior.encode(text + onward), goesOn: true };
          return [{ ...analogy, ids: prior.encode(text) }, ...(onward === '' ? [] : [further])];
        }),
    ];
  }

  async commit(
    blocks: readonly Int32Array[],
    lanes: readonly number[] = blocks.map((_, index) => index),
    signal?: AbortSignal,
  ): Promise<void> {
    if (!this.copying.alone) await this.inner.commit(blocks, lanes, signal);
    for (const [index, lane] of lanes.entries()) {
      const known = this.settled.get(lane);
      const block = blocks[index]?.subarray(known ? 0 : this.lead) ?? [];
      this.settled.set(lane, [...(known ?? []), ...block]);
    }
  }
}
