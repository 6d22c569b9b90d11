// A network without a way out, for whoever is to be seen not to look for one: the loopback device is all there is, and the kernel
// counts every attempt to go further. One port of it can be reached from outside, by a socket in the file system.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

/** Whether this system can make one: Linux, with user namespaces and `ip`. */
export function canBeAlone() {
  return (
    process.platform === 'linux' &&
    spawnSync('unshare', ['-rn', 'sh', '-c', 'ip link set lo up']).status === 0
  );
}

/** Runs inside it: `SOCKET PORT`. */
const INSIDE = `
const net = require('node:net');
const [socket, port] = process.argv.slice(1);
net.createServer((from) => {
  const to = net.connect(Number(port), '127.0.0.1');
  from.pipe(to).pipe(from);
  for (const [one, other] of [[from, to], [to, from]]) one.on('error', () => {}).on('close', () => other.destroy());
}).listen(socket);
`;

/**
 * Words before a command that is to run in such a network, and what lets its `port` be reached at the same port out here. `close`
 * ends the way; what runs inside ends with the command's process group.
 */
export async function lonelyNetwork(folder, port) {
  const socket = path.join(folder, 'way.sock');
  const script = `ip link set lo up && ("$0" -e "$1" "$2" "$3" &) && shift 3 && exec "$@"`;
  const words = ['unshare', '-rn', 'sh', '-c', script, process.execPath, INSIDE, socket, String(port)];
  const server = net.createServer((from) => {
    const to = net.connect(socket);
    from.pipe(to).pipe(from);
    for (const [one, other] of [
      [from, to],
      [to, from],
    ])
      one.on('error', () => undefined).on('close', () => other.destroy());
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { words, close: () => server.close() };
}

/** What a process and its neighbors tried to send out of their network, by the kernel's counters. */
export function attemptsOutside(pid) {
  const read = (name) => fs.readFileSync(`/proc/${pid}/net/${name}`, 'utf8');
  const [names = [], values = []] = read('snmp')
    .split('\n')
    .filter((line) => line.startsWith('Ip:'))
    .map((line) => line.split(/\s+/));
  const v4 = Number(values[names.indexOf('OutNoRoutes')]);
  const v6 = Number(/^Ip6OutNoRoutes\s+(\d+)/m.exec(read('snmp6'))?.[1]);
  return v4 + v6;
}

/** Inodes of sockets of the internet's protocols in the network of a process. */
export function internetSockets(pid) {
  return ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6'].flatMap((kind) =>
    fs
      .readFileSync(`/proc/${pid}/net/${kind}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/)[9]),
  );
}

/** Inodes of all sockets that a process has open. */
export function socketsOf(pid) {
  return fs.readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/${pid}/fd/${name}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}
