// Says a rewrite's milestones. The editor reads its notifications aloud and has no other way for an extension to be heard;
// a progress notification goes away by itself.
import { l10n, ProgressLocation, type TextDocument, window } from 'vscode';
import { isSpoken } from '../../settings';
import { wordsOfQuality } from '../quality/words';
import type { Ending } from '../state/types';
import type { Milestone } from './milestones';

const MILLIS = 3000;

export class Spoken {
  private readonly timers = new Map<NodeJS.Timeout, () => void>();

  say(document: TextDocument, milestone: Milestone | undefined): void {
    if (milestone === undefined || !isSpoken(document)) return;
    const sentence = sentenceOf(milestone);
    if (sentence === undefined) return;
    void window.withProgress(
      { location: ProgressLocation.Notification, title: l10n.t('Palimpsest: {0}', sentence) },
      () =>
        new Promise<void>((resolve) => {
          const timer = setTimeout(() => {
            this.timers.delete(timer);
            resolve();
          }, MILLIS);
          this.timers.set(timer, resolve);
        }),
    );
  }

  dispose(): void {
    for (const [timer, resolve] of this.timers) {
      clearTimeout(timer);
      resolve();
    }
    this.timers.clear();
  }
}

function sentenceOf(milestone: Milestone): string | undefined {
  switch (milestone.kind) {
    case 'begun':
      return milestone.spans === 1
        ? l10n.t('denoising 1 span')
        : l10n.t('denoising {0} spans', milestone.spans);
    case 'half':
      return l10n.t('half of {0} tokens filled in', milestone.tokens);
    case 'ready': {
      const { candidate, candidates, changes, quality } = milestone;
      const sentence = l10n.t('candidate {0} of {1}, changes: {2}', candidate, candidates, changes);
      return quality === undefined ? sentence : `${sentence}. ${wordsOfQuality(quality)}`;
    }
    case 'left':
      return l10n.t('changes left: {0}', milestone.changes);
    case 'refused':
      return l10n.t('no good rewrite found');
    case 'unsuspicious':
      return l10n.t('nothing suspicious found; nothing was changed');
    case 'likeliest':
      return l10n.t('nothing likelier found; nothing was changed');
    case 'ended':
      return endOf(milestone.how);
  }
}

function endOf(how: Ending): string | undefined {
  switch (how) {
    case 'accepted':
      return l10n.t('rewrite accepted');
    case 'rejected':
      return l10n.t('rewrite rejected; changes you did not accept were discarded');
    case 'cancelled':
      return l10n.t('canceled; nothing was changed');
    case 'unchanged':
      return l10n.t('the model suggests no change');
    case 'no-answer':
      return l10n.t('the model gave no usable answer');
    case 'conflict':
      return l10n.t('canceled because its text was edited');
    default:
      return undefined;
  }
}
