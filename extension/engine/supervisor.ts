// The engine's life as the editor sees it: started on first use, restarted with back-off when it dies, stopped when idle.
// Knows nothing of vscode, so that it can be tested with real processes and without an editor.
import { cancelled, EngineError, toEngineError } from '../../engine/errors';
import type {
  LoadProgress,
  ModelDescription,
  ProviderChoice,
  ServerParams,
  SpeedEvent,
} from '../../engine/protocol';
import { type Disposable, Emitter } from '../../engine/rpc/emitter';
import { EngineClient as Engine, type EngineClient, type EngineExit } from '../../engine/rpc/engineClient';
import { isCrash } from '../../engine/rpc/failures';
import { MOST_CANDIDATES, patienceWith } from '../../engine/rpc/hangTimeout';
import { atSpeed, type ReadyEngine } from '../../engine/rpc/readyEngine';
import { RestartBudget } from '../../engine/rpc/restartBudget';
import { unlessAborted } from '../../engine/rpc/unlessAborted';
import { describeRuntime, type NodeRuntime } from './nodeRuntime';
import { SessionShare } from './sessionShare';

export type EngineState =
  /** Not started yet, idle for long, or stopped by the person. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'loading'; readonly progress?: LoadProgress }
  | { readonly kind: 'ready'; readonly model: ModelDescription; readonly runtime: NodeRuntime }
  | { readonly kind: 'restarting'; readonly error: EngineError }
  /** Nothing happens any more until a person asks for it. */
  | { readonly kind: 'failed'; readonly error: EngineError };

export interface EngineLaunch {
  readonly runtime: NodeRuntime;
  /** dist/engine.js */
  readonly script: string;
  readonly cacheFolder: string;
  readonly modelFolder: string;
  readonly provider: ProviderChoice;
  /** Which answers in place of a model of this machine; `modelFolder` is then its name. */
  readonly server?: ServerParams;
  /** Whether the engine may be one that other windows use as well, if its model is large. */
  readonly isShared?: boolean;
  /** Of the engine's process; absent: the editor's own. */
  readonly env?: NodeJS.ProcessEnv;
}

interface EngineLog {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface SupervisorOptions {
  /** Asked again at each start, so that settings count from the next start on. */
  readonly launch: () => Promise<EngineLaunch>;
  readonly log: EngineLog;
  /** Milliseconds without a request after which the engine is stopped; 0: never. */
  readonly idleMillis: () => number;
  readonly budget?: RestartBudget;
  /** Milliseconds until an engine has to have answered for the first time. */
  readonly startMillis?: () => number;
  /** Milliseconds without a sign of life while a model works on a request for so many candidates. */
  readonly patience?: typeof patienceWith;
}

export class EngineSupervisor {
  private readonly stateEmitter = new Emitter<EngineState>();
  readonly onState = this.stateEmitter.event;
  private readonly busyEmitter = new Emitter<boolean>();
  /** Whether anybody uses the engine, each time that changes. */
  readonly onBusy = this.busyEmitter.event;
  private current: EngineState = { kind: 'stopped' };
  private readonly budget: RestartBudget;
  private ready: ReadyEngine | undefined;
  private start: { readonly promise: Promise<ReadyEngine>; readonly controller: AbortController } | undefined;
  /** Clients that are not gone yet; `stop` waits for all of them. */
  private readonly clients = new Set<EngineClient>();
  /** Ended on purpose: what ran in them was given up, not lost. */
  private readonly stoppedOnes = new WeakSet<EngineClient>();
  private users = 0;
  /** Requests of a person that wait for the model. */
  private waiting = 0;
  private idleTimer: NodeJS.Timeout | undefined;
  private disposed = false;

  constructor(private readonly options: SupervisorOptions) {
    this.budget = options.budget ?? new RestartBudget();
  }

  get state(): EngineState {
    return this.current;
  }

  /** Whether a person waits for the model: loading for ghost text alone is nobody's business. */
  get isAwaited(): boolean {
    return this.waiting > 0;
  }

  /**
   * The engine that runs now. Asking it for something does not count as use: it is not started for that, and not kept from
   * stopping.
   */
  get running(): ReadyEngine | undefined {
    return this.ready?.client.alive ? this.ready : undefined;
  }

  /** Of the running engine, for its tooltip and tests. */
  get pid(): number | undefined {
    return this.ready?.client.pid;
  }

  /**
   * Runs `work` with an engine whose model is loaded, starting it where need be. An engine that failed is started again only
   * when a person asked (`revive`). Rejects with EngineError.
   */
  async use<T>(
    work: (engine: ReadyEngine) => Promise<T>,
    { signal, revive = false }: { readonly signal?: AbortSignal; readonly revive?: boolean } = {},
  ): Promise<T> {
    this.users++;
    if (this.users === 1) this.busyEmitter.fire(true);
    clearTimeout(this.idleTimer);
    try {
      const engine = await this.awaited(revive, signal);
      return await work(engine).catch((error) => {
        const isStopped = this.stoppedOnes.has(engine.client);
        if (!isStopped && error instanceof EngineError && error.code === 'device-lost') this.retire(engine);
        throw isStopped ? cancelled() : error;
      });
    } catch (error) {
      throw toEngineError(error);
    } finally {
      this.users--;
      if (this.users === 0) this.busyEmitter.fire(false);
      this.waitForIdle();
    }
  }

  /** Starts it again; a person asked, so earlier crashes are forgiven. Rejects with why it did not start. */
  async restart(): Promise<void> {
    await this.stop();
    this.budget.reset();
    await this.use(async () => undefined, { revive: true });
  }

  /** Resolves when no process of before is left; at most five seconds. Who waits for the model is told `cancelled`. */
  async stop(): Promise<void> {
    clearTimeout(this.idleTimer);
    this.ready = undefined;
    const { start } = this;
    start?.controller.abort();
    // A start that was given up ends its own engine; one that begins meanwhile is none of ours.
    const clients = [...this.clients];
    for (const client of clients) this.stoppedOnes.add(client);
    await Promise.all(clients.map((client) => client.stop()));
    await start?.promise.catch(() => undefined);
    if (this.start === undefined && this.ready === undefined) this.enter({ kind: 'stopped' });
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    await this.stop();
    this.stateEmitter.dispose();
    this.busyEmitter.dispose();
  }

  /** Its process cannot use the GPU any more: the next request starts another one, which looks for the GPU again. */
  private retire({ client }: ReadyEngine): void {
    if (this.ready?.client !== client) return;
    this.ready = undefined;
    this.stoppedOnes.add(client);
    void client.stop();
    this.enter({ kind: 'stopped' });
  }

  private async awaited(revive: boolean, signal: AbortSignal | undefined): Promise<ReadyEngine> {
    const engine = this.engine(revive);
    if (!revive || this.ready !== undefined) return unlessAborted(engine, signal);
    this.waiting++;
    if (this.waiting === 1) this.stateEmitter.fire(this.current);
    try {
      return await unlessAborted(engine, signal);
    } finally {
      this.waiting--;
      if (this.waiting === 0) this.stateEmitter.fire(this.current);
    }
  }

  private engine(revive: boolean): Promise<ReadyEngine> {
    if (this.disposed) {
      return Promise.reject(new EngineError('engine-exited', 'The editor is closing.'));
    }
    const { ready, start } = this;
    const failure = ready?.client.failure;
    if (ready !== undefined && failure === undefined) return Promise.resolve(ready);
    if (failure !== undefined) {
      // Given up and killed, but its exit has not been told yet.
      this.ready = undefined;
      return this.begin(failure);
    }
    if (start?.controller.signal.aborted) {
      // On its way out: who comes now wants another one.
      return start.promise.then(
        () => this.engine(revive),
        () => this.engine(revive),
      );
    }
    if (start !== undefined) return start.promise;
    if (this.current.kind === 'failed') {
      if (!revive) return Promise.reject(this.current.error);
      this.budget.reset();
    }
    return this.begin();
  }

  private begin(crash?: EngineError): Promise<ReadyEngine> {
    const controller = new AbortController();
    const promise = this.bringUp(controller.signal, crash).finally(() => {
      this.start = undefined;
      this.waitForIdle();
    });
    this.start = { promise, controller };
    // A restart that nobody waits for tells its failure by the state.
    promise.catch(() => undefined);
    return promise;
  }

  private async bringUp(signal: AbortSignal, crash: EngineError | undefined): Promise<ReadyEngine> {
    let failure = crash;
    for (;;) {
      try {
        if (failure !== undefined) await this.backOff(failure, signal);
        return await this.startOnce(signal, failure);
      } catch (thrown) {
        const error = toEngineError(thrown);
        if (signal.aborted) {
          this.enter({ kind: 'stopped' });
          throw error;
        }
        if (!isCrash(error) || error === failure) {
          this.options.log.error(error.message);
          this.enter({ kind: 'failed', error });
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
    this.options.log.warn(`${failure.message} Restarting in ${delay} ms.`);
    this.enter({ kind: 'restarting', error: failure });
    await pause(delay, signal);
  }

  private async startOnce(signal: AbortSignal, failure: EngineError | undefined): Promise<ReadyEngine> {
    this.enter({ kind: 'starting' });
    const launch = await this.options.launch();
    this.options.log.info(`Starting the engine on ${describeRuntime(launch.runtime)}`);
    const client = await Engine.start({
      node: launch.runtime.executable,
      electronRunAsNode: launch.runtime.source === 'electron',
      script: launch.script,
      cacheFolder: launch.cacheFolder,
      signal,
      ...(launch.env === undefined ? {} : { env: launch.env }),
      ...sharing(launch, failure),
      ...(this.options.startMillis === undefined ? {} : { startMillis: this.options.startMillis() }),
    });
    this.clients.add(client);
    client.onExit((exit) => this.exited(client, exit));
    client.onSpeed((speed) => this.goesBy(client, speed));
    client.onLog(({ level, message }) => this.options.log[level](message));
    try {
      this.enter({ kind: 'loading' });
      const share = new SessionShare((progress) => this.enter({ kind: 'loading', progress }));
      const listening: Disposable = client.onLoadProgress((progress) => share.heard(progress));
      const { modelFolder: folder, provider, server, isShared } = launch;
      const model = await client
        .loadModel({ folder, provider, ...(server === undefined ? {} : { server }) }, signal)
        .finally(() => {
          listening.dispose();
          share.dispose();
        });
      // What was stopped meanwhile must not come up behind the back of whoever stopped it.
      if (signal.aborted) throw cancelled();
      // Its exit was told before anybody listened for it.
      if (!client.alive) throw new EngineError('engine-exited', 'The engine exited while loading its model.');
      const { patience = patienceWith } = this.options;
      client.patience = (candidates) =>
        patience(this.ready?.model ?? model, isShared ? MOST_CANDIDATES : candidates);
      this.options.log.info(`${model.name}: ${model.provider}, ${model.precision}. ${model.providerReason}`);
      for (const remark of model.remarks) this.options.log.info(remark);
      this.ready = { client, model };
      this.enter({ kind: 'ready', model, runtime: launch.runtime });
      return this.ready;
    } catch (error) {
      await client.stop();
      throw error;
    }
  }

  private exited(client: EngineClient, exit: EngineExit): void {
    this.clients.delete(client);
    // Before it was ready, its death is the failure of the start itself.
    if (this.ready?.client !== client) return;
    this.ready = undefined;
    if (exit.expected || this.disposed) return;
    this.begin(exit.error ?? new EngineError('engine-exited', 'The engine terminated unexpectedly.'));
  }

  /** What is asked from now on goes by how fast the model is now. */
  private goesBy(client: EngineClient, speed: SpeedEvent): void {
    const engine = atSpeed(this.ready, client, speed);
    if (engine === undefined) return;
    this.ready = engine;
    if (this.current.kind === 'ready') this.enter({ ...this.current, model: engine.model });
  }

  private waitForIdle(): void {
    clearTimeout(this.idleTimer);
    const millis = this.options.idleMillis();
    if (this.users > 0 || this.ready === undefined || millis <= 0) return;
    this.idleTimer = setTimeout(() => {
      this.options.log.info('The engine was idle and has stopped; the next request starts it again.');
      void this.stop();
    }, millis);
    this.idleTimer.unref();
  }

  private enter(state: EngineState): void {
    this.current = state;
    this.stateEmitter.fire(state);
  }
}

/** Milliseconds: a shared engine may be at a step for another window when this one comes. */
const SHARED_START = 60_000;

function sharing(
  { isShared, modelFolder: model, provider, cacheFolder }: EngineLaunch,
  failure: EngineError | undefined,
) {
  if (!isShared) return {};
  // One that this window has waited for in vain is ended for all.
  const replaces = failure?.code === 'engine-unresponsive';
  return {
    args: ['--share', JSON.stringify({ model, provider, cacheFolder }), ...(replaces ? ['--replace'] : [])],
    startMillis: SHARED_START,
  };
}

function pause(millis: number, signal: AbortSignal): Promise<void> {
  return unlessAborted(
    new Promise((resolve) => {
      setTimeout(resolve, millis);
    }),
    signal,
  );
}
