// Reviews that are over, so that *Reopen Last Review* can bring them back: one a document, closed ones included, under the name that its
// file has by now.
import type { Uri } from 'vscode';
import type { Reviewed } from './state/reviewed';

const MOST = 16;

export class LastReviews {
  /** By address; the newest at the end. */
  private readonly reviews = new Map<string, Reviewed>();
  /** New addresses by old ones: a document is closed before or after its file has its new name. */
  private readonly renames = new Map<string, string>();

  keep(address: string, reviewed: Reviewed): void {
    const key = this.nameOf(address);
    this.reviews.delete(key);
    this.reviews.set(key, reviewed);
    forgetOldest(this.reviews);
  }

  of(uri: Uri): Reviewed | undefined {
    return this.reviews.get(uri.toString());
  }

  /** What is opened under an old name is another file, or in another folder. */
  opened(uri: Uri): void {
    const address = uri.toString();
    for (const old of [...this.renames.keys()]) if (isIn(address, old)) this.renames.delete(old);
  }

  /** A file or a folder. */
  renamed(from: Uri, to: Uri): void {
    const [old, now] = [from.toString(), to.toString()];
    // What had another name before it had this one.
    for (const [first, then] of [...this.renames])
      if (isIn(then, old)) this.renames.set(first, now + then.slice(old.length));
    this.renames.delete(now);
    this.renames.set(old, now);
    forgetOldest(this.renames);
    for (const [key, reviewed] of [...this.reviews]) {
      if (!isIn(key, old)) continue;
      this.reviews.delete(key);
      this.reviews.set(now + key.slice(old.length), reviewed);
    }
  }

  /** By its own new name, or by that of a folder that it is in. */
  private nameOf(address: string): string {
    const own = this.renames.get(address);
    if (own !== undefined) return own;
    for (const [old, now] of this.renames) if (isIn(address, old)) return now + address.slice(old.length);
    return address;
  }
}

/** Whether it is this one, or in this folder. */
function isIn(address: string, folder: string): boolean {
  return address === folder || address.startsWith(`${folder}/`);
}

function forgetOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (map.size > MOST && oldest !== undefined) map.delete(oldest);
}
