// A checkpoint folder comes from the internet: its JSON is read with a size limit, and every failure has a code.
import { open } from 'node:fs/promises';
import path from 'node:path';
import { EngineError, type ErrorCode, systemCode } from '../errors';
import { NON_BLOCKING } from '../note';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An own property only, so that a key such as `__proto__` or `constructor` is nothing special. */
export function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

const DOWNLOAD = 'Download it again.';

/** What is wrong with a file, in one sentence that names it, and what to do about it. */
function malformed(
  code: ErrorCode,
  file: string,
  what: string,
  { cause, remedy = DOWNLOAD }: { readonly cause?: unknown; readonly remedy?: string | undefined } = {},
): EngineError {
  return new EngineError(code, `${path.basename(file)} ${what}. ${remedy}`, { file }, { cause });
}

/**
 * The bytes of a small file, or undefined where there is none.
 * @throws EngineError `code` where it is longer than `limit` bytes, `file-unreadable` where it cannot be read.
 */
export async function readSmallFile(
  file: string,
  limit: number,
  code: ErrorCode,
  remedy?: string,
): Promise<Buffer | undefined> {
  try {
    // A named pipe in the folder would otherwise block the open for ever.
    const handle = await open(file, NON_BLOCKING);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw malformed(code, file, 'is not a regular file', { remedy });
      if (stat.size > limit) throw malformed(code, file, `is longer than ${limit} bytes`, { remedy });
      const bytes = Buffer.alloc(stat.size);
      const read = await readFully(handle, bytes, 0);
      if (isLfsPointer(bytes)) throw lfsPointer(file, code);
      return bytes.subarray(0, read);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof EngineError) throw error;
    if (isMissing(error)) return undefined;
    throw unreadable(file, error);
  }
}

const LFS_POINTER = Buffer.from('version https://git-lfs.github.com/spec/');

/** Whether a file that begins so is what git leaves in place of a large file (git-lfs, docs/spec.md). */
export function isLfsPointer(start: Uint8Array): boolean {
  return LFS_POINTER.equals(start.subarray(0, LFS_POINTER.length));
}

export function lfsPointer(file: string, code: ErrorCode): EngineError {
  return malformed(code, file, 'is a Git LFS pointer, not the file itself', {
    remedy: 'Run "git lfs pull" in its folder, or download the file.',
  });
}

interface PositionalReader {
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
}

/** Reads until `bytes` is full or the file ends; the number of bytes read. */
export async function readFully(handle: PositionalReader, bytes: Buffer, position: number): Promise<number> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

export function isMissing(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

export function unreadable(file: string, cause: unknown): EngineError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new EngineError(
    'file-unreadable',
    `${file} cannot be read (${why}). Check its permissions.`,
    { file },
    { cause },
  );
}

/** How deep JSON may be nested, and how many keys and values it may have together. */
export interface JsonLimits {
  readonly depth: number;
  readonly parts: number;
}

/** A checkpoint's own files have four levels at most, and twelve parts a tensor: 720,000 for the largest header known. */
const LIMITS: JsonLimits = { depth: 32, parts: 1_000_000 };

/**
 * Refuses, before anything is built of it, JSON that would take more memory and time than any real file: a key or a value
 * of two bytes may take a hundred.
 * @throws EngineError `code`
 */
export function refuseExcess(
  bytes: Uint8Array,
  file: string,
  code: ErrorCode,
  limits: JsonLimits = LIMITS,
): void {
  let depth = 0;
  // A value opens or stands behind a comma or alone; a key stands before a colon.
  let parts = 1;
  let isString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (isString) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) isString = false;
    } else if (byte === 0x22) isString = true;
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > limits.depth)
        throw malformed(code, file, `is nested more than ${limits.depth} levels deep`);
      parts++;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
    else if (byte === 0x2c || byte === 0x3a) parts++;
    if (parts > limits.parts) throw malformed(code, file, `has more than ${limits.parts} keys and values`);
  }
}

/** Parses UTF-8 JSON whose root is an object without a repeated key. `file` is for the message only. */
export function parseJsonObject(
  bytes: Uint8Array,
  file: string,
  code: ErrorCode,
  remedy?: string,
): JsonObject {
  refuseExcess(bytes, file, code);
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (error) {
    throw malformed(code, file, 'is not valid JSON', { cause: error, remedy });
  }
  if (!isObject(value)) throw malformed(code, file, 'does not contain a JSON object', { remedy });
  const repeated = repeatedKey(text);
  if (repeated !== undefined)
    throw malformed(code, file, `repeats the key ${JSON.stringify(repeated.slice(0, 120))}`, { remedy });
  return value;
}

/** A small JSON file as an object, or undefined where there is none. `remedy`: what to do about a bad one. */
export async function readJsonObject(
  file: string,
  limit: number,
  code: ErrorCode,
  remedy?: string,
): Promise<JsonObject | undefined> {
  const bytes = await readSmallFile(file, limit, code, remedy);
  return bytes === undefined ? undefined : parseJsonObject(bytes, file, code, remedy);
}

/**
 * The first key that an object of valid JSON text has twice. Two readers that disagree on which of the two counts
 * would see two different files, so a repeated key is refused rather than resolved.
 */
export function repeatedKey(json: string): string | undefined {
  // One entry an open bracket: the keys of an object, or null for an array.
  const open: (Set<string> | null)[] = [];
  let expectsKey = false;
  for (let i = 0; i < json.length; i++) {
    switch (json.charCodeAt(i)) {
      case 0x7b: // {
        open.push(new Set());
        expectsKey = true;
        break;
      case 0x5b: // [
        open.push(null);
        expectsKey = false;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        expectsKey = false;
        break;
      case 0x2c: // ,
        expectsKey = (open.at(-1) ?? null) !== null;
        break;
      case 0x22: {
        const end = endOfString(json, i);
        const keys = open.at(-1);
        if (expectsKey && keys) {
          const raw = json.slice(i, end + 1);
          const key = raw.includes('\\') ? String(JSON.parse(raw)) : raw.slice(1, -1);
          if (keys.has(key)) return key;
          keys.add(key);
          expectsKey = false;
        }
        i = end;
        break;
      }
    }
  }
  return undefined;
}

/** Index of the quote that closes the string opened at `start`. */
function endOfString(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end >= 0; end = json.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (json[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return json.length;
}
