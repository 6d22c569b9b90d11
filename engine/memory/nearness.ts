// How far a file is from the one that is edited, in the measure in which copying weighs distance (UTF-16 units, where only
// doublings count): what the client calls near, then the same folder, then folder by folder; other languages are further.
import type { IndexedFile } from './segment';

export interface Vicinity {
  readonly path?: string;
  readonly near?: readonly string[];
  readonly language?: string;
}

/** What another file is behind the file's own places by (as of other open files, copying/request.ts). */
const OTHER_FILE = 1_000_000;
/** Doublings: of what is not named as near, of each folder on the way, at most, and of another language. */
const FAR = 3;
const MOST_FOLDERS = 6;
const OTHER_LANGUAGE = 2;

export class Nearness {
  private readonly near: ReadonlyMap<string, number>;
  private readonly known = new Map<IndexedFile, number>();

  constructor(private readonly vicinity: Vicinity) {
    this.near = new Map((vicinity.near ?? []).map((path, i) => [path, i]));
  }

  /** Characters between the hole and the file's beginning, so to speak. */
  distance(file: IndexedFile): number {
    let distance = this.known.get(file);
    if (distance === undefined) {
      distance = OTHER_FILE * 2 ** this.doublings(file);
      this.known.set(file, distance);
    }
    return distance;
  }

  private doublings({ path, language }: IndexedFile): number {
    const named = this.near.get(path);
    if (named !== undefined) return Math.min(FAR, Math.log2(1 + named));
    const other =
      language !== undefined && language !== this.vicinity.language && this.vicinity.language !== undefined;
    const folders =
      this.vicinity.path === undefined ? MOST_FOLDERS : folderDistance(path, this.vicinity.path);
    return FAR + Math.min(MOST_FOLDERS, folders) / 2 + (other ? OTHER_LANGUAGE : 0);
  }
}

const SLASH = 47;

/** Folders up and down again from one file to the other. */
export function folderDistance(a: string, b: string): number {
  let common = 0;
  for (let i = 0; i < a.length && a.charCodeAt(i) === b.charCodeAt(i); i++)
    if (a.charCodeAt(i) === SLASH) common = i + 1;
  return slashesFrom(a, common) + slashesFrom(b, common);
}

function slashesFrom(path: string, from: number): number {
  let count = 0;
  for (let i = from; i < path.length; i++) if (path.charCodeAt(i) === SLASH) count++;
  return count;
}
