// A person at work in a window, as far as keys go: each action is done whole, watched on the screen, and tidied up behind.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../engine/decoding/random';
import type { Engines } from './engines';
import { endOf, type Screen, type Stage, stageOf, type Waits, waitsOf } from './screens';

export interface Window {
  readonly page: {
    readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
    readonly mouse: { move(x: number, y: number): Promise<void> };
    locator(selector: string, options?: { readonly hasText: string }): Locator;
    waitForTimeout(millis: number): Promise<void>;
  };
  open(name: string): Promise<void>;
  select(first: number, last: number): Promise<void>;
  command(title: string): Promise<void>;
  watch(everyMillis: number): Promise<ScreenWatch>;
}

interface Locator {
  first(): Locator;
  hover(): Promise<void>;
  textContent(): Promise<string | null>;
  waitFor(options: { readonly timeout: number }): Promise<void>;
}

interface ScreenWatch {
  now(): Promise<Screen>;
  take(): Promise<readonly Screen[]>;
}

/** An action that was done. */
export interface Done {
  readonly kind: string;
  /** How it ended. */
  readonly how: string;
  /** Absent where Escape was pressed. */
  readonly waits?: Waits;
  /** Seconds from Escape to an idle engine; absent: it was over before. */
  readonly idle?: number;
}

/** What is worked on. */
export const FILE = 'limits.ts';
const OTHER_FILE = 'inventory.py';
/** Lines that are rewritten, and what they are called. */
const SIZES: readonly (readonly [number, string])[] = [
  [1, 'one line'],
  [10, 'ten lines'],
  [60, 'sixty lines'],
];
/** Where Escape is pressed, and of how many lines: nobody looks for a slip in more than twelve. */
const STAGES: readonly (readonly [Stage, number])[] = [
  ['look', 1],
  ['first pass', 60],
  ['denoise', 60],
];
const KEY_MILLIS = 1000 / 6;
const TYPED = ['\nconst left = this.options.', '\nif (bucket.tokens ', '\nfor (const [key, bucket] of this.'];
/** Until nobody waits any longer. */
const LIMIT_MILLIS = 180_000;
const GHOST_MILLIS = 5000;
const LOOK_MILLIS = 25;
const LENS_MILLIS = 1500;
const MISSED_MILLIS = 4000;
/** Of what a key does at once. */
const DECISION_MILLIS = 10_000;

export class Worker {
  /** What the status bar says where nothing is under way. */
  private idle = '';

  constructor(
    private readonly window: Window,
    private readonly screen: ScreenWatch,
    private readonly engines: Engines,
    private readonly random: Random,
    /** The lines of `FILE`. */
    private readonly code: readonly string[],
  ) {}

  /** The first rewrite, with which the engine comes. */
  async begin(): Promise<Done> {
    await this.window.open(FILE);
    const { status } = await this.screen.now();
    let loadedAt: number | undefined;
    const first = await this.rewrite(1, 'the first rewrite', async (now) => {
      const isLoaded = now.status !== status && / · /.test(now.status) && stageOf(now) === undefined;
      loadedAt = isLoaded ? (loadedAt ?? performance.now()) : undefined;
      return endOf(now, loadedAt !== undefined && performance.now() - loadedAt > LENS_MILLIS);
    });
    this.idle = (await this.screen.now()).status;
    await this.tidy();
    return first;
  }

  /** One action, and what follows from it. */
  async next(): Promise<readonly Done[]> {
    const choices = [
      () => this.rewriteAndDecide(),
      () => this.rewriteAndDecide(),
      () => this.rewriteAndDecide(),
      () => this.escape(this.pick(STAGES)),
      () => this.escape(this.pick(STAGES)),
      () => this.type(),
      () => this.ghostByKey(),
      () => this.meanwhile('a quick pick meanwhile', () => this.quickPick()),
      () => this.meanwhile('another file meanwhile', () => this.lookElsewhere()),
    ];
    const done = await this.pick(choices)();
    await this.tidy();
    return done;
  }

  /** Escape somewhere in a rewrite. */
  async nextEscape(): Promise<readonly Done[]> {
    const done = await this.escape(this.pick(STAGES));
    await this.tidy();
    return done;
  }

  private async rewriteAndDecide(): Promise<readonly Done[]> {
    const [lines, name] = this.pick(SIZES);
    const done = [await this.rewrite(lines, `a rewrite of ${name}`)];
    if (done[0]?.how !== 'review') return done;
    const isGone = async ({ lenses }: Screen) => (lenses === '' ? 'done' : undefined);
    const decision = this.pick(['accept', 'reject', 'again'] as const);
    if (decision === 'again') done.push(await this.again());
    if (decision === 'reject') done.push(await this.decide('Escape', 'reject', isGone));
    if (decision !== 'accept') return done;
    const isIn = async ({ lenses, isDirty }: Screen) => (lenses === '' && isDirty ? 'done' : undefined);
    done.push(await this.decide('Control+Alt+Enter', 'accept', isIn));
    const isClean = async ({ isDirty }: Screen) => (isDirty ? undefined : 'done');
    done.push(await this.decide('Control+z', 'undo', isClean));
    return done;
  }

  private decide(
    key: string,
    kind: string,
    end: (now: Screen) => Promise<string | undefined>,
  ): Promise<Done> {
    return this.act(() => this.window.page.keyboard.press(key), kind, end, true, DECISION_MILLIS);
  }

  /** Another candidate: under way before it ends, or found at once. */
  private again(): Promise<Done> {
    const isOver = this.isOver();
    const end = async (now: Screen) => (isOver(now) ? endOf(now, true) : undefined);
    return this.act(() => this.ask(), 'another candidate', end, false, LIMIT_MILLIS);
  }

  private async rewrite(
    lines: number,
    kind: string,
    end = this.rewriteEnd(),
    meanwhile?: () => Promise<void>,
  ): Promise<Done> {
    await this.select(lines);
    return this.act(() => this.ask(), kind, end, false, LIMIT_MILLIS, meanwhile);
  }

  private rewriteEnd(): (now: Screen) => Promise<string | undefined> {
    const isOver = this.isOver();
    return async (now) => endOf(now, isOver(now));
  }

  /** Whether nothing is under way any more of what is begun now. */
  private isOver(): (now: Screen) => boolean {
    let idleSince = performance.now();
    let hasBegun = false;
    return ({ status }) => {
      const now = performance.now();
      if (status !== this.idle) idleSince = now;
      hasBegun ||= status !== this.idle;
      // A lens comes a moment later; and what is over at once may have been missed.
      return now - idleSince > (hasBegun ? LENS_MILLIS : MISSED_MILLIS);
    };
  }

  private async meanwhile(kind: string, act: () => Promise<void>): Promise<readonly Done[]> {
    return [await this.rewrite(10, kind, this.rewriteEnd(), act)];
  }

  private async quickPick(): Promise<void> {
    const { keyboard } = this.window.page;
    await keyboard.press('F1');
    await this.seen(async ({ isPicking }) => (isPicking ? 'there' : undefined), 5000);
    await sleep(1000);
    await keyboard.press('Escape');
  }

  private async lookElsewhere(): Promise<void> {
    await this.window.open(OTHER_FILE);
    await sleep(1000);
    await this.window.open(FILE);
  }

  private async escape([stage, lines]: readonly [Stage, number]): Promise<readonly Done[]> {
    const kind = `Escape in the ${stage}`;
    await this.select(lines);
    const ended = this.rewriteEnd();
    await this.ask();
    const how = await this.seen(
      async (now) => (stageOf(now) === stage ? 'reached' : ended(now)),
      LIMIT_MILLIS,
    );
    if (how !== 'reached') return [{ kind, how: 'over before' }];
    await this.window.page.keyboard.press('Escape');
    const idle = await this.engines.untilIdle();
    return [{ kind, how: idle === undefined ? 'works on' : 'idle', ...(idle === undefined ? {} : { idle }) }];
  }

  /** At six keys a second; from the last key on, ghost text may come. */
  private async type(): Promise<readonly Done[]> {
    await this.endOfStatement();
    const { keyboard } = this.window.page;
    const text = this.pick(TYPED);
    for (const key of text.slice(0, -1)) {
      await keyboard.type(key);
      await sleep(KEY_MILLIS);
    }
    const last = text.slice(-1);
    const isThere = async ({ ghost }: Screen) => (ghost === '' ? undefined : 'ghost text');
    return [
      await this.act(() => keyboard.type(last), 'ghost text while typing', isThere, false, GHOST_MILLIS),
    ];
  }

  private async ghostByKey(): Promise<readonly Done[]> {
    await this.endOfStatement();
    await this.window.page.keyboard.type('\nconst ');
    const before = (await this.screen.now()).messages;
    const isThere = async ({ ghost, messages }: Screen) => {
      if (ghost !== '') return 'ghost text';
      return messages !== before && /Palimpsest/.test(messages) ? 'told why not' : undefined;
    };
    const press = () => this.window.page.keyboard.press('Alt+\\');
    return [await this.act(press, 'ghost text by key', isThere, false, 4 * GHOST_MILLIS)];
  }

  /** Behind it, something may be typed. */
  private async endOfStatement(): Promise<void> {
    const line = this.pick(this.code.flatMap((own, i) => (/^ {4,}.*[;{]$/.test(own) ? [i + 1] : [])));
    await this.window.select(line, line);
    await this.window.page.keyboard.press('End');
  }

  /** So many lines, the first and last of which are no blank ones. */
  private async select(lines: number): Promise<void> {
    const isCode = (line: number) => /\w/.test(this.code[line - 1] ?? '');
    const places = this.code.flatMap((_, i) => (isCode(i + 1) && isCode(i + lines) ? [i + 1] : []));
    const first = this.pick(places);
    await this.window.select(first, first + lines - 1);
  }

  private ask(): Promise<void> {
    return this.window.page.keyboard.press('Shift+Alt+w');
  }

  private async act(
    act: () => Promise<void>,
    kind: string,
    end: (now: Screen) => Promise<string | undefined>,
    isInEditor: boolean,
    limit: number,
    meanwhile?: () => Promise<void>,
  ): Promise<Done> {
    const before = (await this.screen.take()).slice(-1);
    const now = await this.screen.now();
    const keyAt = Date.now();
    await act();
    await meanwhile?.();
    const how = await this.seen(end, limit);
    const screens = [...before, { ...now, at: keyAt }, ...(await this.screen.take())];
    const endAt = Date.now();
    const last = screens.at(-1)?.at ?? endAt;
    const silent = waitsOf(screens, { keyAt, endAt, isEnded: false, isInEditor });
    // A key of which nothing is seen has done nothing.
    if (how === undefined || silent.sign === undefined) return { kind, how: 'nothing', waits: silent };
    // What is waited for was on the screen when that last changed.
    return { kind, how, waits: waitsOf(screens, { keyAt, endAt: last, isEnded: true, isInEditor }) };
  }

  private async seen(
    look: (now: Screen) => Promise<string | undefined>,
    limit: number,
  ): Promise<string | undefined> {
    for (const begun = performance.now(); performance.now() - begun < limit; ) {
      const found = await look(await this.screen.now());
      if (found !== undefined) return found;
      await sleep(LOOK_MILLIS);
    }
    return undefined;
  }

  /** Back to a file as it was, with nothing under way. */
  private async tidy(): Promise<void> {
    const { keyboard } = this.window.page;
    for (let presses = 0; presses < 8; presses++) {
      const { lenses, status, ghost, isAsked, isPicking } = await this.screen.now();
      if (lenses === '' && ghost === '' && !isAsked && !isPicking && status === this.idle) break;
      await keyboard.press('Escape');
      await sleep(300);
    }
    if ((await this.screen.now()).isDirty) {
      await this.window.command('File: Revert File');
      await this.seen(async ({ isDirty }) => (isDirty ? undefined : 'clean'), 5000);
    }
    await this.screen.take();
  }

  private pick<T>(values: readonly T[]): T {
    const value = values[Math.floor(this.random() * values.length)];
    if (value === undefined) throw new Error('There is nothing to choose from.');
    return value;
  }
}
