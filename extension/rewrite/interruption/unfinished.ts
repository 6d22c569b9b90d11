// The rewrites that have begun and have not ended, kept so that they outlive the window: a crash or a reload comes without a
// warning. What was selected and asked is kept, the code itself is not: its hash tells whether it still stands there. Pure but for the store.
import { createHash, randomUUID } from 'node:crypto';
import { follow } from '../../text/tracking';
import type { OffsetRange, TextChange } from '../../text/types';
import type { RewriteRequest } from '../state/types';

/** A place of a document, and what stood there. */
export interface Place extends OffsetRange {
  readonly hash: string;
}

export type Asked = Pick<RewriteRequest, 'instruction' | 'isRepair' | 'isPiece' | 'isWhole'>;

export interface Unfinished extends Asked {
  /** Of this rewrite, and no later one of the same document. */
  readonly id: string;
  /** Address of the document. */
  readonly uri: string;
  readonly spans: readonly Place[];
  /** Pieces that are to be rewritten after it, one after the other. */
  readonly waiting: readonly Place[];
}

/** What is asked, without what it was asked of. */
export function askedOf({ instruction, isRepair, isPiece, isWhole }: Asked): Asked {
  return {
    ...(instruction === undefined ? {} : { instruction }),
    ...(isRepair ? { isRepair } : {}),
    ...(isPiece ? { isPiece } : {}),
    ...(isWhole ? { isWhole } : {}),
  };
}

/** As the editor's `Memento` has it. */
export interface Store {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const KEY = 'unfinishedRewrites';
/** A window with more of them was not left by a person who wants them all back. */
const MOST = 32;

export class UnfinishedRewrites {
  private readonly byUri: Map<string, Unfinished>;
  /** Those that nobody works on any more. */
  private readonly lost: Set<string>;

  /** What the store has from the window before is interrupted. */
  constructor(private readonly store: Store) {
    const kept = unfinishedIn(store);
    this.byUri = new Map(kept.map((one) => [one.uri, one]));
    this.lost = new Set(this.byUri.keys());
  }

  /** Those that were interrupted, in the order in which they began. */
  get interrupted(): readonly Unfinished[] {
    return [...this.byUri.values()].filter(({ uri }) => this.lost.has(uri));
  }

  /** At most one a document; `text`: the whole document. */
  begin(
    uri: string,
    text: string,
    spans: readonly OffsetRange[],
    { waiting = [], ...asked }: Asked & { readonly waiting?: readonly OffsetRange[] },
  ): void {
    this.byUri.delete(uri);
    this.lost.delete(uri);
    this.byUri.set(uri, {
      id: randomUUID(),
      uri,
      spans: spans.map((one) => placeIn(text, one)),
      waiting: waiting.map((one) => placeIn(text, one)),
      ...askedOf(asked),
    });
    this.save();
  }

  /** Follows edits around it. One of its own places leaves nothing to come back to. */
  changed(uri: string, changes: readonly TextChange[]): void {
    const known = this.byUri.get(uri);
    if (known === undefined) return;
    const spans = moved(known.spans, changes);
    const waiting = moved(known.waiting, changes);
    if (spans.length < known.spans.length) this.end(uri);
    else if (!isSame(spans, known.spans) || !isSame(waiting, known.waiting)) {
      this.byUri.set(uri, { ...known, spans, waiting });
      this.save();
    }
  }

  /** It was decided, given up, or is not wanted any more. */
  end(uri: string): void {
    this.lost.delete(uri);
    if (this.byUri.delete(uri)) this.save();
  }

  /** The engine was lost, or replaced, in the middle of it. */
  interrupt(uri: string): void {
    if (this.byUri.has(uri)) this.lost.add(uri);
  }

  private save(): void {
    void this.store.update(KEY, [...this.byUri.values()].slice(-MOST));
  }
}

/** An earlier version of the extension gave them no name. */
type Kept = Omit<Unfinished, 'id'> & { readonly id?: unknown };

/** What the window before left: asked before anything else is loaded. */
export function keptIn(store: Store): readonly Kept[] {
  const kept = store.get(KEY);
  return Array.isArray(kept) ? kept.filter(isKept) : [];
}

export function unfinishedIn(store: Store): readonly Unfinished[] {
  return keptIn(store).map((one) => ({ ...one, id: typeof one.id === 'string' ? one.id : randomUUID() }));
}

/** Whether everything still stands where it stood. */
export function stands(text: string, places: readonly Place[]): boolean {
  return places.every((place) => placeIn(text, place).hash === place.hash);
}

function placeIn(text: string, { start, end }: OffsetRange): Place {
  const hash = createHash('sha256').update(text.slice(start, end)).digest('hex').slice(0, 32);
  return { start, end, hash };
}

/** Those that no change has touched. */
function moved(places: readonly Place[], changes: readonly TextChange[]): readonly Place[] {
  return places.flatMap((place) => {
    const now = changes.reduce<Place | undefined>((at, change) => at && follow(at, change), place);
    return now === undefined ? [] : [now];
  });
}

function isSame(a: readonly Place[], b: readonly Place[]): boolean {
  return a.length === b.length && a.every((place, i) => place === b[i]);
}

/** Another version of the extension may have written it. */
function isKept(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null) return false;
  const { uri, spans, waiting, instruction } = value as Partial<Record<keyof Unfinished, unknown>>;
  return (
    typeof uri === 'string' &&
    Array.isArray(spans) &&
    spans.length > 0 &&
    spans.every(isPlace) &&
    Array.isArray(waiting) &&
    waiting.every(isPlace) &&
    (instruction === undefined || typeof instruction === 'string')
  );
}

function isPlace(value: unknown): value is Place {
  if (typeof value !== 'object' || value === null) return false;
  const { start, end, hash } = value as Partial<Record<keyof Place, unknown>>;
  return Number.isInteger(start) && Number.isInteger(end) && typeof hash === 'string';
}
