// Reads texts with tree-sitter. The parser and its grammars are WebAssembly files beside the bundle; each is loaded when a
// text of its language is read for the first time, and never before.
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Language, Parser, Tree } from '@vscode/tree-sitter-wasm';
import { grammarFile, grammarOf } from './grammars';
import { SyntaxTree } from './tree';
import { LONGEST_TEXT, type OffsetRange } from './types';

type TreeSitter = typeof import('@vscode/tree-sitter-wasm');

export interface SyntaxOptions {
  /** Where `tree-sitter.js` and the `*.wasm` files are. */
  readonly folder: string;
  /** A grammar that cannot be loaded is told once; its language is then one without. */
  readonly warn: (message: string) => void;
  /** Milliseconds that one reading may hold up the process. Default: 500. */
  readonly limitMillis?: number;
}

export class SyntaxTrees {
  private library: Promise<TreeSitter> | undefined;
  private readonly languages = new Map<string, Promise<Language | undefined>>();
  private parser: Parser | undefined;
  private isDisposed = false;

  constructor(private readonly options: SyntaxOptions) {}

  /**
   * The tree of a text, to be disposed of by the caller. Undefined where there is no grammar for the language, where the
   * text is too long, or where reading it took too long.
   */
  async open(text: string, languageId: string): Promise<SyntaxTree | undefined> {
    const grammar = grammarOf(languageId);
    if (grammar === undefined || text.length > LONGEST_TEXT || this.isDisposed) return undefined;
    const language = await this.language(grammar);
    if (language === undefined || this.isDisposed) return undefined;
    const parse = (of: string, old?: Tree) => this.parse(of, language, old);
    const tree = parse(text);
    return tree && new SyntaxTree(tree, text, parse);
  }

  /**
   * The piece of syntax that a person means. By a cursor (a number, or an empty range): the smallest expression around it
   * that is more than a name or a literal, else the statement; a longer statement than a screen is its head (`if (…)`).
   * By a range: the smallest node that covers it. Undefined as for `open`, and where there is no such node, as on an empty
   * line or in text that does not parse: take the line then.
   */
  enclosingNode(
    text: string,
    languageId: string,
    at: number | OffsetRange,
  ): Promise<OffsetRange | undefined> {
    return this.ask(text, languageId, (tree) => tree.enclosing(at));
  }

  /** Runs `question` on the tree of a text and disposes of it. */
  async ask<T>(text: string, languageId: string, question: (tree: SyntaxTree) => T): Promise<T | undefined> {
    const tree = await this.open(text, languageId);
    try {
      return tree && question(tree);
    } finally {
      tree?.dispose();
    }
  }

  /** Grammars stay loaded as long as the process; the parser goes. */
  dispose(): void {
    this.isDisposed = true;
    this.parser?.delete();
    this.parser = undefined;
  }

  private parse(text: string, language: Language, old?: Tree): Tree | undefined {
    const { parser } = this;
    if (parser === undefined) return undefined;
    const end = performance.now() + (this.options.limitMillis ?? 500);
    parser.setLanguage(language);
    // What it returns is looked at, although its type says that nothing is.
    const progressCallback = () => performance.now() > end;
    const tree = parser.parse(text, old, { progressCallback });
    if (tree === null) parser.reset();
    return tree ?? undefined;
  }

  private language(grammar: string): Promise<Language | undefined> {
    let language = this.languages.get(grammar);
    if (language === undefined) {
      language = this.load(grammar);
      this.languages.set(grammar, language);
    }
    return language;
  }

  private async load(grammar: string): Promise<Language | undefined> {
    try {
      this.library ??= this.initialise();
      const library = await this.library;
      if (!this.isDisposed) this.parser ??= new library.Parser();
      return await library.Language.load(path.join(this.options.folder, grammarFile(grammar)));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.options.warn(
        `The grammar ${grammar} could not be loaded, so nothing is known about the syntax of this language: ${why}`,
      );
      return undefined;
    }
  }

  private async initialise(): Promise<TreeSitter> {
    const { folder } = this.options;
    const library: TreeSitter = createRequire(__filename)(path.join(folder, 'tree-sitter.js'));
    await library.Parser.init({ locateFile: (file) => path.join(folder, file) });
    return library;
  }
}
