// Whether git ignores a file. In a workspace that is trusted git itself is asked: only it knows which files are tracked, and all of
// its configuration. A repository may be anybody's, though, so git gets an environment in which nothing may run and
// nothing is fetched; and in a workspace that is not trusted it is not asked at all: the ignore files are read instead.
// Knows nothing of vscode, so that it can be tested with real repositories.
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { DeadlineError } from '../deadline';
import { isNamedByIgnoreFiles, type Repository, readIgnoreFiles, repositoryOf } from './ignoreFiles';

export interface GitIgnoreOptions {
  /** The git executable, asked for each time. */
  readonly git: () => string;
  /** Whether git may be run in the folders that are asked about. */
  readonly isTrusted: () => boolean;
  readonly log: (message: string) => void;
  /** Milliseconds that an answer is believed; what is added to the index changes it without a file that one could watch. */
  readonly ttl?: number;
  readonly limitMillis?: number;
  readonly now?: () => number;
}

interface Known {
  readonly at: number;
  readonly answer: Promise<boolean | undefined>;
}

const MOST_KNOWN = 4000;
/** Names in one question to git. */
const MOST_AT_ONCE = 500;

/** `check-ignore` reads the index, at which `core.fsmonitor` would be started; files of other users are no less ignored. */
const HARMLESS = [
  '--no-pager',
  '-c',
  'core.fsmonitor=false',
  '-c',
  'core.hooksPath=/dev/null',
  '-c',
  'safe.directory=*',
] as const;

export class GitIgnore {
  private readonly known = new Map<string, Known>();
  /** Repositories in which there was no answer in time, and when that was: each of their files would cost as much. */
  private readonly stuck = new Map<string, number>();
  private readonly running = new Set<ChildProcess>();
  private isMissing = false;

  constructor(private readonly options: GitIgnoreOptions) {}

  /** `file` is an absolute path. False outside repositories; undefined where there is no certain answer. */
  isIgnored(file: string): Promise<boolean | undefined> {
    return this.recent(file) ?? this.remember(file, this.find(file));
  }

  /**
   * The same of many files or folders, in their order: git is started once for hundreds of them. `isIgnored` knows the
   * answers from then on.
   */
  areIgnored(files: readonly string[]): Promise<readonly (boolean | undefined)[]> {
    const fresh = [...new Set(files)].filter((file) => this.recent(file) === undefined);
    for (let from = 0; from < fresh.length; from += MOST_AT_ONCE) {
      const some = fresh.slice(from, from + MOST_AT_ONCE);
      const answers = this.findAll(some);
      for (const file of some)
        this.remember(
          file,
          answers.then((all) => all.get(file)),
        );
    }
    return Promise.all(files.map((file) => this.isIgnored(file)));
  }

  /** An ignore file has changed, or the workspace is trusted now. */
  forget(): void {
    this.known.clear();
    this.stuck.clear();
    this.isMissing = false;
  }

  dispose(): void {
    for (const child of this.running) child.kill('SIGKILL');
    this.known.clear();
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }

  private isRecent(at: number): boolean {
    return this.now() - at < (this.options.ttl ?? 60_000);
  }

  private recent(file: string): Promise<boolean | undefined> | undefined {
    const known = this.known.get(file);
    return known !== undefined && this.isRecent(known.at) ? known.answer : undefined;
  }

  private remember(file: string, answer: Promise<boolean | undefined>): Promise<boolean | undefined> {
    this.known.delete(file);
    this.known.set(file, { at: this.now(), answer });
    for (const oldest of this.known.keys()) {
      if (this.known.size <= MOST_KNOWN) break;
      this.known.delete(oldest);
    }
    return answer;
  }

  private async find(file: string): Promise<boolean | undefined> {
    return (await this.findAll([file])).get(file);
  }

  /** Files without a certain answer are not in it. */
  private async findAll(files: readonly string[]): Promise<ReadonlyMap<string, boolean>> {
    const found = new Map<string, boolean>();
    const places = new Map<string, Promise<Repository | undefined>>();
    const roots = new Map<string, Map<string, Repository>>();
    for (const file of files) {
      const folder = path.dirname(file);
      const place = places.get(folder) ?? repositoryOf(file);
      places.set(folder, place);
      try {
        const repository = await place;
        if (repository === undefined) {
          found.set(file, false);
          continue;
        }
        const own = roots.get(repository.root) ?? new Map<string, Repository>();
        const at = path.join(path.dirname(repository.file), path.basename(file));
        roots.set(repository.root, own.set(file, { ...repository, file: at }));
      } catch (error) {
        this.complain(file, error);
      }
    }
    for (const [root, own] of roots) {
      for (const [file, answer] of await this.findIn(root, own)) found.set(file, answer);
    }
    return found;
  }

  /** `files`: by the names that were asked about, all in the repository at `root`. */
  private async findIn(
    root: string,
    files: ReadonlyMap<string, Repository>,
  ): Promise<ReadonlyMap<string, boolean>> {
    const [first = root] = files.keys();
    const stuckAt = this.stuck.get(root);
    if (stuckAt !== undefined && this.isRecent(stuckAt)) return new Map();
    try {
      if (this.isMissing || !this.options.isTrusted()) return await this.findWithout(files);
      return await this.ask(root, await this.withoutPipes(files));
    } catch (error) {
      if (error instanceof DeadlineError) this.stuck.set(root, this.now());
      this.complain(first, error);
      return new Map();
    }
  }

  /** Git would wait for ever at an ignore file that is a pipe: without what lies in such a folder. */
  private async withoutPipes(
    files: ReadonlyMap<string, Repository>,
  ): Promise<ReadonlyMap<string, Repository>> {
    const folders = new Map<string, Promise<boolean>>();
    const harmless = new Map<string, Repository>();
    for (const [file, repository] of files) {
      const folder = path.dirname(repository.file);
      const isHarmless =
        folders.get(folder) ??
        readIgnoreFiles(repository).then(
          () => true,
          (error: unknown) => {
            this.complain(file, error);
            return false;
          },
        );
      folders.set(folder, isHarmless);
      if (await isHarmless) harmless.set(file, repository);
    }
    return harmless;
  }

  private async findWithout(files: ReadonlyMap<string, Repository>): Promise<ReadonlyMap<string, boolean>> {
    const found = new Map<string, boolean>();
    for (const [file, repository] of files) {
      try {
        found.set(file, await isNamedByIgnoreFiles(repository));
      } catch (error) {
        if (error instanceof DeadlineError) throw error;
        this.complain(file, error);
      }
    }
    return found;
  }

  /** @throws DeadlineError */
  private async ask(
    root: string,
    files: ReadonlyMap<string, Repository>,
  ): Promise<ReadonlyMap<string, boolean>> {
    if (files.size === 0) return new Map();
    const names = new Map([...files].map(([file, one]) => [`./${relativeTo(root, one.file)}`, file]));
    const answer = await this.run(root, [...names.keys()].map((name) => `${name}\0`).join(''));
    if (answer === undefined) return this.findWithout(files);
    const { code, complaint } = answer;
    const isAnswered = code === 0 || code === 1 || isNoRepository(complaint);
    if (isAnswered) {
      const ignored = new Set(code === 0 ? answer.output.split('\0') : []);
      return new Map([...names].map(([name, file]) => [file, ignored.has(name)]));
    }
    const [first = root] = files.keys();
    if (files.size === 1 || !refusesOne(complaint)) {
      this.options.log(
        `Git could not determine whether it ignores ${first}: ${complaint.trim() || `exit ${code}`}`,
      );
      return new Map();
    }
    // One name that git refuses would leave all of them without an answer.
    const all = [...files];
    const middle = all.length >> 1;
    const halves = [all.slice(0, middle), all.slice(middle)];
    const found = new Map<string, boolean>();
    for (const half of halves) {
      for (const [file, ignored] of await this.ask(root, new Map(half))) found.set(file, ignored);
    }
    return found;
  }

  /** Undefined where there is no git. @throws DeadlineError */
  private run(root: string, input: string): Promise<GitAnswer | undefined> {
    const limitMillis = this.options.limitMillis ?? 3000;
    return new Promise((resolve, reject) => {
      // Not in the repository: Windows would look for git there first.
      const child = spawn(this.options.git(), [...HARMLESS, '-C', root, 'check-ignore', '-z', '--stdin'], {
        cwd: path.parse(root).root || undefined,
        env: gitEnvironment(process.env),
        shell: false,
        windowsHide: true,
        stdio: 'pipe',
        timeout: limitMillis,
        killSignal: 'SIGKILL',
      });
      this.running.add(child);
      const output: Buffer[] = [];
      let complaint = '';
      let hasFailed = false;
      child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
      child.stderr.on('data', (chunk) => {
        complaint = (complaint + String(chunk)).slice(0, 500);
      });
      // It may end before it has read everything; its exit says why.
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
      child.once('error', (error: NodeJS.ErrnoException) => {
        this.running.delete(child);
        hasFailed = true;
        if (error.code !== 'ENOENT') return reject(error);
        this.isMissing = true;
        this.options.log('Git was not found; ignore files are read without it.');
        resolve(undefined);
      });
      child.once('close', (code, signal) => {
        this.running.delete(child);
        if (hasFailed) return;
        if (signal === 'SIGKILL') return reject(new DeadlineError(limitMillis));
        resolve({ code: code ?? signal, output: Buffer.concat(output).toString('utf8'), complaint });
      });
    });
  }

  private complain(file: string, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.options.log(`Could not determine whether Git ignores ${file}: ${why}.`);
  }
}

/** What lies behind a link or in a submodule: the other names of the question are no worse for it. */
function refusesOne(complaint: string): boolean {
  return /pathspec|outside repository/i.test(complaint);
}

interface GitAnswer {
  readonly code: number | string | null;
  readonly output: string;
  readonly complaint: string;
}

function relativeTo(root: string, file: string): string {
  return path.relative(root, file).split(path.sep).join('/');
}

function isNoRepository(complaint: string): boolean {
  // A work tree is needed (inside .git there is none), and the folder has to be there.
  return /not a git repository|must be run in a work tree|cannot change to/i.test(complaint);
}

/** Where programs, libraries and the person's own configuration are. Nothing else is handed on. */
const HANDED_ON =
  /^(PATH|PATHEXT|HOME|HOMEDRIVE|HOMEPATH|USERPROFILE|XDG_CONFIG_HOME|APPDATA|LOCALAPPDATA|PROGRAMDATA|SYSTEMROOT|WINDIR|TMPDIR|TMP|TEMP|LD_LIBRARY_PATH)$/i;

function gitEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(Object.entries(environment).filter(([name]) => HANDED_ON.test(name))),
    LC_ALL: 'C',
    // A missing ignore file of a partial clone would be fetched, by whatever program the repository names for that. Git
    // before 2.44 knows only the first of the two, and then starts a fetch that fails at once.
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_NO_LAZY_FETCH: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
  };
}
