// Scripted models for the loops' tests: a small vocabulary, logits as a function of what stands in the canvas, and the
// graph's own arithmetic on them (bias, temperature, softmax, top-k, entropy), so that only the weights are made up.
import type { Canvas, Cell, Hole } from '../../../engine/canvas/types';
import type { SpecialIds } from '../../../engine/checkpoint/family';
import type { EncodedText, TextTokenizer } from '../../../engine/checkpoint/types';
import type {
  Ask,
  BlockDenoiser,
  HoleContext,
  InPlaceDenoiser,
  Lane,
  Prediction,
  PredictOptions,
} from '../../../engine/denoiser';

const SPECIAL_NAMES = ['mask', 'bos', 'eos', 'pad', 'expand', 'delete', 'end'] as const;
const PIECES = [
  ...'abcdefgh(){}:;=+ \n',
  ...[
    'ab',
    'bc',
    'cd',
    'de',
    'fa',
    'foo',
    'bar',
    'foobar',
    'oob',
    'obar',
    'ar',
    '  ',
    '    ',
    'ret',
    'return',
    'urn',
  ],
];

/** Special tokens first, then pieces of text; encodes by the longest match. */
class FakeTokenizer implements TextTokenizer {
  readonly size = SPECIAL_NAMES.length + PIECES.length;
  private readonly encoder = new TextEncoder();
  private readonly decoder = new TextDecoder();

  bytes(id: number): Uint8Array {
    return this.encoder.encode(PIECES[id - SPECIAL_NAMES.length] ?? '');
  }
  decode(ids: ArrayLike<number>): string {
    return this.decoder.decode(Uint8Array.from(Array.from(ids).flatMap((id) => [...this.bytes(id)])));
  }
  isSpecial(id: number): boolean {
    return id < SPECIAL_NAMES.length;
  }
  specialId(text: string): number | undefined {
    const id = SPECIAL_NAMES.findIndex((name) => `<${name}>` === text);
    return id < 0 ? undefined : id;
  }
  id(piece: string): number {
    const index = PIECES.indexOf(piece);
    if (index < 0) throw new Error(`no such piece: ${piece}`);
    return SPECIAL_NAMES.length + index;
  }
  encode(text: string): EncodedText {
    const ids: number[] = [];
    const starts: number[] = [];
    for (let at = 0; at < text.length; ) {
      const piece = PIECES.filter((candidate) => text.startsWith(candidate, at)).sort(
        (a, b) => b.length - a.length,
      )[0];
      if (piece === undefined) throw new Error(`cannot encode ${JSON.stringify(text.slice(at))}`);
      ids.push(this.id(piece));
      starts.push(at);
      at += piece.length;
    }
    return {
      ids: Int32Array.from(ids),
      starts: Int32Array.from(starts),
      splitsCharacter: new Uint8Array(ids.length),
    };
  }
}

export const tokenizer = new FakeTokenizer();
/** More logits than tokens, as in real checkpoints. */
export const VOCABULARY = tokenizer.size + 3;
export const SPECIALS: Required<Pick<SpecialIds, (typeof SPECIAL_NAMES)[number]>> = {
  mask: 0,
  bos: 1,
  eos: 2,
  pad: 3,
  expand: 4,
  delete: 5,
  end: 6,
};

export const ids = (text: string): Int32Array => tokenizer.encode(text).ids;
export const textOf = (tokens: ArrayLike<number>): string => tokenizer.decode(tokens);
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export function holeOf(options: Partial<Hole> & { readonly cells?: readonly Cell[] } = {}): Hole {
  return { span: 0, cells: [], head: new Uint8Array(0), tail: new Uint8Array(0), ...options };
}

/** Text and holes in turn: strings are text. */
export function canvasOf(...parts: readonly (string | Hole)[]): Canvas {
  return {
    segments: parts.map((part) =>
      typeof part === 'string' ? { kind: 'text', ids: ids(part) } : { kind: 'hole', hole: part },
    ),
    specials: SPECIALS,
    window: { start: 0, end: 0 },
  };
}

/** Logits by token id; what is not named has 0. */
export type Logits = ReadonlyMap<number, number>;

/** The graph's outputs for one asked-for row. */
export function predictionOf(logits: Logits, ask: Ask, temperature: number, topK = 8): Prediction {
  const scale = temperature > 0 ? 1 / temperature : 1;
  const row = Array.from(
    { length: VOCABULARY },
    (_, id) => ((logits.get(id) ?? 0) + (ask.bias?.[id] ?? 0)) * scale,
  );
  const largest = Math.max(...row);
  const norm = largest + Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
  const logProbs = row.map((logit) => logit - norm);
  const best = logProbs.map((_, id) => id).sort((a, b) => (logProbs[b] ?? 0) - (logProbs[a] ?? 0) || a - b);
  const top = best.slice(0, topK);
  return {
    ids: Int32Array.from(top),
    logProbs: Float32Array.from(top, (id) => logProbs[id] ?? Number.NaN),
    entropy: logProbs.reduce((sum, value) => sum - Math.exp(value) * Math.max(value, -1e9), 0),
    targetLogProb: ask.target === undefined ? 0 : (logProbs[ask.target] ?? Number.NaN),
  };
}

/** What the scripted model thinks of one position of one lane. */
export type Script = (lane: Lane, position: number, context: HoleContext | undefined) => Logits;

export class FakeInPlace implements InPlaceDenoiser {
  forwards = 0;
  /** What each forward pass was given. */
  readonly calls: (readonly Lane[])[] = [];

  constructor(
    private readonly script: Script,
    private readonly change: (prediction: Prediction) => Prediction = (prediction) => prediction,
  ) {}

  predict(lanes: readonly Lane[], { temperature }: PredictOptions): Promise<Prediction[][]> {
    this.forwards++;
    this.calls.push(lanes);
    return Promise.resolve(
      lanes.map((lane) =>
        lane.asks.map((ask) =>
          this.change(predictionOf(this.script(lane, ask.position, undefined), ask, temperature)),
        ),
      ),
    );
  }
}

/** Keeps a log of what was opened and committed, and refuses what a real cache could not do. */
export class FakeBlocks implements BlockDenoiser {
  forwards = 0;
  readonly opened: { readonly context: HoleContext; readonly lanes: number }[] = [];
  readonly predicted: (readonly Lane[])[] = [];
  readonly committed: { readonly blocks: readonly Int32Array[]; readonly lanes: readonly number[] }[] = [];
  private alive: readonly number[] = [];
  /** Tokens of each lane's committed blocks. */
  private written = new Map<number, number[]>();

  constructor(
    readonly blockLength: number,
    readonly maxBlocks: number,
    /** Sees the lane with its committed blocks in front; `position` counts from there. */
    private readonly script: Script,
    private readonly options: {
      readonly lead?: boolean;
      readonly change?: (prediction: Prediction) => Prediction;
    } = {},
  ) {}

  open(context: HoleContext, lanes: number): Promise<{ lead: Int32Array }> {
    this.opened.push({ context, lanes });
    this.alive = Array.from({ length: lanes }, (_, lane) => lane);
    this.written = new Map();
    const whole = context.before.length - (context.before.length % this.blockLength);
    return Promise.resolve({
      lead: this.options.lead === true ? context.before.slice(whole) : new Int32Array(0),
    });
  }

  predict(lanes: readonly Lane[], { temperature }: PredictOptions): Promise<Prediction[][]> {
    this.forwards++;
    this.predicted.push(lanes);
    const context = this.opened.at(-1)?.context;
    return Promise.resolve(
      lanes.map((lane, index) => {
        const number = lane.lane ?? index;
        this.mustBeAlive(number);
        this.mustFit(lane.tokens);
        if (lane.tokens.length !== lanes[0]?.tokens.length) throw new Error('lanes of unlike lengths');
        const earlier = this.written.get(number) ?? [];
        const seen = { ...lane, tokens: Int32Array.from([...earlier, ...lane.tokens]) };
        return lane.asks.map((ask) => {
          const logits = this.script(seen, earlier.length + ask.position, context);
          const prediction = predictionOf(logits, ask, temperature);
          return this.options.change ? this.options.change(prediction) : prediction;
        });
      }),
    );
  }

  commit(blocks: readonly Int32Array[], lanes: readonly number[] = blocks.map((_, i) => i)): Promise<void> {
    this.forwards++;
    this.committed.push({ blocks, lanes });
    blocks.forEach((block, index) => {
      const lane = lanes[index] ?? -1;
      this.mustBeAlive(lane);
      this.mustBeBlock(block);
      if (block.includes(SPECIALS.mask)) throw new Error('a mask was written to the cache');
      this.written.set(lane, [...(this.written.get(lane) ?? []), ...block]);
    });
    this.alive = lanes;
    return Promise.resolve();
  }

  private mustBeAlive(lane: number): void {
    if (!this.alive.includes(lane)) throw new Error(`lane ${lane} is over`);
  }
  private mustBeBlock(tokens: Int32Array): void {
    if (tokens.length !== this.blockLength) throw new Error(`a block of ${tokens.length} tokens`);
  }
  /** Nothing stands behind the last cell: a block that is denoised may be shorter than one that is written. */
  private mustFit(tokens: Int32Array): void {
    if (tokens.length > this.blockLength || tokens.length === 0)
      throw new Error(`a block of ${tokens.length} tokens`);
  }
}

/** Logits that want one token, the more the surer. */
export function wants(token: number, sureness: number, other?: { token: number; sureness: number }): Logits {
  return new Map([[token, sureness], ...(other ? [[other.token, other.sureness] as const] : [])]);
}
