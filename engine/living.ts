import { systemCode } from './errors';

/** Whether process `pid` of this machine is there, a zombie included. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, but another person's.
    return systemCode(error) === 'EPERM';
  }
}
