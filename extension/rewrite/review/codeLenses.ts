// What stands above each hunk of a review in the editor: what can be done with it, and with all of them.
import { CodeLens, l10n, Range } from 'vscode';
import type { Quality } from '../../../engine/candidates/quality/verdict';
import { argumentsOf, type CopiedFrom, OPEN_SOURCE, sayCopied } from '../../memory/copiedFrom';
import { shortened } from '../../text/shortened';
import { iconOfMark, wordsOfQuality } from '../quality/words';
import { candidateOf, positionOf } from '../state/acceptance';
import type { Review } from '../state/types';
import type { Form } from './form';
import type { Hunk } from './hunks';

/** Characters of an instruction that is shown beside what can be done: a long lens pushes that out of a narrow editor. */
const LONGEST = 40;
/** The same of reasons, which stand behind all that can be done and push none of it out. */
const ROOM = 100;

/** A rewrite, as far as its lenses know of it. */
export interface Reviewed {
  readonly review: Review | undefined;
  readonly hunks: readonly Hunk[];
  readonly form: Form | undefined;
}

/** `copied`: where the shown candidate is copied from. */
export function lensesOf({ review, hunks, form }: Reviewed, copied?: CopiedFrom): CodeLens[] {
  if (review === undefined || form !== 'inline') return [];
  return hunks.flatMap(({ startLine, endLine }, index) => {
    // New lines alone are shown behind, or below, the line in front of them.
    const line = endLine > startLine ? startLine : Math.max(0, startLine - 1);
    const range = new Range(line, 0, line, 0);
    const lens = (icon: string, title: string, command: string, ...args: readonly unknown[]) =>
      new CodeLens(range, { title: `$(${icon}) ${title}`, command, arguments: [...args] });
    const own = [
      lens('check', l10n.t('Accept'), 'palimpsest.acceptHunk', index, true),
      lens('close', l10n.t('Reject'), 'palimpsest.rejectHunk', index),
    ];
    if (index > 0) return own;
    const { number, count } = positionOf(review);
    const { quality } = candidateOf(review);
    const instruction = review.wanted?.instruction;
    return [
      ...own,
      ...(hunks.length > 1
        ? [
            lens('check-all', l10n.t('Accept All {0}', hunks.length), 'palimpsest.acceptRewrite'),
            lens('close-all', l10n.t('Reject All'), 'palimpsest.rejectRewrite'),
          ]
        : []),
      ...(count > 1
        ? [
            lens(
              'arrow-right',
              l10n.t('Candidate {0} of {1}: Next', number, count),
              'palimpsest.nextCandidate',
            ),
          ]
        : []),
      lens('refresh', l10n.t('Again'), 'palimpsest.rewriteAgain'),
      ...((review.heldBack?.length ?? 0) > 0
        ? [lens('eye', l10n.t('Show Anyway'), 'palimpsest.showAnyway')]
        : []),
      // What is on the same screen needs no way to it.
      ...(copied?.isElsewhere ? [sourceLens(range, copied)] : []),
      ...(quality === undefined ? [] : [markLens(range, quality)]),
      // Without a command it is words alone.
      ...(instruction === undefined ? [] : [lens('comment', shortened(instruction, LONGEST), '')]),
    ];
  });
}

/** What does not fit is in its hover. */
function markLens(range: Range, quality: Quality): CodeLens {
  const title = `$(${iconOfMark(quality)}) ${wordsOfQuality(quality, ROOM)}`;
  return new CodeLens(range, { title, tooltip: wordsOfQuality(quality), command: '' });
}

function sourceLens(range: Range, copied: CopiedFrom): CodeLens {
  return new CodeLens(range, {
    title: `$(link) ${sayCopied(copied)}`,
    tooltip: l10n.t('This code is in another file of the workspace, too. Click to open it there.'),
    command: OPEN_SOURCE,
    arguments: [...argumentsOf(copied)],
  });
}
