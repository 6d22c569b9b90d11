// One file into its place: in ranges of a bounded length, so that a kill costs at most one of them; into a `.part` whose name
// has the checksum, so that two versions never mix; and renamed only when the checksum is right.
import type { Hash } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { isLfsPointer } from '../checkpoint/json';
import { EngineError, isEngineError, throwIfCancelled } from '../errors';
import { ensureFolder } from '../folder';
import { writeAt } from '../graph/quantisedWeightsFile';
import { isWebPage } from '../http/body';
import { Passing } from '../http/passing';
import { withRetries } from '../http/retries';
import { asChecksum, type Checksum, hasherOf, hashFile } from './checksum';
import { diskError } from './disk';
import { invalidAnswer, webPage } from './hubErrors';
import { type Network, RETRIES } from './network';
import { fileUrl, type RemoteFile } from './repository';
import { type Answer, bodyPieces, get } from './request';

/** Bytes of one request: what a kill can cost. */
const RANGE_BYTES = 16 * 2 ** 20;
/** Git LFS writes some 130 bytes. */
const LONGEST_POINTER = 1024;

export interface DownloadRequest {
  readonly repository: string;
  readonly commit: string;
  readonly file: RemoteFile;
  /** Absolute path that the file gets when it is right. */
  readonly target: string;
}

export interface DownloadContext {
  readonly network: Network;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of this file that are here, those of earlier runs included. Can go down: what proved wrong is fetched again. */
  readonly onBytes?: (here: number) => void;
  /** Bytes of an earlier run that are checked so far, before anything is fetched. */
  readonly onChecked?: (checked: number) => void;
  readonly rangeBytes?: number;
}

/**
 * Downloads the file, going on where an earlier run stopped. The file is there in whole, or not at all.
 * @returns the checksum that was compared
 * @throws EngineError
 */
export async function download(request: DownloadRequest, context: DownloadContext): Promise<Checksum> {
  const { file, target } = request;
  const { network, signal } = context;
  try {
    await ensureFolder(path.dirname(target));
    const checksum = file.checksum ?? (await checksumOfAnswer(request, context));
    const part = partOf(target, checksum);
    // What an earlier run left may be damaged (a power cut): then the whole file is fetched once more.
    const isResumed = (await sizeOf(part)) > 0;
    let isRight = await fetchWhole(request, checksum, part, context);
    if (!isRight && isResumed) {
      await rm(part, { force: true });
      isRight = await fetchWhole(request, checksum, part, context);
    }
    if (!isRight) return await refuse(part, request, network);
    await refusePointer(part, request, network);
    return await settle(part, target, checksum);
  } catch (error) {
    throwIfCancelled(signal);
    throw diskError(error, path.dirname(target), file.size);
  }
}

/** Name of the unfinished file. */
export function partOf(target: string, { value }: Checksum): string {
  return `${target}.${value.slice(0, 12)}.part`;
}

async function settle(part: string, target: string, checksum: Checksum): Promise<Checksum> {
  await rename(part, target);
  return checksum;
}

/** A pointer is a file with a right checksum, but not the one that was meant. */
async function refusePointer(
  part: string,
  { file, repository, commit }: DownloadRequest,
  network: Network,
): Promise<void> {
  if (file.size > LONGEST_POINTER || !isLfsPointer(await beginningOf(part, file.size))) return;
  await rm(part, { force: true });
  throw pointer(fileUrl(network, repository, commit, file.name), file);
}

async function beginningOf(file: string, size: number): Promise<Buffer> {
  const start = Buffer.alloc(Math.min(size, 64));
  const handle = await open(file);
  try {
    await handle.read(start, 0, start.length, 0);
  } finally {
    await handle.close();
  }
  return start;
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() ? found.size : 0;
}

/** The list has no checksum: a mirror that knows only what the hub says on the way to the file. */
async function checksumOfAnswer(
  { repository, commit, file }: DownloadRequest,
  { network, signal }: DownloadContext,
): Promise<Checksum> {
  const url = fileUrl(network, repository, commit, file.name);
  const subject = { repository, revision: commit, file: file.name };
  const answer = await withRetries(network, RETRIES, signal, () =>
    get(network, url, { subject, signal, headers: { Range: 'bytes=0-0' } }),
  );
  answer.message.destroy();
  const found = claimedChecksum(answer);
  if (found) return found;
  throw invalidAnswer(
    url,
    `gives no checksum of ${file.name}, so nobody could tell whether it is right. Use another mirror.`,
  );
}

function claimedChecksum({ headers }: Answer): Checksum | undefined {
  return asChecksum(headers['x-linked-etag']) ?? asChecksum(headers['etag']);
}

/** Brings the part to the file's size; whether its checksum is right. Closes it synchronised with the disk. */
async function fetchWhole(
  request: DownloadRequest,
  checksum: Checksum,
  part: string,
  context: DownloadContext,
): Promise<boolean> {
  const { file } = request;
  const { signal, onBytes } = context;
  let here = await sizeOf(part);
  if (here > file.size) {
    await rm(part, { force: true });
    here = 0;
  }
  const hash = hasherOf(checksum.kind, file.size);
  let checked = 0;
  await hashFile(hash, part, here, {
    signal,
    onBytes: (count) => {
      checked += count;
      context.onChecked?.(checked);
    },
  });
  onBytes?.(here);
  const handle = await open(part, here > 0 ? 'r+' : 'w');
  try {
    const state: PartState = { handle, hash, here, furthest: here, source: undefined };
    await withRetries(context.network, RETRIES, signal, (progressed) =>
      fetchRanges(request, checksum, state, context, progressed),
    );
    await handle.sync();
    return state.hash.digest('hex') === checksum.value;
  } finally {
    await handle.close();
  }
}

interface PartState {
  readonly handle: FileHandle;
  hash: Hash;
  /** Bytes that are in the part and in the hash. */
  here: number;
  /** The most of them so far: a server that begins again each time makes no progress. */
  furthest: number;
  /** Where the hub's redirect led, for the ranges that follow: such addresses are signed, and good for an hour. */
  source: URL | undefined;
}

async function fetchRanges(
  request: DownloadRequest,
  checksum: Checksum,
  state: PartState,
  context: DownloadContext,
  progressed: () => void,
): Promise<void> {
  const { file } = request;
  while (state.here < file.size) {
    throwIfCancelled(context.signal);
    const last = Math.min(file.size, state.here + (context.rangeBytes ?? RANGE_BYTES)) - 1;
    const answer = await answerFor(request, state, last, context);
    const claimed = claimedChecksum(answer);
    const commit = answer.headers['x-repo-commit'] ?? request.commit;
    const isOther = claimed?.kind === checksum.kind && claimed.value !== checksum.value;
    if (isOther || commit !== request.commit) {
      answer.message.destroy();
      throw invalidAnswer(
        answer.url,
        `has another version of ${file.name} than its file list says. Use another mirror.`,
      );
    }
    await appendBody(answer, request, checksum, state, last, context, progressed);
  }
}

/** From where the last range came, or by the hub again where that does not work any more. */
async function answerFor(
  { repository, commit, file }: DownloadRequest,
  state: PartState,
  last: number,
  { network, signal }: DownloadContext,
): Promise<Answer> {
  const subject = { repository, revision: commit, file: file.name };
  const headers = { Range: `bytes=${state.here}-${last}` };
  const { source } = state;
  if (source !== undefined) {
    try {
      return await get(network, source, { subject, headers, signal });
    } catch (error) {
      state.source = undefined;
      // Expired, most likely. What else is wrong shows on the way by the hub.
      if (!isEngineError(error)) throw error;
    }
  }
  const answer = await get(network, fileUrl(network, repository, commit, file.name), {
    subject,
    headers,
    signal,
  });
  state.source = answer.url;
  return answer;
}

async function appendBody(
  answer: Answer,
  { file }: DownloadRequest,
  checksum: Checksum,
  state: PartState,
  last: number,
  { onBytes }: DownloadContext,
  progressed: () => void,
): Promise<void> {
  const { message, url } = answer;
  const refuseBody = (error: EngineError): never => {
    message.destroy();
    throw error;
  };
  if (isWebPage(message) && !/\.html?$/i.test(file.name)) refuseBody(webPage(url));
  let end = last + 1;
  if (message.statusCode === 206) {
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(message.headers['content-range'] ?? '') ?? [];
    if (Number(from) !== state.here)
      refuseBody(invalidAnswer(url, `sends another part of ${file.name} than was asked for.`));
    if (Number(total) !== file.size) refuseBody(wrongSize(url, file, Number(total)));
  } else if (message.statusCode === 200) {
    // This server knows no ranges: the file from its beginning.
    const length = message.headers['content-length'];
    if (length !== undefined && Number(length) !== file.size)
      refuseBody(await wrongLength(answer, file, Number(length)));
    await state.handle.truncate(0);
    state.here = 0;
    state.hash = hasherOf(checksum.kind, file.size);
    end = file.size;
    onBytes?.(0);
  } else
    refuseBody(
      invalidAnswer(url, `does not have byte ${state.here} of ${file.name}, which should have ${file.size}.`),
    );
  for await (const piece of bodyPieces(answer)) {
    if (state.here + piece.length > end) throw wrongSize(url, file, undefined);
    await writeAt(state.handle, piece, state.here);
    state.hash.update(piece);
    state.here += piece.length;
    if (state.here > state.furthest) {
      state.furthest = state.here;
      progressed();
    }
    onBytes?.(state.here);
  }
  if (state.here < end) {
    throw new Passing(
      new EngineError(
        'hub-unreachable',
        `${url.host} ends ${file.name} too early. Try again; the download continues where it stopped.`,
        { host: url.host, file: file.name },
      ),
    );
  }
}

function wrongSize(url: URL, { name, size }: RemoteFile, found: number | undefined): EngineError {
  const has = found === undefined ? 'more bytes' : `${found} bytes`;
  return invalidAnswer(
    url,
    `sends ${name} with ${has}, but its file list says ${size}. Use another mirror.`,
    { file: name },
  );
}

/** A short file in place of a large one may be a pointer, which has a cure of its own. */
async function wrongLength(answer: Answer, file: RemoteFile, length: number): Promise<EngineError> {
  if (length <= LONGEST_POINTER) {
    const start: Buffer[] = [];
    for await (const piece of bodyPieces(answer)) start.push(piece);
    if (isLfsPointer(Buffer.concat(start))) return pointer(answer.url, file);
  }
  return wrongSize(answer.url, file, length);
}

function pointer(url: URL, { name }: RemoteFile): EngineError {
  return invalidAnswer(
    url,
    `sends a Git LFS pointer in place of ${name}: the mirror was copied without its large files. Use another mirror.`,
    { file: name, pointer: true },
  );
}

/** The bytes are wrong: says how, and leaves none of them. */
async function refuse(
  part: string,
  { file, repository, commit }: DownloadRequest,
  network: Network,
): Promise<never> {
  const start = await beginningOf(part, file.size);
  await rm(part, { force: true });
  const url = fileUrl(network, repository, commit, file.name);
  if (isLfsPointer(start)) throw pointer(url, file);
  throw new EngineError(
    'checksum-mismatch',
    `${url.host} sends ${file.name} with a wrong checksum: it is damaged, or not the file that it claims to be. Nothing was installed. Try again, or use another mirror.`,
    { host: url.host, file: file.name },
  );
}
