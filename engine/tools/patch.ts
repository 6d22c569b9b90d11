// The lines of a unified diff that are no text of a file, as git reads them. Pure.

/**
 * A name as git reads it in a patch: quoted as in C where it has a quotation mark, a backslash or what no terminal should
 * be sent (the same characters as `printable`).
 */
export function quotedName(name: string): string {
  const quoted = [...name].map((char) => (NEEDS_QUOTES.test(char) ? escaped(char) : char)).join('');
  // A tab ends a name that has spaces in it (POSIX diff -u).
  if (quoted === name) return name.includes(' ') ? `${name}\t` : name;
  return `"${quoted}"`;
}

const NEEDS_QUOTES = /["\\\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

function escaped(char: string): string {
  if (char === '"' || char === '\\') return `\\${char}`;
  return Array.from(Buffer.from(char, 'utf8'), (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

interface Ranges {
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
}

/** A side without lines is counted from the line before it. */
export function hunkHeader({ oldStart, oldLines, newStart, newLines }: Ranges): string {
  const range = (start: number, count: number) =>
    count === 1 ? `${start}` : `${count === 0 ? start - 1 : start},${count}`;
  return `@@ -${range(oldStart, oldLines)} +${range(newStart, newLines)} @@`;
}
