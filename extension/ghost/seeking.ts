// What a person asks for by key, until something has come of it: it is looked for in their sight, and ends where they go elsewhere.
import {
  type CancellationToken,
  InlineCompletionTriggerKind,
  l10n,
  ProgressLocation,
  type TextDocument,
  window,
} from 'vscode';
import { setContext } from '../common/contextKeys';

/** Milliseconds behind a question that the editor took back in which it may ask again, by itself, for the same place. */
const ASKED_AGAIN = 500;

export type Report = (message: string) => void;

interface Place {
  readonly document: TextDocument;
  readonly version: number;
  readonly offset: number;
}

interface Asked extends Place {
  /** When the editor took it back. */
  takenBackAt?: number;
}

export class Seeking {
  /** What may be asked for once more by the editor itself. */
  private asked: Asked | undefined;
  /** Where something is looked for now. */
  private readonly places = new Set<Place>();
  /** Where something was looked for last, to the end. */
  private last: Place | undefined;

  get isUnderWay(): boolean {
    return this.places.size > 0;
  }

  /**
   * Whether a person pressed a key for it. When the suggestion widget opens while it is looked for, the editor asks once more, by
   * itself, and takes the first question back: the next one is for it.
   */
  isAsked(document: TextDocument, offset: number, kind: InlineCompletionTriggerKind): boolean {
    const { version } = document;
    if (kind === InlineCompletionTriggerKind.Invoke) {
      this.asked = { document, version, offset };
      return true;
    }
    const { asked } = this;
    if (asked === undefined || !isSame(asked, { document, version, offset })) return false;
    if (performance.now() - (asked.takenBackAt ?? Number.POSITIVE_INFINITY) > ASKED_AGAIN) return false;
    this.asked = undefined;
    return true;
  }

  /** Who presses a key for it sees that something is going on and how far it is. */
  async run<T>(
    document: TextDocument,
    offset: number,
    token: CancellationToken,
    work: (report: Report) => Promise<T>,
  ): Promise<T> {
    const { asked } = this;
    const place = { document, version: document.version, offset };
    this.places.add(place);
    setContext('palimpsest.seeksGhostText', true);
    const title = l10n.t('Palimpsest: looking for ghost text');
    try {
      return await window.withProgress({ location: ProgressLocation.Window, title }, (progress) =>
        work((message) => progress.report({ message })),
      );
    } finally {
      this.places.delete(place);
      this.last = token.isCancellationRequested ? undefined : place;
      setContext('palimpsest.seeksGhostText', this.isUnderWay);
      if (asked !== undefined && token.isCancellationRequested) asked.takenBackAt = performance.now();
      else if (this.asked === asked) this.asked = undefined;
    }
  }

  /** Whether somebody has asked there, and nothing has changed since: what came of that is what they want to know. */
  hasBeenAsked(document: TextDocument, offset: number): boolean {
    return this.last !== undefined && isSame(this.last, { document, version: document.version, offset });
  }

  /** Whether the cursor has left a place for which something is looked for now; typing moves it, too, and is not meant. */
  isLeft(document: TextDocument, offset: number): boolean {
    return [...this.places].some(
      (place) => place.document === document && place.version === document.version && place.offset !== offset,
    );
  }

  /** Whether something is looked for now in another document. */
  isOutside(document: TextDocument): boolean {
    return [...this.places].some((place) => place.document !== document);
  }

  forget(): void {
    this.asked = undefined;
    this.last = undefined;
  }
}

function isSame(one: Place, other: Place): boolean {
  return one.document === other.document && one.version === other.version && one.offset === other.offset;
}
