// Ghost text on request: what follows the cursor has to go on from it, and nothing is declared a second time. Knows nothing of vscode.
import type { Quality } from '../../engine/candidates/quality/verdict';
import { closed } from '../../engine/syntax/closed';
import { qualitiesOf } from '../../engine/syntax/judge';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { textsOf } from './offer';

export interface FittingPlace {
  readonly before: string;
  readonly after: string;
  readonly languageId: string;
}

/**
 * In the middle of a line, those after which the text is no worse than it is. At the end of a line code may be half-written: there, those
 * that declare nothing a second time, and with which code that was whole is so again once what they open is closed.
 */
export async function fitting(
  syntax: Pick<SyntaxTrees, 'ask'>,
  place: FittingPlace,
  answers: readonly string[],
): Promise<readonly string[]> {
  const { before, after, languageId } = place;
  const isEnd = !/^[^\r\n]*[^\s)\]};,:'"`]/.test(after);
  // Of an answer in the middle of a line only the first line is offered.
  const offered = answers.map((answer) => textsOf([answer], before, after)[0] ?? answer);
  const qualities = await qualitiesWith(syntax, place, offered);
  if (!isEnd) return answers.filter((_, i) => qualities[i]?.mark !== 'poor');
  const isWhole = await isSound(syntax, place);
  const whole = await qualitiesWith(
    syntax,
    place,
    offered.map((answer) => closed(answer, languageId) ?? answer),
  );
  return answers.filter((_, i) => {
    const isCode = [qualities[i], whole[i]].some((one) => !one?.reasons.includes('does-not-parse'));
    return (isCode || !isWhole) && !qualities[i]?.reasons.includes('declares-again');
  });
}

function qualitiesWith(
  syntax: Pick<SyntaxTrees, 'ask'>,
  { before, after, languageId }: FittingPlace,
  texts: readonly string[],
): Promise<readonly Quality[]> {
  const region = { start: before.length, end: before.length };
  const wholes = texts.map((text) => ({ whole: before + text + after }));
  return qualitiesOf(syntax, { text: before + after, languageId, region }, wholes);
}

/** Whether the cursor's line and those beside it are code as they stand. */
async function isSound(
  syntax: Pick<SyntaxTrees, 'ask'>,
  { before, after, languageId }: FittingPlace,
): Promise<boolean> {
  const start = before.lastIndexOf('\n') + 1;
  const line = /^[^\n]*/.exec(after)?.[0].length ?? 0;
  const region = { start, end: before.length + line };
  const faults = await syntax.ask(before + after, languageId, (tree) => tree.faults(region));
  return faults !== undefined && faults.inRegion + faults.misindented + faults.misplaced === 0;
}
