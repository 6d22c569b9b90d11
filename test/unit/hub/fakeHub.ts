// A hub that runs in the test: it speaks as huggingface.co does (revision, tree in pages, redirect to another host for large files
// and to a relative address for small ones, ETags, ranges), and lies where a test tells it to.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import http, {
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

export const COMMIT = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00';

interface Hit {
  readonly host: 'hub' | 'store';
  readonly url: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

/** Answers the request itself (true), or leaves it to the hub (false). */
export type Intercept = (request: IncomingMessage, response: ServerResponse, host: Hit['host']) => boolean;

export interface FakeHub {
  readonly endpoint: string;
  readonly store: string;
  readonly hits: Hit[];
  /** Bytes of the ranges that were asked of the store. */
  asked: number;
  intercept: Intercept;
  /** Told of each range that the store is asked for, with its length. */
  onRange: (bytes: number) => void;
  /** Entries of the list, to be changed by whoever lies. */
  tree: Record<string, unknown>[];
  files: Map<string, Buffer>;
  close(): Promise<void>;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function gitSha1(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

/** All files of a folder by their names. */
export function filesOf(folder: string): Map<string, Buffer> {
  const names = fs.readdirSync(folder).filter((name) => fs.statSync(path.join(folder, name)).isFile());
  return new Map(names.map((name) => [name, fs.readFileSync(path.join(folder, name))]));
}

const isLarge = (name: string) => /\.(safetensors|gguf|bin)$/.test(name);

export function treeOf(files: ReadonlyMap<string, Buffer>): Record<string, unknown>[] {
  return [...files].map(([name, bytes]) => ({
    type: 'file',
    path: name,
    size: bytes.length,
    ...(isLarge(name)
      ? {
          oid: gitSha1(Buffer.from('pointer')),
          lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 134 },
        }
      : { oid: gitSha1(bytes) }),
  }));
}

async function listen(handler: RequestListener): Promise<{ server: Server; origin: string }> {
  const server = http.createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { server, origin: `http://127.0.0.1:${port}` };
}

function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  headers: Record<string, string>,
): number {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  if (first === undefined) {
    response.writeHead(200, { ...headers, 'Content-Length': bytes.length, 'Accept-Ranges': 'bytes' });
    response.end(bytes);
    return bytes.length;
  }
  const start = Number(first);
  const end = last === '' || last === undefined ? bytes.length : Math.min(bytes.length, Number(last) + 1);
  if (start >= bytes.length) {
    response.writeHead(416, { 'Content-Range': `bytes */${bytes.length}` }).end();
    return 0;
  }
  response.writeHead(206, {
    ...headers,
    'Content-Length': end - start,
    'Content-Range': `bytes ${start}-${end - 1}/${bytes.length}`,
  });
  response.end(bytes.subarray(start, end));
  return end - start;
}

/** `commit`: the only one that it has. */
export async function startHub(
  repository: string,
  files: Map<string, Buffer>,
  commit = COMMIT,
): Promise<FakeHub> {
  const note = (host: Hit['host'], request: IncomingMessage) => {
    const { authorization, range } = request.headers;
    hub.hits.push({ host, url: request.url ?? '', authorization, range });
  };
  const store = await listen((request, response) => {
    note('store', request);
    if (hub.intercept(request, response, 'store')) return;
    const name = decodeURIComponent((request.url ?? '').slice(1).replace(/\?.*$/, ''));
    const bytes = hub.files.get(name);
    if (!bytes) response.writeHead(404).end();
    else {
      const sent = sendBytes(request, response, bytes, {
        'Content-Type': 'application/octet-stream',
        ETag: '"9f-store"',
      });
      hub.asked += sent;
      hub.onRange(sent);
    }
  });
  const main = await listen((request, response) => {
    note('hub', request);
    if (hub.intercept(request, response, 'hub')) return;
    const url = new URL(request.url ?? '', 'http://hub');
    const json = (value: unknown, headers: Record<string, string> = {}) =>
      response.writeHead(200, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(value));
    if (url.pathname.startsWith(`/api/models/${repository}/revision/`)) json({ id: repository, sha: commit });
    else if (url.pathname === `/api/models/${repository}/tree/${commit}`) {
      const from = Number(url.searchParams.get('cursor') ?? 0);
      const page = hub.tree.slice(from, from + 3);
      // The hub's own name stands in the links that a mirror passes on.
      const link = `<https://huggingface.co${url.pathname}?recursive=true&cursor=${from + 3}>; rel="next"`;
      json(page, from + 3 < hub.tree.length ? { Link: link } : {});
    } else if (url.pathname.startsWith(`/${repository}/resolve/${commit}/`)) {
      const name = decodeURIComponent(url.pathname.slice(`/${repository}/resolve/${commit}/`.length));
      const bytes = hub.files.get(name);
      if (!bytes) response.writeHead(404, { 'X-Error-Code': 'EntryNotFound' }).end();
      else if (isLarge(name))
        response
          .writeHead(302, {
            Location: `${store.origin}/${encodeURIComponent(name)}?X-Amz-Signature=1`,
            'X-Repo-Commit': commit,
            'X-Linked-Etag': `"${sha256(bytes)}"`,
            'X-Linked-Size': bytes.length,
          })
          .end();
      else
        response
          .writeHead(307, {
            Location: `/api/resolve-cache/${name}?etag=%22${gitSha1(bytes)}%22`,
            'X-Repo-Commit': commit,
            ETag: `"${gitSha1(bytes)}"`,
          })
          .end();
    } else if (url.pathname.startsWith('/api/resolve-cache/') && url.searchParams.has('etag')) {
      const bytes = hub.files.get(url.pathname.slice('/api/resolve-cache/'.length)) ?? Buffer.alloc(0);
      sendBytes(request, response, bytes, { 'Content-Type': 'text/plain', ETag: `"${gitSha1(bytes)}"` });
    } else response.writeHead(404, { 'X-Error-Code': 'RepoNotFound' }).end();
  });
  const hub: FakeHub = {
    endpoint: main.origin,
    store: store.origin,
    hits: [],
    asked: 0,
    intercept: () => false,
    onRange: () => {},
    tree: treeOf(files),
    files,
    close: async () => {
      for (const { server } of [main, store]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
  return hub;
}
