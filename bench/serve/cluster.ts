// What deploy/compose.yaml puts together, as processes of this machine: engines from the image's folder on addresses of their own
// (Linux has all of 127.0.0.0/8), a name service that knows them, and nginx with deploy/nginx.conf in front.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../harness';
import type { Image } from './image';

const PORT = 8417;

/** Answers for every name with the addresses that are in `addresses` then, as Docker's does for a service. */
export async function nameService(addresses: ReadonlySet<string>): Promise<{ port: number; close(): void }> {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    let end = 12;
    while (query[end] !== 0 && end < query.length) end += 1 + (query[end] ?? 0);
    const isA = query.readUInt16BE(end + 1) === 1;
    const known = isA ? [...addresses] : [];
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(known.length, 6);
    const answers = known.map((one) =>
      // The name of the question, type A, class IN, for a second.
      Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...one.split('.').map(Number)]),
    );
    socket.send(Buffer.concat([head, query.subarray(12, end + 5), ...answers]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, close: () => socket.close() };
}

export interface Engine {
  readonly address: string;
  readonly url: string;
  readonly child: ChildProcess;
}

const commandOf = (compose: string): string[] => JSON.parse(/command: (\[.*\])/.exec(compose)?.[1] ?? '[]');

/** Runs the image as the service `engine`; resolves when it listens, with its model loaded or not. */
export async function startEngine(
  image: Image,
  address: string,
  tokenFile: string,
  more: readonly string[] = [],
): Promise<Engine> {
  const compose = fs.readFileSync(path.join(ROOT, 'deploy', 'compose.yaml'), 'utf8');
  const [, ...words] = [...image.entrypoint, ...commandOf(compose), ...more].map((word) =>
    word === '0.0.0.0' ? address : word === '/run/secrets/token' ? tokenFile : word,
  );
  const own = Object.entries(image.env).map(([name, place]) => [name, path.join(image.root, place)]);
  const child = spawn(process.execPath, words, {
    cwd: path.join(image.root, image.workdir),
    env: { PATH: process.env['PATH'], HOME: image.root, ...Object.fromEntries(own) },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const listening = once(createInterface({ input: child.stdout }), 'line');
  await Promise.race([
    listening,
    once(child, 'exit').then(() => {
      throw new Error(`The engine on ${address} did not start.`);
    }),
  ]);
  return { address, url: `http://${address}:${PORT}`, child };
}

/** Exit code of the image's own check. */
export function healthcheck({ healthcheck: [, ...words] }: Image, { address }: Engine): number {
  const own = words.map((word) => word.replace(`127.0.0.1:${PORT}`, `${address}:${PORT}`));
  try {
    execFileSync(process.execPath, own, { stdio: 'ignore' });
    return 0;
  } catch (error) {
    return Number((error as { status?: number }).status ?? -1);
  }
}

export async function stopEngine({ child }: Engine, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exit = once(child, 'exit');
  child.kill(signal);
  const [code] = await exit;
  return code;
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function replaced(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`deploy/nginx.conf has no "${from}".`);
  return text.replace(from, to);
}

export interface Balancer {
  readonly url: string;
  /** `nginx/1.28.0` */
  readonly version: string;
  /** What it complained of. */
  readonly log: () => string;
  stop(): Promise<void>;
}

/** nginx with deploy/nginx.conf, of which two addresses are others: where it listens, and the name service. */
export async function startBalancer(nginx: string, folder: string, namesPort: number): Promise<Balancer> {
  const port = await freePort();
  const given = fs.readFileSync(path.join(ROOT, 'deploy', 'nginx.conf'), 'utf8');
  const listening = replaced(given, `listen ${PORT};`, `listen 127.0.0.1:${port};`);
  fs.mkdirSync(path.join(folder, 'logs'), { recursive: true });
  const file = path.join(folder, 'nginx.conf');
  fs.writeFileSync(file, replaced(listening, 'resolver 127.0.0.11 ', `resolver 127.0.0.1:${namesPort} `));
  const version = execFileSync('sh', ['-c', `"${nginx}" -v 2>&1`], { encoding: 'utf8' });
  // The folder of the bench is nobody else's; without root, nginx warns that it stays who it is.
  const rules = `daemon off; pid nginx.pid; user ${os.userInfo().username};`;
  const words = ['-p', folder, '-c', file, '-e', 'stderr', '-g', rules];
  const child = spawn(nginx, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const exit = once(child, 'exit');
  const early = await Promise.race([exit.then(() => true), sleep(500).then(() => false)]);
  if (early) throw new Error(`nginx ended at once: ${log}`);
  return {
    url: `http://127.0.0.1:${port}`,
    version: /nginx\/\S+/.exec(version)?.[0] ?? 'nginx',
    log: () => log,
    stop: async () => {
      child.kill('SIGTERM');
      await exit;
    },
  };
}
