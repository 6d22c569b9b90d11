// OpenAI's completions as an infill of one span between prompt and suffix, and back. Pure.
import type { InfillParams, InfillResult } from '../protocol';
import { flag, integer, list, number, object, type Read, text } from '../rpc/fields';
import { HttpError } from './httpError';

const LONGEST = 20_000_000;
const DEFAULT_TOKENS = 128;
const MOST_STOPS = 16;

interface Body {
  readonly prompt: string;
  readonly model?: string;
  readonly suffix?: string;
  readonly max_tokens?: number;
  readonly temperature?: number;
  readonly top_p?: number;
  readonly seed?: number;
  readonly n?: number;
  readonly best_of?: number;
  readonly stop?: readonly string[];
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly echo?: boolean;
  readonly logprobs?: number;
  readonly language?: string;
}

const anyText = text(LONGEST);
const stopText = text(1000, 1);
const stops: Read<readonly string[]> = (value, path) =>
  typeof value === 'string' ? [stopText(value, path)] : list(0, MOST_STOPS, stopText)(value, path);
/** Several prompts would be several requests. */
const onePrompt: Read<string> = (value, path) =>
  Array.isArray(value) ? (list(1, 1, anyText)(value, path)[0] ?? '') : anyText(value, path);

const BODY = object<Body>(
  { prompt: onePrompt },
  {
    model: text(4096, 1),
    suffix: anyText,
    max_tokens: integer(1, 1_000_000),
    temperature: number(0, 100),
    top_p: number(0, 1, true),
    seed: integer(0, Number.MAX_SAFE_INTEGER),
    n: integer(1, 64),
    best_of: integer(1, 64),
    stop: stops,
    stream: flag,
    stream_options: object<{ readonly include_usage?: boolean }>({}, { include_usage: flag }),
    echo: flag,
    logprobs: integer(0, 100),
    language: text(256),
  },
);

export interface Completion {
  readonly model: string | undefined;
  readonly params: Omit<InfillParams, 'requestId' | 'model'>;
  readonly stops: readonly string[];
  readonly maxTokens: number;
  readonly stream: boolean;
  readonly usage: boolean;
}

/** @throws EngineError `option-invalid`, HttpError `option-invalid` for what a diffusion model cannot give */
export function readCompletion(value: unknown): Completion {
  const body = BODY(value, '');
  const { prompt, suffix = '', n = 1, max_tokens: maxTokens = DEFAULT_TOKENS } = body;
  if (body.echo === true) throw refused('echo');
  if (body.logprobs !== undefined) throw refused('logprobs');
  if ((body.best_of ?? n) > n) throw refused('best_of');
  return {
    model: body.model,
    params: {
      priority: 'ghost',
      text: prompt + suffix,
      spans: [{ start: prompt.length, end: prompt.length }],
      maxTokens,
      candidates: n,
      ...(body.temperature === undefined ? {} : { temperature: body.temperature }),
      ...(body.top_p === undefined ? {} : { topP: body.top_p }),
      ...(body.seed === undefined ? {} : { seed: body.seed }),
      ...(body.language === undefined ? {} : { language: body.language }),
    },
    stops: body.stop ?? [],
    maxTokens,
    stream: body.stream ?? false,
    usage: body.stream_options?.include_usage ?? false,
  };
}

/** The object of an answer; `id` and `created` (seconds since 1970) are the caller's. */
export function completionAnswer(
  { stops, maxTokens }: Pick<Completion, 'stops' | 'maxTokens'>,
  { model, candidates, tokens }: InfillResult,
  id: string,
  created: number,
) {
  const texts = candidates.length === 0 ? [''] : candidates.map(({ spans }) => spans[0]?.text ?? '');
  const isFull = tokens >= maxTokens * Math.max(1, candidates.length);
  return {
    id: `cmpl-${id}`,
    object: 'text_completion',
    created,
    model,
    choices: texts.map((whole, index) => {
      const cut = beforeStop(whole, stops);
      const finish_reason = isFull && cut.length === whole.length ? 'length' : 'stop';
      return { index, text: cut, logprobs: null, finish_reason };
    }),
    usage: { prompt_tokens: 0, completion_tokens: tokens, total_tokens: tokens },
  };
}

/** The same as the chunks of a stream, the end mark included. */
export function completionChunks(
  answer: ReturnType<typeof completionAnswer>,
  withUsage: boolean,
): readonly string[] {
  const { usage, ...chunk } = answer;
  return [
    JSON.stringify(withUsage ? { ...chunk, usage: null } : chunk),
    ...(withUsage ? [JSON.stringify({ ...chunk, choices: [], usage })] : []),
    '[DONE]',
  ];
}

function beforeStop(whole: string, stops: readonly string[]): string {
  const places = stops.map((stop) => whole.indexOf(stop)).filter((place) => place >= 0);
  return places.length === 0 ? whole : whole.slice(0, Math.min(...places));
}

function refused(name: string): HttpError {
  return new HttpError('option-invalid', `\`${name}\` is not supported. Leave it out.`, {
    data: { path: name },
  });
}
