// What is not worth copying from, by the look of a file: what nobody wrote, and what is no text.
import type { MemoryFile, SkipReason } from '../protocol';

/** UTF-16 units of a file, and of a line. */
const LONGEST = 1_000_000;
const LONGEST_LINE = 20_000;
/** Mean length of a line from which on a file is written for machines, where it is long enough for that to mean anything. */
const MINIFIED = { mean: 250, least: 5000 };
/** Characters at a file's beginning that are looked at. */
const HEAD = 8192;
const HEADER = 1200;
/** Share of control characters, and of what is left of bytes that were no UTF-8, that makes a file binary. */
const BINARY_SHARE = 0.02;

const GENERATED =
  /@generated\b|\bdo not edit\b.{0,60}\bgenerated\b|\bgenerated\b.{0,80}\bdo not (edit|modify)\b|<auto-?generated>/is;
/** Lists of pinned versions. */
const LOCKED =
  /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.ya?ml|yarn\.lock|bun\.lock|deno\.lock|composer\.lock|gemfile\.lock|cargo\.lock|poetry\.lock|pipfile\.lock|pdm\.lock|uv\.lock|packages\.lock\.json|go\.sum|flake\.lock)$/i;
const MINIFIED_NAME = /\.min\.(js|mjs|cjs|css)$|\.(js|css)\.map$/i;

/** Why a file stays out; undefined: it may come in. */
export function skipReason({ path, text }: Pick<MemoryFile, 'path' | 'text'>): SkipReason | undefined {
  if (text.includes('\0') || looksBinary(text.slice(0, HEAD))) return 'binary';
  if (MINIFIED_NAME.test(path)) return 'minified';
  if (LOCKED.test(path) || GENERATED.test(text.slice(0, HEADER))) return 'generated';
  if (text.length > LONGEST) return longestLine(text) > LONGEST_LINE ? 'minified' : 'too-long';
  return looksMinified(text) ? 'minified' : undefined;
}

function looksBinary(head: string): boolean {
  let strange = 0;
  for (let i = 0; i < head.length; i++) {
    const code = head.charCodeAt(i);
    if ((code < 32 && (code < 9 || code > 13) && code !== 27) || code === 0xfffd) strange++;
  }
  return strange > BINARY_SHARE * head.length;
}

function looksMinified(text: string): boolean {
  if (text.length < MINIFIED.least) return false;
  let lines = 1;
  for (let at = text.indexOf('\n'), start = 0; at >= 0; start = at + 1, at = text.indexOf('\n', start)) {
    if (at - start > LONGEST_LINE) return true;
    lines++;
  }
  return text.length / lines > MINIFIED.mean || text.length - text.lastIndexOf('\n') > LONGEST_LINE;
}

function longestLine(text: string): number {
  let longest = 0;
  let start = 0;
  for (let at = text.indexOf('\n'); at >= 0; start = at + 1, at = text.indexOf('\n', start))
    longest = Math.max(longest, at - start);
  return Math.max(longest, text.length - start);
}
