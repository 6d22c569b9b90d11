// llama.cpp as a text completer, as an editor's server would use it: greedy, with its own tokenizer and its own end
// tokens, and a cache that keeps what the last prompt has in common with the next.
import { LlamaCpp } from './llamaCpp';

/** Tokens evaluated in one batch. */
const BATCH = 512;

interface TextModel {
  init(): Promise<boolean>;
  dispose(): Promise<void>;
  tokenize(text: string, specialTokens: boolean): Uint32Array;
  detokenize(tokens: Uint32Array, specialTokens?: boolean): string;
  prefixToken(): number;
  middleToken(): number;
  suffixToken(): number;
  tokenBos(): number;
  shouldPrependBosToken(): boolean;
  isEogToken(token: number): boolean;
}
interface TextContext {
  init(): Promise<boolean>;
  dispose(): Promise<void>;
  initBatch(size: number): void;
  addToBatch(sequence: number, first: number, tokens: Uint32Array, wanted: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  disposeSequence(sequence: number): void;
  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean;
  sampleToken(row: number, sampler: TextSampler): Promise<number>;
  sampleToken(
    row: number,
    sampler: TextSampler,
    probabilities: boolean,
    confidence: boolean,
    logits: readonly [readonly number[], boolean, boolean, boolean, number],
  ): Promise<readonly [number, unknown, unknown, readonly number[] | undefined]>;
}
interface TextSampler {
  applyConfig(config: { temperature: number }): void;
  dispose(): void;
}
interface TextBinding {
  readonly AddonModel: new (file: string, options: { gpuLayers: number; useMmap: boolean }) => TextModel;
  readonly AddonContext: new (
    model: TextModel,
    options: {
      contextSize: number;
      batchSize: number;
      sequences: number;
      threads: number;
      flashAttention: 'auto' | boolean;
    },
  ) => TextContext;
  readonly AddonSampler: new (model: TextModel) => TextSampler;
}

export interface Completion {
  readonly ids: readonly number[];
  readonly text: string;
  /** Tokens of the prompt that were evaluated: the others were in the cache. */
  readonly evaluated: number;
  /** Whether the model ended it by itself. */
  readonly ended: boolean;
  readonly millis: number;
}

export interface CompletionOptions {
  readonly maxTokens: number;
  /** Looked at after every token: true ends the completion. */
  readonly isEnough?: (text: string) => boolean;
}

export class LlamaText {
  private cached: readonly number[] = [];

  private constructor(
    private readonly model: TextModel,
    private readonly context: TextContext,
    private readonly sampler: TextSampler,
  ) {}

  static async load(
    file: string,
    { threads, contextSize }: { readonly threads: number; readonly contextSize: number },
  ): Promise<LlamaText> {
    const library = await LlamaCpp.open();
    if (typeof library === 'string') throw new Error(`llama.cpp: ${library}`);
    const binding = library.native as unknown as TextBinding;
    const model = new binding.AddonModel(file, { gpuLayers: 0, useMmap: true });
    if (!(await model.init())) throw new Error(`llama.cpp refuses ${file}`);
    const context = new binding.AddonContext(model, {
      contextSize,
      batchSize: BATCH,
      sequences: 1,
      threads,
      flashAttention: 'auto',
    });
    if (!(await context.init())) throw new Error(`llama.cpp made no context for ${file}`);
    const sampler = new binding.AddonSampler(model);
    sampler.applyConfig({ temperature: 0 });
    return new LlamaText(model, context, sampler);
  }

  /** Tokens of plain text; a special token's string in it stays text. */
  encode(text: string): number[] {
    return text === '' ? [] : [...this.model.tokenize(text, false)];
  }

  decode(ids: readonly number[]): string {
    return this.model.detokenize(Uint32Array.from(ids), false);
  }

  /** The prompt that fills in the middle: prefix, suffix, middle, as Qwen2.5-Coder and DeepSeek-Coder want it. */
  fillInTheMiddle(prefix: string, suffix: string): number[] {
    const { model } = this;
    const marks = [model.prefixToken(), model.suffixToken(), model.middleToken()];
    if (marks.some((mark) => mark < 0))
      throw new Error('This model has no tokens to fill in the middle with.');
    const [before = 0, behind = 0, middle = 0] = marks;
    return [...this.opening(), before, ...this.encode(prefix), behind, ...this.encode(suffix), middle];
  }

  /** The prompt of a model that sees the left side alone. */
  leftSide(prefix: string): number[] {
    return [...this.opening(), ...this.encode(prefix)];
  }

  private opening(): number[] {
    return this.model.shouldPrependBosToken() ? [this.model.tokenBos()] : [];
  }

  /** Greedy. */
  async complete(prompt: readonly number[], options: CompletionOptions): Promise<Completion> {
    const started = performance.now();
    const evaluated = prompt.length - this.keep(prompt);
    const ids: number[] = [];
    let row = await this.evaluate(prompt, prompt.length - evaluated);
    let ended = false;
    let text = '';
    while (ids.length < options.maxTokens) {
      const token = await this.context.sampleToken(row, this.sampler);
      ended = token < 0 || this.model.isEogToken(token);
      if (ended) break;
      ids.push(token);
      text = this.decode(ids);
      if (options.isEnough?.(text) === true || ids.length === options.maxTokens) break;
      row = await this.evaluate([...prompt, ...ids], prompt.length + ids.length - 1);
    }
    return { ids, text, evaluated, ended, millis: performance.now() - started };
  }

  /** The greedy continuation, and before each of its tokens the logits of the likeliest `top`, best first. */
  async continuation(
    prompt: readonly number[],
    count: number,
    top: number,
  ): Promise<{ readonly token: number; readonly logits: ReadonlyMap<number, number> }[]> {
    this.forget();
    const found: { token: number; logits: Map<number, number> }[] = [];
    let row = await this.evaluate(prompt, 0);
    for (;;) {
      const [token, , , logits = []] = await this.context.sampleToken(row, this.sampler, false, false, [
        [],
        false,
        false,
        true,
        top,
      ]);
      const pairs = Array.from(
        { length: logits.length / 2 },
        (_, i) => [logits[2 * i] ?? 0, logits[2 * i + 1] ?? 0] as const,
      );
      found.push({ token, logits: new Map(pairs) });
      if (found.length === count) return found;
      const ids = [...prompt, ...found.map((step) => step.token)];
      row = await this.evaluate(ids, ids.length - 1);
    }
  }

  /** Empties the cache. */
  forget(): void {
    this.context.disposeSequence(0);
    this.cached = [];
  }

  async dispose(): Promise<void> {
    this.sampler.dispose();
    await this.context.dispose();
    await this.model.dispose();
  }

  /** Tokens that stay in the cache: the last one of the prompt is always evaluated, for its logits. */
  private keep(prompt: readonly number[]): number {
    let common = 0;
    const most = Math.min(prompt.length - 1, this.cached.length);
    while (common < most && prompt[common] === this.cached[common]) common++;
    if (common === 0 || !this.context.removeTokenCellsFromSequence(0, common, -1)) {
      this.forget();
      return 0;
    }
    return common;
  }

  /** Evaluates `ids` from `from` on; the row of the last one. */
  private async evaluate(ids: readonly number[], from: number): Promise<number> {
    let row = 0;
    for (let at = from; at < ids.length; at += BATCH) {
      const part = ids.slice(at, at + BATCH);
      const isLast = at + BATCH >= ids.length;
      this.context.initBatch(part.length);
      const wanted = isLast ? Uint32Array.of(part.length - 1) : new Uint32Array(0);
      const rows = this.context.addToBatch(0, at, Uint32Array.from(part), wanted);
      await this.context.decodeBatch();
      row = rows.at(-1) ?? 0;
    }
    this.cached = [...ids];
    return row;
  }
}
