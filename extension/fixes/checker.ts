// Whether a rewrite makes a problem go away, as the language server sees it on a copy. First the old text is looked at:
// a server that does not find the problem there says nothing about a rewrite either.
import type { Diagnostic, TextDocument } from 'vscode';
import type { Copies, DocumentCopy } from './copies';
import { withAbsoluteImports } from './imports';
import { type Observer, PublishedDiagnostics, problemOf, typeScript } from './observers';
import { countOf, type Problem, type Verdict, verdictOf } from './problem';

const TYPESCRIPT = ['typescript', 'typescriptreact', 'javascript', 'javascriptreact'];

export class Checker {
  /** What the server says of the old text on each copy, with all of them there: to some servers they declare things twice. */
  private readonly baselines = new Map<DocumentCopy, readonly Problem[]>();

  private constructor(
    private readonly copy: DocumentCopy,
    /** More, as soon as the server has looked at the old text there; undefined where it does not find the problem. */
    private readonly further: readonly Promise<DocumentCopy | undefined>[],
    private readonly asRead: (text: string) => string,
    private readonly observer: Observer | undefined,
    private readonly target: Problem,
    private readonly before: readonly Problem[],
    private readonly opened: readonly DocumentCopy[],
  ) {}

  static async open(
    document: TextDocument,
    diagnostic: Diagnostic,
    copies: Copies,
    signal: AbortSignal,
  ): Promise<Checker> {
    const asRead = readerFor(document);
    const old = asRead(document.getText());
    const copy = await copies.open(document, old);
    const opened = [copy];
    const target = problemOf(diagnostic);
    for (const observer of observersFor(document, diagnostic, copies.silentServers)) {
      const before = await observer.observe(copy.document, signal);
      if (before === undefined || countOf(target, before) === 0) continue;
      const more = async (): Promise<DocumentCopy | undefined> => {
        const another = await copies.open(document, old);
        opened.push(another);
        const seen = await observer.observe(another.document, signal);
        return seen !== undefined && countOf(target, seen) > 0 ? another : undefined;
      };
      // The model thinks meanwhile.
      const further = Array.from({ length: observer.sideBySide - 1 }, () => more().catch(() => undefined));
      return new Checker(copy, further, asRead, observer, target, before, opened);
    }
    return new Checker(copy, [], asRead, undefined, target, [], opened);
  }

  /** Whether a server looks at copies and finds the problem there. */
  get isAble(): boolean {
    return this.observer !== undefined;
  }

  /** In the texts' order; undefined: nobody looked. */
  async check(texts: readonly string[], signal: AbortSignal): Promise<readonly (Verdict | undefined)[]> {
    const { observer } = this;
    const verdicts: (Verdict | undefined)[] = texts.map(() => undefined);
    if (observer === undefined) return verdicts;
    const further = await Promise.all(this.further);
    const copies = [this.copy, ...further.flatMap((copy) => copy ?? [])];
    const waiting = texts.entries();
    const lanes = copies.map(async (copy) => {
      for (const [i, text] of waiting) {
        if (signal.aborted) return;
        verdicts[i] = await this.checkOn(copy, observer, text, signal);
      }
    });
    await Promise.all(lanes);
    return verdicts;
  }

  async close(): Promise<void> {
    await Promise.all(this.further);
    await Promise.all(this.opened.map((copy) => copy.close()));
  }

  private async checkOn(copy: DocumentCopy, observer: Observer, text: string, signal: AbortSignal) {
    const before = this.baselines.get(copy) ?? observer.known?.(copy.document) ?? this.before;
    this.baselines.set(copy, before);
    const after = await observer.observe(copy.document, signal, () => copy.write(this.asRead(text)));
    return after === undefined || signal.aborted ? undefined : verdictOf(this.target, before, after);
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
