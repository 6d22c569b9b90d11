// How far a rewrite is and how long it will take, in words. Pure but for the language.
import { l10n } from 'vscode';
import type { CellEvent, DenoiseStepEvent } from '../../../engine/protocol';

/** Less is not worth a figure. */
export const TOLD_FROM = 3000;

/** "7%, about 1 min left" */
function sayProgress(fraction: number, remainingMillis?: number): string {
  const share = Math.floor(100 * fraction);
  return remainingMillis === undefined || remainingMillis < TOLD_FROM
    ? l10n.t('{0}%', share)
    : l10n.t('{0}%, about {1} left', share, sayDuration(remainingMillis));
}

/** "7%", or the same with the time that is left; `done`: 0…1. */
export function sayShare(done: number, remainingMillis?: number): string {
  return sayProgress(done, remainingMillis);
}

/** What is said while the code around is read; `done`: 0…1. */
export function sayReading(done: number, remainingMillis?: number): string {
  return l10n.t('reading the code around it, {0}', sayShare(done, remainingMillis));
}

/** `7%`, or how many steps it has taken where the engine does not say more; `parts`: the cells of all spans. */
export function saySteps(
  event: Pick<DenoiseStepEvent, 'step' | 'fraction' | 'remainingMillis'>,
  parts: readonly (readonly CellEvent[])[],
): string {
  const { fraction, remainingMillis, step } = event;
  if (fraction !== undefined) return sayProgress(fraction, remainingMillis);
  const cells = parts.flat();
  return l10n.t('step {0}, {1} of {2} tokens', step + 1, settledAmong(cells), cells.length);
}

export function settledAmong(cells: readonly CellEvent[]): number {
  return cells.filter(({ state }) => state === 'committed' || state === 'locked').length;
}

/** "40 s", "3 min", "2 h": in steps that do not jump about, and are not far off. */
export function sayDuration(millis: number): string {
  const seconds = millis / 1000;
  if (seconds >= 55 && seconds < 115) return l10n.t('{0} s', 10 * Math.round(seconds / 10));
  if (seconds < 55)
    return l10n.t('{0} s', Math.max(1, seconds < 10 ? Math.ceil(seconds) : 5 * Math.ceil(seconds / 5)));
  if (seconds < 55 * 60) return l10n.t('{0} min', Math.max(1, Math.round(seconds / 60)));
  return l10n.t('{0} h', Math.max(1, Math.round(seconds / 3600)));
}
