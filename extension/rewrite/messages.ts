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
      return l10n.t('Palimpsest: the model would leave this as it is.');
    case 'nothing-new':
      return l10n.t('Palimpsest: another seed gave nothing new.');
    case 'conflict':
      return l10n.t('Palimpsest: the rewrite was given up, because its text was edited.');
    case 'not-applied':
      return l10n.t('Palimpsest: the file could not be changed; nothing was.');
  }
}
