// Which files of a workspace are near to what somebody works on, told by their paths alone. Lower ranks are nearer. Pure.
import { isProse, kinOf, languageOf } from './languages';

/** What somebody works on. Paths as the memory has them, `/`-separated, most recent first. */
export interface Focus {
  readonly open: readonly string[];
  readonly imported: ReadonlySet<string>;
  /** VS Code's language ids of what is open. */
  readonly languages: readonly string[];
}

/** So many of the open files count: who has fifty tabs does not work on fifty files. */
const MOST_OPEN = 16;
const OPEN = 0;
const IMPORTED = 1;
/** Of a file beside an open one; each step up or down the folders is one more. */
const BESIDE = 2;
const OTHER_LANGUAGE = 3;
const PROSE = 8;
/** For each folder of other people's code or of what a tool has built. */
const ASIDE = 12;
const ASIDE_FOLDERS =
  /^(build|builds|out|output|dist|release|target|bin|obj|vendor|vendored|third[-_]?party|external|deps|generated|coverage|fixtures|testdata|__snapshots__|site-packages|venv|env)$/i;

export class Ranking {
  private readonly open: ReadonlySet<string>;
  private readonly kin: ReadonlySet<string>;
  private readonly folders: readonly (readonly string[])[];
  private readonly distances = new Map<string, number>();

  constructor(private readonly focus: Focus) {
    const open = focus.open.slice(0, MOST_OPEN);
    this.open = new Set(focus.open);
    this.kin = new Set(focus.languages.map(kinOf));
    this.folders = [...new Set(open.map(folderOf))].map(segmentsOf);
  }

  /** Of a file. */
  rank(path: string): number {
    if (this.open.has(path)) return OPEN;
    if (this.focus.imported.has(path)) return IMPORTED;
    return BESIDE + this.distance(folderOf(path)) + this.strangeness(languageOf(path));
  }

  /** Steps from the nearest folder in which something is open, and more for folders of code that nobody here writes. */
  distance(folder: string): number {
    const known = this.distances.get(folder);
    if (known !== undefined) return known;
    const segments = segmentsOf(folder);
    const aside = segments.filter((segment) => ASIDE_FOLDERS.test(segment)).length * ASIDE;
    const near = this.folders.map((other) => stepsBetween(segments, other));
    const distance = aside + (near.length === 0 ? segments.length : Math.min(...near));
    this.distances.set(folder, distance);
    return distance;
  }

  private strangeness(language: string | undefined): number {
    if (language === undefined || this.kin.has(kinOf(language))) return 0;
    return isProse(language) ? PROSE : this.kin.size > 0 ? OTHER_LANGUAGE : 0;
  }
}

/** Empty for what lies at the top. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function segmentsOf(folder: string): readonly string[] {
  return folder === '' ? [] : folder.split('/');
}

function stepsBetween(a: readonly string[], b: readonly string[]): number {
  let shared = 0;
  while (shared < a.length && shared < b.length && a[shared] === b[shared]) shared++;
  return a.length + b.length - 2 * shared;
}
