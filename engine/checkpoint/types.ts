// What an opened checkpoint is to the rest of the engine: headers and facts, never weights.
import type { Family, SpecialIds } from './family';

export type TensorDtype = 'F32' | 'F16' | 'BF16';

/** Types of values as files hold them: plain ones, and ggml's blocks. */
export type PackedType = TensorDtype | 'Q4_0' | 'Q4_1' | 'Q5_0' | 'Q5_1' | 'Q8_0' | 'Q4_K' | 'Q5_K' | 'Q6_K';

/** Why a tensor cannot be used where it lies: it has to be read through graph/tensorReader.ts. */
interface Packing {
  readonly type: PackedType;
  /**
   * Number of heads whose rows stand in pairs (0, half, 1, half + 1, …), as GGUF files of some architectures have Q and
   * K for interleaved rotary. The reader gives the rows in the order of everything else.
   */
  readonly interleavedHeads?: number;
}

/** Where one tensor lies on disk. `offset` and `length` in bytes from the start of the file. */
export interface TensorLocation {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  /** Absolute path with links resolved. */
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  /** Where there is one, `dtype` is that of the values as they are read. */
  readonly packing?: Packing;
}

/** Rope scaling as the families use it; `none` is plain rotary. */
export type RopeScaling =
  | { readonly kind: 'none' }
  | { readonly kind: 'linear'; readonly factor: number }
  /** `originalContext`: the length beyond which the base grows, whatever limit a family sets. */
  | { readonly kind: 'dynamic'; readonly factor: number; readonly originalContext: number }
  | {
      readonly kind: 'yarn';
      readonly factor: number;
      readonly originalContext: number;
      readonly betaFast: number;
      readonly betaSlow: number;
      readonly attentionFactor?: number;
    }
  | {
      readonly kind: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalContext: number;
    }
  /** [headSize / 2] what each frequency is divided by. */
  | { readonly kind: 'factors'; readonly factors: readonly number[] };

/** `rms`: root mean square, with a gain; `layer`: mean and variance (arXiv 1607.06450), with a gain and a bias. */
type NormKind = 'rms' | 'layer';

/** `swiglu`: down(silu(gate) · up), arXiv 2002.05202; `gelu`: down(gelu(up)), by GELU's tanh formula (arXiv 1606.08415). */
type MlpKind = 'swiglu' | 'gelu';

/** The decoder's shape, the same for every family. Lengths in elements. */
export interface DecoderShape {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly ffnSize: number;
  /** Rows of the embedding table and of the head (can exceed the tokenizer's vocabulary). */
  readonly vocabSize: number;
  /** Of the residual stream; norms of queries and keys are root mean squares in every family. */
  readonly norm: NormKind;
  readonly normEpsilon: number;
  readonly mlp: MlpKind;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
  readonly contextLength: number;
  readonly tiedHead: boolean;
  readonly qkNorm: boolean;
}

/** Roles of a decoder's tensors, whatever their names in the file. `layer` counts from 0. */
export type LayerRole =
  | 'attentionNorm'
  | 'query'
  | 'key'
  | 'value'
  | 'attentionOut'
  | 'queryNorm'
  | 'keyNorm'
  | 'ffnNorm'
  | 'gate'
  | 'up'
  | 'down';
export type BiasRole = `${Exclude<LayerRole, 'queryNorm' | 'keyNorm' | 'gate'>}Bias`;
/** Roles that some families' layers do without. */
type OptionalRole = 'queryNorm' | 'keyNorm' | 'gate' | BiasRole;
export type LayerTensors = Readonly<
  Record<Exclude<LayerRole, OptionalRole>, TensorLocation> & Partial<Record<OptionalRole, TensorLocation>>
>;
export interface DecoderTensors {
  readonly embedding: TensorLocation;
  readonly finalNorm: TensorLocation;
  readonly finalNormBias?: TensorLocation;
  /** The embedding table again where the head is tied. [vocabSize, hiddenSize] */
  readonly head: TensorLocation;
  readonly layers: readonly LayerTensors[];
}

/**
 * Text ↔ tokens of one checkpoint. Offsets are UTF-16 units into the text given; text round-trips exactly, but that a
 * lone surrogate comes back as U+FFFD, which is what saving a file as UTF-8 makes of it as well.
 */
export interface TextTokenizer {
  /** Highest id + 1, added tokens included. Can be below the model's `vocabSize`; ids in between are nothing. */
  readonly size: number;
  /**
   * Tokens of plain text: a special token's string inside it is ordinary text, and nothing is normalised away.
   * `starts[i]` is the UTF-16 offset at which token i begins; a token that begins inside a character (byte-level
   * pieces of one character) has the offset of that character's start, and `splitsCharacter[i]` is 1.
   */
  encode(text: string): EncodedText;
  /** Bytes of one token, empty for special tokens. */
  bytes(id: number): Uint8Array;
  /** Text of a sequence; special tokens give nothing; invalid UTF-8 gives U+FFFD. */
  decode(ids: ArrayLike<number>): string;
  /** Whether the id is an added special token. */
  isSpecial(id: number): boolean;
  /** Id of a special token by its string. */
  specialId(text: string): number | undefined;
}
export interface EncodedText {
  readonly ids: Int32Array;
  readonly starts: Int32Array;
  readonly splitsCharacter: Uint8Array;
}

/** Token ids around the one message of a conversation, up to where the answer begins. */
export interface ChatLayout {
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** Token that ends an answer; absent where the template does not say: the family's own. */
  readonly end?: number;
}

/** What is added to a projection: B(A x), low-rank. */
export interface AdaptedProjection {
  /** [rank, in] */
  readonly a: TensorLocation;
  /** [out, rank] */
  readonly b: TensorLocation;
}

/** What lets masks say what an autoregressive model is going to write (adapter.ts). */
export interface Adapter {
  /** Absolute path of its folder. */
  readonly folder: string;
  /** The same of the base: its folder, or its GGUF file. */
  readonly base: string;
  /** sha256 in hexadecimal digits, by the base name of each of the base's weight files. */
  readonly baseFiles: ReadonlyMap<string, string>;
  /** What B(A x) is multiplied by. */
  readonly scale: number;
  /** Most masks of one pass. */
  readonly masks: number;
  /** In place of a mask's row of the embedding table. [hiddenSize] */
  readonly maskEmbedding: TensorLocation;
  /** By the name of the base's tensor. */
  readonly projections: ReadonlyMap<string, AdaptedProjection>;
}

export interface Checkpoint {
  /** Absolute path of the folder, or of the GGUF file. */
  readonly folder: string;
  /** Name of the folder, the repository or the file. */
  readonly name: string;
  readonly family: Family;
  readonly shape: DecoderShape;
  readonly tensors: DecoderTensors;
  readonly tokenizer: TextTokenizer;
  readonly specials: SpecialIds;
  /** Type of most weights as they are stored. */
  readonly storedDtype: PackedType;
  /** Number of parameters (a tied head counts once). */
  readonly parameters: number;
  /** Language id (VS Code's) → token that opens a file of that language, where the tokenizer has such. */
  readonly languageTokens: Readonly<Record<string, number>>;
  readonly adapter?: Adapter;
  /** How a message is put before the model, where the family can answer one and the checkpoint says how. */
  readonly chat?: ChatLayout;
  /** Sentences about what is unusual but not wrong (for instance a missing generation_config.json). */
  readonly remarks: readonly string[];
}
