// Ghost text on request: what follows the cursor has to go on from it, and nothing is declared a second time. Knows nothing of vscode.
import { qualitiesOf } from '../../engine/syntax/judge';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { textsOf } from './offer';

export interface FittingPlace {
  readonly before: string;
  readonly after: string;
  readonly languageId: string;
}

/**
 * In the middle of a line, those after which the text is no worse than it is. At the end of a line code may be half-written, and does not
 * parse anyway: there, those that declare nothing a second time.
 */
export async function fitting(
  syntax: Pick<SyntaxTrees, 'ask'>,
  { before, after, languageId }: FittingPlace,
  answers: readonly string[],
): Promise<readonly string[]> {
  const isEnd = !/^[^\r\n]*[^\s)\]};,:'"`]/.test(after);
  const text = before + after;
  // Of an answer in the middle of a line only the first line is offered.
  const offered = answers.map((answer) => textsOf([answer], before, after)[0] ?? answer);
  const wholes = offered.map((answer) => ({ whole: before + answer + after }));
  const region = { start: before.length, end: before.length };
  const qualities = await qualitiesOf(syntax, { text, languageId, region }, wholes);
  return answers.filter((_, i) => {
    const quality = qualities[i];
    return isEnd ? !quality?.reasons.includes('declares-again') : quality?.mark !== 'poor';
  });
}
