// The process of the engine, for suites that end it.
import type { Palimpsest } from '../../extension/palimpsest';
import { isAlive, until } from './host';

export async function runningPid({ engine }: Palimpsest): Promise<number> {
  await engine.use(async () => undefined, { revive: true });
  return until(() => engine.pid, 'an engine');
}

export function killed({ engine }: Palimpsest, pid: number): Promise<unknown> {
  process.kill(pid, 'SIGKILL');
  return until(() => engine.pid !== pid && !isAlive(pid), 'the death of the engine');
}
