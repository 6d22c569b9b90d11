// Ghost text on request, in the middle of a line: what follows the cursor has to go on from it. Knows nothing of vscode.
import { qualitiesOf } from '../../engine/syntax/judge';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { textsOf } from './offer';

export interface FittingPlace {
  readonly before: string;
  readonly after: string;
  readonly languageId: string;
}

/** Those after which the text parses no worse than it does; all of them at the end of a line, where code may be half-written. */
export async function fitting(
  syntax: Pick<SyntaxTrees, 'ask'>,
  { before, after, languageId }: FittingPlace,
  answers: readonly string[],
): Promise<readonly string[]> {
  if (!/^[^\r\n]*[^\s)\]};,:'"`]/.test(after)) return answers;
  const text = before + after;
  // Of an answer in the middle of a line only the first line is offered.
  const offered = answers.map((answer) => textsOf([answer], before, after)[0] ?? answer);
  const wholes = offered.map((answer) => ({ whole: before + answer + after }));
  const region = { start: before.length, end: before.length };
  const qualities = await qualitiesOf(syntax, { text, languageId, region }, wholes);
  return answers.filter((_, i) => qualities[i]?.mark !== 'poor');
}
