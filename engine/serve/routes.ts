// What each path does.
import type { DenoiseStepEvent, InfillParams, InfillResult, ModelDescription } from '../protocol';
import type { EngineKeeper } from '../rpc/engineKeeper';
import type { Bodies } from './body';
import { completionAnswer, completionChunks, readCompletion } from './completions';
import { EventStream } from './eventStream';
import type { Exchange } from './exchange';
import { errorBody, HttpError, toHttpError } from './httpError';
import { EXPOSITION_TYPE } from './metrics';
import { checkModel, modelList, readEnough, readInfill, readScore } from './requests';
import type { ServeMetrics } from './serveMetrics';
import type { WorkQueue } from './workQueue';

export interface Services {
  readonly keeper: EngineKeeper;
  readonly queue: WorkQueue;
  readonly bodies: Bodies;
  readonly metrics: ServeMetrics;
  /** Infill requests that are not answered, by the id of their exchange: what takes their draft. */
  readonly drafts: Map<string, AbortController>;
  /** Seconds since 1970 when the server was started. */
  readonly created: number;
  isStopping(): boolean;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  /** Answered without a token. */
  readonly isPublic?: boolean;
  run(exchange: Exchange, services: Services): Promise<void> | void;
}

export const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/health', { method: 'GET', isPublic: true, run: health }],
  [
    '/metrics',
    { method: 'GET', run: (exchange, { metrics }) => exchange.send(200, EXPOSITION_TYPE, metrics.page()) },
  ],
  [
    '/v1/models',
    {
      method: 'GET',
      run: (exchange, services) => exchange.json(modelList(described(services), services.created)),
    },
  ],
  ['/v1/infill', { method: 'POST', run: withBody(infill) }],
  ['/v1/infill/enough', { method: 'POST', run: withBody(enough) }],
  ['/v1/estimate', { method: 'POST', run: withBody(estimate) }],
  ['/v1/score', { method: 'POST', run: withBody(score) }],
  ['/v1/completions', { method: 'POST', run: withBody(completions) }],
]);

function withBody(
  run: (value: unknown, exchange: Exchange, services: Services) => Promise<void>,
): Route['run'] {
  return async (exchange, services) => {
    described(services);
    const { value, release } = await services.bodies.read(exchange.request);
    try {
      await run(value, exchange, services);
    } finally {
      release();
    }
  };
}

function health(exchange: Exchange, { keeper, queue, isStopping }: Services): void {
  const model = keeper.ready?.model.name;
  // An engine that has just died is not known as such yet.
  const state = keeper.state === 'ready' ? 'restarting' : keeper.state;
  const status = isStopping() ? 'stopping' : model === undefined ? state : 'ok';
  const { running, waiting } = queue;
  exchange.json(
    { status, ...(model === undefined ? {} : { model }), running, waiting },
    status === 'ok' ? 200 : 503,
  );
}

/** @throws HttpError where no model has been loaded yet; after a crash, requests wait for the next engine */
function described({ keeper, queue }: Services): ModelDescription {
  const { description } = keeper;
  if (description !== undefined) return description;
  throw new HttpError('model-not-loaded', 'The model is still being loaded. Try again in a moment.', {
    headers: { 'Retry-After': String(queue.retrySeconds) },
  });
}

async function infill(value: unknown, exchange: Exchange, services: Services): Promise<void> {
  const { params, stream } = readInfill(value, described(services));
  if (!stream) {
    exchange.json(await infilled(params, exchange, services));
    return;
  }
  let events: EventStream | undefined;
  try {
    const result = await infilled(params, exchange, services, {
      onAccepted: (waiting) => {
        events = new EventStream(exchange.response);
        events.send('accepted', { id: exchange.id, model: described(services).name, waiting });
      },
      onStep: (step) => {
        if (step.step === 1) services.metrics.firstStep.observe(exchange.seconds);
        events?.step(step);
      },
    });
    events?.end('result', result);
  } catch (error) {
    // What is refused at once is refused with its status.
    if (events === undefined) throw error;
    events.end('error', errorBody(toHttpError(error, services.queue.retrySeconds)));
  }
}

interface Listeners {
  readonly onAccepted?: (ahead: number) => void;
  readonly onStep?: (step: DenoiseStepEvent) => void;
}

async function infilled(
  { document, ...params }: Omit<InfillParams, 'requestId'>,
  exchange: Exchange,
  { queue, drafts, metrics }: Services,
  { onAccepted, onStep }: Listeners = {},
): Promise<InfillResult> {
  const draft = new AbortController();
  drafts.set(exchange.id, draft);
  try {
    const result = await queue.run(
      {
        ...turnOf(exchange, metrics),
        priority: params.priority,
        document,
        ...(onAccepted ? { onAccepted } : {}),
      },
      ({ client }, signal) =>
        client.infill(params, { signal, enough: draft.signal, ...(onStep ? { onStep } : {}) }),
    );
    metrics.answered(result);
    return result;
  } finally {
    drafts.delete(exchange.id);
  }
}

async function enough(value: unknown, exchange: Exchange, { drafts }: Services): Promise<void> {
  drafts.get(readEnough(value))?.abort();
  exchange.send(204, '', '');
}

async function estimate(value: unknown, exchange: Exchange, services: Services): Promise<void> {
  const { params } = readInfill(value, described(services));
  const { signal } = exchange;
  exchange.json(await services.keeper.use(({ client }) => client.estimate(params, signal), signal));
}

async function score(value: unknown, exchange: Exchange, services: Services): Promise<void> {
  const { metrics, queue } = services;
  const params = readScore(value, described(services));
  const turn = { ...turnOf(exchange, metrics), priority: params.priority };
  exchange.json(await queue.run(turn, ({ client }, signal) => client.score(params, { signal })));
}

async function completions(value: unknown, exchange: Exchange, services: Services): Promise<void> {
  const completion = readCompletion(value);
  const model = described(services);
  checkModel(completion.model, model);
  const params = { ...completion.params, model: model.folder };
  let events: EventStream | undefined;
  const onAccepted = () => {
    events = new EventStream(exchange.response);
  };
  try {
    const result = await infilled(params, exchange, services, completion.stream ? { onAccepted } : {});
    const answer = completionAnswer(completion, result, exchange.id, Math.floor(Date.now() / 1000));
    if (events === undefined) exchange.json(answer);
    else events.endPlain(completionChunks(answer, completion.usage));
  } catch (error) {
    if (events === undefined) throw error;
    events.endPlain([JSON.stringify(errorBody(toHttpError(error, services.queue.retrySeconds)))]);
  }
}

function turnOf(exchange: Exchange, { wait }: ServeMetrics) {
  const { client, signal, path: route } = exchange;
  return { client, signal, onStart: () => wait.observe(exchange.seconds, { route }) };
}
