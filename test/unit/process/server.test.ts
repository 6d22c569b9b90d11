// The server of one client: its methods, its order, its end.
import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import test, { describe } from 'node:test';
import { CancellationTokenSource } from 'vscode-jsonrpc/node';
import { EngineResources } from '../../../engine/process/resources';
import { METHODS, PROTOCOL_VERSION } from '../../../engine/protocol';
import { ScriptedLoader } from './scriptedModel';
import { A, frame, initialise, rejects, request, setUp, until } from './serverBench';

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
