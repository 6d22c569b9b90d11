// What bounds on the work for one answer cost in answers: from which probability masks of one copy are written together, where
// the causal head's continuation ends, and how often a memory is searched for a hole. On the half of the held-out packages that
// everything else is fitted on, too.
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { TextTokenizer } from '../../engine/checkpoint/types';
import { figure, markdownTable, progress, publish, runBench, STARTER } from '../harness';
import { bestText, evaluated, infillCase, spanTokenizer } from './engine';
import { exactShare, mean, type Outcome, outcomeOf, percent } from './scores';
import { type Case, drawCases, HELD, type HeldFile, heldFiles, KINDS, LANGUAGES } from './spans';
import { Workspaces } from './workspace';

const TOGETHER = [Number.POSITIVE_INFINITY, 0.7, 0.6, 0.5, 0.4, 0.3] as const;
const ENDS = [Number.NEGATIVE_INFINITY, -5, -4, -3, -2] as const;
const SEARCHES = [1, 2, 3, 6, Number.POSITIVE_INFINITY] as const;
const GATE = 0.3;
/** Of the request of several holes. */
const HOLES = 3;
/** Characters between two of them, and of a file that they are in. */
const APART = 20;
const FILE = { least: 3000, most: 30_000 };

interface Several {
  readonly text: string;
  readonly holes: readonly { readonly at: number; readonly answer: string }[];
  readonly of: Case;
}

/** One request a file, in text order. */
function severalOf(files: readonly HeldFile[], tokenizer: TextTokenizer, most: number): Several[] {
  return LANGUAGES.flatMap((language) =>
    files
      .filter(
        ({ text, ...file }) =>
          file.language === language && text.length > FILE.least && text.length < FILE.most,
      )
      .flatMap((file): Several[] => {
        const cases = drawCases([file], language, KINDS[0], tokenizer, HOLES).sort((a, b) => a.at - b.at);
        const [of] = cases;
        const isApart = cases.every(({ at }, i) => {
          const before = cases[i - 1];
          return before === undefined || at >= before.at + before.answer.length + APART;
        });
        if (of === undefined || cases.length < HOLES || !isApart) return [];
        let [text, from] = ['', 0];
        const holes = cases.map(({ at, answer }) => {
          text += file.text.slice(from, at);
          from = at + answer.length;
          return { at: text.length, answer };
        });
        return [{ text: text + file.text.slice(from), holes, of }];
      })
      .slice(0, most),
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      held: { type: 'string', default: HELD },
      model: { type: 'string', default: STARTER },
      cases: { type: 'string', default: '150' },
      files: { type: 'string', default: '45' },
      threads: { type: 'string', default: '2' },
    },
  });
  const engine = await evaluated(path.resolve(values.model), Number(values.threads));
  const files = heldFiles(values.held, 'fit');
  const workspaces = new Workspaces(files);
  const tokenizer = await spanTokenizer();
  const cases = LANGUAGES.flatMap((language) =>
    drawCases(files, language, KINDS[0], tokenizer, Number(values.cases)),
  );
  const several = severalOf(files, tokenizer, Number(values.files));

  type Options = Parameters<typeof infillCase>[2];
  type Context = Parameters<typeof infillCase>[4];
  const ask = async (held: Case, options: Options, context: Context): Promise<Outcome> => {
    const result = await infillCase(engine, held, options, 'unknown', context);
    const { confidence } = result.candidates[0] ?? {};
    return outcomeOf(bestText(result), held.answer, tokenizer, { confidence, forwards: result.forwards });
  };
  const askAll = async (options: Options, contextOf: (held: Case) => Context): Promise<Outcome[]> => {
    const outcomes: Outcome[] = [];
    for (const held of cases) outcomes.push(await ask(held, options, contextOf(held)));
    return outcomes;
  };
  const row = (outcomes: readonly Outcome[]): string[] => [
    `${percent(exactShare(outcomes))} / ${percent(mean(outcomes.map(({ similarity }) => similarity)))}`,
    figure(mean(outcomes.map(({ forwards }) => forwards))),
  ];
  const gated = (outcomes: readonly Outcome[]): string[] => {
    const shown = outcomes.filter(({ confidence }) => confidence >= GATE);
    return [percent(shown.length / outcomes.length), percent(exactShare(shown))];
  };

  /** One row for each limit: from the file alone, and with the workspace. */
  const measured = async (
    limits: readonly { readonly name: string; readonly context: Context }[],
  ): Promise<string[][]> => {
    const rows: string[][] = [];
    for (const { name, context } of limits) {
      const alone = await askAll({}, () => context);
      const workspace = await askAll({}, (held) => ({ ...context, index: workspaces.index(held) }));
      rows.push([name, ...row(alone), ...row(workspace), ...gated(workspace)]);
      progress(rows.at(-1)?.join('  ') ?? '');
    }
    return rows;
  };
  const together = await measured(
    TOGETHER.map((leastCopied) => ({ name: nameOf(leastCopied, 'none'), context: { leastCopied } })),
  );
  const ends = await measured(
    ENDS.map((leastContinuation) => ({
      name: nameOf(leastContinuation, 'never'),
      context: { leastContinuation },
    })),
  );
  const searches: string[][] = [];
  for (const most of SEARCHES) {
    const context = (held: Case): Context => ({ index: workspaces.index(held, most) });
    const copied = await askAll({ copying: 'alone' }, context);
    const both = await askAll({}, context);
    const right = new Array<number>(HOLES).fill(0);
    for (const { text, holes, of } of several) {
      const { candidates } = await engine.open.infill(
        {
          ...{ requestId: 1, model: '', priority: 'rewrite', temperature: 0, text, language: of.language },
          spans: holes.map(({ at }) => ({ start: at, end: at })),
        },
        { index: workspaces.index(of, most) },
      );
      for (const [i, { at, answer }] of holes.entries())
        if (candidates[0]?.spans.some((span) => span.start === at && span.text === answer))
          right[i] = (right[i] ?? 0) + 1;
    }
    const [copyRow = ''] = row(copied);
    searches.push([nameOf(most, 'no bound'), copyRow, ...row(both), right.join(', ')]);
    progress(searches.at(-1)?.join('  ') ?? '');
  }
  await engine.dispose();
  publish({
    name: 'limits',
    model: values.model,
    title: 'Bounds on the work for one answer',
    facts: [
      `${engine.checkpoint.name}; ${cases.length} spans of ${KINDS[0]} from the half of the held-out packages that its coefficients are fitted on; length unknown`,
      `${several.length} requests of ${HOLES} such holes in one file`,
    ],
    sections: [
      '## Masks of one copy that are written together',
      markdownTable(columnsOf('from a probability of'), together),
      '## Where the causal head’s continuation ends',
      markdownTable(columnsOf('below ln p'), ends),
      '## Full searches of a memory for a hole',
      markdownTable(
        [
          ...[
            'at most',
            'copy, workspace: exact / similar %',
            'both, workspace: exact / similar %',
            'passes',
          ],
          `${HOLES} holes in one request: right, by hole`,
        ],
        searches,
      ),
    ],
  });
}

function columnsOf(limit: string): string[] {
  return [
    ...[limit, 'file alone: exact / similar %', 'passes'],
    ...['workspace: exact / similar %', 'passes', `gate ${GATE}: coverage %`, 'precision %'],
  ];
}

function nameOf(value: number, infinite: string): string {
  return Number.isFinite(value) ? String(value).replace('-', '−') : infinite;
}

runBench(main);
