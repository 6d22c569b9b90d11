// `palimpsest serve`: the engine behind HTTP (docs/server.md).
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { EngineError } from '../errors';
import type { ModelDescription } from '../protocol';
import { EngineKeeper, type KeeperOptions } from '../rpc/engineKeeper';
import { checkOrigin, checkToken } from './access';
import { Bodies } from './body';
import { Exchange } from './exchange';
import { HttpError, toHttpError } from './httpError';
import { type ListenOptions, listen } from './httpServer';
import { ROUTES, type Services } from './routes';
import { ServeMetrics } from './serveMetrics';
import { WorkQueue } from './workQueue';

export interface ServeOptions extends Omit<ListenOptions, 'onRequest'> {
  readonly token?: string;
  /** Requests that may wait. */
  readonly queue: number;
  /** Bytes of a request. */
  readonly maxBody: number;
  readonly timeoutMillis: number;
  readonly version: string;
  readonly engine: Omit<KeeperOptions, 'onState'>;
}

/** Bodies of as many requests of the largest size are held at a time. */
const LARGE_BODIES = 16;
/** Milliseconds that the last answers have for reaching their clients. */
const FLUSH_MILLIS = 2000;

export class PalimpsestServer {
  private readonly services: Services;
  private readonly open = new Set<Exchange>();
  private server: Server | undefined;
  private stopping: Promise<void> | undefined;
  private fail: (error: EngineError) => void = () => undefined;
  url = '';
  /** Resolves with the reason when the engine does not come back after a crash: then the server is of no use any more. */
  readonly failure = new Promise<EngineError>((resolve) => {
    this.fail = resolve;
  });

  private constructor(private readonly options: ServeOptions) {
    const keeper: EngineKeeper = new EngineKeeper({
      ...options.engine,
      onState: (state, error) => {
        if (state === 'failed' && error !== undefined) this.fail(error);
        if (state === 'ready') queue.allow(keeper.description?.together ?? 1);
      },
    });
    const { queue: capacity, timeoutMillis, maxBody, version } = options;
    const queue: WorkQueue = new WorkQueue({ keeper, capacity, timeoutMillis });
    const bodies = new Bodies({ each: maxBody, all: LARGE_BODIES * maxBody });
    this.services = {
      ...{ keeper, queue, bodies },
      metrics: new ServeMetrics({ version, keeper, queue, heldBytes: () => bodies.size }),
      drafts: new Map(),
      created: Math.floor(Date.now() / 1000),
      isStopping: () => this.stopping !== undefined,
    };
  }

  /** Resolves when it listens; the model is not loaded then. @throws EngineError `option-invalid` for the address */
  static async listen(options: ServeOptions): Promise<PalimpsestServer> {
    const server = new PalimpsestServer(options);
    const listening = await listen({
      ...options,
      onRequest: (request, response) => void server.answer(request, response),
    });
    server.server = listening.server;
    server.url = listening.url;
    return server;
  }

  /** Starts the engine and loads the model. Rejects with why that does not go. */
  load(signal?: AbortSignal): Promise<ModelDescription> {
    return this.services.keeper.use(async ({ model }) => model, signal);
  }

  /** Requests that are not answered. */
  get unanswered(): number {
    return this.open.size;
  }

  /**
   * Listens no more, answers what is there, as far as `graceMillis` is enough, and resolves when no process is left; later calls:
   * the same.
   */
  stop(graceMillis: number): Promise<void> {
    this.stopping ??= this.end(graceMillis);
    return this.stopping;
  }

  private async end(graceMillis: number): Promise<void> {
    const { server } = this;
    server?.close();
    server?.closeIdleConnections();
    await this.services.queue.close(graceMillis);
    await this.answered();
    server?.closeAllConnections();
    await this.services.keeper.stop();
  }

  /** Waits for answers that are on their way, but not for who does not read them. */
  private async answered(): Promise<void> {
    if (this.open.size === 0) return;
    const closed = [...this.open].map(
      ({ response }) =>
        new Promise<void>((resolve) => {
          response.once('close', resolve);
        }),
    );
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FLUSH_MILLIS);
    });
    await Promise.race([Promise.all(closed), late]);
    clearTimeout(timer);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = new Exchange(request, response);
    this.open.add(exchange);
    response.once('close', () => this.closed(exchange));
    if (this.stopping !== undefined) response.setHeader('Connection', 'close');
    try {
      await this.dispatch(exchange);
    } catch (thrown) {
      const error = toHttpError(thrown, this.services.queue.retrySeconds);
      if (error.code === 'internal') this.options.engine.log('error', `${exchange.path}: ${error.message}`);
      exchange.fail(error);
    }
  }

  private async dispatch(exchange: Exchange): Promise<void> {
    const { method, headers } = exchange.request;
    const { token } = this.options;
    checkOrigin(headers, token !== undefined);
    const route = ROUTES.get(exchange.path);
    if (route?.isPublic !== true) checkToken(headers, token);
    if (route === undefined) {
      const paths = [...ROUTES.keys()];
      throw new HttpError(
        'not-found',
        `There is no ${exchange.path.slice(0, 100)} here. Choose one of ${paths.join(', ')}.`,
        { data: { paths } },
      );
    }
    if (route.method !== (method === 'HEAD' ? 'GET' : method)) {
      throw new HttpError('method-not-allowed', `Use ${route.method} for ${exchange.path}.`, {
        headers: { Allow: route.method },
      });
    }
    await route.run(exchange, this.services);
  }

  private closed(exchange: Exchange): void {
    this.open.delete(exchange);
    const { requests, duration } = this.services.metrics;
    const { response, path, seconds } = exchange;
    // Paths that do not exist are as many as anybody likes.
    const route = ROUTES.has(path) ? path : 'other';
    requests.add(1, { route, status: response.writableFinished ? response.statusCode : 499 });
    duration.observe(seconds, { route });
  }
}
