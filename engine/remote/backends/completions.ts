// Completions of the OpenAI protocol with `suffix`: Ollama, DeepSeek, SGLang with a completion template, llama-cpp-python, and
// `palimpsest serve` for those that know no better. Whether a server reads the suffix is found out once: some leave it out.
import { own } from '../../checkpoint/json';
import { EngineError, isEngineError } from '../../errors';
import {
  type Backend,
  type BackendFacts,
  COMMON_GAPS,
  FIM_REACH,
  type FillContext,
  type Filled,
  type FillRequest,
} from '../backend';
import type { ServerClient } from '../serverClient';
import { chosenModel } from './modelList';
import { OpenAiStream, wholeAnswer } from './openAiStream';

const PATH = '/completions';

export class Completions implements Backend {
  readonly reach = FIM_REACH;
  readonly runsOn = true;
  private readonly stream: OpenAiStream;

  private constructor(
    client: ServerClient,
    private readonly model: string,
    readonly facts: BackendFacts,
  ) {
    this.stream = new OpenAiStream(client, { logprobs: 1 });
  }

  /** Rejects with EngineError also where the server refuses a suffix. */
  static async connect(
    client: ServerClient,
    named: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Completions> {
    const model = await chosenModel(client, named, signal);
    const sees = await seesSuffix(client, model, signal);
    return new Completions(client, model, {
      model,
      title: 'OpenAI-compatible completions',
      takesInstruction: false,
      gaps: sees ? COMMON_GAPS : [...COMMON_GAPS, 'behind'],
      remarks: [],
    });
  }

  fill(request: FillRequest, context: FillContext): Promise<Filled> {
    const body = {
      model: this.model,
      prompt: request.before,
      suffix: request.after,
      max_tokens: request.maxTokens,
      temperature: request.temperature,
      ...(request.topP === undefined ? {} : { top_p: request.topP }),
      seed: request.seed,
      stream: true,
    };
    return this.stream.fill(PATH, body, context);
  }
}

const PROBE = 'The fruit of the day is ';
const SUFFIXES = [
  '. Everybody likes an apple.\n',
  '. Everybody who likes pears and grapes knows that a lemon is sour.\n',
];

/**
 * Whether two suffixes of different lengths make a difference to how many tokens the server reads. A server that does not count
 * them is believed: equal answers alone may be those of a weak model.
 */
async function seesSuffix(
  client: ServerClient,
  model: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const counts: unknown[] = [];
  for (const suffix of SUFFIXES) {
    const body = { model, prompt: PROBE, suffix, max_tokens: 1, temperature: 0, stream: false };
    const answer = await client
      .trying('rewrite', signal, () => client.ask({ path: PATH, body, signal }))
      .catch((error: unknown) => {
        throw isAboutSuffix(error) ? noSuffix(client, error) : error;
      });
    // Without a choice it is no server of this kind.
    wholeAnswer(client, answer);
    const usage: { prompt_tokens?: unknown } = Object(own(answer, 'usage'));
    counts.push(usage.prompt_tokens);
  }
  const [short, long] = counts;
  return typeof short !== 'number' || short === 0 || short !== long;
}

function isAboutSuffix(error: unknown): error is EngineError {
  return (
    isEngineError(error) &&
    error.code === 'server-refused' &&
    /suffix|unsupported param/i.test(String(error.data['detail'] ?? ''))
  );
}

function noSuffix({ party: { host } }: ServerClient, error: EngineError): EngineError {
  return new EngineError(
    'server-refused',
    `${host} does not fill in the middle: its completions refuse a suffix. For llama.cpp, choose the kind llama-server; for vLLM and others, the kind openai-chat. It says: ${String(error.data['detail'])}`,
    error.data,
  );
}
