// Whether a rewrite makes a problem go away, as the language server sees it on a copy. First the old text is looked at:
// a server that does not find the problem there says nothing about a rewrite either.
import type { Diagnostic, TextDocument } from 'vscode';
import type { Copies, DocumentCopy } from './copies';
import { withAbsoluteImports } from './imports';
import { type Observer, PublishedDiagnostics, problemOf, typeScript } from './observers';
import { countOf, type Problem, type Verdict, verdictOf } from './problem';

const TYPESCRIPT = ['typescript', 'typescriptreact', 'javascript', 'javascriptreact'];

export class Checker {
  private constructor(
    private readonly copy: DocumentCopy,
    private readonly asRead: (text: string) => string,
    private readonly observer: Observer | undefined,
    private readonly target: Problem,
    private readonly before: readonly Problem[],
  ) {}

  static async open(
    document: TextDocument,
    diagnostic: Diagnostic,
    copies: Copies,
    signal: AbortSignal,
  ): Promise<Checker> {
    const asRead = readerFor(document);
    const copy = await copies.open(document, asRead(document.getText()));
    const target = problemOf(diagnostic);
    for (const observer of observersFor(document, diagnostic, copies.silentServers)) {
      const before = await observer.observe(copy.document, signal);
      if (before !== undefined && countOf(target, before) > 0)
        return new Checker(copy, asRead, observer, target, before);
    }
    return new Checker(copy, asRead, undefined, target, []);
  }

  /** Whether a server looks at copies and finds the problem there. */
  get isAble(): boolean {
    return this.observer !== undefined;
  }

  /** Undefined: nobody looked. */
  async check(text: string, signal: AbortSignal): Promise<Verdict | undefined> {
    if (this.observer === undefined || signal.aborted) return undefined;
    if (!(await this.copy.write(this.asRead(text)))) return undefined;
    const after = await this.observer.observe(this.copy.document, signal);
    return after === undefined || signal.aborted ? undefined : verdictOf(this.target, this.before, after);
  }

  close(): Promise<void> {
    return this.copy.close();
  }
}

/** The text as a server reads it on a copy. */
function readerFor({ languageId, uri }: TextDocument): (text: string) => string {
  if (!TYPESCRIPT.includes(languageId) || uri.scheme !== 'file') return (text) => text;
  const folder = uri.fsPath.replace(/\\/g, '/').replace(/\/[^/]*$/, '');
  return (text) => withAbsoluteImports(text, folder);
}

function observersFor(
  { languageId }: TextDocument,
  { source = '' }: Diagnostic,
  silent: Set<string>,
): readonly Observer[] {
  const published = new PublishedDiagnostics(`${languageId} ${source}`, silent);
  const isTypeScripts = TYPESCRIPT.includes(languageId) && (source === 'ts' || source === 'js');
  return isTypeScripts ? [typeScript, published] : [published];
}
