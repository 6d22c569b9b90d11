// Whether nothing is wrong with what stands in a place, or may come to stand there. What is half written elsewhere in the file is no fault of it.
import { bracketRest } from '../../../engine/syntax/brackets';
import { EMPTY_BODY } from '../../../engine/syntax/kinds';
import type { SyntaxTrees } from '../../../engine/syntax/syntaxTrees';
import type { SyntaxTree } from '../../../engine/syntax/tree';
import { applyEdits } from '../../text/edits';
import type { OffsetRange } from '../../text/types';

type Faults = ReturnType<SyntaxTree['faults']>;

/** `text`: all of it. False where nothing reads the language. */
export async function isWholeWith(
  syntax: Pick<SyntaxTrees, 'ask'>,
  { text, languageId }: { readonly text: string; readonly languageId: string },
  { start, end }: OffsetRange,
  fresh: string,
): Promise<boolean> {
  const faultsWith = (own: string) =>
    syntax.ask(applyEdits(text, [{ start, end, text: own }]), languageId, (tree) =>
      tree.faults({ start, end: start + own.length }),
    );
  const faults = await faultsWith(fresh);
  if (faults === undefined) return false;
  if (faults.inRegion + faults.misindented + faults.misplaced === 0) return true;
  // Without what opens or closes a block, nothing around it is as it was.
  if (bracketRest(fresh) !== '') return false;
  const around = await faultsWith(EMPTY_BODY[languageId] ?? '');
  return around !== undefined && isNoMore(faults, around);
}

function isNoMore(some: Faults, others: Faults): boolean {
  return (['inRegion', 'everywhere', 'misindented', 'misplaced'] as const).every(
    (kind) => some[kind] <= others[kind],
  );
}
