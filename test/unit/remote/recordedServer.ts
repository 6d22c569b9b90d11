// No model: an HTTP server that answers as the servers of others do, by what was recorded of them (llama.cpp's llama-server,
// OpenAI-compatible servers) or is documented (Mercury, `palimpsest serve`), and that remembers what it was sent.
import assert from 'node:assert/strict';
import http, { type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Model } from '../../../engine/model';
import type { InfillParams, InfillResult, ServerKind, ServerParams } from '../../../engine/protocol';
import { connectServer } from '../../../engine/remote/connect';

interface Heard {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Of a POST. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Resolves when the connection of the request is closed. */
  readonly closed: Promise<void>;
}

export type Answer = (heard: Heard, response: ServerResponse) => void;

export interface RecordedServer {
  readonly url: string;
  readonly heard: readonly Heard[];
  answer: Answer;
  close(): Promise<void>;
}

/** Ends with the test. */
export async function recordedServer(
  context: TestContext | undefined,
  answer: Answer,
): Promise<RecordedServer> {
  const heard: Heard[] = [];
  const own = { answer };
  const server = http.createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (piece: string) => {
      text += piece;
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const closed = new Promise<void>((resolve) => response.once('close', resolve));
      const one = { method, path: url, headers, body: text === '' ? {} : JSON.parse(text), closed };
      heard.push(one);
      own.answer(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  context?.after(close);
  return {
    url: `http://127.0.0.1:${port}`,
    heard,
    get answer() {
      return own.answer;
    },
    set answer(next) {
      own.answer = next;
    },
    close,
  };
}

export function json(response: ServerResponse, body: unknown, status = 200, headers = {}): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', ...headers }).end(text);
}

/** Server-sent events; `isCut`: the connection stays without an end. */
export function events(response: ServerResponse, data: readonly (object | string)[]): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  for (const one of data) response.write(`data: ${typeof one === 'string' ? one : JSON.stringify(one)}\n\n`);
}

/** What `llama-server` streams for `/infill`. */
export function llamaEvents(pieces: readonly string[], stopType = 'eos'): object[] {
  return [
    ...pieces.map((content) => ({
      index: 0,
      content,
      tokens: [264],
      stop: false,
      id_slot: -1,
      tokens_predicted: 1,
      completion_probabilities: [{ id: 264, token: content, logprob: Math.log(0.5), top_logprobs: [] }],
    })),
    {
      index: 0,
      content: '',
      tokens: [],
      stop: true,
      stop_type: stopType,
      stopping_word: '',
      truncated: false,
    },
  ];
}

/** The answers of a `llama-server` with a model that fills in the middle. */
export function llama(pieces: readonly string[], stopType?: string): Answer {
  return ({ path, body }, response) => {
    if (path === '/v1/models') json(response, { object: 'list', data: [{ id: '/models/coder.gguf' }] });
    else if (path !== '/infill') json(response, { error: { message: 'File Not Found' } }, 404);
    else if (body['stream'] === false) json(response, { content: '', stop: true });
    else {
      events(response, llamaEvents(pieces, stopType));
      response.end();
    }
  };
}

/** Completions of the OpenAI protocol that read the suffix. */
export function completions(pieces: readonly string[], finish = 'stop'): Answer {
  return ({ path, body }, response) => {
    if (path.endsWith('/models')) return json(response, { object: 'list', data: [{ id: 'coder' }] });
    if (body['stream'] !== true) {
      const suffix = String(body['suffix']);
      const text = suffix.includes('apple') ? 'an apple' : 'a lemon';
      return json(response, {
        choices: [{ text, finish_reason: 'stop' }],
        usage: { prompt_tokens: suffix.length },
      });
    }
    const chunks = pieces.map((text) => ({
      choices: [{ text, index: 0, logprobs: { token_logprobs: [-0.1] }, finish_reason: null }],
    }));
    events(response, [...chunks, { choices: [{ text: '', index: 0, finish_reason: finish }] }, '[DONE]']);
    response.end();
  };
}

/** Chat of the OpenAI protocol. */
export function chat(pieces: readonly string[], finish = 'stop'): Answer {
  return ({ path }, response) => {
    if (path.endsWith('/models')) return json(response, { object: 'list', data: [{ id: 'LLaDA2.1-mini' }] });
    const chunks = pieces.map((content) => ({
      choices: [{ index: 0, delta: { content }, finish_reason: null }],
    }));
    events(response, [
      { choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] },
      ...chunks,
      { choices: [{ index: 0, delta: {}, finish_reason: finish }] },
      { choices: [], usage: { prompt_tokens: 9, completion_tokens: 4 } },
      '[DONE]',
    ]);
    response.end();
  };
}

/** Disposed of with the test. */
export async function connected(
  context: TestContext,
  kind: ServerKind,
  url: string,
  more: Partial<ServerParams> = {},
  patience?: { readonly answer: number; readonly piece: number },
): Promise<Model> {
  const model = await connectServer('server', { kind, url, ...more }, {}, {}, patience);
  context.after(() => model.dispose());
  return model;
}

export const TEXT = 'def mean(values):\n    return \n\n\nprint(mean([1, 2]))\n';
/** Behind `return `. */
export const AT = TEXT.indexOf('return ') + 'return '.length;

export function wish(more: Partial<InfillParams> = {}): InfillParams {
  return {
    requestId: 1,
    model: 'server',
    priority: 'rewrite',
    text: TEXT,
    spans: [{ start: AT, end: AT }],
    language: 'python',
    ...more,
  };
}

export function best({ candidates: [first] }: InfillResult): string {
  return first?.spans[0]?.text ?? assert.fail('there is no candidate');
}
