// The engine processes of a bench's own windows, seen from outside.
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMillis, forgetPeak, peakMemory, proportionalMemory } from '../runtime/processFigures';

const EVERY_MILLIS = 100;
/** Of so long, an engine that does nothing takes less processor time than this. */
const QUIET_MILLIS = 20;
/** One after the other. */
const QUIET_LOOKS = 3;
const LIMIT_MILLIS = 60_000;

export class Engines {
  /** `home`: of the VS Code that starts them; it is in their arguments, and in no other engine's of the machine. */
  constructor(private readonly home: string) {}

  /** Of engines, of what they share, and of their relays. */
  get pids(): readonly number[] {
    const { stdout } = spawnSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' });
    return stdout
      .split('\n')
      .filter((line) => /dist\/engine\.js/.test(line) && line.includes(this.home))
      .map((line) => Number(line.trim().split(' ', 1)[0]));
  }

  /** Bytes, each page counted once. */
  get memory(): number {
    return this.sum(proportionalMemory);
  }

  /** Bytes, at most since `forgetPeak`. */
  get peak(): number {
    return this.sum(peakMemory);
  }

  forgetPeak(): void {
    this.sum((pid) => {
      forgetPeak(pid);
      return 0;
    });
  }

  /** Seconds until none of them works, which is seen to a tenth of a second; undefined: one still does after a minute. */
  async untilIdle(): Promise<number | undefined> {
    const { pids } = this;
    const begun = performance.now();
    const used = () => pids.reduce((sum, pid) => sum + ofProcess(cpuMillis, pid), 0);
    let before = used();
    let quiet = 0;
    while (performance.now() - begun < LIMIT_MILLIS) {
      await sleep(EVERY_MILLIS);
      const now = used();
      quiet = now - before < QUIET_MILLIS ? quiet + 1 : 0;
      before = now;
      if (quiet === QUIET_LOOKS)
        return Math.max(0, Math.round((performance.now() - begun) / EVERY_MILLIS) - QUIET_LOOKS) / 10;
    }
    return undefined;
  }

  private sum(of: (pid: number) => number): number {
    return this.pids.reduce((sum, pid) => sum + ofProcess(of, pid), 0);
  }
}

/** Nothing of one that has ended meanwhile. */
function ofProcess(of: (pid: number) => number, pid: number): number {
  try {
    return of(pid);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return 0;
    throw error;
  }
}
