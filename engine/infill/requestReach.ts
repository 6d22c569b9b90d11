// What a request takes in, by how its family reads and by the pace of the last passes: a machine that was busy when the model was
// loaded need not be busy now.
import type { Checkpoint } from '../checkpoint/types';
import { largestPass, type PassSize } from '../graph/memory';
import type { InfillParams, ModelSpeed } from '../protocol';
import { availableMemory } from '../runtime/availableMemory';
import { type Pace, SteadyPace } from '../runtime/pace';
import { answering } from './answering';
import {
  contextReach,
  isSlow,
  lookingReach,
  type Reach,
  reachOf,
  readingReach,
  STEP_LOOKED_AT,
  UNBOUNDED,
} from './reach';

/** The pass that writes a token. */
const TOKEN: PassSize = { length: 1, past: 384, rows: 1 };

export class RequestReach {
  private readonly steady: SteadyPace;
  private readonly longest: SteadyPace;

  constructor(
    private readonly checkpoint: Checkpoint,
    private readonly pace: Pace,
  ) {
    this.steady = new SteadyPace(pace, STEP_LOOKED_AT);
    this.longest = new SteadyPace(pace, largestPass(checkpoint));
  }

  /** By the pace that requests go by. */
  get speed(): ModelSpeed {
    const passMillis = this.longest.current?.millisOf(largestPass(this.checkpoint));
    const { current } = this.steady;
    return {
      ...(passMillis === undefined ? {} : { passMillis: Math.ceil(passMillis) }),
      ...(current !== undefined && isSlow(current) ? { isSlow: true } : {}),
    };
  }

  of(params: Pick<InfillParams, 'window' | 'priority' | 'interactive' | 'instruction'>): Reach {
    const { window, priority } = params;
    if (this.isInPlace) return this.inPlace(params);
    const pace = this.paceFor(params);
    if (pace === undefined) return UNBOUNDED;
    const { infill } = answering(this.checkpoint, params).family;
    if (infill.kind === 'prompt') return readingReach(pace, window);
    // A canvas whose sides are cached apart reads little again.
    if (infill.kind === 'cached-canvas') return contextReach(pace);
    const isSuffixFirst = infill.kind === 'fim-order' && infill.order === 'suffix-first';
    const behind = infill.kind === 'left-only' ? 'unseen' : isSuffixFirst ? 'first' : 'last';
    // Passes over one token are made by requests alone, so the steady pace may not know them yet.
    const tokenMillis = this.pace.millisOf(TOKEN);
    return lookingReach(pace, { priority, window, behind, tokenMillis });
  }

  /** Of a score, whose tokens are not denoised. */
  ofScore(params: Pick<InfillParams, 'interactive' | 'window'>): Reach {
    if (this.isInPlace) return this.inPlace(params);
    const pace = this.paceFor(params);
    return pace === undefined ? UNBOUNDED : contextReach(pace);
  }

  private get isInPlace(): boolean {
    return this.checkpoint.family.attention.kind === 'full';
  }

  /** Only where a person waits does an answer depend on the machine. */
  private paceFor({ interactive }: Pick<InfillParams, 'interactive'>): Pace | undefined {
    return interactive ? this.steady.current : undefined;
  }

  private inPlace(params: Pick<InfillParams, 'interactive' | 'window'>): Reach {
    const { window } = params;
    const pace = this.paceFor(params);
    if (pace !== undefined) {
      return reachOf(pace, this.checkpoint.shape, { window, available: availableMemory() });
    }
    return window === undefined ? UNBOUNDED : { ...UNBOUNDED, tokens: window, reading: window };
  }
}
