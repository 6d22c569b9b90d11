// What a rewrite has to say, in words.
import { l10n } from 'vscode';
import type { Note } from '../state/transitions';
import type { TooLong } from './tooLong';

/** `isBrief`: without advice, beside a message that gives it. */
export function wordsOfNote(note: Note, isBrief = false): string {
  switch (note) {
    case 'unchanged':
      return l10n.t('Palimpsest: the model suggests no change.');
    case 'not-followed':
      return isBrief
        ? l10n.t('Palimpsest: the model did not follow the instruction.')
        : l10n.t(
            'Palimpsest: the model did not follow the instruction. Put it in other words, or change the selection.',
          );
    case 'no-answer':
      if (isBrief) return l10n.t('Palimpsest: the model gave no usable answer.');
      return l10n.t('Palimpsest: the model gave no usable answer. Try again, or select more or fewer lines.');
    case 'nothing-new':
      return l10n.t('Palimpsest: no other rewrite was found.');
    case 'nothing-good':
      return l10n.t('Palimpsest: no other good rewrite was found.');
    case 'nothing-to-repair':
      return l10n.t('Palimpsest: the model finds nothing to repair here.');
    case 'conflict':
      return l10n.t('Palimpsest: the rewrite was canceled because its text was edited.');
    case 'not-applied':
      return l10n.t('Palimpsest: the file could not be edited. Nothing was changed.');
  }
}

export function sayTooLong(long: TooLong): string {
  return `${sayLength(long)} ${sayWayOut(long)}`;
}

function sayLength({ unit, selected, most, isPartial, isMemory }: TooLong): string {
  if (isMemory)
    return l10n.t(
      'Palimpsest: about {0} lines are selected, and there is memory for about {1}.',
      selected,
      most,
    );
  if (most < 1) return l10n.t('Palimpsest: this is too long.');
  if (isPartial)
    return unit === 'lines'
      ? l10n.t(
          'Palimpsest: about {0} lines are selected, and at most {1} fit if some of it is kept.',
          selected,
          most,
        )
      : l10n.t(
          'Palimpsest: about {0} characters are selected, and at most {1} fit if some of it is kept.',
          selected,
          most,
        );
  return unit === 'lines'
    ? l10n.t('Palimpsest: about {0} lines are selected, and at most {1} fit.', selected, most)
    : l10n.t('Palimpsest: about {0} characters are selected, and at most {1} fit.', selected, most);
}

function sayWayOut({ most, isPartial, isWindow, isMemory }: TooLong): string {
  if (isMemory) return l10n.t('Select less, close other programs, or choose a smaller model.');
  if (isPartial && most >= 1) return l10n.t('Select less, or rewrite all of it: strength 1, nothing pinned.');
  return isWindow ? l10n.t('Select less.') : l10n.t('Select less, or choose a model with a longer context.');
}
