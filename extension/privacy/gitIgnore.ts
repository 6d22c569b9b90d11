// Whether git ignores a file, asked of git itself: only it knows nested ignore files, global ones, and that a tracked file
// is never ignored. Knows nothing of vscode, so that it can be tested with real repositories.
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';

export interface GitIgnoreOptions {
  /** The git executable, asked for anew each time. */
  readonly git: () => string;
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

/**
 * A repository may be anybody's: nothing that its configuration names may run. `check-ignore` reads the index, at which
 * `core.fsmonitor` would be started; and files on a shared disk belong to other users without being less ignored.
 */
const HARMLESS = [
  '-c',
  'core.fsmonitor=false',
  '-c',
  'core.hooksPath=/dev/null',
  '-c',
  'safe.directory=*',
] as const;

export class GitIgnore {
  private readonly known = new Map<string, Known>();
  private readonly running = new Set<ChildProcess>();
  private isMissing = false;

  constructor(private readonly options: GitIgnoreOptions) {}

  /** `file` is an absolute path. False outside repositories and where there is no git; undefined where git failed. */
  isIgnored(file: string): Promise<boolean | undefined> {
    const now = (this.options.now ?? Date.now)();
    const known = this.known.get(file);
    if (known !== undefined && now - known.at < (this.options.ttl ?? 60_000)) return known.answer;
    const answer = this.ask(file);
    this.known.delete(file);
    this.known.set(file, { at: now, answer });
    for (const oldest of this.known.keys()) {
      if (this.known.size <= MOST_KNOWN) break;
      this.known.delete(oldest);
    }
    // A failure is no knowledge: the next one asks again.
    void answer.then((ignored) => {
      if (ignored === undefined && this.known.get(file)?.answer === answer) this.known.delete(file);
    });
    return answer;
  }

  /** An ignore file has changed. */
  forget(): void {
    this.known.clear();
    this.isMissing = false;
  }

  dispose(): void {
    for (const child of this.running) child.kill('SIGKILL');
    this.known.clear();
  }

  private ask(file: string): Promise<boolean | undefined> {
    if (this.isMissing) return Promise.resolve(false);
    const folder = path.dirname(file);
    const words = [...HARMLESS, '-C', folder, 'check-ignore', '--quiet', '--', `./${path.basename(file)}`];
    return new Promise((resolve) => {
      const git = this.options.git();
      // Not in the file's folder: Windows would look for git there first.
      const child = spawn(git, words, {
        cwd: path.parse(folder).root || undefined,
        env: gitEnvironment(),
        shell: false,
        windowsHide: true,
        stdio: ['ignore', 'ignore', 'pipe'],
        timeout: this.options.limitMillis ?? 3000,
        killSignal: 'SIGKILL',
      });
      this.running.add(child);
      let complaint = '';
      child.stderr.on('data', (chunk) => {
        complaint = (complaint + String(chunk)).slice(0, 500);
      });
      child.once('error', (error: NodeJS.ErrnoException) => {
        this.running.delete(child);
        if (error.code !== 'ENOENT') return resolve(undefined);
        this.isMissing = true;
        this.options.log('There is no git: what it would ignore is not left out of contexts.');
        resolve(false);
      });
      child.once('close', (code) => {
        this.running.delete(child);
        if (code === 0) return resolve(true);
        if (code === 1 || isNoRepository(complaint)) return resolve(false);
        this.options.log(
          `git could not say whether it ignores ${file}: ${complaint.trim() || `exit ${code}`}`,
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

function gitEnvironment(): NodeJS.ProcessEnv {
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^GIT_/i.test(name)),
  );
  return { ...environment, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' };
}
