// Ghost text that never comes: what it costs to type with a model that is too slow for it.
import { setTimeout as sleep } from 'node:timers/promises';
import { BackOff } from '../../engine/ghost/backOff';
import { Wait } from '../../engine/ghost/wait';
import type { InfillParams } from '../../engine/protocol';
import type { GhostQuestion, GhostRequests } from '../../extension/ghost/requests';
import { cpuMillis } from './processFigures';
import { type Contender, type Loadable, load, middleLines, startEngine } from './realSizeEngine';

export const KEYS = 60;
export const KEY_MILLIS = 180;
const GHOST_TOKENS = 32;

interface Typed {
  readonly offers: number;
  readonly cores: number;
}

/** Keys at a person's pace, each of which asks for ghost text as the editor does. */
export async function typeGhost(contender: Contender, model: Loadable, text: string): Promise<Typed> {
  const client = await startEngine(contender);
  try {
    const { isSlow } = await load(client, model);
    const { GhostRequests: Requests } = (await import(contender.ghost)) as {
      GhostRequests: typeof GhostRequests;
    };
    const at = middleLines(text, 1).end;
    // As the extension does it since.
    const backOff = contender.options.interactive ? new BackOff() : undefined;
    const options = {
      ask: async ({ before, after }: GhostQuestion, outer: AbortSignal) => {
        const wait = backOff && new Wait(outer, backOff, false, () => false);
        const signal = wait?.signal ?? outer;
        const params: Omit<InfillParams, 'requestId'> = {
          model: model.folder,
          document: 'bench',
          priority: 'ghost',
          text: before + after,
          language: 'typescript',
          spans: [{ start: before.length, end: before.length }],
          maxTokens: GHOST_TOKENS,
          ...contender.options,
        };
        try {
          const isWorthIt = await wait?.beginIfWorthIt(isSlow, () => client.estimate(params, signal));
          if (isWorthIt === false) return undefined;
          const { candidates, millis } = await client.infill(params, { signal });
          wait?.answered(millis);
          return candidates.map(({ spans: [span] }) => span?.text ?? '');
        } catch {
          return undefined;
        } finally {
          wait?.end();
        }
      },
      late: () => undefined,
      // As it was called before.
      answered: () => undefined,
    };
    const requests = new Requests(options);
    const typing = 'const remaining = items.filter((item) => !seen.has(item.id)).map((it) => it.name);';
    const cpu = cpuMillis(client.pid);
    const begun = performance.now();
    let offers = 0;
    let last = new AbortController();
    for (let key = 1; key <= KEYS; key++) {
      last.abort();
      last = new AbortController();
      const before = `${text.slice(0, at)}\n  ${typing.slice(0, key)}`;
      const question = { document: 'bench', context: '', before, after: text.slice(at), isAsked: false };
      if (backOff?.tooSlow !== undefined) {
        await sleep(KEY_MILLIS);
        continue;
      }
      void requests.find(question, 75, last.signal).then((found) => {
        if (found !== undefined && found.texts.length > 0) offers++;
      });
      await sleep(KEY_MILLIS);
    }
    const wall = performance.now() - begun;
    const cores = (cpuMillis(client.pid) - cpu) / wall;
    last.abort();
    requests.forget();
    return { offers, cores };
  } finally {
    await client.stop();
  }
}
