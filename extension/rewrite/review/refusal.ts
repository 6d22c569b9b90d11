// "No good rewrite found", "Nothing suspicious found", or "Nothing likelier found": said above the place itself, with what can be done about it; in a message where the
// editor shows no code lenses, or a screen reader would not find them.
import { CodeLens, commands, l10n, Range, type TextDocument, window } from 'vscode';
import { roomBehind } from '../quality/room';
import { wordsOfReasons } from '../quality/words';
import type { Refusal } from '../state/types';
import { seesLenses } from './lensesSeen';

const choices = ({ untouched }: Refusal) =>
  untouched
    ? [{ icon: 'edit', title: l10n.t('Rewrite Anyway'), command: 'palimpsest.rewriteAgain' }]
    : [
        { icon: 'eye', title: l10n.t('Show Anyway'), command: 'palimpsest.showAnyway' },
        { icon: 'refresh', title: l10n.t('Try Again'), command: 'palimpsest.rewriteAgain' },
        { icon: 'settings-gear', title: l10n.t('Use a Better Model'), command: 'palimpsest.chooseModel' },
      ];

export function iconOfRefusal({ untouched }: Refusal): string {
  return untouched ? 'pass' : 'circle-slash';
}

function titleOfRefusal({ untouched }: Refusal): string {
  switch (untouched) {
    case 'unsuspicious':
      return l10n.t('Nothing suspicious found');
    case 'likeliest':
      return l10n.t('Nothing likelier found');
    default:
      return l10n.t('No good rewrite found');
  }
}

function titleIn(file: string, { untouched }: Refusal): string {
  switch (untouched) {
    case 'unsuspicious':
      return l10n.t('Nothing suspicious found in {0}', file);
    case 'likeliest':
      return l10n.t('Nothing likelier found in {0}', file);
    default:
      return l10n.t('No good rewrite found in {0}', file);
  }
}

/** For whoever does not see the file. */
export function wordsOutOfSight({ untouched }: Refusal, file: string): string {
  switch (untouched) {
    case 'unsuspicious':
      return l10n.t('Nothing suspicious was found in {0}, so the line stays as it is.', file);
    case 'likeliest':
      return l10n.t('Nothing likelier was found in {0}, so the line stays as it is.', file);
    default:
      return l10n.t('No good rewrite of {0} was found.', file);
  }
}

function wordsOfRefusal(refusal: Refusal): string {
  if (refusal.untouched === 'unsuspicious')
    return l10n.t(
      'Nothing suspicious found: every word is about as likely as the model expects, so the line stays as it is',
    );
  if (refusal.untouched === 'likeliest')
    return l10n.t(
      'Nothing likelier found: the model prefers what is there to every small change that was tried, so the line stays as it is',
    );
  const quality = refusal.candidates[0]?.quality;
  if (quality === undefined) return titleOfRefusal(refusal);
  return l10n.t('No good rewrite found (best one: {0})', wordsOfReasons(quality));
}

/**
 * For the status bar, which cuts a long sentence off at the window's edge: why is said behind the line, or in a message. `file`: its name,
 * for whoever looks at another one.
 */
export function sayRefusal(refusal: Refusal, piecesLeft: number, file?: string): string {
  return withNext(file === undefined ? titleOfRefusal(refusal) : titleIn(file, refusal), piecesLeft);
}

/** With what comes next. */
function withNext(sentence: string, piecesLeft: number): string {
  const words = l10n.t('Palimpsest: {0}.', sentence);
  return piecesLeft === 0
    ? words
    : l10n.t('{0} Press Escape for the next piece ({1} waiting).', words, piecesLeft);
}

/** What is said behind the line: why, where a lens above it says the rest; undefined where that says all. */
export function noteOfRefusal(refusal: Refusal, document: TextDocument): string | undefined {
  if (refusal.untouched) return seesLenses(document) ? undefined : titleOfRefusal(refusal);
  const quality = refusal.candidates[0]?.quality;
  if (quality === undefined || !seesLenses(document)) return wordsOfRefusal(refusal);
  const { text } = document.lineAt(document.positionAt(refusal.spans[0]?.start ?? 0));
  const room = roomBehind(text) - l10n.t('Best one: {0}', '').length;
  // The lens's hover has them all.
  return l10n.t('Best one: {0}', wordsOfReasons(quality, room));
}

/** In few words: a long lens pushes what can be done out of a narrow editor. */
export function refusalLenses(refusal: Refusal, document: TextDocument, piecesLeft: number): CodeLens[] {
  const { line } = document.positionAt(refusal.spans[0]?.start ?? 0);
  const range = new Range(line, 0, line, 0);
  const head = {
    icon: iconOfRefusal(refusal),
    title: titleOfRefusal(refusal),
    tooltip: wordsOfRefusal(refusal),
    // What there is nothing to see of is only said.
    command: refusal.untouched ? '' : 'palimpsest.showAnyway',
  };
  const title = piecesLeft === 0 ? l10n.t('Dismiss') : l10n.t('Next Piece');
  const dismiss = {
    icon: piecesLeft === 0 ? 'close' : 'arrow-right',
    title,
    command: 'palimpsest.rejectRewrite',
  };
  return [head, ...choices(refusal), dismiss].map(
    ({ icon, title: words, ...rest }) => new CodeLens(range, { title: `$(${icon}) ${words}`, ...rest }),
  );
}

/** The same as a message, where lenses are not seen. */
export async function tellRefusal(
  refusal: Refusal,
  document: TextDocument,
  piecesLeft: number,
): Promise<void> {
  if (seesLenses(document)) return;
  const next = { title: l10n.t('Next Piece'), command: 'palimpsest.rejectRewrite' };
  const chosen = await window.showInformationMessage(
    withNext(wordsOfRefusal(refusal), piecesLeft),
    ...choices(refusal),
    ...(piecesLeft === 0 ? [] : [next]),
  );
  if (chosen !== undefined) await commands.executeCommand(chosen.command);
}
