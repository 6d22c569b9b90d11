// Reads JSON-RPC messages off a byte stream that may hold anything: what is no message is reported and never reaches the
// connection, and no header or length can make the buffer grow without bound.
import type { Readable } from 'node:stream';
import { AbstractMessageReader, type DataCallback, type Disposable, type Message } from 'vscode-jsonrpc/node';
import { EngineError } from '../errors';

/** Bytes. A text of 20 million UTF-16 units whose every unit is escaped as \uXXXX is 120 MB of JSON. */
const FRAME_LIMITS = { header: 4096, body: 128 * 1024 * 1024 } as const;

/** Something that came in and is no message. */
export interface Rejection {
  readonly error: EngineError;
  /** Id of the request that it seems to be. */
  readonly id: string | number | null;
  /** True where the next message cannot be found any more: reading has stopped. */
  readonly fatal: boolean;
}

export interface FrameReaderOptions {
  readonly onRejection: (rejection: Rejection) => void;
  /** Sees each message as soon as it is read, before the connection queues it. */
  readonly onMessage?: (message: Message) => void;
  readonly limits?: { readonly header: number; readonly body: number };
}

const HEADER_END = '\r\n\r\n';

export class FrameReader extends AbstractMessageReader {
  private callback: DataCallback | undefined;
  private chunks: Buffer[] = [];
  private size = 0;
  /** Length of the body that is being read; -1 while it is a header. */
  private bodyLength = -1;
  private stopped = false;
  private closed = false;
  private readonly limits: { readonly header: number; readonly body: number };

  constructor(
    private readonly stream: Readable,
    private readonly options: FrameReaderOptions,
  ) {
    super();
    this.limits = options.limits ?? FRAME_LIMITS;
  }

  override listen(callback: DataCallback): Disposable {
    this.callback = callback;
    this.stream.on('data', this.onData);
    this.stream.on('end', this.onClosed);
    this.stream.on('close', this.onClosed);
    this.stream.on('error', this.onStreamError);
    return { dispose: () => this.detach() };
  }

  override dispose(): void {
    this.detach();
    super.dispose();
  }

  /** The error listener stays: a stream that breaks later must not end the process by an unheard event. */
  private detach(): void {
    this.stream.off('data', this.onData);
    this.stream.off('end', this.onClosed);
    this.stream.off('close', this.onClosed);
    this.callback = undefined;
    this.chunks = [];
    this.size = 0;
  }

  private readonly onClosed = (): void => {
    if (this.closed) return;
    this.closed = true;
    this.fireClose();
  };

  private readonly onStreamError = (error: Error): void => this.fireError(error);

  private readonly onData = (chunk: Buffer | string): void => {
    if (this.stopped) return;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
    this.chunks.push(bytes);
    this.size += bytes.length;
    while (!this.stopped && this.callback !== undefined && this.readNext());
  };

  /** True when a header or a body was complete. */
  private readNext(): boolean {
    if (this.bodyLength === -1) {
      const buffer = this.joined();
      const end = buffer.subarray(0, this.limits.header).indexOf(HEADER_END, 0, 'latin1');
      if (end === -1) {
        const text = buffer.subarray(0, this.limits.header).toString('latin1');
        if (buffer.length >= this.limits.header || !couldBeHeader(text)) this.fail('no message header', text);
        return false;
      }
      const header = buffer.subarray(0, end).toString('latin1');
      const length = contentLength(header);
      if (length === undefined || length > this.limits.body) {
        this.fail(
          length === undefined ? 'no usable Content-Length' : `a message of ${length} bytes`,
          header.slice(0, 200),
        );
        return false;
      }
      this.keep(buffer.subarray(end + HEADER_END.length));
      this.bodyLength = length;
      return true;
    }
    if (this.size < this.bodyLength) return false;
    const buffer = this.joined();
    const body = buffer.subarray(0, this.bodyLength).toString('utf8');
    this.keep(buffer.subarray(this.bodyLength));
    this.bodyLength = -1;
    this.deliver(body);
    return true;
  }

  private joined(): Buffer {
    const buffer = this.chunks.length === 1 ? this.chunks[0] : undefined;
    if (buffer !== undefined) return buffer;
    const joined = Buffer.concat(this.chunks);
    this.chunks = [joined];
    return joined;
  }

  private keep(rest: Buffer): void {
    this.chunks = rest.length === 0 ? [] : [rest];
    this.size = rest.length;
  }

  private deliver(body: string): void {
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      this.reject('a message that is not JSON', body.slice(0, 200), null, false);
      return;
    }
    const checked = examine(value);
    if ('message' in checked) {
      this.options.onMessage?.(checked.message);
      try {
        this.callback?.(checked.message);
      } catch (error) {
        // vscode-jsonrpc fails at a second cancellation of a request that is still in line; the stream goes on.
        this.fireError(error instanceof Error ? error : new Error(String(error)));
      }
    } else {
      this.reject(checked.reason, body.slice(0, 200), checked.id, false);
    }
  }

  private fail(reason: string, excerpt: string): void {
    this.stopped = true;
    this.chunks = [];
    this.size = 0;
    this.reject(reason, excerpt.slice(0, 200), null, true);
  }

  private reject(reason: string, excerpt: string, id: string | number | null, fatal: boolean): void {
    const error = new EngineError(
      'protocol-violation',
      `Received something that is not a JSON-RPC message (${reason}): send a Content-Length header, an empty line, and one JSON object.`,
      { excerpt },
    );
    this.options.onRejection({ error, id, fatal });
  }
}

/** Whether more bytes can still make a header of this: rubbish is told at once, not after 4 KiB of it. */
function couldBeHeader(start: string): boolean {
  const lines = start.split('\r\n');
  const last = (lines.pop() ?? '').replace(/\r$/, '');
  return lines.every((line) => /^[\w-]+:/.test(line)) && /^[\w-]*(:[^\n]*)?$/.test(last);
}

function contentLength(header: string): number | undefined {
  const lengths = header
    .split('\r\n')
    .map((line) => /^content-length:\s*(\d{1,12})\s*$/i.exec(line)?.[1])
    .filter((length) => length !== undefined);
  return lengths.length === 1 ? Number(lengths[0]) : undefined;
}

type Examined =
  | { readonly message: Message }
  | { readonly reason: string; readonly id: string | number | null };

/** A request, a notification or a response as JSON-RPC 2.0 defines them; batches are not taken. */
function examine(value: unknown): Examined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { reason: 'not an object', id: null };
  }
  const fields: { id?: unknown; method?: unknown; params?: unknown; result?: unknown; error?: unknown } =
    value;
  const id = typeof fields.id === 'string' || typeof fields.id === 'number' ? fields.id : null;
  if (!('jsonrpc' in value) || value.jsonrpc !== '2.0') return { reason: 'jsonrpc is not "2.0"', id };
  const message: Message = { ...value, jsonrpc: '2.0' };
  if (fields.method === undefined) {
    const response =
      fields.result !== undefined || (typeof fields.error === 'object' && fields.error !== null);
    return response && (id !== null || fields.id === null)
      ? { message }
      : { reason: 'neither method nor result', id };
  }
  if (typeof fields.method !== 'string') return { reason: 'method is not a string', id };
  if (fields.id !== undefined && id === null) return { reason: 'id is neither string nor number', id };
  if (fields.params !== undefined && typeof fields.params !== 'object') {
    return { reason: 'params are neither object nor array', id };
  }
  if (fields.method === '$/cancelRequest') {
    const target = fields.params === null ? undefined : (fields.params as { id?: unknown } | undefined)?.id;
    if (typeof target !== 'string' && typeof target !== 'number') {
      return { reason: '$/cancelRequest without an id', id };
    }
  }
  return { message };
}
