// What every other script stands on: dependencies installed, once, from the lock file.
// Imports nothing outside Node, because on a fresh clone nothing else is there.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** For `apt-get`: another one may be at work, and a mirror may drop a connection. */
export const APT_WORDS = ['-qq', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=3'];

/** Runs a command with its output shown; ends this process with its exit code when it fails. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    ...options,
  });
  if (result.error) {
    console.error(`Could not start ${command}: ${result.error.message}`);
    process.exit(1);
  }
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/**
 * Runs lanes of commands side by side, the commands of a lane one after another; one with `isBackground` has the processor that the
 * others leave. What the first lane prints is shown as it comes,
 * line by line, and what the others print when a command of theirs ends. Ends this process when one fails, once the other lanes
 * are through; what the failed one printed then stands last: a log is often kept in part only.
 */
export async function runSideBySide(...lanes) {
  const failures = await Promise.all(
    lanes.map(async (commands, lane) => {
      for (const [command, args, options] of commands) {
        const { code, output } = await runBeside(command, args, { ...options, isShown: lane === 0 });
        if (code !== 0) return { code, output: lane === 0 ? '' : output };
      }
    }),
  );
  const failed = failures.filter((failure) => failure !== undefined);
  if (failed.length === 0) return;
  for (const { output } of failed) process.stdout.write(output);
  // Where pipes take their time, what was printed is still on its way.
  await new Promise((resolve) => process.stdout.write('', resolve));
  process.exit(failed[0].code);
}

/** The processor goes to others first. One that has ended already, or may not be asked, is as well as it is. */
function yieldTo({ pid }) {
  try {
    if (pid !== undefined) os.setPriority(pid, os.constants.priority.PRIORITY_LOW);
  } catch {}
}

const LEFT_BEHIND_MILLIS = 10_000;

function runBeside(command, args, { isShown, isBackground = false }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    if (isBackground) yieldTo(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        output += text;
        if (!isShown) return;
        const end = output.lastIndexOf('\n') + 1;
        process.stdout.write(output.slice(0, end));
        output = output.slice(end);
      });
    }
    child.once('error', (error) => {
      console.error(`Could not start ${command}: ${error.message}`);
      resolve({ code: 1, output: '' });
    });
    const end = (code) => {
      const rest = output;
      process.stdout.write(rest);
      output = '';
      // Of one that is not shown, all of it.
      resolve({ code: code ?? 1, output: rest });
    };
    child.once('close', end);
    // A process that it left behind may hold its pipes for ever.
    child.once('exit', (code) => setTimeout(end, LEFT_BEHIND_MILLIS, code).unref());
  });
}

/** Installs the dependencies when they are missing or older than the lock file. */
export function ensureDependencies() {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20) {
    console.error(`Palimpsest needs Node 20 or newer; this is ${process.version}.`);
    process.exit(1);
  }
  const lock = path.join(root, 'package-lock.json');
  const stamp = path.join(root, 'node_modules', '.package-lock.json');
  if (fs.existsSync(stamp) && fs.statSync(stamp).mtimeMs >= fs.statSync(lock).mtimeMs) return;
  run('npm', ['ci']);
}
