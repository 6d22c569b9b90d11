// What a rewrite has to say that is no error: a line in the status bar that goes away by itself.
import { l10n } from 'vscode';
import { say } from '../ui/statusMessage';
import type { Note } from './state/machine';

export function sayNote(note: Note): void {
  say(wordsOf(note));
}

function wordsOf(note: Note): string {
  switch (note) {
    case 'unchanged':
      return l10n.t('Palimpsest: the model suggests no change.');
    case 'nothing-new':
      return l10n.t('Palimpsest: another seed produced nothing new.');
    case 'conflict':
      return l10n.t('Palimpsest: the rewrite was canceled because its text was edited.');
    case 'not-applied':
      return l10n.t('Palimpsest: the file could not be edited. Nothing was changed.');
  }
}
