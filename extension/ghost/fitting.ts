// Ghost text on request: what follows the cursor has to go on from it, and nothing is declared a second time. Knows nothing of vscode.

import type { Quality } from '../../engine/candidates/quality/verdict';
import { closed } from '../../engine/syntax/closed';
import { qualitiesOf } from '../../engine/syntax/judge';
import { EMPTY_BODY } from '../../engine/syntax/kinds';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { textsOf } from './offer';

export interface FittingPlace {
  readonly before: string;
  readonly after: string;
  readonly languageId: string;
}

/** What only another function declares is not there in these, but for what comes with a star, or from a base class of Java. */
const TELLS_NAMES =
  /^(csharp|go|java|javascript|javascriptreact|php|python|ruby|rust|typescript|typescriptreact)$/;
const STAR = /^[ \t]*from\b.*\bimport[ \t]*\*|^[ \t]*import[ \t]+static\b.*\*/m;
const HAS_BASE = /\bclass\s[^{}]*\bextends\b/;

/**
 * In the middle of a line, those after which the text is no worse than it is. At the end of a line code may be half-written: there, those
 * that declare nothing a second time, and with which code that was whole, or would be if it had a body here, is so once what they open is
 * closed. Not those with names that only other functions have: where a file tells of all its names, or where others do without.
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
  const filled = isEnd ? await filledWith(syntax, place) : '';
  const qualities = await qualitiesWith(syntax, place, offered, filled);
  const inherits = languageId === 'java' && HAS_BASE.test(before);
  const tellsNames = TELLS_NAMES.test(languageId) && !STAR.test(before) && !inherits;
  const ofPlace = (fit: readonly number[]) => {
    const own = fit.filter((i) => !qualities[i]?.reasons.includes('out-of-scope'));
    return (tellsNames || own.length > 0 ? own : fit).flatMap((i) => answers[i] ?? []);
  };
  const all = [...answers.keys()];
  if (!isEnd) return ofPlace(all.filter((i) => qualities[i]?.mark !== 'poor'));
  const whole = offered.map((answer) => closed(answer, languageId));
  const isOpen = whole.some((text) => text !== undefined);
  const ended = isOpen
    ? await qualitiesWith(
        syntax,
        place,
        offered.map((answer, i) => whole[i] ?? answer),
        filled,
      )
    : qualities;
  const fit = all.filter((i) => {
    const isCode = [qualities[i], ended[i]].some((one) => !one?.reasons.includes('does-not-parse'));
    return (isCode || filled === undefined) && !qualities[i]?.reasons.includes('declares-again');
  });
  return ofPlace(fit);
}

/** What the place is compared with: nothing where the code is whole, or the body that it lacks; undefined where it is not code anyway. */
async function filledWith(
  syntax: Pick<SyntaxTrees, 'ask'>,
  place: FittingPlace,
): Promise<string | undefined> {
  const body = EMPTY_BODY[place.languageId];
  for (const text of body === undefined ? [''] : ['', body])
    if (await isSound(syntax, { ...place, before: place.before + text })) return text;
  return undefined;
}

function qualitiesWith(
  syntax: Pick<SyntaxTrees, 'ask'>,
  { before, after, languageId }: FittingPlace,
  texts: readonly string[],
  filled = '',
): Promise<readonly Quality[]> {
  const region = { start: before.length, end: before.length + filled.length };
  const wholes = texts.map((text) => ({ whole: before + text + after }));
  return qualitiesOf(syntax, { text: before + filled + after, languageId, region }, wholes);
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
