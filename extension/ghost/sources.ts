// Where offered texts are copied from, whatever was typed of them meanwhile. Pure.
import type { CopySource } from '../../engine/protocol';
import { identityOf } from './offered';

const REMEMBERED = 100;

export class Sources {
  /** Newest last. */
  private readonly known = new Map<string, CopySource>();

  /** `text` is an answer behind `before`. */
  remember(document: string, before: string, text: string, source: CopySource | undefined): void {
    const identity = identityOf(document, before, text);
    this.known.delete(identity);
    if (source !== undefined) this.known.set(identity, source);
    for (const oldest of this.known.keys()) {
      if (this.known.size <= REMEMBERED) break;
      this.known.delete(oldest);
    }
  }

  of(document: string, before: string, text: string): CopySource | undefined {
    return this.known.get(identityOf(document, before, text));
  }

  clear(): void {
    this.known.clear();
  }
}
