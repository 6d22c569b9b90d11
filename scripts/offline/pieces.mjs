// A folder as a compressed archive in pieces, with the checksum of each in the format of sha256sum.
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';

/** Smaller archives take several times as long, and hardly become so. */
const LEVEL = '-4';

/** Those of an earlier call: a folder holds what one call made, or it would not fit together. */
export function removePieces(out) {
  const isOld = (file) => /^(palimpsest|cuda|training)\.(sha256|tar\.gz\.\d+)$/.test(file);
  for (const file of fs.readdirSync(out).filter(isOld)) fs.rmSync(path.join(out, file));
}

/** Writes NAME.tar.gz.000 … and NAME.sha256 into `out`. */
export async function pack(folder, out, name, pieceBytes) {
  const words = [
    '-C',
    folder,
    '--owner=0',
    '--group=0',
    '--sort=name',
    '-I',
    `gzip ${LEVEL}`,
    '-cf',
    '-',
    '.',
  ];
  const tar = spawn('tar', words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(tar, 'close');
  const pieces = [];
  let piece;
  const close = () => {
    if (piece === undefined) return;
    fs.closeSync(piece.fd);
    pieces.push({ file: piece.file, bytes: piece.bytes, sha256: piece.hash.digest('hex') });
    piece = undefined;
  };
  for await (const chunk of tar.stdout) {
    for (let at = 0; at < chunk.length; ) {
      if (piece === undefined) {
        const file = `${name}.tar.gz.${String(pieces.length).padStart(3, '0')}`;
        piece = {
          file,
          fd: fs.openSync(path.join(out, file), 'w'),
          bytes: 0,
          hash: crypto.createHash('sha256'),
        };
      }
      const part = chunk.subarray(at, at + pieceBytes - piece.bytes);
      fs.writeSync(piece.fd, part);
      piece.hash.update(part);
      piece.bytes += part.length;
      at += part.length;
      if (piece.bytes === pieceBytes) close();
    }
  }
  close();
  const [code] = await ended;
  if (code !== 0) throw new Error(`The archive ${name} could not be made: tar ended with ${code}.`);
  // Last, so that a list has all its pieces.
  const list = pieces.map(({ sha256, file }) => `${sha256}  ${file}\n`).join('');
  fs.writeFileSync(path.join(out, `${name}.sha256`), list);
  return { pieces, listSum: crypto.createHash('sha256').update(list).digest('hex') };
}
