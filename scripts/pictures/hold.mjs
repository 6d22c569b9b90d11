// A denoise is over before a picture of it is taken: the engine is held, and let run in short bursts.
import { spawnSync } from 'node:child_process';

const BURST_MILLIS = 3;
/** While there is no mask yet to be missed. */
const EARLY_MILLIS = 30;

/** Of the engine that a window has started: `home` is in its arguments, and in no other engine's of the machine. */
export function enginePid(home) {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,stat=,args='], { encoding: 'utf8' });
  const line = stdout
    .split('\n')
    .find((one) => one.includes(home) && one.includes('engine.js') && !/^\s*\d+\s+Z/.test(one));
  return line === undefined ? undefined : Number.parseInt(line, 10);
}

/** Looks after each burst, until `look` says that it has seen enough; the engine runs on afterwards. `isEarly`: whether there is nothing to be seen yet. */
export async function inBursts(pid, begin, look, isEarly = async () => false) {
  process.kill(pid, 'SIGSTOP');
  try {
    await begin();
    for (let bursts = 0; bursts < 2000; bursts++) {
      if (await look()) return;
      process.kill(pid, 'SIGCONT');
      await sleep((await isEarly()) ? EARLY_MILLIS : BURST_MILLIS);
      process.kill(pid, 'SIGSTOP');
      // What it has sent has to come to the screen.
      await sleep(90);
    }
    throw new Error('The denoise was never as it should be for its picture.');
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

export const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
