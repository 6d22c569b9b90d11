// What an engine's process writes to its standard error: its log, and in it what nothing else tells.
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { saysDeviceLost, saysOutOfMemory } from '../errors';
import { Emitter } from './emitter';
import { type LogLevel, parseLogLine } from './log';

interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
}

/** Lines. */
const TAIL = 20;

export class ProcessLog extends Emitter<LogEntry> {
  /** The last lines: what an error has with it. */
  readonly tail: string[] = [];
  /** Whether any line told of it: the last lines of a crash are a stack. */
  foundNoMemory = false;
  /** Failures of the GPU so far. */
  gpuFailures = 0;

  constructor(stream: Readable) {
    super();
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
      this.foundNoMemory ||= saysOutOfMemory(line);
      if (saysDeviceLost(line)) this.gpuFailures++;
      this.tail.push(line.slice(0, 500));
      if (this.tail.length > TAIL) this.tail.shift();
      this.fire(parseLogLine(line));
    });
  }
}
