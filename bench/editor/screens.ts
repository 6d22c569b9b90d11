// What a person sees of one action on the screen, and when. Pure.

/** Of a window, as scripts/vscode/screenWatch.mjs keeps it. */
export interface Screen {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The extension's item of the status bar. */
  readonly status: string;
  readonly lenses: string;
  readonly ghost: string;
  /** Notifications, dialogs, and what is said in the status bar for a while, progress too. */
  readonly messages: string;
  /** Whether a dialog waits for an answer. */
  readonly isAsked: boolean;
  readonly isPicking: boolean;
  readonly isDirty: boolean;
  /** Of the tab in front. */
  readonly file: string;
  readonly hasMasks: boolean;
  /** Changes with whatever the editors show, decorations included. */
  readonly editor: number;
}

/** Seconds from the key; absent: never. */
export interface Waits {
  /** The first visible sign. */
  readonly sign?: number;
  /** The first share that is done, or the first masks. */
  readonly share?: number;
  /** The end: a review, a refusal, a question, or whatever else is waited for. */
  readonly end?: number;
  /** The longest time without any visible change, from the key to the end. */
  readonly silence: number;
}

export interface Watched {
  /** Milliseconds since the epoch, both. */
  readonly keyAt: number;
  /** When it ended, or nobody waited any longer. */
  readonly endAt: number;
  readonly isEnded: boolean;
  /** Whether a change in the editor alone is a sign, as where the key itself is to change it. */
  readonly isInEditor: boolean;
}

/** `screens`: every change, oldest first, from before the key on. */
export function waitsOf(screens: readonly Screen[], { keyAt, endAt, isEnded, isInEditor }: Watched): Waits {
  const before = screens.findLast(({ at }) => at <= keyAt);
  const during = screens.filter(({ at }) => at > keyAt && at <= endAt);
  const sign = during.find((one) => before === undefined || isSign(before, one, isInEditor));
  const share = during.find(hasShare);
  const moments = [keyAt, ...during.map(({ at }) => at), endAt];
  const silence = Math.max(...moments.slice(1).map((at, i) => at - (moments[i] ?? at)));
  const since = (at: number) => (at - keyAt) / 1000;
  return {
    ...(sign && { sign: since(sign.at) }),
    ...(share && { share: since(share.at) }),
    ...(isEnded ? { end: since(endAt) } : {}),
    silence: silence / 1000,
  };
}

function isSign(before: Screen, now: Screen, isInEditor: boolean): boolean {
  const told = ({ status, lenses, ghost, messages, hasMasks, isPicking, file }: Screen) =>
    JSON.stringify([status, lenses, ghost, messages, hasMasks, isPicking, file]);
  return told(before) !== told(now) || (isInEditor && before.editor !== now.editor);
}

function hasShare({ status, hasMasks }: Screen): boolean {
  return hasMasks || /\d+\s?%/.test(status);
}

/** What a rewrite does, by what the status bar says of it. */
export type Stage = 'look' | 'first pass' | 'denoise';

export function stageOf({ status, hasMasks }: Screen): Stage | undefined {
  if (/looking for a slip/.test(status)) return 'look';
  if (/reading the code|rewriting, about/.test(status)) return 'first pass';
  return hasMasks || /^\s*(?:try \d of \d: )?(?:\d+\s?%|step \d)/.test(status) ? 'denoise' : undefined;
}

/** How a rewrite ended; undefined: it is under way. `isOver`: whether nothing is under way any more. */
export function endOf({ lenses, isAsked }: Screen, isOver: boolean): string | undefined {
  if (/Accept/.test(lenses)) return 'review';
  if (/Dismiss/.test(lenses)) return /Show Anyway/.test(lenses) ? 'held back' : 'left as it is';
  if (isAsked) return 'asked';
  return isOver ? 'unchanged' : undefined;
}
