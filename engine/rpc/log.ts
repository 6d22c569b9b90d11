// The process speaks JSON-RPC on its standard output; what is for people goes to the standard error, a line at a time.
import type { Writable } from 'node:stream';

export type LogLevel = 'info' | 'warn' | 'error';
export type Log = (level: LogLevel, message: string) => void;

/** Lines look like `[warn] message`; line breaks inside a message are indented, so that each entry has one mark. */
export function lineLog(stream: Writable): Log {
  return (level, message) => {
    stream.write(`[${level}] ${message.replace(/\r?\n/g, '\n  ')}\n`);
  };
}

/** The inverse, for a single line; what bears no mark (a library's own print) is `info`. */
export function parseLogLine(line: string): { level: LogLevel; message: string } {
  const match = /^\[(info|warn|error)\] (.*)$/s.exec(line);
  if (match === null) return { level: 'info', message: line };
  return { level: match[1] as LogLevel, message: match[2] ?? '' };
}
