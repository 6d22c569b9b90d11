// What a process holds for itself. Pages of mapped files, the weights among them, are the system's, which takes them back when it needs
// them; they grow with what is read of a file, and a new session gives back nothing that anybody misses.
import fs from 'node:fs';

/** Bytes in main memory, without pages of files where the system tells them apart. */
export function privateMemory(): number {
  if (process.platform === 'linux') {
    try {
      const [, kilobytes] = /^RssAnon:\s*(\d+) kB/m.exec(fs.readFileSync('/proc/self/status', 'utf8')) ?? [];
      if (kilobytes !== undefined) return 1024 * Number(kilobytes);
    } catch {
      // Not every system shows it.
    }
  }
  return process.memoryUsage.rss();
}
