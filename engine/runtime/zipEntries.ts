// Reads files out of a zip archive: Node.js has the compression, but not the container.
import fs from 'node:fs';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';

export interface ZipEntry {
  readonly name: string;
  /** Bytes when unpacked. */
  readonly size: number;
  readonly packedSize: number;
  readonly isDeflated: boolean;
  /** Of its header in the archive. */
  readonly offset: number;
}

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const END_BYTES = 22;
/** The longest comment behind the list. */
const MOST_COMMENT = 2 ** 16;

/** Throws where the file is no archive, or only a part of one. */
export function zipEntries(file: string): ZipEntry[] {
  const fd = fs.openSync(file, 'r');
  try {
    const { size } = fs.fstatSync(fd);
    const tail = Buffer.alloc(Math.min(size, END_BYTES + MOST_COMMENT));
    fs.readSync(fd, tail, 0, tail.length, size - tail.length);
    let end = tail.length - END_BYTES;
    while (end >= 0 && tail.readUInt32LE(end) !== END) end--;
    if (end < 0) throw new Error('it is not a zip archive, or not a whole one');
    const list = Buffer.alloc(tail.readUInt32LE(end + 12));
    fs.readSync(fd, list, 0, list.length, tail.readUInt32LE(end + 16));
    const entries: ZipEntry[] = [];
    for (let at = 0; at + 46 <= list.length && list.readUInt32LE(at) === ENTRY; ) {
      const nameLength = list.readUInt16LE(at + 28);
      entries.push({
        name: list.toString('utf8', at + 46, at + 46 + nameLength),
        isDeflated: list.readUInt16LE(at + 10) === 8,
        packedSize: list.readUInt32LE(at + 20),
        size: list.readUInt32LE(at + 24),
        offset: list.readUInt32LE(at + 42),
      });
      at += 46 + nameLength + list.readUInt16LE(at + 30) + list.readUInt16LE(at + 32);
    }
    return entries;
  } finally {
    fs.closeSync(fd);
  }
}

/** Whole or not at all. */
export async function unpackEntry(file: string, entry: ZipEntry, target: string): Promise<void> {
  const header = Buffer.alloc(30);
  const fd = fs.openSync(file, 'r');
  fs.readSync(fd, header, 0, header.length, entry.offset);
  fs.closeSync(fd);
  const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const part = `${target}.${process.pid}.part`;
  try {
    const source = fs.createReadStream(file, { start, end: start + entry.packedSize - 1 });
    const sink = fs.createWriteStream(part);
    if (entry.isDeflated) await pipeline(source, zlib.createInflateRaw(), sink);
    else await pipeline(source, sink);
    if (fs.statSync(part).size !== entry.size) throw new Error(`${entry.name} is damaged`);
    fs.renameSync(part, target);
  } finally {
    fs.rmSync(part, { force: true });
  }
}
