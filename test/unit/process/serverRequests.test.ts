// Requests while they wait and run: their turns, their events, and how they are ended.
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import test, { describe } from 'node:test';
import { CancellationTokenSource } from 'vscode-jsonrpc/node';
import { type BegunEvent, METHODS } from '../../../engine/protocol';
import { ScriptedLoader, SHARES } from './scriptedModel';
import { A, CANCEL, frame, initialise, rejects, request, setUp, sharesOf, until } from './serverBench';

describe('requests to the server', () => {
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

  test('that a model is slower is told once, before the answer behind which it is', async () => {
    const { connection, infill } = await setUp();
    const told: unknown[] = [];
    connection.onNotification(METHODS.speed, (event: unknown) => void told.push(event));
    await infill(1, 'steps 1');
    assert.deepEqual(told, []);
    await infill(2, 'slower 900');
    const speed = { model: A, isSlow: true, passMillis: 900 };
    assert.deepEqual(told, [speed]);
    await connection.sendRequest(METHODS.estimate, request(3, 'steps 1'));
    await infill(4, 'steps 1');
    assert.deepEqual(told, [speed]);
    const again = await connection.sendRequest(METHODS.loadModel, { folder: A });
    assert.equal(Object(again).passMillis, 900, 'it is described as it is now');
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
});
