// What a checkpoint consists of, whatever it is stored as: the parts that open.ts checks against each other.
import type { JsonObject } from './json';
import type { StoredTensor } from './safetensors';
import type { TokenizerDefinition } from './tokenizerFiles';

export interface CheckpointParts {
  /** Absolute path of the folder, or of the file. */
  readonly root: string;
  /** The name people know the checkpoint by. */
  readonly name: string;
  readonly config: JsonObject;
  /** What `config` is from, for messages. */
  readonly configName: string;
  readonly override: JsonObject | undefined;
  readonly generationConfig: JsonObject | undefined;
  readonly tokenizerConfig: JsonObject | undefined;
  readonly specialTokensMap: JsonObject | undefined;
  readonly stored: ReadonlyMap<string, StoredTensor>;
  readonly tokenizer: TokenizerDefinition;
  /** A chat template that has a file of its own. */
  readonly chatTemplate: string | undefined;
  /** Whether the logits at position i predict token i + 1, where the checkpoint says so itself. */
  readonly shifted?: boolean;
  /** [headSize / 2] divisors of the rotary frequencies, where the checkpoint carries them. */
  readonly ropeFactors?: readonly number[];
}
