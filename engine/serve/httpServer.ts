// Node's HTTP server with limits for clients that are slow, send rubbish, or never come to an end.
import http, { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { EngineError } from '../errors';
import { errorBody, HttpError } from './httpError';

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Milliseconds until the headers of a request have to be there, and until all of it has. */
  readonly headersMillis?: number;
  readonly requestMillis?: number;
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
}

const MOST_CONNECTIONS = 1024;
/** Longer than a load balancer keeps an idle connection: the one who closes it must not be the one who is about to be asked. */
const KEEP_ALIVE_MILLIS = 75_000;

/** @throws EngineError `option-invalid` where the address cannot be listened on */
export async function listen(
  options: ListenOptions,
): Promise<{ readonly server: Server; readonly url: string }> {
  const { host, port, headersMillis = 10_000, requestMillis = 60_000 } = options;
  const server = http.createServer({
    headersTimeout: headersMillis,
    requestTimeout: requestMillis,
    connectionsCheckingInterval: Math.min(1000, headersMillis),
    keepAliveTimeout: KEEP_ALIVE_MILLIS,
  });
  server.maxConnections = MOST_CONNECTIONS;
  const responses = new WeakMap<Socket, ServerResponse>();
  server.on('request', (request, response) => {
    responses.set(request.socket, response);
    options.onRequest(request, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
    refuse(error, socket, responses.get(socket)),
  );
  await new Promise<void>((resolve, reject) => {
    // Later ones are of connections that could not be accepted: their clients see that themselves.
    server.on('error', (error) => reject(notListening(error, host, port)));
    server.listen(port, host, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return { server, url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}` };
}

/** What is no HTTP, or does not come to an end, has no response object yet, or one that waits for its body. */
function refuse(error: NodeJS.ErrnoException, socket: Socket, response: ServerResponse | undefined): void {
  const isAnswering = response !== undefined && !response.writableFinished && response.headersSent;
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) {
    socket.destroy();
    return;
  }
  const answer = refusalOf(error.code);
  const body = JSON.stringify(errorBody(answer));
  const head = [
    `HTTP/1.1 ${answer.status} ${http.STATUS_CODES[answer.status]}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  // Who does not read it, or goes on sending, does not keep the connection.
  socket.setTimeout(1000, () => socket.destroy());
}

function refusalOf(code: string | undefined): HttpError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new HttpError('timeout', 'The request did not arrive in time.', { status: 408 });
    case 'HPE_HEADER_OVERFLOW':
      return new HttpError('protocol-violation', 'The headers of the request are too large.', {
        status: 431,
      });
    default:
      return new HttpError('protocol-violation', 'The request is not valid HTTP.');
  }
}

function notListening(error: NodeJS.ErrnoException, host: string, port: number): EngineError {
  return new EngineError('option-invalid', sentence(error, host, port), { host, port }, { cause: error });
}

function sentence({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is in use. Stop the program that uses it, or choose another port with --port.`;
    case 'EACCES':
      return `This account may not use port ${port}. Choose one of 1024 or more with --port.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is not an address of this machine. Choose another one with --host, or 0.0.0.0 for all.`;
    default:
      return `The server could not listen on port ${port} of ${host}: ${message}`;
  }
}
