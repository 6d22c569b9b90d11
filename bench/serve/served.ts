// A server as the command starts it, and requests to it.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { benchFolder, progress, ROOT } from '../harness';

export const CACHE = benchFolder('serve');

export interface Served {
  readonly url: URL;
  readonly child: ChildProcess;
  readonly agent: http.Agent;
}

/** `words`: more of its command. Resolves when the model is loaded. */
export async function startServer(words: readonly string[]): Promise<Served> {
  const command = [path.join(ROOT, 'dist', 'cli.js'), 'serve', '--port', '0', ...words];
  const child = spawn(process.execPath, command, {
    env: { ...process.env, PALIMPSEST_CACHE: CACHE },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const url = new URL(line.replace('Listening on ', ''));
  const served = { url, child, agent: new http.Agent({ keepAlive: true }) };
  while ((await ask(served, '/health')).status !== 200) await sleep(100);
  return served;
}

/** @returns its exit code */
export async function stopServer({ child, agent }: Served): Promise<number> {
  agent.destroy();
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = await exit;
  return Number(code);
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** `giveUp`: closes the connection when the first bytes have come. */
export function ask(
  { url, agent }: Served,
  place: string,
  body?: object,
  giveUp = false,
  client = 'bench',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(new URL(place, url), {
      agent,
      ...(body === undefined
        ? {}
        : { method: 'POST', headers: { 'Content-Type': 'application/json', 'Palimpsest-Client': client } }),
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const status = response.statusCode ?? 0;
      let text = '';
      response.setEncoding('utf8');
      response.on('error', reject);
      response.on('data', (chunk) => {
        text += chunk;
        if (giveUp) {
          request.destroy();
          resolve({ status, text });
        }
      });
      response.on('end', () => resolve({ status, text }));
    });
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Before whatever else runs on this machine, where that is allowed: what is started keeps it. */
export async function alone<T>(work: () => Promise<T>): Promise<T> {
  const usual = os.getPriority();
  try {
    os.setPriority(-15);
  } catch {
    progress('Other processes are not kept out: that takes a privilege.');
  }
  try {
    return await work();
  } finally {
    os.setPriority(usual);
  }
}

/** The engine's process. */
export function childOf(pid: number): number {
  const list = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return Number(list.trim().split(/\s+/)[0]);
}
