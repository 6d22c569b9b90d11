// Which libraries a Linux library is linked against, read from its own tables (64 bits, little-endian): a machine without a compiler has
// no tool for it.
import fs from 'node:fs';

const [LOAD, DYNAMIC] = [1, 2];
const [NEEDED, STRING_TABLE, STRING_SIZE] = [1n, 5n, 10n];

/** Names as the loader looks for them: `libcudart.so.13`. Throws where the file is no such library. */
export function neededLibraries(file: string): string[] {
  const fd = fs.openSync(file, 'r');
  try {
    const read = (offset: number, length: number) => {
      const bytes = Buffer.alloc(length);
      if (fs.readSync(fd, bytes, 0, length, offset) !== length) throw new Error(`${file} is cut off.`);
      return bytes;
    };
    const header = read(0, 64);
    if (header.toString('latin1', 0, 6) !== '\x7fELF\x02\x01')
      throw new Error(`${file} is not a Linux library.`);
    const size = header.readUInt16LE(54);
    const table = read(Number(header.readBigUInt64LE(32)), size * header.readUInt16LE(56));
    const segments = Array.from({ length: table.length / size }, (_, index) => {
      const number = (at: number) => Number(table.readBigUInt64LE(index * size + at));
      return {
        kind: table.readUInt32LE(index * size),
        offset: number(8),
        address: number(16),
        length: number(32),
      };
    });
    const dynamic = segments.find(({ kind }) => kind === DYNAMIC);
    if (dynamic === undefined) return [];
    const bytes = read(dynamic.offset, dynamic.length);
    const entries = Array.from({ length: bytes.length / 16 }, (_, index) => ({
      tag: bytes.readBigUInt64LE(index * 16),
      value: Number(bytes.readBigUInt64LE(index * 16 + 8)),
    }));
    const valueWith = (tag: bigint) => entries.find((entry) => entry.tag === tag)?.value ?? 0;
    const address = valueWith(STRING_TABLE);
    const home = segments.find(
      (one) => one.kind === LOAD && address >= one.address && address < one.address + one.length,
    );
    if (home === undefined) throw new Error(`${file} has no table of names.`);
    const names = read(home.offset + address - home.address, valueWith(STRING_SIZE));
    return entries
      .filter(({ tag }) => tag === NEEDED)
      .map(({ value }) => names.toString('latin1', value, names.indexOf(0, value)));
  } finally {
    fs.closeSync(fd);
  }
}
