// When the engine is asked for ghost text. One request is under way at a time, and typing on does not end it: its answer is
// used if what was typed meanwhile agrees with it, and the next one goes out as soon as it does not. So a slow machine still
// answers at a steady pace, where waiting for the keys to rest would leave it silent. Knows nothing of vscode.
import { GhostCache, type GhostPlace, markOf, type PlaceMark, type Remembered, typedSince } from './cache';
import { textsOf } from './offer';

export interface GhostQuestion extends GhostPlace {
  /** A person pressed the key for it: several candidates, at once. */
  readonly isAsked: boolean;
}

export interface GhostRequestsOptions<Q extends GhostQuestion> {
  /** The answers, best first; undefined where there is none to be had. Never rejects. */
  readonly ask: (question: Q, signal: AbortSignal) => Promise<readonly string[] | undefined>;
  /** Called when an answer came for a place that was typed past, so that the newest one has to be asked about. */
  readonly late: () => void;
  readonly now?: () => number;
}

interface Running {
  readonly mark: PlaceMark;
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

export class GhostRequests<Q extends GhostQuestion> {
  private readonly cache: GhostCache;
  private running: Running | undefined;

  constructor(private readonly options: GhostRequestsOptions<Q>) {
    this.cache = new GhostCache(options.now);
  }

  /** What is known without asking. */
  known(question: GhostQuestion): Remembered | undefined {
    const known = this.cache.find(question);
    return known !== undefined && (known.isFull || !question.isAsked) ? known : undefined;
  }

  /**
   * `signal`: the question is another one by now; what runs goes on for the next one. `delay`: milliseconds for which a key
   * is waited for before anything is asked.
   */
  async find(question: Q, delay: number, signal: AbortSignal): Promise<Remembered | undefined> {
    const known = this.known(question);
    if (known !== undefined) return known;
    let hasWaited = question.isAsked;
    for (let running = this.running; running !== undefined && !question.isAsked; running = this.running) {
      if (running.controller.signal.aborted || typedSince(running.mark, question) === undefined) break;
      if (!(await settled(running.done, signal))) return undefined;
      const found = this.known(question);
      if (found !== undefined) return found;
      this.options.late();
      hasWaited = true;
    }
    // Whatever it is about, it is not this place any more.
    this.running?.controller.abort();
    if (!hasWaited && !(await rested(delay, signal))) return undefined;
    if (signal.aborted) return undefined;
    const running = this.start(question);
    if (!(await settled(running.done, signal))) {
      // Who asked for it by key has gone elsewhere, or wants it no more.
      if (question.isAsked) running.controller.abort();
      return undefined;
    }
    return this.known(question);
  }

  /** Ends what is under way, unless it may still be an answer for `place`. */
  giveUp(place?: GhostPlace): void {
    const { running } = this;
    if (running === undefined) return;
    if (place === undefined || typedSince(running.mark, place) === undefined) running.controller.abort();
  }

  /** Nothing that was answered counts any more, and what is under way is given up. */
  forget(): void {
    this.cache.clear();
    this.running?.controller.abort();
    this.running = undefined;
  }

  private start(question: Q): Running {
    const mark = markOf(question);
    const controller = new AbortController();
    const before = this.cache.find(question);
    const done = this.options.ask(question, controller.signal).then((answers) => {
      if (this.running === running) this.running = undefined;
      if (answers === undefined || controller.signal.aborted) return;
      // What was seen before stays the first: going through candidates must not change the one that is shown.
      const shown = before?.replaces === 0 ? before.texts : [];
      this.cache.add(
        mark,
        textsOf([...shown, ...answers], question.before, question.after),
        question.isAsked,
      );
    });
    const running = { mark, controller, done };
    this.running = running;
    return running;
  }
}

/** False where the signal came first. */
function settled(done: Promise<void>, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const gone = () => resolve(false);
    if (signal.aborted) gone();
    signal.addEventListener('abort', gone, { once: true });
    void done.then(() => {
      signal.removeEventListener('abort', gone);
      resolve(!signal.aborted);
    });
  });
}

/** False when the typing went on. */
function rested(millis: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve(!signal.aborted);
    };
    const timer = setTimeout(done, millis);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
