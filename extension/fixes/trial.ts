// One text with a problem, and the means to try candidates on it: its syntax tree, and a copy for the language server. Made for
// one search, and closed after it.
import { type Diagnostic, DiagnosticSeverity, type TextDocument } from 'vscode';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import type { SyntaxTree } from '../../engine/syntax/tree';
import type { CandidateSet } from '../rewrite/request';
import { nearNames } from '../text/nearNames';
import { offsetsOf } from '../text/offsets';
import { spansOf } from '../text/spans';
import type { OffsetRange } from '../text/types';
import { candidatesOf, nearestFirst } from './candidates';
import { Checker } from './checker';
import type { Copies } from './copies';
import { type Checked, fixesAmong } from './problem';
import { spansToTry, wholeLines } from './spansToTry';

export interface TrialServices {
  readonly syntax: SyntaxTrees;
  readonly copies: Copies;
}

export type Sifted =
  /** Those that the language server has found good, best first. */
  | { readonly kind: 'fixes'; readonly candidates: CandidateSet }
  | { readonly kind: 'unchecked' }
  | { readonly kind: 'none' };

export class Trial {
  private constructor(
    private readonly text: string,
    private readonly range: OffsetRange,
    private readonly message: string,
    /** A hint, or about code that is there in vain: no name is wrong. */
    private readonly isNoFault: boolean,
    private readonly tree: SyntaxTree | undefined,
    /** The server looks at the old text while the model thinks. */
    private readonly opening: Promise<Checker | undefined>,
    private readonly signal: AbortSignal,
  ) {}

  static async open(
    document: TextDocument,
    diagnostic: Diagnostic,
    { syntax, copies }: TrialServices,
    signal: AbortSignal,
  ): Promise<Trial> {
    const text = document.getText();
    const range = offsetsOf(document, diagnostic.range);
    const opening = Checker.open(document, diagnostic, copies, signal).catch(() => undefined);
    const tree = await syntax.open(text, document.languageId);
    const { message, severity, tags = [] } = diagnostic;
    const isNoFault = severity === DiagnosticSeverity.Hint || tags.length > 0;
    return new Trial(text, range, message, isNoFault, tree, opening, signal);
  }

  get spans(): readonly OffsetRange[] {
    return spansToTry(this.text, this.range, this.tree);
  }

  /** In place of a name that the problem points at, those that it may be misspelt for; undefined: none, or no server to ask. */
  async misspelt(): Promise<CandidateSet | undefined> {
    if (this.isNoFault) return undefined;
    const old = this.text.slice(this.range.start, this.range.end);
    const names = nearNames(this.text, this.range, this.message);
    if (names.length === 0 || (await this.opening)?.isAble !== true) return undefined;
    return { spans: [{ ...this.range, old }], candidates: names.map((name) => ({ texts: [name] })) };
  }

  /** The line that the problem begins in, to be mended; undefined: nothing is wrong in it, or no server to ask. */
  async faulty(): Promise<OffsetRange | undefined> {
    if (this.isNoFault) return undefined;
    const [line] = spansOf(this.text, [
      wholeLines(this.text, { start: this.range.start, end: this.range.start }),
    ]);
    const isAble = line !== undefined && line.end > line.start && (await this.opening)?.isAble === true;
    return isAble ? line : undefined;
  }

  /** `asking` is called before a server is asked. */
  async sift(candidates: CandidateSet, asking: () => void = () => undefined): Promise<Sifted> {
    const checker = await this.opening;
    if (checker?.isAble) asking();
    const { start, end } = this.range;
    const pointedAt = this.text.slice(start, end);
    const all = candidatesOf(candidates, this.text, this.tree);
    const sorted = nearestFirst(all, pointedAt, candidates.spans[0]?.old ?? '');
    const verdicts = await checker?.check(
      sorted.map(({ whole }) => whole),
      this.signal,
    );
    const checked = sorted.map(
      ({ text }, i): Checked<string> => ({ candidate: text, verdict: verdicts?.[i] }),
    );
    const found = fixesAmong(checked);
    if (found.kind !== 'fixes') return found;
    const fixes = found.candidates.map((text) => {
      const found = candidates.candidates.find(({ texts }) => texts[0] === text);
      return { flaws: [], ...found, texts: [text] };
    });
    return { kind: 'fixes', candidates: { spans: candidates.spans, candidates: fixes } };
  }

  async close(): Promise<void> {
    this.tree?.dispose();
    await (await this.opening)?.close();
  }
}
