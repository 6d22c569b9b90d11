// Whether git ignores a file. In a workspace that is trusted git itself is asked: only it knows which files are tracked, and all of
// its configuration. A repository may be anybody's, though, so git gets an environment in which nothing may run and
// nothing is fetched; and in a workspace that is not trusted it is not asked at all: the ignore files are read instead.
// Knows nothing of vscode, so that it can be tested with real repositories.
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { DeadlineError } from '../../engine/deadline';
import { isNamedByIgnoreFiles, type Repository, readIgnoreFiles, repositoryOf } from './ignoreFiles';

export interface GitIgnoreOptions {
  /** The git executable, asked for anew each time. */
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

const MOST_KNOWN = 2000;

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
    const known = this.known.get(file);
    if (known !== undefined && this.isRecent(known.at)) return known.answer;
    const answer = this.find(file);
    this.known.delete(file);
    this.known.set(file, { at: this.now(), answer });
    for (const oldest of this.known.keys()) {
      if (this.known.size <= MOST_KNOWN) break;
      this.known.delete(oldest);
    }
    return answer;
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

  private async find(file: string): Promise<boolean | undefined> {
    let root = '';
    try {
      const repository = await repositoryOf(file);
      if (repository === undefined) return false;
      root = repository.root;
      const stuckAt = this.stuck.get(root);
      if (stuckAt !== undefined && this.isRecent(stuckAt)) return undefined;
      if (this.isMissing || !this.options.isTrusted()) return await isNamedByIgnoreFiles(repository);
      // Git would wait for ever at a pipe.
      await readIgnoreFiles(repository);
      return await this.ask(repository);
    } catch (error) {
      if (error instanceof DeadlineError) this.stuck.set(root, this.now());
      const why = error instanceof Error ? error.message : String(error);
      this.options.log(`Could not determine whether Git ignores ${file}: ${why}.`);
      return undefined;
    }
  }

  private ask(repository: Repository): Promise<boolean | undefined> {
    const { file } = repository;
    const folder = path.dirname(file);
    const words = [...HARMLESS, '-C', folder, 'check-ignore', '--quiet', '--', `./${path.basename(file)}`];
    const limitMillis = this.options.limitMillis ?? 3000;
    return new Promise((resolve, reject) => {
      // Not in the file's folder: Windows would look for git there first.
      const child = spawn(this.options.git(), words, {
        cwd: path.parse(folder).root || undefined,
        env: gitEnvironment(process.env),
        shell: false,
        windowsHide: true,
        stdio: ['ignore', 'ignore', 'pipe'],
        timeout: limitMillis,
        killSignal: 'SIGKILL',
      });
      this.running.add(child);
      let complaint = '';
      let hasFailed = false;
      child.stderr.on('data', (chunk) => {
        complaint = (complaint + String(chunk)).slice(0, 500);
      });
      child.once('error', (error: NodeJS.ErrnoException) => {
        this.running.delete(child);
        hasFailed = true;
        if (error.code !== 'ENOENT') return resolve(undefined);
        this.isMissing = true;
        this.options.log('Git was not found; ignore files are read without it.');
        resolve(isNamedByIgnoreFiles(repository));
      });
      child.once('close', (code, signal) => {
        this.running.delete(child);
        if (hasFailed) return;
        if (code === 0) return resolve(true);
        if (code === 1 || isNoRepository(complaint)) return resolve(false);
        if (signal === 'SIGKILL') return reject(new DeadlineError(limitMillis));
        this.options.log(
          `Git could not determine whether it ignores ${file}: ${complaint.trim() || `exit ${code ?? signal}`}`,
        );
        resolve(undefined);
      });
    });
  }
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
