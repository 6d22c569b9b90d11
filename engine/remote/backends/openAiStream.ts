// Answers of the OpenAI protocol, whole or in pieces: completions and chat have them under different names.
import { isObject, type JsonObject, own } from '../../checkpoint/json';
import { EngineError } from '../../errors';
import { Passing } from '../../http/passing';
import type { FillContext, Filled, FilledPiece } from '../backend';
import type { ServerClient } from '../serverClient';
import { brokenOff, invalidAnswer } from '../serverErrors';

interface Choice {
  readonly piece: FilledPiece | undefined;
  /** Why the answer ended; undefined: it goes on. */
  readonly finish: string | undefined;
}

/** Asks for probabilities until a server turns out to refuse them: some answer with an error then. */
export class OpenAiStream {
  private givesLogProbs: boolean;

  /** `logProbs`: what to send for the probabilities of the tokens. */
  constructor(
    private readonly client: ServerClient,
    private readonly logProbs: object | undefined,
  ) {
    this.givesLogProbs = logProbs !== undefined;
  }

  /** Rejects with EngineError. */
  async fill(path: string, body: object, { signal, priority, onPieces }: FillContext): Promise<Filled> {
    const ask = () =>
      this.client.trying(priority, signal, () =>
        this.once(path, { ...body, ...(this.givesLogProbs ? this.logProbs : {}) }, signal, onPieces).catch(
          (error: unknown) => {
            if (!this.givesLogProbs || !isAboutLogProbs(error)) throw error;
            this.givesLogProbs = false;
            return this.once(path, body, signal, onPieces);
          },
        ),
      );
    return ask();
  }

  private async once(
    path: string,
    body: object,
    signal: AbortSignal,
    onPieces: FillContext['onPieces'],
  ): Promise<Filled> {
    const { client } = this;
    const pieces: FilledPiece[] = [];
    let finish: string | undefined;
    for await (const { data } of client.events({ path, body, signal })) {
      if (data.trim() === '[DONE]') return { pieces, isCut: finish === 'length' };
      const choice = choiceIn(client.objectOf(data));
      if (choice?.piece !== undefined) {
        pieces.push(choice.piece);
        onPieces?.(pieces);
      }
      finish = choice?.finish ?? finish;
    }
    if (finish === undefined) throw brokenOff(client.party);
    return { pieces, isCut: finish === 'length' };
  }
}

/** The answer of a request without `stream`. @throws EngineError */
export function wholeAnswer(client: ServerClient, answer: JsonObject): Filled {
  const choice = choiceIn(answer);
  if (choice === undefined)
    throw invalidAnswer(client.party, 'answers without a choice. Check the URL and the kind of server.');
  return { pieces: choice.piece === undefined ? [] : [choice.piece], isCut: choice.finish === 'length' };
}

/** Undefined where there is none, as in events that only count tokens. */
function choiceIn(answer: JsonObject): Choice | undefined {
  const choices = own(answer, 'choices');
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  if (!isObject(choice)) return undefined;
  const text = textIn(choice);
  const finish = own(choice, 'finish_reason');
  return {
    piece: text === '' ? undefined : { text, logProbs: logProbsIn(own(choice, 'logprobs')) },
    finish: typeof finish === 'string' ? finish : undefined,
  };
}

/** `text` of completions; `delta.content` or `message.content` of chat, which may be a list of parts. */
function textIn(choice: JsonObject): string {
  const text = own(choice, 'text');
  if (typeof text === 'string') return text;
  for (const name of ['delta', 'message']) {
    const part = own(choice, name);
    const content = isObject(part) ? own(part, 'content') : undefined;
    if (typeof content === 'string') return content;
    if (Array.isArray(content))
      return content.map((one: unknown) => (isObject(one) ? String(own(one, 'text') ?? '') : '')).join('');
  }
  return '';
}

function logProbsIn(value: unknown): readonly number[] {
  if (!isObject(value)) return [];
  const ofCompletions = own(value, 'token_logprobs');
  const ofChat = own(value, 'content');
  const found: readonly unknown[] = Array.isArray(ofCompletions)
    ? ofCompletions
    : Array.isArray(ofChat)
      ? ofChat.map((entry: unknown) => (isObject(entry) ? own(entry, 'logprob') : undefined))
      : [];
  return found.flatMap((one) => (typeof one === 'number' && Number.isFinite(one) ? [Math.min(0, one)] : []));
}

function isAboutLogProbs(error: unknown): boolean {
  const failure = error instanceof Passing ? error.failure : error;
  return failure instanceof EngineError && /logprob|logits_all/i.test(String(failure.data['detail'] ?? ''));
}
