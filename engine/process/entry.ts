// As what the engine's script runs: by itself, as the engine that windows share, or as a window's relay to that one.
import { parseArgs } from 'node:util';
import type { OpenModel } from '../model';
import { lineLog } from '../rpc/log';
import { runEngine } from './engineProcess';

/**
 * `args` of the process:
 *   (none)                      an engine of one's own
 *   --share FACTS [--replace]   one that is shared with windows of the same facts (sharedKey.ts, as JSON) if their model is large; if
 *                               none can be had, one of one's own. `--replace`: in place of one that does not answer
 *   --host KEY                  the engine that is shared
 *   --together N                one of one's own that works on so many requests at a time, where the model's passes can be joined
 */
export async function runAs(args: readonly string[], loadModel: OpenModel): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      share: { type: 'string' },
      replace: { type: 'boolean', default: false },
      host: { type: 'string' },
      together: { type: 'string', default: '1' },
    },
  });
  if (values.host !== undefined) {
    const [{ hostEngine }, { sharedPlace }] = [await import('./sharedHost'), await import('./sharedPlace')];
    hostEngine(sharedPlace(values.host), loadModel);
    return;
  }
  if (values.share !== undefined && (await isRelayed(values.share, values.replace))) return;
  runEngine(loadModel, Math.max(1, Math.floor(Number(values.together)) || 1));
}

/** Whether an engine that others use, too, answers in place of this process. */
async function isRelayed(facts: string, replaces: boolean): Promise<boolean> {
  const [{ parseFacts, sharedEngine }, { relayEngine }, { sharedPlace }] = await Promise.all([
    import('./sharedKey'),
    import('./sharedRelay'),
    import('./sharedPlace'),
  ]);
  try {
    const wanted = parseFacts(facts);
    const engine = await sharedEngine(wanted, process.argv[1] ?? '');
    if (engine === undefined) return false;
    const { key, weightBytes } = engine;
    const [place, hostArgs] = [sharedPlace(key), ['--host', key]];
    await relayEngine({ place, hostArgs, replaces, folder: wanted.model, weightBytes });
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    lineLog(process.stderr)('warn', `This window has an engine of its own: ${reason}`);
    return false;
  }
}
