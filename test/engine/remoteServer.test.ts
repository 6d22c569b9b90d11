// The engine process as the client of a server: real processes on both sides of a real `palimpsest serve` (its model is a scripted
// one), and of a llama-server that is answered from a script.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test, { describe } from 'node:test';
import type { DenoiseStepEvent, ServerParams } from '../../engine/protocol';
import type { EngineClient } from '../../engine/rpc/engineClient';
import { llama, recordedServer } from '../unit/remote/recordedServer';
import { onLinux, scripts, start, useScripts } from './engineScripts';
import { rejects } from './processes';
import { withServer } from './serveClient';

const TOKEN = 'correct-horse-battery-staple';
const NAME = 'the server';

/** A real engine that has no model of its own; stopped when `use` is over. */
async function withClient(server: ServerParams, use: (client: EngineClient) => Promise<void>): Promise<void> {
  const client = await start({ script: scripts.real });
  try {
    await client.loadModel({ folder: NAME, server });
    await use(client);
  } finally {
    await client.stop();
  }
}

function doing(text: string) {
  return { model: NAME, priority: 'rewrite' as const, text, spans: [{ start: 0, end: 0 }] };
}

describe('an engine with a Palimpsest server behind it', () => {
  useScripts();

  const behind = (use: (client: EngineClient) => Promise<void>) =>
    withServer(({ url }) => withClient({ kind: 'palimpsest', url, key: TOKEN }, use), { token: TOKEN });

  test('describes, infills with every step, estimates and scores as with a model of its own', () =>
    behind(async (client) => {
      const [model = assert.fail()] = (await client.status()).models;
      assert.equal(model.folder, NAME);
      assert.deepEqual(model.server?.gaps, []);
      const steps: DenoiseStepEvent[] = [];
      const result = await client.infill(doing('steps 3'), { onStep: (step) => steps.push(step) });
      assert.match(result.candidates[0]?.spans[0]?.text ?? '', /^answer \d+$/);
      assert.equal(steps.at(-1)?.step, 3);
      assert.deepEqual(await client.estimate(doing('x')), { masks: 1, firstMillis: 10, millis: 100 });
      const asked = { model: NAME, text: 'x = 1', priority: 'background' } as const;
      const score = await client.score(asked);
      assert.equal(score.tokens[0]?.text, 'x = 1');
      assert.equal(score.end, undefined);
      const { end } = await client.score({ ...asked, withEnd: true });
      assert.deepEqual(end, { surprise: 5, expected: 1, alternatives: [{ text: '(', probability: 0.5 }] });
    }));

  test('takes a draft, and gives up what is cancelled on the other side, too', () =>
    behind(async (client) => {
      const enough = new AbortController();
      const draft = await client.infill(doing('forever'), {
        enough: enough.signal,
        onStep: () => enough.abort(),
      });
      assert.equal(draft.candidates.length, 1);
      const cancel = new AbortController();
      const given = client.infill(doing('forever'), {
        signal: cancel.signal,
        onStep: () => cancel.abort(),
      });
      await rejects(given, 'cancelled');
      // Its only engine would still be at it.
      await client.infill(doing('steps 1'));
    }));

  test('says what failed there', () =>
    behind(async (client) => {
      const error = await rejects(client.infill(doing('fail runtime-failed')), 'server-refused');
      assert.match(error.message, /reports an error: It failed as asked/);
    }));

  test('with a wrong token is not let in', () =>
    withServer(
      async ({ url }) => {
        const client = await start({ script: scripts.real });
        try {
          const server = { kind: 'palimpsest', url, key: 'another-token-of-length' } as const;
          const error = await rejects(client.loadModel({ folder: NAME, server }), 'server-refused');
          assert.match(error.message, /does not accept your key/);
        } finally {
          await client.stop();
        }
      },
      { token: TOKEN },
    ));
});

describe('the key of a server', () => {
  useScripts();

  test('is in no argument, no environment, no log and no description', async (t) => {
    const key = 'sk-in-the-process-0123456789';
    const server = await recordedServer(t, llama(['x']));
    await withClient({ kind: 'llama-server', url: server.url, key }, async (client) => {
      const lines: string[] = [];
      client.onLog(({ message }) => lines.push(message));
      await client.infill(doing('a'));
      server.answer = (_heard, response) => response.writeHead(401).end();
      const error = await rejects(client.infill(doing('a')), 'server-refused');
      const status = await client.status();
      assert.ok(!JSON.stringify([lines, status, error.message, error.data]).includes(key));
      if (onLinux)
        for (const place of ['cmdline', 'environ'])
          assert.ok(!fs.readFileSync(`/proc/${client.pid}/${place}`, 'utf8').includes(key), place);
      assert.ok(server.heard.every(({ headers }) => headers.authorization === `Bearer ${key}`));
    });
  });

  test('that changes is another connection under the same name', async (t) => {
    const server = await recordedServer(t, llama(['x']));
    await withClient({ kind: 'llama-server', url: server.url, key: 'first' }, async (client) => {
      await client.loadModel({
        folder: NAME,
        server: { kind: 'llama-server', url: server.url, key: 'second' },
      });
      await client.infill(doing('a'));
      assert.equal(server.heard.at(-1)?.headers.authorization, 'Bearer second');
    });
  });
});
