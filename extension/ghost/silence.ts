// Why there is no ghost text just now, in words: silence that nobody can explain looks like a fault.
import { l10n } from 'vscode';
import type { Exclusion } from '../../engine/privacy/secrets';
import { sayExclusion } from '../privacy/exclusions';
import type { Refusal } from './position';

/**
 * `unsure`: the answer did not pass the gate, or there was none; `none`: there was none that fits, for somebody who pressed a key; `late`: it was typed past; `busy`: the last answer took too long, and those before it did not; `failed`: the engine gave none;
 * `dismissed`: all of it was rejected here before; `reviewing`: a rewrite of the file comes first; an exclusion: the file
 * may not be read.
 */
export type Silence =
  | Refusal
  | Exclusion
  | 'on request'
  | 'unsure'
  | 'none'
  | 'late'
  | 'busy'
  | 'failed'
  | 'dismissed'
  | 'deleted'
  | 'turned'
  | 'read-only'
  | 'reviewing'
  | Slow
  | Refused;

/** Answers take so many milliseconds that they are asked for by key only. */
interface Slow {
  readonly slow: number;
}

/** A server does not answer for now, and says why. */
interface Refused {
  readonly refused: string;
}

export function sayWhySilent(silence: Silence): string {
  if (typeof silence === 'object') {
    if ('refused' in silence) return l10n.t('No ghost text for a while. {0}', silence.refused);
    const seconds = (silence.slow / 1000).toFixed(1);
    return l10n.t('Ghost text takes {0} s or more here, so it appears only when you trigger it.', seconds);
  }
  switch (silence) {
    case 'on request':
      return l10n.t('Ghost text appears only when you trigger it (palimpsest.ghostText.trigger).');
    case 'unsure':
      return l10n.t('No ghost text: the model is not sure enough here (palimpsest.ghostText.gate).');
    case 'none':
      return l10n.t('No ghost text: the model finds nothing that fits here.');
    case 'late':
      return l10n.t('No ghost text: the model is slower than you type.');
    case 'busy':
      return l10n.t('No ghost text for a few seconds: the last answer took too long.');
    case 'failed':
      return l10n.t('No ghost text: the engine did not answer. See the log for details.');
    case 'dismissed':
      return l10n.t('No ghost text: you dismissed this suggestion.');
    case 'deleted':
      return l10n.t('No ghost text right after a deletion.');
    case 'turned':
      return l10n.t('No ghost text right after undo or redo.');
    case 'read-only':
      return l10n.t('No ghost text: this file is read-only.');
    case 'reviewing':
      return l10n.t('No ghost text while a rewrite of this file is open.');
    case 'secret':
    case 'token':
    case 'git':
    case 'editor':
    case 'unknown':
      return l10n.t('No ghost text: {0}', sayExclusion(silence));
    case 'comment':
      return l10n.t('No ghost text in comments (palimpsest.ghostText.inComments).');
    case 'inside a word':
      return l10n.t('No ghost text inside a word.');
    case 'empty':
      return l10n.t('No ghost text in an empty file.');
    case 'long line':
      return l10n.t('No ghost text in lines this long.');
    case 'huge':
      return l10n.t('No ghost text in files this large.');
    case 'binary':
      return l10n.t('No ghost text in binary files.');
  }
}
