// What Linux says of another process: its memory, its peak since the last look, and its CPU time.
import fs from 'node:fs';

function status(pid: number, field: string): number {
  const text = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  return 1024 * Number(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN);
}

/** Bytes in main memory now, pages of mapped files included, as `top` shows them. */
export function residentMemory(pid: number): number {
  return status(pid, 'VmRSS');
}

/** Bytes in main memory now, where each page that several processes have counts for each of them with its part. */
export function proportionalMemory(pid: number): number {
  const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return 1024 * Number(/^Pss:\s*(\d+) kB/m.exec(text)?.[1] ?? Number.NaN);
}

/** Bytes at most since `forgetPeak`. */
export function peakMemory(pid: number): number {
  return status(pid, 'VmHWM');
}

export function forgetPeak(pid: number): void {
  fs.writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** User and system time of a process and its finished children, ms. */
export function cpuMillis(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // Clock ticks of 10 ms: utime, stime, cutime, cstime.
  return 10 * [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field] ?? 0), 0);
}

/** Where memory gets short this process goes first, and no other. */
export function volunteerForTheKiller(pid: number): void {
  fs.writeFileSync(`/proc/${pid}/oom_score_adj`, '1000');
}
