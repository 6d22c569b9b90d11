// The engine's side of the border: every message is checked here, and every failure leaves with a code.
import type { Readable, Writable } from 'node:stream';
import {
  type CancellationToken,
  createMessageConnection,
  type Message,
  type MessageConnection,
  type ResponseMessage,
} from 'vscode-jsonrpc/node';
import { EngineError } from '../errors';
import { Memories } from '../memory/memories';
import {
  type InitialiseResult,
  type LoadProgress,
  METHODS,
  PROTOCOL_VERSION,
  type StatusResult,
} from '../protocol';
import type { Disposable } from '../rpc/emitter';
import { FrameReader, type FrameReaderOptions, type Rejection } from '../rpc/frameReader';
import type { Log } from '../rpc/log';
import { ClientRequests } from './clientRequests';
import { CoalescingSender } from './coalescingSender';
import { DrainableWriter } from './drainableWriter';
import { errorReply, stackOf } from './errorReply';
import type { ModelRegistry } from './modelRegistry';
import type { ClientModels, EngineResources } from './resources';
import type { Scheduler } from './scheduler';
import { SpeedTeller } from './speedTeller';
import {
  enoughParams,
  infillParams,
  initialiseParams,
  loadModelParams,
  memoryClearParams,
  memoryUpdateParams,
  modelParams,
  scoreParams,
} from './validation';
import { onCancelled, within } from './waiting';

/** Why the server ended: asked to, the other side closed the stream, or what came in could not be read any more. */
export type EndReason = 'shutdown' | 'closed' | 'unreadable';

export interface ServerOptions {
  readonly input: Readable;
  readonly output: Writable;
  /** What it computes with. */
  readonly resources: EngineResources;
  /** Who is at the other end, where several share the resources. */
  readonly client?: string;
  readonly engineVersion: string;
  readonly log: Log;
  readonly onInitialised?: (parentPid: number) => void;
  /** Called once, when models are unloaded (or did not stop in time) and the last answer is written. */
  readonly onEnd: (reason: EndReason) => void;
  readonly frames?: FrameReaderOptions['limits'];
  /** Most milliseconds that running work has for stopping. */
  readonly stopMillis?: number;
}

type Handler = (params: unknown, token: CancellationToken) => Promise<unknown>;

export class EngineServer {
  private readonly connection: MessageConnection;
  private readonly writer: DrainableWriter;
  private readonly scheduler: Scheduler;
  private readonly client: string;
  private readonly registry: ModelRegistry;
  private readonly models: ClientModels;
  private readonly loadListening: Disposable;
  private readonly memories: Memories;
  private readonly requests: ClientRequests;
  private readonly progress: CoalescingSender<LoadProgress>;
  private readonly speeds: SpeedTeller;
  /** Models that this client waits for. */
  private loads = 0;
  private readonly startedAt = performance.now();
  private cacheFolder: string | undefined;
  private stopping: Promise<void> | undefined;
  private ended = false;

  private readonly handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
    [METHODS.initialise, (params) => this.initialise(params)],
    [METHODS.loadModel, (params, token) => this.loadModel(params, token)],
    [METHODS.unloadModel, (params) => this.unloadModel(params)],
    [METHODS.describeModel, async (params) => this.models.describe(modelParams(params).model)],
    [METHODS.infill, (params, token) => this.requests.infill(infillParams(params), token)],
    [METHODS.estimate, (params) => this.requests.estimate(infillParams(params))],
    [METHODS.score, (params, token) => this.requests.score(scoreParams(params), token)],
    [METHODS.memoryUpdate, async (params) => this.memories.update(memoryUpdateParams(params))],
    [METHODS.memoryClear, async (params) => this.memories.clear(memoryClearParams(params))],
    [METHODS.status, async () => this.status()],
    [METHODS.shutdown, () => this.shutdown()],
  ]);

  private constructor(private readonly options: ServerOptions) {
    const { resources, client = '' } = options;
    this.client = client;
    this.scheduler = resources.scheduler;
    this.registry = resources.registry;
    this.models = resources.modelsOf(client);
    this.loadListening = resources.onProgress((progress) => {
      if (this.loads > 0) this.progress.push(progress.folder, progress);
    });
    this.memories = new Memories({
      isBusy: () => this.scheduler.running > 0,
      idle: () => this.scheduler.idle(),
    });
    this.writer = new DrainableWriter(options.output);
    const reader = new FrameReader(options.input, {
      onRejection: (rejection) => this.answerRejection(rejection),
      onMessage: (message) => this.hearEarly(message),
      ...(options.frames ? { limits: options.frames } : {}),
    });
    const { log } = options;
    this.connection = createMessageConnection(reader, this.writer, {
      error: (message) => log('error', message),
      warn: (message) => log('warn', message),
      info: (message) => log('info', message),
      log: (message) => log('info', message),
    });
    this.progress = new CoalescingSender((progress) => this.notify(METHODS.loadProgress, progress));
    this.speeds = new SpeedTeller((event) => void this.notify(METHODS.speed, event).catch(() => undefined));
    const { scheduler, registry, memories, speeds } = this;
    const notify = (method: string, params: object) => this.notify(method, params);
    this.requests = new ClientRequests({ client, scheduler, registry, memories, speeds, notify });
    this.connection.onRequest((method, params, token) => this.answer(method, params, token));
    this.connection.onNotification((method, params) => this.hear(method, params));
    this.connection.onError(([error]) => log('error', `The connection failed: ${error.message}`));
    this.connection.onClose(() => void this.end('closed'));
  }

  static start(options: ServerOptions): EngineServer {
    const server = new EngineServer(options);
    server.connection.listen();
    return server;
  }

  /** Rejects what is asked for, unloads the models that nobody else holds and resolves, in `stopMillis` at most (later calls: the same). */
  stop(): Promise<void> {
    this.stopping ??= this.release();
    return this.stopping;
  }

  dispose(): void {
    this.ended = true;
    this.connection.dispose();
  }

  private async answer(method: string, params: unknown, token: CancellationToken): Promise<unknown> {
    try {
      const handler = this.handlers.get(method);
      if (handler === undefined) {
        throw new EngineError('protocol-violation', `The engine has no method ${method.slice(0, 100)}.`, {
          method: method.slice(0, 100),
        });
      }
      if (this.stopping !== undefined && method !== METHODS.shutdown) {
        throw new EngineError('protocol-violation', 'The engine is shutting down: start another one.', {});
      }
      if (this.cacheFolder === undefined && method !== METHODS.initialise && method !== METHODS.shutdown) {
        throw new EngineError('protocol-violation', `Send ${METHODS.initialise} before ${method}.`, {
          method,
        });
      }
      return await handler(params, token);
    } catch (thrown) {
      const reply = errorReply(thrown);
      if (reply.data?.code === 'internal') this.options.log('error', `${method}: ${stackOf(thrown)}`);
      throw reply;
    }
  }

  private hear(method: string, params: unknown): void {
    if (method === METHODS.enough) {
      try {
        this.requests.takeDraft(enoughParams(params).requestId);
      } catch (thrown) {
        this.options.log('warn', `${method}: ${errorReply(thrown).message}`);
      }
    } else if (!method.startsWith('$/')) {
      this.options.log('warn', `Unknown notification: ${method.slice(0, 100)}.`);
    }
  }

  /**
   * The connection hands out one message a turn of the event loop, and a denoise step takes a whole turn: a notification that
   * waited in line would come steps too late. (`$/cancelRequest` is heard as soon as it is read.) It is heard again in its
   * place, for requests that are still in that line.
   */
  private hearEarly(message: Message): void {
    if (!('method' in message) || !('params' in message) || message.method !== METHODS.enough) return;
    const params: { requestId?: unknown } = Object(message.params);
    if (typeof params.requestId === 'number') this.requests.takeDraft(params.requestId);
  }

  private async initialise(raw: unknown): Promise<InitialiseResult> {
    const params = initialiseParams(raw);
    if (this.cacheFolder !== undefined) {
      throw new EngineError(
        'protocol-violation',
        'The engine is already initialized: initialize it only once.',
      );
    }
    this.cacheFolder = params.cacheFolder;
    this.options.onInitialised?.(params.parentPid);
    return {
      protocolVersion: PROTOCOL_VERSION,
      engineVersion: this.options.engineVersion,
      pid: process.pid,
    };
  }

  private async loadModel(raw: unknown, token: CancellationToken): Promise<unknown> {
    const params = loadModelParams(raw);
    const controller = new AbortController();
    const listening = onCancelled(token, () => controller.abort());
    this.loads++;
    try {
      const description = await this.models.load(params, this.cacheFolder ?? '', controller.signal);
      this.progress.flush(params.folder);
      this.speeds.described(description);
      return description;
    } finally {
      this.loads--;
      listening.dispose();
    }
  }

  private async unloadModel(raw: unknown): Promise<null> {
    await this.models.unload(modelParams(raw).model);
    return null;
  }

  private status(): StatusResult {
    return {
      models: this.registry.describe(),
      running: this.scheduler.running,
      queued: this.scheduler.queued,
      residentMemory: process.memoryUsage.rss(),
      uptimeMillis: Math.round(performance.now() - this.startedAt),
    };
  }

  private async shutdown(): Promise<null> {
    await this.stop();
    // After this turn the answer is with the writer.
    setImmediate(() => void this.end('shutdown'));
    return null;
  }

  private async release(): Promise<void> {
    const { client } = this;
    this.scheduler.cancelAll(new EngineError('cancelled', 'The engine is shutting down.'), { client });
    this.memories.dispose();
    this.loadListening.dispose();
    const done = Promise.all([this.scheduler.idle({ client }), this.models.dispose()]);
    await within(this.options.stopMillis ?? 1500, done, (error) =>
      this.options.log('warn', `Unloading the models failed: ${errorReply(error).message}`),
    );
  }

  private async end(reason: EndReason): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    await this.stop();
    await within(500, this.writer.drained());
    this.options.onEnd(reason);
  }

  private answerRejection({ error, id, fatal }: Rejection): void {
    this.options.log('warn', error.message);
    const reply: ResponseMessage = { jsonrpc: '2.0', id, error: errorReply(error).toJson() };
    this.writer.write(reply).catch(() => undefined);
    if (fatal) void this.end('unreadable');
  }

  private async notify(method: string, params: object): Promise<void> {
    await this.connection.sendNotification(method, params);
  }
}
