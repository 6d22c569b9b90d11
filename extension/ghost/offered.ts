// What was offered last, and what somebody did not want: the same text does not come back at the next key. Pure.

const REMEMBERED = 50;
/** UTF-16 units of a text's end that tell it from others, with its length. */
const TAIL = 300;

export class Offered {
  /** What was offered last. */
  private last: readonly string[] = [];
  /** Newest first. */
  private dismissed: readonly string[] = [];

  /** `texts` were offered behind `before`. */
  offer(document: string, before: string, texts: readonly string[]): void {
    this.last = texts.map((text) => identityOf(document, before, text));
  }

  /** The text is part of what was offered last, whatever was typed or deleted of it since then. */
  isLast(document: string, before: string, text: string): boolean {
    return this.last.includes(identityOf(document, before, text));
  }

  /** What was offered last is not wanted. */
  dismiss(): void {
    this.dismissed = [...this.last, ...this.dismissed].slice(0, REMEMBERED);
    this.last = [];
  }

  isDismissed(document: string, before: string, text: string): boolean {
    return this.dismissed.includes(identityOf(document, before, text));
  }

  /** Somebody asked out loud: whatever there is is wanted. */
  forgive(): void {
    this.dismissed = [];
  }
}

/** The same for a text of which a part is typed already. */
export function identityOf(document: string, before: string, text: string): string {
  return `${document}\n${before.length + text.length}\n${(before.slice(-TAIL) + text).slice(-TAIL)}`;
}
