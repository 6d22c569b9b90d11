// A family's denoiser: which loop it is for, and how its K/V is kept, follow from the descriptor alone.
import type { Checkpoint } from '../checkpoint/types';
import type { BlockDenoiser } from '../denoiser';
import { EngineError } from '../errors';
import { rotaryFrequencies } from '../graph/rotary';
import { rescore } from '../rescoring/rescore';
import { AutoregressiveDenoiser } from '../runtime/autoregressiveDenoiser';
import { CachedBlockDenoiser } from '../runtime/cachedBlockDenoiser';
import { CroppedDenoiser } from '../runtime/croppedDenoiser';
import { type Forward, passOf } from '../runtime/forward';
import {
  BlockCausalContext,
  CanvasContext,
  type ContextEncoder,
  type SuffixFirst,
} from '../runtime/holeContext';
import { CachedInPlaceDenoiser } from '../runtime/inPlaceDenoiser';
import { Pace } from '../runtime/pace';
import { endsOf } from './layout';
import { type Reach, UNBOUNDED } from './reach';

/** Most blocks of a block-causal answer. */
const MAX_BLOCKS = 256;
/** Most tokens of an autoregressive answer. */
const MAX_TOKENS = 1024;

/** A pass over so many tokens takes its time by the token. */
const MANY_TOKENS = 32;

type DisposableDenoiser = BlockDenoiser & { close(): void; dispose(): void };

export class Denoisers {
  private blocks: DisposableDenoiser | undefined;
  private readonly forward: Forward;
  private runs = 0;
  /** Of the request that is worked on: passes are given up for it. Absent: each is made to its end. */
  signal: AbortSignal | undefined;

  constructor(
    private readonly checkpoint: Pick<Checkpoint, 'family' | 'shape' | 'specials' | 'adapter'>,
    forward: Forward,
    private readonly pace = new Pace(checkpoint.shape),
  ) {
    this.forward = {
      deviceCache: forward.deviceCache,
      get sharers() {
        return forward.sharers ?? 1;
      },
      run: async (request) => {
        this.runs++;
        const begun = performance.now();
        const { signal } = this;
        const result = await forward.run(signal ? { ...request, signal } : request);
        if (!forward.isTimed) this.pace.record(passOf(request), performance.now() - begun);
        return result;
      },
    };
  }

  /** Forward passes of the model so far, those that encode the context too; a batch counts once. */
  get forwards(): number {
    return this.runs;
  }

  /** Whether the family denoises whole canvases; else it goes block by block. */
  get areInPlace(): boolean {
    return this.checkpoint.family.attention.kind === 'full';
  }

  /** One for each request: its cache is of this canvas, and a pass takes in so many tokens of it. To be disposed of. */
  inPlace(
    cache: 'dual' | 'exact',
    { tokens, refreshEvery, isSlow }: Pick<Reach, 'tokens' | 'refreshEvery' | 'isSlow'> = UNBOUNDED,
    { family, specials, shape }: Pick<Checkpoint, 'family' | 'shape' | 'specials'> = this.checkpoint,
  ): CroppedDenoiser {
    const whole = new CachedInPlaceDenoiser(this.forward, shape, {
      shifted: family.shifted,
      cache,
      refreshEvery,
      movesOn: isSlow,
      ...(isSlow ? { inverseFrequencies: rotaryFrequencies(shape).inverse } : {}),
      padToken: specials.pad ?? specials.mask,
    });
    return new CroppedDenoiser(whole, tokens, endsOf(family));
  }

  /** One for the model's whole life: what it knows of the context stays from request to request. */
  blockwise(): DisposableDenoiser {
    if (this.blocks) return this.blocks;
    const { family, shape, specials, adapter } = this.checkpoint;
    const { attention } = family;
    if (attention.kind === 'full') {
      throw new EngineError('internal', `${family.title} is denoised in place, not block by block.`);
    }
    if (attention.kind === 'block-causal' && attention.blockLength === 1 && family.shifted) {
      this.blocks = new AutoregressiveDenoiser(this.forward, shape, {
        maxTokens: MAX_TOKENS,
        opening: specials.bos ?? specials.eos ?? specials.mask,
        millisOf: (length, past) => this.millisOf(length, past),
        ...(adapter ? { masks: { token: specials.mask, most: adapter.masks } } : {}),
      });
      return this.blocks;
    }
    const isCanvas = attention.kind === 'cached-canvas';
    const encoder: ContextEncoder = isCanvas
      ? new CanvasContext(this.forward, shape, {
          holeGap: attention.holeGap,
          suffixSeesPrefix: attention.suffixSeesPrefix,
          ...(attention.suffixFirst ? { suffixFirst: this.suffixFirst(attention.blockLength === 1) } : {}),
          inverseFrequencies: rotaryFrequencies(shape).inverse,
          rescorer: rescore,
        })
      : new BlockCausalContext(this.forward, shape, attention.blockLength);
    this.blocks = new CachedBlockDenoiser(this.forward, shape, encoder, {
      blockLength: attention.blockLength,
      maxBlocks: isCanvas ? Math.floor(attention.holeGap / attention.blockLength) : MAX_BLOCKS,
      shifted: family.shifted,
      causalBlocks: isCanvas && attention.suffixFirst,
    });
    return this.blocks;
  }

  /** By the line through what passes over one token and over many take: passes over a few are seldom made unless they pay. */
  private millisOf(length: number, past: number): number | undefined {
    const at = (tokens: number) => this.pace.millisOf({ length: tokens, past, rows: tokens });
    const [one, many] = [at(1), at(MANY_TOKENS)];
    if (one === undefined || many === undefined) return undefined;
    const tokens = length * (this.forward.sharers ?? 1);
    return one + ((tokens - 1) * Math.max(0, many - one)) / (MANY_TOKENS - 1);
  }

  private suffixFirst(isRunLater: boolean): SuffixFirst {
    const { family, shape, specials } = this.checkpoint;
    const { hole, end } = specials;
    if (hole === undefined || end === undefined)
      throw new EngineError('token-missing', `${family.title} has no token that opens or ends an answer.`);
    // The suffix stands in front of the prefix, and neither is longer than half of the context.
    return { origin: Math.floor(shape.contextLength / 2), hole, end, isRunLater };
  }

  /** At the end of each request: what was written in place of holes takes as much memory as all that stands around them, for each candidate. */
  close(): void {
    this.blocks?.close();
  }

  dispose(): void {
    this.blocks?.dispose();
    this.blocks = undefined;
  }
}
