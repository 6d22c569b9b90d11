// A model that does not do what it was asked for says so in a sentence, and one that does may say what it is about to write.
// Neither is code. Pure.
import { isMarkupLanguage, isProseLanguage } from '../quality/languages';

/**
 * Whether `text` is sentences alone, where code was asked for; a comment is code. False of a language that nobody knows, of
 * one whose code may look like sentences, and where `original`, what stands there now, is sentences, too: a comment's text.
 */
export function isProse(text: string, language: string | undefined, original = ''): boolean {
  if (language === undefined || OF_SENTENCES.has(language) || isProseLanguage(language)) return false;
  // What stands between tags is text.
  if (isMarkupLanguage(language) && !original.includes('<')) return false;
  if (KEYED.has(language) && /:\s/.test(text.trim())) return false;
  return isSentences(text) && !isSentences(original);
}

/** Notes, and languages whose statements are words and end with a full stop. */
const OF_SENTENCES: ReadonlySet<string> = new Set([
  ...['plaintext', 'feature', 'gherkin'],
  ...['abap', 'abl', 'cobol', 'coq', 'erlang', 'prolog', 'smalltalk'],
]);
const KEYED: ReadonlySet<string> = new Set(['yaml', 'dockercompose', 'ini', 'properties']);

/** `Sure!`, `I`, `TypeScript`; not `SELECT`, nor `Point.of`. */
const FIRST_WORD = /^(?:OK|\p{Lu}(?:[\p{L}'’]*\p{Ll})?|\p{Lo}[\p{L}，、。！？]*)[,.:!?]*$/u;
/** With what a sentence puts around a word; the inner signs are those of `don't`, `config.json`, and `side-effect`. */
const WORD = /^(?:["“(]?[\p{L}\p{N}_][\p{L}\p{N}_'’.，、。！？-]*["”)]?[,.:!?]*["”)]?|[–—-])$/u;
const CODE = /`[^`]+`/g;
const SENTENCE_END = /[.!?]["”)]*(?:\s|$)|[。！？]|[:：]$/u;
const LEAST_WORDS = 3;

function isSentences(text: string): boolean {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '');
  // What a line of code opens, and what a key holds, is indented.
  const indents = lines.map((line) => line.length - line.trimStart().length);
  if (indents.some((indent) => indent > (indents[0] ?? 0))) return false;
  // What is between backticks may be anything.
  const said = lines.map((line) => line.trim().replace(CODE, 'code'));
  const all = said.join('\n');
  const words = all.split(/\s+/);
  if (!FIRST_WORD.test(words[0] ?? '') || !SENTENCE_END.test(all)) return false;
  return words.every((word) => WORD.test(word)) && (words.length >= LEAST_WORDS || /[!！。？]$/u.test(all));
}
