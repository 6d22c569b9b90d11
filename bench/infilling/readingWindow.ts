// What a smaller window costs an autoregressive model in answers, and saves in time: the same held-out spans, read as a person's
// request reads them on machines of different speed (engine/infill/reach.ts).
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Infiller } from '../../engine/infill/infiller';
import type { ModelDescription } from '../../engine/protocol';
import { Pace } from '../../engine/runtime/pace';
import { markdownTable, median, progress, publish, runBench, STARTER } from '../harness';
import { bestText, infillCase, spanTokenizer, uncalibrated } from './engine';
import { type Outcome, outcomeOf, scoreCells } from './scores';
import { type Case, drawCases, HELD, heldFiles, KINDS, LANGUAGES } from './spans';

const WINDOWS = [256, 384, 512, 768, 1024, 2048] as const;
/** Tokens of a file that fills the largest window, about, in UTF-16 units. */
const LONG = 3.2 * 2048;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      held: { type: 'string', default: HELD },
      model: { type: 'string', default: STARTER },
      name: { type: 'string' },
      cases: { type: 'string', default: '20' },
      threads: { type: 'string', default: '2' },
      kind: { type: 'string', default: 'whole' },
      windows: { type: 'string', default: WINDOWS.join() },
    },
  });
  const kinds = KINDS.filter((kind) => kind.startsWith(values.kind));
  if (kinds.length === 0)
    throw new Error(`No kind of span is ${values.kind}: there are ${KINDS.join(', ')}.`);
  const windows = values.windows.split(',').map(Number);
  const engine = await uncalibrated(path.resolve(values.model), Number(values.threads));
  const { checkpoint, session } = engine;
  const pace = new Pace(checkpoint.shape);
  // A window that is named counts whatever the pace is, but there has to be one.
  pace.record({ length: 32, past: 1, rows: 8 }, 100);
  const open = new Infiller(checkpoint, {} as ModelDescription, session, undefined, pace);
  const tokenizer = await spanTokenizer();
  const files = heldFiles(values.held, 'measure').filter(({ text }) => text.length > LONG);
  const cases: Case[] = LANGUAGES.flatMap((language) =>
    kinds.flatMap((kind) => drawCases(files, language, kind, tokenizer, Number(values.cases))),
  );
  const rows = new Map(
    windows.map((window) => [window, { outcomes: [] as Outcome[], seconds: [] as number[] }]),
  );
  try {
    for (const [index, held] of cases.entries()) {
      for (const [window, { outcomes, seconds }] of rows) {
        const begun = performance.now();
        const options = { interactive: true, window };
        const result = await infillCase({ open, known: open }, held, options, 'unknown');
        seconds.push((performance.now() - begun) / 1000);
        outcomes.push(outcomeOf(bestText(result), held.answer, tokenizer));
      }
      if (index % 10 === 9) progress(`${index + 1} of ${cases.length} spans`);
    }
  } finally {
    open.dispose();
    await engine.dispose();
  }
  const name = values.name ?? checkpoint.name;
  publish({
    name: `readingWindow-${name}`,
    title: 'What a smaller window costs',
    facts: [
      `${name}, ${(checkpoint.parameters / 1e6).toFixed(1)}M parameters; greedy`,
      `${cases.length} spans (${kinds.join(', ')}) of Python, TypeScript, and JavaScript, from held-out files that fill the largest window`,
    ],
    sections: [
      '_tokens read_: around the hole, a quarter of them behind it at most. _exact_: to the letter. _similar_: 1 − edit distance / length. _first_: the first token.',
      markdownTable(
        ['tokens read', 'exact %', 'similar %', 'first %', 'an answer, s (median, cold)'],
        [...rows].map(([window, { outcomes, seconds }]) => [
          String(window),
          ...scoreCells(outcomes),
          median(seconds).toFixed(2),
        ]),
      ),
    ],
  });
}

runBench(main);
