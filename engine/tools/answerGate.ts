// Marks answers before they are written or passed on, as the editor does before it shows them (docs/command.md#flaws).
import path from 'node:path';
import { applyCandidate } from '../candidates/apply';
import { type Quality, ranked } from '../candidates/quality/verdict';
import type { Candidate } from '../protocol';
import { qualitiesOf, regionOf } from '../syntax/judge';
import { SyntaxTrees } from '../syntax/syntaxTrees';

export interface MarkedCandidate extends Candidate {
  readonly quality: Quality;
}

export interface AskedText {
  /** All of it, as it was sent. */
  readonly text: string;
  /** VS Code's language id; undefined: brackets and quotes are all that is known of it. */
  readonly language?: string | undefined;
}

export class AnswerGate {
  private readonly syntax: SyntaxTrees;

  /** `packageFolder`: the folder that package.json lies in; the grammars are in its `dist`. */
  constructor(packageFolder: string, warn: (message: string) => void) {
    this.syntax = new SyntaxTrees({ folder: path.join(packageFolder, 'dist', 'tree-sitter'), warn });
  }

  /** Best first; equally good ones stay in the engine's order. */
  async marked(
    { text, language = '' }: AskedText,
    candidates: readonly Candidate[],
  ): Promise<readonly MarkedCandidate[]> {
    const answers = candidates.map((candidate) => ({
      whole: applyCandidate(text, candidate),
      flaws: candidate.flaws ?? [],
    }));
    const region = regionOf(candidates.flatMap(({ spans }) => spans));
    const qualities = await qualitiesOf(this.syntax, { text, languageId: language, region }, answers);
    return ranked(
      candidates.flatMap((candidate, i) => {
        const quality = qualities[i];
        return quality === undefined ? [] : [{ ...candidate, quality }];
      }),
    );
  }

  dispose(): void {
    this.syntax.dispose();
  }
}

/** `does-not-parse, unknown-names` */
export function reasonsText({ reasons }: Quality): string {
  return reasons.join(', ');
}
