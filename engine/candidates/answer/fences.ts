// A model that was asked for one fenced block may write more, less, or something else. This finds the code that was asked
// for, or nothing. Pure.
import { isProse } from './prose';

export interface AskedCode {
  /** The fence that the answer was begun with: three backticks, or more where the text has three. */
  readonly fence: string;
  /** VS Code's language id; absent: any language will do. */
  readonly language?: string | undefined;
  /** What stands there now. */
  readonly original: string;
  /** The answer begins in front of its first fence, which no prompt has begun: then only a closed block is code. */
  readonly isWhole?: boolean;
  /** Somebody took what there was so far: a block that is still open is code, too. */
  readonly isDraft?: boolean;
}

interface Block {
  /** As its fence names it, in lower case; '' where it names none. */
  readonly label: string;
  readonly lines: readonly string[];
  /** Whether a bare fence ended it; the last one may just end. */
  readonly isClosed: boolean;
}

/**
 * The code in an answer that goes on behind an opened fence, or `isWhole`: its first block in the language asked for, or a later one where
 * that only repeats what stands there. An empty block is an answer, too; sentences without a fence are none. Undefined: there
 * is no such block.
 */
export function fencedCode(
  answer: string,
  { fence, language, original, isWhole = false, isDraft = false }: AskedCode,
): string | undefined {
  const blocks = blocksOf(answer, { fence, language, original, isWhole }).filter(
    (block) =>
      mayBe(block.label, language) &&
      (block.isClosed || !isWhole || isDraft) &&
      !isProse(textOf(block), language, original),
  );
  const written = blocks.filter(({ lines }) => lines.some(says));
  const fresh = written.find((block) => plain(textOf(block)) !== plain(original));
  const chosen = fresh ?? written[0] ?? blocks[0];
  return chosen && textOf(chosen);
}

/**
 * Whether all of the answer is there: its block is closed, so whatever comes is not read. A last line that has not ended says
 * nothing: a fence may still be given a language, as one that opens a block.
 */
export function isAnswered(answer: string, fence: string, language?: string): boolean {
  const lines = answer.slice(0, answer.lastIndexOf('\n') + 1);
  return blocksOf(lines, { fence, language }).some(
    (block) =>
      block.isClosed &&
      mayBe(block.label, language) &&
      block.lines.some(says) &&
      !isProse(textOf(block), language),
  );
}

/** A fence that is longer than any in the texts, so that code with fences in it is still one block. */
export function fenceFor(...texts: readonly string[]): string {
  let longest = 2;
  for (const text of texts)
    for (const [, run = ''] of text.matchAll(/^[ \t]*(`{3,})/gm)) longest = Math.max(longest, run.length);
  return '`'.repeat(longest + 1);
}

/** What a fence calls a language: its usual short name, where VS Code's id is another. */
export function labelOf(language: string): string {
  return LABELS.get(language) ?? language;
}

const LABELS: ReadonlyMap<string, string> = new Map([
  ['plaintext', ''],
  ['typescriptreact', 'tsx'],
  ['javascriptreact', 'jsx'],
  ['shellscript', 'bash'],
  ['objective-c', 'objc'],
]);

const LINE_END = /\r\n|\r|\n/;

function says(line: string): boolean {
  return line.trim() !== '';
}

function textOf({ lines }: Pick<Block, 'lines'>): string {
  return lines.join('\n');
}

function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** The answer's blocks; the first one is open when it begins, unless the answer `isWhole`. */
function blocksOf(
  answer: string,
  { fence, language, original, isWhole = false }: Partial<AskedCode> & Pick<AskedCode, 'fence'>,
): readonly Block[] {
  const blocks: Block[] = [];
  let isPrefaced = false;
  let open: OpenBlock | undefined = isWhole ? undefined : { mark: '`', label: '', lines: [] };
  for (const line of answer.split(LINE_END)) {
    const found = fenceOf(line, fence);
    if (found === undefined) {
      open?.lines.push(line);
      continue;
    }
    const isPreface = blocks.length === 0 && open !== undefined && isProse(textOf(open), language, original);
    isPrefaced ||= isPreface;
    // In code between backticks, tildes are code too: headings in comments are underlined with them.
    if (found.mark === '~' && open?.mark === '`' && !isPreface && open.lines.some(says)) {
      open.lines.push(line);
      continue;
    }
    if (open === undefined) {
      open = { ...found, lines: [] };
    } else if (found.label === '' && !isPreface) {
      blocks.push({ label: open.label, lines: open.lines, isClosed: true });
      open = undefined;
    } else {
      // A fence with a language closes nothing: what came before it was no code.
      open = { ...found, lines: [] };
    }
  }
  // A fence behind sentences that opens nothing has closed them.
  if (open !== undefined && !(isPrefaced && !open.lines.some(says)))
    blocks.push({ label: open.label, lines: open.lines, isClosed: false });
  return blocks;
}

interface Fence {
  /** The character that it is made of. */
  readonly mark: string;
  readonly label: string;
}

interface OpenBlock extends Fence {
  readonly lines: string[];
}

function fenceOf(line: string, fence: string): Fence | undefined {
  const [, run = '', info = ''] = /^[ \t]*(`{3,}|~{3,})([^`]*)$/.exec(line) ?? [];
  if (run.length < fence.length) return undefined;
  return { mark: run.slice(0, 1), label: (info.trim().split(/[\s{:,]/)[0] ?? '').toLowerCase() };
}

/** Labels that mean the same, or that models use for one another. */
const RELATED: readonly (readonly string[])[] = [
  ['python', 'py', 'python3', 'py3', 'jupyter'],
  [
    'typescript',
    'ts',
    'typescriptreact',
    'tsx',
    'javascript',
    'js',
    'mjs',
    'javascriptreact',
    'jsx',
    'node',
    'vue',
    'svelte',
  ],
  ['c', 'h', 'cpp', 'c++', 'cc', 'hpp', 'cuda-cpp', 'cuda', 'objective-c', 'objc', 'objective-cpp'],
  ['csharp', 'cs', 'c#'],
  ['go', 'golang'],
  ['rust', 'rs'],
  ['java', 'kotlin', 'kt'],
  ['ruby', 'rb', 'erb'],
  ['shellscript', 'bash', 'sh', 'shell', 'zsh', 'console'],
  ['powershell', 'ps1', 'pwsh'],
  ['html', 'xml', 'svg', 'vue-html', 'handlebars', 'php', 'razor'],
  ['css', 'scss', 'sass', 'less'],
  ['json', 'jsonc', 'json5', 'jsonl'],
  ['yaml', 'yml', 'dockercompose'],
  ['toml', 'ini', 'properties'],
  ['sql', 'mysql', 'postgresql', 'sqlite', 'plsql'],
  ['markdown', 'md'],
  ['diff', 'patch'],
  ['dockerfile', 'docker'],
  ['makefile', 'make'],
  ['swift'],
  ['lua'],
  ['perl', 'pl'],
  ['r'],
  ['julia', 'jl'],
  ['haskell', 'hs'],
  ['scala'],
  ['dart'],
];

/** A name that nobody knows may mean anything. */
function mayBe(label: string, language: string | undefined): boolean {
  if (language === undefined || language === 'plaintext' || label === '' || label === language) return true;
  const own = RELATED.find((group) => group.includes(language));
  const named = RELATED.find((group) => group.includes(label));
  return own === undefined || named === undefined || own === named;
}
