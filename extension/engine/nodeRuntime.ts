// Which Node the engine runs on. Native inference is known to crash inside Electron's runtime on large allocations, so
// a genuine Node is looked for first, and what was found is shown, never assumed.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { EngineError } from '../../engine/errors';

export interface NodeRuntime {
  readonly executable: string;
  readonly version: string;
  readonly source: 'setting' | 'host' | 'path' | 'electron';
}

/** What an executable says of itself. */
export interface NodeFacts {
  readonly executable: string;
  readonly version: string;
  readonly electron: boolean;
}

export interface NodeSearch {
  /** `palimpsest.node.path`; empty where nothing is set. */
  readonly setting: string;
  /** The process that the extension runs in. */
  readonly host: NodeFacts;
  /** Undefined where it is no Node or cannot be run. */
  readonly ask: (executable: string) => Promise<NodeFacts | undefined>;
}

const OLDEST = 20;

/** Rejects with `engine-not-started` when the setting names something that is no Node: a wish is no hint. */
export async function findNode({ setting, host, ask }: NodeSearch): Promise<NodeRuntime> {
  if (setting !== '') {
    const facts = await ask(setting);
    if (facts === undefined || facts.electron || !isRecent(facts.version)) {
      const what = facts === undefined ? 'cannot be run as Node.js' : `is ${describe(facts)}`;
      throw new EngineError(
        'engine-not-started',
        `The setting palimpsest.node.path is ${setting}, which ${what}. Choose Node.js ${OLDEST} or later, or leave it empty.`,
        { node: setting },
      );
    }
    return { executable: facts.executable, version: facts.version, source: 'setting' };
  }
  if (!host.electron && isRecent(host.version)) {
    return { executable: host.executable, version: host.version, source: 'host' };
  }
  const onPath = await ask('node');
  if (onPath !== undefined && !onPath.electron && isRecent(onPath.version)) {
    return { executable: onPath.executable, version: onPath.version, source: 'path' };
  }
  return { executable: host.executable, version: host.version, source: 'electron' };
}

/** One line for the log and the status bar's tooltip. */
export function describeRuntime({ executable, version, source }: NodeRuntime): string {
  const origin = {
    setting: 'named in the settings',
    host: "the extension host's own",
    path: 'found on PATH',
    electron:
      'the runtime built into VS Code, because Node.js was not found; set palimpsest.node.path if it crashes',
  };
  return `Node ${version} (${origin[source]}): ${executable}`;
}

function isRecent(version: string): boolean {
  return Number.parseInt(version, 10) >= OLDEST;
}

function describe({ version, electron }: NodeFacts): string {
  return electron ? 'an Electron executable' : `Node ${version}`;
}

const QUESTION = 'JSON.stringify([process.execPath, process.versions.node, !!process.versions.electron])';

/** Runs it once with a question; five seconds are enough for any Node. */
export function askNode(executable: string, env: NodeJS.ProcessEnv): Promise<NodeFacts | undefined> {
  return new Promise((resolve) => {
    // Not in the editor's own folder, which may be the workspace: Windows would look for a bare `node` there first.
    const options = { env, cwd: path.dirname(process.execPath), timeout: 5000, windowsHide: true };
    execFile(executable, ['-p', QUESTION], options, (error, stdout) => {
      resolve(error === null ? factsFrom(stdout) : undefined);
    });
  });
}

function factsFrom(output: string): NodeFacts | undefined {
  try {
    const [executable, version, electron]: unknown[] = JSON.parse(output);
    if (typeof executable !== 'string' || typeof version !== 'string') return undefined;
    return { executable, version, electron: electron === true };
  } catch {
    return undefined;
  }
}
