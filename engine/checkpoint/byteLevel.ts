// The byte alphabet of byte-level BPE: every byte is one printable character of the vocabulary's strings, so that a
// token is any run of bytes and no text is unknown (GPT-2, Radford et al. 2019).

/** Byte → character. Printable Latin-1 stands for itself; the rest follows from U+0100, in order. */
const CHARACTERS: readonly string[] = (() => {
  const characters: string[] = [];
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const itself =
      (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
    characters.push(String.fromCharCode(itself ? byte : next++));
  }
  return characters;
})();

/** Character code → byte, or −1. Covers U+0000 to U+0143. */
const BYTES: Int16Array = (() => {
  const bytes = new Int16Array(0x144).fill(-1);
  CHARACTERS.forEach((character, byte) => {
    bytes[character.charCodeAt(0)] = byte;
  });
  return bytes;
})();

const encoder = new TextEncoder();

/** The vocabulary's spelling of a text's UTF-8 bytes; a lone surrogate becomes U+FFFD, as in every UTF-8 encoder. */
export function spell(text: string): string {
  let spelling = '';
  for (const byte of encoder.encode(text)) spelling += CHARACTERS[byte];
  return spelling;
}

/** Bytes of a vocabulary string, or undefined where it is not in the byte alphabet. */
export function unspell(spelling: string): Uint8Array | undefined {
  const bytes = new Uint8Array(spelling.length);
  for (let i = 0; i < spelling.length; i++) {
    const byte = BYTES[spelling.charCodeAt(i)] ?? -1;
    if (byte < 0) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}
