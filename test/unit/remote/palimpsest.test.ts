// A Palimpsest server as docs/server.md describes it, answered from a script: what it is asked, and that nothing it says is believed
// beyond what was asked. The real one is in test/engine/remoteServer.test.ts.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import test, { describe } from 'node:test';
import type { DenoiseStepEvent } from '../../../engine/protocol';
import { type Answer, AT, best, connected, json, recordedServer, TEXT, wish } from './recordedServer';

const DESCRIPTION = {
  name: 'starter',
  family: 'palimpsest',
  familyTitle: 'Palimpsest',
  parameters: 60_000_000,
  contextLength: 4096,
  provider: 'cuda',
  providerReason: 'The fastest.',
  attention: 'plain',
  precision: 'fp16',
  storedPrecision: 'F16',
  gate: 0.55,
  copies: true,
  takesInstruction: false,
  remarks: [],
};

const POSITION = { line: 1, column: 1 };

function result(text: string, more: object = {}, span: object = {}) {
  return {
    model: 'starter',
    family: 'palimpsest',
    provider: 'cuda',
    precision: 'fp16',
    forwards: 3,
    tokens: 4,
    tokensPerForward: 1.3,
    millis: 12,
    candidates: [
      {
        score: -0.1,
        confidence: 0.9,
        flaws: ['a new one'],
        spans: [{ range: { start: POSITION, end: POSITION }, start: AT, end: AT, text, ...span }],
        ...more,
      },
    ],
  };
}

function send(response: ServerResponse, name: string, data: object): void {
  response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

function palimpsest(infill: (response: ServerResponse) => void): Answer {
  return ({ path }, response) => {
    if (path === '/v1/models')
      return json(response, { object: 'list', data: [{ id: 'starter', palimpsest: DESCRIPTION }] });
    if (path === '/v1/infill') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      send(response, 'accepted', { id: '7b0c', model: 'starter', waiting: 0 });
      return infill(response);
    }
    if (path === '/v1/infill/enough') response.writeHead(204).end();
    else json(response, { masks: 3, millis: 40, scoringMillis: 9 });
    return undefined;
  };
}

const STEP = {
  step: 1,
  span: 0,
  candidate: 0,
  cells: [{ text: 'sum', state: 'draft', confidence: 0.8 }],
  committed: [0],
  remasked: [],
  fraction: 0.1,
  aFieldOfTheFuture: true,
};

describe('a Palimpsest server', () => {
  test('describes its model, and keeps what only it can know', async (t) => {
    const server = await recordedServer(
      t,
      palimpsest(() => undefined),
    );
    const { description } = await connected(t, 'palimpsest', server.url);
    assert.equal(description.name, 'starter');
    assert.equal(description.gate, 0.55);
    assert.equal(description.provider, 'cuda');
    assert.deepEqual(description.server?.gaps, []);
    assert.equal(description.copies, false, 'the memory of this side is not for it');
  });

  test('gets the wishes without paths and other files, and its steps and its answer come through', async (t) => {
    const server = await recordedServer(
      t,
      palimpsest((response) => {
        send(response, 'step', STEP);
        response.write(': ping\n\n');
        send(response, 'something-new', {});
        send(response, 'result', result('sum(values)'));
        response.end();
      }),
    );
    const model = await connected(t, 'palimpsest', server.url, { key: 'a-token-of-length' });
    const steps: DenoiseStepEvent[] = [];
    const answer = await model.infill(
      wish({
        requestId: 41,
        strength: 0.5,
        steps: 9,
        document: 'file:///secret/place.py',
        fileName: '/secret/place.py',
        openTexts: ['another file'],
        memory: { id: 'm' },
        events: true,
      }),
      { onStep: (step) => steps.push(step) },
    );
    assert.equal(best(answer), 'sum(values)');
    assert.equal(answer.forwards, 3);
    assert.deepEqual(answer.candidates[0]?.flaws?.includes('a new one' as never), false);
    assert.equal(steps[0]?.requestId, 41);
    assert.equal(steps[0]?.cells[0]?.state, 'draft');
    const { body, headers } = server.heard.at(-1) ?? assert.fail();
    assert.deepEqual(body, {
      priority: 'rewrite',
      text: TEXT,
      spans: [{ start: AT, end: AT }],
      language: 'python',
      strength: 0.5,
      steps: 9,
      stream: true,
    });
    assert.equal(headers.authorization, 'Bearer a-token-of-length');
    assert.match(String(headers['palimpsest-client']), /^[0-9a-f-]{36}$/);
  });

  test('hears when the draft is enough', async (t) => {
    const server = await recordedServer(
      t,
      palimpsest((response) => send(response, 'step', STEP)),
    );
    const { answer } = server;
    server.answer = (heard, response) => {
      answer(heard, response);
      if (heard.path === '/v1/infill') waiting = response;
      if (heard.path === '/v1/infill/enough') {
        send(waiting ?? assert.fail(), 'result', result('draft'));
        waiting?.end();
      }
    };
    let waiting: ServerResponse | undefined;
    const model = await connected(t, 'palimpsest', server.url);
    let isEnough = false;
    const found = await model.infill(wish(), {
      enough: () => isEnough,
      onStep: () => {
        isEnough = true;
      },
    });
    assert.equal(best(found), 'draft');
    const told = server.heard.filter(({ path }) => path === '/v1/infill/enough');
    assert.deepEqual(
      told.map(({ body }) => body),
      [{ id: '7b0c' }],
    );
  });

  test('that answers for another place is not believed', async (t) => {
    for (const lie of [
      result('x', {}, { start: 0 }),
      result('x', {}, { end: AT + 5 }),
      result('x', { spans: [] }),
      result('x', { score: 'high' }),
      { ...result('x'), candidates: 'none' },
      {},
    ]) {
      const server = await recordedServer(
        t,
        palimpsest((response) => {
          send(response, 'result', lie);
          response.end();
        }),
      );
      const model = await connected(t, 'palimpsest', server.url);
      await assert.rejects(model.infill(wish()), { code: 'server-answer-invalid' }, JSON.stringify(lie));
    }
  });

  test('passes the gate of this side as well', async (t) => {
    const server = await recordedServer(
      t,
      palimpsest((response) => {
        send(response, 'result', result('sum(values)'));
        response.end();
      }),
    );
    const model = await connected(t, 'palimpsest', server.url);
    assert.equal((await model.infill(wish({ gate: 0.95 }))).candidates.length, 0);
  });

  test('that says an error, or nothing any more, is named', async (t) => {
    const ends: readonly (readonly [(response: ServerResponse) => void, RegExp])[] = [
      [
        (r) => send(r, 'error', { error: { message: 'The engine failed.', code: 'runtime-failed' } }),
        /reports an error: The engine failed/,
      ],
      [(r) => send(r, 'step', STEP), /broke off in the middle/],
    ];
    for (const [end, message] of ends) {
      const server = await recordedServer(
        t,
        palimpsest((response) => {
          end(response);
          response.end();
        }),
      );
      const model = await connected(t, 'palimpsest', server.url);
      await assert.rejects(model.infill(wish({ priority: 'ghost' })), { message });
    }
  });

  test('estimates', async (t) => {
    const server = await recordedServer(
      t,
      palimpsest(() => undefined),
    );
    const model = await connected(t, 'palimpsest', server.url);
    assert.deepEqual(await model.estimate(wish()), { masks: 3, millis: 40, scoringMillis: 9 });
  });

  test('differs from other servers', async (t) => {
    const server = await recordedServer(t, (_heard, response) => json(response, { data: [{ id: 'gpt' }] }));
    await assert.rejects(connected(t, 'palimpsest', server.url), {
      code: 'server-answer-invalid',
      message: /is not a Palimpsest server/,
    });
  });
});
