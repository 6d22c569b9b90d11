// A window's own process in front of an engine that it shares with other windows: it finds that engine or starts it, and passes on what
// comes. To the window it is the engine: it lives, fails, and is killed alone.
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LoadProgress, METHODS } from '../protocol';
import { watchParent } from './parentWatch';
import { knock } from './sharedHandshake';
import { isRunning, readRecord, type SharedPlace, type SharedRecord, textFrom } from './sharedPlace';

/** Milliseconds. */
const POLL = 40;
const KNOCK = 60_000;
/** For an engine that is to be replaced if it does not answer. */
const KNOCK_BEFORE_KILL = 3000;
/** After which another engine is started in place of one that does not come up, or of one that left: another one was first. */
const COMES_UP_WITHIN = 5000;
const LEFT_PAUSE = 200;
const STARTS = 20;

export interface RelayOptions {
  readonly place: SharedPlace;
  /** Arguments with which this script is the engine itself. */
  readonly hostArgs: readonly string[];
  /** Whether an engine that does not answer is killed: the window has waited for it in vain. */
  readonly replaces: boolean;
  /** What is loaded, and the bytes of its weights: an engine that loads them for another window answers nobody. */
  readonly folder: string;
  readonly weightBytes: number;
}

/** Resolves when the stream is passed on. Rejects where no shared engine can be had; nothing was read then. */
export async function relayEngine(options: RelayOptions): Promise<void> {
  const { place, folder, weightBytes } = options;
  send(METHODS.loadProgress, { folder, stage: 'opening', weightBytes } satisfies LoadProgress);
  const socket = await connect(options);
  let at = options.replaces || !fs.existsSync(place.log) ? 0 : fs.statSync(place.log).size;
  const passLogOn = () => {
    const text = fs.existsSync(place.log) ? textFrom(place.log, at) : '';
    if (text === '') return;
    at = fs.statSync(place.log).size;
    process.stderr.write(text);
  };
  const following = setInterval(passLogOn, 250);
  let isAsked = false;
  const leave = () => {
    clearInterval(following);
    passLogOn();
    const code = isAsked ? 0 : 1;
    setTimeout(() => process.exit(code), 500);
    process.stderr.write('', () => process.exit(code));
  };
  // The window is gone, or wants no more.
  const end = () => {
    isAsked = true;
    socket.end();
    setTimeout(leave, 2000).unref();
  };
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', end);
  process.stdin.on('end', end);
  watchParent(process.ppid, end);
  socket.on('error', () => undefined);
  socket.on('close', leave);
  process.stdin.pipe(socket, { end: false });
  socket.pipe(process.stdout, { end: false });
}

/** To the window, before the engine speaks to it. */
function send(method: string, params: object): void {
  const message = JSON.stringify({ jsonrpc: '2.0', method, params });
  process.stdout.write(`Content-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`);
}

async function connect({ place, hostArgs, replaces }: RelayOptions): Promise<net.Socket> {
  let starts = 0;
  let nextStart = Number.NEGATIVE_INFINITY;
  let mayKill = replaces;
  const started: ChildProcess[] = [];
  for (;;) {
    const record = readRecord(place);
    if (record !== undefined && isRunning(record.pid)) {
      const socket = await enter(record, mayKill ? KNOCK_BEFORE_KILL : KNOCK);
      if (socket !== undefined) {
        // Another window's was first: nobody waits for the one that was started here.
        for (const child of started) if (child.pid !== record.pid) child.kill('SIGTERM');
        return socket;
      }
      if (mayKill) kill(record.pid);
      mayKill = false;
    }
    if (performance.now() > nextStart) {
      if (starts++ === STARTS) throw new Error('The shared engine does not come up.');
      const child = startHost(place, hostArgs);
      started.push(child);
      const left = () => {
        nextStart = performance.now() + LEFT_PAUSE;
      };
      child.on('error', left);
      child.on('exit', left);
      nextStart = performance.now() + COMES_UP_WITHIN;
    }
    await sleep(POLL);
  }
}

/** Undefined where nobody answers there, or not the right one. */
async function enter(
  { socket: file, secret }: SharedRecord,
  millis: number,
): Promise<net.Socket | undefined> {
  const socket = net.connect(file);
  socket.on('error', () => undefined);
  try {
    await knock(socket, secret, millis);
    return socket;
  } catch {
    socket.destroy();
    return undefined;
  }
}

function startHost(place: SharedPlace, hostArgs: readonly string[]): ChildProcess {
  const log = fs.openSync(place.log, 'a', 0o600);
  try {
    const script = process.argv[1] ?? '';
    const child = spawn(process.execPath, [...process.execArgv, script, ...hostArgs], {
      cwd: path.dirname(script),
      shell: false,
      windowsHide: true,
      stdio: ['ignore', 'ignore', log],
      // It outlives this window, and is killed with what it has started itself.
      detached: true,
    });
    child.unref();
    return child;
  } finally {
    fs.closeSync(log);
  }
}

function kill(pid: number): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}
