// Held-out infilling through the engine: copying and the model, apart and together; what passes the confidence gate; and
// what each commit rule gains and costs. The held-out text is read from where the corpus builder left it, never kept.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { TextTokenizer } from '../../engine/checkpoint/types';
import type { InfillOptions } from '../../engine/protocol';
import { markdownTable, progress, publish, ROOT, ratio, runBench, STARTER } from '../harness';
import { BASELINE_SIDE, copyNearest } from './baselines';
import { bestText, type Evaluated, evaluated, infillCase, spanTokenizer } from './engine';
import { type Point, scatter } from './picture';
import { exactShare, mean, type Outcome, outcomeOf, percent, scoreCells, tokensPerForward } from './scores';
import {
  drawCases,
  FURTHER_LANGUAGES,
  HELD,
  heldFiles,
  KINDS,
  type Kind,
  LANGUAGES,
  type Case as LanguageCase,
} from './spans';
import { Workspaces } from './workspace';

type Case = LanguageCase<string>;

interface Method {
  readonly name: string;
  readonly length: 'known' | 'unknown';
  /** Absent: the plain baseline. */
  readonly copying?: 'off' | 'mixed' | 'alone';
  /** Whether the files beside it are open. */
  readonly beside?: boolean;
  /** Whether all other files of its package are in a memory. */
  readonly hasWorkspace?: boolean;
}

const METHODS: readonly Method[] = [
  { name: 'plain copy', length: 'known' },
  { name: 'copy', length: 'known', copying: 'alone' },
  { name: 'model', length: 'known', copying: 'off' },
  { name: 'both', length: 'known', copying: 'mixed' },
  { name: 'copy', length: 'unknown', copying: 'alone' },
  { name: 'model', length: 'unknown', copying: 'off' },
  { name: 'both', length: 'unknown', copying: 'mixed' },
  { name: 'copy, three files open', length: 'unknown', copying: 'alone', beside: true },
  { name: 'both, three files open', length: 'unknown', copying: 'mixed', beside: true },
  { name: 'copy, workspace', length: 'unknown', copying: 'alone', hasWorkspace: true },
  { name: 'both, workspace', length: 'unknown', copying: 'mixed', hasWorkspace: true },
];

const GATES = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] as const;

/** The rules as they stand in docs/decoding.md, and the threshold at three heights. */
const RULES: readonly (readonly [string, InfillOptions])[] = [
  ['top-k', { rule: 'top-k' }],
  ['top-k, 4 steps', { rule: 'top-k', steps: 4 }],
  ['entropy', { rule: 'entropy' }],
  ['margin', { rule: 'margin' }],
  ['threshold 0.9', { rule: 'threshold', threshold: 0.9 }],
  ['threshold 0.7', { rule: 'threshold', threshold: 0.7 }],
  ['threshold 0.5', { rule: 'threshold', threshold: 0.5 }],
  ['factor', { rule: 'factor' }],
  ['entropy-bounded', { rule: 'entropy-bounded' }],
  ['p2', { rule: 'p2' }],
  ['saber', { rule: 'saber' }],
  ['prophet', { rule: 'prophet' }],
];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      held: { type: 'string', default: HELD },
      model: { type: 'string', default: STARTER },
      cases: { type: 'string', default: '40' },
      threads: { type: 'string', default: '2' },
      part: { type: 'string' },
      kind: { type: 'string' },
      languages: { type: 'string', default: LANGUAGES.join() },
    },
  });
  const engine = await evaluated(path.resolve(values.model), Number(values.threads));
  const files = heldFiles(values.held, 'measure');
  const { kind: wanted } = values;
  const kinds = wanted === undefined ? KINDS : KINDS.filter((kind) => kind.startsWith(wanted));
  if (kinds.length === 0) throw new Error(`No kind of span is ${wanted}: there are ${KINDS.join(', ')}.`);
  const languages = languagesOf(values.languages);
  const tokenizer = await spanTokenizer();
  const draw = (count: number): Case[] =>
    languages.flatMap((language) =>
      kinds.flatMap((kind) => drawCases(files, language, kind, tokenizer, count)),
    );
  const count = Number(values.cases);
  const facts = [
    `${engine.checkpoint.name}, ${(engine.checkpoint.parameters / 1e6).toFixed(1)}M parameters; greedy, the family's own rule unless named`,
    `${count} spans of each language and kind, from the half of the held-out packages that nothing was fitted on`,
  ];
  try {
    if (values.part !== 'rules')
      await spanKinds(engine, new Workspaces(files), { kinds, languages }, draw(count), facts);
    if (values.part !== 'kinds') await commitRules(engine, draw(Math.max(1, Math.ceil(count / 3))), facts);
  } finally {
    await engine.dispose();
  }
}

async function spanKinds(
  engine: Evaluated,
  workspaces: Workspaces,
  { kinds, languages }: { readonly kinds: readonly Kind[]; readonly languages: readonly string[] },
  cases: readonly Case[],
  facts: readonly string[],
): Promise<void> {
  const { tokenizer } = engine.checkpoint;
  const outcomes = new Map<Method, Outcome[]>(METHODS.map((method) => [method, []]));
  for (const [index, held] of cases.entries()) {
    for (const method of METHODS)
      outcomes
        .get(method)
        ?.push(
          method.copying
            ? await outcomeIn(
                engine,
                held,
                optionsOf(method, held),
                method.length,
                method.hasWorkspace ? workspaces : undefined,
              )
            : outcomeOf(plainCopy(held, tokenizer), held.answer, tokenizer),
        );
    if (index % 20 === 19) progress(`${index + 1} of ${cases.length} spans`);
  }
  const chosen = (method: Method, wanted: (held: Case) => boolean): Outcome[] =>
    (outcomes.get(method) ?? []).filter((_, index) => {
      const held = cases[index];
      return held !== undefined && wanted(held);
    });
  const sections = languages.flatMap((language) => [
    `## ${language}`,
    markdownTable(
      ['length', 'method', ...kinds.flatMap((kind) => [`${kind}: exact %`, 'similar %', 'first %'])],
      METHODS.map((method) => [
        method.length,
        method.name,
        ...kinds.flatMap((kind) =>
          scoreCells(chosen(method, (held) => held.language === language && held.kind === kind)),
        ),
      ]),
    ),
  ]);
  publish({
    name: nameOf(kinds, languages),
    model: engine.checkpoint.folder,
    title: 'Held-out infilling',
    facts,
    sections: [
      `_plain copy_: the nearest place with the same three tokens, ${BASELINE_SIDE} tokens on each side. _exact_: the candidate as the ` +
        'engine gives it, to the letter. _workspace_: all other files of the package can be copied from. _similar_: 1 − edit distance / length. _first_: the first token.',
      '## All of them',
      markdownTable(
        ['length', 'method', 'exact %', 'similar %', 'first %'],
        METHODS.map((method) => [method.length, method.name, ...scoreCells(outcomes.get(method) ?? [])]),
      ),
      ...sections,
      '## The confidence gate, length unknown',
      'Coverage: share of the spans for which an answer passes. Precision: share of those that are right to the letter. Expected: ' +
        'their mean confidence, which a calibrated one has in common with the precision.',
      ...METHODS.filter(({ length }) => length === 'unknown').flatMap((method) => [
        `### ${method.name}`,
        gateTable(outcomes.get(method) ?? []),
      ]),
    ],
  });
}

/** Of `--languages`: those that a corpus of three has, and those that one of eight has besides. */
function languagesOf(names: string): string[] {
  const known: readonly string[] = [...LANGUAGES, ...FURTHER_LANGUAGES];
  const unknown = names.split(',').filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(`No language here is ${unknown.join(', ')}: there are ${known.join(', ')}.`);
  return names.split(',');
}

function nameOf(kinds: readonly Kind[], languages: readonly string[]): string {
  if (languages.join() !== LANGUAGES.join()) return 'infillingLanguages';
  return kinds.length === KINDS.length ? 'infilling' : 'infillingKinds';
}

function optionsOf({ copying, beside }: Method, held: Case): Parameters<typeof infillCase>[2] {
  return { ...(copying ? { copying } : {}), ...(beside ? { openTexts: held.beside } : {}) };
}

async function outcomeIn(
  engine: Evaluated,
  held: Case,
  options: Parameters<typeof infillCase>[2],
  length: 'known' | 'unknown',
  workspaces?: Workspaces,
): Promise<Outcome> {
  const result = await infillCase(engine, held, options, length, { index: workspaces?.index(held) });
  return outcomeOf(bestText(result), held.answer, engine.checkpoint.tokenizer, {
    confidence: result.candidates[0]?.confidence,
    forwards: result.forwards,
    tokens: result.tokens,
  });
}

function plainCopy({ text, at, answer }: Case, tokenizer: TextTokenizer): string {
  const ids = (part: string): Int32Array => tokenizer.encode(part).ids;
  const reach = 12 * BASELINE_SIDE;
  const prefix = ids(text.slice(Math.max(0, at - reach), at)).slice(-BASELINE_SIDE);
  const suffix = ids(text.slice(at, at + reach)).slice(0, BASELINE_SIDE);
  return tokenizer.decode(copyNearest(prefix, suffix, ids(answer).length));
}

function gateTable(outcomes: readonly Outcome[]): string {
  return markdownTable(
    ['gate', 'coverage %', 'precision %', 'expected %', 'shown'],
    GATES.map((gate) => {
      const shown = outcomes.filter(({ answered, confidence }) => answered && confidence >= gate);
      return [
        String(gate),
        percent(shown.length / Math.max(1, outcomes.length)),
        shown.length > 0 ? percent(exactShare(shown)) : '–',
        shown.length > 0 ? percent(mean(shown.map(({ confidence }) => confidence))) : '–',
        String(shown.length),
      ];
    }),
  );
}

async function commitRules(
  engine: Evaluated,
  cases: readonly Case[],
  facts: readonly string[],
): Promise<void> {
  const rows: string[][] = [];
  const points: Point[] = [];
  for (const copying of ['off', 'mixed'] as const) {
    for (const [label, options] of RULES) {
      const outcomes: Outcome[] = [];
      for (const held of cases)
        outcomes.push(await outcomeIn(engine, held, { ...options, copying }, 'unknown'));
      const series = copying === 'off' ? 'model alone' : 'with copying';
      const speed = tokensPerForward(outcomes);
      points.push({ label, series, x: speed, y: 100 * exactShare(outcomes) });
      rows.push([
        label,
        series,
        ratio(speed),
        ratio(mean(outcomes.map(({ forwards }) => forwards))),
        ...scoreCells(outcomes),
      ]);
      progress(`${series}, ${label}: ${rows.at(-1)?.join(' ')}`);
    }
  }
  publish({
    name: 'commitRules',
    model: engine.checkpoint.folder,
    title: 'Commit rules: tokens a forward pass against exact match',
    facts: [...facts, `${cases.length} of the spans, length unknown`],
    sections: [
      'Forward passes include those that encode the context.',
      markdownTable(
        ['rule', '', 'tokens a forward', 'forwards a span', 'exact %', 'similar %', 'first %'],
        rows,
      ),
      '![Tokens a forward pass against exact match](../../docs/images/commitRules.svg)',
    ],
  });
  if (engine.checkpoint.folder !== STARTER) return;
  const picture = scatter(
    `Commit rules, ${engine.checkpoint.name}: ${cases.length} held-out spans`,
    'tokens a forward pass',
    'exact match, %',
    points,
  );
  fs.writeFileSync(path.join(ROOT, 'docs', 'images', 'commitRules.svg'), picture);
}

runBench(main);
