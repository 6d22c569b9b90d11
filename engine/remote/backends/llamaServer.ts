// `llama-server` of llama.cpp, by its own `/infill`: it puts the model's tokens for filling in the middle in their places
// (tools/server/README.md). Its `/v1/completions` refuses `suffix`.
import { own } from '../../checkpoint/json';
import { isEngineError } from '../../errors';
import {
  type Backend,
  type BackendFacts,
  COMMON_GAPS,
  FIM_REACH,
  type FillContext,
  type Filled,
  type FilledPiece,
  type FillRequest,
} from '../backend';
import type { ServerClient } from '../serverClient';
import { brokenOff } from '../serverErrors';
import { modelNames } from './modelList';

export class LlamaServer implements Backend {
  readonly reach = FIM_REACH;
  readonly runsOn = true;

  private constructor(
    private readonly client: ServerClient,
    readonly facts: BackendFacts,
  ) {}

  /** Rejects with EngineError also where the model cannot fill in the middle. */
  static async connect(client: ServerClient, signal: AbortSignal | undefined): Promise<LlamaServer> {
    // Nothing is generated: a model without the tokens for it is refused with 501 here and not at the first request.
    await client.trying('rewrite', signal, () =>
      client.ask({
        path: '/infill',
        body: { input_prefix: 'a = ', input_suffix: '\n', n_predict: 0, stream: false },
        signal,
      }),
    );
    const names = await modelNames(client, signal).catch((error: unknown) => {
      if (isEngineError(error) && error.code === 'server-refused') return [];
      throw error;
    });
    return new LlamaServer(client, {
      model: names[0] ?? 'llama-server',
      title: 'llama.cpp server',
      takesInstruction: false,
      gaps: COMMON_GAPS,
      remarks: [],
    });
  }

  fill(request: FillRequest, { signal, priority, onPieces }: FillContext): Promise<Filled> {
    const body = {
      input_prefix: request.before,
      input_suffix: request.after,
      n_predict: request.maxTokens,
      temperature: request.temperature,
      seed: request.seed,
      ...(request.topP === undefined ? {} : { top_p: request.topP }),
      n_probs: 1,
      cache_prompt: true,
      stream: true,
    };
    return this.client.trying(priority, signal, async () => {
      const pieces: FilledPiece[] = [];
      for await (const { data } of this.client.events({ path: '/infill', body, signal })) {
        const event = this.client.objectOf(data);
        const text = own(event, 'content');
        const logProbs = logProbsIn(own(event, 'completion_probabilities'));
        if (typeof text === 'string' && text !== '') pieces.push({ text, logProbs });
        onPieces?.(pieces);
        if (own(event, 'stop') === true) {
          const isCut = own(event, 'stop_type') === 'limit' || own(event, 'stopped_limit') === true;
          return { pieces, isCut };
        }
      }
      throw brokenOff(this.client.party);
    });
  }
}

function logProbsIn(value: unknown): readonly number[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown) => {
    const logProb: unknown = Object(entry).logprob;
    return typeof logProb === 'number' && Number.isFinite(logProb) ? [Math.min(0, logProb)] : [];
  });
}
