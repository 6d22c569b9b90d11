// A mark in words that anybody understands, and why.
import { l10n } from 'vscode';
import type { Quality, Reason } from '../../../engine/candidates/quality/verdict';
import { fitting } from './room';

/**
 * `Unsure: names that this file does not contain, low confidence`, `No flaw found (36% confidence)`, `No flaw found (likelier than before)`.
 * `room`: characters for the reasons, where there is little.
 */
export function wordsOfQuality(quality: Quality, room?: number): string {
  const why = wordsOfReasons(quality, room);
  if (why !== '') return l10n.t('{0}: {1}', wordsOfMark(quality), why);
  // No flaw is no promise: what the model has to say stands beside it, and where that means nothing, that.
  const said = wordsOfModel(quality);
  return said === undefined ? wordsOfMark(quality) : l10n.t('{0} ({1})', wordsOfMark(quality), said);
}

function wordsOfModel({ isLikelier, isUnfitted, confidence }: Quality): string | undefined {
  if (isLikelier) return l10n.t('likelier than before');
  if (isUnfitted) return l10n.t('confidence unknown');
  if (confidence === undefined) return undefined;
  return l10n.t('{0}% confidence', Math.min(99, Math.max(1, Math.round(100 * confidence))));
}

/** `names that this file does not contain, low confidence`, where the mark is clear from what stands before. One at least is said. */
export function wordsOfReasons({ reasons, isDraft }: Quality, room = Number.POSITIVE_INFINITY): string {
  const draft = isDraft ? [l10n.t('a draft, taken early')] : [];
  // One way of saying each thing: two reasons may come to the same. That a person took the draft explains the rest.
  return fitting([...draft, ...new Set(reasons.map(wordsOfReason))], room);
}

function wordsOfMark({ mark }: Quality): string {
  switch (mark) {
    case 'likely':
      // What was looked for, and no more: even of a model that is asked how likely it is right, such answers are often wrong.
      return l10n.t('No flaw found');
    case 'unsure':
      return l10n.t('Unsure');
    case 'poor':
      return l10n.t('Poor');
  }
}

function wordsOfReason(reason: Reason): string {
  switch (reason) {
    case 'does-not-parse':
      return l10n.t('does not parse');
    case 'declares-again':
      return l10n.t('declares a name or sets a key twice');
    case 'leaves-block':
      return l10n.t('ends the function or class around it');
    case 'removes-used':
      return l10n.t('removes names that are still used');
    case 'renames':
      return l10n.t('declares another name than before');
    case 'no-return':
      return l10n.t('a function that returns no value');
    case 'never-reached':
      return l10n.t('code that is never reached');
    case 'no-effect':
      return l10n.t('a statement that does nothing');
    case 'never-read':
      return l10n.t('a variable that nothing uses');
    case 'out-of-scope':
      return l10n.t('names that are not in scope here');
    case 'not-parsed':
      return l10n.t('not checked by a parser');
    case 'unfinished':
      return l10n.t('breaks off before its end');
    case 'loops':
    case 'repeats':
      return l10n.t('repeats itself');
    case 'deletes':
      return l10n.t('deletes most of the code');
    case 'shortens':
      return l10n.t('half as long as before');
    case 'unbalanced':
      return l10n.t('unpaired brackets or quotes');
    case 'unknown-names':
      return l10n.t('names that this file does not contain');
    case 'duplicate':
      return l10n.t('the same as another place in this file');
    case 'improbable':
      return l10n.t('low confidence');
  }
}

/** A product icon, for those who see. */
export function iconOfMark({ mark }: Quality): string {
  return { likely: 'circle-large-outline', unsure: 'question', poor: 'warning' }[mark];
}
