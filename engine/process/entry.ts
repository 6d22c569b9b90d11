// As what the engine's script runs: by itself, as the engine that windows share, or as a window's relay to that one.
import { parseArgs } from 'node:util';
import type { OpenModel } from '../model';
import { lineLog } from '../rpc/log';
import { runEngine } from './engineProcess';

/**
 * `args` of the process:
 *   (none)                      an engine of one's own
 *   --shared KEY [--replace]    one that is shared with whoever names the same key; if none can be had, one of one's own
 *   --host KEY                  the engine that is shared
 */
export async function runAs(args: readonly string[], loadModel: OpenModel): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      shared: { type: 'string' },
      replace: { type: 'boolean', default: false },
      host: { type: 'string' },
    },
  });
  if (values.host !== undefined) {
    const [{ hostEngine }, { sharedPlace }] = [await import('./sharedHost'), await import('./sharedPlace')];
    hostEngine(sharedPlace(values.host), loadModel);
    return;
  }
  if (values.shared !== undefined) {
    const [{ relayEngine }, { sharedPlace }] = [await import('./sharedRelay'), await import('./sharedPlace')];
    try {
      const place = sharedPlace(values.shared);
      await relayEngine({ place, hostArgs: ['--host', values.shared], replaces: values.replace });
      return;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      lineLog(process.stderr)('warn', `This window has an engine of its own: ${reason}`);
    }
  }
  runEngine(loadModel);
}
