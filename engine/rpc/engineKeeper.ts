// An engine for programs without an editor: started when it is first needed, its model loaded, and started again when it crashes
// or loses its GPU.
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError, isEngineError, throwIfCancelled, toEngineError } from '../errors';
import type { LoadModelParams, LoadProgress, ModelDescription } from '../protocol';
import { EngineClient, type EngineClientOptions } from './engineClient';
import { isCrash, STOPPED } from './failures';
import { patienceWith } from './hangTimeout';
import type { Log } from './log';
import { atSpeed, type ReadyEngine } from './readyEngine';
import { RestartBudget } from './restartBudget';
import { unlessAborted } from './unlessAborted';

/** `failed`: it did not start, or crashed too often; the next use tries again. */
export type KeeperState = 'stopped' | 'loading' | 'ready' | 'restarting' | 'failed';

export interface KeeperOptions {
  readonly engine: Omit<EngineClientOptions, 'signal' | 'hangMillis'>;
  readonly model: LoadModelParams;
  readonly log: Log;
  readonly onProgress?: (progress: LoadProgress) => void;
  readonly onState?: (state: KeeperState, error?: EngineError) => void;
  readonly budget?: RestartBudget;
}

export class EngineKeeper {
  private readonly budget: RestartBudget;
  private readonly closing = new AbortController();
  private readonly clients = new Set<EngineClient>();
  /** Those that were stopped for what befell one request: the others that ran are not to blame. */
  private readonly replaced = new WeakSet<EngineClient>();
  private current: ReadyEngine | undefined;
  private starting: Promise<ReadyEngine> | undefined;
  private stopping: Promise<void> | undefined;
  private now: KeeperState = 'stopped';
  /** Of the model, once it has been loaded; an engine that is started again loads the same. */
  description: ModelDescription | undefined;
  /** How often it was started again. */
  restarts = 0;

  constructor(private readonly options: KeeperOptions) {
    this.budget = options.budget ?? new RestartBudget();
  }

  get state(): KeeperState {
    return this.now;
  }

  /** The engine that runs, while its model is loaded. */
  get ready(): ReadyEngine | undefined {
    return this.current?.client.alive ? this.current : undefined;
  }

  /**
   * Runs `work` with an engine whose model is loaded; waits for that where need be, as long as `signal` lets it. Rejects with
   * EngineError: why there is no engine, or what `work` threw. Work that was lost in a crash is not done again. What a model refuses
   * because its files have changed is done with the files as they are now, and with it, again, what ran beside it.
   */
  use<T>(work: (engine: ReadyEngine) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.attempt(work, signal, true);
  }

  private async attempt<T>(
    work: (engine: ReadyEngine) => Promise<T>,
    signal: AbortSignal | undefined,
    reloads: boolean,
  ): Promise<T> {
    const engine = await unlessAborted(this.engine(), signal);
    try {
      return await work(engine);
    } catch (error) {
      if (isEngineError(error) && error.code === 'model-changed' && reloads) {
        this.reload(engine);
        return this.attempt(work, signal, false);
      }
      if (isEngineError(error) && error.code === 'device-lost') this.replace(engine, error);
      else if (reloads && this.isBystander(engine, error, signal)) return this.attempt(work, signal, false);
      throw error;
    }
  }

  /** Whether the engine was stopped for another request. */
  private isBystander({ client }: ReadyEngine, error: unknown, signal: AbortSignal | undefined): boolean {
    if (signal?.aborted === true || this.stopping !== undefined || !this.replaced.has(client)) return false;
    return isEngineError(error) && (error.code === 'cancelled' || error.code === 'engine-exited');
  }

  /** Resolves when no process of it is left; later calls: the same. */
  stop(): Promise<void> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  private engine(): Promise<ReadyEngine> {
    if (this.stopping !== undefined) return Promise.reject(stopped());
    if (this.ready !== undefined) return Promise.resolve(this.ready);
    return this.begin(this.current?.client.failure);
  }

  /** No crash: the next engine starts at once. */
  private reload({ client, model }: ReadyEngine): void {
    if (this.current?.client !== client || this.stopping !== undefined) return;
    this.options.log('info', `The files of ${model.name} have changed, so they are loaded again.`);
    this.replaced.add(client);
    void client.stop();
    void this.begin(undefined);
  }

  /** Its process cannot use the GPU any more: another one looks for the GPU again, and takes the CPU where it is gone. */
  private replace({ client }: ReadyEngine, error: EngineError): void {
    if (this.current?.client !== client || this.stopping !== undefined) return;
    this.replaced.add(client);
    void client.stop();
    void this.begin(error);
  }

  private begin(crash: EngineError | undefined): Promise<ReadyEngine> {
    if (this.starting === undefined) {
      this.starting = this.bringUp(crash).finally(() => {
        this.starting = undefined;
      });
      // A restart that nobody waits for tells its failure by the state.
      this.starting.catch(() => undefined);
    }
    return this.starting;
  }

  private async bringUp(crash: EngineError | undefined): Promise<ReadyEngine> {
    const { signal } = this.closing;
    this.current = undefined;
    let failure = crash;
    for (;;) {
      try {
        if (failure !== undefined) await this.backOff(failure, signal);
        return await this.startOnce(signal);
      } catch (thrown) {
        if (signal.aborted) throw stopped();
        const error = toEngineError(thrown);
        if (!isCrash(error) || error === failure) {
          this.enter('failed', error);
          throw error;
        }
        failure = error;
      }
    }
  }

  /** Rethrows the failure itself when the budget is spent. */
  private async backOff(failure: EngineError, signal: AbortSignal): Promise<void> {
    const delay = this.budget.spend(Date.now());
    if (delay === undefined) throw failure;
    this.options.log('warn', `${failure.message} Restarting in ${delay} ms.`);
    this.enter('restarting', failure);
    this.restarts++;
    await sleep(delay, undefined, { signal });
  }

  private async startOnce(signal: AbortSignal): Promise<ReadyEngine> {
    const { engine, model: asked, log, onProgress } = this.options;
    if (this.now !== 'restarting') this.enter('loading');
    const client = await EngineClient.start({ ...engine, signal });
    this.clients.add(client);
    client.onLog(({ level, message }) => log(level, message));
    client.onExit(({ expected, error }) => {
      this.clients.delete(client);
      // Before it was ready, its death is the failure of the start itself.
      if (!expected && this.current?.client === client && this.stopping === undefined) void this.begin(error);
    });
    client.onSpeed((speed) => {
      const engine = atSpeed(this.current, client, speed);
      if (engine !== undefined) this.take(engine);
    });
    try {
      const progress = onProgress && client.onLoadProgress(onProgress);
      const model = await client.loadModel(asked, signal).finally(() => progress?.dispose());
      throwIfCancelled(signal);
      // Its exit was told before anybody listened for it.
      if (!client.alive) throw new EngineError('engine-exited', 'The engine exited while loading its model.');
      client.patience = (candidates) => patienceWith(this.description ?? model, candidates);
      const ready = { client, model };
      this.take(ready);
      this.enter('ready');
      return ready;
    } catch (error) {
      await client.stop();
      throw error;
    }
  }

  private take(engine: ReadyEngine): void {
    this.current = engine;
    this.description = engine.model;
  }

  private async end(): Promise<void> {
    this.closing.abort();
    await Promise.all([...this.clients].map((client) => client.stop()));
    await this.starting?.catch(() => undefined);
    this.current = undefined;
    this.enter('stopped');
  }

  private enter(state: KeeperState, error?: EngineError): void {
    this.now = state;
    this.options.onState?.(state, error);
  }
}

function stopped(): EngineError {
  return new EngineError('engine-exited', STOPPED);
}
