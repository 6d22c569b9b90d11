// What a repository of the hub holds at one commit. Everything here is a claim of the server, checked for its form.
import { isObject, type JsonObject, own, parseJsonObject } from '../checkpoint/json';
import { EngineError } from '../errors';
import { bodyOf, isWebPage } from '../http/body';
import { withRetries } from '../http/retries';
import { asChecksum, type Checksum } from './checksum';
import { requireSafeNames } from './fileNames';
import { invalidAnswer, type Subject, webPage } from './hubErrors';
import { type Network, RETRIES } from './network';
import { bodyPieces, get } from './request';

export interface RemoteFile {
  /** Path in the repository, with forward slashes. */
  readonly name: string;
  readonly size: number;
  /** Absent where the list has none; the answer's ETag then has to. */
  readonly checksum?: Checksum;
}

const MOST_LIST_BYTES = 32_000_000;
const MOST_PAGES = 200;
/** Many times what any repository of a model has. */
const MOST_FILES = 100_000;
const COMMIT = /^[0-9a-f]{40}$/;

function api(network: Network, path: string): URL {
  return new URL(`${network.endpoint.href.replace(/\/+$/, '')}${path}`);
}

/** Address of a file at a commit. */
export function fileUrl(network: Network, repository: string, commit: string, name: string): URL {
  const path = name.split('/').map(encodeURIComponent).join('/');
  return api(network, `/${repository}/resolve/${commit}/${path}`);
}

/**
 * The commit that a branch, a tag or a commit is. A commit is itself: the hub's checksums belong to it, so a mirror must not
 * put another one in its place.
 * @throws EngineError
 */
export async function resolveRevision(
  network: Network,
  repository: string,
  revision: string,
  signal?: AbortSignal,
): Promise<string> {
  const url = api(network, `/api/models/${repository}/revision/${encodeURIComponent(revision)}`);
  const { json } = await getJson(network, url, { repository, revision }, signal);
  const commit = isObject(json) ? own(json, 'sha') : undefined;
  if (typeof commit === 'string' && COMMIT.test(commit)) {
    if (!COMMIT.test(revision) || commit === revision) return commit;
    throw invalidAnswer(
      url,
      `has another commit of ${repository} than the catalog names. Nothing was downloaded; use another mirror.`,
    );
  }
  throw invalidAnswer(
    url,
    `does not say which commit ${repository} is at. It is not a hub, or a mirror that does not work.`,
  );
}

/** Every file of the repository at a commit, whatever it is. @throws EngineError */
export async function listFiles(
  network: Network,
  repository: string,
  commit: string,
  signal?: AbortSignal,
): Promise<readonly RemoteFile[]> {
  const files: RemoteFile[] = [];
  let next: URL | undefined = api(network, `/api/models/${repository}/tree/${commit}?recursive=true`);
  for (let pages = 0; next !== undefined; pages++) {
    if (pages >= MOST_PAGES) throw invalidAnswer(next, `lists the files of ${repository} without end.`);
    const url: URL = next;
    const { json, link } = await getJson(network, url, { repository, revision: commit }, signal);
    if (!Array.isArray(json)) throw invalidAnswer(url, `gives no list of the files of ${repository}.`);
    for (const entry of json) {
      const file = fileOf(entry, url);
      if (file) files.push(file);
    }
    if (files.length > MOST_FILES) throw invalidAnswer(url, `lists the files of ${repository} without end.`);
    next = nextPage(link, url);
  }
  requireSafeNames(
    files.map(({ name }) => name),
    repository,
  );
  return files;
}

function fileOf(entry: unknown, url: URL): RemoteFile | undefined {
  if (!isObject(entry)) throw invalidAnswer(url, 'gives a list with something else than files.');
  if (own(entry, 'type') === 'directory') return undefined;
  const name = own(entry, 'path');
  const size = own(entry, 'size');
  if (typeof name !== 'string' || typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw invalidAnswer(url, 'lists a file without a name or a size.');
  const checksum = checksumOf(entry);
  return checksum ? { name, size, checksum } : { name, size };
}

function checksumOf(entry: JsonObject): Checksum | undefined {
  const lfs = own(entry, 'lfs');
  if (isObject(lfs)) return asChecksum(own(lfs, 'oid') ?? own(lfs, 'sha256'));
  return asChecksum(own(entry, 'oid') ?? own(entry, 'blobId'));
}

/** A mirror passes the hub's own links on: only path and query count. */
function nextPage(link: string | undefined, url: URL): URL | undefined {
  const target = /<([^>]+)>\s*;[^,]*\brel="?next"?/.exec(link ?? '')?.[1];
  if (target === undefined || !URL.canParse(target, url.href)) return undefined;
  const { pathname, search } = new URL(target, url.href);
  const next = new URL(url);
  // Not by joining texts: a path that begins with two slashes would name another host.
  next.pathname = pathname;
  next.search = search;
  return next;
}

async function getJson(
  network: Network,
  url: URL,
  subject: Subject,
  signal: AbortSignal | undefined,
): Promise<{ readonly json: unknown; readonly link: string | undefined }> {
  return withRetries(network, RETRIES, signal, async () => {
    const answer = await get(network, url, { subject, signal });
    if (isWebPage(answer.message)) {
      answer.message.destroy();
      throw webPage(url);
    }
    const body = await bodyOf(bodyPieces(answer), MOST_LIST_BYTES, () =>
      invalidAnswer(answer.url, 'gives a list without end.'),
    );
    return { json: parse(body, url), link: answer.headers['link'] };
  });
}

/** A list is read as an object with one key: limits of depth and size are those of every JSON from the internet. */
function parse(body: Buffer, url: URL): unknown {
  const wrapped = Buffer.concat([Buffer.from('{"answer":'), body, Buffer.from('}')]);
  try {
    return own(parseJsonObject(wrapped, 'The answer', 'hub-answer-invalid'), 'answer');
  } catch (error) {
    if (error instanceof EngineError)
      throw invalidAnswer(
        url,
        'answers with something that is not a list of files. It is not a hub, or a mirror that does not work.',
      );
    throw error;
  }
}
