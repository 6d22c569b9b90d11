// A quick fix from the choice in the menu to the review: masks what is around the diagnostic, denoises, sorts out what
// does not parse or does not help, and shows the rest as the ghost diff of a rewrite.
import { type Diagnostic, l10n, type TextDocument, type TextEditor, window } from 'vscode';
import { type EngineError, toEngineError } from '../../engine/errors';
import type { EngineSupervisor } from '../engine/supervisor';
import { withPatience } from '../patience';
import { type Answers, askForAnswers } from '../rewrite/request';
import type { Rewrites } from '../rewrite/rewrites';
import type { OffsetRange } from '../rewrite/spans';
import { rewriteSettings } from '../settings';
import type { SyntaxTrees } from '../syntax/syntaxTrees';
import type { SyntaxTree } from '../syntax/tree';
import { type Candidate, candidatesOf } from './candidates';
import { Checker } from './checker';
import type { Copies } from './copies';
import { placesToTry } from './places';
import { type Checked, shortened, worthShowing } from './problem';

export interface FixerServices {
  readonly engine: EngineSupervisor;
  readonly rewrites: Rewrites;
  readonly syntax: SyntaxTrees;
  readonly copies: Copies;
  readonly fail: (error: EngineError) => void;
}

/** How a fix ended; tests look at it. */
export type FixOutcome = 'shown' | 'shown-unchecked' | 'none' | 'changed' | 'cancelled' | 'failed';

/** More of them than a rewrite makes: most are thrown away before anybody sees them. */
const LEAST_CANDIDATES = 4;

interface Found {
  readonly answers: Answers;
  readonly isChecked: boolean;
}

export class Fixer {
  private running: AbortController | undefined;

  constructor(private readonly services: FixerServices) {}

  /** Of a document that may be read. A fix that is still looked for is given up. */
  async fix(editor: TextEditor, diagnostic: Diagnostic): Promise<FixOutcome> {
    const { document } = editor;
    this.running?.abort();
    const controller = new AbortController();
    this.running = controller;
    const { version } = document;
    const title = l10n.t('Palimpsest looks for a fix');
    let isCancelled = false;
    try {
      const { signal } = controller;
      const isReady = () => this.services.engine.state.kind === 'ready';
      const found = await withPatience({ title, signal, isReady }, (inner, report) => {
        inner.addEventListener('abort', () => {
          isCancelled = true;
        });
        return this.search(document, diagnostic, inner, report);
      });
      if (isCancelled) return 'cancelled';
      return this.show(editor, version, diagnostic, found);
    } catch (error) {
      if (isCancelled) return 'cancelled';
      this.services.fail(toEngineError(error));
      return 'failed';
    } finally {
      if (this.running === controller) this.running = undefined;
    }
  }

  dispose(): void {
    this.running?.abort();
  }

  private async search(
    document: TextDocument,
    diagnostic: Diagnostic,
    signal: AbortSignal,
    report: (message: string) => void,
  ): Promise<Found | undefined> {
    const { syntax, copies } = this.services;
    const { version } = document;
    const text = document.getText();
    const range = {
      start: document.offsetAt(diagnostic.range.start),
      end: document.offsetAt(diagnostic.range.end),
    };
    const tree = await syntax.open(text, document.languageId);
    // The server looks at the old text while the model thinks.
    const opening = Checker.open(document, diagnostic, copies, signal).catch(() => undefined);
    try {
      for (const place of placesToTry(text, range, tree)) {
        // The place is one of the text as it was.
        if (document.version !== version) return undefined;
        report(l10n.t('denoising'));
        const found = await this.tryPlace(document, place, tree, signal, async (candidates) => {
          const checker = await opening;
          if (checker?.isAble) report(l10n.t('asking the language server'));
          return check(candidates, checker, signal);
        });
        if (found !== undefined || signal.aborted) return found;
      }
      return undefined;
    } finally {
      tree?.dispose();
      await (await opening)?.close();
    }
  }

  private async tryPlace(
    document: TextDocument,
    { start, end }: OffsetRange,
    tree: SyntaxTree | undefined,
    signal: AbortSignal,
    checked: (candidates: readonly Candidate[]) => Promise<readonly Checked<Candidate>[]>,
  ): Promise<Found | undefined> {
    const text = document.getText();
    const places = [{ start, end, old: text.slice(start, end) }];
    const candidates = Math.max(LEAST_CANDIDATES, rewriteSettings(document).candidates);
    const answers = await askForAnswers(
      this.services.engine,
      document,
      places,
      { seed: 0 },
      { signal, onStep: () => undefined },
      { candidates, strength: 1 },
    );
    const verdicts = await checked(candidatesOf(answers, text, tree));
    const good = worthShowing(verdicts);
    if (good.length === 0) return undefined;
    return {
      answers: { places: answers.places, answers: good.map(({ answer }) => ({ texts: [answer.text] })) },
      isChecked: good[0]?.verdict === 'gone',
    };
  }

  private show(
    { document }: TextEditor,
    version: number,
    diagnostic: Diagnostic,
    found: Found | undefined,
  ): FixOutcome {
    const isEdited = document.version !== version;
    if (found === undefined && !isEdited) {
      void window.showInformationMessage(
        l10n.t('Palimpsest found no rewrite that fixes this: {0}', shortened(diagnostic.message)),
      );
      return 'none';
    }
    // The editor may have been closed or opened anew meanwhile.
    const editor = window.visibleTextEditors.find((one) => one.document === document);
    if (isEdited || found === undefined || editor === undefined) {
      window.setStatusBarMessage(
        `$(info) ${l10n.t('Palimpsest: the fix was given up, because its text was edited or closed.')}`,
        6000,
      );
      return 'changed';
    }
    this.services.rewrites.present(editor, found.answers, 0);
    const message = found.isChecked
      ? l10n.t('Palimpsest: on a copy, the problem is gone with this rewrite.')
      : l10n.t('Palimpsest: no language server looked at this rewrite yet.');
    window.setStatusBarMessage(`$(${found.isChecked ? 'pass' : 'info'}) ${message}`, 6000);
    return found.isChecked ? 'shown' : 'shown-unchecked';
  }
}

async function check(
  candidates: readonly Candidate[],
  checker: Checker | undefined,
  signal: AbortSignal,
): Promise<readonly Checked<Candidate>[]> {
  const all: Checked<Candidate>[] = [];
  for (const answer of candidates) {
    const verdict = await checker?.check(answer.whole, signal);
    all.push({ answer, verdict });
  }
  return all;
}
