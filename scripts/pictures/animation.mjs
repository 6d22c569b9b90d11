// An animated PNG of screenshots. Each frame holds only what is new in it, so that a hundred of them stay small. The browser
// that took them finds what is new and encodes it; what is done here is to put its pieces one behind the other.
// The format: https://www.w3.org/TR/png-3/#apng-frame-based-animation
import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** `frames`: [PNG of the whole picture, milliseconds for which it stands]. `page`: any page of a browser. */
export async function animate(page, frames) {
  const blank = await page.context().browser().newPage();
  const parts = [];
  try {
    for (const [picture, millis] of frames) {
      const part = await blank.evaluate(changed, picture.toString('base64'));
      if (part === undefined) parts.at(-1).millis += millis;
      else parts.push({ ...part, png: Buffer.from(part.png, 'base64'), millis });
    }
  } finally {
    await blank.close();
  }
  return assemble(parts);
}

/** Runs in the browser, which keeps the picture before: the rectangle that differs, as a PNG; undefined: nothing does. */
async function changed(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
  const before = globalThis.before;
  globalThis.before = pixels;
  let [left, top, right, bottom] = before === undefined ? [0, 0, width, height] : [width, height, 0, 0];
  for (let i = 0; before !== undefined && i < pixels.length; i++) {
    if (pixels[i] === before[i]) continue;
    const x = i % width;
    const y = Math.floor(i / width);
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + 1);
    bottom = Math.max(bottom, y + 1);
  }
  if (left >= right) return undefined;
  const part = new OffscreenCanvas(right - left, bottom - top);
  part.getContext('2d').drawImage(canvas, -left, -top);
  const png = new Uint8Array(await (await part.convertToBlob({ type: 'image/png' })).arrayBuffer());
  let letters = '';
  for (const byte of png) letters += String.fromCharCode(byte);
  return { png: btoa(letters), left, top, width: right - left, height: bottom - top };
}

function assemble(parts) {
  const [first] = parts;
  const header = chunksOf(first.png).find(({ type }) => type === 'IHDR').data;
  const out = [SIGNATURE, chunk('IHDR', header), chunk('acTL', numbers(parts.length, 0))];
  let sequence = 0;
  for (const [index, part] of parts.entries()) {
    const all = chunksOf(part.png);
    const own = all.find(({ type }) => type === 'IHDR').data;
    assert.deepEqual(own.subarray(8), header.subarray(8), 'all frames are encoded alike');
    const control = Buffer.alloc(26);
    control.writeUInt32BE(sequence++, 0);
    control.writeUInt32BE(part.width, 4);
    control.writeUInt32BE(part.height, 8);
    control.writeUInt32BE(part.left, 12);
    control.writeUInt32BE(part.top, 16);
    control.writeUInt16BE(part.millis, 20);
    control.writeUInt16BE(1000, 22);
    out.push(chunk('fcTL', control));
    for (const { data } of all.filter(({ type }) => type === 'IDAT')) {
      out.push(index === 0 ? chunk('IDAT', data) : chunk('fdAT', Buffer.concat([numbers(sequence++), data])));
    }
  }
  out.push(chunk('IEND', Buffer.alloc(0)));
  return Buffer.concat(out);
}

function chunksOf(png) {
  const chunks = [];
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    chunks.push({
      type: png.toString('latin1', at + 4, at + 8),
      data: png.subarray(at + 8, at + 8 + length),
    });
    at += 12 + length;
  }
  return chunks;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([numbers(data.length), body, numbers(crc32(body))]);
}

function numbers(...values) {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
}
