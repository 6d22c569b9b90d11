// Chat completions of the OpenAI protocol: SGLang, LMDeploy and vLLM with a diffusion model, and any other server of that kind.
// They answer prompts; none of them fills masks between given tokens.
import {
  type Backend,
  type BackendFacts,
  COMMON_GAPS,
  type FillContext,
  type Filled,
  type FillRequest,
} from '../backend';
import { chatPrompt, codeIn } from '../chatPrompt';
import type { ServerClient } from '../serverClient';
import { chosenModel } from './modelList';
import { OpenAiStream } from './openAiStream';

/** Tokens that an answer needs besides its code: fences, and a sentence that nobody asked for. */
const SPARE = 256;

export class Chat implements Backend {
  readonly reach = { before: 16_000, after: 8000 };
  readonly codeOf = codeIn;
  private readonly stream: OpenAiStream;

  private constructor(
    client: ServerClient,
    private readonly model: string,
    readonly facts: BackendFacts,
  ) {
    this.stream = new OpenAiStream(client, { logprobs: true });
  }

  /** Rejects with EngineError. */
  static async connect(
    client: ServerClient,
    named: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Chat> {
    const model = await chosenModel(client, named, signal);
    return new Chat(client, model, {
      model,
      title: 'OpenAI-compatible chat',
      takesInstruction: true,
      gaps: COMMON_GAPS,
      remarks: [],
    });
  }

  fill(request: FillRequest, context: FillContext): Promise<Filled> {
    const body = {
      model: this.model,
      messages: [{ role: 'user', content: chatPrompt(request) }],
      max_tokens: request.maxTokens + SPARE,
      temperature: request.temperature,
      ...(request.topP === undefined ? {} : { top_p: request.topP }),
      seed: request.seed,
      stream: true,
    };
    return this.stream.fill('/chat/completions', body, context);
  }
}
