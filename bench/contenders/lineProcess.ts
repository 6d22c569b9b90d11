// A contender in a process of its own: one JSON line in, one JSON line out, in turn.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Sample } from '../harness';

export type Reply = Record<string, unknown>;

export class LineProcess {
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  private readonly lines: Interface;
  private waiting: ((reply: Reply) => void) | undefined;
  private errors = '';
  private gone = false;

  constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.lines = createInterface({ input: this.child.stdout });
    this.lines.on('line', (line) => this.reply(JSON.parse(line) as Reply));
    this.child.stderr.on('data', (data) => {
      this.errors = (this.errors + data).slice(-2000);
    });
    this.child.stdin.on('error', () => undefined);
    const left = () => {
      this.gone = true;
      this.reply({ error: this.errors.trim().split('\n').at(-1) || `${command} did not run` });
    };
    this.child.on('error', left);
    this.child.on('close', left);
  }

  /** The answer; `error` in it where there is none. */
  ask(request: object): Promise<Reply> {
    return new Promise((resolve) => {
      this.waiting = resolve;
      if (this.gone) this.reply({ error: 'its process has ended' });
      else this.child.stdin.write(`${JSON.stringify(request)}\n`);
    });
  }

  /** Asks for one measured run. */
  async run(): Promise<Sample> {
    const reply = await this.ask({ do: 'run' });
    if (typeof reply['error'] === 'string') throw new Error(reply['error']);
    return { wall: Number(reply['wall']), cpu: Number(reply['cpu']) };
  }

  end(): void {
    this.lines.close();
    this.child.kill();
  }

  private reply(reply: Reply): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.(reply);
  }
}
