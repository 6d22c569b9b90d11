// What the file and the workspace bring to a model that nothing was fitted to: the model alone, and with what stands
// elsewhere mixed in under the weight that all such models get. On the half of the held-out packages that the weight was not fitted on.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readCalibration } from '../../engine/calibration/file';
import { DEFAULT_GATE } from '../../engine/protocol';
import { markdownTable, progress, publish, runBench } from '../harness';
import { bestText, type Evaluated, infillCase, spanTokenizer, uncalibrated } from './engine';
import { exactShare, mean, type Outcome, outcomeOf, percent, scoreCells } from './scores';
import { type Case, drawCases, HELD, heldFiles, KINDS, LANGUAGES } from './spans';
import { Workspaces } from './workspace';

interface Method {
  readonly name: string;
  readonly copying: 'off' | 'mixed';
  readonly hasWorkspace?: boolean;
  /** Under what was fitted to the model. */
  readonly isFitted?: boolean;
}

const UNFITTED: readonly Method[] = [
  { name: 'model', copying: 'off' },
  { name: 'both', copying: 'mixed' },
  { name: 'both, workspace', copying: 'mixed', hasWorkspace: true },
];
const FITTED: readonly Method[] = [
  { name: 'both, fitted', copying: 'mixed', isFitted: true },
  { name: 'both, workspace, fitted', copying: 'mixed', hasWorkspace: true, isFitted: true },
];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      held: { type: 'string', default: HELD },
      model: { type: 'string' },
      cases: { type: 'string', default: '30' },
      // The beginning of its name; empty: all.
      kind: { type: 'string', default: '4' },
      window: { type: 'string', default: '512' },
      most: { type: 'string', default: '48' },
      threads: { type: 'string', default: '2' },
      // `fit`: the half that a gate is chosen on.
      half: { type: 'string', default: 'measure' },
    },
  });
  const { half } = values;
  if (half !== 'measure' && half !== 'fit') throw new Error('--half is measure or fit.');
  if (values.model === undefined) throw new Error('Name the model: --model FOLDER or --model FILE.gguf.');
  const window = Number(values.window);
  const engine = await uncalibrated(path.resolve(values.model), Number(values.threads), window);
  const files = heldFiles(values.held, half);
  const kinds = KINDS.filter((kind) => kind.startsWith(values.kind));
  const tokenizer = await spanTokenizer();
  const cases = LANGUAGES.flatMap((language) =>
    kinds.flatMap((kind) => drawCases(files, language, kind, tokenizer, Number(values.cases))),
  );
  try {
    const outcomes = await outcomesOf(engine, cases, new Workspaces(files), Number(values.most));
    const { family, parameters } = engine.checkpoint;
    publish({
      name: `unfitted-${family.id}${half === 'fit' ? '-fit' : ''}`,
      title: 'A model that nothing was fitted to',
      facts: [
        `${family.title}, ${(parameters / 1e6).toFixed(0)}M parameters, a window of ${window} tokens; greedy; length unknown, at most ${values.most} tokens`,
        `${cases.length} spans (${kinds.join(', ')}) of the half of the held-out packages that ${half === 'fit' ? 'models are' : 'nothing was'} fitted on`,
      ],
      sections: [
        '_both_: what stands elsewhere in the file is mixed in; _workspace_: in all other files of the package, too. _Gained_ and _lost_: spans ' +
          `that are right with it and not without, and the other way round. _Shown_: answers above the gate of ${DEFAULT_GATE}; _expected_: their mean confidence. _Fitted_: under what was fitted to the model on the other half.`,
        ...tables(cases, outcomes),
        '## By gate',
        `_${BY_GATE}_: how many of all answers are shown; of these, how many are right, how alike what stood there, and how sure the model is.`,
        ...tableByGate(outcomes),
      ],
    });
  } finally {
    await engine.dispose();
  }
}

async function outcomesOf(
  engine: Evaluated,
  cases: readonly Case[],
  workspaces: Workspaces,
  most: number,
): Promise<ReadonlyMap<Method, readonly Outcome[]>> {
  const calibration = await readCalibration(engine.checkpoint);
  const fitted = calibration && engine.under(calibration);
  const methods = fitted ? [...UNFITTED, ...FITTED] : UNFITTED;
  const outcomes = new Map<Method, Outcome[]>(methods.map((method) => [method, []]));
  for (const [index, held] of cases.entries()) {
    for (const method of methods) {
      const { copying, hasWorkspace, isFitted } = method;
      const beside = hasWorkspace ? { index: workspaces.index(held) } : {};
      const result = await infillCase(
        isFitted && fitted ? fitted : engine,
        held,
        { copying, maxTokens: most },
        'unknown',
        beside,
      );
      const outcome = outcomeOf(bestText(result), held.answer, engine.checkpoint.tokenizer, {
        confidence: result.candidates[0]?.confidence,
        forwards: result.forwards,
      });
      outcomes.get(method)?.push(outcome);
    }
    if (index % 5 === 4)
      progress(
        `${index + 1} of ${cases.length} spans: ${[...outcomes.values()]
          .map((some) => some.filter(({ exact }) => exact).length)
          .join(', ')} right`,
      );
  }
  return outcomes;
}

function tables(cases: readonly Case[], outcomes: ReadonlyMap<Method, readonly Outcome[]>): string[] {
  const alone = [...outcomes.values()][0] ?? [];
  const of = (some: readonly Outcome[], language: string) =>
    some.filter((_, i) => cases[i]?.language === language);
  const rows = [...outcomes].map(([{ name }, some]) => {
    const shown = some.filter(({ answered, confidence }) => answered && confidence >= DEFAULT_GATE);
    return [
      name,
      ...scoreCells(some),
      ...LANGUAGES.map((language) => percent(exactShare(of(some, language)))),
      String(some.filter(({ exact }, i) => exact && alone[i]?.exact === false).length),
      String(some.filter(({ exact }, i) => !exact && alone[i]?.exact === true).length),
      percent(shown.length / Math.max(1, some.length)),
      shown.length > 0 ? percent(exactShare(shown)) : '–',
      percent(mean(shown.map(({ confidence }) => confidence))),
    ];
  });
  const head = [
    'exact %',
    'similar %',
    'first %',
    ...LANGUAGES,
    'gained',
    'lost',
    'shown %',
    'of these exact %',
    'expected %',
  ];
  return [markdownTable(['', ...head], rows)];
}

/** What ghost text does: the file and the workspace are mixed in. */
const BY_GATE = 'both, workspace';
const GATES = [0.02, 0.05, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5];

function tableByGate(outcomes: ReadonlyMap<Method, readonly Outcome[]>): string[] {
  const methods = [...outcomes].filter(([{ name }]) => name.startsWith(BY_GATE));
  const rows = GATES.map((gate) => [
    gate.toFixed(2),
    ...methods.flatMap(([, some]) => {
      const shown = some.filter(({ answered, confidence }) => answered && confidence >= gate);
      return [
        percent(shown.length / Math.max(1, some.length)),
        shown.length > 0 ? percent(exactShare(shown)) : '–',
        shown.length > 0 ? percent(mean(shown.map(({ similarity }) => similarity))) : '–',
        shown.length > 0 ? percent(mean(shown.map(({ confidence }) => confidence))) : '–',
      ];
    }),
  ]);
  const head = methods.flatMap(([{ name }]) =>
    ['shown %', 'exact %', 'similar %', 'expected %'].map((column) => `${name}: ${column}`),
  );
  return [markdownTable(['gate', ...head], rows)];
}

runBench(main);
