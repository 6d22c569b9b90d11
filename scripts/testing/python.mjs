// Python for training's tests: an interpreter of the person's own, and the pinned packages in a virtual environment in the
// cache folder, made once for each version of requirements.txt. Nothing is installed outside that folder.
import { spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from '../setup.mjs';

const REQUIREMENTS = path.join('training', 'requirements.txt');
const OLDEST = [3, 11];
/** Newer first; a name may be there and still not run (version managers leave such). */
const NAMES = ['python3.13', 'python3.12', 'python3.11', 'python3', 'python', 'py'];
const FACTS = 'import sys, venv, ensurepip; print(*sys.version_info[:3], sys.executable)';

/** What a person can do something about: a sentence for them. */
export class PythonMissing extends Error {}

/** Version and path of an interpreter, or undefined where it does not start or cannot make environments. */
function interpreterAt(name) {
  const { status, stdout } = spawnSync(name, ['-c', FACTS], { encoding: 'utf8' });
  const found = status === 0 ? /^(\d+) (\d+) (\d+) (.+)$/m.exec(stdout) : null;
  return found ? { version: found.slice(1, 4).map(Number), path: found[4].trim() } : undefined;
}

/** The first interpreter that is new enough; `named` (PALIMPSEST_PYTHON) is the only one asked where it is given. */
function choosePython(named, interpreter = interpreterAt) {
  for (const name of named ? [named] : NAMES) {
    const found = interpreter(name);
    if (!found) continue;
    const [major, minor] = found.version;
    if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return found;
  }
  throw new PythonMissing(
    `${named ? `PALIMPSEST_PYTHON names ${named}, which is not` : 'There is no'} Python ${OLDEST.join('.')} or newer with venv, which training's tests need. ` +
      `Install one${named ? '' : ', or name it in PALIMPSEST_PYTHON'}; \`npm test -- WORD\` runs the other tests without it.`,
  );
}

/** The engine's cache folder (engine/cli/modelOptions.ts): nothing built is there yet when this runs. */
function cacheFolder() {
  const { env, platform } = process;
  if (env.PALIMPSEST_CACHE) return path.resolve(env.PALIMPSEST_CACHE);
  const home = os.homedir();
  if (platform === 'win32')
    return path.join(env.LOCALAPPDATA || path.join(home, 'AppData', 'Local'), 'palimpsest', 'cache');
  if (platform === 'darwin') return path.join(home, 'Library', 'Caches', 'palimpsest');
  return path.join(env.XDG_CACHE_HOME || path.join(home, '.cache'), 'palimpsest');
}

/**
 * The interpreter of an environment that has everything in training/requirements.txt. Throws PythonMissing where there is
 * no Python or a package cannot be had; what was begun is removed, so that the next call begins again.
 */
export function ensurePython() {
  const python = choosePython(process.env.PALIMPSEST_PYTHON);
  const requirements = fs.readFileSync(path.join(root, REQUIREMENTS), 'utf8');
  const digest = crypto.createHash('sha256').update(requirements).digest('hex').slice(0, 12);
  const folder = path.join(cacheFolder(), `python-${python.version.slice(0, 2).join('.')}-${digest}`);
  const inside = path.join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const complete = path.join(folder, 'complete');
  if (fs.existsSync(complete)) return inside;
  console.log(`Installing ${REQUIREMENTS} into ${folder} …`);
  fs.rmSync(folder, { recursive: true, force: true });
  const steps = [
    [python.path, ['-m', 'venv', folder]],
    [
      inside,
      // Where one of several indexes is out of reach, five tries for each package would take minutes.
      [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--retries',
        '2',
        '--requirement',
        REQUIREMENTS,
      ],
    ],
  ];
  for (const [command, args] of steps) {
    const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    if (status === 0) continue;
    fs.rmSync(folder, { recursive: true, force: true });
    throw new PythonMissing(
      `${REQUIREMENTS} could not be installed (pip says why above). Check the network, the disk and pip's own settings, ` +
        'then run the same command again; `npm test -- WORD` runs the other tests without it.',
    );
  }
  fs.writeFileSync(complete, '');
  return inside;
}
