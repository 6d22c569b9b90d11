// Brings what the engine holds into agreement with the workspace: all of it, or the files that have changed. Reads little at a
// time and rests in between. Knows nothing of vscode; what a file is and whether it may be read is asked for.
import { CHOICE_LIMITS, choose, type Measured, Nearest } from './choice';
import { type Content, checked, contentOf, type Skip } from './contents';
import type { Feed, Reading, Removal } from './feed';
import { ImportablePaths } from './imports';
import { languageOf } from './languages';
import { Ranking } from './ranking';
import { type Entry, type Found, walk } from './walk';

/** Paths are `/`-separated, as the memory has them. None of these rejects. */
export interface WorkspaceFiles {
  readonly roots: readonly string[];
  /** What lies in a folder; undefined where it cannot be read in time. */
  list(folder: string): Promise<readonly Entry[] | undefined>;
  /** Which of the folders are hidden or ignored. */
  closed(folders: readonly string[]): Promise<ReadonlySet<string>>;
  /** Whether it is code that is searched, by its name. */
  isWanted(path: string): boolean;
  measure(path: string): Promise<{ readonly size: number; readonly modified: number } | Skip>;
  read(path: string): Promise<Uint8Array | Skip>;
  /** Makes `whyPlace` cheap for all of them. */
  prepare(paths: readonly string[]): Promise<void>;
  /** Why a file may not be opened; undefined: it may. */
  whyPlace(path: string): Promise<Skip | undefined>;
  /** Why a text that was read there may not leave the extension all the same. */
  whyText(path: string, text: string): Promise<Skip | undefined>;
  /** Of an open document, unsaved changes included. */
  openText(path: string): { readonly text: string; readonly version: number } | undefined;
  /** Open documents, the one seen last first. */
  open(): readonly string[];
}

export interface Outcome {
  /** Files that were sent. */
  readonly sent: number;
  readonly removed: number;
  /** How many files are left out, for each reason. */
  readonly skipped: ReadonlyMap<Skip, number>;
  /** Files for which there was no room or no time. */
  readonly left: number;
  /** Of a look at the whole workspace. */
  readonly found?: Found;
  /** Milliseconds that it took to choose what is read, rests not counted. */
  readonly choosing?: number;
}

export interface SyncOptions {
  readonly files: WorkspaceFiles;
  readonly feed: Feed;
  /** Resolves when it is quiet; false: give up. */
  readonly rest: () => Promise<boolean>;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Milliseconds since any moment; default `performance.now`. */
  readonly clock?: () => number;
}

/** Files of one round, and how many of them are worked on side by side. */
const ROUND = 32;
const SIDE_BY_SIDE = 4;
/** Files that are prepared at once: git is started for each such number of them. */
const PREPARED = 8 * ROUND;
/** Paths that are looked at in one go: a few milliseconds. */
const SLICE = 1000;
/** Milliseconds of work, rests not counted, after which the rest of the files is left. */
const LONGEST_WORK = 60_000;
/** The same, of asking for the sizes of files: a drive may hang after it was listed. */
const LONGEST_MEASURING = 10_000;

/** How one file was found. */
type Look = { readonly reading: Reading } | { readonly skip: Skip; readonly ticket: number } | 'held';

/** What there is to send of some files. */
interface Looked {
  readonly readings: readonly Reading[];
  readonly removals: readonly Removal[];
}

export class Sync {
  /** Milliseconds. */
  private rested = 0;

  constructor(private readonly options: SyncOptions) {}

  /** The whole workspace: what is near enough is held then, and nothing else. */
  async everything(): Promise<Outcome> {
    const { files, feed } = this.options;
    const tally = new Tally();
    const started = this.clock();
    const restedBefore = this.rested;
    const open = files.open();
    const languages = open.flatMap((path) => languageOf(path) ?? []);
    const focus = { open, languages, imported: new Set<string>() };
    const outward = new Ranking(focus);
    const found = await walk({
      roots: files.roots,
      list: (folder) => files.list(folder),
      closed: (folders) => files.closed(folders),
      distance: (folder) => outward.distance(folder),
      isWanted: (path) => files.isWanted(path),
      rest: () => this.rest(),
    });
    if (found.end === 'given-up') return tally.outcome(found);
    tally.skip('link', found.links);
    const paths = [...new Set([...open.filter((path) => files.isWanted(path)), ...found.files])];
    const importable = new ImportablePaths();
    if (!(await this.inSlices(paths, (path) => importable.add(path)))) return tally.outcome(found);
    const imported = open.flatMap((path) => importable.importedBy(path, files.openText(path)?.text ?? ''));
    const ranking = new Ranking({ ...focus, imported: new Set(imported) });
    const nearest = new Nearest();
    if (!(await this.inSlices(paths, (path) => nearest.add(path, ranking.rank(path)))))
      return tally.outcome(found);
    const near = nearest.take();
    const measured = await this.measured(near, ranking, tally);
    if (measured === undefined) return tally.outcome(found);
    const choice = choose(measured, this.now());
    tally.choosing = this.clock() - started - (this.rested - restedBefore);
    for (const skip of choice.skipped.values()) tally.skip(skip);
    tally.left += choice.left + paths.length - near.length;
    const chosen = new Set(choice.files.map(({ path }) => path));
    const gone = [...feed.held.keys()].filter((path) => !chosen.has(path));
    await this.send({ readings: [], removals: this.removalsOf(gone) }, tally);
    await this.bring(choice.files, tally);
    return tally.outcome(found);
  }

  /** Files that have changed, come or gone. */
  async some(paths: readonly string[]): Promise<Outcome> {
    const { files, feed } = this.options;
    const tally = new Tally();
    const measured: Measured[] = [];
    const gone: string[] = [];
    for (const path of paths) {
      const size = files.isWanted(path) ? await files.measure(path) : 'vanished';
      if (typeof size !== 'string') measured.push({ path, rank: 0, ...size });
      // A folder's own name stands for everything in it.
      else gone.push(...[...feed.held.keys()].filter((held) => held === path || held.startsWith(`${path}/`)));
    }
    await this.send({ readings: [], removals: this.removalsOf(gone) }, tally);
    await this.bring(measured, tally);
    return tally.outcome();
  }

  /** An open document, at once. */
  async document(path: string): Promise<Outcome> {
    const tally = new Tally();
    await this.send(await this.round([{ path, rank: 0, size: 0, modified: this.now() }], tally), tally);
    return tally.outcome();
  }

  /** Whether more is held than was chosen at first: changes have added to it. */
  get isOverfull(): boolean {
    const { held, characters } = this.options.feed;
    return characters > 1.2 * CHOICE_LIMITS.bytes || held.size > 1.2 * CHOICE_LIMITS.files;
  }

  /** False where it was given up. */
  private async inSlices<T>(items: readonly T[], work: (item: T) => void): Promise<boolean> {
    for (let from = 0; from < items.length; from += SLICE) {
      if (!(await this.rest())) return false;
      for (const item of items.slice(from, from + SLICE)) work(item);
    }
    return true;
  }

  private async rest(): Promise<boolean> {
    const started = this.clock();
    const goesOn = await this.options.rest();
    this.rested += this.clock() - started;
    return goesOn;
  }

  private clock(): number {
    return (this.options.clock ?? (() => performance.now()))();
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }

  /** Undefined where it was given up. */
  private async measured(
    paths: readonly string[],
    ranking: Ranking,
    tally: Tally,
  ): Promise<readonly Measured[] | undefined> {
    const { files } = this.options;
    const measured: Measured[] = [];
    let worked = 0;
    for (let from = 0; from < paths.length; from += ROUND) {
      if (!(await this.rest())) return undefined;
      if (worked > LONGEST_MEASURING) {
        tally.skip('slow', paths.length - from);
        break;
      }
      const started = this.clock();
      const some = paths.slice(from, from + ROUND);
      const sizes = await Promise.all(some.map((path) => files.measure(path)));
      for (const [i, path] of some.entries()) {
        const size = sizes[i] ?? 'vanished';
        if (typeof size === 'string') tally.skip(size);
        else measured.push({ path, rank: ranking.rank(path), ...size });
      }
      worked += this.clock() - started;
    }
    return measured;
  }

  private async bring(all: readonly Measured[], tally: Tally): Promise<void> {
    let worked = 0;
    let sending = Promise.resolve();
    for (let from = 0; from < all.length; from += ROUND) {
      if (!(await this.rest())) break;
      const started = this.clock();
      if (from % PREPARED === 0)
        await this.options.files.prepare(all.slice(from, from + PREPARED).map(({ path }) => path));
      // While the engine takes in one round, the next one is read.
      const [looked] = await Promise.all([this.round(all.slice(from, from + ROUND), tally), sending]);
      sending = this.send(looked, tally);
      // It is waited for, only not yet.
      sending.catch(() => undefined);
      worked += this.clock() - started;
      if (worked > LONGEST_WORK) {
        const rest = all.slice(from + ROUND).map(({ path }) => path);
        tally.left += rest.length;
        // Nobody looked whether they may still be read.
        await sending;
        sending = this.send({ readings: [], removals: this.removalsOf(rest) }, tally);
        break;
      }
    }
    await sending;
  }

  private async round(some: readonly Measured[], tally: Tally): Promise<Looked> {
    const readings: Reading[] = [];
    const removals: Removal[] = [];
    for (let from = 0; from < some.length; from += SIDE_BY_SIDE) {
      const few = some.slice(from, from + SIDE_BY_SIDE);
      const looks = await Promise.all(few.map((file) => this.look(file)));
      for (const [i, look] of looks.entries()) {
        const path = few[i]?.path ?? '';
        if (look === 'held') continue;
        if ('reading' in look) readings.push(look.reading);
        else {
          tally.skip(look.skip);
          removals.push({ path, ticket: look.ticket });
        }
      }
    }
    return { readings, removals };
  }

  private async look({ path, rank, size, modified }: Measured): Promise<Look> {
    const { files, feed } = this.options;
    const ticket = feed.ticket();
    const closed = await files.whyPlace(path);
    if (closed !== undefined) return { skip: closed, ticket };
    const open = files.openText(path);
    const stamp = open === undefined ? `${size} ${modified}` : `open ${open.version}`;
    if (feed.held.get(path)?.stamp === stamp) return 'held';
    const content = open === undefined ? await this.contentOf(path) : checked(open.text);
    if ('skip' in content) return { skip: content.skip, ticket };
    const { text } = content;
    const why = await files.whyText(path, text);
    if (why !== undefined) return { skip: why, ticket };
    const language = languageOf(path);
    const file = { path, text, modified, rank, ...(language === undefined ? {} : { language }) };
    return { reading: { file, stamp, ticket } };
  }

  private async contentOf(path: string): Promise<Content> {
    const read = await this.options.files.read(path);
    return typeof read === 'string' ? { skip: read } : contentOf(read);
  }

  private removalsOf(paths: readonly string[]): readonly Removal[] {
    return paths.map((path) => ({ path, ticket: this.options.feed.ticket() }));
  }

  private async send({ readings, removals }: Looked, tally: Tally): Promise<void> {
    const { feed } = this.options;
    const gone = removals.filter(({ path }) => feed.held.has(path));
    if (readings.length === 0 && gone.length === 0 && !feed.owes) return;
    const refused = await feed.send(readings, gone);
    for (const _ of refused) tally.skip('refused');
    tally.sent += readings.length - refused.size;
    tally.removed += gone.length;
  }
}

class Tally {
  sent = 0;
  removed = 0;
  left = 0;
  choosing: number | undefined;
  private readonly skipped = new Map<Skip, number>();

  skip(why: Skip, count = 1): void {
    if (count > 0) this.skipped.set(why, (this.skipped.get(why) ?? 0) + count);
  }

  outcome(found?: Found): Outcome {
    const { sent, removed, skipped, left, choosing } = this;
    return {
      sent,
      removed,
      skipped,
      left,
      ...(found === undefined ? {} : { found }),
      ...(choosing === undefined ? {} : { choosing }),
    };
  }
}
