// How much memory a process and those that it starts have at their peaks, as Linux tells it.
import fs from 'node:fs';

/** Between two looks at processes that may be gone at the next; a peak that was seen stays seen. */
const MILLIS = 10;

export class PeakWatch {
  /** Bytes at the peak of each child, by its id. */
  private readonly children = new Map<number, number>();
  private readonly timer = setInterval(() => this.look(), MILLIS);

  constructor(private readonly pid: number) {}

  /** MB of the process and of the largest of its children; 0 where the system does not tell. */
  megabytes(): number {
    this.look();
    return (peakOf(this.pid) + Math.max(0, ...this.children.values())) / 1e6;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    for (const child of childrenOf(this.pid))
      this.children.set(child, Math.max(peakOf(child), this.children.get(child) ?? 0));
  }
}

function childrenOf(pid: number): number[] {
  try {
    return fs
      .readdirSync(`/proc/${pid}/task`)
      .flatMap((thread) => fs.readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' '))
      .filter((id) => id !== '')
      .map(Number);
  } catch {
    return [];
  }
}

/** One that is gone, or about to go, has none. */
function peakOf(pid: number): number {
  try {
    const [, kilobytes = '0'] =
      /^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1024;
  } catch {
    return 0;
  }
}
