// The editor's side of the border: a typed face of one engine process. It never hangs on an engine that is dead, mute or
// talking rubbish: each of these is an error with a code, and every pending request gets it.
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import {
  type CancellationToken,
  createMessageConnection,
  type MessageConnection,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import { deviceLost, EngineError, throwIfCancelled } from '../errors';
import {
  type Estimate,
  type InfillParams,
  type InfillResult,
  type InitialiseResult,
  type LoadModelParams,
  type LoadProgress,
  METHODS,
  type MemoryClearParams,
  type MemoryFacts,
  type MemoryUpdateParams,
  type ModelDescription,
  PROTOCOL_VERSION,
  type ScoreParams,
  type ScoreResult,
  type SpeedEvent,
  type StatusResult,
} from '../protocol';
import { type EngineCommand, killTree, startProcess } from './childProcess';
import { Emitter } from './emitter';
import { fromReply, isTransportError, STOPPED, suddenEnd } from './failures';
import { FrameReader } from './frameReader';
import { LOADING_PATIENCE, loadingPatience } from './hangTimeout';
import { PendingRequests } from './pendingRequests';
import { ProcessLog } from './processLog';
import { type RequestListener, requestListeners } from './requestListeners';

export interface EngineClientOptions extends EngineCommand {
  /** Absolute path of the folder for quantised files. */
  readonly cacheFolder: string;
  readonly signal?: AbortSignal;
  /** Milliseconds until the first answer; more where a shared engine loads weights that take longer. Default: 15,000. */
  readonly startMillis?: number;
  /**
   * Milliseconds without a sign of life, while requests are pending, after which the engine is killed. It cannot
   * answer during a denoise step or while a session is made, so this is long (`patience` of the client changes it).
   */
  readonly hangMillis?: number;
}

export interface EngineExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** True after `stop`. */
  readonly expected: boolean;
  /** Why, where it was not asked to end. */
  readonly error?: EngineError;
}

interface NumberedContext extends RequestListener {
  readonly signal?: AbortSignal;
  readonly enough?: AbortSignal;
}

const STOP_MILLIS = 2000;
const LOG_TURNS = 3;

export class EngineClient {
  private readonly speedEmitter = new Emitter<SpeedEvent>();
  private readonly progressEmitter = new Emitter<LoadProgress>();
  private readonly exitEmitter = new Emitter<EngineExit>();
  readonly onLoadProgress = this.progressEmitter.event;
  readonly onSpeed = this.speedEmitter.event;
  readonly onExit = this.exitEmitter.event;
  readonly onLog: ProcessLog['event'];

  private readonly connection: MessageConnection;
  private readonly pending: PendingRequests;
  private readonly listeners: Map<number, RequestListener>;
  private readonly log: ProcessLog;
  private readonly exited: Promise<void>;
  private lastRequestId = 0;
  private death: EngineError | undefined;
  private stopping: Promise<void> | undefined;
  /** As `hangMillis` of the options, where the largest pending request asks for so many candidates. */
  patience: (candidates: number) => number;
  /** While weights are loaded. */
  private loadingMillis = 0;
  private exit: EngineExit | undefined;

  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    options: EngineClientOptions,
  ) {
    const reader = new FrameReader(child.stdout, {
      onRejection: ({ error }) => {
        this.die(
          new EngineError(
            'protocol-violation',
            'The engine wrote something other than a message to its standard output: check that `script` is the engine and that both come from the same release.',
            error.data,
            { cause: error },
          ),
        );
      },
    });
    // Its log is for the connection's own complaints, which `die` and `call` tell better.
    this.connection = createMessageConnection(reader, new StreamMessageWriter(child.stdin));
    child.stdin.on('error', () => undefined);
    child.stdout.on('data', () => this.pending.heard());
    const { hangMillis = LOADING_PATIENCE } = options;
    this.patience = () => hangMillis;
    this.pending = new PendingRequests({
      limit: () => this.hangMillis,
      probe: () => void this.answer(METHODS.status, {}).catch(() => undefined),
      onSilence: (millis) =>
        this.giveUp(`did not respond for ${Math.round(millis / 1000)} s and was killed: start it again.`),
    });
    this.connection.onClose(() => {
      // The exit follows; an engine that closed its output and stays is of no use.
      setTimeout(() => this.giveUp('closed its output and was killed: start it again.'), STOP_MILLIS).unref();
    });
    this.log = new ProcessLog(child.stderr);
    this.onLog = this.log.event;
    this.listeners = requestListeners(this.connection);
    this.connection.onNotification(METHODS.loadProgress, (progress: LoadProgress) => {
      const { weightBytes } = progress;
      if (weightBytes !== undefined) this.loadingMillis = loadingPatience(weightBytes);
      this.progressEmitter.fire(progress);
    });
    this.connection.onNotification(METHODS.speed, (event: SpeedEvent) => this.speedEmitter.fire(event));
    this.exited = new Promise((resolve) => {
      // `close` comes behind `exit`, when the last of the log has been read; a grandchild that holds the pipe open
      // must not delay it for ever.
      const left = (code: number | null, signal: NodeJS.Signals | null) => {
        this.left(code, signal);
        resolve();
      };
      child.once('close', left);
      child.once('exit', (code, signal) => setTimeout(() => left(code, signal), 250).unref());
    });
    this.connection.listen();
  }

  /**
   * Starts an engine and initialises it. Rejects with `engine-not-started`, `engine-exited`, `engine-unresponsive` or
   * `protocol-violation`; nothing is left running then.
   */
  static async start(options: EngineClientOptions): Promise<EngineClient> {
    throwIfCancelled(options.signal);
    const client = new EngineClient(await startProcess(options), options);
    let late: NodeJS.Timeout | undefined;
    const waitFor = (millis: number, waited: number) => {
      late = setTimeout(() => {
        // A shared engine answers nobody while it loads weights for another window.
        const more = client.loadingMillis - waited - millis;
        if (more > 0) waitFor(more, waited + millis);
        else
          client.giveUp(
            'was started but does not respond: start it again, and see its log if that does not help.',
          );
      }, millis);
    };
    waitFor(options.startMillis ?? 15_000, 0);
    try {
      await client.call<InitialiseResult>(
        METHODS.initialise,
        {
          protocolVersion: PROTOCOL_VERSION,
          parentPid: process.pid,
          cacheFolder: options.cacheFolder,
        },
        options.signal,
      );
      return client;
    } catch (error) {
      killTree(client.child);
      await client.exited;
      throw error;
    } finally {
      clearTimeout(late);
      client.loadingMillis = 0;
    }
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** Milliseconds of silence that are too many now: by what is pending. */
  get hangMillis(): number {
    return Math.max(this.patience(this.pending.candidates), this.loadingMillis);
  }

  /** Why it is of no use any more, unless it was asked to end. */
  get failure(): EngineError | undefined {
    return this.stopping === undefined ? this.death : undefined;
  }

  /** False once it has exited, is stopping or was given up. */
  get alive(): boolean {
    return this.death === undefined && this.stopping === undefined;
  }

  loadModel(params: LoadModelParams, signal?: AbortSignal): Promise<ModelDescription> {
    return this.computed(this.call<ModelDescription>(METHODS.loadModel, params, signal)).finally(() => {
      this.loadingMillis = 0;
    });
  }

  /**
   * `onStep` turns events on, `onBegun` is told with them that it is the request's turn, `onScored` how much of what stands
   * there is scored, `onRead` how much of what is around it is read; they hear nothing more once it is answered or given up.
   * `enough`, when aborted, has the engine answer with the draft after the step that runs.
   */
  infill(params: Omit<InfillParams, 'requestId'>, context: NumberedContext = {}): Promise<InfillResult> {
    const events = params.events ?? context.onStep !== undefined;
    return this.numbered(METHODS.infill, { ...params, events }, context);
  }

  /** How long such a request would take. */
  estimate(params: Omit<InfillParams, 'requestId'>, signal?: AbortSignal): Promise<Estimate> {
    return this.call(METHODS.estimate, { ...params, requestId: 0 }, signal);
  }

  score(
    params: Omit<ScoreParams, 'requestId'>,
    context: Pick<NumberedContext, 'signal' | 'onBegun' | 'onScored'> = {},
  ): Promise<ScoreResult> {
    const events = params.events ?? (context.onBegun ?? context.onScored) !== undefined;
    return this.numbered(METHODS.score, { ...params, events }, context);
  }

  /**
   * Resolves when the files can be copied from. With an aborted signal it rejects at once; what the engine has begun with is
   * taken in nevertheless.
   */
  updateMemory(params: MemoryUpdateParams, signal?: AbortSignal): Promise<MemoryFacts> {
    return this.call(METHODS.memoryUpdate, params, signal);
  }

  clearMemory(params: MemoryClearParams): Promise<null> {
    return this.call(METHODS.memoryClear, params);
  }

  status(): Promise<StatusResult> {
    return this.call(METHODS.status, {});
  }

  /** Asks the engine to end, waits two seconds, kills it. Resolves when it is gone; later calls: the same. */
  stop(): Promise<void> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  private async numbered<R>(method: string, params: object, context: NumberedContext): Promise<R> {
    const { signal, enough } = context;
    const requestId = ++this.lastRequestId;
    this.listeners.set(requestId, context);
    const tell = () =>
      void this.connection.sendNotification(METHODS.enough, { requestId }).catch(() => undefined);
    enough?.addEventListener('abort', tell, { once: true });
    try {
      const answer = this.call<R>(method, { ...params, requestId }, signal);
      if (enough?.aborted) tell();
      return await this.computed(answer);
    } finally {
      enough?.removeEventListener('abort', tell);
      this.listeners.delete(requestId);
    }
  }

  /**
   * Rejects with `device-lost` where the GPU failed meanwhile. WebGPU says so in the log alone, and the runtime answers with
   * whatever the memory holds.
   */
  private async computed<R>(answer: Promise<R>): Promise<R> {
    const before = this.log.gpuFailures;
    const result = await answer;
    // What was logged before the answer is in its pipe by now: a turn of the event loop reads it.
    for (let turn = 0; turn < LOG_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (this.log.gpuFailures > before) throw deviceLost({ detail: this.log.tail.join('\n') });
    return result;
  }

  /** An aborted signal rejects at once; the engine is told, and its late answer is dropped. */
  private call<R>(method: string, params: object, signal?: AbortSignal): Promise<R> {
    if (this.death !== undefined) return Promise.reject(this.death);
    if (this.stopping !== undefined && method !== METHODS.shutdown) {
      return Promise.reject(new EngineError('engine-exited', STOPPED));
    }
    const candidates = 'candidates' in params ? Number(params.candidates) : 1;
    return this.pending.add(candidates, (token) => this.answer(method, params, token), signal);
  }

  /** Rejects with EngineError, where the connection is closed already too. */
  private async answer<R>(
    method: string,
    params: object,
    ...token: readonly CancellationToken[]
  ): Promise<R> {
    try {
      return await this.connection.sendRequest<R>(method, params, ...token);
    } catch (error) {
      if (!isTransportError(error)) throw fromReply(error);
      // A broken pipe is told by the exit that follows, with what the engine said last.
      await this.exited;
      throw this.death ?? fromReply(error);
    }
  }

  private async end(): Promise<void> {
    if (this.exit !== undefined) return;
    // A dead or mute engine gives no answer; the timer below settles that.
    this.call(METHODS.shutdown, {}).catch(() => undefined);
    const kill = setTimeout(() => killTree(this.child), STOP_MILLIS);
    let leave: NodeJS.Timeout | undefined;
    // A process that even a kill does not end (stuck in a driver) must not keep the editor waiting.
    const stuck = new Promise<void>((resolve) => {
      leave = setTimeout(resolve, 2 * STOP_MILLIS);
    });
    await Promise.race([this.exited, stuck]);
    clearTimeout(kill);
    clearTimeout(leave);
  }

  private giveUp(what: string): void {
    this.die(new EngineError('engine-unresponsive', `The engine ${what}`, { log: [...this.log.tail] }));
  }

  /** The engine is given up: every pending request gets the reason, and the process is killed. */
  private die(error: EngineError): void {
    if (this.death !== undefined) return;
    this.death = error;
    this.pending.rejectAll(error);
    killTree(this.child);
  }

  private left(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.exit !== undefined) return;
    const expected = this.stopping !== undefined;
    this.die(
      new EngineError('engine-exited', expected ? STOPPED : suddenEnd(code, signal, this.log.foundNoMemory), {
        exitCode: code,
        signal,
        log: [...this.log.tail],
        outOfMemory: this.log.foundNoMemory,
      }),
    );
    this.exit = {
      code,
      signal,
      expected,
      ...(expected || this.death === undefined ? {} : { error: this.death }),
    };
    this.connection.dispose();
    this.exitEmitter.fire(this.exit);
    for (const one of [this.speedEmitter, this.progressEmitter, this.exitEmitter, this.log]) one.dispose();
  }
}
