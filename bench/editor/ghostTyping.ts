// Ghost text under a person's fingers: types programs at six to seven keys a second beside busy cores, with pauses as people
// make them, and counts how many pauses had an answer on the screen. The extension's own scheduling with the real engine, its
// back-off included; the editor around it is left out.
import { type ChildProcess, spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '../../engine/decoding/random';
import { toEngineError } from '../../engine/errors';
import { BackOff } from '../../engine/ghost/backOff';
import { Wait } from '../../engine/ghost/wait';
import { DEFAULT_GATE, type InfillParams } from '../../engine/protocol';
import { EngineClient } from '../../engine/rpc/engineClient';
import { textsOf } from '../../extension/ghost/offer';
import { refusalOf } from '../../extension/ghost/position';
import { type GhostQuestion, GhostRequests } from '../../extension/ghost/requests';
import {
  benchFolder,
  figure,
  markdownTable,
  median,
  percentile,
  publish,
  ROOT,
  runBench,
  STARTER,
} from '../harness';
import { sourceTexts } from '../precision/rows';

const ENGINE = path.join(ROOT, 'dist', 'engine.js');
const CACHE = benchFolder('side');
/** The extension's defaults; its gate is the model's own, where that has one. */
const DELAY = 75;
const MAX_TOKENS = 32;
/** Milliseconds between two keys. */
const GAPS: readonly [number, number] = [143, 167];
/** A pause, in milliseconds; how often one comes inside a line. */
const PAUSES: readonly [number, number] = [400, 1200];
const PAUSE_SHARE = 0.03;
/** Keys from one pause to the next that counts, at least. */
const BETWEEN_PAUSES = 8;
/** Characters that are typed of each text. */
const PIECE = 270;

interface Typed {
  readonly language: string;
  readonly before: string;
  readonly typed: string;
  readonly after: string;
  readonly others: readonly string[];
}

/** Pauses at which the gate passes an answer, and how long it took; undefined: none was there when the pause ended. */
type Shown = number | undefined;

interface Model {
  readonly client: EngineClient;
  readonly folder: string;
  readonly gate: number;
  readonly isSlow: boolean;
}

/** `wait`: as long as a person waits for it; absent: as long as it takes. */
async function answersOf(
  { client, folder, gate, isSlow }: Model,
  { language, others }: Typed,
  { before, after }: GhostQuestion,
  wait?: Wait,
): Promise<readonly string[] | undefined> {
  const at = before.length;
  const params: Omit<InfillParams, 'requestId'> = {
    model: folder,
    text: before + after,
    spans: [{ start: at, end: at }],
    language,
    document: 'bench',
    priority: 'ghost',
    interactive: true,
    seed: 0,
    maxTokens: MAX_TOKENS,
    gate,
  };
  const within = wait === undefined ? {} : { signal: wait.signal };
  try {
    const isWorthIt = await wait?.beginIfWorthIt(isSlow, () => client.estimate(params, within.signal));
    if (isWorthIt === false) return undefined;
    const asked = { ...params, openTexts: [...others], ...(isSlow && { events: true }) };
    const { candidates, millis } = await client.infill(asked, { ...within, onRead: () => wait?.read() });
    wait?.answered(millis);
    return candidates.flatMap(({ spans: [span] }) => (span === undefined ? [] : [span.text]));
  } catch (error) {
    const { code } = toEngineError(error);
    if (code !== 'cancelled' && code !== 'superseded') throw error;
    return undefined;
  } finally {
    wait?.end();
  }
}

function questionAt(piece: Typed, length: number): GhostQuestion | undefined {
  const { language, after } = piece;
  const before = piece.before + piece.typed.slice(0, length);
  const refused = refusalOf({ before, after, language }, { isAsked: false, inComments: false });
  return refused === undefined
    ? { document: 'bench', context: '', before, after, isAsked: false }
    : undefined;
}

/** Lengths of what is typed at which the gate passes an answer when there is all the time for it. */
async function passing(piece: Typed, model: Model): Promise<ReadonlySet<number>> {
  const lengths = new Set<number>();
  for (let length = 1; length < piece.typed.length; length += 2) {
    const question = questionAt(piece, length);
    const answers = question && (await answersOf(model, piece, question));
    if (textsOf(answers ?? [], piece.before + piece.typed.slice(0, length), piece.after).length > 0)
      lengths.add(length);
  }
  return lengths;
}

/** Types one piece, with pauses at some of the places where there is something to offer, and at some others. */
async function type(
  piece: Typed,
  model: Model,
  backOff: BackOff,
  random: () => number,
  places: ReadonlySet<number>,
): Promise<Shown[]> {
  const between = ([least, most]: readonly [number, number]) => least + random() * (most - least);
  const requests = new GhostRequests<GhostQuestion>({
    ask: async (question, signal) => {
      const begun = performance.now();
      const wait = new Wait(signal, backOff, false, () => false);
      const answers = await answersOf(model, piece, question, wait);
      if (answers !== undefined) latencies.push(performance.now() - begun);
      return answers;
    },
    late: () => undefined,
  });
  const pauses: Shown[] = [];
  let key = new AbortController();
  let sincePause = 0;
  for (let length = 0; length < piece.typed.length; ) {
    // The editor indents by itself.
    length += (/^(?:\n[ \t]*|.)/s.exec(piece.typed.slice(length))?.[0] ?? ' ').length;
    key.abort();
    key = new AbortController();
    const question = questionAt(piece, length);
    const began = performance.now();
    let shown: Shown;
    const isResting = backOff.silence !== undefined;
    if (question !== undefined && isResting && requests.known(question) === undefined) {
      requests.giveUp(question);
      resting++;
    } else if (question !== undefined) {
      void requests.find(question, DELAY, key.signal).then((found) => {
        if ((found?.texts.length ?? 0) > 0) shown = performance.now() - began;
      });
    }
    const counts = places.has(length) && sincePause > BETWEEN_PAUSES;
    const pause = counts || random() < PAUSE_SHARE;
    sincePause = pause ? 0 : sincePause + 1;
    await new Promise((resolve) => setTimeout(resolve, between(pause ? PAUSES : GAPS)));
    if (counts) pauses.push(shown);
  }
  key.abort();
  requests.forget();
  return pauses;
}

const latencies: number[] = [];
/** Keys at which nothing was asked for, since answers took too long. */
let resting = 0;

/** The middle of each source, at a line's beginning. */
function pieces(count: number): readonly Typed[] {
  const all = sourceTexts().filter(({ text }) => text.length > 6 * PIECE);
  const step = Math.max(1, Math.floor(all.length / count));
  return all
    .filter((_, i) => i % step === 0)
    .slice(0, count)
    .map(({ text, language }, i, chosen) => {
      const start = text.indexOf('\n', Math.floor(text.length * 0.4)) + 1;
      const end = text.indexOf('\n', start + PIECE);
      const others = [chosen[i - 1], chosen[i + 1]].flatMap((one) => (one === undefined ? [] : [one.text]));
      return {
        language,
        before: text.slice(0, start),
        typed: text.slice(start, end),
        after: text.slice(end),
        others,
      };
    });
}

function busy(cores: number): readonly ChildProcess[] {
  return Array.from({ length: cores }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  );
}

runBench(async () => {
  const { values } = parseArgs({
    options: {
      model: { type: 'string', default: STARTER },
      pieces: { type: 'string', default: '6' },
      busy: { type: 'string', default: '1' },
    },
  });
  const client = await EngineClient.start({ node: process.execPath, script: ENGINE, cacheFolder: CACHE });
  let cores: readonly ChildProcess[] = [];
  try {
    const loaded = await client.loadModel({ folder: values.model, provider: 'cpu' });
    const { folder, gate = DEFAULT_GATE, isSlow = false } = loaded;
    const model: Model = { client, folder, gate, isSlow };
    const backOff = new BackOff();
    const random = seededRandom(1);
    const typed = pieces(Number(values.pieces));
    const places: ReadonlySet<number>[] = [];
    for (const piece of typed) places.push(await passing(piece, model));
    cores = busy(Number(values.busy));
    const pauses: Shown[] = [];
    for (const [i, piece] of typed.entries())
      pauses.push(...(await type(piece, model, backOff, random, places[i] ?? new Set())));
    const shown = pauses.flatMap((millis) => millis ?? []);
    publish({
      name: 'ghostTyping',
      model: values.model,
      title: 'Ghost text under a person’s fingers',
      facts: [
        `${typed.length} texts, ${typed.reduce((sum, piece) => sum + piece.typed.length, 0)} characters, a key each ${GAPS.join('–')} ms, pauses of ${PAUSES.join('–')} ms; busy processes beside it: ${values.busy}; load average at the end ${(os.loadavg()[0] ?? 0).toFixed(1)}`,
        `gate ${gate}, ${MAX_TOKENS} tokens at most, ${DELAY} ms of rest before the first request`,
      ],
      sections: [
        markdownTable(
          ['', ''],
          [
            ['pauses at which the gate passes an answer', String(pauses.length)],
            [
              '… with an answer on the screen when they end',
              `${shown.length} (${figure((100 * shown.length) / pauses.length)} %; wanted: 80 %)`,
            ],
            [
              'milliseconds from the last key to that answer',
              `median ${figure(median(shown))}, p95 ${figure(percentile(shown, 0.95))}`,
            ],
            ['keys at which nothing is asked for, since answers took too long', String(resting)],
            [
              'requests answered, in milliseconds',
              `${latencies.length}; median ${figure(median(latencies))}, p95 ${figure(percentile(latencies, 0.95))}`,
            ],
          ],
        ),
      ],
    });
  } finally {
    for (const core of cores) core.kill();
    await client.stop();
  }
});
