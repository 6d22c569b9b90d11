// A server with a real engine process whose models are scripted, and clients that do what no decent one does.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { RestartBudget } from '../../engine/rpc/restartBudget';
import { PalimpsestServer, type ServeOptions } from '../../engine/serve/server';
import { A, scripts } from './engineScripts';

export type Changes = Partial<ServeOptions> & {
  readonly model?: string;
  /** Of the engine. */
  readonly script?: string;
  readonly budget?: RestartBudget;
};

function options({ model = A, script = scripts.engine, budget, ...changes }: Changes): ServeOptions {
  return {
    host: '127.0.0.1',
    port: 0,
    queue: 8,
    maxBody: 100_000,
    timeoutMillis: 60_000,
    version: '1.2.3',
    engine: {
      engine: {
        node: process.execPath,
        script,
        cacheFolder: path.join(os.tmpdir(), 'palimpsest-process-test'),
      },
      model: { folder: model, provider: 'cpu' },
      log: () => undefined,
      ...(budget ? { budget } : {}),
    },
    ...changes,
  };
}

/** A server that listens and may not have loaded its model. */
export async function withListening(
  use: (server: PalimpsestServer) => Promise<void>,
  changes: Changes = {},
): Promise<void> {
  const server = await PalimpsestServer.listen(options(changes));
  try {
    await use(server);
  } finally {
    await server.stop(0);
  }
}

export function withServer(
  use: (server: PalimpsestServer) => Promise<void>,
  changes: Changes = {},
): Promise<void> {
  return withListening(async (server) => {
    await server.load();
    await use(server);
  }, changes);
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks into
  readonly json: any;
}

export type Headers = Readonly<Record<string, string | undefined>>;

export interface Asked {
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: string | Buffer;
}

/** An answer, whatever its status; `fetch` would not send a Host of one's own. */
export function ask(
  server: Pick<PalimpsestServer, 'url'>,
  place: string,
  asked: Asked = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = asked.body === undefined ? 'GET' : 'POST', body } = asked;
    const headers = {
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...asked.headers,
    };
    const request = http.request(server.url + place, { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        const isJson = response.headers['content-type'] === 'application/json' && text !== '';
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: isJson ? JSON.parse(text) : undefined,
        });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

export function post(
  server: Pick<PalimpsestServer, 'url'>,
  place: string,
  value: object,
  headers: Headers = {},
): Promise<Answer> {
  return ask(server, place, { body: JSON.stringify(value), headers });
}

/** Body of an infill request that the scripted model reads: `steps 3`, `forever`, … */
export function doing(text: string, more: object = {}): object {
  return { text, spans: [{ start: 0, end: 0 }], ...more };
}

export async function refused(answer: Promise<Answer>, status: number, code: string): Promise<Answer> {
  const refusal = await answer;
  assert.equal(refusal.status, status, refusal.text);
  assert.equal(refusal.json.error.code, code);
  assert.ok(refusal.json.error.message.length > 10, refusal.text);
  return refusal;
}

export interface ServerEvent {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks into
  readonly data: any;
}

/** A stream that is read event by event. */
export class Stream {
  private readonly events: ServerEvent[] = [];
  private waiting: (() => void) | undefined;
  private text = '';
  private isOver = false;
  status = 0;

  private constructor(private readonly request: http.ClientRequest) {}

  static open(server: Pick<PalimpsestServer, 'url'>, value: object, headers: Headers = {}): Promise<Stream> {
    return new Promise((resolve, reject) => {
      const request = http.request(`${server.url}/v1/infill`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        agent: false,
      });
      const stream = new Stream(request);
      request.on('error', reject);
      request.on('response', (response) => {
        stream.status = response.statusCode ?? 0;
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => stream.hear(chunk));
        response.on('close', () => stream.over());
        response.on('error', () => stream.over());
        resolve(stream);
      });
      request.end(JSON.stringify({ ...value, stream: true }));
    });
  }

  /** The next event; undefined at the end of the stream. */
  async next(): Promise<ServerEvent | undefined> {
    while (this.events.length === 0 && !this.isOver) {
      await new Promise<void>((resolve) => {
        this.waiting = resolve;
      });
    }
    return this.events.shift();
  }

  async until(name: string): Promise<ServerEvent> {
    for (;;) {
      const event = await this.next();
      if (event === undefined) assert.fail(`the stream ended before ${name}`);
      if (event.name === name) return event;
    }
  }

  async rest(): Promise<ServerEvent[]> {
    const events: ServerEvent[] = [];
    for (let event = await this.next(); event !== undefined; event = await this.next()) events.push(event);
    return events;
  }

  /** As a client that is killed. */
  drop(): void {
    this.request.destroy();
  }

  private hear(chunk: string): void {
    this.text += chunk;
    const blocks = this.text.split('\n\n');
    this.text = blocks.pop() ?? '';
    for (const block of blocks) {
      const match = /^event: (\w+)\ndata: (.*)$/.exec(block);
      if (match !== null) this.events.push({ name: match[1] ?? '', data: JSON.parse(match[2] ?? '') });
      else assert.equal(block, ': ping');
    }
    this.waiting?.();
  }

  private over(): void {
    this.isOver = true;
    this.waiting?.();
  }
}

/** Sends bytes as they are and gives all that comes back until the server closes the connection. */
export function raw(server: Pick<PalimpsestServer, 'url'>, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve) => {
    let text = '';
    const socket = net.connect(Number(port), hostname, () => socket.write(bytes));
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}
