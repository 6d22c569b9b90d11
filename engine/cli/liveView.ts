// Redraws a few rows of the terminal in place: at most so many times a second, only the newest picture,
// and the cursor comes back whatever happens.
import { stripVTControlCharacters } from 'node:util';
import { displayWidth } from './displayWidth';
import type { Output } from './style';

export interface Clock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Calls back after so many milliseconds; gives a function that calls it off. */
  later(callback: () => void, millis: number): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  later: (callback, millis) => {
    const timer = setTimeout(callback, millis);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Rows of a picture for this many columns and rows. */
export type Picture = (width: number, height: number) => readonly string[];

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_ROW_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
/** 12.5 frames a second: smooth enough, and cheap over a slow line. */
export const FRAME_MILLIS = 80;

const hiddenOn = new Set<Output>();
let mayHide = true;

/** Gives back every cursor that a view has hidden: for a process that ends in the middle of it. */
export function restoreCursors(): void {
  for (const output of hiddenOn) output.write(SHOW_CURSOR);
  hiddenOn.clear();
}

/** Hides none any more: the process may end at any moment. */
export function keepCursors(): void {
  mayHide = false;
}

export class LiveView {
  private picture: Picture | undefined;
  private drawnAt = Number.NEGATIVE_INFINITY;
  private drawnWidths: readonly number[] = [];
  private callOff: (() => void) | undefined;

  constructor(
    private readonly output: Output,
    private readonly clock: Clock = systemClock,
  ) {}

  /** Shows this picture now, or when the next frame is due unless a newer one has come by then. */
  show(picture: Picture): void {
    this.picture = picture;
    const wait = this.drawnAt + FRAME_MILLIS - this.clock.now();
    if (wait <= 0) this.draw();
    else this.callOff ??= this.clock.later(() => this.draw(), wait);
  }

  /** Draws what is waiting, at once. */
  flush(): void {
    if (this.picture) this.draw();
  }

  /** Takes the picture away and gives the cursor back; can be called twice and shown again. */
  clear(): void {
    this.callOff?.();
    this.callOff = undefined;
    this.picture = undefined;
    if (this.drawnWidths.length > 0) this.output.write(`${this.toTop()}${CLEAR_BELOW}`);
    this.drawnWidths = [];
    this.drawnAt = Number.NEGATIVE_INFINITY;
    if (hiddenOn.delete(this.output)) this.output.write(SHOW_CURSOR);
  }

  private draw(): void {
    this.callOff?.();
    this.callOff = undefined;
    if (!this.picture) return;
    const width = Math.max(1, (this.output.columns ?? 80) - 1);
    const height = Math.max(1, (this.output.rows ?? 24) - 1);
    const rows = this.picture(width, height);
    const top = this.toTop();
    const body = rows.map((row) => `${row}${CLEAR_ROW_END}\n`).join('');
    const hide = mayHide && !hiddenOn.has(this.output);
    this.output.write(`${hide ? HIDE_CURSOR : ''}${top}${body}${CLEAR_BELOW}`);
    if (hide) hiddenOn.add(this.output);
    this.picture = undefined;
    this.drawnAt = this.clock.now();
    this.drawnWidths = rows.map((row) => displayWidth(stripVTControlCharacters(row)));
  }

  /** A terminal that was made narrower has wrapped the rows drawn before: count them as they lie now. */
  private toTop(): string {
    const columns = Math.max(1, this.output.columns ?? 80);
    const rows = this.drawnWidths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return rows > 0 ? `\u001b[${rows}A\r` : '\r';
  }
}
