import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import test, { describe } from 'node:test';
import {
  CancellationTokenSource,
  createMessageConnection,
  type MessageConnection,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import type { ErrorCode } from '../../../engine/errors';
import { EngineResources } from '../../../engine/process/resources';
import type { ScheduleLimits } from '../../../engine/process/schedule';
import { type EndReason, EngineServer, type ServerOptions } from '../../../engine/process/server';
import {
  type BegunEvent,
  type DenoiseStepEvent,
  ERROR_RPC_CODE,
  type InfillParams,
  type LoadProgress,
  METHODS,
  PROTOCOL_VERSION,
  type ReadingEvent,
  type ScoringEvent,
} from '../../../engine/protocol';
import { ScriptedLoader, SHARES } from './scriptedModel';

const A = '/models/a';
const CANCEL = '$/cancelRequest';

interface Bench {
  readonly loader: ScriptedLoader;
  readonly server: EngineServer;
  readonly connection: MessageConnection;
  /** What the server reads. */
  readonly input: PassThrough;
  readonly ended: Promise<EndReason>;
  readonly logs: string[];
  readonly steps: DenoiseStepEvent[];
  readonly progress: LoadProgress[];
  /** Sends a request; `text` is the script of the model. */
  infill(
    requestId: number,
    text: string,
    more?: Partial<InfillParams>,
    token?: CancellationTokenSource,
  ): Promise<unknown>;
}

/** A server and a client over two in-memory streams. */
async function setUp(
  ready = true,
  options: Partial<ServerOptions> & { readonly loader?: ScriptedLoader } = {},
  limits?: ScheduleLimits,
): Promise<Bench> {
  const { loader = new ScriptedLoader() } = options;
  const input = new PassThrough();
  const output = new PassThrough();
  const logs: string[] = [];
  let end: (reason: EndReason) => void = () => undefined;
  const ended = new Promise<EndReason>((resolve) => {
    end = resolve;
  });
  const server = EngineServer.start({
    input,
    output,
    resources: new EngineResources(loader.loadModel, limits),
    engineVersion: '1.2.3',
    log: (level, message) => logs.push(`${level} ${message}`),
    onEnd: end,
    stopMillis: 200,
    ...options,
  });
  const connection = createMessageConnection(new StreamMessageReader(output), new StreamMessageWriter(input));
  const steps: DenoiseStepEvent[] = [];
  const progress: LoadProgress[] = [];
  connection.onNotification(METHODS.denoiseStep, (event: DenoiseStepEvent) => void steps.push(event));
  connection.onNotification(METHODS.loadProgress, (event: LoadProgress) => void progress.push(event));
  connection.listen();
  if (ready) {
    await connection.sendRequest(METHODS.initialise, initialise());
    await connection.sendRequest(METHODS.loadModel, { folder: A });
  }
  const infill: Bench['infill'] = (requestId, text, more = {}, token = new CancellationTokenSource()) =>
    connection.sendRequest(METHODS.infill, request(requestId, text, more), token.token);
  return { loader, server, connection, input, ended, logs, steps, progress, infill };
}

function initialise(protocolVersion = PROTOCOL_VERSION) {
  return { protocolVersion, parentPid: process.pid, cacheFolder: '/cache' };
}

function request(requestId: number, text: string, more: Partial<InfillParams> = {}): InfillParams {
  return {
    requestId,
    model: A,
    priority: 'rewrite',
    text,
    spans: [{ start: 0, end: 1 }],
    ...more,
  };
}

async function rejects(promise: Promise<unknown>, code: ErrorCode, data?: object): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof ResponseError, String(error));
    assert.equal(error.code, ERROR_RPC_CODE);
    assert.equal(error.data.code, code, error.message);
    assert.ok(error.message.length > 10);
    if (data !== undefined) assert.deepEqual(error.data.data, data);
    return true;
  });
}

/** Turns of the event loop until it holds; fails when it does not for long. */
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 5000 && !holds(); i++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(holds(), `never: ${holds}`);
}

/** What is told of requests, each time before the first step of that one. */
function sharesOf(
  method: typeof METHODS.scoring | typeof METHODS.reading,
  connection: MessageConnection,
  steps: readonly DenoiseStepEvent[],
): readonly (readonly [number, number])[] {
  const heard: (readonly [number, number])[] = [];
  connection.onNotification(method, ({ requestId, done }: ScoringEvent | ReadingEvent) => {
    assert.ok(
      steps.every((one) => one.requestId !== requestId),
      'before its first step',
    );
    heard.push([requestId, done]);
  });
  return heard;
}

describe('server', () => {
  test('every method answers', async () => {
    const { connection, progress, loader, infill, steps } = await setUp();
    const described = await connection.sendRequest(METHODS.describeModel, { model: A });
    assert.deepEqual(described, loader.models[0]?.description);
    assert.deepEqual(await connection.sendRequest(METHODS.loadModel, { folder: A }), described);
    assert.equal(loader.loads, 1);
    assert.deepEqual(
      progress.map(({ folder, stage }) => [folder, stage]),
      [
        [A, 'opening'],
        [A, 'session'],
      ],
    );

    const result = await infill(1, 'steps 3', { events: true });
    assert.deepEqual(Object(result).candidates[0].spans[0], {
      range: { start: { line: 1, column: 1 }, end: { line: 1, column: 2 } },
      start: 0,
      end: 1,
      text: 'answer 1',
    });
    assert.deepEqual(
      steps.map(({ requestId, step }) => [requestId, step]),
      [
        [1, 1],
        [1, 2],
        [1, 3],
      ],
    );
    await infill(2, 'steps 3');
    assert.equal(steps.length, 3, 'no events unless they are asked for');

    const score = await connection.sendRequest(METHODS.score, {
      requestId: 3,
      model: A,
      text: 'abc',
      range: { start: 1, end: 2 },
      priority: 'background',
    });
    assert.equal(Object(score).tokens[0].text, 'b');

    const status = Object(await connection.sendRequest(METHODS.status));
    assert.deepEqual(status.models, [described]);
    assert.deepEqual([status.running, status.queued], [0, 0]);
    assert.ok(status.residentMemory > 1e6 && status.uptimeMillis >= 0);

    assert.equal(await connection.sendRequest(METHODS.unloadModel, { model: A }), null);
    assert.equal(await connection.sendRequest(METHODS.unloadModel, { model: A }), null);
    assert.equal(loader.models[0]?.disposed, 1);
    await rejects(connection.sendRequest(METHODS.describeModel, { model: A }), 'model-not-loaded');
    await rejects(infill(4, 'steps 1'), 'model-not-loaded', { model: A, loading: false });
  });

  test('a request copies from the memory that it names, and from none otherwise', async () => {
    const { connection, infill, loader } = await setUp();
    const update = (memory: string, text: string, removed: readonly string[] = []) =>
      connection.sendRequest(METHODS.memoryUpdate, { memory, files: [{ path: 'src/a.ts', text }], removed });
    const { bytes, ...facts } = Object(await update('window', 'open(door);\n'));
    assert.deepEqual(facts, { files: 1, characters: 12, skipped: [] });
    assert.ok(bytes > 0);
    assert.deepEqual(Object(await update('other', 'open(\0')).skipped, [
      { path: 'src/a.ts', reason: 'binary' },
    ]);
    await infill(1, 'steps 1', { memory: { id: 'window', path: 'src/b.ts' } });
    await infill(2, 'steps 1', { memory: { id: 'window', path: 'src/a.ts' } });
    await infill(3, 'steps 1', { memory: { id: 'unknown' } });
    await infill(4, 'steps 1');
    const [own, itself, unknown, none] = loader.models[0]?.indexes ?? [];
    assert.deepEqual(
      own?.sources('x = open(', ')').map(({ text, at, origin }) => [origin?.path, text.slice(at)]),
      [['src/a.ts', 'door);\n']],
    );
    assert.deepEqual(itself?.sources('x = open(', ')'), []);
    assert.equal(unknown, undefined);
    assert.equal(none, undefined);
    assert.equal(await connection.sendRequest(METHODS.memoryClear, { memory: 'window' }), null);
    await infill(5, 'steps 1', { memory: { id: 'window' } });
    assert.equal(loader.models[0]?.indexes[4], undefined);
  });

  test('files are indexed when no request runs', async () => {
    const { connection, infill, loader } = await setUp();
    const order: string[] = [];
    const run = infill(1, 'forever').catch(() => order.push('request'));
    await until(() => loader.models[0]?.begun.length === 1);
    const update = connection
      .sendRequest(METHODS.memoryUpdate, { memory: 'm', files: [{ path: 'a', text: 'x' }], removed: [] })
      .then(() => order.push('update'));
    await connection.sendRequest(METHODS.status);
    const { models } = loader;
    if (models[0]) models[0].halted = true;
    await Promise.all([run, update]);
    assert.equal(order.at(-1), 'update');
  });

  test('initialise comes first, once, and with the same version', async () => {
    const { connection, infill } = await setUp(false);
    await rejects(connection.sendRequest(METHODS.status, {}), 'protocol-violation');
    await rejects(infill(1, 'steps 1'), 'protocol-violation');
    await rejects(connection.sendRequest(METHODS.initialise, initialise(99)), 'protocol-violation', {
      engine: PROTOCOL_VERSION,
      client: 99,
    });
    await rejects(connection.sendRequest(METHODS.initialise), 'option-invalid');
    assert.deepEqual(await connection.sendRequest(METHODS.initialise, initialise()), {
      protocolVersion: PROTOCOL_VERSION,
      engineVersion: '1.2.3',
      pid: process.pid,
    });
    await rejects(connection.sendRequest(METHODS.initialise, initialise()), 'protocol-violation');
    await rejects(connection.sendRequest('palimpsest/other', {}), 'protocol-violation', {
      method: 'palimpsest/other',
    });
  });

  test('wrong parameters, failing models and odd error data each give a code', async () => {
    const { connection, infill, logs } = await setUp();
    await rejects(connection.sendRequest(METHODS.infill, { requestId: 1 }), 'option-invalid', {
      path: 'model',
    });
    await rejects(connection.sendRequest(METHODS.infill, [1, 2]), 'option-invalid', { path: 'params' });
    await rejects(
      connection.sendRequest(METHODS.score, request(1, 'x', { priority: 'ghost' }), 5),
      'option-invalid',
    );
    await rejects(infill(1, 'x', { spans: [{ start: 0, end: 2 }] }), 'span-invalid');
    await rejects(infill(2, 'fail out-of-memory'), 'out-of-memory', { asked: 'out-of-memory' });
    await rejects(infill(3, 'unserialisable'), 'runtime-failed', {});
    assert.ok(!logs.some((line) => line.includes('TypeError')));
    await rejects(infill(4, 'throw'), 'internal');
    assert.ok(logs.some((line) => line.startsWith('error') && line.includes('TypeError')));
    await rejects(
      connection.sendRequest(METHODS.loadModel, { folder: '/models/missing' }),
      'checkpoint-missing',
    );
    await rejects(connection.sendRequest(METHODS.loadModel, { folder: '/models/broken' }), 'internal');
    await infill(5, 'steps 1');
  });

  test('cancel is honoured while waiting, while running and before it is dispatched', async () => {
    const { connection, input, infill, loader } = await setUp();
    const [first, second] = [new CancellationTokenSource(), new CancellationTokenSource()];
    const running = infill(1, 'forever', {}, first);
    const waiting = infill(2, 'steps 1', {}, second);
    await until(() => (loader.models[0]?.steps ?? 0) > 3);
    second.cancel();
    await rejects(waiting, 'cancelled');
    first.cancel();
    await rejects(running, 'cancelled');
    input.write(
      Buffer.concat([
        frame({ jsonrpc: '2.0', id: 1000, method: METHODS.infill, params: request(3, 'forever') }),
        frame({ jsonrpc: '2.0', method: CANCEL, params: { id: 1000 } }),
      ]),
    );
    // Unknown numbers, finished ones, and one that was cancelled already do nothing.
    for (const id of [1000, 9999, 'x']) await connection.sendNotification(CANCEL, { id });
    await infill(4, 'steps 2');
    assert.deepEqual(loader.models[0]?.begun, [1, 4]);
  });

  test('a draft is taken after the step that runs: while running, while waiting and before it is dispatched', async () => {
    const { connection, input, infill, loader } = await setUp();
    const enough = (requestId: unknown) => connection.sendNotification(METHODS.enough, { requestId });
    const stepsOf = () => loader.models[0]?.steps ?? 0;
    const running = infill(1, 'forever');
    const waiting = infill(2, 'forever');
    await until(() => stepsOf() > 3);
    await enough(2);
    await enough(1);
    assert.equal(Object(await running).candidates.length, 1);
    const before = stepsOf();
    await waiting;
    assert.ok(stepsOf() <= before + 2, 'what waited has had its step');
    // Numbers that nobody waits for do nothing, and are forgotten: 3 is used below.
    for (const requestId of [3, 1, 99, 'x', null]) await enough(requestId);
    const after = stepsOf();
    // The number 1 was enough once, for a request that has been answered.
    for (const [turn, requestId] of [3, 1].entries()) {
      await infill(requestId, 'steps 4');
      assert.equal(stepsOf(), after + 4 * (turn + 1));
    }
    input.write(
      Buffer.concat([
        frame({ jsonrpc: '2.0', id: 2000, method: METHODS.infill, params: request(4, 'forever') }),
        frame({ jsonrpc: '2.0', method: METHODS.enough, params: { requestId: 4 } }),
      ]),
    );
    await infill(5, 'steps 1');
    assert.deepEqual(loader.models[0]?.begun, [1, 2, 3, 1, 4, 5], 'the one before it has ended');
  });

  test('JSON-RPC’s own cancellation is honoured, for a load as well', async () => {
    const { connection, infill, loader } = await setUp();
    const stopRunning = new CancellationTokenSource();
    const stopWaiting = new CancellationTokenSource();
    const running = infill(1, 'forever', {}, stopRunning);
    const waiting = infill(2, 'steps 1', {}, stopWaiting);
    await until(() => (loader.models[0]?.steps ?? 0) > 3);
    stopWaiting.cancel();
    await rejects(waiting, 'cancelled');
    stopRunning.cancel();
    await rejects(running, 'cancelled');
    const stopLoading = new CancellationTokenSource();
    const loading = connection.sendRequest(METHODS.loadModel, { folder: '/models/slow' }, stopLoading.token);
    await until(() => loader.loading === 1);
    stopLoading.cancel();
    await rejects(loading, 'cancelled');
    await until(() => loader.loading === 0);
    const early = new CancellationTokenSource();
    const first = infill(3, 'forever', {}, early);
    early.cancel();
    await rejects(first, 'cancelled');
  });

  test('a cancelled run stops at its next step, whatever else waits to be read', async () => {
    const { connection, input, infill, loader } = await setUp();
    const source = new CancellationTokenSource();
    const running = infill(1, 'forever', {}, source);
    await until(() => (loader.models[0]?.steps ?? 0) > 3);
    const frames = Array.from({ length: 40 }, () => ({ jsonrpc: '2.0', method: '$/other', params: {} }));
    const before = loader.models[0]?.steps ?? 0;
    input.write(Buffer.concat(frames.map(frame)));
    source.cancel();
    await rejects(running, 'cancelled');
    assert.ok((loader.models[0]?.steps ?? 0) - before <= 2);
    await connection.sendRequest(METHODS.status, {});
  });

  test('the newest of a document wins, a rewrite goes before ghost text, step events end with the answer', async () => {
    const { infill, loader, steps } = await setUp();
    const ghost = { priority: 'ghost', document: 'd', events: true } as const;
    const first = infill(1, 'forever', ghost);
    await until(() => steps.length > 2);
    const second = infill(2, 'forever', ghost);
    await rejects(first, 'superseded', { by: 2 });
    await until(() => steps.some((event) => event.requestId === 2));
    const lastOfFirst = steps.findLastIndex((event) => event.requestId === 1);
    const firstOfSecond = steps.findIndex((event) => event.requestId === 2);
    assert.ok(lastOfFirst < firstOfSecond);
    const third = infill(3, 'steps 2', ghost);
    await rejects(second, 'superseded', { by: 3 });
    await third;
    const fourth = infill(4, 'forever', ghost);
    await until(() => steps.some((event) => event.requestId === 4));
    const rewrite = infill(5, 'steps 2', { document: 'other' });
    await rejects(fourth, 'superseded', { by: 5 });
    await rewrite;
    assert.deepEqual(loader.models[0]?.begun, [1, 2, 3, 4, 5]);
  });

  test('who asked for events hears when it is their turn, and not before', async () => {
    const { connection, infill, steps } = await setUp();
    const begun: number[] = [];
    connection.onNotification(METHODS.begun, ({ requestId }: BegunEvent) => {
      assert.ok(
        steps.every((step) => step.requestId !== requestId),
        'before its first step',
      );
      begun.push(requestId);
    });
    const stop = new CancellationTokenSource();
    const first = infill(1, 'forever', { events: true }, stop);
    const second = infill(2, 'steps 2', { events: true });
    await until(() => steps.length > 3);
    assert.deepEqual(begun, [1]);
    stop.cancel();
    await rejects(first, 'cancelled');
    await second;
    assert.deepEqual(begun, [1, 2]);
    await infill(3, 'steps 1');
    const score = { model: A, text: 'steps 1', priority: 'rewrite' } as const;
    await connection.sendRequest(METHODS.score, { ...score, requestId: 4 });
    await connection.sendRequest(METHODS.score, { ...score, requestId: 5, events: true });
    assert.deepEqual(begun, [1, 2, 5]);
  });

  test('who asked for events hears how much is scored, before the first step and in order', async () => {
    const { connection, infill, steps } = await setUp();
    const heard = sharesOf(METHODS.scoring, connection, steps);
    const score = { model: A, text: 'steps 1', priority: 'rewrite' } as const;
    await connection.sendRequest(METHODS.score, { ...score, requestId: 1 });
    await infill(2, 'steps 2', { strength: 0.5 });
    assert.deepEqual(heard, []);
    await connection.sendRequest(METHODS.score, { ...score, requestId: 3, events: true });
    await infill(4, 'steps 2', { strength: 0.5, events: true });
    await infill(5, 'steps 2', { events: true });
    assert.deepEqual(
      heard,
      [3, 4].flatMap((requestId) => SHARES.map((done) => [requestId, done])),
    );
  });

  test('who asked for events hears how much is read, before the first step and in order', async () => {
    const { connection, infill, steps } = await setUp();
    const heard = sharesOf(METHODS.reading, connection, steps);
    await infill(1, 'steps 2', { instruction: 'shorten it' });
    assert.deepEqual(heard, []);
    await infill(2, 'steps 2', { instruction: 'shorten it', events: true });
    assert.deepEqual(
      heard,
      SHARES.map((done) => [2, done]),
    );
  });

  test('that it is their turn is written before the work begins', async () => {
    const loader = new ScriptedLoader();
    const begunAt: (number | undefined)[] = [];
    const output = new Writable({
      write(chunk: Buffer, _encoding, done) {
        if (String(chunk).includes(METHODS.begun)) begunAt.push(loader.models[0]?.begun.length);
        done();
      },
    });
    const { input } = await setUp(false, { loader, output });
    const send = (id: number, method: string, params: object) =>
      input.write(frame({ jsonrpc: '2.0', id, method, params }));
    send(1, METHODS.initialise, initialise());
    send(2, METHODS.loadModel, { folder: A });
    send(3, METHODS.infill, request(9, 'steps 3', { events: true }));
    await until(() => loader.models[0]?.steps === 3);
    assert.deepEqual(begunAt, [0]);
  });

  test('a run that is deaf to its cancellation sends no more steps', async () => {
    const { infill, loader, steps } = await setUp();
    const source = new CancellationTokenSource();
    const deaf = infill(1, 'deaf 300', { events: true }, source);
    await until(() => steps.length > 2);
    source.cancel();
    await rejects(deaf, 'cancelled');
    const heard = steps.length;
    await until(() => loader.models[0]?.steps === 300);
    await infill(2, 'steps 1', { events: true });
    assert.deepEqual(
      steps.slice(heard).map((event) => event.requestId),
      [2],
    );
  });

  test('queue-full and a number in use are told', async () => {
    const { infill, connection, loader } = await setUp(true, {}, { capacity: 2, passes: 8, yields: 3 });
    const sources = [1, 2, 3].map(() => new CancellationTokenSource());
    const all = sources.map((source, i) => infill(i + 1, 'forever', {}, source));
    await until(() => (loader.models[0]?.steps ?? 0) > 0);
    await rejects(infill(1, 'steps 1'), 'protocol-violation', { requestId: 1 });
    await rejects(infill(4, 'steps 1'), 'queue-full', { capacity: 2 });
    const { running, queued } = Object(await connection.sendRequest(METHODS.status, {}));
    assert.deepEqual([running, queued], [1, 2]);
    const refused = Promise.all(all.map((answer) => rejects(answer, 'cancelled')));
    for (const source of sources.reverse()) source.cancel();
    await refused;
  });

  test('two clients of one process: numbers and cancels are each one’s own, and what one lets go of stays loaded for the other', async () => {
    const loader = new ScriptedLoader();
    const resources = new EngineResources(loader.loadModel);
    const [a, b] = [
      await setUp(true, { loader, resources, client: 'a' }),
      await setUp(true, { loader, resources, client: 'b' }),
    ];
    assert.equal(loader.models.length, 1);
    const document = 'file:///same';
    const source = new CancellationTokenSource();
    const ofA = a.infill(1, 'forever', { document }, source);
    const ofB = b.infill(1, 'steps 2', { document, events: true });
    await until(() => (loader.models[0]?.steps ?? 0) > 0);
    const { running, queued } = Object(await b.connection.sendRequest(METHODS.status, {}));
    assert.deepEqual([running, queued], [1, 1]);
    const refused = rejects(ofA, 'cancelled');
    source.cancel();
    await refused;
    await ofB;
    assert.deepEqual([a.steps.length, b.steps.length > 0], [0, true]);
    await a.connection.sendRequest(METHODS.unloadModel, { model: A });
    await b.infill(2, 'steps 1');
    // It let go of it, and has it still as long as somebody does.
    await a.connection.sendRequest(METHODS.loadModel, { folder: A });
    const left = rejects(a.infill(2, 'forever'), 'cancelled');
    const waiting = b.infill(3, 'steps 1');
    await a.connection.sendRequest(METHODS.shutdown, {});
    await left;
    await waiting;
    assert.equal(loader.models[0]?.disposed, 0);
    await b.connection.sendRequest(METHODS.shutdown, {});
    assert.deepEqual([loader.models.length, loader.models[0]?.disposed], [1, 1]);
  });

  test('unloading stops the model’s requests and waits until they have stopped', async () => {
    const { infill, connection, loader } = await setUp();
    const running = infill(1, 'forever');
    const waiting = infill(2, 'steps 1');
    await until(() => (loader.models[0]?.steps ?? 0) > 0);
    const unloading = connection.sendRequest(METHODS.unloadModel, { model: A });
    await Promise.all([rejects(running, 'model-not-loaded'), rejects(waiting, 'model-not-loaded')]);
    await unloading;
    const { steps } = loader.models[0] ?? { steps: -1 };
    await connection.sendRequest(METHODS.status, {});
    assert.equal(loader.models[0]?.steps, steps);
    assert.equal(loader.models[0]?.disposed, 1);
  });

  test('a run that hears of nothing until its step is done is waited for before its model goes', async () => {
    const { infill, connection, loader } = await setUp();
    const running = infill(1, 'deaf 300');
    await until(() => (loader.models[0]?.steps ?? 0) > 0);
    const [model] = loader.models;
    assert.ok(model);
    const stepsWhenDisposed: number[] = [];
    const dispose = model.dispose.bind(model);
    model.dispose = () => {
      stepsWhenDisposed.push(model.steps);
      return dispose();
    };
    await Promise.all([
      rejects(running, 'model-not-loaded'),
      connection.sendRequest(METHODS.unloadModel, { model: A }),
    ]);
    assert.deepEqual(stepsWhenDisposed, [300]);
  });

  test('what is no message is answered where it can be, and the rest goes on', async () => {
    const { input, connection, logs, infill } = await setUp();
    input.write(frame('{"jsonrpc":"2.0","id":1,'));
    input.write(frame({ jsonrpc: '2.0', id: 700, method: 5 }));
    await connection.sendNotification('palimpsest/unknown', {});
    await connection.sendNotification(METHODS.enough, { requestId: 'one' });
    await infill(1, 'steps 1');
    assert.equal(logs.filter((line) => line.includes('not a JSON-RPC message')).length, 2);
    assert.ok(logs.some((line) => line.includes('palimpsest/unknown')));
    assert.ok(logs.some((line) => line.includes('requestId')));
  });

  test('a broken frame gets a last answer and ends the server', async () => {
    for (const rubbish of [
      'GET / HTTP/1.1\r\n\r\n',
      'Content-Length: 99999999999\r\n\r\n',
      'x'.repeat(9000),
    ]) {
      const output = new PassThrough();
      const { input, ended } = await setUp(false, { output });
      input.write(rubbish);
      assert.equal(await ended, 'unreadable');
      const text = String(output.read());
      assert.match(text, /"id":null/);
      assert.match(text, /protocol-violation/);
    }
  });

  test('shutdown cancels, unloads, answers and ends; later requests are refused', async () => {
    const { connection, infill, ended, loader } = await setUp();
    const running = infill(1, 'forever');
    const waiting = infill(2, 'steps 1');
    await until(() => (loader.models[0]?.steps ?? 0) > 0);
    const shutdown = connection.sendRequest(METHODS.shutdown);
    const late = infill(3, 'steps 1');
    await Promise.all([
      rejects(running, 'cancelled'),
      rejects(waiting, 'cancelled'),
      rejects(late, 'protocol-violation'),
    ]);
    assert.equal(await shutdown, null);
    assert.equal(await ended, 'shutdown');
    assert.equal(loader.models[0]?.disposed, 1);
  });

  test('shutdown does not wait for ever for a run that does not stop', async () => {
    const { connection, infill, ended, loader } = await setUp();
    const deaf = infill(1, `deaf ${Number.POSITIVE_INFINITY}`);
    await until(() => (loader.models[0]?.steps ?? 0) > 0);
    const begun = performance.now();
    const shutdown = connection.sendRequest(METHODS.shutdown);
    await rejects(deaf, 'cancelled');
    assert.equal(await shutdown, null);
    assert.equal(await ended, 'shutdown');
    const millis = performance.now() - begun;
    assert.ok(millis > 150, 'it waited for the run to stop');
    for (const model of loader.models) model.halted = true;
  });

  test('shutdown works before initialise, and the end of the input ends the server', async () => {
    const one = await setUp(false);
    assert.equal(await one.connection.sendRequest(METHODS.shutdown), null);
    assert.equal(await one.ended, 'shutdown');
    const two = await setUp();
    const running = two.infill(1, 'forever');
    running.catch(() => undefined);
    await until(() => (two.loader.models[0]?.steps ?? 0) > 0);
    two.input.end();
    assert.equal(await two.ended, 'closed');
    assert.equal(two.loader.models[0]?.disposed, 1);
  });

  test('a reader that does not read gets few steps and the last one; the server’s buffer stays small', async () => {
    const taken: Buffer[] = [];
    let resume: (() => void) | undefined;
    let reading = true;
    let buffered = 0;
    const output = new Writable({
      highWaterMark: 1024,
      write(chunk: Buffer, _encoding, done) {
        taken.push(Buffer.from(chunk));
        buffered = Math.max(buffered, output.writableLength);
        if (reading) done();
        else resume = done;
      },
    });
    const { input, loader } = await setUp(false, { output });
    const send = (id: number, method: string, params: object) =>
      input.write(frame({ jsonrpc: '2.0', id, method, params }));
    const answered = (id: number) => () => String(Buffer.concat(taken)).includes(`"id":${id},"result"`);
    send(1, METHODS.initialise, initialise());
    send(2, METHODS.loadModel, { folder: A });
    await until(answered(2));
    taken.length = 0;
    reading = false;
    buffered = 0;
    send(3, METHODS.infill, request(9, 'flood 500', { events: true }));
    await until(() => loader.models[0]?.steps === 500);
    assert.ok(buffered < 500_000, `${buffered} bytes wait in the stream`);
    reading = true;
    resume?.();
    await until(answered(3));
    const text = String(Buffer.concat(taken));
    const steps = [...text.matchAll(/"step":(\d+)/g)].map((match) => Number(match[1]));
    assert.equal(steps.at(-1), 500);
    assert.ok(steps.length <= 8, `${steps.length} steps were sent`);
    assert.ok(
      text.lastIndexOf('"step":500') < text.indexOf('"id":3,"result"'),
      'the last step precedes the answer',
    );
  });
});

function frame(body: unknown): Buffer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return Buffer.from(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
}
