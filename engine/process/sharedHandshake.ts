// The first words on a shared engine's socket. Both sides show that they know the secret without telling it: each proves it over a number
// that the other one has just drawn. Then the stream belongs to the protocol.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { EngineError } from '../errors';

/** Bytes of a line. */
const LONGEST_LINE = 1000;

interface Line {
  readonly nonce?: string;
  readonly proof?: string;
  readonly pid?: number;
  readonly ok?: boolean;
}

/** The relay's side. Resolves when the engine has shown that it is the one of the record, and has let it in. */
export async function knock(socket: Duplex, secret: string, millis: number): Promise<void> {
  const nonce = randomBytes(16).toString('hex');
  const lines = new Lines(socket, millis);
  try {
    send(socket, { nonce });
    const theirs = await lines.next();
    if (!isProof(theirs.proof, secret, `host ${nonce}`)) throw refused();
    send(socket, { proof: proof(secret, `relay ${theirs.nonce}`), pid: process.pid });
    if ((await lines.next()).ok !== true) throw refused();
  } finally {
    lines.end();
  }
}

/** The engine's side. @returns the process that was let in */
export async function answerKnock(socket: Duplex, secret: string, millis: number): Promise<number> {
  const nonce = randomBytes(16).toString('hex');
  const lines = new Lines(socket, millis);
  try {
    const theirs = await lines.next();
    send(socket, { nonce, proof: proof(secret, `host ${theirs.nonce}`) });
    const { proof: shown, pid } = await lines.next();
    if (!isProof(shown, secret, `relay ${nonce}`) || !Number.isSafeInteger(pid)) throw refused();
    send(socket, { ok: true });
    return Number(pid);
  } finally {
    lines.end();
  }
}

function send(socket: Duplex, line: Line): void {
  socket.write(`${JSON.stringify(line)}\n`);
}

function proof(secret: string, words: string): string {
  return createHmac('sha256', secret).update(words).digest('hex');
}

function isProof(shown: string | undefined, secret: string, words: string): boolean {
  const [a, b] = [Buffer.from(String(shown)), Buffer.from(proof(secret, words))];
  return a.length === b.length && timingSafeEqual(a, b);
}

function refused(): EngineError {
  return new EngineError('engine-not-started', 'The other side of the socket does not know the secret.', {});
}

/** Lines of a stream, one at a time; what comes behind the last one stays in the stream. */
class Lines {
  private buffer = Buffer.alloc(0);
  private wake: (() => void) | undefined;
  private failure: EngineError | undefined;

  private readonly hear = (chunk: Buffer) => {
    this.buffer = Buffer.concat([this.buffer, chunk]);
    this.wake?.();
  };
  private readonly closed = () => this.fail('The socket was closed.');

  constructor(
    private readonly socket: Duplex,
    /** For each line. */
    private readonly millis: number,
  ) {
    socket.on('data', this.hear);
    socket.on('close', this.closed);
    socket.on('error', this.closed);
  }

  async next(): Promise<Line> {
    let isThere = false;
    // Behind a long pass, time is up before what has come meanwhile is read: that is read first.
    const timer = setTimeout(
      () => setImmediate(() => isThere || this.fail(`There was no answer for ${this.millis} ms.`)),
      this.millis,
    );
    try {
      return await this.line();
    } finally {
      isThere = true;
      clearTimeout(timer);
    }
  }

  private async line(): Promise<Line> {
    for (;;) {
      const end = this.buffer.indexOf(0x0a);
      if (end >= 0) {
        const text = this.buffer.subarray(0, end).toString();
        this.buffer = this.buffer.subarray(end + 1);
        return parsed(text);
      }
      if (this.buffer.length > LONGEST_LINE) throw refused();
      if (this.failure !== undefined) throw this.failure;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  end(): void {
    this.socket.pause();
    this.socket.off('data', this.hear);
    this.socket.off('close', this.closed);
    this.socket.off('error', this.closed);
    if (this.buffer.length > 0) this.socket.unshift(this.buffer);
  }

  private fail(sentence: string): void {
    this.failure ??= new EngineError('engine-not-started', sentence, {});
    this.wake?.();
  }
}

function parsed(text: string): Line {
  try {
    return Object(JSON.parse(text));
  } catch {
    throw refused();
  }
}
