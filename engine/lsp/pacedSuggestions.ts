// Text at the cursor that an editor asks for by itself, where it would come in time: a model that is too slow for it keeps no
// processor busy. Who asks by key waits as long as it takes.
import { throwIfCancelled, toEngineError } from '../errors';
import { BackOff } from '../ghost/backOff';
import { Wait } from '../ghost/wait';
import { type Candidate, DEFAULT_GATE, type InfillParams } from '../protocol';
import type { EngineKeeper } from '../rpc/engineKeeper';

interface PacedOptions {
  readonly keeper: Pick<EngineKeeper, 'use'>;
  /** Whether the engine has something else to do first, so that waiting says nothing about the model. */
  readonly isBusy: () => boolean;
  /** Told once why nothing comes by itself. */
  readonly log: (message: string) => void;
  readonly now?: () => number;
}

/** Tokens of a suggestion: what one reads before going on. */
const SUGGESTION_TOKENS = 48;

type Asked = Pick<InfillParams, 'text' | 'language' | 'spans' | 'document'>;

export class PacedSuggestions {
  private readonly backOff: BackOff;
  private hasTold = false;
  /** Of each document, what ends its last request. */
  private readonly last = new Map<string, AbortController>();

  constructor(private readonly options: PacedOptions) {
    this.backOff = new BackOff(options.now);
  }

  /** Whether nothing is asked for now, except by key. */
  get isResting(): boolean {
    return this.backOff.silence !== undefined;
  }

  /**
   * Undefined: an answer would come too late, or did. Rejects with EngineError. Another one for the document ends it, wherever it is: in the
   * engine, one that is estimated longer would come behind that, and take its place.
   * @param wanted fires when the answer is not wanted any more, as when somebody types on
   */
  async ask(
    asked: Asked,
    isInvoked: boolean,
    wanted: AbortSignal,
  ): Promise<readonly Candidate[] | undefined> {
    const { document = '' } = asked;
    this.last.get(document)?.abort();
    const own = new AbortController();
    this.last.set(document, own);
    try {
      return await this.answer(asked, isInvoked, AbortSignal.any([wanted, own.signal]));
    } finally {
      if (this.last.get(document) === own) this.last.delete(document);
    }
  }

  private async answer(
    asked: Asked,
    isInvoked: boolean,
    signal: AbortSignal,
  ): Promise<readonly Candidate[] | undefined> {
    const { keeper, isBusy, now } = this.options;
    const wait = new Wait(signal, this.backOff, isInvoked, isBusy, now);
    let name = '';
    try {
      const result = await keeper.use(async ({ client, model }) => {
        ({ name } = model);
        const params: Omit<InfillParams, 'requestId'> = {
          ...{ model: model.folder, ...asked },
          ...{ priority: 'ghost', maxTokens: SUGGESTION_TOKENS, interactive: true },
          gate: model.gate ?? DEFAULT_GATE,
        };
        const estimate = () => client.estimate(params, wait.signal);
        if (!(await wait.beginIfWorthIt(model.isSlow, estimate))) return undefined;
        throwIfCancelled(wait.signal);
        const listening = { signal: wait.signal, onBegun: () => wait.begin(), onRead: () => wait.read() };
        return client.infill({ ...params, ...(model.isSlow && { events: true }) }, listening);
      }, wait.signal);
      if (result !== undefined) wait.answered(result.millis);
      return result?.candidates;
    } catch (thrown) {
      const { code } = toEngineError(thrown);
      // The next key ends a request here, before it could answer: that says nothing of the model.
      if (code === 'superseded' || signal.aborted) wait.typedPast();
      else if (code === 'cancelled') return undefined;
      throw thrown;
    } finally {
      wait.end();
      this.tell(name);
    }
  }

  private tell(name: string): void {
    const { silence } = this.backOff;
    if (this.hasTold || silence === undefined || silence === 'busy' || 'refused' in silence) return;
    this.hasTold = true;
    const seconds = (silence.slow / 1000).toFixed(1);
    this.options.log(
      `Text at the cursor takes ${seconds} s or more here with ${name}, so it comes only when you ask for it by key.`,
    );
  }
}
