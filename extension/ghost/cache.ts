// Ghost text that stays while a person types what it says, or takes it word by word: no request, no flicker.

export interface GhostPlace {
  readonly document: string;
  /** Text on both sides of the cursor. */
  readonly before: string;
  readonly after: string;
}

/** What is left of an answer at a place. */
export interface Remembered {
  /** How much of `before` was typed since the answer was given, in UTF-16 units. */
  readonly typed: number;
  /** Inserted at the cursor; best first, without empty ones. */
  readonly texts: readonly string[];
  /** UTF-16 units behind the cursor that the texts take the place of: brackets that the editor closed by itself. */
  readonly replaces: number;
  /** Several candidates were asked for, not just the first. */
  readonly isFull: boolean;
}

interface Entry {
  readonly document: string;
  readonly beforeLength: number;
  readonly beforeTail: string;
  readonly after: string;
  readonly texts: readonly string[];
  readonly isFull: boolean;
}

const ENTRIES = 40;
/** UTF-16 units that are compared on each side; with the length of the whole that is as good as the whole. */
const COMPARED = 1000;
/** What editors close by themselves when the opening half is typed. */
const CLOSERS = /^[)\]}>"'`]{1,4}/;

export class GhostCache {
  private entries: Entry[] = [];

  /** No texts: that there is nothing to offer is worth knowing, too. */
  add({ document, before, after }: GhostPlace, texts: readonly string[], isFull: boolean): void {
    const entry: Entry = {
      document,
      beforeLength: before.length,
      beforeTail: before.slice(-COMPARED),
      after: after.slice(0, COMPARED),
      texts,
      isFull,
    };
    this.entries = [entry, ...this.entries].slice(0, ENTRIES);
  }

  /** Undefined where no answer goes on like this. */
  find(place: GhostPlace): Remembered | undefined {
    for (const entry of this.entries) {
      const found = continued(entry, place);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  clear(): void {
    this.entries = [];
  }
}

function continued(entry: Entry, { document, before, after }: GhostPlace): Remembered | undefined {
  if (entry.document !== document || before.length < entry.beforeLength) return undefined;
  if (!before.slice(0, entry.beforeLength).endsWith(entry.beforeTail)) return undefined;
  const typed = before.slice(entry.beforeLength);
  const closed = closedByEditor(entry, after, typed);
  if (closed === undefined) return undefined;
  const texts = entry.texts
    .filter((text) => text.startsWith(typed) && text.length > typed.length)
    .map((text) => text.slice(typed.length))
    .filter((text) => keeps(text, closed));
  const isNothing = entry.texts.length === 0 && typed === '';
  if (texts.length === 0 && !isNothing) return undefined;
  return { typed: typed.length, texts, replaces: closed.length, isFull: entry.isFull };
}

/** What stands behind the cursor and did not when the answer was given; undefined where more than that is new. */
function closedByEditor(entry: Entry, after: string, typed: string): string | undefined {
  if (after.slice(0, COMPARED) === entry.after) return '';
  const [closers = ''] = (typed === '' ? null : CLOSERS.exec(after)) ?? [];
  for (let length = 1; length <= closers.length; length++) {
    const rest = after.slice(length, COMPARED);
    if (entry.after.startsWith(rest) && rest.length + length >= Math.min(COMPARED, entry.after.length)) {
      return after.slice(0, length);
    }
  }
  return undefined;
}

/** Whether the text has, in order, all that it would take the place of: nothing may be lost by accepting it. */
function keeps(text: string, closed: string): boolean {
  let at = 0;
  for (const closer of closed) {
    at = text.indexOf(closer, at) + 1;
    if (at === 0) return false;
  }
  return true;
}
